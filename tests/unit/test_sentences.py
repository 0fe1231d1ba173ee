"""Sentences and their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.sentences import MAX_CHARACTERS, split

lively = st.text(alphabet="ab Z1.9,;:!?…\"')]-*•–(\n\t\u00a0。！？éß🙂e.g", max_size=300)


def texts(text):
    return [s.text for s in split(text)]


@given(st.one_of(st.text(max_size=300), lively))
def test_every_span_is_exactly_what_stands_at_its_place_in_order_and_apart(text):
    end = 0
    for span in split(text):
        assert span.text == text[span.start : span.end]
        assert span.start >= end
        assert any(c.isalnum() or c == "_" for c in span.text)
        assert span.text == span.text.strip()
        assert 0 < len(span.text) <= MAX_CHARACTERS
        end = span.end


@given(st.lists(st.text(alphabet="abcdefghij", min_size=3, max_size=10), min_size=1, max_size=40))
def test_no_word_is_lost_when_plain_words_are_split(words):
    text = ". ".join(" ".join(words[i : i + 5]) for i in range(0, len(words), 5))
    assert " ".join(texts(text)).replace(".", "").split() == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One is here. Two is there! Is three? Yes…", ["One is here.", "Two is there!", "Is three?", "Yes…"]),
        ("first line\nsecond line\n\n  third line", ["first line", "second line", "third line"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("a drop in bias; a rise in variance", ["a drop in bias;", "a rise in variance"]),
        ("过拟合。正则化！", ["过拟合。", "正则化！"]),
    ],
)
def test_sentences_end_at_full_stops_lines_and_semicolons(text, sentences):
    assert texts(text) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "Use a penalty, e.g. an L2 norm.",
        "Penalties (i.e. L1 or L2) help.",
        "Compare bagging vs. boosting here.",
        "See Vaswani et al. for it.",
        "Take approx. ten.",
    ],
)
def test_abbreviations_do_not_end_a_sentence(text):
    assert texts(text) == [text]


@pytest.mark.parametrize(
    "text", ["AUC rose from 0.81 to 0.853 in v1.2 of it", "Call np.linalg.norm(x).sum() first", "p<.05 is not proof", "write to a.b@c.com or x.y.z"]
)
def test_decimals_versions_and_dotted_names_stay_whole(text):
    assert texts(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "- more data\n- less noise",
        "* more data\n* less noise",
        "• more data\n• less noise",
        "1. more data\n2. less noise",
        "1) more data\n2) less noise",
        "(1) more data\n(2) less noise",
        "a) more data\nb) less noise",
        "  10. more data\n  11. less noise",
    ],
)
def test_list_marks_are_left_out(text):
    assert texts(text) == ["more data", "less noise"]


def test_a_number_that_begins_a_line_without_being_a_mark_is_kept():
    assert texts("10 folds are enough\n0.5 is the cut") == ["10 folds are enough", "0.5 is the cut"]


def test_a_number_that_ends_a_sentence_still_ends_it():
    assert texts("I chose k = 10. Then I trained.") == ["I chose k = 10.", "Then I trained."]


def test_lines_of_code_are_spans_of_their_own():
    code = "for x, y in data:\n    w = w - 0.1 * grad(w, x, y)\nreturn w"
    assert texts(code) == ["for x, y in data:", "w = w - 0.1 * grad(w, x, y)", "return w"]


@pytest.mark.parametrize("text", ["", "   \n\t ", "...", "?!?! -- **", "🙂🙂"])
def test_nothing_with_a_letter_or_digit_gives_nothing(text):
    assert split(text) == []


def test_a_wall_of_text_is_cut_at_commas_without_losing_a_word():
    wall = ", ".join(f"point number {n} about the data" for n in range(60))
    parts = texts(wall)
    assert len(parts) >= len(wall) // MAX_CHARACTERS
    assert all(p.endswith(",") for p in parts[:-1])
    assert " ".join(parts) == wall


def test_a_long_run_without_any_space_is_cut_and_keeps_every_character():
    assert "".join(texts("x" * 1000)) == "x" * 1000
