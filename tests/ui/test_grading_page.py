"""The page on how grading works: with figures, without, and the ways to it."""

import json

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import drawn, opened, sound

from interviewer.grading import offline, published

pytestmark = pytest.mark.timeout(120)

NONE_YET = "The figures for this grader were not made yet; `python -m bench grading` makes them."
FIGURES = {
    "version": offline.VERSION,
    "answers": 1234,
    "labels": 5678,
    "agreement": [
        {"method": "offline grader", "kappa": 0.61, "low": 0.52, "high": 0.69},
        {"method": "answer length", "kappa": 0.11, "low": -0.07, "high": 0.19},
    ],
    "labellings": 0.93,
    "reliability": [{"said": 0.41, "was": 0.47, "n": 2839}, {"said": 0.88, "was": 0.83, "n": 2839}],
    "calibration_error": 0.037,
    "header": ["method", "quadratic kappa (95 %)"],
    "verdicts": [["offline grader", "0.610 (0.520 to 0.690)"], ["<b>length</b>", "0.110 (-0.070 to 0.190)"]],
    "set_header": ["set", "quadratic kappa (95 %)"],
    "sets": [["everything <b>labelled</b>", "0.640 (0.580 to 0.700)"]],
    "styles": [{"style": "other words", "kappa": None, "same": 0.77, "n": 3000}, {"style": "terse", "kappa": 0.66, "same": 0.91, "n": 2678}],
    "adversaries": [{"kind": "self_praise", "answers": 40, "above": 2, "highest": 0.31}, {"kind": "echo", "answers": 10, "above": 1, "highest": 0.18}],
}


def page_of(path):
    from pathlib import Path

    from interviewer.grading import published
    from interviewer.ui import trust

    trust.explanation()
    trust.figures(published.read(Path(path)))


def drawn_from(tmp_path, data=None):
    path = tmp_path / "agreement.json"
    if data is not None:
        path.write_text(json.dumps(data), encoding="utf-8")
    return sound(AppTest.from_function(page_of, args=(str(path),), default_timeout=60).run())


def charts(app):
    return [json.loads(e.proto.spec) for e in app.get("vega_lite_chart")]


def test_every_figure_on_the_page_comes_from_the_file(tmp_path):
    app = drawn_from(tmp_path, FIGURES)
    text = drawn(app)
    assert NONE_YET not in text
    for figure in ("1,234 answers", "5,678 labelled", "**0.61** (0.52 to 0.69)", "0.93 (dashed)", "3.7%", "Of 50 answers", "3 scored above 15 %"):
        assert figure in text
    for cell in (
        "0.610 (0.520 to 0.690)",
        "everything &lt;b&gt;labelled&lt;/b&gt;",
        "0.640 (0.580 to 0.700)",
        "&lt;b&gt;length&lt;/b&gt;",
        "47.0%",
        "2,839",
        "77.0%",
        "self praise",
        "31%",
    ):
        assert f">{cell}</t" in text


def test_the_labels_are_said_to_be_those_of_language_models(tmp_path):
    assert "written and labelled by language models, not by people" in drawn(drawn_from(tmp_path, FIGURES))


def test_each_chart_has_a_description_and_a_table_that_says_the_same(tmp_path):
    app = drawn_from(tmp_path, FIGURES)
    agreement, reliability, kinds = charts(app)
    assert "offline grader 0.61, 0.52 to 0.69; answer length 0.11, -0.07 to 0.19. The two labellings 0.93." in agreement["description"]
    assert "said 41%, was 47%; said 88%, was 83%" in reliability["description"]
    assert "terse 91%; other words 77%" in kinds["description"]  # the best first
    assert [e.label for e in app.expander] == [
        f"{name}, as a table" for name in ("Agreement with the labels", "All that is labelled", "Confidence", "By kind of answer")
    ]


def test_an_interval_below_zero_lies_inside_the_chart(tmp_path):
    assert '"domain": [-0.07, 1' in json.dumps(charts(drawn_from(tmp_path, FIGURES))[0])


def test_figures_of_another_version_say_so(tmp_path):
    of_this = drawn_from(tmp_path, FIGURES)
    of_another = drawn_from(tmp_path, FIGURES | {"version": "0"})
    note = f"Measured on version 0 of the grader; this is version {offline.VERSION}."
    assert note in [c.value for c in of_another.caption]
    assert not any(c.value.startswith("Measured on") for c in of_this.caption)


@pytest.mark.parametrize("data", [None, {"version": "1", "kappa": 0.5}])
def test_without_figures_the_page_explains_and_says_that_there_are_none(tmp_path, data):
    app = drawn_from(tmp_path, data)
    assert [i.value for i in app.info] == [NONE_YET]
    assert not charts(app)
    assert "No quote, no credit." in drawn(app)


def test_the_app_has_the_page_with_the_published_figures():
    app = sound(opened("grading"))
    assert [t.value for t in app.title] == ["How grading works"]
    assert [i.value for i in app.info] == ([] if published.read() else [NONE_YET])


def test_the_grade_page_and_a_grade_link_to_it(services):
    question = services.bank.questions[sorted(services.bank.questions)[0]]
    answer = services.written.predict(services.written.submit(question, question.exemplars[0].text).id, 0.4)
    for page in (opened("grade"), opened("grade", answer=answer.id)):
        assert [e.proto.page for e in sound(page).get("page_link")].count("grading") == 1
