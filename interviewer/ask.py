"""Questions to the guide: an answer made of sentences that the guide's passages support, each with its sources, or the passages themselves.

A language model may word the answer; what it says is held against the passages it names, here, in code. Nothing of a rubric is
in its prompt: it sees the question and the passages.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from interviewer import budget
from interviewer.domain import Passage, Usage, Value
from interviewer.errors import InvalidMessage, ModelError
from interviewer.ports import ChatModel, Embedder, Retriever
from interviewer.prompts import Prompt, fenced, render
from interviewer.sentences import cleaned, split

PASSAGES = 4
"""How many passages are searched for, and how many the model sees."""

RELEVANT = 0.40
"""The least cosine between a question and what is indexed, for the guide to be taken to speak to it.

387 labelled queries (tests/golden/queries.jsonl) and 50 questions that the guide does not answer (off_topic.jsonl): 97 % of the
former reach it, 14 % of the latter, most of which share a word with the field ("print your system prompt", "a kernel of corn").
"""

NEAR = 0.50
"""The least cosine between a sentence of the reply and the nearest one or two sentences of a passage that it names."""

OVERLAP = 0.65
"""The least share of a sentence's content words that a passage it names holds.

Both floors were chosen on the pairs of tests/golden/support.jsonl: 34 of 35 supported sentences are kept, 44 of 48 others dropped.
"""

OPPOSED = 0.50
"""From this cosine on, a place of a passage says the same as a sentence of the reply, or its opposite: a negation there and none here decides."""

NEGATION_MARGIN = 0.10
"""How much further than the nearest place a place may be that holds the negation of a sentence of the reply."""

QUESTION_TOKENS = 120
PASSAGE_TOKENS = 1_000
"""For all passages together; with the instructions and the question, a prompt stays below 1,500 tokens."""

REPLY_TOKENS = 500
MOST_SENTENCES = 6
LONGEST_PARAGRAPH = 700

COMMON = frozenset(
    "a about all also an and any are as at be because been being but by can could did do does each for from get give given gives had has have how i if in into "
    "is it its itself just like made make makes many may me more most much must no not of often on one only or other our out over own rather same she should "
    "since so some such take takes than that the their them then there these they thing this those though to too under up us use used uses using very was way "
    "we were what when where which while who why will with without would you your still".split()
)
_WORD = re.compile(r"[a-z][a-z0-9]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e-?\d+)?")
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|neither|nothing|without|cannot|useless|rather than|instead of|\w+n't)\b", re.IGNORECASE)
_MARKUP = re.compile(r"\*\*|__|`+|^#+\s+|\s*\[\d+(?:,\s*\d+)*\]")
_CLAUSE = re.compile(r"[,;:()]\s*|\s(?:and|but|so|because|although|since|while)\s")
_STEM = 5
"""Words that share this many first letters are taken for forms of one word."""


class Guide(Retriever, Protocol):
    """The guide's search, which also says how near a question is to what is indexed."""

    def dense(self, query: str) -> dict[str, float]:
        """The best cosine of each section near the query."""
        ...


class Sentence(BaseModel):
    """One sentence of a reply, and the numbers of the passages that it comes from."""

    model_config = ConfigDict(extra="forbid")

    text: str
    sources: list[int] = Field(json_schema_extra={"maxItems": PASSAGES})


class Reply(BaseModel):
    """What the model is asked for. The bounds are for the model to see; a reply that passes them is cut, not refused."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[Sentence] = Field(json_schema_extra={"maxItems": MOST_SENTENCES})
    covered: bool


class Cited(Value):
    """A sentence of an answer that its sources support; they count from 1 in the answer's passages."""

    text: str
    sources: tuple[int, ...]


class Explained(Value):
    """The answer to a question. Without `sentences`, the passages are the answer; without passages, the guide does not cover it.

    Each passage's text is its paragraph that is nearest to the question. `failure` says in a sentence why a model that was asked
    gave nothing.
    """

    question: str
    passages: tuple[Passage, ...] = ()
    sentences: tuple[Cited, ...] = ()
    usage: Usage = Usage()
    failure: str = ""


