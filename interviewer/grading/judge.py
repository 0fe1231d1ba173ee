"""The judge: a language model reads an answer for meaning, and code decides what its reading is worth.

The offline grader reads first; where one of its gates decides, nobody is asked. Then one call gives, for every criterion, a reason,
quotes and a verdict. No credit stands without a quote that is found in the candidate's own words and that bears on the criterion, by
the offline grader's own measure. A text that shows signs of tampering cannot lift a verdict above the offline one. Where the reading
differs much from the offline grader's, or the score lies at a band's edge, the answer is read once more, and what the two readings
disagree on is shown as such. If the model fails, the offline verdicts stand and the assessment says why.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from interviewer import budget, scoring
from interviewer.domain import Assessment, Evidence, GraderInfo, Kind, OwnQuestion, Question, Section, Turn, Usage, Verdict, VerdictValue, plain_turn
from interviewer.errors import BadReply, ModelError
from interviewer.grading import evidence, gates, tampering
from interviewer.grading.offline import OfflineGrader, Support
from interviewer.guide_markup import plain
from interviewer.ports import ChatModel
from interviewer.prompts import Prompt, fenced, render, version
from interviewer.sentences import Span, split

VERSION = "1"
NAME = "judge"
"""Of its prompt."""

ANSWER_TOKENS = 1200
REFERENCE_TOKENS = 350
OUTPUT_TOKENS = 200
"""For each criterion: what the longest reason and quotes that the schema allows take in ordinary English, so that a server which keeps to it is not cut off; the bank's most is nine criteria."""

MOST_OUTPUT_TOKENS = 4500
"""Of a reply, reached from 22 criteria on; with the longest prompt it fits a context of 8,192."""

MAX_CRITERIA = 40
MIN_QUOTE_WORDS = 2
MAX_QUOTES = 2
LONGEST_QUOTE = 2
"""A quote over more sentences is narrowed to the one that bears most."""

REASON_LETTERS = 160
QUOTE_LETTERS = 200

FLOOR = {"point": 0.9, "mistake": 2.3, "own": 0.13}
"""How well a quote must carry its criterion (`Support.of`). Below lie the best sentences of at most 3 % of the criteria that are labelled
met, by the offline grader as it is calibrated: `python -m bench judge` prints the shares, and a new calibration needs them looked at."""

CARRIES = 2
"""Criteria that one sentence may carry beyond the offline verdicts: 98.6 % of those labelled met share theirs with at most one other."""

TOO_MANY = 4
"""A reply that rests more criteria than these on one sentence has not read them, whether it bears on them or not; none of them goes
beyond the offline verdict."""

SCORE_GAP = 0.30
EDGE = 0.02
"""An answer is read a second time where the judge's score is this far from the offline one, or this near to a band's edge."""

AGREED, NEAR, APART, SPLIT = 0.9, 0.72, 0.62, 0.4
"""Confidence where judge and offline grader agree; are one step apart; two steps; and where two readings of the judge differ."""

STEPS = (VerdictValue.UNMET, VerdictValue.PARTIAL, VerdictValue.MET)
FORMULA = re.compile(r"[=<>≤≥≈±×·^/∑√σλμ]|\d")
QUOTES = "\"'“”‘’«»`…. "

_log = logging.getLogger(__name__)


class Finding(BaseModel):
    """One criterion. The lengths bound what a server generates, not what is accepted."""

    model_config = ConfigDict(extra="forbid")

    criterion_id: str
    reason: str = Field(json_schema_extra={"maxLength": REASON_LETTERS})
    quotes: list[Annotated[str, Field(json_schema_extra={"maxLength": QUOTE_LETTERS})]] = Field(json_schema_extra={"maxItems": MAX_QUOTES})
    verdict: Literal["met", "partial", "unmet"]


class Reply(BaseModel):
    """All criteria."""

    model_config = ConfigDict(extra="forbid")

    findings: Sequence[Finding]


@lru_cache(maxsize=512)
def shape_of(ids: tuple[str, ...]) -> type[Reply]:
    """`Reply` for these criteria: as many findings, and no other ids, for servers that keep to a schema's bounds."""
    pattern = f"^({'|'.join(ids)})$"
    finding = create_model("Finding", __base__=Finding, criterion_id=(str, Field(json_schema_extra={"pattern": pattern})))
    bounds: dict[str, JsonValue] = {"minItems": len(ids), "maxItems": len(ids)}
    return create_model("Reply", __base__=Reply, findings=(list[finding], Field(json_schema_extra=bounds)))


