"""The live walkthrough: prompt, clock with the stage plan, chat, whiteboard. The address holds it; everything is saved as it happens."""

import streamlit as st

from interviewer.domain import Act, Speaker, Stage
from interviewer.errors import InvalidMessage, StaleInterview
from interviewer.ui import components, drawings, session, stage_plan, whiteboard
from interviewer.ui.inbox import inbox
from interviewer.walkthrough import messages

DOUBLE_CLICK_SECONDS = 0.8
CHAT_HEIGHT = 440
MESSAGE = "walk-message"

walk_id = session.required_walk()
services = session.services()
walks = services.walks
walk = walks.open(walk_id)
sent = inbox(walk_id)
if walk.phase in (Stage.DEBRIEF, Stage.ABANDONED):
    sent.keep(lambda text, shown: walks.say(walk_id, text, shown=shown))
    session.go_walk(session.DESIGN_DEBRIEF_PAGE, walk_id)
session.wide(82)
seen = int(st.session_state.get(f"shown-{walk_id}", messages(walk)))
arriving = bool(sent.waiting)
st.session_state[f"shown-{walk_id}"] = sent.shown = messages(walk)


def send(text: str, act: Act | None = None, shown: int = seen) -> None:
    """Takes one message from a page that showed `shown` messages, and draws the page anew. A refusal is shown and the text kept.

    What was typed leaves the inbox with nothing drawn between that and its being saved.
    """
    last = next((t for t in reversed(walk.turns) if t.speaker is Speaker.CANDIDATE), None)
    twice = act is not None and last is not None and last.text == text and (services.clock.now() - last.at).total_seconds() < DOUBLE_CLICK_SECONDS
    if twice:  # a slow double click on a button counts once
        sent.done()
        st.rerun()
    with replying, components.speaker(candidate=True):
        components.words(text)
    try:
        now = walks.say(walk_id, text, shown=shown, act=act)
    except (InvalidMessage, StaleInterview) as error:
        sent.taken(seen, act)
        st.session_state["refused"] = str(error)
    else:
        sent.taken(messages(now), act)
        st.session_state[f"shown-{walk_id}"] = messages(now)
    st.rerun()


page_drawn = False


@st.fragment
def keep_drawing() -> None:
    """The whiteboard; every change of it is saved at once, unless another tab was there first.

    The canvas speaks by itself, first when it has loaded. As a fragment it has this part alone drawn anew, and cuts no other run short: what was
    clicked or typed meanwhile would be lost where Streamlit has not yet told the page of it.
    """
    now = walks.open(walk_id) if page_drawn else walk  # alone, it runs again without the rest of the page
    on_board = drawings.of(now)
    shown = int(st.session_state.get(f"drawings-{walk_id}", now.drawings))
    st.session_state[f"drawings-{walk_id}"] = now.drawings
    drawn = whiteboard.board(on_board, f"board-{walk_id}")
    if drawn == on_board:
        return
    try:
        st.session_state[f"drawings-{walk_id}"] = walks.draw(walk_id, drawings.saved(drawn), shown=shown).drawings
    except (InvalidMessage, StaleInterview) as error:
        st.session_state["refused"] = str(error)
        st.rerun()


@st.fragment(run_every=1.0)
def clock() -> None:
    """The clock; also lets the interviewer speak when time or silence call for it."""
    now = walk if arriving else walks.tick(walk_id)
    stage_plan.clock(now, services.clock.now())
    if (len(now.turns), now.phase) != (len(walk.turns), walk.phase) or (page_drawn and sent.open):
        st.rerun(scope="app")


clock()
chat, board = st.columns([5, 6], gap="medium")
with board:  # drawn before any button is acted on, so that what is typed there is never forgotten
    keep_drawing()
with chat:
    components.words(walk.archetype.prompt)
    with st.container(height=CHAT_HEIGHT, border=False, autoscroll=True, key="transcript"):
        for turn in walk.turns:
            components.speech(turn)
        replying = st.container()
    st.chat_input("Think out loud, ask, or decide", key=MESSAGE, on_submit=sent.note, args=(MESSAGE,))
    refused = st.session_state.pop("refused", None)
    if refused:
        st.warning(refused)
    mark = len(walk.turns)  # a second click on a button of the page before does nothing
    draft = walks.draft(walk_id)
    if draft:
        components.draft(draft, components.SEND_AGAIN)
        if sent.button("Discard the draft", "discard", mark):
            walks.discard_draft(walk_id)
            sent.done()
            st.rerun()
    with st.container(horizontal=True, gap="small"):
        if walk.guided:
            if sent.button("Hint", "hint", mark, ":material/lightbulb:", "Alt+H"):
                send("Could I have a hint?", Act.HINT)
            if sent.button("Next stage", "next", mark, ":material/skip_next:", "Alt+N"):
                walks.next_stage(walk_id, walk.stage)
                sent.done()
                st.rerun()
            if walk.phase is Stage.PAUSED:
                if sent.button("Go on", "resume", mark, ":material/play_arrow:", "Alt+P"):
                    walks.resume(walk_id)
                    sent.done()
                    st.rerun()
            elif sent.button("Pause", "pause", mark, ":material/pause:", "Alt+P"):
                walks.pause(walk_id)
                sent.done()
                st.rerun()
        if sent.button("End and debrief", "end", mark, ":material/flag:", "Alt+E"):
            walks.finish(walk_id)
            sent.done()
            st.rerun()
if arriving:
    send(sent.waiting[0].text, shown=sent.waiting[0].shown)
sent.done()
st.caption("Enter sends, Shift+Enter starts a new line. Every message and every change of the drawing is saved at once.")
page_drawn = True  # what comes now, and only the clock is told of, has not reached the page
