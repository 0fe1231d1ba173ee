"""Scoping questions in a walkthrough: which facts of the sheet a message asks for, in any wording, several in one message.

A question competes for the facts of the sheet and for "none of these". Its sentence vector is compared with each fact's `ask` phrases, with
the clauses of its answer, and with questions that no sheet answers, under a metric that was fitted so that questions come near to the phrases
of the fact that answers them (a bilinear similarity, as in Chechik et al. 2010, "Large scale online learning of image similarity through
ranking"). A softmax head adds how much of the question is covered by the fact token by token and word by word, and the things that scoping
questions are about in any system (`CONCEPTS`). A question that hangs on the one before ("and at peak?") is read once more with the name of
the fact that was asked last in front. `bench/fit_scoping.py` fits all of it on `tests/golden/scoping_training.jsonl` and writes
`scoping_weights.npz`.
"""

import math
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer import sentences
from interviewer.domain import Fact
from interviewer.ports import Encoded, TokenEncoder, Vectors

Floats = NDArray[np.float64]

FACT_COLUMNS = ("learned", "learned_in_context", "last", "last_hanging", "last_short", "tokens", "words", "concept")
NONE_COLUMNS = ("constant", "learned", "learned_in_context", "follows", "hangs", "short")
SHARPNESS = 12.0
"""How steeply similarities are weighed: a cosine of 1 is this many logits."""


class Metric(NamedTuple):
    """The fitted similarity of a question with phrases.

    `map` (d, d) is added to the identity; `unheld` (n, d): vectors of questions that no sheet answers; `astray` (d,): what the question alone says for "none of these"; `scales` (4,): of phrases, clauses, unheld questions, and a constant.
    """

    map: Floats
    unheld: Floats
    astray: Floats
    scales: Floats


class Fitted(NamedTuple):
    """The metric, and the head's weights of `FACT_COLUMNS` and `NONE_COLUMNS`."""

    metric: Metric
    fact: Floats
    none: Floats


SURE_PIECE = 0.5
"""The least chance with which a piece of a message, by itself, asks for its fact, where the message asks for several."""

HELD_BY_WHOLE = 7.0
"""A fact found in a piece may be no more logits behind the best for the message as a whole."""

