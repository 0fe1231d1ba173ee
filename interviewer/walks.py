"""Runs system-design walkthroughs: the engine's events through the seams, saved after every step.

A message, and a drawing, is saved before anything is done with it. Opening the walkthrough again goes on from what was saved; the reply
to a saved message is worked out from the same values, so it comes out the same.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from interviewer import bars, diagram, dialogue, quantities, scoping, walkthrough
from interviewer.archetypes import Archetype, DesignStage
from interviewer.bars import WalkReport
from interviewer.domain import Act, Speaker, Stage, Turn
from interviewer.errors import DiagramError, IllegalTransition, InterviewerError, InvalidMessage, PackError, StaleInterview
from interviewer.ports import Clock, MessageReading, StoredWalk, TokenEncoder, WalkGrader, WalkStore, WalkSummary
from interviewer.sentences import cleaned
from interviewer.walkthrough import Drawing, Walk, WalkEvent, WalkSetup, messages

__all__ = ["Debrief", "Walks", "messages"]

MAX_CHARACTERS = 20_000
MAX_DRAWING = 60_000
MOVED_ON = "This walkthrough has moved on in another tab. Your text is kept as a draft: look at where it stands and send it again."
ENDED = "This walkthrough has ended; your text is kept as a draft."
REDRAWN = "The whiteboard was changed in another tab. What you drew is kept as a draft, as text: look at how the board stands and draw it again."
RETRY_MINUTES = 8
SHORT_WORDS = 25
"""A message of no more words than this can be a word about the conversation; a longer one is about the design."""

DONE = re.compile(
    r"\b(?:i(?:'m| am| think i'?m| think i am)? (?:done|finished|through)(?: with (?:my|the|this) (?:design|walkthrough|part|stage))?|that(?:'s| is| was| would be| concludes| completes| wraps up)(?: pretty much| basically| about| roughly)?(?: it|"
    r" all| everything| my design| the (?:whole )?design| what i (?:have|had))|i(?:'ve| have) (?:covered|said|got|gone through) (?:everything|it all|all)|nothing (?:more|else) (?:to add|from me)|what(?:'s| is| comes| would you like) next|"
    r"where (?:should|shall|do you want me to|would you like me to) (?:i )?(?:go|dig|look)|(?:anything|something|what|which part)(?: else)? (?:would|do|did|should|that) (?:you|i)(?:'d)? (?:like|want|care)?[^.?]{0,30}(?:go|dig|dive|cover|expand|deeper|hear|discuss)|"
    r"(?:any|do you have) (?:further |more |other )?questions(?: for me| so far| on (?:this|that))?|happy to (?:go|dig|dive) (?:deeper|into)|what (?:should|shall|do) (?:i|we) (?:do|look at|cover|talk about) (?:now|next)|over to you|ready for (?:your )?questions)\b",
    re.IGNORECASE,
)
"""The candidate is through, or asks what is next."""

NEXT = re.compile(
    r"^\W*(?:ok(?:ay)?|so|please|let'?s|can we|let us|i'?m ready[, ]*(?:for the)?|go to|on to|move on|the|and|to)?(?:[\s,]*(?:next|move on|continue|the|on to|to|stage|go on|one|please))+\W*$",
    re.IGNORECASE,
)

_log = logging.getLogger(__name__)


class Debrief(NamedTuple):
    """Everything a debrief shows: the report, the estimates found in the words, and the drawing as it is read (None: nothing, or no text that can be read)."""

    report: WalkReport
    estimates: tuple[quantities.Finding, ...]
    drawing: diagram.Diagram | None
    reading: diagram.Reading | None


class Walks:
    """Runs any number of walkthroughs over one store."""

    def __init__(
        self,
        store: WalkStore,
        grader: WalkGrader,
        embedder: TokenEncoder,
        archetypes: Mapping[str, Archetype],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._grader = grader
        self._embedder = embedder
        self._archetypes = archetypes
        self._clock = clock
        self._new_id = new_id
        self._deciding: dict[str, threading.Lock] = {}

    def archetype(self, archetype_id: str, variant: str | None = None) -> Archetype:
        """The archetype as a variant changes it. Raises `PackError` where there is no such thing."""
        if archetype_id not in self._archetypes:
            known = ", ".join(self._archetypes) or "none"
            raise PackError(f"There is no system-design archetype “{archetype_id}”. There are: {known}.")
        chosen = self._archetypes[archetype_id]
        if variant is not None and variant not in {v.id for v in chosen.variants}:
            raise PackError(f"“{archetype_id}” has no variant “{variant}”. It has: {', '.join(v.id for v in chosen.variants)}.")
        return chosen.skinned(variant)

    def start(self, setup: WalkSetup) -> Walk:
        """Creates a walkthrough, greets, and puts the prompt. Raises `PackError` for an unknown archetype or variant."""
        archetype = self.archetype(setup.archetype, setup.variant)
        self._grader.prepare(archetype)
        return self._begin(setup, archetype)

    def _begin(self, setup: WalkSetup, archetype: Archetype) -> Walk:
        scoping.sheet_of(archetype.fact_sheet, self._embedder)  # so that the first scoping question need not wait for it
        walk = walkthrough.create(self._new_id(), setup, archetype, self._clock.now())
        self._store.create_walk(walk)
        return self._advance(StoredWalk(walk, 0)).walk

    def retry(self, walk_id: str, stage: DesignStage) -> Walk:
        """A new walkthrough of one stage of one that has ended: same archetype, variant, mode and level."""
        walk = self._store.load_walk(walk_id).walk
        return self._begin(walk.setup.model_copy(update={"only": stage, "minutes": RETRY_MINUTES}), walk.archetype)

    def open(self, walk_id: str) -> Walk:
        """The walkthrough as it stands, with any message that was saved but not yet answered answered now, and time-out applied."""
        stored = self._advance(self._store.load_walk(walk_id))
        now = self._clock.now()
        if stored.walk.phase is not Stage.LISTENING or walkthrough.remaining(stored.walk, now) > 0.0:
            return stored.walk
        try:
            return self._step(stored, walkthrough.Finished(at=now, why="time")).walk
        except StaleInterview:  # another tab was quicker
            return self._advance(self._store.load_walk(walk_id)).walk

    def say(self, walk_id: str, text: str, *, shown: int, act: Act | None = None) -> Walk:
        """Takes a message from a page that showed `shown` messages of the candidate.

        The same message sent twice from the same page counts once. A different one from a page that is behind is kept as a draft and
        refused with `StaleInterview`. Raises `InvalidMessage` for a message with nothing in it, or too much.
        """
        text = cleaned(text)
        if not text.strip():
            raise InvalidMessage("There is nothing in that message. Write something, or use one of the buttons.")
        if len(text) > MAX_CHARACTERS:
            self._store.save_walk_draft(walk_id, text)
            raise InvalidMessage(
                f"That message has {len(text):,} characters; {MAX_CHARACTERS:,} is the most that can be taken. It is kept as a draft: shorten it and send it again."
            )
        key = hashlib.sha256(f"{shown}\0{text}".encode()).hexdigest()[:24]
        stored = self._advance(self._store.load_walk(walk_id))
        while True:
            walk = stored.walk
            if key in walk.keys:
                return walk
            if shown != messages(walk) or walk.phase in (Stage.DEBRIEF, Stage.ABANDONED):
                self._store.save_walk_draft(walk_id, text)
                raise StaleInterview(ENDED if walk.phase in (Stage.DEBRIEF, Stage.ABANDONED) else MOVED_ON)
            now = self._clock.now()
            try:
                if walk.phase is Stage.PAUSED:
                    stored = self._step(stored, walkthrough.Resumed(at=now))
                stored = self._step(stored, walkthrough.Said(at=now, text=text, key=key, act=act))
            except StaleInterview:  # another writer came first; if it was the whiteboard or the clock, the message still has its place
                stored = self._advance(self._store.load_walk(walk_id))
                continue
            return self._advance(stored).walk

    def draw(self, walk_id: str, drawing: Drawing, *, shown: int) -> Walk:
        """Saves what is on the whiteboard, from a page that showed the board after `shown` changes (`walk.drawings`).

        The text is kept as it was written, also where it cannot be read as a diagram. The same drawing again changes nothing; another
        one from a page that is behind is kept as a draft and refused with `StaleInterview`.
        """
        if len(drawing.mermaid) > MAX_DRAWING:
            raise InvalidMessage(
                f"That drawing has {len(drawing.mermaid):,} characters; {MAX_DRAWING:,} is the most that can be kept. Draw the main parts only."
            )
        drawing = drawing.model_copy(update={"mermaid": cleaned(drawing.mermaid)})
        while True:
            stored = self._store.load_walk(walk_id)
            walk = stored.walk
            if drawing == walk.drawing:
                return walk
            if shown != walk.drawings or walk.phase in (Stage.DEBRIEF, Stage.ABANDONED):
                self._store.save_walk_draft(walk_id, drawing.mermaid)
                raise StaleInterview(ENDED if walk.phase in (Stage.DEBRIEF, Stage.ABANDONED) else REDRAWN)
            try:
                return self._step(stored, walkthrough.Drew(at=self._clock.now(), drawing=drawing)).walk
            except StaleInterview:
                continue

    def next_stage(self, walk_id: str, stage: DesignStage) -> Walk:
        """Guided mode: feedback on `stage`, which the page shows, and the next one. A second click changes nothing."""
        return self._event(walk_id, walkthrough.StageEnded(at=self._clock.now(), stage=stage))

    def tick(self, walk_id: str) -> Walk:
        """What the clock calls for: the hard stop, the five-minute warning, the nudge on a stage, a word in a long silence."""
        self.open(walk_id)
        stored = self._store.load_walk(walk_id)
        event = self._due(stored.walk)
        if event is None:
            return stored.walk
        try:
            return self._step(stored, event).walk
        except (StaleInterview, IllegalTransition):  # another tab was quicker
            return self._store.load_walk(walk_id).walk

    def _due(self, walk: Walk) -> WalkEvent | None:
        if walk.phase is not Stage.LISTENING:
            return None
        now = self._clock.now()
        if walkthrough.remaining(walk, now) <= walkthrough.WARNING_SECONDS and not walk.warned and walk.setup.minutes > 5:
            return walkthrough.Remarked(at=now, what="five_minutes")
        if walkthrough.runs_over(walk, now):
            return walkthrough.Remarked(at=now, what="overrun")
        if walkthrough.silent(walk, now):
            return walkthrough.Remarked(at=now, what="silence")
        return None

    def pause(self, walk_id: str) -> Walk:
        """Stops the clock; guided mode only."""
        return self._event(walk_id, walkthrough.Paused(at=self._clock.now()))

    def resume(self, walk_id: str) -> Walk:
        """Lets the clock run again."""
        return self._event(walk_id, walkthrough.Resumed(at=self._clock.now()))

    def finish(self, walk_id: str, why: str = "asked") -> Walk:
        """Ends the walkthrough; what was said so far is debriefed. Ending twice is no error."""
        while True:
            stored = self._advance(self._store.load_walk(walk_id))
            if stored.walk.phase in (Stage.DEBRIEF, Stage.ABANDONED):
                return stored.walk
            try:
                return self._step(stored, walkthrough.Finished(at=self._clock.now(), why="input" if why == "input" else "asked")).walk
            except StaleInterview:  # another tab was quicker with something; whatever it was, the end still comes after it
                continue

    def _event(self, walk_id: str, event: WalkEvent) -> Walk:
        stored = self._advance(self._store.load_walk(walk_id))
        try:
            return self._step(stored, event).walk
        except (IllegalTransition, StaleInterview):  # a second click: it stands as it was wanted
            return self._store.load_walk(walk_id).walk

    def delete(self, walk_id: str) -> None:
        """Deletes a walkthrough."""
        self._store.delete_walk(walk_id)

    def history(self) -> list[WalkSummary]:
        """All walkthroughs, newest first."""
        return self._store.walk_summaries()

    def draft(self, walk_id: str) -> str:
        """Text that was kept because it could not be taken."""
        return self._store.walk_draft(walk_id)

    def discard_draft(self, walk_id: str) -> None:
        """Throws the kept text away."""
        self._store.discard_walk_draft(walk_id)

    # --- the debrief --------------------------------------------------------------------------------------------------

    def debrief(self, walk: Walk) -> Debrief:
        """The report with the estimates and the drawing. The same walkthrough gives the same debrief."""
        said = "\n\n".join(t.text for t in walk.turns if t.speaker is Speaker.CANDIDATE and t.counts)
        estimates = tuple(quantities.checked(said, walk.archetype.estimates))
        drawing = None
        try:
            places = [diagram.Place(box=name, x=x, y=y) for name, (x, y) in walk.drawing.places.items()]
            drawing = diagram.from_mermaid(walk.drawing.mermaid).at(places) if walk.drawing.mermaid.strip() else None
        except DiagramError as error:
            _log.info("the drawing of %s cannot be read: %s", walk.id, error)
        reading = diagram.read(drawing, walk.archetype.architecture, self.nearest) if drawing is not None and drawing.boxes else None
        return Debrief(bars.report(walk), estimates, drawing, reading)

    def nearest(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        """The likeness of every one of the first texts with every one of the others, by sentence vectors."""
        rows: list[list[float]] = (self._embedder.embed(texts) @ self._embedder.embed(others).T).tolist()
        return rows

    # --- one step at a time -------------------------------------------------------------------------------------------

    def _step(self, stored: StoredWalk, event: WalkEvent) -> StoredWalk:
        after = walkthrough.apply(stored.walk, event)
        return StoredWalk(after, self._store.append_walk(stored.seq, event, after))

    def _advance(self, stored: StoredWalk) -> StoredWalk:
        """Everything that follows without a new message. If another process is quicker, its result is taken."""
        while True:
            if stored.walk.phase is Stage.DECIDING:
                stored = self._decide(stored)
            elif stored.walk.phase is Stage.READY:
                try:
                    stored = self._step(stored, walkthrough.Began(at=self._clock.now()))
                except StaleInterview:
                    stored = self._store.load_walk(stored.walk.id)
            else:
                return stored

    def _decide(self, stored: StoredWalk) -> StoredWalk:
        """The saved message understood and answered, once: who comes while it is being done waits and takes the result."""
        walk_id = stored.walk.id
        with self._deciding.setdefault(walk_id, threading.Lock()):  # kept for good: a latecomer must find the same one
            now = self._store.load_walk(walk_id)
            if now.seq != stored.seq:
                return now
            try:
                return self._step(stored, self._understand(stored.walk))
            except StaleInterview:
                return self._store.load_walk(walk_id)

    def _understand(self, walk: Walk) -> walkthrough.Decided:
        turn = walk.turns[-1]
        acts, done = self._acts(walk, turn)
        facts: tuple[str, ...] = ()
        if Act.CLARIFY in acts:
            facts = scoping.facts(turn.text, walk.archetype.fact_sheet, self._embedder, walk.facts[-1] if walk.facts else None)
        read = MessageReading()
        if acts[0] in (Act.ANSWER, Act.PUSHBACK, Act.CLARIFY):
            read = self._graded(walk, turn.model_copy(update={"act": acts[0]}))
        return walkthrough.Decided(
            at=turn.at,
            acts=acts,
            facts=facts,
            sightings=read.sightings,
            withdrawn=read.withdrawn,
            leaning=dict(read.leaning),
            done=done,
            unscored=read.unscored if acts[0] is Act.ANSWER else "",
            flags=read.flags,
            grader=self._grader.info,
        )

    def _acts(self, walk: Walk, turn: Turn) -> tuple[tuple[Act, ...], bool]:
        """What a message is, and whether the candidate is through or asks what is next."""
        if turn.act is not None:
            return (turn.act,), False
        if walk.guided and NEXT.match(turn.text):
            return (Act.SKIP,), False
        acts = dialogue.classify(turn.text, self._embedder).acts
        short = len(turn.text.split()) <= SHORT_WORDS
        if DONE.search(turn.text) is not None and not dialogue_end(turn.text):
            return ((Act.ACKNOWLEDGE,) if short and acts[0] is not Act.ANSWER else (Act.ANSWER,)), True
        return acts, False

    def _graded(self, walk: Walk, turn: Turn) -> MessageReading:
        try:
            return self._grader.read(walk, turn)
        except InterviewerError as error:
            _log.warning("reading a message of %s: %s", walk.id, error)
            return MessageReading(unscored=f"This could not be read: {error}")
        except Exception:  # whatever a grader does, the walkthrough goes on and the message stays
            _log.exception("reading a message of %s", walk.id)
            return MessageReading(unscored="This could not be read because of a fault in the grader; your message is saved.")


def dialogue_end(text: str) -> bool:
    """Whether a message asks in plain words to end."""
    return any(act is Act.END and pattern.match(dialogue.normal(text)) for act, pattern in dialogue.PLAIN)
