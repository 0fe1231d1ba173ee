"""The offline grader: gates, then per criterion a calibrated reading of how far the candidate's sentences hold it.

A small network reads every sentence against every criterion (`matching.FEATURES`); the best one speaks for the answer
(multiple-instance learning by max pooling, Ilse et al. 2018, sec. 2.1). It is told where a story of one's own was asked for, and what the
answer says of the question's other points: who has them wrong seldom means this one as it ought to be. Its weights
are fitted by `bench/fit_grader.py` on the labelled answers, with whole questions left out for the published figures, and shipped in
`calibration.npz` with the inverse document frequencies of the guide and the spread of the rubrics' phrasings, which no answer enters.
"""

import re
from collections.abc import Sequence
from functools import cache
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer import sentences
from interviewer.dialogue import is_instruction
from interviewer.domain import (
    Act,
    Assessment,
    Dimension,
    Evidence,
    GraderInfo,
    Kind,
    OwnQuestion,
    Question,
    Round,
    Turn,
    Verdict,
    VerdictValue,
    plain_turn,
)
from interviewer.grading import evidence, gates
from interviewer.grading.contrast import Spread
from interviewer.grading.matching import FEATURES, Idf, Match, Point, PointEncoder, Statistics, encode_answer, match, points_of, speller_of
from interviewer.grading.telling import told
from interviewer.ports import TokenEncoder
from interviewer.sentences import Span

VERSION = "12"
NOTHING = -20.0
"""The score of a criterion for which no sentence may count: its chance is nil."""

LEAST = {False: 0.19, True: 0.25}
"""What carries a point (False) or a mistake (True) less than this does not speak of it at all: of the best sentences of what is labelled
met, 2 % and 1 % lie below; of sentences about something else 99 % and all."""

KNOWN_SHARE = 0.45
ASIDE = 0.34
"""A sentence is an aside and earns nothing where `KNOWN_SHARE` of how much of it the points hold, and the rest of how well it carries the
nearest of them, come to less than this; not in stories, which have no topic of their own. Of everyday sentences that were credited with
something 63 % lie below, of those on which a labelled credit rests 0.2 %. At 0.4 it would be 94 %, but also 15 % of right ideas in other words."""

WORK = -1.0
KNOWN = 0.62
"""It is one in any answer where its vector is that far from what is said of work (`Calibration.work`) and the points hold less than this of
it: 83 % of everyday sentences of sorts that were left out of the fit, and 1.5 % of what is said in stories so left out."""

KNOWN_TOO = 0.75
ABOUT = 0.78
USUAL_TEXTS = 240
DENSER = 0.09
"""An answer leads elsewhere by what its sentences lack on average of `ABOUT`: how well each carries some point, and `KNOWN_TOO` times how much of it the points
hold. Both grow with the number of phrasings and near misses: `ABOUT` is meant for `USUAL_TEXTS`, and `DENSER` comes on top for e times as many. Of labelled
answers that earn .3 or more 1.2 % lack something, of strong answers to other questions 97 %."""

STORY_ASTRAY = 0.04
STORY_ELSEWHERE = 0.12
"""How far astray (`Match.astray`), and elsewhere, a story of one's own may be before anything is taken off: its words are nobody else's. Of the criteria met in
labelled stories 85 and 95 % lie below; of answers to other questions, graded as stories, 87 and 83 % lie above."""

TOLD = 0.08
UNTOLD = 0.7
"""A story of which less than this share of the words tells what somebody did (`telling.told`) is astray as well: by `UNTOLD` if nothing does. Of 139 labelled
stories 2 % lie below, of 1,281 labelled answers to other questions 98 %."""

HELD = (0.15, 0.6)
"""The likeness (`likeness_of`) at which a point of a question of one's own begins to count, and from which it counts whole. In 2,099 marked answers 3 % of
the points of those with full marks lie below, and 24 % above; of answers to other questions 39 % lie below, and next to none above."""

COMPANY = ("right", "amiss", "opposed")
"""What is known of a point by the sentences about it: how far the best of them lies on the right side of the boundaries to its near misses; and, where none
does, how well a sentence that lies there for no point at all carries it, and how far it lies on the wrong side."""

ALSO_ABOUT = 0.85
"""A sentence is about the points that it, or a near miss of theirs, carries at least this well, compared with the one that is carried best."""

FAR = 6.0
"""How far on a side makes no more difference."""

