"""What makes a question bank good beyond its form: it can be read, repeats nothing, gives nothing away, and its guide answers it.

The quick checks need the bank alone. The deep ones compare texts by meaning: the mean of the cosine of the bundled model's sentence
vectors and of lexical recall, in which a word weighs its inverse document frequency (Spärck Jones 1972) and counts as found where a word
with the same first letters stands. The limits below were set on 316 questions and 132 guide pages; each says what it finds and what it
leaves alone. A check returns findings, which name a question and a place in it; `faults` turns them into file and line.
"""

import hashlib
import os
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer import scoring, sentences
from interviewer.domain import Angle, Criterion, Fault, Kind, Question, Round, Section, plain_turn
from interviewer.files import whole
from interviewer.grading.matching import UNSEEN_IDF, keys
from interviewer.grading.offline import calibration
from interviewer.packs import Bank, Place
from interviewer.ports import Embedder, Grader, Vectors

MOST_PROMPT_WORDS = 70
MOST_PROBE_WORDS = 30
MOST_SENTENCE_WORDS = 40
"""A candidate reads a prompt once, with the clock running. The longest probe of the bank has 21 words."""

LEAST_EASE = 20.0
"""Flesch's reading ease (0 to 100 for most prose, higher is easier); below 30 is "very difficult" in his table. The hardest prompt has 27."""

LEAST_WORDS_FOR_EASE = 12
"""One long term decides the ease of fewer words than this."""

SAME_QUESTION = 0.60
"""Likeness from which two questions are one. Of 53,000 pairs of the bank none lies above, the nearest at 0.58. Of 11 questions written anew in other words, some with other figures, ten lie above."""

SAME_RUBRIC = 0.65
"""What their criteria must share as well where the topic is the same and the angles differ: siblings share words, not points."""

SAME_CRITERION = 0.72
"""Likeness from which two statements of one question are one. The most alike of 5,700 pairs has 0.70, pairs about two formulas apart; a fifth of
statements written anew in other words lie above."""

LEAST_ANSWERED = 0.25
LEAST_ANSWERED_TOGETHER = 0.42
ANSWERED_ELSEWHERE = 0.40
"""A criterion that no sentence of the referenced sections holds this well is not answered by them; nor are those of a question that are held
less than the second on average where another section holds them better, nor one that another section holds better by the third.
0.9 % of the must criteria of the bank; 96 % of questions whose references are replaced by sections of another page, and 88 % where that page
is of the same folder."""

GIVEN_BY_STATEMENT = 0.55
GIVEN_BY_QUESTION = 0.62
GIVEN_BY_PROMPT = 0.78
"""A hint or a closed question this near a statement says it: 2 of 5,700 pairs of the bank, and half of the statements in other words. An open
question names its subject, and a prompt its subject and its figures, so that they must come nearer: none does."""

STEM = 6
"""Letters by which two forms of a word count as the same: "sampled" and "sampling". With whole words the checks above err a half more often."""

KEPT_TEXTS = 60_000
"""Sentence vectors kept on disk, 0.8 KB each: several times what the bank and the guide hold."""

_FENCED = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^(?: {4}|\t).*$", re.MULTILINE)
_LINE_OF_TEXT = re.compile(r"(?<!\n)\n(?![\n\s]*(?:[-*•]|\d+[.)])\s)(?!\n)")
_OPEN = re.compile(r"\b(?:what|which|who|whom|whose|how|why|when|where)\b", re.IGNORECASE)
_VOWELS = re.compile(r"[aeiouy]+")


class Finding(NamedTuple):
    """Something wrong at a place in a question: `where` is the path of a field, as in `("criteria", 2, "probe")`."""

    question: str
    where: tuple[int | str, ...]
    problem: str


def faults(findings: Iterable[Finding], places: Mapping[str, Place]) -> list[Fault]:
    """The findings as faults with file and line, in the order of the files."""
    found = [places[f.question].fault(f"{f.question}: {f.problem}", *f.where) for f in findings]
    return sorted(found, key=lambda f: (f.path, f.line))


# --- quick checks -----------------------------------------------------------------------------------------------------


