"""The whiteboard's text form and its forms, which do everything that the mouse does."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from interviewer.archetypes import ComponentType
from interviewer.diagram import Diagram, from_mermaid

pytestmark = pytest.mark.timeout(120)
APP = str(Path(__file__).resolve().parents[1] / "servers" / "whiteboard_app.py")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("WHITEBOARD_FILE", str(tmp_path / "drawing.json"))
    return tmp_path / "drawing.json"


@pytest.fixture
def page(kept):
    return AppTest.from_file(APP, default_timeout=60).run()


def drawing(kept):
    return Diagram.model_validate(json.loads(kept.read_text(encoding="utf-8")))


def text(page):
    return page.text_area(key="board-text")


def labels(kept):
    return [b.label for b in drawing(kept).boxes]


def submit(page, label):
    next(b for b in page.button if b.label == label).click()
    return page.run()


def add(page, name, kind):
    page.selectbox(key="board-new-type").set_value(kind)
    page.text_input(key="board-new-label").set_value(name)
    return submit(page, "Add box")


def test_an_empty_board_shows_how_to_begin(page, kept):
    assert text(page).value == ""
    assert "-->" in text(page).placeholder
    assert not kept.exists()
    assert not page.exception


def test_text_becomes_the_drawing_with_a_place_for_every_box(page, kept):
    text(page).set_value("a[Phone]:::client --> b[Ranker]\nb -->|scores| c[Rules]").run()
    assert labels(kept) == ["Phone", "Ranker", "Rules"]
    assert {p.box for p in drawing(kept).places} == {"a", "b", "c"}
    assert drawing(kept).boxes[0].type is ComponentType.CLIENT
    assert text(page).value.startswith("a[Phone]"), "the text stays as it was typed"


def test_text_that_cannot_be_read_names_the_line_and_keeps_the_drawing(page, kept):
    text(page).set_value("a --> b").run()
    text(page).set_value("a --> b\nb -> c").run()
    assert [e.value for e in page.error] == ["Line 2: “->” is no arrow here; write A --> B. The drawing stays as it was."]
    assert labels(kept) == ["a", "b"]
    assert text(page).value == "a --> b\nb -> c", "what was typed is still there to mend"
    text(page).set_value("a --> b\nb --> c").run()
    assert not page.error
    assert labels(kept) == ["a", "b", "c"]


def test_a_thousand_boxes_are_refused_and_nothing_is_lost(page, kept):
    text(page).set_value("a --> b").run()
    text(page).set_value("\n".join(f"n{i}" for i in range(1000))).run()
    assert "at most 200" in page.error[0].value
    assert labels(kept) == ["a", "b"]


def test_boxes_are_added_from_the_palette_and_the_text_follows(page, kept):
    text(page).set_value("%% my design\na[Phone]").run()
    add(page, "Redis <b>", ComponentType.CACHE)
    add(page, "", ComponentType.MONITOR)
    page.selectbox(key="board-new-type").select_index(len(ComponentType))
    submit(page, "Add box")
    assert [(b.label, b.type) for b in drawing(kept).boxes] == [("Phone", None), ("Redis <b>", ComponentType.CACHE), ("Monitor", ComponentType.MONITOR)]
    assert text(page).value.startswith("%% my design\na[Phone]"), "comments stay"
    assert from_mermaid(text(page).value).boxes == drawing(kept).boxes
    assert len({(p.x, p.y) for p in drawing(kept).places}) == 3


def test_a_box_is_renamed_joined_and_deleted_by_form(page, kept):
    text(page).set_value("a[Phone] --> b[Ranker]").run()
    page.selectbox(key="board-chosen").set_value("box b").run()
    next(t for t in page.text_input if t.label == "Name").set_value("First ranker")
    next(s for s in page.selectbox if s.label == "Kind").set_value(ComponentType.RANKER)
    next(s for s in page.selectbox if s.label == "Arrow to").set_value("a")
    submit(page, "Save")
    assert drawing(kept).boxes[1].label == "First ranker"
    assert drawing(kept).boxes[1].type is ComponentType.RANKER
    assert [(a.source, a.target) for a in drawing(kept).arrows] == [("a", "b"), ("b", "a")]
    assert from_mermaid(text(page).value) == drawing(kept).model_copy(update={"places": ()})
    page.selectbox(key="board-chosen").set_value("arrow 0").run()
    next(t for t in page.text_input if t.label == "Words on the arrow").set_value("clicks")
    submit(page, "Save")
    assert drawing(kept).arrows[0].label == "clicks"
    page.selectbox(key="board-chosen").set_value("arrow 1").run()
    submit(page, "Delete")
    assert len(drawing(kept).arrows) == 1
    page.selectbox(key="board-chosen").set_value("box a").run()
    submit(page, "Delete")
    assert labels(kept) == ["First ranker"]
    assert drawing(kept).arrows == ()
    assert not page.exception


def test_the_last_edit_wins_and_unread_text_is_not_lost(page, kept):
    text(page).set_value("a --> b").run()
    text(page).set_value("a --> b\nb -> c").run()
    add(page, "Cache", ComponentType.CACHE)
    assert labels(kept) == ["a", "b", "Cache"]
    assert "Cache" in text(page).value
    assert not page.error
    assert [c.value for c in page.code] == ["a --> b\nb -> c"]


def test_another_visit_finds_the_drawing(page, kept):
    text(page).set_value("a[Phone] --> b[Ranker]").run()
    again = AppTest.from_file(APP, default_timeout=60).run()
    assert from_mermaid(again.text_area(key="board-text").value) == drawing(kept).model_copy(update={"places": ()})


def test_a_full_board_says_so(page, kept):
    text(page).set_value("\n".join(f"n{i}" for i in range(200))).run()
    add(page, "One more", ComponentType.CACHE)
    assert "at most 200 boxes" in page.error[0].value
    assert len(drawing(kept).boxes) == 200


def test_a_browser_that_had_not_heard_of_a_new_box_does_not_take_it_away(page, kept):
    text(page).set_value("a[Phone]").run()
    add(page, "Ranker", ComponentType.RANKER)
    with_one = text(page).value
    add(page, "Rules", ComponentType.RANKER)
    before = page.session_state["board-held"].before
    for known in ("a[Phone]", with_one):  # a text from before, as it is sent along with some other event
        before |= dict.fromkeys(before, time.monotonic())
        text(page).set_value(known).run()
        assert labels(kept) == ["Phone", "Ranker", "Rules"]
        assert "Rules" in text(page).value
    before |= {known: at - 60 for known, at in before.items()}
    text(page).set_value("a[Phone]").run()  # a person who deletes the line
    assert labels(kept) == ["Phone"]


def test_a_change_is_told_as_newer_than_the_last_even_when_the_canvas_was_not_heard_in_between(page):
    add(page, "Phone", ComponentType.CLIENT)
    held = page.session_state["board-held"]
    told = held.stamp
    held.seen = 0
    add(page, "Ranker", ComponentType.RANKER)
    assert held.stamp > told
