"""Agreement with people: a file of human-marked answers, graded as questions of one's own from their reference answers.

    MARKED=answers.jsonl python -m bench marked

Each line holds `question_id`, `question`, `reference`, `answer`, `score`, `score_min`, `score_max`. No such file is part of the project:
sets of marked answers have licences of their own. The published table is the training part of SAF 2.0 (communication networks, in part
German; Filighera et al. 2022, "Your Answer is Incorrect... Would you like to know why?", ACL). No weight is fitted on it; `offline.likeness_of` and
`offline.HELD` were chosen on it, so that it is no longer wholly unseen.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench.agreement import interval
from bench.tables import Progress, table
from interviewer.embedding import BundledEmbedder
from interviewer.grading.offline import OfflineGrader
from interviewer.grading.rows import RowGrader

LIKE = 0.75
"""Two answers are of like length when the shorter has more than this share of the longer one's words."""


def ranked(gold: np.ndarray, read: np.ndarray, words: np.ndarray | None) -> tuple[float, int]:
    """Over the pairs of one question with different marks: how many are ordered alike (a tie is half), of how many; `words` keeps like lengths only."""
    better, higher = (np.sign(np.subtract.outer(v, v)) for v in (gold, read))
    use = np.triu(better != 0, 1)
    if words is not None:
        use &= np.minimum.outer(words, words) > LIKE * np.maximum.outer(words, words)
    return float(((better == higher) & use).sum() + 0.5 * ((higher == 0) & use).sum()), int(use.sum())


def run(progress: Progress) -> str:
    """The table, or a sentence that says which file is missing."""
    named = os.environ.get("MARKED")
    if not named:
        raise SystemExit("Set MARKED to a file of marked answers: MARKED=answers.jsonl python -m bench marked")
    rows = [json.loads(line) for line in Path(named).read_text(encoding="utf-8").splitlines()]
    grader = RowGrader(OfflineGrader(BundledEmbedder()), {})
    read = []
    for n, row in enumerate(rows):
        if n % 200 == 0:
            progress(f"answer {n} of {len(rows)}")
        read.append(grader.grade_row({k: row[k] for k in ("id", "question", "reference", "answer")})["score"])
    gold = np.array([(r["score"] - r["score_min"]) / (r["score_max"] - r["score_min"]) for r in rows])
    words = np.array([len(r["answer"].split()) for r in rows])
    scored = np.array([s is not None for s in read])
    own = np.array([0.0 if s is None else s for s in read])
    questions = np.array([r["question_id"] for r in rows])
    parts = {q: np.flatnonzero(questions == q) for q in dict.fromkeys(questions)}
    lines = []
    for name, figure, keep in (
        ("offline grader", own, np.ones(len(rows), dtype=bool)),
        ("offline grader, what it scored", own, scored),
        ("answer length", words.astype(float), np.ones(len(rows), dtype=bool)),
    ):
        found = defaultdict(list)
        for q, at in parts.items():
            at = at[keep[at]]
            for kind, like in (("all", None), ("like", words[at])):
                found[kind].append((q, *ranked(gold[at], figure[at], like)))
        each = [(ok / n) for _, ok, n in found["all"] if n]
        pooled = np.array([(ok, n) for _, ok, n in found["like"]])
        low, high = interval(np.arange(len(each)), lambda at, each=each: float(np.mean(np.array(each)[at])))
        below, above = interval(np.arange(len(pooled)), lambda at, pooled=pooled: float(pooled[at, 0].sum() / pooled[at, 1].sum()))
        matched = pooled[:, 0].sum() / pooled[:, 1].sum()
        lines.append(
            [
                name,
                int(keep.sum()),
                f"{np.mean(each):.3f} ({low:.3f} to {high:.3f})",
                f"{matched:.3f} ({below:.3f} to {above:.3f})",
                f"{np.corrcoef(gold[keep], figure[keep])[0, 1]:.3f}",
            ]
        )
    header = ["method", "answers", "better answer ranked higher (95 %)", "the same, like lengths (95 %)", "pooled Pearson"]
    note = f"{len(rows)} answers to {len(parts)} questions; {int((~scored).sum())} unscored (not English), which count as 0 in the first line."
    return f"{note}\n\n{table(header, lines)}"
