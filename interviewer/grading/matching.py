"""How far an answer's sentences hold what a criterion says, against its near misses and against the question's other criteria.

Token MaxSim is late interaction as in ColBERT (Khattab & Zaharia 2020): each token of a phrasing is matched with its best token of
a sentence, weighted by IDF; words that the question itself uses count less. Soft lexical recall does the same over words, with
character n-grams, so that a typo or another ending still matches. Both are taken a second time with the weight on what sets the
phrasings apart from the near misses, since a wrong claim is made of the right words. Every feature belongs to one sentence alone, so
that what is said elsewhere in the answer, and in which order, does not change it; apart from them, `Match.astray` tells answers to
something else from the rest, and `Match.known` sentences.
"""

import hashlib
import re
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer.domain import Question
from interviewer.files import whole
from interviewer.grading.contrast import SIDES, Contrast, Spread, contrast, meaning_of, parts_of, sides, wording_of
from interviewer.grading.spelling import Speller
from interviewer.ports import Encoded, TokenEncoder, Vectors
from interviewer.sentences import Span

GRAM_DIMENSIONS = 512
QUESTION_DISCOUNT = 0.35
"""Weight of a word that stands in the question: repeating it shows little."""

UNSEEN_IDF = 8.0
SOFT_FLOOR = 0.45
"""Two words whose n-gram cosine is below this share nothing."""

FEATURES = (
    *("maxsim", "lexical", "cosine", "carried", "maxsim_best", "lexical_best", "cosine_best"),
    *("maxsim_statement", "lexical_statement", "cosine_statement", "maxsim_distinct", "lexical_distinct"),
    *("maxsim_miss", "lexical_miss", "cosine_miss", "carried_miss", "maxsim_miss_distinct", "lexical_miss_distinct"),
    *("over_best_other", "over_mean_other", "over_best_miss", "negation", "negation_miss"),
    *("function_words", "length", "dismissal"),
    *(f"meaning_{side}" for side in SIDES),
    *(f"wording_{side}" for side in SIDES),
    *(f"part_{side}" for side in SIDES),
)
"""What is known of one sentence and one criterion: its phrasings; the statement itself; its near misses; the competition; the form
of the sentence, whatever the criterion; on which side of the boundaries to near misses and to other criteria it lies; and, by its meaning,
how far on the right side it or any part of it lies, which is more than the former only for a sentence that makes several points at once."""

RELEVANT = 0.27
"""An answer whose sentences carry some criterion this well on average is about the question; more than that makes no difference."""

AT_ONCE = 16
"""Phrasings that are encoded in one go."""

LONG = 15
"""Words from which a sentence counts as long."""

BEST_PHRASINGS = 3
BEST_MISSES = 2
""""Best" features take one; the others average this many, since one chance likeness says little."""

DISTINCT_FLOOR = 0.02
LEXICAL_DISTINCT_FLOOR = 0.05
"""What a token still weighs that stands in a near miss too."""

WORD = re.compile(r"[a-z0-9]+(?:[-'./][a-z0-9]+)*|[=<>≤≥≈√σλ]")
NEGATION = re.compile(
    r"\b(?:not|no|never|n't|cannot|without|nor|neither|none|nothing|hardly|rarely|avoid|instead of|rather than|fails? to|isn'?t|doesn'?t|don'?t|won'?t|can'?t|shouldn'?t|wouldn'?t|aren'?t|wasn'?t)\b|n't\b",
    re.IGNORECASE,
)
DISMISSAL = re.compile(
    r"\b(?:irrelevant|pointless|needless|unnecessary|superfluous|useless|harmless|no need|not needed|need not|no point|no bearing|nothing to do with|plays? no (?:part|role)|"
    r"does ?n[o']t matter|no matter|regardless|(?:makes? )?no difference|never mind|can be (?:left|skipped|ignored|dropped)|should stay out|is settled|(?:no one|nobody) (?:has|needs)|"
    r"by itself|by construction|automatically|always|identical|the same thing|interchangeable|guarantees?)\b",
    re.IGNORECASE,
)
"""Words with which people wave a matter aside, or claim more than there is."""