class Target(NamedTuple):
    """One thing to judge: a criterion of the bank, or a point of a question of one's own. `sort` is a key of `FLOOR`."""

    id: str
    kind: str
    statement: str
    sort: str

    @property
    def mistake(self) -> bool:
        """Whether it counts against the candidate."""
        return self.sort == "mistake"


class Matter(NamedTuple):
    """What an answer is judged against. `background` is what may help to understand the rubric."""

    prompt: str
    echo: tuple[str, ...]
    targets: tuple[Target, ...]
    background: str


class Case(NamedTuple):
    """What a reply is read against: the matter, the candidate's turns as the model may see them, the offline grader's reading.

    `capped`: there were signs of tampering, so no verdict may be better for the candidate than the offline one. `shown` is the text
    that the model saw.
    """

    matter: Matter
    turns: tuple[Turn, ...]
    support: Support
    capped: bool
    shown: str
    cut: bool

    @property
    def offline(self) -> dict[str, Verdict]:
        """The offline verdicts by criterion."""
        return {v.criterion_id: v for v in self.support.assessment.verdicts}


def matter_of(question: Question, sections: Mapping[str, Section]) -> Matter:
    """A question of the bank, with what the guide says on it."""
    targets = tuple(
        Target(c.id, "mistake" if c.kind is Kind.ANTI else c.kind.value, c.statement, "mistake" if c.kind is Kind.ANTI else "point") for c in question.criteria
    )
    echo = (question.prompt, question.rephrase, *(f.answer for f in question.fact_sheet.values()))
    return Matter(question.prompt, echo, targets, "\n".join(plain(sections[r].text) for r in question.reference if r in sections))


def matter_of_own(question: OwnQuestion) -> Matter:
    """A question of one's own. A reference whose sentences are the points themselves is not said twice."""
    targets = tuple(Target(p.id, "point", p.statement, "own") for p in question.points)
    reference = "\n".join(question.reference)
    repeats = all(t.statement in reference for t in targets)
    return Matter(question.prompt, (question.prompt,), targets, "" if repeats else reference)


@lru_cache(maxsize=256)
def _background(text: str) -> str:
    """What a model is shown of it: without sentences that might sway it, and not too long."""
    sound = " ".join(s.text for s in split(text) if not tampering.commands(s.text) and not tampering.suspected([s.text]))
    return budget.cut(sound, REFERENCE_TOKENS)[0]


def prompt_of(matter: Matter, text: str, again: bool = False) -> Prompt:
    """The call. The static part depends on the matter alone; a second reading goes through the rubric from its end."""
    background = _background(matter.background)
    return render(
        NAME,
        min(OUTPUT_TOKENS * len(matter.targets) + 100, MOST_OUTPUT_TOKENS),
        {
            "question": " ".join(matter.prompt.split()),
            "rubric": "\n".join(f"{t.id} | {t.kind} | {' '.join(t.statement.split())}" for t in matter.targets),
            "reference": background or "(none)",
            "answer": fenced(text),
            "order": "from the last criterion to the first" if again else "in the order of the rubric",
        },
    )


# --- reading a reply ----------------------------------------------------------------------------------------------------


def read_reply(reply: Reply, case: Case) -> tuple[Verdict, ...]:
    """The verdicts that a reply is worth, in the order of the rubric. Raises `BadReply` where it is no reading of this rubric.

    Whatever the reply says, credit stands only on a quote that is found in the candidate's words and bears on the criterion.
    """
    found: dict[str, Finding] = {}
    wanted = {t.id for t in case.matter.targets}
    for finding in reply.findings:
        name = finding.criterion_id.strip()
        if name not in wanted:
            continue
        if found.setdefault(name, finding).verdict != finding.verdict:
            raise BadReply("The language model's reply could not be used: it gives two different verdicts on one criterion.")
    missing = len(wanted) - len(found)
    if missing:
        raise BadReply(f"The language model's reply could not be used: it says nothing on {missing} of {len(wanted)} criteria.")
    given = {t.id: _quotes(found[t.id], t, case) for t in case.matter.targets}
    quotes = {t.id: given[t.id] if _bears(given[t.id], t, case) else () for t in case.matter.targets}
    excess = _excess({t.id: given[t.id] for t in case.matter.targets if not t.mistake}, case)
    return tuple(_verdict(t, found[t.id], quotes[t.id], t.id in excess, case) for t in case.matter.targets)


