"""Reads the messages of a walkthrough: only the new sentences are encoded and matched, so that every turn costs the same.

The best place speaks for a criterion, as in the offline grader; since a maximum over sentences is the maximum over messages, reading
each message once loses nothing but the answer-level `Match.astray`, which is taken over the message.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interviewer.archetypes import Archetype, DesignCriterion, DesignStage
from interviewer.domain import Act, Dimension, GraderInfo, Kind, Speaker, Turn, Verdict, VerdictValue
from interviewer.grading import gates
from interviewer.grading.matching import Point, PointEncoder, encode_answer, match, speller_of
from interviewer.grading.offline import (
    CORRECTION,
    CORRECTION_SHARE,
    NOTHING,
    VERSION,
    Calibration,
    Whole,
    Words,
    calibration,
    chances,
    collect,
    quotes_of,
    reading,
    reason_for,
    scores_of,
)
from interviewer.ports import MessageReading, TokenEncoder
from interviewer.walkthrough import Sighting, Walk

KEPT_DEGREE = 0.1
"""What holds less of a criterion than this is not kept."""

ABOUT = 0.3
"""A sentence is about the stage of the criterion that it carries best, if with at least this chance."""

ANNOUNCED = 1.5
"""What an announcement (\u201cnow to the metrics\u201d) weighs beside sentences."""

ECHOED_TURNS = 6
"""How many of the interviewer's last turns an echo is looked for in."""