def prose(text: str) -> str:
    """The text without blocks of code, the lines of a paragraph joined."""
    return _LINE_OF_TEXT.sub(" ", _INDENTED.sub("", _FENCED.sub("\n\n", text))).strip()


def words(text: str) -> list[str]:
    """What a reader counts as words: whatever stands between spaces and holds a letter or a digit."""
    return [w for w in text.split() if any(c.isalnum() for c in w)]


def syllables(word: str) -> int:
    """About how many syllables a word has: its runs of vowels, less a silent e at the end."""
    letters = "".join(c for c in word.lower() if "a" <= c <= "z")
    silent = letters.endswith("e") and not letters.endswith("le")
    return max(1, len(_VOWELS.findall(letters)) - silent)


def reading_ease(text: str) -> float:
    """Reading ease: 206.835 - 1.015 words a sentence - 84.6 syllables a word (Flesch 1948, A new readability yardstick). 100 without words."""
    all_words = words(text)
    if not all_words:
        return 100.0
    return 206.835 - 1.015 * len(all_words) / len(sentences.split(text)) - 84.6 * sum(map(syllables, all_words)) / len(all_words)


def _hard_to_read(name: str, text: str, most_words: int) -> Iterator[str]:
    text = prose(text)
    amount = len(words(text))
    if amount > most_words:
        yield f"{name} has {amount} words; cut it to {most_words}, since it is read once and with the clock running"
    longest = max((len(words(s.text)) for s in sentences.split(text)), default=0)
    if longest > MOST_SENTENCE_WORDS:
        yield f"{name} has a sentence of {longest} words; make two of it, {MOST_SENTENCE_WORDS} words at most"
    ease = reading_ease(text)
    if amount >= LEAST_WORDS_FOR_EASE and ease < LEAST_EASE:
        yield f"{name} is hard to read (Flesch reading ease {ease:.0f}, at least {LEAST_EASE:.0f} is wanted); use shorter words and sentences"


def readability(questions: Iterable[Question]) -> Iterator[Finding]:
    """Prompts and probes that are too long, or too hard, to be taken in at once."""
    for question in questions:
        for problem in _hard_to_read("prompt", question.prompt, MOST_PROMPT_WORDS):
            yield Finding(question.id, ("prompt",), problem)
        for n, criterion in enumerate(question.criteria):
            for problem in _hard_to_read(f"probe of {criterion.id}", criterion.probe, MOST_PROBE_WORDS):
                yield Finding(question.id, ("criteria", n, "probe"), problem)


def angles(questions: Iterable[Question]) -> Iterator[Finding]:
    """Questions without an angle, and topics that cannot be asked for a second time from another one."""
    by_topic: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        if question.round is not Round.SYSTEM_DESIGN:  # a design is asked again as a walkthrough, and in its variants
            by_topic[question.topic].append(question)
        if question.angle is None:
            yield Finding(question.id, (), f"has no angle; add `angle:` with one of {', '.join(Angle)}")
    for topic, asked in by_topic.items():
        known = {q.angle for q in asked if q.angle}
        if len(known) < 2:
            have = (
                f"{len(asked)} questions, all with angle {next(iter(known))}"
                if known and len(asked) > 1
                else "one question"
                if len(asked) == 1
                else "no angles"
            )
            problem = f"topic {topic} has {have}, so that it cannot be asked again another way; add a question from another angle, or join two topics"
            yield Finding(asked[0].id, ("topic",), problem)


def quick(bank: Bank, bundled: bool) -> list[Finding]:
    """All checks that need the bank alone. Angles are asked of the bundled bank only: a pack of one's own may hold one question."""
    questions = list(bank.questions.values())
    return [*readability(questions), *(angles(questions) if bundled else ())]


# --- texts by meaning -------------------------------------------------------------------------------------------------