def _quotes(finding: Finding, target: Target, case: Case) -> tuple[Evidence, ...]:
    """The finding's quotes that are found and are the candidate's own words on the question."""
    if finding.verdict == "unmet":
        return ()
    kept = []
    for quote in finding.quotes[:MAX_QUOTES]:
        located = _located(quote, case)
        if located is not None:
            kept.append(_narrowed(located, target, case))
    return tuple(dict.fromkeys(kept))


def _bears(quotes: tuple[Evidence, ...], target: Target, case: Case) -> bool:
    """Whether the quotes bear on the criterion together."""
    return bool(quotes) and case.support.of(target.id, quotes) >= FLOOR[target.sort]


def _located(quote: str, case: Case) -> Evidence | None:
    """Where a quote stands, if it says enough and counts. Commands are blanked out in the turns, so that nothing of them is found."""
    for text in (quote, quote.strip(QUOTES)):
        if len(gates.words(text)) < MIN_QUOTE_WORDS and not (FORMULA.search(text) and len(text.strip()) > 2):
            continue
        at = evidence.locate(text, case.turns)
        if at is not None and case.support.sentences(at) and not gates.is_echo(at.quote, case.matter.echo):
            return at
    return None


def _narrowed(quote: Evidence, target: Target, case: Case) -> Evidence:
    """The quote, or of a long one the sentence that bears most on the criterion."""
    touched = case.support.sentences(quote)
    if len(touched) <= LONGEST_QUOTE:
        return quote
    spans = [_sentence(i, case) for i in touched]
    return max(spans, key=lambda s: case.support.of(target.id, [s]))


def _sentence(number: int, case: Case) -> Evidence:
    span, turn = case.support.words.spans[number], case.support.words.turns[number]
    return Evidence(turn=turn.index, start=span.start, end=span.end, quote=span.text)


def _excess(quotes: Mapping[str, tuple[Evidence, ...]], case: Case) -> set[str]:
    """The criteria that rest on a sentence which carries too many; those on which it bears most keep it."""
    resting: dict[int, list[tuple[float, str]]] = {}
    for name, own in quotes.items():
        sentences = {i for q in own for i in case.support.sentences(q)}
        if sentences:
            best = max(sentences, key=lambda i, name=name: case.support.of(name, [_sentence(i, case)]))  # type: ignore[misc]
            resting.setdefault(best, []).append((case.support.of(name, own), name))
    beyond: set[str] = set()
    for carried in resting.values():
        ranked = [name for _, name in sorted(carried, reverse=True)]
        beyond.update(ranked if len(ranked) > TOO_MANY else ranked[CARRIES:])
    return beyond


def _verdict(target: Target, finding: Finding, quotes: tuple[Evidence, ...], excess: bool, case: Case) -> Verdict:
    said = VerdictValue(finding.verdict)
    offline = case.offline[target.id]
    level, before = STEPS.index(said), STEPS.index(offline.value)
    unseen = case.cut and said is VerdictValue.UNMET and offline.evidence and all(e.quote not in case.shown for e in offline.evidence)
    better = level < before if target.mistake else level > before
    if unseen or ((case.capped or excess) and better):
        return _standing(target, offline, case)
    if said is not VerdictValue.UNMET and not quotes:
        reason = "The judge saw this, but no quote of yours that says it could be found, so it earns nothing."
        value, level = VerdictValue.UNMET, 0
        if target.mistake and case.capped and before:  # a mistake must not vanish with its quote
            return _standing(target, offline, case)
    else:
        value, reason = said, _reason(target, finding, case)
    confidence = (AGREED, NEAR, APART)[abs(level - before)]
    if value is not said:
        confidence = min(confidence, NEAR)
    degree = None if target.sort != "own" or not case.capped or offline.degree is None else min(scoring.VALUE[value], offline.degree)
    return Verdict(criterion_id=target.id, value=value, confidence=confidence, degree=degree, evidence=quotes, reason=reason, offline=offline.value)