LIGHT = frozenset(
    "a an the of to in is are be as and or it its that this for on with by at from so i we you they he she my our your if then than there here will would can could "
    "should do does did has have had was were been being just also very more most some any such into out up about over what which when how where who while".split()
)
SPELLING = (("isation", "ization"), ("ise", "ize"), ("ising", "izing"), ("ised", "ized"), ("our", "or"), ("yse", "yze"), ("ogue", "og"))
SYNONYMS: Mapping[str, str] = {
    "lasso": "l1", "ridge": "l2", "tpr": "recall", "sensitivity": "recall", "rf": "forest", "gbm": "boosting", "gbdt": "boosting", "xgboost": "boosting",
    "lightgbm": "boosting", "catboost": "boosting", "lr": "logistic", "logreg": "logistic", "sgd": "gradient", "nn": "network", "cv": "cross-validation", "val": "validation",
    "prod": "production", "std": "deviation", "params": "parameters", "hparams": "hyperparameters", "auroc": "auc", "roc-auc": "auc", "stdev": "deviation", "regularise": "regularize",
}  # fmt: skip


def word_key(word: str) -> str:
    """A word brought to one spelling: American endings, common abbreviations, no plural s."""
    word = word.lower()
    word = SYNONYMS.get(word, word)
    for british, american in SPELLING:
        if word.endswith(british) and len(word) > len(british) + 2:
            word = word[: -len(british)] + american
            break
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word


def keys(text: str) -> list[str]:
    """The content words of a text, normalised."""
    return [word_key(w) for w in WORD.findall(text.lower().replace("’", "'")) if w not in LIGHT]


@lru_cache(maxsize=8_000)
def _gram(word: str) -> Vectors:
    """The unit hashed character-n-gram vector of a word, (GRAM_DIMENSIONS,)."""
    row = np.zeros(GRAM_DIMENSIONS, dtype=np.float32)
    padded = f"<{word}>"
    for n in (3, 4):
        for j in range(max(1, len(padded) - n + 1)):
            row[zlib.crc32(padded[j : j + n].encode()) % GRAM_DIMENSIONS] += 1.0
    norm = np.linalg.norm(row)
    return np.asarray(row / norm if norm > 0 else row, dtype=np.float32)


def _grams(words: Sequence[str]) -> Vectors:
    """Such vectors of words, (n, GRAM_DIMENSIONS)."""
    return np.stack([_gram(w) for w in words])


class Idf(NamedTuple):
    """Inverse document frequencies of word pieces and of content words, fixed with the calibration."""

    pieces: Mapping[str, float]
    words: Mapping[str, float]


class Statistics(NamedTuple):
    """What is known of texts in general, fixed with the calibration: how rare words are, and how phrasings of one claim differ in meaning and wording."""

    idf: Idf
    meaning: Spread
    wording: Spread


class Point(NamedTuple):
    """One statement to look for: its phrasings (the statement first), and near misses (where nobody gave any: none)."""

    id: str
    phrasings: tuple[str, ...]
    counters: tuple[str, ...] = ()


class Weights(NamedTuple):
    """One kind of unit, tokens or words, of all phrasings of all points, flattened: `bounds[i]:bounds[i+1]` are those of phrasing i."""

    vectors: Vectors
    rows: NDArray[np.intp]
    weights: NDArray[np.float32]
    distinct: NDArray[np.float32]
    bounds: NDArray[np.intp]


class EncodedPoints(NamedTuple):
    """Points ready for matching. Phrasing i belongs to point `owner[i]`; `miss[i]` says that it is a near miss of it.

    `rows` of the units index into `vectors`, which holds each different vector once.
    """

    ids: tuple[str, ...]
    owner: NDArray[np.intp]
    miss: NDArray[np.bool_]
    tokens: Weights
    words: Weights
    means: Vectors
    negated: NDArray[np.bool_]
    meaning: Contrast
    wording: Contrast


class EncodedAnswer(NamedTuple):
    """An answer ready for matching: everything flattened, with the first row of each sentence in `starts`/`word_starts`.

    `weights` (tokens,) are the tokens' inverse document frequencies, 0 for those that say nothing; `meaning` and `wording` (sentences, …)
    are the vectors that discriminants are taken of; so are `parts` (parts, …), of which part i belongs to sentence `part_of[i]`.
    """

    spans: tuple[Span, ...]
    tokens: Vectors
    starts: NDArray[np.intp]
    grams: Vectors
    word_starts: NDArray[np.intp]
    means: Vectors
    negated: NDArray[np.bool_]
    form: Vectors
    weights: NDArray[np.float32]
    meaning: Vectors
    wording: Vectors
    parts: Vectors
    part_of: NDArray[np.intp]


