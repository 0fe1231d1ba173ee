"""Fits the offline grader's calibration and prints its agreement with the labels, leaving whole questions out.

    python -m bench.fit_grader.py            # evaluate only
    python -m bench.fit_grader.py --write    # also write interviewer/grading/calibration.npz

The labels are the exemplars of the bank. Weights are bounded at zero from below: more evidence never lowers a probability.
"""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import pearsonr
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GroupKFold

from interviewer import packs, scoring, sentences
from interviewer.domain import Kind, Question, VerdictValue
from interviewer.embedding import BundledEmbedder
from interviewer.grading import matching, offline
from interviewer.grading.matching import Idf, Point

ROOT = Path(__file__).resolve().parent.parent
RIDGE = 0.5
FOLDS = 10
LEVELS = [VerdictValue.UNMET, VerdictValue.PARTIAL, VerdictValue.MET]


def idf_tables(texts: Sequence[str], embedder: BundledEmbedder) -> Idf:
    """log((N + 1) / (df + 1)) + 1 over texts, for word pieces and for content words seen at least twice."""

    def table(documents: list[set[str]]) -> dict[str, float]:
        counts = Counter(unit for d in documents for unit in d)
        return {u: round(log((len(documents) + 1) / (n + 1)) + 1, 4) for u, n in sorted(counts.items()) if n >= 2}

    pieces = [set(e.pieces) for e in embedder.encode(texts)]
    return Idf(table(pieces), table([set(matching.keys(t)) for t in texts]))


def corpus(bank: packs.Bank) -> list[str]:
    """Paragraphs of the guide and exemplars."""
    paragraphs = [p for s in bank.sections.values() for p in re.split(r"\n\n+", s.text) if len(p) > 40]
    return paragraphs + [e.text for q in bank.questions.values() for e in q.exemplars]


def rows_of(
    questions: Sequence[Question], embedder: BundledEmbedder, idf: Idf, bare: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[str, int, str]]]:
    """Features (n, f), labels 0..2, is-mistake, and (question, exemplar, criterion) of every labelled verdict."""
    encoder = matching.PointEncoder(embedder, idf)
    x, y, anti, who = [], [], [], []
    for q in questions:
        points = tuple(Point(c.id, (c.statement,)) for c in q.criteria) if bare else matching.points_of(q)
        encoded = encoder.encode(points, q.prompt)
        for n, exemplar in enumerate(q.exemplars):
            words, _ = offline.collect((offline.plain_turn(exemplar.text),), (q.prompt, q.rephrase))
            answer = matching.encode_answer(words.spans or sentences.split(exemplar.text), embedder)
            for c, point in zip(q.criteria, encoded, strict=True):
                x.append(matching.match(point, answer, np.ones(len(answer.spans), dtype=bool)).features)
                y.append(LEVELS.index(VerdictValue(exemplar.verdicts[c.id])))
                anti.append(c.kind is Kind.ANTI)
                who.append((q.id, n, c.id))
    return np.stack(x).astype(float), np.array(y), np.array(anti), who