def _standing(target: Target, offline: Verdict, case: Case) -> Verdict:
    """The offline verdict in a judge's place: its credit needs a quote that a judge might have given, and its degree may not be worth more."""
    kept = {"offline": offline.value, "degree": None if offline.degree is None else min(offline.degree, scoring.VALUE[offline.value])}
    if target.mistake or not offline.evidence or any(_located(e.quote, case) for e in offline.evidence):
        return offline.model_copy(update=kept)
    nothing = {"value": VerdictValue.UNMET, "degree": 0.0, "evidence": (), "reason": "No quote of yours says enough for this, so it earns nothing."}
    return offline.model_copy(update=kept | nothing)


def _reason(target: Target, finding: Finding, case: Case) -> str:
    """The judge's reason where it may be shown, else our own words: nothing of the background, no commands, not long."""
    reason = " ".join(finding.reason.split())
    own = {
        VerdictValue.MET: "Your words make this mistake." if target.mistake else "Your words say this.",
        VerdictValue.PARTIAL: "Your words come near this mistake." if target.mistake else "Your words say part of this.",
        VerdictValue.UNMET: "This mistake is not in your words." if target.mistake else "Nothing you said holds this.",
    }[VerdictValue(finding.verdict)]
    unfit = case.capped or not 3 <= len(reason) <= REASON_LETTERS or "http" in reason or tampering.commands(reason)
    return own if unfit or _runs(reason) & (_runs(case.matter.background) - _runs(case.shown)) else reason


def _runs(text: str, length: int = 5) -> set[tuple[str, ...]]:
    """All runs of this many words."""
    own = gates.words(text)
    return {tuple(own[i : i + length]) for i in range(len(own) - length + 1)}


