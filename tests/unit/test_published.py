"""The published figures of the grader: read as they were written, and none rather than half of them."""

import json
import logging

import pytest

from interviewer.grading import published

FIGURES = {
    "version": "7",
    "answers": 12,
    "labels": 34,
    "agreement": [{"method": "offline grader", "kappa": 0.5, "low": 0.4, "high": 0.6}],
    "labellings": 0.9,
    "reliability": [{"said": 0.7, "was": 0.75, "n": 17}],
    "calibration_error": 0.05,
    "header": ["method", "quadratic kappa (95 %)"],
    "set_header": ["set", "questions"],
    "sets": [["everything labelled", "327"]],
    "verdicts": [["offline grader", "0.500 (0.400 to 0.600)"]],
    "styles": [{"style": "terse", "kappa": 0.25, "same": 0.8, "n": 20}],
    "adversaries": [{"kind": "echo", "answers": 5, "above": 1, "highest": 0.2}],
}


def file(tmp_path, data):
    path = tmp_path / "agreement.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_every_figure_is_read_as_it_was_written(tmp_path):
    found = published.read(file(tmp_path, FIGURES))
    assert json.loads(found.model_dump_json()) == FIGURES


def test_what_a_later_benchmark_adds_is_no_fault(tmp_path):
    later = FIGURES | {"people": 3, "styles": [FIGURES["styles"][0] | {"missed": 0.1}]}
    assert published.read(file(tmp_path, later)) == published.read(file(tmp_path, FIGURES))


def test_a_kappa_without_a_value_is_none(tmp_path):
    found = published.read(file(tmp_path, FIGURES | {"styles": [{"style": "empty", "kappa": float("nan"), "same": 1.0, "n": 4}]}))
    assert (found.styles[0].kappa, found.styles[0].same) == (None, 1.0)


def test_a_missing_file_holds_no_figures(tmp_path):
    assert published.read(tmp_path / "none.json") is None


@pytest.mark.parametrize("data", ["", "{", "[]", {k: v for k, v in FIGURES.items() if k != "labellings"}, FIGURES | {"agreement": [{"method": "x"}]}])
def test_a_file_of_another_shape_holds_no_figures_and_the_log_says_so(tmp_path, data, caplog):
    with caplog.at_level(logging.WARNING):
        assert published.read(file(tmp_path, data)) is None
    assert "python -m bench grading" in caplog.text


def test_the_published_file_can_be_read_where_there_is_one():
    if not published.FILE.exists():
        pytest.skip("no figures were published yet")
    found = published.read()
    assert found is not None
    assert "offline grader" in [a.method for a in found.agreement]
    assert all(len(row) == len(found.header) for row in found.verdicts)
