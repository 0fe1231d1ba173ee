"""Reports as Markdown, JSON and HTML: the words are there, and none of them is markup."""

import json
import re
from html.parser import HTMLParser

import pytest
from builders import INFO, START, assessment, criterion, question, unscored
from hypothesis import given
from hypothesis import strategies as st

from interviewer import export
from interviewer.domain import Act, Elicitation, Grade, Interview, Kind, Progress, Setup, Speaker, Stage, Turn, TurnKind, VerdictValue

HOSTILE = "<script>alert('x')</script> <img src=x onerror=alert(1)> & [a](javascript:alert(2)) `c` **b** | # h"
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "br", "ul", "li", "blockquote", "table", "tr", "td", "strong"}


def turn(index, text, speaker=Speaker.CANDIDATE, act=Act.ANSWER):
    kind = TurnKind.MESSAGE if speaker is Speaker.CANDIDATE else TurnKind.QUESTION
    return Turn(
        index=index, speaker=speaker, kind=kind, text=text, at=START, question_id="first", act=act if speaker is Speaker.CANDIDATE else None, counts=True
    )


def interview(answer="alpha is my answer", q=None, found=None, act=Act.ANSWER, asked=True):
    q = q or question("first")
    said = turn(1, answer, act=act)
    found = found or assessment(q, {"alpha": VerdictValue.MET, "beta": VerdictValue.PARTIAL}, said)
    progress = Progress(question=q, minutes=10, asked_at=START if asked else None, closed=asked, assessment=found if asked else None)
    turns = (turn(0, q.prompt, Speaker.INTERVIEWER), said)
    return Interview(
        id="i-1", setup=Setup(blueprint="b"), stage=Stage.DEBRIEF, created_at=START, plan=(progress,), turns=turns, started_at=START, ended_at=START
    )


