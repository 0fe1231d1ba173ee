"""Small values and fakes that several tests share. Fakes come in through constructors; nothing is patched."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np

from interviewer import walkthrough
from interviewer.archetypes import (
    DESIGN_DIMENSIONS,
    Archetype,
    Architecture,
    Component,
    ComponentType,
    DeepDive,
    DesignCriterion,
    DesignStage,
    Edge,
    Estimate,
    Guidance,
    Step,
    Variant,
)
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
    Usage,
    Verdict,
    VerdictValue,
)
from interviewer.errors import BadReply
from interviewer.ports import MessageReading, Shape
from interviewer.prompts import Prompt
from interviewer.walkthrough import Sighting, Walk

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
INFO = GraderInfo(name="fake", version="1")


def bare_environment() -> dict[str, str]:
    """This process's environment without any setting of the program but where encoded criteria are kept."""
    ours = ("INTERVIEWER_", "OPENAI_", "STREAMLIT_")
    return {k: v for k, v in os.environ.items() if k == "INTERVIEWER_CACHE_DIR" or not k.startswith(ours)}


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


Reply = str | Mapping[str, object] | Exception
"""What a fake model says: text, a value, or an error that it raises."""


class FakeModel:
    """A language model that says what it was given to say, and remembers the prompts (`prompts`).

    A reply is text (streamed in pieces of `piece` characters; read as JSON where a value is asked for), a mapping (the value), an
    exception (raised; after `before_error` was streamed), or a callable that makes one of these of the prompt. Replies are used in
    turn; the last one stays.
    """

    name = "fake:model"

    def __init__(self, *replies: Reply | Callable[[Prompt], Reply], piece: int = 7, usage: Usage | None = None, before_error: str = "") -> None:
        self.replies = list(replies)
        self.piece = piece
        self.usage = usage or Usage(calls=1, input_tokens=100, cached_tokens=60, output_tokens=10, cost=0.001)
        self.before_error = before_error
        self.prompts: list[Prompt] = []
        self.closed = 0

    def calls(self, name: str) -> list[Prompt]:
        """The prompts of this name that it was given."""
        return [p for p in self.prompts if p.name == name]

    def _next(self, prompt: Prompt) -> Reply:
        self.prompts.append(prompt)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(prompt) if callable(reply) else reply

    def stream(self, prompt: Prompt) -> Generator[str, None, Usage]:
        reply = self._next(prompt)
        text = self.before_error if isinstance(reply, Exception) else reply if isinstance(reply, str) else json.dumps(reply)
        try:
            for start in range(0, len(text), self.piece):
                yield text[start : start + self.piece]
        except GeneratorExit:
            self.closed += 1
            raise
        if isinstance(reply, Exception):
            raise reply
        return self.usage

    def structured(self, prompt: Prompt, shape: type[Shape]) -> tuple[Shape, Usage]:
        reply = self._next(prompt)
        if isinstance(reply, Exception):
            raise reply
        try:
            value = shape.model_validate_json(reply) if isinstance(reply, str) else shape.model_validate(reply)
        except ValueError as error:
            raise BadReply("The language model's reply was not in the form that was asked for.") from error
        return value, self.usage


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


# --- walkthroughs -----------------------------------------------------------------------------------------------------


def design_criterion(name: str, stage: DesignStage, level: Level, kind: Kind = Kind.MUST, dimension: Dimension = Dimension.DATA) -> DesignCriterion:
    """A criterion of an archetype named by its one word; its texts hold no number."""
    hints = () if kind is Kind.ANTI else (f"Think about {name}.", f"It is of the kind of {name}.", f"Would you say {name} or not?")
    return DesignCriterion(
        id=name,
        stage=stage,
        dimension=dimension,
        level=level,
        kind=kind,
        statement=f"Says {name}.",
        examples=tuple(f"{name} {word}" for word in ("plain", "short", "long", "other")),
        counter_examples=tuple(f"not {name} {word}" for word in ("plain", "short", "long")),
        probe=f"What about {name}?",
        hints=hints,
        strong=f"I would say {name} at length.",
    )


