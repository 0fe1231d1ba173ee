"""How much of a text tells what somebody did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.grading.telling import USUAL, told

STORY = ("My manager wanted to ship on Friday.", "I ran the test again and found that it had leaked.", "We shipped a week later, and he thanked us.")
PLAN = ("I'd hold out the last month, since a random split is optimistic.", "We can then compare the trained model with the expected rate.")


def test_a_story_tells_and_a_plan_or_a_definition_does_not():
    definition = ("Precision is the share of flagged cases that are positive.", "It is reported at a fixed threshold.")
    assert told(STORY) > 2 * max(told(PLAN), told(definition))


@pytest.mark.parametrize(
    ("telling", "attribute"),
    [
        ("the reviewers weighted each label", "the weighted label is each reviewer's"),
        ("they were late", "they are late"),
        ("I didn't agree", "I wouldn't agree"),
        ("my boss wrote that", "a boss writes that"),
    ],
)
def test_what_happened_counts_and_what_merely_is_or_would_be_counts_less(telling, attribute):
    assert told((telling,)) > told((attribute,))


def test_words_that_only_end_like_the_past_do_not_count():
    assert told(("Speed and feed proceed indeed.",)) == told(("Pace and input continue anyway.",))


def test_typographic_and_plain_apostrophes_are_one():
    assert told(("I didn’t, and we’d rather not.",)) == told(("I didn't, and we'd rather not.",))


def test_no_words_prove_nothing():
    assert told(()) == told(("…", "!")) == USUAL


@given(st.permutations(STORY + PLAN))
def test_the_order_of_sentences_does_not_matter(order):
    assert told(order) == told(STORY + PLAN)


@given(st.lists(st.text(max_size=80), max_size=6))
def test_it_is_a_share_whatever_the_text(texts):
    assert 0.0 < told(texts) <= 1.0
