"""A system-design walkthrough as a person lives it, in each mode: say, ask, draw with text and mouse, reload in the middle, end, read the debrief."""

import re
import urllib.parse

import pytest
from hands import button, calm, no_sideways_scroll, press
from playwright.sync_api import expect
from test_interview import MARKUP, hard_to_read, mine, theirs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

DESKTOP, PHONE = (1280, 900), (390, 844)
FEED = "feed-ranking"
DRAWN = """flowchart LR
    app[App]:::client --> feed[Feed service]:::serving
    feed --> ranker[Heavy ranker]:::ranker
    feed --> inv[Followed posts]:::candidates
    log[Event log]:::stream
    train[Training]:::training --> ranker"""

CLICK_AS_THE_CANVAS_SPEAKS = """
    window.addEventListener("message", function once(message) {
        const hint = [...document.querySelectorAll("button")].find(b => b.innerText.includes("Hint"));
        if (message.data?.type !== "streamlit:setComponentValue" || !hint) return;
        window.removeEventListener("message", once, true);
        message.stopImmediatePropagation();
        const {data, source, origin} = message;
        const speak = () => window.dispatchEvent(new MessageEvent("message", {data, source, origin}));
        if (!BEFORE) speak();
        hint.click();
        if (BEFORE) setTimeout(speak, BEFORE);
    }, true);"""


def walk_in(page):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["walk"][0]


def say(page, text):
    count, heard = mine(page).count(), theirs(page).count()
    box = page.get_by_placeholder("Think out loud")
    box.fill(text)
    box.press("Enter")
    expect(mine(page)).to_have_count(count + 1)
    page.wait_for_function(f"document.querySelectorAll('[aria-label=\"Chat message from assistant\"]').length > {heard}")
    calm(page)


def start(page, mode):
    expect(button(page, "Start the walkthrough")).to_be_visible()
    if mode != "Blank":
        page.get_by_test_id("stButtonGroup").get_by_text(mode, exact=True).click()
    button(page, "Watch it" if mode == "Watch" else "Start the walkthrough").click()
    page.wait_for_url(re.compile("/watch" if mode == "Watch" else "/walkthrough.walk="))
    expect(page.locator(".words").first).to_be_visible()
    calm(page)


def as_text(page):
    return page.get_by_role("textbox", name="The drawing as text")


def draw(page, text):
    as_text(page).fill(text)
    as_text(page).press("Control+Enter")


def canvas(page):
    return page.frame_locator("iframe").first


def box_on_canvas(page, label):
    return canvas(page).locator(".react-flow__node").filter(has_text=label)


def join_by_mouse(page, source, target):
    """Drags from the right edge of one box to the left edge of another."""
    ends = [box_on_canvas(page, source).locator(".react-flow__handle.source"), box_on_canvas(page, target).locator(".react-flow__handle.target")]
    ends[0].scroll_into_view_if_needed()
    before = None
    while before != (before := [e.bounding_box() for e in ends]):  # the canvas moves until it fits
        page.wait_for_timeout(500)
    (ax, ay), (bx, by) = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in (e.bounding_box() for e in ends)]
    page.mouse.move(ax, ay)
    page.mouse.down()
    page.mouse.move((ax + bx) / 2, (ay + by) / 2, steps=8)
    page.mouse.move(bx, by, steps=8)
    page.mouse.up()


def step(bank, number):
    return bank.archetypes[FEED].walkthrough[number]


def picture(page, pictures, name, height=None):
    size = page.viewport_size
    if height:
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(1500)  # charts and drawings take their new size
    page.mouse.move(0, 0)
    page.screenshot(path=pictures / f"{name}.png")
    page.set_viewport_size(size)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_blank_walkthrough_with_a_drawing_and_a_reload_on_the_way(visit, bank, pictures, scheme):
    page = visit(f"/design?archetype={FEED}", size=DESKTOP, color_scheme=scheme)
    which = "" if scheme == "light" else "-dark"
    start(page, "Blank")
    name = walk_in(page)
    expect(button(page, "Hint")).to_have_count(0)
    expect(button(page, "Pause")).to_have_count(0)

    # scoping, then leading; markup is text; nothing of the rubric is shown
    say(page, "How many people use it, and how quick must a page be?")
    assert re.search(r"\d", theirs(page).last.inner_text())
    say(page, step(bank, 0).said)
    say(page, f"{step(bank, 1).said} {MARKUP}")
    assert page.locator(".words").locator("script, img, b, a, strong").count() == 0
    everything = page.locator("[data-testid=stMain]").inner_text()
    assert not any(c.statement in everything for c in bank.archetypes[FEED].criteria)

    # the drawing: by text, then one arrow by mouse; a reload in the middle finds both
    draw(page, DRAWN)
    expect(box_on_canvas(page, "Heavy ranker")).to_be_visible()
    expect(box_on_canvas(page, "Training")).to_be_visible()
    for _ in range(3):  # a canvas that is drawn anew under the mouse drops what it was drawing; a person draws again
        join_by_mouse(page, "Event log", "Training")
        page.wait_for_timeout(4000)
        if "log --> train" in as_text(page).input_value():
            break
    expect(as_text(page)).to_have_value(re.compile(r"log --> train"))
    calm(page)
    page.reload()
    expect(as_text(page)).to_have_value(re.compile(r"log --> train"))
    assert walk_in(page) == name
    expect(box_on_canvas(page, "Event log")).to_be_visible()
    expect(mine(page)).to_have_count(3)
    calm(page)

    # text that cannot be read says where, and keeps the drawing
    good = as_text(page).input_value()
    draw(page, f"{good}\n    app ->-> feed")
    expect(page.get_by_test_id("stAlert").filter(has_text=re.compile(r"Line \d+"))).to_be_visible()
    expect(box_on_canvas(page, "Event log")).to_be_visible()
    draw(page, good)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)

    for number in range(2, 9):
        say(page, step(bank, number).said)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    picture(page, pictures, f"walkthrough{which}")
    assert hard_to_read(page, ".words, .clock, .quiet, .plan span, [data-testid=stMain] button p") == []
    no_sideways_scroll(page)

    # the debrief
    press(page, "End and debrief")
    page.wait_for_url("**/design-debrief?walk=*")
    assert walk_in(page) == name
    expect(page.get_by_text(re.compile(r"^Clears the (mid|senior|staff) bar$"))).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_have_count(3)
    expect(page.locator(".drawing img")).to_have_count(2)
    expect(page.get_by_text("core components and")).to_be_visible()
    expect(button(page, "Markdown")).to_be_visible()
    page.wait_for_timeout(1500)
    picture(page, pictures, f"walkthrough-debrief{which}", 1500)
    page.get_by_text("Clarify and frame —").click()
    expect(page.locator(".quote").first).to_be_visible()
    said = " ".join(" ".join(page.get_by_label("Chat message from user").locator(".words").all_text_contents()).split())
    quotes = [" ".join(q.split()).strip("“”") for q in page.locator(".quote").all_text_contents()]
    assert quotes
    assert all(q in said for q in quotes)
    page.get_by_role("heading", name="The drawing beside the reference").scroll_into_view_if_needed()
    picture(page, pictures, f"walkthrough-drawing{which}", 1500)
    no_sideways_scroll(page)

    # one stage again
    press(page, "Retry this stage")
    page.wait_for_url("**/walkthrough?walk=*")
    calm(page)
    assert walk_in(page) != name


