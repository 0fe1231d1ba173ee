"""The live interview: transcript, clock, requests, input."""

import html
from contextlib import closing, nullcontext

import streamlit as st

from interviewer import engine
from interviewer.conductor import messages
from interviewer.domain import Act, Interview, Mode, Speaker, Stage
from interviewer.errors import InvalidMessage, StaleInterview
from interviewer.script import ROUND_NAMES
from interviewer.ui import components, reply, session
from interviewer.ui.inbox import inbox

DOUBLE_CLICK_SECONDS = 0.8
MESSAGE = "message"
READING = "Reading your answer …"
WORDING = "Choosing words …"

interview_id = session.required()

services = session.services()
conductor = services.conductor
judged = session.judge_name() is not None
with st.spinner(READING) if judged else nullcontext():  # after a reload, a message may still be waiting to be read
    interview = conductor.open(interview_id)
practice = interview.setup.mode is Mode.PRACTICE
seen = session.shown(interview)
sent = inbox(interview_id)
if interview.stage not in (Stage.DEBRIEF, Stage.ABANDONED):
    st.chat_input("Your answer, or a question to the interviewer", key=MESSAGE, on_submit=sent.note, args=(MESSAGE,))
typed = sent.waiting[0] if sent.waiting else None
session.set_shown(interview)
sent.shown = messages(interview)
if interview.stage in (Stage.DEBRIEF, Stage.ABANDONED):
    sent.keep(lambda text, shown: conductor.say(interview_id, text, shown=shown))
    session.go(session.DEBRIEF_PAGE, interview_id)


def send(text: str, act: Act | None = None, shown: int = seen) -> None:
    """Takes one message at the end of the transcript, and draws the page anew. A refusal is shown and the text kept."""
    last = next((t for t in reversed(interview.turns) if t.speaker is Speaker.CANDIDATE), None)
    twice = act is not None and last is not None and last.text == text and (services.clock.now() - last.at).total_seconds() < DOUBLE_CLICK_SECONDS
    if twice:  # a slow double click on a button counts once
        sent.done()
    else:
        with replying:
            take(text, act, shown)
    st.rerun()


def take(text: str, act: Act | None, shown: int) -> None:
    """Shows the message, has it read, and shows the reply as it comes.

    What was typed leaves the inbox with nothing drawn between that and its being saved.
    """
    with components.speaker(candidate=True):
        components.words(text)
    status = st.empty()
    if judged:
        status.html(f'<div class="quiet" role="status">{READING}</div>')
    try:
        now = conductor.say(interview_id, text, shown=shown, act=act)
    except (InvalidMessage, StaleInterview) as error:
        sent.taken(seen, act)
        st.session_state["refused"] = str(error)
        return
    sent.taken(messages(now), act)
    session.set_shown(now)
    status.empty()
    answered(now)


def answered(now: Interview) -> None:
    """What the interviewer says to the last message, the language model's words as they come; whoever stops it has the script's."""
    turn = conductor.unworded(now)
    if turn is None:
        return
    fresh = now.turns[1 + max(t.index for t in now.turns if t.speaker is Speaker.CANDIDATE) :]
    for other in fresh[: fresh.index(turn)]:
        components.speech(other)
    with components.speaker(candidate=False):
        place = st.container()
    for other in fresh[fresh.index(turn) + 1 :]:
        components.speech(other)
    st.button("Stop", key=f"stop-{len(now.turns)}", icon=":material/stop_circle:", help="Takes the interviewer's prepared words instead.")
    with place, closing(reply.piped(conductor.voiced(interview_id))) as pieces:
        reply.drawn(pieces, WORDING)


name = html.escape(ROUND_NAMES[interview.current.question.round])
place = f"<strong>{name}</strong> · question {interview.position + 1} of {len(interview.plan)} · {interview.setup.mode} mode"


page_drawn = False


@st.fragment(run_every=1.0)
def clock() -> None:
    """Where the interview is, and the visible clock; also lets the interviewer speak when time or silence call for it."""
    now = conductor.open(interview_id) if typed else conductor.tick(interview_id)
    left = int(engine.remaining(now, services.clock.now()))
    low = " low" if left <= engine.WARNING_SECONDS else ""
    label = "paused" if now.stage is Stage.PAUSED else "left"
    spoken = f"{left // 60} minutes {left % 60} seconds {label}"
    time = f'<div class="clock{low}" role="timer" aria-label="{spoken}">{left // 60}:{left % 60:02d} <span class="quiet">{label}</span></div>'
    st.html(f'<div class="status"><div>{place}</div>{time}</div>')
    if not typed and (len(now.turns) != len(interview.turns) or now.stage is not interview.stage or (page_drawn and sent.open)):
        st.rerun(scope="app")


clock()
st.progress(interview.position / len(interview.plan), text=None)

for turn in interview.turns:
    components.speech(turn)
replying = st.container()
if typed:
    send(typed.text, shown=typed.shown)

refused = st.session_state.pop("refused", None)
draft = conductor.draft(interview_id)
mark = len(interview.turns)  # a second click on a button of the page before does nothing
if refused:
    st.warning(refused)
if draft:
    components.draft(draft, components.SEND_AGAIN)
    if sent.button("Discard the draft", "discard", mark):
        conductor.discard_draft(interview_id)
        sent.done()
        st.rerun()

with st.container(horizontal=True, gap="small"):
    if practice and sent.button("Hint", "hint", mark, ":material/lightbulb:", "Alt+H"):
        send("Could I have a hint?", Act.HINT)
    if sent.button("I don't know", "unknown", mark, ":material/question_mark:", "Alt+K"):
        send("I don't know.", Act.DONT_KNOW)
    if sent.button("Skip", "skip", mark, ":material/skip_next:", "Alt+S"):
        send("Skip this question, please.", Act.SKIP)
    if practice and interview.stage is Stage.PAUSED:
        if sent.button("Go on", "resume", mark, ":material/play_arrow:", "Alt+P"):
            conductor.resume(interview_id)
            sent.done()
            st.rerun()
    elif practice and sent.button("Pause", "pause", mark, ":material/pause:", "Alt+P"):
        conductor.pause(interview_id)
        sent.done()
        st.rerun()
    if sent.button("End and debrief", "end", mark, ":material/flag:", "Alt+E"):
        conductor.finish(interview_id)
        sent.done()
        st.rerun()
sent.done()
st.caption("Enter sends, Shift+Enter starts a new line. “Repeat”, “rephrase” and clarifying questions work in your own words.")
components.usage(interview.usage)
services.ready(interview.current.question)
page_drawn = True  # what comes now, and only the clock is told of, has not reached the page
