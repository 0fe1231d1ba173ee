"""Linear discriminants between what a criterion's phrasings say, its near misses, and the question's other criteria.

Fisher's discriminant (Fisher 1936, "The use of multiple measurements in taxonomic problems") between the mean of the phrasings and the
mean of what they are told from, with one covariance for all, that of phrasings, or near misses, of one criterion. It is shrunk towards a
multiple of the identity (Friedman 1989, "Regularized discriminant analysis"), since a mean of a dozen texts is itself uncertain, most of
all along directions in which texts hardly vary. Likeness asks how near a
sentence is to the phrasings; this asks on which side of the boundary it lies, along the direction that the near misses themselves name.
"""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer.ports import Vectors

RIDGE = 1.0
"""Of the mean variance, added along every direction."""

HASHED = 512
SIDES = ("own_miss", "others", "any_miss", "any_other")
"""Told from what: the criterion's near misses; the other criteria together; the nearest near miss of any criterion; the nearest other criterion."""

MANY = 30
"""Points from which on the two nearest boundaries count, on average, and not the nearest: a design has eight times as many criteria as a question,
and of so many the nearest is near by chance."""

NARROW = 0.05
"""A width below this is rounding: the two classes are the same, and nothing can be told. Between criteria of the bank it is 3.6 and more."""

BREAKS = frozenset(",;:()—–")
JOINS = frozenset("and but so because while whereas which then since or if".split())
"""Word pieces after which, and before which, another part of a sentence may begin."""

SHORTEST_PART = 5
"""Word pieces of letters or digits that begin a word, which a part has at least; what is shorter belongs to the next, at the end to the one before."""

UNIT = re.compile(r"[a-z0-9]+(?:[-'./][a-z0-9]+)*|[=<>≤≥≈√σλ+*/^-]")


class Spread(NamedTuple):
    """How texts that belong together differ, in vectors of d numbers that were multiplied with `factors` (d,).

    Variances `along` (k,) the orthonormal `axes` (d, k), and `rest` along every other direction.
    """

    factors: NDArray[np.float32]
    axes: NDArray[np.float32]
    along: NDArray[np.float32]
    rest: float

    @property
    def ridge(self) -> float:
        """What is added to every variance."""
        size, kept = self.axes.shape
        return float(RIDGE * (self.along.sum() + (size - kept) * self.rest) / size)

    def whitened(self, vectors: Vectors) -> Vectors:
        """Vectors (n, d) times the inverse of the shrunk covariance."""
        flat = 1.0 / (self.rest + self.ridge)
        return np.asarray(vectors * flat + (vectors @ self.axes * (1.0 / (self.along + self.ridge) - flat)) @ self.axes.T, dtype=np.float32)

    def times_covariance(self, vectors: Vectors) -> Vectors:
        """Vectors (n, d) times the covariance as it is."""
        return np.asarray(vectors * self.rest + (vectors @ self.axes * (self.along - self.rest)) @ self.axes.T, dtype=np.float32)


class Contrast(NamedTuple):
    """The discriminants of n points over 3n classes: the points' phrasings, their near misses, and of each point all others' phrasings.

    A class scores a vector x with `heads` · x + `biases`; `widths` (n, 3n) is how far the difference of two such scores spreads among texts
    that belong together, infinite where there is no such class, or none that differs from the point's own.
    """

    heads: Vectors
    biases: Vectors
    widths: Vectors


def meaning_of(tokens: Vectors) -> Vectors:
    """A text's token vectors (tokens, d) as one vector (5 d,): mean, largest, drift from beginning to end, mean product of neighbours, least.

    The drift and the neighbours tell which word stands where, which a mean cannot.
    """
    amount = len(tokens)
    place = np.arange(amount, dtype=np.float32) / (amount - 1) - 0.5 if amount > 1 else np.zeros(1, dtype=np.float32)
    neighbours = (tokens[:-1] * tokens[1:]).mean(axis=0) if amount > 1 else tokens[0] ** 2
    return np.concatenate([tokens.mean(axis=0), tokens.max(axis=0), place @ tokens / amount, neighbours, tokens.min(axis=0)]).astype(np.float32)


