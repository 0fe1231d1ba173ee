"""The whiteboard with a real mouse: a box is added, two are joined, one is moved; a refresh finds all of it; nothing comes from elsewhere."""

import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import ROOT, Server
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


class Board(Server):
    """The page with a whiteboard alone."""

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "streamlit",
                    "run",
                    str(ROOT / "tests/servers/whiteboard_app.py"),
                    "--server.port",
                    str(self.port),
                    "--server.headless",
                    "true",
                ],
                cwd=ROOT,
                env=os.environ | {"WHITEBOARD_FILE": str(self.data / "drawing.json"), "PYTHONPATH": str(ROOT), "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.log())


@pytest.fixture
def server(tmp_path):
    (tmp_path / "data").mkdir()
    made = Board(tmp_path / "data")
    made.start()
    yield made
    made.stop()
    assert "Traceback" not in made.log()


def canvas(page):
    return page.frame_locator("iframe[title='streamlit_flow.streamlit_flow']")


def box(page, name):
    return canvas(page).locator(".react-flow__node", has_text=name)


def place(page, name):
    return [float(n) for n in re.findall(r"translate\((-?[\d.]+)px, (-?[\d.]+)px\)", box(page, name).get_attribute("style"))[0]]


def as_text(page):
    return page.get_by_role("textbox", name="The drawing as text (Mermaid)")


def settled(page):
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(1500)  # the canvas fits itself to the drawing


def middle(part):
    at = part.bounding_box()
    return at["x"] + at["width"] / 2, at["y"] + at["height"] / 2


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=6)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def write(page, text):
    as_text(page).fill(text)
    as_text(page).press("Control+Enter")


@pytest.mark.parametrize(("scheme", "size"), [("light", (1100, 1250)), ("dark", (1100, 1250)), ("light", (390, 844))])
def test_a_box_is_added_two_are_joined_and_a_refresh_finds_them(visit, pictures, scheme, size):
    page = visit("/", size=size, color_scheme=scheme)
    expect(as_text(page)).to_be_visible()
    write(page, "app[Phone <b>of</b> the user]:::client --> rank[Ranker **v2** ![x](http://example.org/x.png)]:::ranker")
    expect(box(page, "Ranker **v2** ![x](")).to_be_visible()
    expect(canvas(page).locator(".react-flow__node :is(a, img)")).to_have_count(0)
    settled(page)
    page.get_by_label("Its name").fill("Online features")
    page.get_by_role("button", name="Add box").click()
    expect(box(page, "Online features")).to_be_visible()
    expect(as_text(page)).to_have_value(re.compile(r"b1\[\"Online features\"\]"))
    settled(page)
    drag(page, middle(box(page, "Online").locator(".react-flow__handle-right")), middle(box(page, "Ranker").locator(".react-flow__handle-left")))
    expect(as_text(page)).to_have_value(re.compile(r"b1 --> rank"))
    expect(page.get_by_text("3 boxes and 2 arrows")).to_be_visible()
    settled(page)
    start = middle(box(page, "Online"))
    drag(page, start, (start[0] + 20, start[1] + 60))
    settled(page)
    page.screenshot(path=pictures / f"whiteboard-{scheme}-{size[0]}.png", full_page=True)
    box(page, "Online").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Online features")
    moved = place(page, "Online")
    page.reload()
    expect(box(page, "Online features")).to_be_visible()
    expect(as_text(page)).to_have_value(re.compile(r"b1 --> rank"))
    assert place(page, "Online") == pytest.approx(moved, abs=0.2)
    write(page, "app --> rank --")
    expect(page.get_by_text("is not finished")).to_be_visible()
    expect(box(page, "Online features")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollWidth <= window.innerWidth")