_LIGHT = frozenset(
    "a an the of to in is are be we i you it do does did have has had can could should would will may might what which how who when where why there this that these those for on with our "
    "your my me us any some and or so if at by about from as not many much get got give tell know like want need ask think assume okay ok also then please just let s re m d ll ve t "
    "kind sort thing number rough roughly ballpark figure exactly looking talking here one more pls plz guess right big per they them".split()
)
CONCEPTS: Mapping[str, "re.Pattern[str]"] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "users": r"users?|dau|mau|daily actives?|audience|visitors?|customers|members|subscribers|logged in|log in",
        "traffic": r"qps|rps|tps|requests?|traffic|load|preds?|per sec(?:ond)?|throughput|page loads?|calls|black friday|peak|busiest|spikes?",
        "latency": r"latency|\d*\s?ms|milli\w*|milis|p\d\d(?:th)?|how (?:fast|quick)|response time|time (?:budget|limit)|seconds? (?:budget|per)|before (?:it|a \w+) (?:goes|gets|is) \w+|budget on upload|end to end|come back",
        "goal": r"goals?|objective|optimi[sz]\w+ for|success|kpis?|north star|(?:business|company|leadership|product) (?:\w+ )?(?:wants?|hopes?|cares?|metric)|wants me to hit|aim(?: at)?|chase|what matters|what number",
        "today": r"today|current(?:ly)?|in (?:place|prod(?:uction)?)|existing|baseline|right now|incumbent|have now|do (?:teams|we) do now|made now|running|status quo|legacy|at the moment",
        "team": r"team|head ?count|engineers?|who builds|building this|builds this|deadline|time ?line|(?:by|until) when|launch|first release|one quarter|who do i have|people have i|how many are we",
        "compute": r"gpus?|accelerators?|hardware|compute|machines?|infra(?:structure)?|capacity|servers?|cpus?|big (?:vlm|llm|model)|an? (?:llm|vlm|transformer)",
        "money": r"budget|spend|money|dollars?|afford",
        "law": r"law|legal|regulat\w+|gdpr|privacy|consent|complian\w+|(?:not )?allowed|permitted|may i|obligations?|store raw|personal data|opt(?:ed)? out|att|reported to",
        "retention": r"retention|retained|how long (?:can|may|is|are|do)|hold on to|keep|kept|how far back",
        "labels": r"labels?|labell\w+|ground truth|annotat\w+|outcomes?|unbiased",
        "delay": r"delay\w*|how late|label delay|how long until|(?:come|get|comes) in|when do we (?:find out|know)|arrive|mature",
        "rarity": r"prevalence|base rate|how (?:rare|common)|imbalance\w*|sparse|positives|out of \d+|share of (?:bad|spam|fraud)|fraud rate|% (?:fraud|bad|spam)|are bad|is spam",
        "experiments": r"a ?/? ?b(?: ?-?(?:tests?|testing|setup|platform))?|experiments?|hold-?out|randomi[sz]\w*|arms",
        "regions": r"countr(?:y|ies)|regions?|markets|where do we operate|geograph\w*|cities|europe",
        "languages": r"languages?|english",
        "cold": r"new (?:users?|items?|cards?|merchants?|ads?|products?|accounts?|sellers?)|cold[- ]start|(?:no|any|without|w/o) (?:any )?history|first time|brand new",
        "adversaries": r"attack\w*|adapt\w*|react|behave|bad guys|spammers|evolve|adversar\w*|gangs?|evad\w+|shift",
        "signals": r"signals?|feat(?:u|ur|ru)?r?e?s|inputs?|data (?:per|do we have|points)|device|ip",
        "logs": r"logs?|logged|logging|record(?:ed)?|history",
        "errors": r"fp|fn|false (?:pos\w*|neg\w*|alarms?)|error costs?|mistakes?|wrongly|honest|worse|really late|trade-?off|costs? us",
        "rates": r"ctr|click(?:ed)?[- ]?(?:through )?rates?|like rate|rates|conversions?|how often|share of \w+ (?:gets?|ends?)",
        "inventory": r"inventory|catalog(?:ue)?|candidates?|pool|eligible|listings?|items",
        "training": r"re-?train\w*|trained again|trained|fresh\w*",
        "people": r"moderators?|analysts?|investigat\w+|reviewers?|human(?:s)?|raters?",
        "uptime": r"up-?time|sla|slo|availability|outages?|downtime",
        "complaints": r"survey|satisf\w+|complain\w*|appeal\w*|ask people",
        "scope": r"in scope|out of scope|mine to|some other team|somebody else|another team|do i handle",
    }.items()
}
_CUT = re.compile(r"\s*(?:[?.!;:\n]+(?=\s|$)|,|\s[-–—+&/]\s|\band\b|\bplus\b|\balso\b|&|\+)\s*", re.IGNORECASE)
_HANGING = re.compile(
    r"^\W*(?:and|also|but|so|ok(?:ay)?|right|then|hm+|what about|how about|same)\b|\b(?:that|those|it|them|they|these|ones?|each)\b|^\W*(?:around|on|at|in|per|split|broken|during|only|any|enough|biggest|busiest|spikes?|new|app)\b",
    re.IGNORECASE,
)
HANGING_WORDS = 5
MOST_KEPT = 32
ALIKE = 0.5
"""The least overlap of letter trigrams (Dice) with which two words count as one, misspelt or in another form."""


class Sheet(NamedTuple):
    """A fact sheet ready for matching, of F facts. Vectors of `phrases` and `clauses` have the fact that each belongs to in `phrase_of`, `clause_of`.

    `tokens` holds all phrases' token vectors, a phrase's from `token_start` on; `said`, `said_start` the answers'. `holds` (words, F) counts the
    phrases, and the answer, of a fact in which a word of `words` occurs; `phrase_words` has each phrase's words by position.
    """

    ids: tuple[str, ...]
    phrase_of: NDArray[np.intp]
    phrases: Vectors
    clause_of: NDArray[np.intp]
    clauses: Vectors
    tokens: Vectors
    token_start: NDArray[np.intp]
    said: Vectors
    said_start: NDArray[np.intp]
    words: Mapping[str, int]
    grams: tuple[frozenset[str], ...]
    holds: NDArray[np.intp]
    phrase_words: tuple[tuple[int, ...], ...]
    concepts: tuple[frozenset[str], ...]