def parts_of(pieces: Sequence[str]) -> list[slice]:
    """The parts of a sentence that may make several points at once, as slices of its word pieces; none where it has only one."""
    ends = [n + (piece in BREAKS) for n, piece in enumerate(pieces) if piece in BREAKS or piece in JOINS]
    parts: list[slice] = []
    start = 0
    for end in (*ends, len(pieces)):
        if sum(p.isalnum() for p in pieces[start:end]) >= SHORTEST_PART:  # the rest of a word begins with ##
            parts.append(slice(start, end))
            start = end
    if parts and start < len(pieces):
        parts[-1] = slice(parts[-1].start, len(pieces))
    return parts if len(parts) > 1 else []


def wording_of(text: str, grams: Vectors, weights: Sequence[float]) -> Vectors:
    """A text's words as one vector: its content words' n-grams (words, g), weighted, and all its words and pairs of neighbours, hashed with a sign.

    Weinberger et al. 2009, "Feature hashing for large scale multitask learning", sec. 2.
    """
    own = np.asarray(weights, dtype=np.float32) @ grams / np.sqrt(len(grams))
    units = UNIT.findall(text.lower().replace("’", "'")) or ["·"]
    hashed = np.zeros((2, HASHED), dtype=np.float32)
    for part, names in enumerate(([f"u{u}" for u in units], [f"{a} {b}" for a, b in pairwise(units)])):
        for name in names:
            value = zlib.crc32(name.encode())
            hashed[part, value % HASHED] += 1.0 if value >> 20 & 1 else -1.0
    return np.concatenate([own, hashed.ravel() / np.sqrt(len(units))]).astype(np.float32)


def contrast(vectors: Vectors, owner: NDArray[np.intp], miss: NDArray[np.bool_], spread: Spread) -> Contrast:
    """The discriminants of points, from the vectors (texts, d) of their phrasings and near misses and whose each is."""
    scaled = vectors * spread.factors
    amount = int(owner[-1]) + 1
    of = [*((owner == n) & ~miss for n in range(amount)), *((owner == n) & miss for n in range(amount)), *((owner != n) & ~miss for n in range(amount))]
    there = np.array([bool(texts.any()) for texts in of])
    means = np.stack([scaled[texts].mean(axis=0) if texts.any() else np.zeros(scaled.shape[1], dtype=np.float32) for texts in of])
    heads = spread.whitened(means)
    shared = heads @ spread.times_covariance(heads).T
    variances = np.diag(shared)
    widths = np.sqrt(np.maximum(variances[:amount, None] + variances[None, :] - 2.0 * shared[:amount], 0.0))
    widths[:, ~there] = np.inf
    widths[widths < NARROW] = np.inf
    return Contrast(heads * spread.factors, -0.5 * (means * heads).sum(axis=1), widths)


def _nearest(away: Vectors) -> Vectors:
    """The smallest along the last axis of (sentences, points, points), or of many points the mean of the two smallest."""
    amount = 2 if away.shape[2] >= MANY else 1
    return np.asarray(np.partition(away, amount - 1, axis=2)[:, :, :amount].mean(axis=2))


def sides(points: Contrast, vectors: Vectors) -> Vectors:
    """On which side of each boundary sentences (sentences, d) lie, and how far: (points, sentences, len(SIDES)); 0 where there is nothing to tell from."""
    scores = vectors @ points.heads.T + points.biases
    amount = len(points.widths)
    own = np.arange(amount)
    away = (scores[:, :amount, None] - scores[:, None, :]) / points.widths
    nearest = np.where(np.isinf(points.widths), np.inf, away)
    any_miss, any_other = (_nearest(nearest[:, :, which]) for which in (slice(amount, 2 * amount), slice(amount)))
    found = np.stack([away[:, own, amount + own], away[:, own, 2 * amount + own], any_miss, any_other], axis=2)
    return np.where(np.isinf(found), 0.0, found).transpose(1, 0, 2).astype(np.float32)