class KeptVectors:
    """Sentence vectors of an embedder, kept in a file by content; rounded to float16, so that a fresh one and a kept one are the same."""

    def __init__(self, embedder: Embedder, folder: Path, workers: int = os.cpu_count() or 1) -> None:
        self._embedder = embedder
        self._path = folder / f"sentences-{embedder.identity}.npz"
        self._workers = workers
        self._known = self._read()
        self._changed = False

    @property
    def identity(self) -> str:
        """The embedder's."""
        return self._embedder.identity

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit sentence vectors, one row a text."""
        names = [_digest(t) for t in texts]
        new = {n: t for n, t in zip(names, texts, strict=True) if n not in self._known}
        if new:
            lots = [list(new.items())[n :: self._workers] for n in range(self._workers)]
            with ThreadPoolExecutor(self._workers) as pool:
                for lot, vectors in zip(lots, pool.map(lambda lot: self._embedder.embed([t for _, t in lot]), lots), strict=True):
                    self._known |= {n: v.astype(np.float16) for (n, _), v in zip(lot, vectors, strict=True)}
            self._changed = True
        if not texts:
            return self._embedder.embed([])
        return np.stack([self._known[n] for n in names]).astype(np.float32)

    def save(self) -> None:
        """Writes the file where something is new; a folder that cannot be written to is left alone."""
        if not self._changed:
            return
        kept = dict(list(self._known.items())[-KEPT_TEXTS:])
        try:
            with whole(self._path) as file:
                np.savez(file, names=np.array(list(kept)), vectors=np.stack(list(kept.values())))
        except OSError:
            return

    def _read(self) -> dict[str, NDArray[np.float16]]:
        try:
            with np.load(self._path, allow_pickle=False) as data:
                return dict(zip((str(n) for n in data["names"]), data["vectors"].astype(np.float16), strict=True))
        except (OSError, ValueError, LookupError, EOFError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error):
            return {}  # none yet, or a damaged file: made again


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


class Weighed(NamedTuple):
    """The content words of a text as stems, and the weight of each."""

    stems: tuple[str, ...]
    weights: NDArray[np.float64]


def _weighed(*texts: str) -> Weighed:
    """The stems of texts. A stem weighs as much as the word it was first seen in."""
    idf = calibration().statistics.idf.words
    weights: dict[str, float] = {}
    for word in (w for t in texts for w in keys(t)):
        weights.setdefault(word[:STEM], idf.get(word, UNSEEN_IDF))
    return Weighed(tuple(weights), np.array(list(weights.values())))


def _recall(wanted: Weighed, held: Collection[str]) -> float:
    """The weighted share of the wanted words that are held; 0 where no word is wanted."""
    total = float(wanted.weights.sum())
    return float(wanted.weights @ np.array([s in held for s in wanted.stems])) / total if total else 0.0


def _shared(one: Weighed, other: Weighed) -> float:
    """The weighted share of the common words in the text that has fewer."""
    least, most = sorted((one, other), key=lambda w: float(w.weights.sum()))
    return _recall(least, set(most.stems))


class _Asked(NamedTuple):
    """A question ready for comparison: vectors of its prompt, of its statements, and of these as a whole; its words."""

    prompt: Vectors
    statements: Vectors
    whole: Vectors
    words: Weighed


def _plain(question: Question) -> list[tuple[int, Criterion]]:
    """The criteria that an answer should meet, with their places."""
    return [(n, c) for n, c in enumerate(question.criteria) if c.kind is not Kind.ANTI]


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def alike_questions(questions: Sequence[Question], embedder: Embedder, among: Collection[str]) -> Iterator[Finding]:
    """Pairs of questions that ask the same, at the later of the two that is `among` the ids to report.

    The likeness of two is the mean of four: the cosine of the prompts; how well each statement of the one with fewer is matched by the
    other's (mean best cosine); the cosine of the means of the statements; the weighted share of words in common.
    """
    asked = []
    for q in questions:
        statements = [c.statement for _, c in _plain(q)]
        vectors = embedder.embed([q.prompt, *statements])
        # The rephrasing's words belong to the question as well: they are how the same thing may be said.
        asked.append(_Asked(vectors[0], vectors[1:], _unit(vectors[1:].mean(axis=0)), _weighed(q.prompt, q.rephrase, *statements)))
    if len(asked) < 2:
        return
    prompts, wholes = np.stack([a.prompt for a in asked]), np.stack([a.whole for a in asked])
    cosines = np.stack([prompts @ prompts.T, wholes @ wholes.T])
    # The other two are at most 1, so that most pairs are out before they are looked at.
    for later, earlier in np.argwhere(np.tril(cosines.sum(axis=0) >= 4 * SAME_QUESTION - 2, -1)):
        one, other = questions[later], questions[earlier]
        a, b = asked[later], asked[earlier]
        both = a.statements @ b.statements.T
        rubric = float(both.max(axis=int(both.shape[0] <= both.shape[1])).mean())
        likeness = (float(cosines[:, later, earlier].sum()) + rubric + _shared(a.words, b.words)) / 4
        siblings = one.topic == other.topic and one.angle != other.angle
        if likeness < SAME_QUESTION or (siblings and rubric < SAME_RUBRIC):
            continue
        at, of = (one, other) if one.id in among else (other, one)
        if at.id in among:
            problem = f"asks nearly the same as {of.id} (likeness {likeness:.2f}); leave one out, or give this one another angle and criteria of its own"
            yield Finding(at.id, ("prompt",), problem)


def alike_criteria(questions: Iterable[Question], embedder: Embedder) -> Iterator[Finding]:
    """Pairs of criteria of a question that one sentence would meet, at the later one. A mistake and the point it misses are not compared."""
    for question in questions:
        vectors = embedder.embed([c.statement for c in question.criteria])
        stems = [_weighed(c.statement) for c in question.criteria]
        for later, one in enumerate(question.criteria):
            for earlier, other in enumerate(question.criteria[:later]):
                if (one.kind is Kind.ANTI) == (other.kind is Kind.ANTI) and not _other_symbols(one.statement, other.statement):
                    likeness = (float(vectors[later] @ vectors[earlier]) + _shared(stems[later], stems[earlier])) / 2
                    if likeness >= SAME_CRITERION:
                        problem = f"{one.id} asks nearly the same as {other.id}, so that one sentence earns both; join them or make them differ"
                        yield Finding(question.id, ("criteria", later, "statement"), problem)


def _other_symbols(one: str, other: str) -> bool:
    """Whether both hold figures or formulas and none in common: those two are about different things, however alike their words."""
    found = [{w.strip(".,;:") for w in t.split() if not w.strip(".,;:").replace("-", "").isalpha()} for t in (one, other)]
    return all(found) and not found[0] & found[1]


class Guide:
    """The sections of a guide, ready to be asked how well they hold statements."""

    def __init__(self, sections: Mapping[str, Section], embedder: Embedder) -> None:
        self._embedder = embedder
        self.sources = tuple(sections)
        texts = [[s.text for s in sentences.split(section.text)] or [section.heading] for section in sections.values()]
        self._starts = np.cumsum([0, *map(len, texts)])[:-1]
        self._sentences = embedder.embed([t for group in texts for t in group])
        self._stems = [frozenset(w[:STEM] for w in keys(f"{s.heading} {s.text}")) for s in sections.values()]
        self._row = {source: n for n, source in enumerate(self.sources)}

    @cached_property
    def _holders(self) -> dict[str, NDArray[np.bool_]]:
        """Of each stem, which sections hold it."""
        found: dict[str, NDArray[np.bool_]] = {}
        for n, stems in enumerate(self._stems):
            for stem in stems:
                found.setdefault(stem, np.zeros(len(self.sources), dtype=np.bool_))[n] = True
        return found

    def held(self, statements: Sequence[str], references: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How well the sections hold statements, 0..1: the referenced ones together, (statements,), and each of all, (statements, sections)."""
        rows = [self._row[r] for r in references]
        best = np.maximum.reduceat(self._embedder.embed(statements) @ self._sentences.T, self._starts, axis=1).astype(np.float64)
        nowhere = np.zeros(len(self.sources), dtype=np.bool_)
        together, alone = np.zeros(len(statements)), np.zeros(best.shape)
        for n, wanted in enumerate(map(_weighed, statements)):
            found = np.array([self._holders.get(s, nowhere) for s in wanted.stems]).reshape(len(wanted.stems), len(self.sources))
            total = float(wanted.weights.sum()) or 1.0
            alone[n] = (best[n] + wanted.weights @ found / total) / 2
            together[n] = (best[n, rows].max() + float(wanted.weights @ found[:, rows].any(axis=1)) / total) / 2
        return together, alone


