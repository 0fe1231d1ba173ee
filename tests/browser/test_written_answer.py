"""A written answer as a person grades it: paste, predict, reveal, dispute, write again, with reloads on the way."""

import json
import re
import urllib.parse
from pathlib import Path

import pytest
from hands import button, no_sideways_scroll, press
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SIZES = {"desktop": (1100, 850), "phone": (390, 844)}
MARKUP = '<script>alert("one")</script><img src=x onerror="alert(2)"> <b>not bold</b>'


def answer_in(page):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["answer"][0]


def score(page):
    return int(page.get_by_test_id("stMetricValue").first.inner_text().removesuffix(" %"))


def one_line(text):
    return " ".join(text.split())


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_from_pasting_to_the_second_version(visit, bank, size, pictures):
    question = next(iter(bank.questions.values()))
    strong = max(question.exemplars, key=lambda e: e.band).text
    weak = one_line(next(e.text for e in question.exemplars if e.band in (2, 3)))
    page = visit("/grade", size=SIZES[size], color_scheme="light" if size == "desktop" else "dark")

    # an empty answer is refused, then one is pasted and sent with the keyboard alone
    press(page, "Save and predict the score")
    expect(page.get_by_text("There is nothing in the answer.")).to_be_visible()
    box = page.get_by_role("textbox", name="Your answer")
    box.fill(f"{weak} {MARKUP}")
    box.press("Control+Enter")
    page.wait_for_url("**/grade?answer=*")
    first = answer_in(page)

    # nothing of the grade is there before the prediction, also after a reload
    for _ in range(2):
        expect(button(page, "Reveal the grade")).to_be_visible()
        expect(page.locator(".words").filter(has_text="not bold")).to_contain_text(MARKUP)
        everything = page.locator("body").inner_text()
        assert not any(c.statement in everything for c in question.criteria)
        assert strong[:60] not in one_line(everything)
        assert page.locator(".words mark").count() == 0
        page.reload()
    page.get_by_role("slider").press("ArrowRight")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("55 %")
    press(page, "Reveal the grade")

    # the grade beside the prediction, quotes in their places, each with its number
    expect(page.get_by_text("Criterion by criterion")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").nth(1)).to_have_text("55 %")
    was = score(page)
    assert page.get_by_test_id("stMetricValue").nth(2).inner_text() == f"{abs(was - 55)} points"
    assert page.locator(".words mark").count() >= 1
    assert page.locator(".words sup").count() >= 1
    expect(page.get_by_role("button", name="Dispute")).to_have_count(len(question.criteria))
    no_sideways_scroll(page)
    page.screenshot(path=pictures / f"grade-{size}.png")

    # a dispute is kept and shown, and changes nothing in the grade; the answer reopens as it was left
    press(page, "Dispute")
    page.get_by_label("Why").fill(f"The second sentence says it. {MARKUP}")
    press(page, "Keep the dispute")
    expect(button(page, "Keep the dispute")).to_have_count(0)
    expect(page.locator(".disputed")).to_contain_text(f"because: The second sentence says it. {MARKUP}")
    page.reload()
    expect(page.locator(".disputed")).to_have_count(1)
    assert (answer_in(page), score(page)) == (first, was)
    with page.expect_download() as download:
        press(page, "Download all disputes")
    (row,) = [json.loads(line) for line in Path(download.value.path()).read_text(encoding="utf-8").splitlines()]
    assert (row["question_id"], row["reason"], row["answer"]) == (question.id, f"The second sentence says it. {MARKUP}", f"{weak} {MARKUP}")

    # a new version with the old one in sight, a reload in the middle, then both side by side
    press(page, "Write a new version")
    page.wait_for_url("**retry=1*")
    page.reload()
    expect(page.locator(".words").filter(has_text="not bold")).to_be_visible()
    page.get_by_role("textbox", name="Your answer").fill(one_line(strong))
    press(page, "Save and predict the score")
    page.wait_for_url(lambda url: "answer=" in url and first not in url)
    page.reload()
    press(page, "Reveal the grade")
    expect(page.get_by_text("Before and now")).to_be_visible()
    now = score(page)
    assert now > was
    expect(page.get_by_text(f"The score rose by {now - was} points.")).to_be_visible()
    expect(page.get_by_text(re.compile("▲ better")).first).to_be_visible()
    no_sideways_scroll(page)
    page.get_by_text("Before and now").scroll_into_view_if_needed()
    page.screenshot(path=pictures / f"versions-{size}.png")

    # both are in the history
    press(page, "Another answer")
    opened = page.get_by_test_id("stButton").get_by_role("button", name="Open", exact=True)
    expect(opened).to_have_count(2)
    press(page, "More")
    press(page, "Delete")
    expect(opened).to_have_count(1)
    expect(button(page, "Delete")).to_have_count(0)  # a second click must not meet the next answer