CORRECTION_SHARE = 0.5
CORRECTION = re.compile(
    r"\b(?:scratch that|correction|i take (?:that|it) back|let me correct|i (?:was|am) wrong|i'm wrong|i misspoke|i mixed (?:that|them|it|those)? ?up|i meant|i mean|"
    r"(?:no|oh|sorry|wait|hm+|actually)[, ]+(?:wait|no|actually|sorry|that'?s|that is|it'?s|it is|i|the other way)|that'?s (?:wrong|not right|incorrect)|that (?:was|is) (?:wrong|not right|incorrect)|"
    r"the other way (?:a?round)|not what i said|on second thoughts?|rather the opposite)\b",
    re.IGNORECASE,
)
"""Words with which people take back what they said."""


class Network(NamedTuple):
    """Scores one place of an answer for one criterion: `outer` · tanh(`inner` · z + `bias`), where z = (x - `mean`) / `scale`.

    `biases` (2,) turn the best place's score into the logits of "at least partial" and "met"; `cuts` (2,) are the chances from which
    the two count. `astray` ≥ 0, times how far astray the answer is (`astray_of`), is taken off every score of a point. To `bias` are added `story`,
    as long, where a story of one's own was asked for, and otherwise `company` (as long, len(COMPANY)) times what the answer says of other points;
    a network for sentences alone has a `company` of width 0.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    inner: NDArray[np.float64]
    bias: NDArray[np.float64]
    outer: NDArray[np.float64]
    biases: NDArray[np.float64]
    cuts: NDArray[np.float64]
    astray: NDArray[np.float64]
    story: NDArray[np.float64]
    company: NDArray[np.float64]


class Head(NamedTuple):
    """Two logistic steps over few features, for points that have a statement and nothing else."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    cuts: NDArray[np.float64]


class Calibration(NamedTuple):
    """What was fitted: a network for points to make, one for mistakes, a head for bare statements; what is known of texts in general; and `work` (d + 1,).

    That is a logistic step that tells, by its vector, a sentence said of work from one about food, family or the weather; its bias comes last.
    """

    point: Network
    mistake: Network
    bare: Head
    statistics: Statistics
    work: NDArray[np.float64]


class Reading(NamedTuple):
    """One point read in an answer: verdict, its chance, how far the point is held (the expected value 0..1, or of a bare statement its likeness), and how well each place carries the point."""

    value: VerdictValue
    confidence: float
    degree: float
    places: NDArray[np.float64]


@cache
def calibration(company: bool = True) -> Calibration:
    """The shipped calibration; its networks know what is said of other points, or else nothing but the sentence."""
    with np.load(Path(__file__).with_name("calibration.npz"), allow_pickle=False) as stored:
        return from_arrays({name: stored[name] for name in stored.files}, company)


def from_arrays(arrays: dict[str, NDArray[np.generic]], company: bool = True) -> Calibration:
    """A calibration from named arrays, as `bench/fit_grader.py` writes them."""

    def part(name: str, field: str) -> NDArray[np.float64]:
        return np.asarray(arrays[f"{name}_{field}"], dtype=np.float64)

    def table(name: str) -> dict[str, float]:
        return dict(zip(arrays[f"{name}_names"].tolist(), arrays[f"{name}_values"].astype(float).tolist(), strict=True))

    networks = [Network(*(part(f"{'' if company else 'lone_'}{name}", field) for field in Network._fields)) for name in ("point", "mistake")]
    head = Head(*(part("bare", field) for field in Head._fields))

    def spread(name: str) -> Spread:
        factors, axes, along = (np.asarray(arrays[f"{name}_{field}"], dtype=np.float32) for field in ("factors", "axes", "along"))
        return Spread(factors, axes, along, float(part(name, "rest")))

    statistics = Statistics(Idf(table("pieces"), table("words")), spread("meaning"), spread("wording"))
    return Calibration(networks[0], networks[1], head, statistics, np.asarray(arrays["work"], dtype=np.float64))


def is_story(question: Question) -> bool:
    """Whether the question asks for a story of one's own: its words are nobody else's, so that likeness to the rubric's is low, and says less."""
    return question.round is Round.BEHAVIOURAL


