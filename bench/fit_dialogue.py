"""Fits the dialogue classifier and prints its confusion matrix, with folds by phrasing family.

    python bench/fit_dialogue.py            # evaluate only
    python bench/fit_dialogue.py --write    # also write interviewer/dialogue_weights.npz

Families never straddle a fold. `tests/golden/utterances_heldout.jsonl`, written by another author, is never fitted on.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from interviewer import dialogue
from interviewer.embedding import BundledEmbedder

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
C = 3.0
FOLDS = 10


def load(*names: str) -> list[dict[str, str]]:
    """Rows of the labelled files."""
    return [json.loads(line) for name in names for line in (GOLDEN / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def fit(x: np.ndarray, y: np.ndarray) -> dialogue.Weights:
    """A multinomial logistic regression in the order of `dialogue.ACTS`."""
    model = LogisticRegression(C=C, max_iter=5000).fit(x, y)
    order = [list(model.classes_).index(a.value) for a in dialogue.ACTS]
    return dialogue.Weights(model.coef_[order].T.astype(np.float32), model.intercept_[order].astype(np.float32))


def table(rows: list[dict[str, str]], predicted: list[str]) -> str:
    """Confusion matrix and the two figures that matter."""
    acts = [a.value for a in dialogue.ACTS]
    counts = {(t, p): 0 for t in acts for p in acts}
    for row, p in zip(rows, predicted, strict=True):
        counts[row["act"], p] += 1
    lines = ["true \\ read".ljust(12) + "".join(a[:7].rjust(8) for a in acts)]
    lines += [t.ljust(12) + "".join((str(counts[t, p]) if counts[t, p] else ".").rjust(8) for p in acts) for t in acts]
    right = sum(counts[a, a] for a in acts)
    answers = sum(counts["answer", p] for p in acts)
    lost = answers - counts["answer", "answer"]
    lines.append(f"right {right}/{len(rows)} = {right / len(rows):.3f}; answers taken for something else {lost}/{answers} = {lost / answers:.3f}")
    return "\n".join(lines)


def main() -> None:
    """Evaluates, and writes the weights if asked."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--show", action="store_true", help="print the misread utterances of the folds")
    options = arguments.parse_args()
    embedder = BundledEmbedder()
    names = ["utterances.jsonl"] + (["utterances_more.jsonl"] if (GOLDEN / "utterances_more.jsonl").exists() else [])
    rows = load(*names)
    x = np.stack([dialogue.features(r["text"], embedder.embed(dialogue.key_sentences(r["text"]))) for r in rows])
    y = np.array([r["act"] for r in rows])
    predicted = np.empty(len(rows), dtype=object)
    for train, test in GroupKFold(FOLDS).split(x, y, [r["family"] for r in rows]):
        fitted = fit(x[train], y[train])
        for i in test:
            predicted[i] = dialogue.classify(rows[i]["text"], embedder, fitted).acts[0].value
    print(f"folds by phrasing family: {len(rows)} utterances, {len({r['family'] for r in rows})} families")
    print(table(rows, list(predicted)))
    if options.show:
        for row, p in zip(rows, predicted, strict=True):
            if row["act"] != p:
                print(f"  {row['act']} read as {p}: {row['text'][:140]}")
    fitted = fit(x, y)
    held = load("utterances_heldout.jsonl")
    print(f"\nheld out, another author: {len(held)} utterances, {len({r['family'] for r in held})} families")
    print(table(held, [dialogue.classify(r["text"], embedder, fitted).acts[0].value for r in held]))
    if options.write:
        path = ROOT / "interviewer" / "dialogue_weights.npz"
        np.savez_compressed(path, matrix=fitted.matrix.astype(np.float16), bias=fitted.bias.astype(np.float16))
        print(f"\nwrote {path.name}")


if __name__ == "__main__":
    main()
