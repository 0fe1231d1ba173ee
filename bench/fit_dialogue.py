"""Fits the dialogue classifier and prints its confusion matrix, with folds by phrasing family.

    python -m bench.fit_dialogue.py            # evaluate only
    python -m bench.fit_dialogue.py --write    # also write interviewer/dialogue_weights.npz

`utterances.jsonl` is the set whose folds are reported: its families never straddle a fold. `utterances_more.jsonl`, by other authors, is
fitted on throughout, and so are phrases of the bank, as answers. `utterances_heldout.jsonl`, by yet another author, is never fitted on.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from interviewer import dialogue, packs, sentences
from interviewer.embedding import BundledEmbedder

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
C = 4.0
FOLDS = 5
PHRASES = 600
PHRASE_WEIGHT = 0.5


def load(*names: str) -> list[dict[str, str]]:
    """Rows of the labelled files."""
    return [json.loads(line) for name in names for line in (GOLDEN / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def bank_phrases() -> list[str]:
    """Sentences of the bank's exemplars and the criteria's examples: things that are answers."""
    bank, _ = packs.load([ROOT])
    found = [x for q in bank.questions.values() for c in q.criteria for x in c.examples]
    found += [s.text for q in bank.questions.values() for e in q.exemplars for s in sentences.split(e.text)]
    random.Random(0).shuffle(found)
    return found[:PHRASES]


def rows(texts: Sequence[str], embedder: BundledEmbedder) -> np.ndarray:
    """Feature rows, (n, features)."""
    return np.stack([dialogue.features(t, embedder.embed(dialogue.key_sentences(t))) for t in texts])


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> dialogue.Weights:
    """A multinomial logistic regression in the order of `dialogue.ACTS`."""
    model = LogisticRegression(C=C, max_iter=5000).fit(x, y, sample_weight=weight)
    order = [list(model.classes_).index(a.value) for a in dialogue.ACTS]
    return dialogue.Weights(model.coef_[order].T.astype(np.float32), model.intercept_[order].astype(np.float32))


def table(labelled: list[dict[str, str]], predicted: list[str]) -> str:
    """Confusion matrix and the two figures that matter."""
    acts = [a.value for a in dialogue.ACTS]
    counts = {(t, p): 0 for t in acts for p in acts}
    for row, p in zip(labelled, predicted, strict=True):
        counts[row["act"], p] += 1
    lines = ["true \\ read".ljust(12) + "".join(a[:7].rjust(8) for a in acts)]
    lines += [t.ljust(12) + "".join((str(counts[t, p]) if counts[t, p] else ".").rjust(8) for p in acts) for t in acts]
    right = sum(counts[a, a] for a in acts)
    answers = sum(counts["answer", p] for p in acts)
    lost = answers - counts["answer", "answer"]
    lines.append(f"right {right}/{len(labelled)} = {right / len(labelled):.3f}; answers taken for something else {lost}/{answers} = {lost / answers:.3f}")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> None:
    """Evaluates, and writes the weights if asked."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--show", action="store_true", help="print the misread utterances of the folds")
    options = arguments.parse_args(words)
    embedder = BundledEmbedder()
    own, more, held = load("utterances.jsonl"), load("utterances_more.jsonl"), load("utterances_heldout.jsonl")
    phrases = bank_phrases()
    x = rows([r["text"] for r in own], embedder)
    y = np.array([r["act"] for r in own])
    always_x = np.concatenate([rows([r["text"] for r in more], embedder), rows(phrases, embedder)])
    always_y = np.array([r["act"] for r in more] + ["answer"] * len(phrases))
    always_weight = np.array([1.0] * len(more) + [PHRASE_WEIGHT] * len(phrases))

    def fitted_with(at: np.ndarray) -> dialogue.Weights:
        weight = np.concatenate([np.ones(len(at)), always_weight])
        return fit(np.concatenate([x[at], always_x]), np.concatenate([y[at], always_y]), weight)

    predicted = [""] * len(own)
    for train, test in GroupKFold(FOLDS).split(x, y, [r["family"] for r in own]):
        fitted = fitted_with(train)
        for i in test:
            predicted[i] = dialogue.classify(own[i]["text"], embedder, fitted).acts[0].value
    print(f"folds by phrasing family: {len(own)} utterances, {len({r['family'] for r in own})} families; {len(more)} of other authors fitted on")
    print(table(own, predicted))
    if options.show:
        for row, p in zip(own, predicted, strict=True):
            if row["act"] != p:
                print(f"  {row['act']} read as {p}: {row['text'][:140]}")
    fitted = fitted_with(np.arange(len(own)))
    print(f"\nheld out, another author: {len(held)} utterances, {len({r['family'] for r in held})} families")
    print(table(held, [dialogue.classify(r["text"], embedder, fitted).acts[0].value for r in held]))
    if options.write:
        path = ROOT / "interviewer" / "dialogue_weights.npz"
        np.savez_compressed(path, matrix=fitted.matrix.astype(np.float16), bias=fitted.bias.astype(np.float16))
        print(f"\nwrote {path.name}")


if __name__ == "__main__":
    main()