def astray_of(found: Match, counts: NDArray[np.bool_], story: bool, telling: float) -> float:
    """How far astray an answer counts as: `Match.astray`, and how far elsewhere its sentences that count, (sentences,), lead.

    Of a story less what one may be, and more where little is `told`.
    """
    about = (found.carried.max(axis=0) + KNOWN_TOO * found.known)[counts]
    elsewhere = max(0.0, ABOUT + DENSER * log(found.texts / USUAL_TEXTS) - float(about.mean())) if len(about) else 0.0
    if not story:
        return found.astray + elsewhere
    return max(0.0, found.astray - STORY_ASTRAY) + max(0.0, elsewhere - STORY_ELSEWHERE) + UNTOLD * max(0.0, 1.0 - telling / TOLD)


class Whole(NamedTuple):
    """What is known of answers as a whole, (...): how far astray they count as, whether a story was asked for, and `company_of` a point, (..., len(COMPANY) or 0)."""

    astray: float | NDArray[np.floating[Any]]
    story: bool | NDArray[np.bool_]
    company: NDArray[np.floating[Any]]


def company_of(found: Match, mistakes: NDArray[np.bool_], counts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What the sentences that count, (sentences,), say of the question's other points, for each criterion, (criteria, len(COMPANY)).

    The mean over those points, 0 for one that nothing is about. `mistakes` (criteria,) are no points; their company is all points. One more
    sentence that is right about some point lowers no "right" and raises nothing else.
    """
    points = found.features[~mistakes]
    carried = points[:, :, [FEATURES.index("carried"), FEATURES.index("carried_miss")]].max(axis=2)
    about = (carried >= LEAST[False]) & (carried >= ALSO_ABOUT * carried.max(axis=0, initial=0.0)) & counts
    side = np.where(about, points[:, :, [FEATURES.index("meaning_own_miss"), FEATURES.index("wording_own_miss")]].mean(axis=2), 0.0)
    right = np.clip(side, 0.0, FAR).max(axis=1)
    amiss = about & (side <= 0.0).all(axis=0) & (right == 0.0)[:, None]
    known = np.stack([right, np.where(amiss, carried, 0.0).max(axis=1), np.where(amiss, np.clip(-side, 0.0, FAR), 0.0).max(axis=1)], axis=1).astype(np.float64)
    company = np.tile(known.mean(axis=0) if len(known) else np.zeros(len(COMPANY)), (len(mistakes), 1))
    company[~mistakes] = (known.sum(axis=0) - known) / max(1, len(known) - 1)
    return company


def place_scores(features: NDArray[np.floating[Any]], whole: Whole, network: Network) -> NDArray[np.float64]:
    """The score of each place, (..., places), from features (..., places, len(FEATURES)) and what is known of the answer as a whole, (...)."""
    standard = (features - network.mean) / network.scale
    story = np.asarray(whole.story)[..., None]
    known = story * network.story + ~story * (whole.company @ network.company.T)
    hidden = np.tanh(standard @ network.inner.T + network.bias + known[..., None, :])
    return np.asarray(hidden @ network.outer - np.asarray(network.astray * whole.astray)[..., None], dtype=np.float64)


def scores_of(found: Match, mistakes: NDArray[np.bool_], fitted: Calibration, of_points: Whole, of_mistakes: Whole) -> NDArray[np.float64]:
    """The score of each sentence for each criterion, (criteria, sentences); `mistakes` (criteria,) says which network reads it, and which `Whole` counts."""
    for_points, for_mistakes = place_scores(found.features, of_points, fitted.point), place_scores(found.features, of_mistakes, fitted.mistake)
    return np.where(mistakes[:, None], for_mistakes, for_points)


def spoken_of(features: NDArray[np.floating[Any]], mistake: bool) -> NDArray[np.bool_]:
    """Whether each place, (..., places), speaks of the point or the mistake at all."""
    return np.asarray(features[..., FEATURES.index("carried")] >= LEAST[mistake])


def asides_of(found: Match, story: bool, work: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which sentences, (sentences,), are about something else altogether, so that no verdict rests on them."""
    elsewhere = (found.means @ work[:-1] + work[-1] < WORK) & (found.known < KNOWN)
    if story:
        return np.asarray(elsewhere)
    return np.asarray(elsewhere | (KNOWN_SHARE * found.known + (1.0 - KNOWN_SHARE) * found.carried.max(axis=0) < ASIDE))


def chances(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chances of "at least partial" and "met" from their logits (..., 2); the second never above the first."""
    both = 1.0 / (1.0 + np.exp(-logits))
    return np.asarray(np.minimum.accumulate(both, axis=-1), dtype=np.float64)


def reading(chance: NDArray[np.float64], cuts: NDArray[np.float64], places: NDArray[np.float64]) -> Reading:
    """The verdict that the chances of "at least partial" and "met" amount to."""
    at_least, met = float(chance[0]), float(chance[1])
    of = {VerdictValue.MET: met, VerdictValue.PARTIAL: at_least - met, VerdictValue.UNMET: 1.0 - at_least}
    below = VerdictValue.PARTIAL if at_least >= cuts[0] else VerdictValue.UNMET
    value = VerdictValue.MET if met >= cuts[1] else below
    return Reading(value, of[value], 0.5 * (at_least + met), places)


def _over_answer(found: Match, best: Sequence[str]) -> NDArray[np.float64]:
    """Recall over the whole answer, and the named features of its best places, (points, 2 + len(best))."""
    columns = [FEATURES.index(name) for name in best]
    return np.concatenate([found.whole, found.features[:, :, columns].max(axis=1)], axis=1).astype(np.float64)


def bare_features(found: Match) -> NDArray[np.float64]:
    """What is known of points without phrasings, (points, 4): recall over the whole answer, and its best place."""
    return _over_answer(found, ("cosine_statement", "carried"))


def likeness_of(found: Match) -> NDArray[np.float64]:
    """How like bare statements the answer is, (points,): the mean of MaxSim and lexical recall over the whole, of the best MaxSim and the best carry of a sentence.

    Equal weights order marked answers a little better than the fitted head does; they and `HELD` were chosen on those answers.
    """
    return np.asarray(_over_answer(found, ("maxsim_statement", "carried")).mean(axis=1), dtype=np.float64)


class Words(NamedTuple):
    """The candidate's sentences of several turns: the spans, the turn each stands in, and whether it is answer or clarification."""

    spans: tuple[Span, ...]
    turns: tuple[Turn, ...]
    counts: tuple[bool, ...]


def collect(answer: Sequence[Turn], prompt: Sequence[str]) -> tuple[Words, tuple[str, ...]]:
    """The sentences that may earn something, in order, and flags for what was left out.

    Left out: repeats of an earlier sentence, echoes of the prompt, openers, and sentences that speak to the grader.
    """
    spans: list[Span] = []
    turns: list[Turn] = []
    counts: list[bool] = []
    flags: list[str] = []
    seen: set[tuple[str, ...]] = set()
    rings: set[tuple[str, ...]] = set()
    for turn in answer:
        for span in sentences.split(turn.text):
            key = tuple(gates.words(span.text))
            ring = gates.ring(key)
            again = key in seen or (len(key) - len(ring) >= 2 and ring in rings)  # a sentence may well end with the word that it began with
            if is_instruction(span.text):
                flags.append(f"Instruction to the grader, ignored: “{span.text[:120]}”")
            elif key and not again and not gates.OPENER.match(span.text) and not gates.is_echo(span.text, prompt):
                spans.append(span)
                turns.append(turn)
                counts.append(turn.act is not Act.CLARIFY)
                seen |= {key, key[: len(ring)]}
                rings.add(ring)
    return Words(tuple(spans), tuple(turns), tuple(counts)), tuple(flags)


class Support(NamedTuple):
    """What was found in an answer: the assessment, and unless a gate decided it, how well each place carries each criterion.

    `scores` (criteria, places) are the network's, or for points that have nothing but a statement how well each sentence carries it.
    """

    assessment: Assessment
    words: Words = Words((), (), ())
    criteria: tuple[str, ...] = ()
    scores: NDArray[np.float64] = np.zeros((0, 0))

    def sentences(self, quote: Evidence) -> tuple[int, ...]:
        """The sentences that may count and that the quote touches."""
        return tuple(
            i
            for i, (span, turn) in enumerate(zip(self.words.spans, self.words.turns, strict=True))
            if turn.index == quote.turn and span.start < quote.end and quote.start < span.end
        )

    def of(self, criterion_id: str, quotes: Sequence[Evidence]) -> float:
        """How well the quoted sentences carry a criterion: their best place; minus infinity where there is none."""
        touched = {i for q in quotes for i in self.sentences(q)}
        row = self.scores[self.criteria.index(criterion_id)]
        return max((float(row[i]) for i in touched), default=float("-inf"))


class OfflineGrader:
    """Grades without any network. The same input gives the same assessment."""

    def __init__(self, encoder: TokenEncoder, fitted: Calibration | None = None, cache_folder: Path | None = None) -> None:
        self._encoder = encoder
        self._fitted = fitted or calibration()
        self._points = PointEncoder(encoder, self._fitted.statistics, cache_folder)
        self._speller = speller_of(encoder, self._fitted.statistics.idf)

    @property
    def info(self) -> GraderInfo:
        """Name and version."""
        return GraderInfo(name="offline", version=VERSION, model=self._encoder.identity)

    def prepare(self, question: Question) -> None:
        """Encodes a question's criteria, so that its first answer need not wait for that."""
        self._points.encode(points_of(question), question.prompt)

    def assess(self, question: Question, answer: Sequence[Turn]) -> Assessment:
        """Verdicts on every criterion, each resting on located quotes, or the reason why there are none."""
        return self.read(question, answer).assessment

    def read(self, question: Question, answer: Sequence[Turn]) -> Support:
        """The assessment, with what it rests on."""
        prompt = (question.prompt, question.rephrase, *(f.answer for f in question.fact_sheet.values()))
        spoken = [t for t in answer if t.act is not Act.CLARIFY]
        whole = "\n".join(t.text for t in spoken)
        gate = gates.check(whole, [s for t in spoken for s in sentences.split(t.text)], prompt)
        gate = gate or gates.terms_only(whole, (e for c in question.criteria if c.kind is not Kind.ANTI for e in c.examples))
        words, flags = collect(answer, prompt)
        if gate is not None and gate.unscored:
            return Support(Assessment(unscored=gate.reason, flags=flags, grader=self.info))
        if gate is None and not any(words.counts):
            gate = gates.Gate("Nothing in the answer speaks to the question.", unscored=False)
        if gate is not None:
            nothing = tuple(Verdict(criterion_id=c.id, value=VerdictValue.UNMET, confidence=1.0, reason=gate.reason) for c in question.criteria)
            return Support(Assessment(verdicts=nothing, flags=flags, grader=self.info))
        found = match(
            self._points.encode(points_of(question), question.prompt), encode_answer(words.spans, self._encoder, self._speller, self._fitted.statistics)
        )
        mistakes = np.array([c.kind is Kind.ANTI for c in question.criteria])
        framing = np.array([c.dimension is Dimension.FRAMING for c in question.criteria])
        # What was asked for clarification shows framing and nothing else.
        closed = ~(framing[:, None] | np.asarray(words.counts)[None, :])
        nets = (self._fitted.point, self._fitted.mistake)
        story = is_story(question)
        asides = asides_of(found, story, self._fitted.work)
        rests_on = np.asarray(words.counts) & ~asides
        telling = told(span.text for span, counts in zip(words.spans, rests_on, strict=True) if counts) if story else 1.0
        if story and telling < TOLD:
            flags = (*flags, "A story of your own was asked for, and little of this tells what you did or saw; so its points are doubted.")
        of_points = Whole(astray_of(found, rests_on, story, telling), story, company_of(found, mistakes, rests_on))
        scores = scores_of(found, mistakes, self._fitted, of_points, of_points._replace(astray=0.0))
        on_it = np.where(mistakes[:, None], spoken_of(found.features, True), spoken_of(found.features, False))
        scores = np.where(closed | ~on_it, -np.inf, scores)
        places = np.where(asides, -np.inf, scores)
        best = np.maximum(places.max(axis=1), NOTHING)
        chance = chances(best[:, None] + np.where(mistakes[:, None], nets[1].biases, nets[0].biases))
        verdicts = []
        for n, criterion in enumerate(question.criteria):
            mistake = bool(mistakes[n])
            read = reading(chance[n], nets[mistake].cuts, places[n])
            if mistake and read.value is not VerdictValue.UNMET and withdrawn(found.carried[n], words):
                reason = "You corrected this yourself later on."
                verdicts.append(Verdict(criterion_id=criterion.id, value=VerdictValue.UNMET, confidence=read.confidence, degree=0.0, reason=reason))
            else:
                verdicts.append(self._verdict(criterion.id, read, words, mistake))
        assessment = Assessment(verdicts=tuple(verdicts), flags=flags, grader=self.info)
        return Support(assessment, words, tuple(c.id for c in question.criteria), scores)

    def assess_own(self, question: OwnQuestion, text: str) -> Assessment:
        """Verdicts on the points of a question of one's own, or the reason why there are none."""
        return self.read_own(question, text).assessment

    def read_own(self, question: OwnQuestion, text: str) -> Support:
        """The assessment, with what it rests on."""
        gate = gates.check(text, sentences.split(text), (question.prompt,))
        if gate is not None and gate.unscored:
            return Support(Assessment(unscored=gate.reason, grader=self.info))
        words, flags = collect((plain_turn(text),), (question.prompt,))
        if gate is None and not words.spans:
            gate = gates.Gate("Nothing in the answer speaks to the question.", unscored=False)
        if gate is not None:
            nothing = tuple(Verdict(criterion_id=p.id, value=VerdictValue.UNMET, confidence=1.0, degree=0.0, reason=gate.reason) for p in question.points)
            return Support(Assessment(verdicts=nothing, flags=flags, grader=self.info))
        points = self._points.encode(tuple(Point(p.id, (p.statement,)) for p in question.points), question.prompt)
        found = match(points, encode_answer(words.spans, self._encoder, self._speller, self._fitted.statistics))
        head = self._fitted.bare
        chance = chances(bare_features(found) @ head.weights.T + head.biases)
        low, high = HELD
        degrees = np.clip((likeness_of(found) - low) / (high - low), 0.0, 1.0)
        verdicts = []
        for n, point in enumerate(question.points):
            read = reading(chance[n], head.cuts, found.carried[n].astype(np.float64))._replace(degree=float(degrees[n]))
            verdicts.append(_nearest(self._verdict(point.id, read, words, mistake=False), read.places, words))
        assessment = Assessment(verdicts=tuple(verdicts), flags=flags, grader=self.info)
        return Support(assessment, words, tuple(p.id for p in question.points), found.carried.astype(np.float64))

    def _verdict(self, criterion_id: str, reading: Reading, words: Words, mistake: bool) -> Verdict:
        quotes = () if reading.value is VerdictValue.UNMET else quotes_of(reading.places, words)
        if reading.value is not VerdictValue.UNMET and not quotes:
            reason = "No quote of yours could be located for this, so it earns nothing."
            return Verdict(criterion_id=criterion_id, value=VerdictValue.UNMET, confidence=reading.confidence, degree=0.0, reason=reason)
        return Verdict(
            criterion_id=criterion_id,
            value=reading.value,
            confidence=reading.confidence,
            degree=reading.degree,
            evidence=quotes,
            reason=reason_for(reading.value, mistake),
        )


def reason_for(value: VerdictValue, mistake: bool) -> str:
    """Why a verdict is what it is, in words to the candidate; empty where nothing was observed."""
    return {
        VerdictValue.MET: "Your words make this mistake." if mistake else "Your words say this.",
        VerdictValue.PARTIAL: f"Your words come near this{' mistake' if mistake else ''}; whether they {'make' if mistake else 'say'} it, I cannot tell.",
        VerdictValue.UNMET: "This mistake is not in your words." if mistake else "Nothing you said holds this.",
        VerdictValue.NOT_OBSERVED: "",
    }[value]


def _nearest(verdict: Verdict, places: NDArray[np.float64], words: Words) -> Verdict:
    """A verdict on a point of a question of one's own, whose degree counts even below partial: then it rests on a quote as well, or is nothing."""
    if verdict.evidence or not verdict.degree:
        return verdict
    quotes = quotes_of(places, words)
    reason = "These words of yours come nearest to this; they hold little of it." if quotes else verdict.reason
    return verdict.model_copy(update={"evidence": quotes, "degree": verdict.degree if quotes else 0.0, "reason": reason})


def withdrawn(carried: NDArray[np.float32], words: Words) -> bool:
    """Whether a later sentence on the same point takes back the one that makes a mistake.

    Later means: after it in the answer; on the same point: it carries the point at least half as well; taking back: it says so.
    """
    made = int(carried.argmax())
    return any(CORRECTION.search(words.spans[i].text) and carried[i] >= CORRECTION_SHARE * carried[made] for i in range(made + 1, len(words.spans)))


def quotes_of(places: NDArray[np.float64], words: Words) -> tuple[Evidence, ...]:
    """The best sentence as a located quote."""
    best = int(places.argmax())
    span, turn = words.spans[best], words.turns[best]
    quote = Evidence(turn=turn.index, start=span.start, end=span.end, quote=span.text)
    return (quote,) if evidence.verified(quote, words.turns) else ()