class Evidence(NamedTuple):
    """What is known of a question before the metric.

    `vector` (d,), `context`: the same with the fact asked last in front (None: it does not hang on one), `covered` (F, 3): how far each
    fact covers its tokens, words and concepts, `length` in content words, `last`: the position of the fact asked last, or -1.
    """

    vector: Vectors
    context: Vectors | None
    covered: Floats
    length: int
    last: int


_KEPT: "dict[tuple[object, ...], Sheet]" = {}
_LOCK = threading.Lock()


@cache
def fitted() -> Fitted:
    """The shipped weights."""
    with np.load(Path(__file__).with_name("scoping_weights.npz")) as stored:
        of = {name: stored[name].astype(np.float64) for name in stored.files}
    return Fitted(Metric(of["map"], of["unheld"], of["astray"], of["scales"]), of["fact"], of["none"])


def stem(word: str) -> str:
    """A word without the commonest endings."""
    for ending in ("ings", "ing", "ies", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def content(text: str) -> list[str]:
    """The words of a text that say what it is about."""
    return [stem(w) for w in re.findall(r"[a-z0-9]+", text.lower().replace("’", "'")) if w not in _LIGHT]


def concepts(text: str) -> frozenset[str]:
    """What a text is about, of the things that scoping questions ask for in any system."""
    return frozenset(name for name, words in CONCEPTS.items() if words.search(text))


def parts(text: str) -> list[str]:
    """The pieces of a message that may each ask for something: split at stops, commas and "and", pieces without content left out."""
    return [p.strip() for s in sentences.split(text) for p in _CUT.split(s.text) if p.strip() and content(p)]


def sheet_of(sheet: Mapping[str, Fact], encoder: TokenEncoder) -> Sheet:
    """The sheet made ready; kept, since a walkthrough asks the same one again and again."""
    key = (encoder.identity, *((name, fact.ask, fact.answer) for name, fact in sheet.items()))
    with _LOCK:
        if key not in _KEPT:
            if len(_KEPT) >= MOST_KEPT:
                _KEPT.pop(next(iter(_KEPT)))
            _KEPT[key] = _prepared(sheet, encoder)
        return _KEPT[key]


def phrases_of(sheet: Mapping[str, Fact]) -> list[tuple[int, str]]:
    """Each fact's phrases and its name, with the fact's position."""
    return [(n, p) for n, (name, fact) in enumerate(sheet.items()) for p in dict.fromkeys((*fact.ask, name.replace("-", " ")))]


def _prepared(sheet: Mapping[str, Fact], encoder: TokenEncoder) -> Sheet:
    phrases = phrases_of(sheet)
    clauses = [(n, c) for n, fact in enumerate(sheet.values()) for c in re.split(r"[;,.]\s", fact.answer) if content(c)]
    encoded = encoder.encode([p for _, p in phrases])
    tokens = [e.tokens[_telling(e)] for e in encoded]
    said = [e.tokens[_telling(e)] for e in encoder.encode([fact.answer for fact in sheet.values()])]
    groups = [(n, content(p)) for n, p in phrases] + [(n, content(fact.answer)) for n, fact in enumerate(sheet.values())]
    words = {w: i for i, w in enumerate(dict.fromkeys(w for _, group in groups for w in group))}
    holds = np.zeros((len(words), len(sheet)), dtype=np.intp)
    for n, group in groups:
        holds[[words[w] for w in set(group)], n] += 1
    return Sheet(
        ids=tuple(sheet),
        phrase_of=np.array([n for n, _ in phrases]),
        phrases=np.stack([e.mean for e in encoded]),
        clause_of=np.array([n for n, _ in clauses]),
        clauses=encoder.embed([c for _, c in clauses]),
        tokens=np.concatenate(tokens),
        token_start=_starts(tokens),
        said=np.concatenate(said),
        said_start=_starts(said),
        words=words,
        grams=tuple(_grams(w) for w in words),
        holds=holds,
        phrase_words=tuple(tuple(words[w] for w in set(content(p))) for _, p in phrases),
        concepts=tuple(concepts(" , ".join(p for of, p in phrases if of == n)) for n in range(len(sheet))),
    )


def _starts(groups: Sequence[Vectors]) -> NDArray[np.intp]:
    return np.cumsum([0, *(len(g) for g in groups[:-1])])


def _telling(encoded: Encoded) -> list[int]:
    """The positions of the word pieces that say something; all where none does."""
    return [i for i, piece in enumerate(encoded.pieces) if piece.strip("#").isalnum() and piece not in _LIGHT] or list(range(len(encoded.pieces)))


def _grams(word: str) -> frozenset[str]:
    marked = f"<{word}>"
    return frozenset(marked[i : i + 3] for i in range(len(marked) - 2))


def _alike(word: str, sheet: Sheet) -> Floats:
    """How far each word of the sheet is the same word, (words,): 1 for itself, else the overlap of letter trigrams where that is large."""
    own = _grams(word)
    long = len(word) >= 4
    alike = np.array([2.0 * len(own & g) / (len(own) + len(g)) if long and len(g) >= 4 else 0.0 for g in sheet.grams])
    alike[alike < ALIKE] = 0.0
    if word in sheet.words:
        alike[sheet.words[word]] = 1.0
    return alike


def _rarity(word: str, sheet: Sheet) -> float:
    """How few facts use a word, from nearly 0 to 1 for a word that at most one uses."""
    facts = len(sheet.ids)
    count = int((sheet.holds[sheet.words[word]] > 0).sum()) if word in sheet.words else 1
    return math.log(1.0 + facts / count) / math.log(1.0 + facts)


def evidence(question: str, sheet: Sheet, encoder: TokenEncoder, last: int = -1, left_out: Sequence[int] = ()) -> Evidence:
    """What is known of a question. The phrases in `left_out` are passed over, so that a fit can ask with a sheet's own phrases."""
    encoded = encoder.encode([question])[0]
    own = content(question)
    telling = _telling(encoded)
    tokens = encoded.tokens[telling] if telling else encoded.mean[None, :]
    weight = np.array([0.15 + _rarity(stem(encoded.pieces[i]), sheet) for i in telling] or [1.0])
    near = np.maximum.reduceat(tokens @ sheet.tokens.T, sheet.token_start, axis=1)
    near[:, list(left_out)] = -1.0
    best = np.maximum.reduceat(tokens @ sheet.said.T, sheet.said_start, axis=1)
    np.maximum.at(best.T, sheet.phrase_of, near.T)
    holds = sheet.holds
    if left_out:
        holds = holds.copy()
        for p in left_out:
            holds[list(sheet.phrase_words[p]), sheet.phrase_of[p]] -= 1
    shared = np.zeros(len(sheet.ids))
    heavy = [0.1 + _rarity(w, sheet) for w in own]
    for word, rarity in zip(own, heavy, strict=True):
        shared += rarity / sum(heavy) * (_alike(word, sheet)[:, None] * (holds > 0)).max(axis=0)
    wanted = concepts(question)
    about = [len(wanted & c) / len(wanted) if wanted else 0.0 for c in sheet.concepts]
    covered = np.array([weight / weight.sum() @ best, shared, about], dtype=np.float64).T
    context = encoder.embed([f"{sheet.ids[last].replace('-', ' ')}: {question}"])[0] if last >= 0 and hangs(question) else None
    return Evidence(encoded.mean, context, covered, len(own), last)


def learned(vectors: Vectors, sheet: Sheet, metric: Metric, live: NDArray[np.bool_] | None = None) -> Floats:
    """Logits of questions (n, d) under the metric for each fact and, last, for none of them: (n, F + 1).

    `live` (n, phrases + unheld) says which phrases each question is compared with; all, where it is not given.
    """
    near = vectors @ metric.map + vectors
    phrase, clause, unheld, constant = metric.scales
    similar = SHARPNESS * np.hstack([near @ sheet.phrases.T, near @ metric.unheld.T])
    of = np.concatenate([sheet.phrase_of, np.full(len(metric.unheld), len(sheet.ids))])
    pooled = softmax_pooled(similar if live is None else np.where(live, similar, -1e4), of)[0]
    said = softmax_pooled(SHARPNESS * vectors @ sheet.clauses.T, sheet.clause_of)[0]
    none = unheld * pooled[:, -1] + SHARPNESS * vectors @ metric.astray + constant
    return np.hstack([phrase * pooled[:, :-1] + clause * said, none[:, None]])


def softmax_pooled(values: Floats, of: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Log-sum-exp of the columns of each group, (n, groups), and each column's share in its group; `of` counts up from 0 without a gap."""
    start = np.searchsorted(of, np.arange(of[-1] + 1))
    top = np.maximum.reduceat(values, start, axis=1)
    raised = np.exp(values - top[:, of])
    total = np.add.reduceat(raised, start, axis=1)
    return top + np.log(total), raised / total[:, of]


def columns(known: Evidence, own: Floats, within: Floats) -> tuple[Floats, Floats]:
    """The head's inputs, (F, FACT_COLUMNS) and (NONE_COLUMNS,), from the learned logits of the question and of it in context (F + 1,)."""
    facts = len(own) - 1
    follows, hanging, short = float(known.last >= 0), float(known.context is not None), float(known.context is not None and known.length <= 2)
    last = np.zeros(facts)
    if known.last >= 0:
        last[known.last] = 1.0
    change = (within - own) * hanging
    return (
        np.column_stack([own[:-1], change[:-1], last, last * hanging, last * short, known.covered]),
        np.array([1.0, own[-1], change[-1], follows, hanging, short]),
    )


def odds(known: Evidence, sheet: Sheet, weights: Fitted) -> Floats:
    """Logits of each fact and, last, of none of them, (F + 1,)."""
    vectors = np.stack([known.vector, known.vector if known.context is None else known.context])
    fact, none = columns(known, *learned(vectors, sheet, weights.metric))
    return np.append(fact @ weights.fact, none @ weights.none)


def hangs(question: str) -> bool:
    """Whether a question is short and leans on what was asked before."""
    return len(content(question)) <= HANGING_WORDS and (_HANGING.search(question) is not None or len(content(question)) <= 2)


def found(whole: Floats, pieces: Sequence[Floats]) -> list[int]:
    """The facts that a message asks for, by position and in order, from the odds of the whole and of its pieces."""
    asked: list[int] = []
    for piece in pieces:
        best = int((piece + whole).argmax())  # "how long" after "can I keep reported mail" is still about the mail
        sure = math.exp(piece[best] - piece.max()) / float(np.exp(piece - piece.max()).sum())
        if best < len(piece) - 1 and best not in asked and sure >= SURE_PIECE and whole[best] >= whole.max() - HELD_BY_WHOLE:
            asked.append(best)
    best = int(whole.argmax())
    if len(asked) > 1:
        return asked
    return [best] if best < len(whole) - 1 else []


def facts(text: str, sheet: Mapping[str, Fact], encoder: TokenEncoder, last: str | None = None) -> tuple[str, ...]:
    """The facts that a message asks for; one empty string where it asks for something that no fact answers.

    `last` is the fact that was asked last before this message.
    """
    whole = " ".join(text.split())
    if not sheet or not whole:
        return ()
    ready, weights = sheet_of(sheet, encoder), fitted()
    pieces = parts(text)
    read = [odds(evidence(p, ready, encoder), ready, weights) for p in pieces] if len(pieces) > 1 else []
    before = ready.ids.index(last) if last in ready.ids else -1
    return tuple(ready.ids[i] for i in found(odds(evidence(whole, ready, encoder, before), ready, weights), read)) or ("",)
