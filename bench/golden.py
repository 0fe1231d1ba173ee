"""The labelled answers: the bank's exemplars and the golden set, with both labellings and the reconciled labels."""

import json
from dataclasses import replace
from typing import NamedTuple

from interviewer import packs
from interviewer.domain import VerdictValue
from interviewer.settings import ROOT

FOLDER = ROOT / "tests" / "golden"
LEVELS = [VerdictValue.UNMET, VerdictValue.PARTIAL, VerdictValue.MET]
LETTERS = {"u": VerdictValue.UNMET, "p": VerdictValue.PARTIAL, "m": VerdictValue.MET}


class Labelled(NamedTuple):
    """An answer with the reconciled label of every criterion, and the two labellings it came from."""

    id: str
    question: str
    style: str
    text: str
    labels: dict[str, VerdictValue]
    first: dict[str, VerdictValue]
    second: dict[str, VerdictValue]


def labelled_part(bank: packs.Bank) -> packs.Bank:
    """The bank with the questions that the golden set holds, and no others."""
    names = {a.question for a in labelled_answers(bank)}
    return replace(bank, questions={name: q for name, q in bank.questions.items() if name in names})


def further_answers(bank: packs.Bank) -> list[Labelled]:
    """The exemplars of the questions that the golden set does not hold; the first labelling is their authors'."""
    twice = {row["id"]: row["labels"] for row in map(json.loads, (FOLDER / "further_labels.jsonl").read_text(encoding="utf-8").splitlines())}
    held = labelled_part(bank).questions
    answers = []
    for q in bank.questions.values():
        for n, e in enumerate(() if q.id in held else q.exemplars):
            first, second = ({c: LETTERS[letters[k]] for c, letters in twice[f"{q.id}#{n}"].items()} for k in range(2))
            answers.append(Labelled(f"{q.id}#{n}", q.id, f"exemplar, band {e.band}", e.text, dict(e.verdicts), first, second))
    return answers


def labelled_answers(bank: packs.Bank) -> list[Labelled]:
    """All labelled answers, by question. An exemplar's id is `<question>#<number>`, and its labels are those of the bank."""
    texts = {f"{q.id}#{n}": (q.id, f"exemplar, band {e.band}", e.text) for q in bank.questions.values() for n, e in enumerate(q.exemplars)}
    for line in (FOLDER / "answers.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts[row["id"]] = (row["question"], row["style"], row["text"])
    answers = []
    for line in (FOLDER / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        question, style, text = texts[row["id"]]
        first, second, final = ({c: LETTERS[letters[k]] for c, letters in row["labels"].items()} for k in range(3))
        if "#" in row["id"]:
            final = dict(bank.questions[question].exemplars[int(row["id"].split("#")[1])].verdicts)
        answers.append(Labelled(row["id"], question, style, text, final, first, second))
    return sorted(answers, key=lambda a: (a.question, a.id))