def speller_of(encoder: TokenEncoder, idf: Idf) -> Speller:
    """Knows the encoder's whole words and the guide's."""
    return Speller(encoder.knows, lambda word: word_key(word) in idf.words)


def points_of(question: Question) -> tuple[Point, ...]:
    """The criteria of a question as points."""
    return tuple(Point(c.id, (c.statement, *c.examples), c.counter_examples) for c in question.criteria)


def tokens_of(encoded: Encoded) -> Vectors:
    """A text's token vectors, at least one: its mean where it has nothing but invisible characters."""
    return encoded.tokens if len(encoded.tokens) else encoded.mean[None, :]


def encode_answer(spans: Sequence[Span], encoder: TokenEncoder, speller: Speller, statistics: Statistics) -> EncodedAnswer:
    """Encodes the sentences of an answer, their typing errors set right. Needs at least one sentence."""
    texts = [speller.mended(s.text) for s in spans]
    encoded = encoder.encode(texts)
    words = [keys(t) or ["·"] for t in texts]
    tokens = [tokens_of(e) for e in encoded]
    meaning = np.stack([meaning_of(t) for t in tokens])
    parts = [(n, meaning_of(e.tokens[part])) for n, e in enumerate(encoded) for part in parts_of(e.pieces)]
    return EncodedAnswer(
        spans=tuple(spans),
        tokens=np.concatenate(tokens),
        starts=np.cumsum([0, *[len(t) for t in tokens[:-1]]]),
        grams=_grams([w for group in words for w in group]),
        word_starts=np.cumsum([0, *[len(g) for g in words[:-1]]]),
        means=np.stack([e.mean for e in encoded]),
        negated=np.array([NEGATION.search(t) is not None for t in texts]),
        form=np.array([_form(t) for t in texts], dtype=np.float32),
        weights=np.concatenate([_telling(e.pieces, statistics.idf) for e in encoded]),
        meaning=meaning,
        wording=np.stack([wording(t, own, statistics.idf) for t, own in zip(texts, words, strict=True)]),
        parts=np.array([vector for _, vector in parts], dtype=np.float32).reshape(-1, meaning.shape[1]),
        part_of=np.array([n for n, _ in parts], dtype=np.intp),
    )


def wording(text: str, own: Sequence[str], idf: Idf) -> Vectors:
    """The vector of a text's words (`contrast.wording_of`); its `own` content words, at least one, weigh as much as they are rare."""
    return wording_of(text, _grams(own), [idf.words.get(w, UNSEEN_IDF) / UNSEEN_IDF for w in own])


def _telling(pieces: Sequence[str], idf: Idf) -> NDArray[np.float32]:
    """What each word piece of a sentence weighs: nothing where it says nothing, unless all do."""
    weights = np.array([idf.pieces.get(p, UNSEEN_IDF) if p.strip("#").isalnum() and p not in LIGHT else 0.0 for p in pieces], dtype=np.float32)
    return weights if weights.any() else np.ones(max(1, len(pieces)), dtype=np.float32)


def _form(sentence: str) -> tuple[float, float, float]:
    """The share of function words (a list of terms has none), the length up to `LONG`, and whether something is waved aside."""
    found = WORD.findall(sentence.lower().replace("’", "'"))
    amount = len(found) or 1
    return sum(w in LIGHT for w in found) / amount, min(amount, LONG) / LONG, float(DISMISSAL.search(sentence) is not None)