def unanswered(questions: Iterable[Question], guide: Guide) -> Iterator[Finding]:
    """Must criteria that the sections a question refers to do not answer."""
    for question in questions:
        musts = [(n, c) for n, c in enumerate(question.criteria) if c.kind is Kind.MUST]
        held, alone = guide.held([c.statement for _, c in musts], question.reference)
        together = alone.mean(axis=0)
        if held.mean() < min(LEAST_ANSWERED_TOGETHER, together.max()):
            nearest = guide.sources[int(together.argmax())]
            problem = f"the sections it refers to hardly speak of its must criteria; refer to those that do (nearest: {nearest}), or write one"
            yield Finding(question.id, ("reference",), problem)
            continue
        for row, (n, criterion) in enumerate(musts):
            best = int(alone[row].argmax())
            if held[row] < LEAST_ANSWERED or alone[row, best] - held[row] > ANSWERED_ELSEWHERE:
                nearest = f"{'nearest, though too far' if guide.sources[best] in question.reference else 'nearest'}: {guide.sources[best]}"
                problem = f"no section it refers to answers {criterion.id}; add one to `reference` ({nearest}), or say it in the guide"
                yield Finding(question.id, ("criteria", n, "statement"), problem)


def given_away(questions: Iterable[Question], embedder: Embedder) -> Iterator[Finding]:
    """Prompts, rephrasings, probes and first two hints that say in other words what a criterion asks for."""
    for question in questions:
        asked = [(where, s.text) for where in ("prompt", "rephrase") for s in sentences.split(prose(getattr(question, where)))]
        for n, criterion in _plain(question):
            steps: list[tuple[str, tuple[int | str, ...], str, float]] = [
                *((where, (where,), text, GIVEN_BY_PROMPT) for where, text in asked),
                (f"probe of {criterion.id}", ("criteria", n, "probe"), criterion.probe, _allowed(criterion.probe)),
                *((f"hint {r + 1} of {criterion.id}", ("criteria", n, "hints", r), h, _allowed(h)) for r, h in enumerate(criterion.hints[:2])),
            ]
            wanted = _weighed(criterion.statement)
            vectors = embedder.embed([criterion.statement, *(text for _, _, text, _ in steps)])
            for vector, (name, where, text, most) in zip(vectors[1:], steps, strict=True):
                if (float(vector @ vectors[0]) + _recall(wanted, _weighed(text).stems)) / 2 >= most:
                    yield Finding(question.id, where, f"{name} says nearly what {criterion.id} asks for (“{text[:80]}”); ask for it openly, in other terms")


