"""Runs interviews: the engine's events through the seams, saved after every step.

A message is saved before anything is done with it. Whatever stops the program after that, opening the interview again finds the
saved message and goes on from there; the answer to it is worked out from the same values, so it comes out the same.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from interviewer import dialogue, engine, scoring, script
from interviewer.domain import (
    Act,
    Assessment,
    Interview,
    Question,
    Report,
    Setup,
    Speaker,
    Stage,
    Turn,
    Usage,
)
from interviewer.engine import Event
from interviewer.errors import IllegalTransition, InterviewerError, InvalidMessage, ModelUnavailable, StaleInterview
from interviewer.ports import Clock, Embedder, Grader, Store, Stored, Summary
from interviewer.sentences import cleaned

if TYPE_CHECKING:
    from interviewer.understanding import Listener
    from interviewer.voice import Voice

MAX_CHARACTERS = 20_000
NUDGE_SECONDS = 120.0
HINT_OFFER_SECONDS = 240.0

_log = logging.getLogger(__name__)


def messages(interview: Interview) -> int:
    """How many messages the candidate has sent: what a page shows of an interview is as old as this number."""
    return sum(t.speaker is Speaker.CANDIDATE for t in interview.turns)


def report_of(interview: Interview) -> Report:
    """The report over the questions that were put so far. Pure: the same interview gives the same report."""
    asked = [p for p in interview.plan if p.asked_at is not None]
    grades = [scoring.grade(p.question, p.assessment) for p in asked]
    return scoring.report([p.question for p in asked], grades, planned=len(interview.plan))


class Conductor:
    """Runs any number of interviews over one store.

    With a language model, `listener` is asked about messages that the offline reader is unsure of, and `voice` words what the script
    says. Neither steers, and nothing waits for `voice`: the script's own words are saved before it is asked. `regrader` grades again what
    has ended, where that is not the grader of live answers.
    """

    def __init__(
        self,
        store: Store,
        grader: Grader,
        embedder: Embedder,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        voice: "Voice | None" = None,
        listener: "Listener | None" = None,
        regrader: Grader | None = None,
    ) -> None:
        self._store = store
        self._grader = grader
        self._regrader = regrader or grader
        self._embedder = embedder
        self._clock = clock
        self._new_id = new_id
        self._voice = voice
        self._listener = listener
        self._deciding: dict[str, threading.Lock] = {}
        self._silent: dict[str, str] = {}  # interviews whose voice failed since the last message, and why

    def start(self, setup: Setup, plan: Sequence[tuple[Question, float]]) -> Interview:
        """Creates an interview, greets, and puts the first question."""
        interview = engine.create(self._new_id(), setup, tuple(plan), self._clock.now())
        self._store.create(interview)
        return self._advance(self._step(Stored(interview, 0), engine.Began(at=self._clock.now()))).interview

    def open(self, interview_id: str) -> Interview:
        """The interview as it stands, with any message that was saved but not yet answered answered now, and time-out applied."""
        stored = self._advance(self._store.load(interview_id))
        now = self._clock.now()
        over = stored.interview.stage is Stage.LISTENING and engine.remaining(stored.interview, now) <= 0.0
        if not over:
            return stored.interview
        try:
            return self._step(stored, engine.Finished(at=now, why="time")).interview
        except StaleInterview:  # another tab was quicker
            return self._advance(self._store.load(interview_id)).interview

    def say(self, interview_id: str, text: str, *, shown: int, act: Act | None = None) -> Interview:
        """Takes a message from a page that showed `shown` messages of the candidate.

        The same message sent twice from the same page counts once. A different one from a page that is behind is kept as a draft and
        refused with `StaleInterview`. Raises `InvalidMessage` for a message with nothing in it, or too much.
        """
        text = cleaned(text)
        if not text.strip():
            raise InvalidMessage("There is nothing in that message. Write an answer, or use one of the buttons.")
        if len(text) > MAX_CHARACTERS:
            self._store.save_draft(interview_id, text)
            raise InvalidMessage(
                f"That message has {len(text):,} characters; {MAX_CHARACTERS:,} is the most that can be taken. It is kept as a draft: shorten it and send it again."
            )
        key = hashlib.sha256(f"{shown}\0{text}".encode()).hexdigest()[:24]
        stored = self._advance(self._store.load(interview_id))
        if key in stored.interview.keys:
            return stored.interview
        if shown != messages(stored.interview) or stored.interview.stage in (Stage.DEBRIEF, Stage.ABANDONED):
            self._store.save_draft(interview_id, text)
            raise StaleInterview(
                "This interview has ended; your text is kept as a draft."
                if stored.interview.stage in (Stage.DEBRIEF, Stage.ABANDONED)
                else "This interview has moved on in another tab. Your text is kept as a draft: look at where it stands and send it again."
            )
        now = self._clock.now()
        try:
            if stored.interview.stage is Stage.PAUSED:
                stored = self._step(stored, engine.Resumed(at=now))
            stored = self._step(stored, engine.Said(at=now, text=text, key=key, act=act))
        except StaleInterview:
            return self._lost_race(interview_id, text, key)
        return self._advance(stored).interview

    def _lost_race(self, interview_id: str, text: str, key: str) -> Interview:
        """Another writer came first: fine if it brought the same message, else the text is kept as a draft."""
        stored = self._advance(self._store.load(interview_id))
        if key in stored.interview.keys:
            return stored.interview
        self._store.save_draft(interview_id, text)
        raise StaleInterview("This interview has moved on in another tab. Your text is kept as a draft: look at where it stands and send it again.")

    def unworded(self, interview: Interview) -> Turn | None:
        """What the interviewer said last, where a language model is to word it and has not yet."""
        turn = engine.wordable(interview) if self._voice is not None else None
        return turn if turn is not None and self._voice is not None and self._voice.speaks(turn) else None

    def voiced(self, interview_id: str) -> Generator[str, None, None]:
        """What the interviewer said last, worded by the language model: checked pieces as they come, saved at the end.

        Yields nothing where there is no model or nothing to word. A caller that stops early leaves the script's words standing, and
        so does an interview that has moved on meanwhile.
        """
        stored = self._store.load(interview_id)
        turn = self.unworded(stored.interview)
        if turn is None or self._voice is None:
            return
        wording = yield from self._voice.word(stored.interview, turn)
        if wording.failure:
            self._silent[interview_id] = wording.failure
        elif wording.fault:
            _log.info("the wording of turn %d was not used: %s", turn.index, wording.fault.partition(":")[0])
        if not wording.worded and wording.usage == Usage():
            return
        yield ""  # whoever stops now has the script's words, although the rest of the stream is read
        try:
            self._step(stored, engine.Worded(at=self._clock.now(), turn=turn.index, text=wording.text, usage=wording.usage))
        except (StaleInterview, IllegalTransition):
            _log.info("the interview moved on before its turn %d was worded", turn.index)

    def tick(self, interview_id: str) -> Interview:
        """What the clock calls for: the five-minute warning, the hard stop, a nudge or a hint offer in a long silence."""
        self.open(interview_id)
        stored = self._store.load(interview_id)
        event = self._due(stored.interview)
        if event is None:
            return stored.interview
        try:
            return self._step(stored, event).interview
        except (StaleInterview, IllegalTransition):  # another tab was quicker
            return self._store.load(interview_id).interview

    def _due(self, interview: Interview) -> Event | None:
        if interview.stage is not Stage.LISTENING:
            return None
        now = self._clock.now()
        left = engine.remaining(interview, now)
        if left <= engine.WARNING_SECONDS and not interview.warned and interview.setup.minutes > 5:
            return engine.Remarked(at=now, what="five_minutes")
        since = max(interview.turns[-1].at, interview.resumed_at or interview.created_at)  # a pause is no silence
        silence = (now - since).total_seconds()
        marks = interview.current.marks
        if silence >= NUDGE_SECONDS and "nudge" not in marks:
            return engine.Remarked(at=now, what="nudge")
        if silence >= HINT_OFFER_SECONDS - NUDGE_SECONDS and "nudge" in marks and "hint_offer" not in marks:
            return engine.Remarked(at=now, what="hint_offer")
        return None

    def pause(self, interview_id: str) -> Interview:
        """Stops the clock; practice mode only."""
        return self._event(interview_id, engine.Paused(at=self._clock.now()))

    def resume(self, interview_id: str) -> Interview:
        """Lets the clock run again."""
        return self._event(interview_id, engine.Resumed(at=self._clock.now()))

    def finish(self, interview_id: str, why: str = "asked") -> Interview:
        """Ends the interview; what was said so far is debriefed. Ending twice is no error."""
        while True:
            stored = self._advance(self._store.load(interview_id))
            if stored.interview.stage in (Stage.DEBRIEF, Stage.ABANDONED):
                return stored.interview
            reason = engine.Finished(at=self._clock.now(), why="input" if why == "input" else "asked")
            try:
                return self._step(stored, reason).interview
            except StaleInterview:  # another tab was quicker with something; whatever it was, the end still comes after it
                continue

    def _event(self, interview_id: str, event: Event) -> Interview:
        stored = self._advance(self._store.load(interview_id))
        try:
            return self._step(stored, event).interview
        except (IllegalTransition, StaleInterview):  # a second click: it stands as it was wanted
            return self._store.load(interview_id).interview

    def regrade(self, interview_id: str, progress: Callable[[int, int], None] | None = None) -> Interview:
        """Grades every answered question of an interview that has ended anew; `progress` hears how many of how many are done.

        What a language model gave nothing on keeps its grade; where it gave nothing on any, `ModelUnavailable` says why.
        """
        stored = self._store.load(interview_id)
        if stored.interview.stage is not Stage.DEBRIEF:
            raise IllegalTransition("Only an interview that has ended can be graded anew. End it first.")
        asked = {p.question.id: (p.question, engine.answer_turns(stored.interview, p.question.id)) for p in stored.interview.plan}
        counting = {name: (question, turns) for name, (question, turns) in asked.items() if any(t.counts for t in turns)}
        if not counting:
            raise InvalidMessage("Nothing was answered in this interview, so there is nothing to grade anew.")
        graded: dict[str, Assessment] = {}
        failure = ""
        for done, (name, (question, turns)) in enumerate(counting.items()):
            if progress:
                progress(done, len(counting))
            assessment = self._assess(question, turns, self._regrader)
            failure = assessment.failure or failure
            if not assessment.failure:
                graded[name] = assessment
        if not graded:
            raise ModelUnavailable(f"Nothing could be graded anew, and the grades stay as they are. {failure}")
        event = engine.Regraded(at=self._clock.now(), assessments=graded)
        while True:
            try:
                return self._step(stored, event).interview
            except StaleInterview:  # another tab was quicker with a grading or a wording; this one comes after it
                stored = self._store.load(interview_id)

    def delete(self, interview_id: str) -> None:
        """Deletes an interview."""
        self._store.delete(interview_id)

    def history(self) -> list[Summary]:
        """All interviews, newest first."""
        return self._store.summaries()

    def draft(self, interview_id: str) -> str:
        """Text that was kept because it could not be taken."""
        return self._store.draft(interview_id)

    def discard_draft(self, interview_id: str) -> None:
        """Throws the kept text away."""
        self._store.discard_draft(interview_id)

    # --- one step at a time -------------------------------------------------------------------------------------------

    def _step(self, stored: Stored, event: Event) -> Stored:
        after = engine.apply(stored.interview, event)
        return Stored(after, self._store.append(stored.seq, event, after))

    def _advance(self, stored: Stored) -> Stored:
        """Everything that follows without a new message. If another process is quicker, its result is taken."""
        while True:
            match stored.interview.stage:
                case Stage.READY:
                    event: Event = engine.Began(at=self._clock.now())
                case Stage.ASKING:
                    event = engine.Asked(at=self._clock.now())
                case Stage.DECIDING:
                    stored = self._decide(stored)
                    continue
                case _:
                    return stored
            try:
                stored = self._step(stored, event)
            except StaleInterview:
                stored = self._store.load(stored.interview.id)

    def _decide(self, stored: Stored) -> Stored:
        """The saved message understood and answered, once: who comes while it is being done waits and takes the result."""
        interview_id = stored.interview.id
        with self._deciding.setdefault(interview_id, threading.Lock()):  # kept for good: a latecomer must find the same one
            now = self._store.load(interview_id)
            if now.seq != stored.seq:
                return now
            try:
                return self._step(stored, self._understand(stored.interview))
            except StaleInterview:
                return self._store.load(interview_id)

    def _understand(self, interview: Interview) -> engine.Decided:
        turn = interview.turns[-1]
        reading = dialogue.Reading((turn.act,), 1.0) if turn.act else dialogue.classify(turn.text, self._embedder)
        usage, failure = Usage(), self._silent.pop(interview.id, "")
        if self._listener is not None and turn.act is None:
            reading, usage, unheard = self._listener.hear(turn.text, reading, engine.open_prompt(interview))
            failure = failure or unheard
        progress = interview.current
        fresh = not engine.answer_turns(interview, progress.question.id)
        earlier = reading.addition and interview.position > 0 and fresh
        question = interview.plan[interview.position - 1].question if earlier else progress.question
        facts: tuple[str, ...] = ()
        if Act.CLARIFY in reading.acts and question.fact_sheet:
            facts = dialogue.facts(turn.text, question.fact_sheet, self._embedder)
        assessment = None
        if reading.acts[0] in (Act.ANSWER, Act.PUSHBACK, Act.CLARIFY):
            spoken = turn.model_copy(update={"act": reading.acts[0], "counts": reading.acts[0] is not Act.CLARIFY, "question_id": question.id})
            turns = (*engine.answer_turns(interview, question.id), spoken)
            if any(t.counts for t in turns):
                assessment = self._assess(question, turns, self._grader)
        notice = script.carries_on(failure) if failure else ""
        if assessment is not None and assessment.failure:
            notice = assessment.failure
        return engine.Decided(
            at=turn.at,
            acts=reading.acts,
            facts=facts,
            addition=reading.addition,
            assessment=assessment,
            usage=usage,
            notice=notice,
        )

    def _assess(self, question: Question, turns: Sequence[Turn], grader: Grader) -> Assessment:
        try:
            return grader.assess(question, turns)
        except InterviewerError as error:
            _log.warning("grading %s: %s", question.id, error)
            return Assessment(unscored=f"This could not be graded: {error}", grader=grader.info)
        except Exception:  # whatever a grader does, the interview goes on and the answer stays
            _log.exception("grading %s", question.id)
            return Assessment(unscored="This could not be graded because of a fault in the grader; your answer is saved.", grader=grader.info)