def archetype(name: str = "parcel-sorting") -> Archetype:
    """A small archetype: one criterion a stage and level, named like `data-mid`; pitfalls `slip-data`, `slip-model`, `slip-serving`; two-fact deep dives."""
    dimensions = dict(zip(DesignStage, [DESIGN_DIMENSIONS[n % len(DESIGN_DIMENSIONS)] for n in range(len(DesignStage))], strict=True))
    points = [design_criterion(f"{s.value.replace('_', '-')}-{level.value}", s, level, dimension=dimensions[s]) for s in DesignStage for level in Level]
    slips = [design_criterion(f"slip-{s.value}", s, Level.JUNIOR, Kind.ANTI, dimensions[s]) for s in (DesignStage.DATA, DesignStage.MODEL, DesignStage.SERVING)]
    parts = ("client", "queue", "store", "trainer", "server", "monitor")
    own = {
        "scale": Fact(ask=("users", "how many users"), answer="There are 7000 users."),
        "team": Fact(ask=("team", "headcount"), answer="Three engineers, until June."),
    }
    sheet = {f"fact-{n}": Fact(ask=(f"topic {n}",), answer=f"Value {n * 11}.") for n in range(12)} | own
    return Archetype(
        id=name,
        title="Sorting parcels",
        topic="topic",
        roles=(Role.MLE,),
        prompt="Design a system that sorts parcels.",
        rephrase="Parcels come in, and each has to go to the right place.",
        reference=("knowledge/topic/page#part",),
        fact_sheet=sheet,
        criteria=tuple(points + slips),
        estimates=tuple(
            Estimate(id=f"estimate-{n}", asks="Parcels a second?", names=("parcels", "rate"), value=10.0 * n, unit="/s", working=f"{n} times ten.")
            for n in (1, 2, 3)
        ),
        architecture=Architecture(
            components=tuple(Component(id=p, type=ComponentType.STORAGE, label=p.capitalize(), aliases=(f"the {p}",)) for p in parts),
            edges=tuple(Edge(source=a, target=b, flow="parcels") for a, b in zip(parts, (*parts[1:], parts[0]), strict=True)),
        ),
        deep_dives=tuple(
            DeepDive(
                id=f"dive-{n}",
                level=Level.SENIOR if n < 3 else Level.STAFF,
                stage=DesignStage.SERVING,
                change=f"The belt doubles its speed, case {'abc'[n - 1]}.",
                criteria=(design_criterion(f"dive-point-{n}", DesignStage.SERVING, Level.SENIOR, Kind.GOOD, Dimension.OPERATIONS),),
            )
            for n in (1, 2, 3)
        ),
        walkthrough=tuple(Step(stage=s, said=f"A strong {s}.", why="It is.") for s in DesignStage),
        guidance=tuple(Guidance(stage=s, purpose=f"The purpose of {s}.", prompts=("What first?", "What then?")) for s in DesignStage),
        variants=tuple(
            Variant(
                id=f"variant-{n}",
                title=f"Letters {n}",
                prompt="Design a system that sorts letters.",
                facts={
                    "scale": Fact(ask=("users",), answer=f"There are {n}00 letters."),
                    "fact-1": Fact(ask=("a",), answer="A."),
                    "fact-2": Fact(ask=("b",), answer="B."),
                },
                without=("data-staff",),
                criteria=(design_criterion(f"letters-{n}", DesignStage.DATA, Level.MID),),
            )
            for n in (1, 2, 3, 4)
        ),
    )


def sighting(criterion_id: str, value: VerdictValue = VerdictValue.MET, turn: int = 1, quote: str = "words") -> Sighting:
    """What a message shows of a criterion, resting on the start of a turn."""
    words = () if value is VerdictValue.UNMET else (Evidence(turn=turn, start=0, end=len(quote), quote=quote),)
    degree = {VerdictValue.MET: 0.9, VerdictValue.PARTIAL: 0.4}.get(value, 0.0)
    return Sighting(verdict=Verdict(criterion_id=criterion_id, value=value, confidence=0.9, degree=degree, evidence=words, reason="Because."), carried=0.6)


class LateStore:
    """A store that answers one thread late: what that thread reads first is told only when `go_on` is set, when it may no longer be so."""

    THREAD = "late"

    def __init__(self, store: object, method: str) -> None:
        self._store = store
        self._method = method
        self.read, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> object:
        real = getattr(self._store, name)
        if name != self._method:
            return real

        def answered(identity: str) -> object:
            found = real(identity)
            if threading.current_thread().name == self.THREAD and not self.read.is_set():
                self.read.set()
                self.go_on.wait(20)
            return found

        return answered


class WordReader:
    """Reads a walkthrough by words: a criterion is met where its id stands in the message, and its stage is where the message is."""

    info = INFO

    def prepare(self, archetype: Archetype) -> None:
        pass

    def read(self, walk: Walk, turn: Turn) -> MessageReading:
        found = [c for c in walkthrough.criteria(walk) if c.id in turn.text.split()]
        seen = []
        for c in found:
            at = turn.text.index(c.id)
            quote = Evidence(turn=turn.index, start=at, end=at + len(c.id), quote=c.id)
            seen.append(
                Sighting(verdict=Verdict(criterion_id=c.id, value=VerdictValue.MET, confidence=0.9, degree=0.9, evidence=(quote,), reason="Said."), carried=0.6)
            )
        leaning: dict[DesignStage, float] = {}
        for c in found:
            leaning[c.stage] = leaning.get(c.stage, 0.0) + 1.0
        return MessageReading(tuple(seen), (), leaning)