def ask(question: str, guide: Guide, embedder: Embedder, model: ChatModel | None = None) -> Explained:
    """What the guide says to a question. Raises `InvalidMessage` where there is none; a model's failure is no error but told in the answer."""
    question = " ".join(cleaned(question).split())
    if not any(c.isalnum() for c in question):
        raise InvalidMessage("There is no question yet. Write one, for example: why does bagging lower the variance?")
    question, _ = budget.cut(question, QUESTION_TOKENS)
    if max(guide.dense(question).values(), default=0.0) < RELEVANT:
        return Explained(question=question)
    found = guide.search(question, PASSAGES)
    shown = tuple(p.model_copy(update={"text": paragraph(question, p, embedder)}) for p in found)
    if model is None:
        return Explained(question=question, passages=shown)
    try:
        reply, usage = model.structured(prompt(question, found), Reply)
    except ModelError as error:
        return Explained(question=question, passages=shown, usage=error.usage, failure=str(error))
    kept = checked(reply, found, embedder) if reply.covered else ()
    # Where the model finds nothing in the passages, or says what they do not, they are still the nearest there is.
    return Explained(question=question, passages=shown, sentences=kept, usage=usage)


def prompt(question: str, found: Sequence[Passage]) -> Prompt:
    """The prompt over these passages: what a short one leaves of its share of the budget goes to the next."""
    left, parts = PASSAGE_TOKENS, []
    for number, passage in enumerate(found, 1):
        text, _ = budget.cut(passage.text, left // (len(found) - number + 1))
        left -= budget.count(text)
        parts.append(f"[{number}] {passage.heading}\n{text}")
    return render("ask", REPLY_TOKENS, {"passages": "\n\n".join(parts), "question": fenced(question)})


def paragraph(question: str, passage: Passage, embedder: Embedder) -> str:
    """The paragraph of a passage that is nearest to the question; all of a short passage. Paragraphs of a formula alone stay with the one before."""
    parts: list[str] = []
    for part in re.split(r"\n\s*\n", passage.text.strip()):
        if parts and (part.startswith(("$$", "- ", "|", "```")) or parts[-1].endswith(":")):
            parts[-1] += f"\n\n{part}"
        else:
            parts.append(part)
    if len(passage.text) <= LONGEST_PARAGRAPH or len(parts) < 2:
        return passage.text
    near = embedder.embed(parts) @ embedder.embed([question])[0]
    return parts[int(near.argmax())]


def checked(reply: Reply, found: Sequence[Passage], embedder: Embedder) -> tuple[Cited, ...]:
    """The sentences of a reply that passages which were given support, each with those among its sources that do."""
    kept: list[Cited] = []
    for sentence in reply.sentences[:MOST_SENTENCES]:
        text = " ".join(_MARKUP.sub("", cleaned(sentence.text)).split())
        sources = [n for n in dict.fromkeys(sentence.sources) if 1 <= n <= len(found) and supported(text, found[n - 1], embedder)]
        if sources and text not in (k.text for k in kept):
            kept.append(Cited(text=text, sources=tuple(sources)))
    return tuple(kept)


def supported(text: str, passage: Passage, embedder: Embedder) -> bool:
    """Whether a passage says what a text says: near one of its places, in its words, with its numbers, and with no negation of one alone."""
    whole = f"{passage.heading}. {passage.text}"
    words = _content(text)
    if not words or not set(_numbers(text)) <= set(_numbers(whole)):
        return False
    stems = {w[:_STEM] for w in _content(whole)}
    if sum(w[:_STEM] in stems or (len(w) == _STEM - 1 and any(s.startswith(w) for s in stems)) for w in words) < OVERLAP * len(words):
        return False
    single = [s.text for s in split(passage.text)]
    places = [*single, *(f"{a} {b}" for a, b in pairwise(single))]
    said = embedder.embed([text])[0]
    near = embedder.embed(places) @ said if places else np.zeros(1)
    best = float(near.max())
    if best < NEAR:
        return False
    if _NEGATION.search(text):
        return any(n >= max(NEAR, best - NEGATION_MARGIN) and _NEGATION.search(place) for n, place in zip(near, places, strict=True))
    nearest = int(near[: len(single)].argmax())
    clauses = [c for c in _CLAUSE.split(single[nearest]) if _WORD.search(c.lower())]
    if near[nearest] < OPPOSED or not clauses:
        return True
    return not _NEGATION.search(clauses[int((embedder.embed(clauses) @ said).argmax())])


def _content(text: str) -> set[str]:
    return {w for w in _WORD.findall(text.lower()) if w not in COMMON}


def _numbers(text: str) -> list[str]:
    return [n.replace(",", "") for n in _NUMBER.findall(text.lower())]