def test_a_click_counts_although_the_canvas_speaks_at_the_same_time(visit):
    """The canvas has its part of the page drawn anew when it has loaded: with the click, which then reaches that part alone, or milliseconds after it."""
    for before in (0, 20, 100):
        page = visit("/")
        page.add_init_script(CLICK_AS_THE_CANVAS_SPEAKS.replace("BEFORE", str(before)))
        page.goto(urllib.parse.urljoin(page.url, f"/design?archetype={FEED}"))
        start(page, "Guided")
        expect(theirs(page).filter(has_text="Hint 1 of 3")).to_have_count(1)
        calm(page)
        expect(theirs(page).filter(has_text=re.compile(r"Hint \d of 3"))).to_have_count(1)
        page.close()


def test_a_guided_walkthrough_on_a_phone(visit, bank, pictures):
    page = visit(f"/design?archetype={FEED}", size=PHONE)
    start(page, "Guided")
    clarify, metrics = bank.archetypes[FEED].guidance[:2]
    expect(theirs(page).last).to_contain_text(clarify.prompts[0])
    press(page, "Hint")
    expect(theirs(page).filter(has_text="Hint 1 of 3")).to_be_visible()
    calm(page)
    say(page, step(bank, 0).said)
    draw(page, DRAWN)
    expect(box_on_canvas(page, "Training")).to_be_attached()
    calm(page)
    page.reload()
    expect(as_text(page)).to_have_value(re.compile("train"))
    calm(page)
    press(page, "Pause")
    expect(page.get_by_role("timer")).to_contain_text("paused")
    press(page, "Go on")
    expect(page.get_by_role("timer")).to_contain_text("left")
    press(page, "Next stage")
    expect(theirs(page).filter(has_text="Feedback:")).to_be_visible()
    expect(theirs(page).last).to_contain_text(metrics.prompts[0])
    calm(page)
    no_sideways_scroll(page)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    picture(page, pictures, "walkthrough-guided-phone")
    picture(page, pictures, "walkthrough-guided-phone-whole", 1900)
    press(page, "End and debrief")
    page.wait_for_url("**/design-debrief?walk=*")
    expect(page.get_by_text("guided mode: it taught")).to_be_visible()
    expect(button(page, "Markdown")).to_be_visible()
    no_sideways_scroll(page)
    picture(page, pictures, "walkthrough-debrief-phone", 2600)


def test_watching_a_walkthrough_until_it_is_the_learners_turn(visit, bank, pictures):
    page = visit(f"/design?archetype={FEED}", size=DESKTOP)
    picture(page, pictures, "design")
    start(page, "Watch")
    for number in range(6):
        expect(page.get_by_text(f"Stage {number + 1} of 9")).to_be_visible()
        expect(page.locator(".words").filter(has_text=step(bank, number).said[:60])).to_be_visible()
        expect(page.locator(".words").filter(has_text=step(bank, number).why[:60])).to_be_visible()
        if number == 2:
            picture(page, pictures, "watch")
            page.reload()
            expect(page.get_by_text("Stage 3 of 9")).to_be_visible()
        calm(page)
        press(page, "Next stage")
    expect(page.get_by_text("Your turn.")).to_be_visible()
    strong = page.locator(".words").filter(has_text=step(bank, 6).said[:60])
    expect(strong).to_have_count(0)
    page.get_by_role("textbox").fill(f"{step(bank, 6).said[:300]} {MARKUP}")
    press(page, "Compare with the strong one")
    expect(page.get_by_text(re.compile(r"You had \d+ of \d+ points of this stage"))).to_be_visible()
    expect(strong.last).to_be_visible()
    assert page.locator(".words").locator("script, img, b, a, strong").count() == 0
    picture(page, pictures, "watch-turn", 1100)
    assert hard_to_read(page, ".words, .quiet, [data-testid=stMain] button p") == []
    press(page, "Next stage")
    expect(page.get_by_text("Stage 8 of 9")).to_be_visible()