def logistic(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Weights ≥ 0 and a bias, ridge-penalised on standardised features; returned for raw features."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / scale

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        s = z @ w[:-1] + w[-1]
        p = 1 / (1 + np.exp(-s))
        value = np.logaddexp(0, s).sum() - (t * s).sum() + RIDGE * (w[:-1] ** 2).sum()
        return value, np.append(z.T @ (p - t) + 2 * RIDGE * w[:-1], (p - t).sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    w = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    raw = w[:-1] / scale
    return np.append(raw, w[-1] - raw @ mean)


def fit(x: np.ndarray, y: np.ndarray) -> offline.Head:
    """Both steps, and the cuts that give the best weighted kappa on the same rows."""
    steps = np.stack([logistic(x, (y >= 1).astype(float)), logistic(x, (y >= 2).astype(float))])
    p = 1 / (1 + np.exp(-(x @ steps[:, :-1].T + steps[:, -1])))
    best = (-1.0, np.array([0.5, 0.5]))
    for low in np.arange(0.3, 0.75, 0.05):
        for high in np.arange(0.3, 0.75, 0.05):
            read = np.where(np.minimum(p[:, 1], p[:, 0]) >= high, 2, np.where(p[:, 0] >= low, 1, 0))
            kappa = cohen_kappa_score(y, read, weights="linear")
            if kappa > best[0]:
                best = kappa, np.array([low, high])
    return offline.Head(steps[:, :-1], steps[:, -1], best[1])


def predict(x: np.ndarray, head: offline.Head) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Verdict levels, confidences and degrees."""
    readings = [offline.read(matching.Match(row, np.zeros(1)), head) for row in x]
    return (np.array([LEVELS.index(r.value) for r in readings]), np.array([r.confidence for r in readings]), np.array([r.degree for r in readings]))


def fit_all(x: np.ndarray, y: np.ndarray, anti: np.ndarray) -> tuple[offline.Head, offline.Head]:
    """The head for points and the head for mistakes."""
    return fit(x[~anti], y[~anti]), fit(x[anti], y[anti])


def main(words: Sequence[str] | None = None) -> None:
    """Evaluates with folds by question, and writes the calibration if asked."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true")
    options = arguments.parse_args(words)
    bank, faults = packs.load([ROOT])
    print(f"{len(bank.questions)} questions, {len(faults)} faults")
    questions = list(bank.questions.values())
    embedder = BundledEmbedder()
    idf = idf_tables(corpus(bank), embedder)
    arrays: dict[str, np.ndarray] = {}
    for name, bare in (("with examples", False), ("statement only", True)):
        x, y, anti, who = rows_of(questions, embedder, idf, bare)
        groups = np.array([w[0] for w in who])
        read, sure = np.zeros(len(y), int), np.zeros(len(y))
        for train, test in GroupKFold(FOLDS).split(x, y, groups):
            for mistakes, head in zip((False, True), fit_all(x[train], y[train], anti[train]), strict=True):
                at = test[anti[test] == mistakes]
                if len(at):
                    read[at], sure[at], _ = predict(x[at], head)
        print(f"\n{name}: {len(y)} verdicts, whole questions left out")
        for label, rows in (("points", ~anti), ("mistakes", anti)):
            kappa = cohen_kappa_score(y[rows], read[rows], weights="linear")
            quadratic = cohen_kappa_score(y[rows], read[rows], weights="quadratic")
            false = ((y[rows] == 0) & (read[rows] == 2)).sum() / max(1, (y[rows] == 0).sum())
            print(
                f"  {label}: n {rows.sum()}, right {(y[rows] == read[rows]).mean():.3f}, kappa linear {kappa:.3f} quadratic {quadratic:.3f}, unmet read as met {false:.3f}"
            )
        report(questions, y, read, who)
        point, mistake = fit_all(x, y, anti)
        heads = {"bare": point} if bare else {"point": point, "mistake": mistake}
        for key, head in heads.items():
            arrays |= {f"{key}_weights": head.weights, f"{key}_biases": head.biases, f"{key}_cuts": head.cuts}
            print(f"  {key}:", dict(zip(matching.FEATURES, head.weights.round(2).T.tolist(), strict=True)), head.biases.round(2), head.cuts.round(2))
    for key, table in (("pieces", idf.pieces), ("words", idf.words)):
        arrays |= {f"{key}_names": np.array(list(table)), f"{key}_values": np.array(list(table.values()), dtype=np.float32)}
    if options.write:
        np.savez_compressed(ROOT / "interviewer" / "grading" / "calibration.npz", **arrays)
        print("\nwrote calibration.npz")


def report(questions: Sequence[Question], y: np.ndarray, read: np.ndarray, who: list[tuple[str, int, str]]) -> None:
    """Score correlation, and how often strong > middling > weak."""
    by_answer: dict[tuple[str, int], list[tuple[str, int, int]]] = {}
    for (q, n, c), label, seen in zip(who, y, read, strict=True):
        by_answer.setdefault((q, n), []).append((c, int(label), int(seen)))
    index = {q.id: q for q in questions}
    scores: dict[tuple[str, int], tuple[float, float]] = {}
    for (q, n), found in by_answer.items():
        pair = []
        for column in (1, 2):
            labels = {row[0]: LEVELS[row[column]] for row in found}
            exemplar = index[q].exemplars[n].model_copy(update={"verdicts": labels})
            question = index[q].model_copy(update={"exemplars": (exemplar,)})
            pair.append(scoring.grade(question, packs.labelled_assessment(question, 0)).score or 0.0)
        scores[q, n] = pair[0], pair[1]
    gold, own = np.array(list(scores.values())).T
    ordered = 0
    for q in questions:
        named = {("weak" if e.band == 1 else "strong" if e.band == 4 else "middling"): scores[q.id, n][1] for n, e in reversed(list(enumerate(q.exemplars)))}
        ordered += named["strong"] > named["middling"] > named["weak"]
    print(
        f"  scores: correlation {pearsonr(gold, own)[0]:.3f}, mean error {np.abs(gold - own).mean():.3f}; strong > middling > weak in {ordered}/{len(questions)}"
    )


if __name__ == "__main__":
    main()
