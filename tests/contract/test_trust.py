"""What a grade must not be moved by, and what must earn nothing, with the real grader on the whole bank."""

import json
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import perturb
from interviewer import scoring
from interviewer.domain import Kind, VerdictValue, plain_turn

GOLDEN = Path(__file__).parent.parent / "golden"
MOST = 0.15
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="session")
def exemplars(bank):
    """One exemplar of each fifth question, of every band in turn."""
    questions = sorted(bank.questions.values(), key=lambda q: q.id)[::5]
    return [(q, q.exemplars[n % len(q.exemplars)]) for n, q in enumerate(questions)]


def grade(grader, question, text):
    return scoring.grade(question, grader.assess(question, (plain_turn(text),)))


@QUIET
@given(data=st.data())
def test_repeating_sentences_changes_nothing(grader, exemplars, data):
    question, exemplar = data.draw(st.sampled_from(exemplars))
    said = perturb.parts(exemplar.text)
    again = data.draw(st.lists(st.sampled_from(said), min_size=1, max_size=10))
    assert grade(grader, question, exemplar.text + "\n" + "\n".join(again)).score == grade(grader, question, exemplar.text).score


def test_off_topic_sentences_raise_no_score(grader, exemplars):
    raised = [q.id for q, e in exemplars if grade(grader, q, e.text + "\n" + " ".join(perturb.OFF_TOPIC)).score > grade(grader, q, e.text).score]
    assert not raised


@QUIET
@given(data=st.data())
def test_a_correct_sentence_lowers_no_verdict_on_a_point(grader, exemplars, data):
    question, exemplar = data.draw(st.sampled_from(exemplars))
    criterion = data.draw(st.sampled_from([c for c in question.criteria if c.kind is not Kind.ANTI]))
    before = grade(grader, question, exemplar.text)
    after = grade(grader, question, exemplar.text + "\n" + data.draw(st.sampled_from(criterion.examples)))
    for was, now in zip(before.verdicts, after.verdicts, strict=True):
        if question.criterion(was.criterion_id).kind is not Kind.ANTI:
            assert scoring.VALUE[now.value] >= scoring.VALUE[was.value], was.criterion_id


@pytest.mark.parametrize("change", ["case", "bullets", "spelling", "order", "typos"])
def test_form_moves_few_grades(grader, exemplars, change):
    rng = random.Random(1)
    form = {
        "case": str.lower,
        "bullets": lambda text: "\n".join(f"- {s}" for s in perturb.parts(text)),
        "spelling": perturb.american,
        "order": lambda text: "\n".join(rng.sample(perturb.parts(text), len(perturb.parts(text)))),
        "typos": lambda text: perturb.typos(text, rng),
    }[change]
    moved = [abs((grade(grader, q, form(e.text)).score or 0) - (grade(grader, q, e.text).score or 0)) for q, e in exemplars]
    assert sum(m <= 0.15 for m in moved) >= 0.8 * len(moved), moved


def test_answers_that_deserve_nothing_earn_next_to_nothing(grader, bank):
    made = [json.loads(line) for line in (GOLDEN / "adversaries.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(made) >= 200
    asked = set(sorted(bank.questions)[::5])  # the benchmark reads all of them; encoding a question's rubric takes a second
    some = [row for row in made if row["question"] in asked]
    high = defaultdict(list)
    for row in some:
        score = grade(grader, bank.questions[row["question"]], row["text"]).score
        if score is not None and score > MOST:
            high[row["kind"]].append((row["question"], round(score, 2)))
    assert not {k: v for k, v in high.items() if k in ("off_topic", "opener", "punctuation")}
    assert sum(map(len, high.values())) <= 0.45 * len(some), dict(high)


def test_no_verdict_of_an_adversary_is_credited_without_its_words(grader, bank):
    asked = set(sorted(bank.questions)[::5])
    for row in [r for r in perturb.adversaries(bank) if r["question"] in asked]:
        for verdict in grade(grader, bank.questions[row["question"]], row["text"]).verdicts:
            assert verdict.value is VerdictValue.UNMET or all(e.quote in row["text"] for e in verdict.evidence)
