"""The interview page with a language model behind real HTTP: the reply streams, can be stopped, and survives a server that dies."""

import re

import pytest
from hands import button, press
from playwright.sync_api import expect
from servers.openai_server import OpenAiServer, speaking
from test_interview import DESKTOP, PHONE, mine, settle, theirs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ANSWER = "I would look at the data first, then train a simple model and compare it with a larger one, and I would use what I know from my last project."
SLOW = 0.2


# The tail is what nobody may see.
model = speaking("You would “look at the data first”. ", " Great answer <b>so far</b>.")


@pytest.fixture
def model_server():
    with OpenAiServer(model) as made:
        yield made


@pytest.fixture
def server(tmp_path, model_server):
    from conftest import Server

    made = Server(tmp_path / "data")
    made.environment = {"INTERVIEWER_MODEL": "openai:test-model", "OPENAI_BASE_URL": model_server.url, "INTERVIEWER_MODEL_SECONDS": "60", "OPENAI_API_KEY": ""}
    made.start()
    yield made
    made.stop()
    assert "Traceback" not in made.log()


def begun(visit, **how):
    page = visit(**how)
    press(page, "Start interview")
    page.wait_for_url("**/interview?interview=*")
    settle(page)
    return page


def say(page, text):
    count = mine(page).count()
    box = page.get_by_placeholder("Your answer")
    box.fill(text)
    box.press("Enter")
    expect(mine(page)).to_have_count(count + 1)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_message_shows_at_once_then_what_is_done_in_words_then_the_reply_as_it_comes(visit, model_server, pictures, size, scheme):
    page = begun(visit, size=size, color_scheme=scheme)
    model_server.delay, model_server.gap = 1.5, SLOW
    say(page, ANSWER)
    expect(page.get_by_text("Reading your answer …")).to_be_visible()
    page.screenshot(path=pictures / f"reading-{scheme}.png")
    expect(page.get_by_text("Choosing words …")).to_be_visible()
    expect(button(page, "Stop")).to_be_visible()
    expect(theirs(page).last).to_have_text("You would “look at the data first”.")  # the first sentence stands there alone
    page.screenshot(path=pictures / f"streaming-{scheme}.png")
    expect(theirs(page).last).to_have_text(re.compile(r"^You would “look at the data first”\. .+\?$"))
    settle(page)
    expect(button(page, "Stop")).to_have_count(0)
    text = theirs(page).last.inner_text()
    assert text.count("?") == 1
    assert "Great" not in text
    expect(page.get_by_text(re.compile(r"Language model: \d+ calls"))).to_be_visible()
    page.screenshot(path=pictures / f"replied-{scheme}.png", full_page=True)
    page.reload()
    settle(page)
    assert theirs(page).last.inner_text() == text


def test_stop_leaves_the_script_s_words_and_the_interview_goes_on_to_its_debrief(visit, model_server):
    page = begun(visit)
    model_server.fault = lambda body: "stall_mid_stream" if body.get("stream") else ""
    say(page, ANSWER)
    expect(theirs(page).last).to_have_text("You would “look at the data first”.")
    button(page, "Stop").click()
    settle(page)
    text = theirs(page).last.inner_text()
    assert text.startswith("You said “I would look at the data first")
    model_server.fault = ""
    say(page, "skip")
    settle(page)
    press(page, "End and debrief")
    expect(page.get_by_role("heading", name="Debrief", exact=True)).to_be_visible()
    expect(page.get_by_text(text, exact=True)).to_have_count(1)


def test_a_reload_half_way_shows_the_script_s_words(visit, model_server):
    page = begun(visit)
    model_server.fault = lambda body: "stall_mid_stream" if body.get("stream") else ""
    say(page, ANSWER)
    expect(theirs(page).last).to_have_text("You would “look at the data first”.")
    page.reload()
    settle(page)
    assert theirs(page).last.inner_text().startswith("You said “I would look at the data first")


@pytest.mark.parametrize("fault", ["reset_mid_stream", "ends_mid_stream", "500"])
def test_a_server_that_dies_half_way_leaves_one_question_and_the_debrief_is_reached(visit, model_server, fault):
    page = begun(visit)
    model_server.fault = lambda body: fault if body.get("stream") else ""
    say(page, ANSWER)
    settle(page)
    assert theirs(page).last.inner_text().count("?") == 1
    model_server.fault = fault
    say(page, "I would compare the two on data that was held back, and look at the mistakes that are left.")
    settle(page)
    assert mine(page).count() == 2
    press(page, "End and debrief")
    expect(page.get_by_role("heading", name="Debrief", exact=True)).to_be_visible()
