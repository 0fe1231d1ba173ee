"""The whiteboard: a canvas for the mouse, kept in step with a text form for the keyboard. The last edit wins.

The canvas is React Flow, served from files of the package. It is only ever told a whole drawing, under a number that rises with every change
made here; what it sends back is read for three things alone: boxes that moved, new arrows, and what was clicked.
"""

import re
import string
import time
from dataclasses import dataclass, field

import streamlit as st
from streamlit_flow import StreamlitFlowEdge, StreamlitFlowNode, StreamlitFlowState, streamlit_flow

from interviewer.archetypes import ComponentType
from interviewer.diagram import (
    BOX_WIDTH,
    COLOURS,
    LONGEST_LABEL,
    MOST_ARROWS,
    MOST_BOXES,
    Arrow,
    Box,
    Diagram,
    Place,
    box_height,
    from_mermaid,
    placed,
    plain,
    to_mermaid,
    to_svg,
)
from interviewer.errors import DiagramError

HEIGHT = 460
EXAMPLE = "flowchart LR\n    app[App]:::client --> api[Ranking service]:::serving\n    api --> log[Event log]:::stream"
STALE = 2.0
"""Seconds after the text was rewritten here during which the browser may still send the one before, since it had not heard of it."""

_ADDRESS = re.compile(r"(ht(?=tps?:)|ww(?=w\.)|\w(?=@))", re.IGNORECASE)
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")


@dataclass
class _Held:
    """What the board holds between two runs.

    A run may be cut short wherever it touches Streamlit's state, callbacks too, when another event comes in. So a callback only notes on this
    object what was `asked`, and every step can be taken again by the next run. `given` and `returned` are how the page may know the drawing;
    `text` is what the text form should hold, `shown` what it was last seen to hold; `version` rises with every change that the canvas must be
    told, `stamp` is the time it is told, `seen` the time at which it was last heard. `before` holds the texts that stood there
    until they were rewritten here, each with the time of a clock that only runs forward.
    """

    given: Diagram
    returned: Diagram
    drawing: Diagram
    text: str = ""
    shown: str = ""
    error: str = ""
    unread: str = ""
    version: int = 0
    stamp: int = 0
    seen: int = 0
    selected: str = ""
    asked: tuple[str, ...] = ()
    before: dict[str, float] = field(default_factory=dict)

    def ask(self, *what: str) -> None:
        """Notes what a button asks for."""
        self.asked = what

    def told(self, drawing: Diagram) -> None:
        """Takes a drawing that the canvas must be told. The canvas goes by its own clock, so the time given is just after the one it sent last, or was told last."""
        self.drawing = drawing
        self.version += 1
        self.stamp = max(self.seen, self.stamp) + 1

    def stale(self, text: str) -> bool:
        """Whether this is a text that was rewritten here so lately that the browser may not have heard of it."""
        return time.monotonic() - self.before.get(text, float("-inf")) < STALE

    def rewrite(self, line: str = "") -> None:
        """Brings the text in step with the drawing: by a line at its end where that says it, so that comments and layout stay."""
        self.before = {text: at for text, at in self.before.items() if self.stale(text)} | {self.shown: time.monotonic()}
        if self.error:
            self.unread, self.error = self.text, ""
        elif line and self.text.strip():
            longer = f"{self.text.rstrip()}\n{line}\n"
            try:
                if _same(from_mermaid(longer), self.drawing):
                    self.text = longer
                    return
            except DiagramError:
                pass
        self.text = to_mermaid(self.drawing) if self.drawing.boxes else ""


def type_name(kind: ComponentType | None) -> str:
    """A type of the palette in words."""
    return "Free box" if kind is None else kind.value.replace("_", " ").capitalize()


def board(diagram: Diagram, key: str) -> Diagram:
    """Shows a drawing for editing and gives what it is now, with a place for every box.

    `diagram` may be the one given at first or the one returned last; any other replaces what is on the board.
    """
    held = _held(diagram, key)
    _typed(held, key)
    _asked(held, key)
    _adding(held, key)
    _canvas(held, key)
    _changing(held, key)
    _text(held, key)
    _downloads(held.drawing, key)
    held.returned = held.drawing
    return held.drawing