class PhrasingStore:
    """Encodes the phrasings and near misses of points once and keeps them, where it can be written, in a folder, by content."""

    def __init__(self, encoder: TokenEncoder, folder: Path | None = None) -> None:
        self._encoder = encoder
        self._folder = folder

    def key(self, points: Sequence[Point], question: str) -> str:
        """What the points of this question's prompt are kept under."""
        return hashlib.sha256(repr((self._encoder.identity, tuple(points), question)).encode()).hexdigest()[:32]

    def vectors(self, points: Sequence[Point], question: str) -> dict[str, Encoded]:
        """Word pieces, token vectors and mean of each text, from the folder or freshly encoded; always rounded to float16."""
        key, texts = self.key(points, question), list(dict.fromkeys(t for p in points for t in (*p.phrasings, *p.counters)))
        path = self._folder / f"{key}.npz" if self._folder else None
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as data:
                    sizes, pieces = data["sizes"], data["pieces"]
                    ends = np.cumsum(sizes)
                    if len(sizes) == len(texts) == len(data["means"]) and ends[-1] == len(pieces) == len(data["tokens"]):
                        return {
                            t: Encoded(tuple(pieces[e - n : e]), data_tokens, mean)
                            for t, n, e, data_tokens, mean in zip(
                                texts, sizes, ends, np.split(data["tokens"].astype(np.float32), ends[:-1]), data["means"].astype(np.float32), strict=True
                            )
                        }
            except (OSError, ValueError, LookupError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
                pass  # a half-written or damaged file is made again below
        # A few at a time, so that the sentences of an answer that comes meanwhile need not wait for all of them.
        encoded = [e for i in range(0, len(texts), AT_ONCE) for e in self._encoder.encode(texts[i : i + AT_ONCE])]
        tokens = [e.tokens.astype(np.float16) for e in encoded]
        means = [e.mean.astype(np.float16) for e in encoded]
        if path is not None:
            _write(
                path,
                sizes=np.array([len(t) for t in tokens]),
                pieces=np.array([p for e in encoded for p in e.pieces]),
                tokens=np.concatenate(tokens),
                means=np.stack(means),
            )
        return {t: Encoded(e.pieces, k.astype(np.float32), m.astype(np.float32)) for t, e, k, m in zip(texts, encoded, tokens, means, strict=True)}


class PointEncoder:
    """Makes points ready for matching, and keeps so many of them in memory."""

    def __init__(self, encoder: TokenEncoder, statistics: Statistics, folder: Path | None = None, kept: int = 40) -> None:
        self._encoder = encoder
        self._statistics = statistics
        self._store = PhrasingStore(encoder, folder)
        self._kept = kept
        self._memory: OrderedDict[str, EncodedPoints] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}

    def encode(self, points: Sequence[Point], question: str) -> EncodedPoints:
        """The points, encoded for this question's prompt."""
        key = self._store.key(points, question)
        known = self._known(key)
        if known is not None:
            return known
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:  # whoever comes while another makes the same waits for it
            return self._known(key) or self._encoded(key, points, question)

    def _known(self, key: str) -> EncodedPoints | None:
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
            return self._memory.get(key)

    def _encoded(self, key: str, points: Sequence[Point], question: str) -> EncodedPoints:
        vectors = self._store.vectors(points, question)
        asked_pieces = set(self._encoder.encode([question])[0].pieces) if question else set()
        asked_words = set(keys(question))
        encoded = self._flatten(points, vectors, asked_pieces, asked_words)
        with self._lock:
            self._memory[key] = encoded
            while len(self._memory) > self._kept:
                self._memory.popitem(last=False)
            self._making.pop(key, None)
        return encoded

    def _flatten(self, points: Sequence[Point], vectors: Mapping[str, Encoded], asked_pieces: set[str], asked_words: set[str]) -> EncodedPoints:
        tokens: list[Vectors] = []
        token_weights: list[float] = []
        words: list[str] = []
        word_weights: list[float] = []
        bounds, word_bounds, owner, miss, texts, meanings, spoken = [0], [0], [], [], [], [], []
        for n, point in enumerate(points):
            for text, near in [*((t, False) for t in point.phrasings), *((t, True) for t in point.counters)]:
                pieces, matrix, mean = vectors[text]
                meanings.append(meaning_of(tokens_of(vectors[text])))
                if not pieces:  # nothing but invisible characters
                    pieces, matrix = ("·",), mean[None, :]
                keep = [i for i, p in enumerate(pieces) if p.strip("#").isalnum() and p not in LIGHT] or list(range(len(pieces)))
                tokens.append(matrix[keep])
                token_weights += [self._weight(pieces[i], self._statistics.idf.pieces, asked_pieces) for i in keep]
                own = keys(text) or ["·"]
                words += own
                spoken.append(wording(text, own, self._statistics.idf))
                word_weights += [self._weight(w, self._statistics.idf.words, asked_words) for w in own]
                bounds.append(bounds[-1] + len(keep))
                word_bounds.append(word_bounds[-1] + len(own))
                owner.append(n)
                miss.append(near)
                texts.append(text)
        vocabulary = {w: i for i, w in enumerate(dict.fromkeys(words))}
        rows = np.array([vocabulary[w] for w in words])
        matrix, grams = np.concatenate(tokens), _grams(list(vocabulary))
        owners, misses = np.array(owner), np.array(miss)
        weights, lexical = np.asarray(token_weights, dtype=np.float32), np.asarray(word_weights, dtype=np.float32)
        apart = _apart(matrix, np.repeat(owners, np.diff(bounds)), np.repeat(misses, np.diff(bounds)))
        lexical_apart = _apart(grams[rows], np.repeat(owners, np.diff(word_bounds)), np.repeat(misses, np.diff(word_bounds)))
        return EncodedPoints(
            ids=tuple(p.id for p in points),
            owner=owners,
            miss=misses,
            tokens=Weights(matrix, np.arange(len(matrix)), weights, weights * np.maximum(apart, DISTINCT_FLOOR), np.asarray(bounds)),
            words=Weights(grams, rows, lexical, lexical * np.maximum(lexical_apart, LEXICAL_DISTINCT_FLOOR), np.asarray(word_bounds)),
            means=np.stack([vectors[t][2] for t in texts]),
            negated=np.array([NEGATION.search(t) is not None for t in texts]),
            meaning=contrast(np.stack(meanings), owners, misses, self._statistics.meaning),
            wording=contrast(np.stack(spoken), owners, misses, self._statistics.wording),
        )

    @staticmethod
    def _weight(unit: str, idf: Mapping[str, float], asked: Iterable[str]) -> float:
        return idf.get(unit, UNSEEN_IDF) * (QUESTION_DISCOUNT if unit in asked else 1.0)


