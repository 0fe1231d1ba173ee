"""Small values and fakes that several tests share. Fakes come in through constructors; nothing is patched."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np

from interviewer.domain import (
    Assessment,
    Criterion,
    Dimension,
    Evidence,
    Exemplar,
    Fact,
    GraderInfo,
    Interview,
    Kind,
    Level,
    Question,
    Role,
    Round,
    Speaker,
    Turn,
    TurnKind,
    Verdict,
    VerdictValue,
)

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
INFO = GraderInfo(name="fake", version="1")


class FixedClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class HashEmbedder:
    """Unit vectors drawn from a text's hash: quick, deterministic, without meaning."""

    identity = "hash"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = [np.random.default_rng(int.from_bytes(hashlib.sha256(t.encode()).digest()[:8], "big")).standard_normal(384) for t in texts]
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(texts), 384)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class KeywordGrader:
    """A criterion is met by a turn that holds its id as a word. Remembers what it was asked."""

    info = INFO

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[int, ...]]] = []

    def assess(self, question: Question, answer: Sequence[Turn]) -> Assessment:
        self.calls.append((question.id, tuple(t.index for t in answer)))
        values = {c.id: VerdictValue.MET for c in question.criteria if any(c.id in t.text.split() for t in answer)}
        where = {c: next(t for t in answer if c in t.text.split()) for c in values}
        return assessment(question, values, where)


def assessment(question: Question, values: Mapping[str, VerdictValue], where: Mapping[str, Turn] | Turn | None = None) -> Assessment:
    """Verdicts with these values, the rest unmet; credit rests on the whole of the turn in `where`."""

    def words(criterion: str) -> tuple[Evidence, ...]:
        turn = where.get(criterion) if isinstance(where, Mapping) else where
        text = turn.text if turn else "words"
        return (Evidence(turn=turn.index if turn else 0, start=0, end=len(text), quote=text),)

    credit = (VerdictValue.MET, VerdictValue.PARTIAL)
    verdicts = tuple(
        Verdict(criterion_id=c.id, value=(v := values.get(c.id, VerdictValue.UNMET)), confidence=0.9, evidence=words(c.id) if v in credit else (), reason="r")
        for c in question.criteria
    )
    return Assessment(verdicts=verdicts, grader=INFO)


def unscored(reason: str = "It cannot be read.") -> Assessment:
    return Assessment(unscored=reason, grader=INFO)


def criterion(name: str, kind: Kind = Kind.MUST, dimension: Dimension = Dimension.MECHANISM) -> Criterion:
    hints = tuple(f"Rung {n} towards {name}." for n in (1, 2, 3)) if kind in (Kind.MUST, Kind.GOOD) else ()
    return Criterion(
        id=name,
        dimension=dimension,
        kind=kind,
        statement=f"Says {name}.",
        examples=(f"{name} one", f"{name} two"),
        counter_examples=(f"not {name}",),
        probe=f"What about the part called {name}?",
        hints=hints,
    )


CRITERIA = (
    criterion("scope", Kind.GOOD, Dimension.FRAMING),
    criterion("alpha"),
    criterion("beta"),
    criterion("gamma", Kind.GOOD),
    criterion("delta", Kind.EXCEPTIONAL),
    criterion("slip", Kind.ANTI),
)


def question(name: str = "first", *, criteria: Sequence[Criterion] = CRITERIA, is_open: bool = False, minutes: int = 10) -> Question:
    """A question whose criteria are told apart by name. An open one has a fact sheet with one fact."""
    exemplar = Exemplar(band=2, text="An answer.", verdicts={c.id: VerdictValue.UNMET for c in criteria})
    return Question(
        id=name,
        title=f"Title of {name}",
        round=Round.FUNDAMENTALS,
        topic="topic",
        roles=(Role.MLE,),
        level=Level.MID,
        difficulty=2,
        minutes=minutes,
        prompt=f"Tell me about the thing named {name}.",
        rephrase=f"In other words, what is the thing named {name}?",
        open=is_open,
        fact_sheet={"traffic": Fact(ask=("traffic", "how many users"), answer="There are a thousand users.")} if is_open else {},
        reference=("knowledge/topic/page#part",),
        criteria=tuple(criteria),
        exemplars=(exemplar,) * 3,
    )


def numbered(prefix: str = "interview") -> Callable[[], str]:
    """Ids in order: interview-1, interview-2 …"""
    numbers: Iterator[int] = count(1)
    return lambda: f"{prefix}-{next(numbers)}"


def said(interview: Interview) -> list[str]:
    """What the candidate said, in order."""
    return [t.text for t in interview.turns if t.speaker is Speaker.CANDIDATE]


def spoken(interview: Interview, *kinds: TurnKind) -> list[str]:
    """What the interviewer said, in order; only these kinds, if any are given."""
    return [t.text for t in interview.turns if t.speaker is Speaker.INTERVIEWER and (not kinds or t.kind in kinds)]