def _same(one: Diagram, other: Diagram) -> bool:
    return one.boxes == other.boxes and one.arrows == other.arrows


def _held(diagram: Diagram, key: str) -> _Held:
    slot = f"{key}-held"
    held: _Held | None = st.session_state.get(slot)
    if held is None:
        held = _Held(given=diagram, returned=diagram, drawing=placed(diagram))
        held.rewrite()
        st.session_state[slot] = held
    elif not any(_same(diagram, known) for known in (held.given, held.returned, held.drawing)):
        held.told(placed(diagram))
        held.error = held.unread = ""
        held.rewrite()
    held.given = diagram
    return held


def _identity(drawing: Diagram) -> str:
    """A free id for a new box."""
    ids = {b.id for b in drawing.boxes}
    return next(f"b{n}" for n in range(1, len(ids) + 2) if f"b{n}" not in ids)


def _asked(held: _Held, key: str) -> None:
    """Does what a button asked for: what it needs is read first, then everything changes at once."""
    if not held.asked:
        return
    what, *rest = held.asked
    drawing = held.drawing
    if what == "add":
        kind: ComponentType | None = st.session_state[f"{key}-new-type"]
        label = plain(st.session_state[f"{key}-new-label"]) or (type_name(kind) if kind else "")
        st.session_state[f"{key}-new-label"] = ""
        held.asked = ()
        if len(drawing.boxes) >= MOST_BOXES:
            held.error = f"A drawing holds at most {MOST_BOXES} boxes; join some before you add another."
        elif label:
            box = Box(id=_identity(drawing), label=label[:LONGEST_LABEL], type=kind)
            held.told(placed(drawing.model_copy(update={"boxes": (*drawing.boxes, box)})))
            held.rewrite(to_mermaid(Diagram(boxes=(box,))).splitlines()[1])
        return
    part, which, version = rest
    fields = {name: st.session_state.get(f"{key}-{name}-{version}-{part} {which}") for name in ("name", "kind", "to")}
    held.asked = ()
    if int(version) == held.version:
        held.told(_deleted(drawing, part, which) if what == "delete" else _saved(drawing, part, which, fields["name"] or "", fields["kind"], fields["to"]))
        held.rewrite()


def _adding(held: _Held, key: str) -> None:
    with st.form(f"{key}-add", border=False):
        kind, label, button = st.columns([3, 4, 2], vertical_alignment="bottom")
        kind.selectbox("Kind of box", [*ComponentType, None], format_func=type_name, key=f"{key}-new-type")
        label.text_input("Its name", key=f"{key}-new-label", max_chars=LONGEST_LABEL, placeholder="as you would call it")
        button.form_submit_button("Add box", on_click=held.ask, args=("add",), width="stretch", icon=":material/add:")
    if held.drawing.boxes:
        st.caption("Drag a box to move it. Drag from the right edge of one box to the left edge of another to join them. Click a box or an arrow to change it.")


def _as_words(label: str) -> str:
    """A label for the canvas, which reads Markdown: every sign is escaped, and an address is parted unseen, so that it becomes no link."""
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub("\\1\u2060", label))