def _write(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Writes an npz whole or not at all; a folder that cannot be written to is left alone."""
    try:
        with whole(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    except OSError:
        return


def _apart(vectors: Vectors, owner: NDArray[np.intp], miss: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How unlike each unit of a phrasing is to every unit of its point's near misses, and the other way round: 0..1."""
    apart = np.ones(len(vectors), dtype=np.float32)
    for n in range(int(owner[-1]) + 1):
        right, wrong = np.flatnonzero((owner == n) & ~miss), np.flatnonzero((owner == n) & miss)
        if len(wrong):
            alike = vectors[right] @ vectors[wrong].T
            apart[right] = 1.0 - alike.max(axis=1)
            apart[wrong] = 1.0 - alike.max(axis=0)
    return np.clip(apart, 0.0, 1.0)


class Match(NamedTuple):
    """Points against an answer: `features` (points, sentences, len(FEATURES)), `carried` (points, sentences).

    `whole` (points, 2) is the MaxSim and the lexical recall of the statement over the answer as a whole. `astray` is 0 for an answer that
    is about the question, and at most `RELEVANT` for one that is about something else. `known` (sentences,) is how much of a sentence the
    points hold: the MaxSim the other way round, of its tokens over those of all phrasings and near misses, `texts` in number.
    `means` (sentences, d) are its vectors.
    """

    features: NDArray[np.float32]
    carried: NDArray[np.float32]
    whole: NDArray[np.float32]
    astray: float
    known: NDArray[np.float32]
    means: Vectors
    texts: int


def _held(similarity: Vectors, starts: NDArray[np.intp], units: Weights) -> tuple[Vectors, Vectors, Vectors]:
    """Per phrasing and sentence the weighted mean of the best matches, the same with distinct weights; and the best matches themselves."""
    best = np.maximum.reduceat(similarity, starts, axis=1)[units.rows]
    at = units.bounds[:-1]
    plain = np.add.reduceat(best * units.weights[:, None], at, axis=0) / np.add.reduceat(units.weights, at)[:, None]
    distinct = np.add.reduceat(best * units.distinct[:, None], at, axis=0) / np.add.reduceat(units.distinct, at)[:, None]
    return np.asarray(plain, dtype=np.float32), np.asarray(distinct, dtype=np.float32), best


def _top(values: Vectors, most: int) -> Vectors:
    """The mean of the largest values along the first axis."""
    return np.asarray(np.sort(values, axis=0)[-most:].mean(axis=0), dtype=np.float32)


def match(points: EncodedPoints, answer: EncodedAnswer) -> Match:
    """Matches points with the sentences of an answer (at least one)."""
    words = points.words.vectors @ answer.grams.T
    words = np.where(words > SOFT_FLOOR, words, 0.0)
    alike = points.tokens.vectors @ answer.tokens.T
    maxsim, maxsim_distinct, token_best = _held(alike, answer.starts, points.tokens)
    known = np.add.reduceat(alike.max(axis=0) * answer.weights, answer.starts) / np.add.reduceat(answer.weights, answer.starts)
    lexical, lexical_distinct, word_best = _held(words, answer.word_starts, points.words)
    cosine: Vectors = points.means @ answer.means.T
    carried = (maxsim + lexical + cosine) / 3.0
    amount = len(points.ids)
    features = np.zeros((amount, len(answer.spans), len(FEATURES)), dtype=np.float32)
    whole = np.zeros((amount, 2), dtype=np.float32)
    column = {name: i for i, name in enumerate(FEATURES)}
    for n in range(amount):
        right, wrong = np.flatnonzero((points.owner == n) & ~points.miss), np.flatnonzero((points.owner == n) & points.miss)
        statement = right[0]
        for name, values, distinct in (
            ("maxsim", maxsim, maxsim_distinct),
            ("lexical", lexical, lexical_distinct),
            ("cosine", cosine, None),
            ("carried", carried, None),
        ):
            features[n, :, column[name]] = _top(values[right], BEST_PHRASINGS)
            if name != "carried":
                features[n, :, column[f"{name}_best"]] = values[right].max(axis=0)
                features[n, :, column[f"{name}_statement"]] = values[statement]
            if distinct is not None:
                features[n, :, column[f"{name}_distinct"]] = _top(distinct[right], BEST_PHRASINGS)
            if len(wrong):
                features[n, :, column[f"{name}_miss"]] = _top(values[wrong], BEST_MISSES)
                if distinct is not None:
                    features[n, :, column[f"{name}_miss_distinct"]] = _top(distinct[wrong], BEST_MISSES)
        features[n, :, column["negation"]] = _unlike(carried[right], points.negated[right], answer.negated, BEST_PHRASINGS)
        if len(wrong):
            features[n, :, column["negation_miss"]] = _unlike(carried[wrong], points.negated[wrong], answer.negated, BEST_MISSES)
        for k, (units, best) in enumerate(((points.tokens, token_best), (points.words, word_best))):
            rows = slice(units.bounds[statement], units.bounds[statement + 1])
            whole[n, k] = (best[rows].max(axis=1) * units.weights[rows]).sum() / units.weights[rows].sum()
    own, misses = features[:, :, column["carried"]], features[:, :, column["carried_miss"]]
    for n in range(amount):
        others = np.delete(own, n, axis=0)
        if len(others):
            features[n, :, column["over_best_other"]] = own[n] - others.max(axis=0)
            features[n, :, column["over_mean_other"]] = own[n] - others.mean(axis=0)
    features[:, :, column["over_best_miss"]] = own - misses.max(axis=0)
    features[:, :, column["function_words"] : column["dismissal"] + 1] = answer.form
    meaning = sides(points.meaning, answer.meaning)
    of_parts = meaning.copy()
    if len(answer.parts):
        np.maximum.at(of_parts.transpose(1, 0, 2), answer.part_of, sides(points.meaning, answer.parts).transpose(1, 0, 2))
    features[:, :, -3 * len(SIDES) :] = np.concatenate([meaning, sides(points.wording, answer.wording), of_parts], axis=2)
    return Match(features, own, whole, max(0.0, RELEVANT - float(own.max(axis=0).mean())), known.astype(np.float32), answer.means, len(points.owner))


def _unlike(carried: Vectors, negated: NDArray[np.bool_], said: NDArray[np.bool_], most: int) -> Vectors:
    """The share of the nearest phrasings that are negated where the sentence is not, or the other way round."""
    nearest = np.argsort(-carried, axis=0, kind="stable")[:most]
    return np.asarray((negated[nearest] != said[None, :]).mean(axis=0), dtype=np.float32)