ANNOUNCEMENT = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|so|now|next|then|right|great|alright|first|finally|lastly|and)\b[\s,.:]*)*(?:(?:let(?:'s| me| us)|i(?:'ll| will| would|'d)|we(?:'ll| can)?|moving|move|turning|turn|going|go|on|start(?:ing)?|"
    r"over|for|regarding|concerning|as for|about|what about|the)\b[\s,]*)+|^[^.?!]{0,40}:|^\W*(?:\w+[\s,]+){0,3}\w+\W*$",
    re.IGNORECASE,
)
STAGE_WORDS: dict[DesignStage, re.Pattern[str]] = {
    stage: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for stage, words in {
        DesignStage.CLARIFY: r"clarif\w*|scop(?:e|ing)|requirements?|fram(?:e|ing) the problem|problem statement",
        DesignStage.METRICS: r"(?:success |offline |online )?metrics?|guardrails?|kpis?",
        DesignStage.HIGH_LEVEL: r"high[- ]level|overall (?:design|architecture)|big picture|whole picture|architecture|block diagram|end[- ]to[- ]end",
        DesignStage.DATA: r"data|labels?|training (?:set|data|examples)|data set|dataset",
        DesignStage.FEATURES: r"features?|signals|representations?|embeddings",
        DesignStage.MODEL: r"models?|training|loss|architecture of the (?:model|network)|modelling|modeling",
        DesignStage.EVALUATION: r"evaluat\w+|experiments?|a/?b tests?|offline tests?|validation",
        DesignStage.SERVING: r"serving|scal(?:e|ing)|latency|deployment|inference|infrastructure",
        DesignStage.MONITORING: r"monitor\w*|retrain\w*|iterat\w+|maintenance|drift|alerts?|operations",
    }.items()
}
SHORT_SENTENCE = 12
"""An announcement has no more words than this."""


def points_of(criteria: Sequence[DesignCriterion]) -> tuple[Point, ...]:
    """Criteria of an archetype as points. `strong` is one more phrasing; for a pitfall it is what to do instead, so a near miss."""
    return tuple(
        Point(c.id, (c.statement, *c.examples), (*c.counter_examples, c.strong))
        if c.kind is Kind.ANTI
        else Point(c.id, (c.statement, *c.examples, c.strong), c.counter_examples)
        for c in criteria
    )


def all_criteria(archetype: Archetype) -> tuple[DesignCriterion, ...]:
    """The criteria with those of all deep dives: encoded once, whichever dives are put."""
    return archetype.criteria + tuple(c for d in archetype.deep_dives for c in d.criteria)


def announced(sentence: str) -> DesignStage | None:
    """The stage that a short sentence announces, if it names exactly one."""
    if len(sentence.split()) > SHORT_SENTENCE or not ANNOUNCEMENT.search(sentence):
        return None
    named = [stage for stage, words in STAGE_WORDS.items() if words.search(sentence)]
    return named[0] if len(named) == 1 else None


class WalkReader:
    """Reads walkthroughs without any network. The same messages give the same readings."""

    def __init__(
        self,
        encoder: TokenEncoder,
        fitted: Calibration | None = None,
        cache_folder: Path | None = None,
        points: Callable[[Sequence[DesignCriterion]], tuple[Point, ...]] = points_of,
    ) -> None:
        self._encoder = encoder
        self._fitted = fitted or calibration(company=False)
        self._points = PointEncoder(encoder, self._fitted.statistics, cache_folder)
        self._speller = speller_of(encoder, self._fitted.statistics.idf)
        self._points_of = points

    @property
    def info(self) -> GraderInfo:
        """Name and version."""
        return GraderInfo(name="offline", version=VERSION, model=self._encoder.identity)

    def prepare(self, archetype: Archetype) -> None:
        """Encodes an archetype's criteria, so that the first message need not wait for that."""
        self._points.encode(self._points_of(all_criteria(archetype)), archetype.prompt)

    def read(self, walk: Walk, turn: Turn) -> MessageReading:
        """What the turn shows of every criterion of the archetype, of the put deep dives too."""
        given = [t.text for t in walk.turns if t.speaker is Speaker.INTERVIEWER][-ECHOED_TURNS:]
        archetype = walk.archetype
        heard = (archetype.prompt, archetype.rephrase, *(f.answer for f in archetype.fact_sheet.values()), *given)
        held = {s.verdict.criterion_id: s.carried for s in walk.sightings if s.verdict.value is not VerdictValue.UNMET}
        return self.read_text(archetype, turn, heard, held)

    def read_text(self, archetype: Archetype, turn: Turn, heard: Sequence[str] = (), held: dict[str, float] | None = None) -> MessageReading:
        """What one turn shows; `heard` is what an echo would repeat, `held` how well earlier words carried each criterion."""
        words, flags = collect((turn,), heard)
        gate = gates.check(turn.text, list(words.spans), heard)
        if gate is not None and gate.unscored:
            return MessageReading(flags=flags, unscored=gate.reason)
        if gate is not None or not words.spans:
            return MessageReading(flags=flags)
        criteria = all_criteria(archetype)
        found = match(
            self._points.encode(self._points_of(criteria), archetype.prompt), encode_answer(words.spans, self._encoder, self._speller, self._fitted.statistics)
        )
        mistakes = np.array([c.kind is Kind.ANTI for c in criteria])
        nets = (self._fitted.point, self._fitted.mistake)
        # Of fifty criteria a message speaks to a few, so that their company would tell how long it is.
        message = Whole(found.astray, False, np.zeros((len(criteria), 0)))
        scores = scores_of(found, mistakes, self._fitted, message, message)
        if turn.act is Act.CLARIFY:  # what is asked for clarification shows framing and nothing else
            framing = np.array([c.dimension is Dimension.FRAMING for c in criteria])
            scores = np.where(framing[:, None], scores, -np.inf)
        biases = np.where(mistakes[:, None], nets[1].biases, nets[0].biases)
        chance = chances(np.maximum(scores.max(axis=1), NOTHING)[:, None] + biases)
        sightings = []
        withdrawn = []
        for n, criterion in enumerate(criteria):
            net = nets[int(mistakes[n])]
            sighting = self._sighting(criterion, chance[n], net.cuts, scores[n], found.carried[n], words)
            earlier = (held or {}).get(criterion.id, 0.0)
            if criterion.kind is Kind.ANTI and _takes_back(found.carried[n], words, earlier):
                withdrawn.append(criterion.id)
            elif sighting is not None:
                sightings.append(sighting)
        return MessageReading(tuple(sightings), tuple(withdrawn), self._leaning(criteria, scores, biases, words), flags)

    @staticmethod
    def _sighting(
        criterion: DesignCriterion,
        chance: NDArray[np.float64],
        cuts: NDArray[np.float64],
        places: NDArray[np.float64],
        carried: NDArray[np.float32],
        words: Words,
    ) -> Sighting | None:
        read = reading(chance, cuts, places)
        if read.value is VerdictValue.UNMET and read.degree < KEPT_DEGREE:
            return None
        mistake = criterion.kind is Kind.ANTI
        quotes = () if read.value is VerdictValue.UNMET else quotes_of(read.places, words)
        value = read.value if quotes else VerdictValue.UNMET
        verdict = Verdict(
            criterion_id=criterion.id, value=value, confidence=read.confidence, degree=read.degree, evidence=quotes, reason=reason_for(value, mistake)
        )
        return Sighting(verdict=verdict, carried=float(carried[int(places.argmax())]))

    @staticmethod
    def _leaning(criteria: Sequence[DesignCriterion], scores: NDArray[np.float64], biases: NDArray[np.float64], words: Words) -> dict[DesignStage, float]:
        """How much of the message is about each stage, in the order in which they come up."""
        chance = chances(scores[:, :, None] + biases[:, None, :])[:, :, 0]
        leaning: dict[DesignStage, float] = {}
        for place, span in enumerate(words.spans):
            stage = announced(span.text)
            if stage is not None:
                leaning[stage] = leaning.get(stage, 0.0) + ANNOUNCED
                continue
            best = int(chance[:, place].argmax())
            if chance[best, place] >= ABOUT:
                stage = criteria[best].stage
                leaning[stage] = leaning.get(stage, 0.0) + float(chance[best, place])
        return leaning


def _takes_back(carried: NDArray[np.float32], words: Words, earlier: float) -> bool:
    """Whether a sentence takes a mistake back that was made before it, in this message or in an earlier one.

    It says that it takes something back, and carries the point at least half as well as the words that made the mistake.
    """
    made = int(carried.argmax())
    for place, span in enumerate(words.spans):
        if CORRECTION.search(span.text) and (
            (place > made and carried[place] >= CORRECTION_SHARE * carried[made]) or (earlier and carried[place] >= CORRECTION_SHARE * earlier)
        ):
            return True
    return False