def _canvas(held: _Held, key: str) -> None:
    dark = st.context.theme.type == "dark"
    ground, ink = ("#14181f", "#eef1f5") if dark else ("#fbfbfc", "#1f2933")
    at = {p.box: p for p in held.drawing.places}
    nodes = [
        StreamlitFlowNode(
            id=box.id,
            pos=(at[box.id].x, at[box.id].y),
            data={"content": _as_words(box.label), "version": held.version},
            source_position="right",
            target_position="left",
            connectable=True,
            selectable=True,
            deletable=False,
            ariaLabel=f"{box.label}, {type_name(box.type)}",
            style={
                "background": f"color-mix(in srgb, {COLOURS[box.type]} 20%, {ground})",
                "border": f"2px solid {COLOURS[box.type]}",
                "borderRadius": "8px",
                "color": ink,
                "width": BOX_WIDTH,
                "minHeight": box_height(box),
                "padding": "8px",
                "fontSize": "13px",
                "overflowWrap": "anywhere",
            },
        )
        for box in held.drawing.boxes
    ]
    edges = [
        StreamlitFlowEdge(
            id=f"{held.version}-{n}",
            source=arrow.source,
            target=arrow.target,
            label=arrow.label,
            marker_end={"type": "arrowclosed", "color": "#7a828e"} if arrow.directed else {},
            style={"stroke": "#7a828e", "strokeWidth": 1.6},
            label_style={"fill": ink},
            deletable=False,
            focusable=True,
        )
        for n, arrow in enumerate(held.drawing.arrows)
    ]
    back = streamlit_flow(
        f"{key}-flow",
        StreamlitFlowState(nodes=nodes, edges=edges, timestamp=held.stamp),
        height=HEIGHT,
        fit_view=True,
        show_controls=True,
        allow_new_edges=True,
        get_node_on_click=True,
        get_edge_on_click=True,
        min_zoom=0.2,
        style={"background": ground, "border": "1px solid color-mix(in srgb, #7a828e 40%, transparent)", "borderRadius": "8px"},
    )
    if back.timestamp > held.seen:
        held.seen = back.timestamp
        _heard(held, key, back)


def _heard(held: _Held, key: str, back: StreamlitFlowState) -> None:
    """Takes what the mouse did. What still shows an older version of the drawing is told again."""
    ids = {b.id for b in held.drawing.boxes}
    if {n.id for n in back.nodes} != ids or any(n.data.get("version") != held.version for n in back.nodes):
        if back.timestamp > held.stamp:
            held.stamp = held.seen + 1
            st.rerun()
        return
    moved = held.drawing.at(Place(box=n.id, x=round(n.position["x"], 1), y=round(n.position["y"], 1)) for n in back.nodes)
    known = {(a.source, a.target) for a in moved.arrows}
    joined = list(dict.fromkeys((e.source, e.target) for e in back.edges if (e.source, e.target) not in known and {e.source, e.target} <= ids))
    held.drawing = moved
    for source, target in joined[: MOST_ARROWS - len(moved.arrows)]:
        held.drawing = held.drawing.model_copy(update={"arrows": (*held.drawing.arrows, Arrow(source=source, target=target))})
        held.rewrite(f"    {source} --> {target}")
    if joined:  # told again, so that the new arrow looks like the others
        held.told(held.drawing)
        st.rerun()
    if back.selected_id and back.selected_id != held.selected:
        choice = _chosen(held, back.selected_id)
        if choice is not None:
            st.session_state[f"{key}-chosen"] = choice
        held.selected = back.selected_id


def _chosen(held: _Held, identity: str) -> str | None:
    """The entry of the list of parts for what was clicked."""
    if any(b.id == identity for b in held.drawing.boxes):
        return f"box {identity}"
    number = identity.removeprefix(f"{held.version}-")
    return f"arrow {number}" if number.isdecimal() and int(number) < len(held.drawing.arrows) else None


