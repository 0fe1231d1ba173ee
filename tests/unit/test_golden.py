"""The golden set is whole: every answer has every criterion of its question labelled twice and reconciled."""

import json
from collections import Counter

from bench.golden import FOLDER, LETTERS, LEVELS, further_answers, labelled_answers


def test_every_criterion_of_every_labelled_answer_has_two_labels_and_a_reconciled_one(bank):
    answers = labelled_answers(bank)
    assert len(answers) >= 600
    assert sum(len(a.labels) for a in answers) >= 3500
    assert len({a.id for a in answers}) == len(answers)
    for a in answers:
        ids = {c.id for c in bank.questions[a.question].criteria}
        assert set(a.labels) == set(a.first) == set(a.second) == ids, a.id


def test_every_exemplar_of_a_question_in_the_set_and_six_further_answers_are_labelled(bank):
    ids = {a.id for a in labelled_answers(bank)}
    inside = [bank.questions[name] for name in {a.question for a in labelled_answers(bank)}]
    assert len(inside) >= 71
    assert {f"{q.id}#{n}" for q in inside for n in range(len(q.exemplars))} <= ids
    further = Counter(a.question for a in labelled_answers(bank) if "#" not in a.id)
    assert set(further.values()) == {6}


def test_a_reconciled_label_lies_between_the_two_it_came_from(bank):
    # The exemplars' labels are the bank's own; for the others a third reading chose between the two.
    for a in labelled_answers(bank):
        if "#" in a.id:
            continue
        for c, label in a.labels.items():
            ends = sorted(LEVELS.index(v) for v in (a.first[c], a.second[c]))
            assert ends[0] <= LEVELS.index(label) <= ends[1], (a.id, c)


def test_the_exemplars_of_all_other_questions_have_two_labels_between_which_the_banks_own_lies(bank):
    further = further_answers(bank)
    assert {a.id for a in further} | {a.id for a in labelled_answers(bank) if "#" in a.id} == {
        f"{q.id}#{n}" for q in bank.questions.values() for n in range(len(q.exemplars))
    }
    kept = {row["id"]: row["labels"] for row in map(json.loads, (FOLDER / "further_labels.jsonl").read_text(encoding="utf-8").splitlines())}
    for a in further:
        assert {c: LETTERS[letters[2]] for c, letters in kept[a.id].items()} == a.labels, a.id
        assert set(a.labels) == set(a.first) == set(a.second) == {c.id for c in bank.questions[a.question].criteria}, a.id
        for c, label in a.labels.items():
            ends = sorted(LEVELS.index(v) for v in (a.first[c], a.second[c]))
            assert ends[0] <= LEVELS.index(label) <= ends[1], (a.id, c)
