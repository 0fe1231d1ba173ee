"""How far an answer's sentences hold what a criterion says: token MaxSim, soft lexical recall, sentence cosine, contrast.

Token MaxSim is late interaction as in ColBERT (Khattab & Zaharia 2020): each token of a phrasing is matched with its best token of
the answer, weighted by IDF; words that the question itself uses count less. Soft lexical recall does the same over words, with
character n-grams, so that a typo or another ending still matches.
"""

import hashlib
import os
import re
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer.domain import Question
from interviewer.ports import TokenEncoder, Vectors
from interviewer.sentences import Span

GRAM_DIMENSIONS = 512
QUESTION_DISCOUNT = 0.35
"""Weight of a word that stands in the question: repeating it shows little."""

UNSEEN_IDF = 8.0
SOFT_FLOOR = 0.45
"""Two words whose n-gram cosine is below this share nothing."""

FEATURES = ("maxsim", "lexical", "cosine", "sentence", "contrast", "negation")

WORD = re.compile(r"[a-z0-9]+(?:[-'./][a-z0-9]+)*|[=<>≤≥≈√σλ]")
NEGATION = re.compile(
    r"\b(?:not|no|never|n't|cannot|without|nor|neither|none|nothing|hardly|rarely|avoid|instead of|rather than|fails? to|isn'?t|doesn'?t|don'?t|won'?t|can'?t|shouldn'?t|wouldn'?t|aren'?t|wasn'?t)\b|n't\b",
    re.IGNORECASE,
)
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


def _grams(words: Sequence[str]) -> Vectors:
    """Unit hashed character-n-gram vectors of words, (n, GRAM_DIMENSIONS)."""
    rows = np.zeros((len(words), GRAM_DIMENSIONS), dtype=np.float32)
    for i, word in enumerate(words):
        padded = f"<{word}>"
        for n in (3, 4):
            for j in range(max(1, len(padded) - n + 1)):
                rows[i, zlib.crc32(padded[j : j + n].encode()) % GRAM_DIMENSIONS] += 1.0
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0), dtype=np.float32)


class Idf(NamedTuple):
    """Inverse document frequencies of word pieces and of content words, fixed with the calibration."""

    pieces: Mapping[str, float]
    words: Mapping[str, float]


class Point(NamedTuple):
    """One statement to look for: its phrasings (the statement first), and near misses."""

    id: str
    phrasings: tuple[str, ...]
    counters: tuple[str, ...] = ()


class Phrases(NamedTuple):
    """Encoded phrasings, flattened: `bounds[i]:bounds[i+1]` are the tokens of phrasing i; likewise for words."""

    tokens: Vectors
    token_weights: NDArray[np.float32]
    bounds: NDArray[np.intp]
    grams: Vectors
    word_weights: NDArray[np.float32]
    word_bounds: NDArray[np.intp]
    means: Vectors
    negated: NDArray[np.bool_]


class EncodedPoint(NamedTuple):
    """A point ready for matching. `counters` is None where there is no near miss."""

    id: str
    phrases: Phrases
    counters: Vectors


class EncodedAnswer(NamedTuple):
    """An answer ready for matching: everything flattened, with the first row of each sentence in `starts`/`word_starts`."""

    spans: tuple[Span, ...]
    tokens: Vectors
    starts: NDArray[np.intp]
    grams: Vectors
    word_starts: NDArray[np.intp]
    means: Vectors
    negated: NDArray[np.bool_]


def points_of(question: Question) -> tuple[Point, ...]:
    """The criteria of a question as points."""
    return tuple(Point(c.id, (c.statement, *c.examples), c.counter_examples) for c in question.criteria)