class Reader(HTMLParser):
    """What a browser would make of a page: its tags, their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def harmless(page):
    read = Reader(page)
    assert set(read.tags) <= TAGS
    assert set(read.attributes) <= {"lang", "charset", "class"}
    return read


def unescaped(markdown):
    """Markdown with what is escaped by a backslash taken out, so that only live marks are left."""
    return re.sub(r"\\.", "", markdown)


def test_html_shows_hostile_words_as_words():
    read = harmless(export.as_html(interview(HOSTILE)))
    assert read.text.count(HOSTILE) == 3  # the transcript, and the quotes of two verdicts


def test_hostile_words_of_a_pack_are_words_too():
    q = question("first").model_copy(update={"title": HOSTILE, "prompt": HOSTILE})
    q = q.model_copy(update={"criteria": tuple(c.model_copy(update={"statement": HOSTILE, "examples": (HOSTILE, HOSTILE)}) for c in q.criteria)})
    q = q.model_copy(update={"exemplars": tuple(e.model_copy(update={"text": HOSTILE}) for e in q.exemplars)})
    read = harmless(export.as_html(interview("plain", q)))
    assert read.text.count(HOSTILE) > len(q.criteria)
    assert not re.search(r"[<>`\[]", re.sub(r"^> ", "", unescaped(export.as_markdown(interview("plain", q))), flags=re.M))


def test_hostile_reasons_and_flags_are_words_too():
    found = unscored(HOSTILE).model_copy(update={"flags": (HOSTILE,)})
    read = harmless(export.as_html(interview("x", found=found)))
    assert read.text.count(HOSTILE) == 2


@given(st.text(alphabet="<>&\"'/ab =!-;#*|`\n", max_size=60))
def test_no_text_makes_a_tag_in_html(text):
    assert harmless(export.as_html(interview(text))).tags.count("h2") == export.as_html(interview("plain")).count("<h2>")


def test_html_refers_to_nothing_outside_and_runs_nothing():
    page = export.as_html(interview(HOSTILE))
    assert page.startswith("<!doctype html>")
    assert not {"script", "link", "img", "iframe", "a"} & set(Reader(page).tags)


def test_markdown_escapes_html_links_and_marks():
    text = export.as_markdown(interview(HOSTILE))
    assert "<script>" not in text
    assert r"\<script\>" in text
    live = [line for line in unescaped(text).split("\n") if "alert" in line]
    assert len(live) == 3
    assert not any(c in line for line in live for c in "<>[]`|#")


@pytest.mark.parametrize(
    "line", ["# heading", "- item", "+ item", "* item", "---", "===", "~~~", "```", "> quote", "  - item", "| a | b |", "<b>", "&lt;b&gt;"]
)
def test_a_line_of_an_answer_never_becomes_markdown_structure(line):
    text = export.as_markdown(interview(f"first\n{line}\nlast"))
    first, middle, last = text.rstrip().split("\n")[-3:]
    assert first.rstrip().endswith("first")
    assert last == "last"
    assert middle.lstrip().startswith("\\")
    assert middle.replace("\\", "").strip() == line.strip()


def test_json_holds_everything_and_reads_back():
    data = json.loads(export.as_json(interview(HOSTILE)))
    assert data["interview"] == "i-1"
    assert data["transcript"][1]["text"] == HOSTILE
    quotes = [e["quote"] for v in data["report"]["grades"][0]["verdicts"] for e in v["evidence"]]
    assert quotes == [HOSTILE, HOSTILE]
    assert data["report"]["score"] == pytest.approx(4.5 / 11)  # alpha 3 and half of beta 3, of 2+3+3+2+1
    assert "Practice read" in data["headline"]


@pytest.mark.parametrize("form", ["md", "html"])
def test_the_candidates_words_are_quoted_beside_what_they_show(form):
    page = export.FORMATS[form](interview("alpha is\n my  answer"))
    text = Reader(page).text if form == "html" else page
    assert text.count("“alpha is my answer”") == 2
    met = text.index("Says alpha")
    assert met < text.index("“alpha is my answer”") < text.index("Says beta")
    assert "would meet it: “gamma one”" in text
    assert "would meet it: “slip one”" not in text


def test_a_mistake_is_worded_as_one():
    q = question("first")
    for value, words in [(VerdictValue.MET, "mistake made"), (VerdictValue.UNMET, "avoided")]:
        page = export.as_markdown(interview(q=q, found=assessment(q, {"slip": value})))
        assert f"**{words}** (anti): Says slip." in page


def test_help_that_was_given_is_shown():
    q = question("first")
    found = assessment(q, {"alpha": VerdictValue.MET})
    found = found.model_copy(update={"verdicts": tuple(v.model_copy(update={"elicited": Elicitation.HINTED}) for v in found.verdicts)})
    page = export.as_markdown(interview(q=q, found=found))
    assert "**shown**, hinted (must): Says alpha." in page
    assert page.count("hinted") == 1


@pytest.mark.parametrize("form", ["md", "html"])
def test_an_unscored_question_says_why_and_shows_no_band(form):
    page = export.FORMATS[form](interview("x", found=unscored("This is not in English.")))
    assert "Unscored. This is not in English." in page
    assert "Band " not in page


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_an_interview_that_asked_nothing_can_be_exported(form):
    page = export.FORMATS[form](interview(asked=False))
    assert "No question was asked." in page


@pytest.mark.parametrize("form", ["md", "html"])
def test_every_report_says_that_it_predicts_nothing(form):
    assert "not a prediction of any hiring decision" in export.FORMATS[form](interview())


def test_the_report_names_where_to_read_and_what_to_practise():
    page = export.as_markdown(interview())
    assert "Read: knowledge/topic/page#part" in page
    assert page.index("## Practise next") < page.index("- Says beta.")


def test_messages_that_are_no_answers_are_marked_in_the_transcript():
    assert "**You** (hint): help" in export.as_markdown(interview("help", act=Act.HINT))
    assert "**You**: help" in export.as_markdown(interview("help"))


def test_words_for_verdicts_exist_for_every_value_and_kind():
    q = question("first", criteria=[*[criterion(n) for n in "abcd"], criterion("x", Kind.ANTI)])
    for value in VerdictValue:
        verdicts = {v.criterion_id: v for v in assessment(q, {"a": value, "x": value}).verdicts}
        assert export.value_words(q, verdicts["a"]) != export.value_words(q, verdicts["x"]) or value is VerdictValue.NOT_OBSERVED


def test_the_grader_is_named_in_the_json():
    assert json.loads(export.as_json(interview()))["report"]["grades"][0]["grader"]["name"] == INFO.name


@pytest.mark.parametrize(
    ("uncertain", "low", "high", "words"),
    [
        (0, 0.4, 0.4, ""),
        (1, 0.2, 0.5, "1 verdict could not be told for sure: settled, it puts the score between 20% and 50%. Check it yourself."),
        (2, 0.2, 0.5, "2 verdicts could not be told for sure: settled, they put the score between 20% and 50%. Check them yourself."),
        (1, 0.43, 0.43, "1 verdict could not be told for sure: however settled, the score stays at 43%. Check it yourself."),
    ],
)
def test_what_uncertain_verdicts_leave_open_is_a_sentence(uncertain, low, high, words):
    grade = Grade(question_id="first", rubric_version=1, score=low, lowest=low, highest=high, uncertain=uncertain)
    assert export.range_words(grade) == words