def _allowed(text: str) -> float:
    """How near a statement a probe or hint may come."""
    return GIVEN_BY_QUESTION if text.endswith("?") and _OPEN.search(text) else GIVEN_BY_STATEMENT


def deep(bank: Bank, around: Bank, embedder: Embedder) -> list[Finding]:
    """All checks that compare texts by meaning, of the questions of a bank. `around` holds what it may refer to and may not repeat."""
    own = list(bank.questions.values())
    if not own:
        return []
    others = [q for q in around.questions.values() if q.id not in bank.questions]
    guide = Guide({**around.sections, **bank.sections}, embedder)
    return [
        *alike_questions([*others, *own], embedder, bank.questions),
        *alike_criteria(own, embedder),
        *unanswered(own, guide),
        *given_away(own, embedder),
    ]


# --- exemplars under the offline grader -------------------------------------------------------------------------------


def exemplar_order(questions: Iterable[Question], grader: Grader) -> Iterator[Finding]:
    """Questions whose exemplars the grader does not put in order: every strong one above every middling one, and these above the weak."""
    for question in questions:
        shares: dict[int, list[float]] = defaultdict(list)
        for exemplar in question.exemplars:
            score = scoring.grade(question, grader.assess(question, (plain_turn(exemplar.text),))).score
            shares[exemplar.band].append(-1.0 if score is None else score)  # not graded at all is below everything
        strong, middling, weak = shares[4], shares[2] + shares[3], shares[1]
        if not min(strong) > max(middling) or not min(middling) > max(weak):
            said = ", ".join(
                f"{name} {' and '.join(f'{s:.2f}' for s in found)}" for name, found in (("strong", strong), ("middling", middling), ("weak", weak))
            )
            yield Finding(question.id, ("exemplars",), f"the offline grader does not put its exemplars in order ({said}); compare its verdicts with yours")