def encode_answer(spans: Sequence[Span], encoder: TokenEncoder) -> EncodedAnswer:
    """Encodes the sentences of an answer. Needs at least one sentence."""
    encoded = encoder.encode([s.text for s in spans])
    words = [keys(s.text) or ["·"] for s in spans]
    tokens = [e.tokens if len(e.tokens) else e.mean[None, :] for e in encoded]
    return EncodedAnswer(
        spans=tuple(spans),
        tokens=np.concatenate(tokens),
        starts=np.cumsum([0, *[len(t) for t in tokens[:-1]]]),
        grams=_grams([w for group in words for w in group]),
        word_starts=np.cumsum([0, *[len(g) for g in words[:-1]]]),
        means=np.stack([e.mean for e in encoded]),
        negated=np.array([NEGATION.search(s.text) is not None for s in spans]),
    )


class PointEncoder:
    """Encodes points once and keeps them, in memory and, where it can be written, in a folder, by content."""

    def __init__(self, encoder: TokenEncoder, idf: Idf, folder: Path | None = None, kept: int = 128) -> None:
        self._encoder = encoder
        self._idf = idf
        self._folder = folder
        self._kept = kept
        self._memory: OrderedDict[str, tuple[EncodedPoint, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, points: Sequence[Point], question: str) -> tuple[EncodedPoint, ...]:
        """The points, encoded for this question's prompt."""
        key = hashlib.sha256(repr((self._encoder.identity, tuple(points), question)).encode()).hexdigest()[:32]
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        texts = list(dict.fromkeys(t for p in points for t in (*p.phrasings, *p.counters)))
        vectors = self._stored(key, texts)
        asked_pieces = set(self._encoder.encode([question])[0].pieces) if question else set()
        asked_words = set(keys(question))
        encoded = tuple(
            EncodedPoint(
                p.id,
                self._phrases(p.phrasings, vectors, asked_pieces, asked_words),
                np.stack([vectors[c][2] for c in p.counters]) if p.counters else np.zeros((0, 1), dtype=np.float32),
            )
            for p in points
        )
        with self._lock:
            self._memory[key] = encoded
            while len(self._memory) > self._kept:
                self._memory.popitem(last=False)
        return encoded

    def _stored(self, key: str, texts: Sequence[str]) -> dict[str, tuple[tuple[str, ...], Vectors, Vectors]]:
        """Word pieces, token vectors and mean of each text, from the folder or freshly encoded; always rounded to float16."""
        path = self._folder / f"{key}.npz" if self._folder else None
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as data:
                    sizes, pieces = data["sizes"], data["pieces"]
                    ends = np.cumsum(sizes)
                    if len(sizes) == len(texts) == len(data["means"]) and ends[-1] == len(pieces) == len(data["tokens"]):
                        return {
                            t: (tuple(pieces[e - n : e]), data_tokens, mean)
                            for t, n, e, data_tokens, mean in zip(
                                texts, sizes, ends, np.split(data["tokens"].astype(np.float32), ends[:-1]), data["means"].astype(np.float32), strict=True
                            )
                        }
            except (OSError, ValueError, LookupError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
                pass  # a half-written or damaged file is made again below
        encoded = self._encoder.encode(texts)
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
        return {t: (e.pieces, k.astype(np.float32), m.astype(np.float32)) for t, e, k, m in zip(texts, encoded, tokens, means, strict=True)}

    def _phrases(
        self, texts: Sequence[str], vectors: Mapping[str, tuple[tuple[str, ...], Vectors, Vectors]], asked_pieces: set[str], asked_words: set[str]
    ) -> Phrases:
        tokens, weights, words, word_weights = [], [], [], []
        bounds, word_bounds = [0], [0]
        for text in texts:
            pieces, matrix, mean = vectors[text]
            if not pieces:  # nothing but invisible characters
                pieces, matrix = ("·",), mean[None, :]
            keep = [i for i, p in enumerate(pieces) if p.strip("#").isalnum() and p not in LIGHT] or list(range(len(pieces)))
            tokens.append(matrix[keep])
            weights += [self._weight(pieces[i], self._idf.pieces, asked_pieces) for i in keep]
            bounds.append(bounds[-1] + len(keep))
            own = keys(text) or ["·"]
            words += own
            word_weights += [self._weight(w, self._idf.words, asked_words) for w in own]
            word_bounds.append(word_bounds[-1] + len(own))
        return Phrases(
            tokens=np.concatenate(tokens),
            token_weights=np.asarray(weights, dtype=np.float32),
            bounds=np.asarray(bounds),
            grams=_grams(words),
            word_weights=np.asarray(word_weights, dtype=np.float32),
            word_bounds=np.asarray(word_bounds),
            means=np.stack([vectors[t][2] for t in texts]),
            negated=np.array([NEGATION.search(t) is not None for t in texts]),
        )

    @staticmethod
    def _weight(unit: str, idf: Mapping[str, float], asked: Iterable[str]) -> float:
        return idf.get(unit, UNSEEN_IDF) * (QUESTION_DISCOUNT if unit in asked else 1.0)


def _write(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Writes an npz whole or not at all; a folder that cannot be written to is left alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(name, path)
    except OSError:
        return


def _recall(similarity: Vectors, starts: NDArray[np.intp], weights: NDArray[np.float32], bounds: NDArray[np.intp]) -> Vectors:
    """Weighted mean of each phrasing's best matches, per sentence: (phrasings, sentences)."""
    best = np.maximum.reduceat(similarity, starts, axis=1)
    mass = np.add.reduceat(best * weights[:, None], bounds[:-1], axis=0)
    return np.asarray(mass / np.add.reduceat(weights, bounds[:-1])[:, None], dtype=np.float32)


def _whole(similarity: Vectors, weights: NDArray[np.float32], bounds: NDArray[np.intp]) -> NDArray[np.float32]:
    """Weighted mean of each phrasing's best matches over the whole answer: (phrasings,)."""
    mass = np.add.reduceat(similarity.max(axis=1) * weights, bounds[:-1])
    return np.asarray(mass / np.add.reduceat(weights, bounds[:-1]), dtype=np.float32)


class Match(NamedTuple):
    """A point against an answer: the features, and how well each sentence carries it."""

    features: NDArray[np.float32]
    by_sentence: NDArray[np.float32]


def match(point: EncodedPoint, answer: EncodedAnswer, allowed: NDArray[np.bool_]) -> Match:
    """Matches a point with the allowed sentences (at least one) of an answer."""
    p = point.phrases
    token_mask = np.repeat(allowed, np.diff([*answer.starts, len(answer.tokens)]))
    word_mask = np.repeat(allowed, np.diff([*answer.word_starts, len(answer.grams)]))
    tokens = np.where(token_mask[None, :], p.tokens @ answer.tokens.T, 0.0)
    words = p.grams @ answer.grams.T
    words = np.where(word_mask[None, :] & (words > SOFT_FLOOR), words, 0.0)
    maxsim = _recall(tokens, answer.starts, p.token_weights, p.bounds)
    lexical = _recall(words, answer.word_starts, p.word_weights, p.word_bounds)
    cosine = np.where(allowed[None, :], p.means @ answer.means.T, -1.0)
    carried = (maxsim + lexical + cosine) / 3.0
    phrasing, sentence = np.unravel_index(int(carried.argmax()), carried.shape)
    near = float(np.max(point.counters @ answer.means[sentence])) if len(point.counters) else float(cosine.max()) - 0.1
    features = (
        float(_whole(tokens, p.token_weights, p.bounds).mean()),
        float(_whole(words, p.word_weights, p.word_bounds).mean()),
        float(cosine.max()),
        float(np.sort(carried.max(axis=1))[-2:].mean()),
        float(cosine[:, sentence].max()) - near,
        -float(bool(p.negated[phrasing]) != bool(answer.negated[sentence])),
    )
    return Match(np.asarray(features, dtype=np.float32), np.asarray(np.sort(carried, axis=0)[-2:].mean(axis=0), dtype=np.float32))
