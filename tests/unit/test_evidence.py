"""Where a quote stands in what was said."""

import pytest
from builders import START
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain import Evidence, Speaker, Turn, TurnKind
from interviewer.grading.evidence import locate, verified


def turn(index, text):
    return Turn(index=index, speaker=Speaker.CANDIDATE, kind=TurnKind.MESSAGE, text=text, at=START)


TURNS = (turn(2, "The model is too simple."), turn(5, "Then it  UNDERFITS\nbadly, the model is too simple."))


def test_a_verbatim_quote_is_found_at_its_place():
    assert locate("too simple", TURNS) == Evidence(turn=2, start=13, end=23, quote="too simple")


def test_the_first_turn_that_holds_it_wins():
    assert locate("the model is too simple", TURNS).turn == 2
    assert locate("The model is too simple", TURNS[1:]).turn == 5


@pytest.mark.parametrize("quote", ["it underfits badly", "IT UNDERFITS BADLY", "  it\tunderfits\n\n badly ", "it\u00a0underfits badly"])
def test_case_and_white_space_are_folded_and_the_original_words_are_returned(quote):
    assert locate(quote, TURNS) == Evidence(turn=5, start=5, end=24, quote="it  UNDERFITS\nbadly")


@pytest.mark.parametrize("quote", ["", "   ", "\n", "not said at all", "too simple. Then it", "model too simple", "underfit s"])
def test_what_was_not_said_is_not_found(quote):
    assert locate(quote, TURNS) is None


def test_nothing_is_found_in_no_turns():
    assert locate("model", ()) is None


@pytest.mark.parametrize(
    ("text", "quote", "found"), [("die STRASSE hier", "straße", "STRASSE"), ("ﬁne-tuning", "fine-tuning", "ﬁne-tuning"), ("x² grows", "x2", "x²")]
)
def test_characters_that_fold_to_several_keep_exact_places(text, quote, found):
    place = locate(quote, (turn(0, text),))
    assert place.quote == found
    assert verified(place, (turn(0, text),))


@given(st.text(min_size=1, max_size=80), st.data())
def test_every_piece_of_a_text_is_found_and_what_is_found_is_verified(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    said = (turn(3, text),)
    found = locate(text[start:end], said)
    if text[start:end].strip():
        assert found is not None
    if found is not None:
        assert verified(found, said)
        if not text[start].isspace():
            assert found.start <= start


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_found_is_verified(quote, text):
    found = locate(quote, (turn(0, text),))
    if found is not None:
        assert found.quote
        assert verified(found, (turn(0, text),))


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(turn=2, start=13, end=23, quote="Too simple"),
        Evidence(turn=2, start=12, end=22, quote="too simple"),
        Evidence(turn=5, start=13, end=23, quote="too simple"),
        Evidence(turn=9, start=13, end=23, quote="too simple"),
        Evidence(turn=2, start=13, end=99, quote="too simple"),
    ],
)
def test_evidence_with_other_words_or_another_place_is_refused(evidence):
    assert not verified(evidence, TURNS)


def test_exact_evidence_is_accepted():
    assert verified(Evidence(turn=2, start=13, end=23, quote="too simple"), TURNS)
