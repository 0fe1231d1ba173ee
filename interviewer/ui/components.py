"""Pieces that several pages draw. Everything a person wrote is escaped here."""

import html
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import altair as alt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from interviewer import scoring
from interviewer.domain import Band, DimensionGrade, Evidence, Grade, Kind, Question, Speaker, Turn, TurnKind, Usage, VerdictValue
from interviewer.export import BAND_WORDS, offline_words, usage_words, value_words
from interviewer.ui import session

BAND_COLOURS = {1: "#b5442e", 2: "#c98a1b", 3: "#4f8a5b", 4: "#2457a6"}
VALUE_ICONS = {VerdictValue.MET: "●", VerdictValue.PARTIAL: "◐", VerdictValue.UNMET: "○", VerdictValue.NOT_OBSERVED: "–"}
SEND_AGAIN = "Kept draft (copy it, and send it again as you like):"
CAME_LATE = "Kept draft (it came after the end or from a page that was behind, and counts in no score):"


def highlighted(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text as HTML with the spans marked; overlapping spans are joined."""
    out: list[str] = []
    at = 0
    for start, end in sorted(spans):
        start = max(start, at)
        if end > start:
            out += [html.escape(text[at:start]), "<mark>", html.escape(text[start:end]), "</mark>"]
            at = end
    return "".join(out) + html.escape(text[at:])


class Mark(NamedTuple):
    """A span of a text that bears on the criterion with this number; `slip` where it is a mistake."""

    start: int
    end: int
    number: int
    slip: bool = False


def numbered(text: str, marks: Sequence[Mark]) -> str:
    """The text as HTML with the spans marked, each followed by the number of its criterion; where spans overlap, all numbers are shown."""
    inside = [m for m in marks if m.start < m.end]
    bounds = sorted({0, len(text), *(p for m in inside for p in (m.start, m.end))})
    out: list[str] = []
    for start, end in pairwise(bounds):
        over = [m for m in inside if m.start <= start and end <= m.end]
        piece = html.escape(text[start:end])
        out.append(f"<mark{' class=slip' if any(m.slip for m in over) else ''}>{piece}</mark>" if over else piece)
        ending = sorted({m.number for m in over if m.end == end})
        if ending:
            label = "criterion " if len(ending) == 1 else "criteria "
            out.append(f'<sup role="note" aria-label="{label}{", ".join(map(str, ending))}">{",".join(map(str, ending))}</sup>')
    return "".join(out)


def words(text: str, spans: Iterable[tuple[int, int]] = ()) -> None:
    """Text exactly as written, line breaks kept, nothing in it interpreted."""
    st.html(f'<div class="words">{highlighted(text, spans)}</div>')


def draft(text: str, why: str) -> None:
    """What a person sent that could not be taken, to be copied; nothing where there is none."""
    if text:
        st.caption(why)
        st.code(text, language=None, wrap_lines=True)


def quiet(text: str) -> None:
    """A line that stands back."""
    st.html(f'<div class="quiet">{html.escape(text)}</div>')


def speech(turn: Turn, evidence: Sequence[Evidence] = ()) -> None:
    """One turn of the transcript."""
    if turn.kind is TurnKind.NOTICE and turn.speaker is Speaker.INTERVIEWER and "\n" not in turn.text:
        st.html(f'<div class="quiet">{html.escape(turn.text)}</div>')
        return
    with speaker(turn.speaker is Speaker.CANDIDATE):
        words(turn.text, [(e.start, e.end) for e in evidence if e.turn == turn.index])


def speaker(candidate: bool) -> DeltaGenerator:
    """The place for one turn's words in the transcript."""
    return st.chat_message("user" if candidate else "assistant", avatar=":material/person:" if candidate else ":material/forum:")


def usage(spent: Usage) -> None:
    """What an interview's calls to a language model took, quietly; nothing where there were none."""
    if spent.calls:
        quiet(f"Language model: {usage_words(spent)}.")


def quotes(evidence: Sequence[Evidence]) -> None:
    """Quotes of the candidate."""
    for item in evidence:
        st.html(f'<div class="quote">“{html.escape(" ".join(item.quote.split()))}”</div>')


def chips(labels: Iterable[str]) -> None:
    """Small labels in a row."""
    st.html("".join(f'<span class="chip">{html.escape(label)}</span>' for label in labels))


def band_words(band: Band | None) -> str:
    """A band for a heading."""
    return "unscored" if band is None else BAND_WORDS[band]


def dimension_chart(dimensions: Sequence[DimensionGrade]) -> None:
    """A bar a dimension, coloured by band, with the band limits marked."""
    observed = [d for d in dimensions if d.share is not None]
    rows = [{"dimension": d.dimension.value, "share": d.share, "band": f"band {d.band}"} for d in observed]
    if not rows:
        return
    colours = alt.Scale(domain=[f"band {b}" for b in BAND_COLOURS], range=list(BAND_COLOURS.values()))
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=14, cornerRadiusEnd=3)
        .encode(
            x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", title="share of the credit", tickCount=5)),
            y=alt.Y("dimension:N", sort=None, title=None),
            color=alt.Color("band:N", scale=colours, legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[alt.Tooltip("dimension:N"), alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("band:N")],
        )
    )
    limits = alt.Chart(alt.InlineData(values=[{"x": 0.3}, {"x": 0.55}, {"x": 0.8}])).mark_rule(strokeDash=[3, 3], opacity=0.5).encode(x="x:Q")
    st.altair_chart((bars + limits).properties(height=alt.Step(30)), width="stretch")


def guide_links(references: Iterable[str]) -> None:
    """Links to guide sections."""
    sections = session.services().bank.sections
    pages = session.services().bank.pages
    for reference in references:
        section = sections.get(reference)
        page = pages.get(reference.split("#", 1)[0])
        if section is not None and page is not None:
            st.page_link(session.LIBRARY_PAGE, label=f"{page.title}: {section.heading}", icon=":material/menu_book:", query_params={"section": reference})


def criteria(question: Question, grade: Grade) -> None:
    """Every criterion with its verdict, the words it rests on, and for a missed one what would meet it."""
    for verdict in grade.verdicts:
        criterion = question.criterion(verdict.criterion_id)
        mistake = criterion.kind is Kind.ANTI
        other = offline_words(verdict, mistake)
        if mistake and verdict.value is VerdictValue.UNMET and not other:
            continue
        notes = [criterion.kind.value] if not mistake else ["mistake"]
        if verdict.evidence and verdict.elicited != "volunteered":
            notes.append(f"came {'after a probe' if verdict.elicited == 'probed' else 'after a hint' if verdict.elicited == 'hinted' else 'after it was told'}")
        if scoring.uncertain(verdict):
            notes.append("could not tell for sure: check yourself")
        if other:
            notes.append(other)
        st.html(
            f"<div><strong>{VALUE_ICONS[verdict.value]} {html.escape(value_words(question, verdict))}</strong> · {html.escape(criterion.statement)}"
            f'<div class="quiet">{html.escape(", ".join(notes))}</div></div>'
        )
        quotes(verdict.evidence)
        if not mistake and not verdict.evidence:
            st.html(f'<div class="quiet">Would meet it: “{html.escape(criterion.examples[0])}”</div>')