def _changing(held: _Held, key: str) -> None:
    """Renames and deletes: what was clicked, or what is picked from the list."""
    drawing = held.drawing
    if not drawing.boxes:
        return
    label = {b.id: b.label for b in drawing.boxes}
    parts = {f"box {b.id}": b.label for b in drawing.boxes} | {f"arrow {n}": f"{label[a.source]} → {label[a.target]}" for n, a in enumerate(drawing.arrows)}
    if st.session_state.get(f"{key}-chosen") not in parts:
        st.session_state.pop(f"{key}-chosen", None)
    with st.expander("Rename, join or delete", expanded=bool(held.selected)):
        chosen = st.selectbox("Box or arrow", list(parts), format_func=parts.__getitem__, key=f"{key}-chosen")
        what, _, which = chosen.partition(" ")
        with st.form(f"{key}-change", border=False):
            slot = f"{held.version}-{chosen}"
            if what == "box":
                box = next(b for b in drawing.boxes if b.id == which)
                kinds = [*ComponentType, None]
                st.text_input("Name", value=box.label, max_chars=LONGEST_LABEL, key=f"{key}-name-{slot}")
                left, right = st.columns(2)
                left.selectbox("Kind", kinds, index=kinds.index(box.type), format_func=type_name, key=f"{key}-kind-{slot}")
                right.selectbox("Arrow to", [None, *label], format_func=lambda i: label.get(i, "none"), key=f"{key}-to-{slot}")
            else:
                st.text_input("Words on the arrow", value=drawing.arrows[int(which)].label, max_chars=LONGEST_LABEL, key=f"{key}-name-{slot}")
            left, right = st.columns(2)
            left.form_submit_button("Save", width="stretch", on_click=held.ask, args=("save", what, which, str(held.version)))
            right.form_submit_button("Delete", width="stretch", on_click=held.ask, args=("delete", what, which, str(held.version)))


def _saved(drawing: Diagram, what: str, which: str, name: str, kind: ComponentType | None, to: str | None) -> Diagram:
    if what == "arrow":
        arrows = tuple(a.model_copy(update={"label": plain(name)}) if n == int(which) else a for n, a in enumerate(drawing.arrows))
        return drawing.model_copy(update={"arrows": arrows})
    boxes = tuple(Box(id=b.id, label=name, type=kind) if b.id == which else b for b in drawing.boxes)
    arrows = drawing.arrows
    if to is not None and len(arrows) < MOST_ARROWS:
        arrows = (*arrows, Arrow(source=which, target=to))
    return drawing.model_copy(update={"boxes": boxes, "arrows": arrows})


def _deleted(drawing: Diagram, what: str, which: str) -> Diagram:
    if what == "arrow":
        return drawing.model_copy(update={"arrows": tuple(a for n, a in enumerate(drawing.arrows) if n != int(which))})
    return Diagram(
        boxes=tuple(b for b in drawing.boxes if b.id != which),
        arrows=tuple(a for a in drawing.arrows if which not in (a.source, a.target)),
        places=tuple(p for p in drawing.places if p.box != which),
    )


def _typed(held: _Held, key: str) -> None:
    """Takes the text where it was edited; what cannot be read leaves the drawing as it was."""
    text = st.session_state.get(f"{key}-text", held.shown)
    if text == held.shown or held.stale(text):
        return
    held.text = held.shown = text
    try:
        read = from_mermaid(text)
    except DiagramError as error:
        held.error = f"{error} The drawing stays as it was."
        return
    held.error = held.unread = ""
    if not _same(read, held.drawing):
        kept = [p for p in held.drawing.places if any(b.id == p.box for b in read.boxes)]
        # A text that has little in common with the drawing is laid out afresh.
        held.told(placed(read.at(kept) if len(kept) > len(read.boxes) / 2 else read))


def _text(held: _Held, key: str) -> None:
    if st.session_state.get(f"{key}-text") != held.text:  # set only then, since it would wipe what is being typed
        st.session_state[f"{key}-text"] = held.text
    held.shown = held.text
    st.text_area(
        "The drawing as text (Mermaid)",
        key=f"{key}-text",
        height=200,
        placeholder=EXAMPLE,
        help="Boxes as a[Label] or a[Label]:::kind, arrows as a --> b or a -->|what flows| b. Ctrl+Enter draws it.",
    )
    if held.error:
        st.error(held.error, icon=":material/error:")
    if held.unread:
        with st.expander("Your text that could not be read"):
            st.code(held.unread, language=None)


def _downloads(drawing: Diagram, key: str) -> None:
    if drawing.boxes:
        picture, text = st.columns(2)
        picture.download_button("Download as SVG", to_svg(drawing), "drawing.svg", "image/svg+xml", key=f"{key}-svg", width="stretch", on_click="ignore")
        text.download_button("Download as Mermaid", to_mermaid(drawing), "drawing.mmd", "text/plain", key=f"{key}-mmd", width="stretch", on_click="ignore")