def merged(first: Sequence[Verdict], second: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Two readings as one: where they differ, the lower verdict, shown as one that could not be told."""
    out = []
    for a, b in zip(first, second, strict=True):
        if a.value is b.value:
            out.append(a.model_copy(update={"confidence": max(a.confidence, NEAR)}))
        else:
            lower = min(a, b, key=lambda v: STEPS.index(v.value))
            out.append(lower.model_copy(update={"confidence": SPLIT}))
    return tuple(out)


# --- asking -------------------------------------------------------------------------------------------------------------


class Judge:
    """Grades with a language model over the offline grader.

    Without `falls_back` a failure of the model is raised as its `ModelError` instead of leaving the offline verdicts to stand.
    """

    def __init__(self, model: ChatModel, offline: OfflineGrader, sections: Mapping[str, Section], falls_back: bool = True) -> None:
        self._model = model
        self._offline = offline
        self._sections = sections
        self._falls_back = falls_back

    @property
    def info(self) -> GraderInfo:
        """Name and version, the model, and which prompt it is asked with."""
        return GraderInfo(name="llm", version=f"{VERSION}+offline-{self._offline.info.version}", model=self._model.name, prompt_hash=version(NAME))

    def assess(self, question: Question, answer: Sequence[Turn]) -> Assessment:
        """Verdicts on every criterion, each resting on located quotes, or the reason why there are none."""
        matter = matter_of(question, self._sections)

        def score(assessment: Assessment) -> float | None:
            return scoring.grade(question, assessment).score

        return self._judged(matter, tuple(answer), lambda turns: self._offline.read(question, turns), score)

    def assess_own(self, question: OwnQuestion, text: str) -> Assessment:
        """Verdicts on the points of a question of one's own, or the reason why there are none."""
        matter = matter_of_own(question)

        def score(assessment: Assessment) -> float | None:
            return scoring.grade_own(question, assessment).score

        return self._judged(matter, (plain_turn(text),), lambda turns: self._offline.read_own(question, turns[0].text), score)

    def _judged(
        self, matter: Matter, answer: tuple[Turn, ...], read: Callable[[tuple[Turn, ...]], Support], score: Callable[[Assessment], float | None]
    ) -> Assessment:
        support = read(answer)
        if not support.criteria:  # a gate decided
            return support.assessment
        case, flags = self._case(matter, answer, support, read)
        offline = case.support.assessment.model_copy(update={"flags": flags})
        if not case.support.criteria:
            return offline
        if len(matter.targets) > MAX_CRITERIA:
            return self._failed(
                offline, BadReply(f"The question has {len(matter.targets)} points; {MAX_CRITERIA} is the most that is judged in one call."), Usage()
            )
        usage, shape = Usage(), shape_of(tuple(t.id for t in matter.targets))
        try:
            reply, usage = self._model.structured(prompt_of(matter, case.shown), shape)
            verdicts = read_reply(reply, case)
        except ModelError as error:
            return self._failed(offline, error, usage + error.usage)
        judged = offline.model_copy(update={"verdicts": verdicts, "grader": self.info})
        if not case.capped and _doubtful(score(judged), score(offline)):
            try:
                reply, more = self._model.structured(prompt_of(matter, case.shown, again=True), shape)
                usage = usage + more
                verdicts = merged(verdicts, read_reply(reply, case))
            except ModelError as error:  # the first reading stands by itself
                usage = usage + error.usage
                _log.info("no second reading: %s", type(error).__name__)
        return judged.model_copy(update={"verdicts": verdicts, "usage": usage})

    @staticmethod
    def _case(matter: Matter, answer: tuple[Turn, ...], support: Support, read: Callable[[tuple[Turn, ...]], Support]) -> tuple[Case, tuple[str, ...]]:
        """The case, and the flags: commands are taken out of the text, and a long one is cut."""
        blanked = [tampering.taken_out(t.text) for t in answer]
        gone = [span for _, spans in blanked for span in spans]
        turns = tuple(t.model_copy(update={"text": text}) for t, (text, _) in zip(answer, blanked, strict=True))
        flags = [*support.assessment.flags, *(f for f in map(_flag, gone) if f not in support.assessment.flags)]
        if gone:
            support = read(turns) if any(t.text.strip() for t in turns) else Support(_nothing(support.assessment))
        given = [matter.prompt, *(t.statement for t in matter.targets)]  # a person's own question may speak to the judge too
        own = any(t.sort == "own" for t in matter.targets)
        swayed = any(map(tampering.commands, given)) or (own and any(tampering.suspected([g]) for g in given))
        capped = bool(gone) or swayed or tampering.suspected(t.text for t in answer)
        whole = "\n\n".join(" ".join(s.text for s in split(t.text)) if t.text.strip() else "" for t in turns).strip()
        shown, cut = budget.cut(whole, ANSWER_TOKENS)
        if cut:
            flags.append(f"The answer is long: the judge read its first {len(shown.split()):,} words, the offline grader all of it.")
        return Case(matter, turns, support, capped, shown, cut), tuple(flags)

    def _failed(self, offline: Assessment, error: ModelError, usage: Usage) -> Assessment:
        if not self._falls_back:
            raise error
        failure = f"The offline grader's verdicts stand, since the language model could not judge. {error}"
        return offline.model_copy(update={"failure": failure, "usage": usage})


def _flag(span: Span) -> str:
    if tampering.commands(span.text):
        return f"Instruction to the grader, ignored: “{span.text[:120]}”"
    return f"Read as meant for the grader, or not readable, so the judge was not shown it: “{span.text[:120]}”"


def _nothing(assessment: Assessment) -> Assessment:
    """The assessment of an answer in which nothing but commands was found."""
    reason = "The answer addresses the grader and says nothing about the question."
    empty = {"value": VerdictValue.UNMET, "confidence": 1.0, "degree": 0.0, "evidence": (), "reason": reason}
    return assessment.model_copy(update={"verdicts": tuple(v.model_copy(update=empty) for v in assessment.verdicts)})


def _doubtful(score: float | None, offline: float | None) -> bool:
    """Whether a score is worth a second reading."""
    if score is None or offline is None:
        return False
    return abs(score - offline) >= SCORE_GAP or any(abs(score - floor) < EDGE for _, floor in scoring.BAND_FLOORS if floor > 0.0)


def differing(verdicts: Sequence[Verdict]) -> Counter[str]:
    """How many verdicts of a judge agree with the offline ones, lie one step apart, or two: `same`, `near`, `apart`."""
    judged = [v for v in verdicts if v.offline is not None and v.value in STEPS and v.offline in STEPS]
    return Counter(("same", "near", "apart")[abs(STEPS.index(v.value) - STEPS.index(v.offline))] for v in judged if v.offline is not None)
