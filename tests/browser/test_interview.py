"""The app as a person meets it: a real server, a real browser, whole journeys."""

import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from hands import button, calm, no_sideways_scroll, press
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
DESKTOP, PHONE = (1100, 850), (390, 844)
SIZES = {"desktop": DESKTOP, "phone": PHONE}
MARKUP = '<script>alert("one")</script><img src=x onerror="alert(2)"> <b>not bold</b> {{7*7}} [a](javascript:alert(3)) **stars**'
GONE = "There is no such interview"


# --- what a person does and sees ---------------------------------------------------------------------------------------


def id_in(page):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["interview"][0]


def mine(page):
    """What the candidate said, as the page shows it."""
    return page.get_by_label("Chat message from user").locator(".words")


def theirs(page):
    return page.get_by_label("Chat message from assistant").locator(".words")


def transcript(page):
    """Every utterance on the page in order, small notices included."""
    return page.locator("[data-testid=stChatMessageContent] .words, .stHtml > .quiet")


def settle(page):
    """Waits until the interview's page has drawn all it has to say."""
    expect(button(page, "End and debrief")).to_be_visible()
    calm(page)


def start(page):
    press(page, "Start interview")
    page.wait_for_url("**/interview?interview=*")
    settle(page)
    return id_in(page)


def say(page, text):
    """Types a message, sends it, and waits for the reply to it."""
    count = mine(page).count()
    box = page.get_by_placeholder("Your answer")
    box.fill(text)
    box.press("Enter")
    expect(mine(page)).to_have_count(count + 1)
    assert mine(page).last.inner_text() == text
    expect(page.get_by_test_id("stChatMessageContent").last).to_have_attribute("aria-label", "Chat message from assistant")
    settle(page)


def current(page, bank):
    """The question that was put last, found in the bank by the prompt on the page."""
    prompts = {q.prompt: q for q in bank.questions.values()}
    put = [prompts[t] for t in theirs(page).all_inner_texts() if t in prompts]
    return put[-1]


def halves(question):
    """The strong exemplar in two parts, each on one line as it would be typed."""
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(max(question.exemplars, key=lambda e: e.band).text.split()))
    middle = max(1, len(sentences) // 2)
    return " ".join(sentences[:middle]), " ".join(sentences[middle:])


def delete_all(page, server):
    page.goto(f"{server.url}/history")
    press(page, "More")
    press(page, "Delete")
    expect(page.get_by_text("No interviews yet.")).to_be_visible()


def as_sentence(page, text):
    """The page shows this sentence in an alert, and nothing of a program's insides."""
    expect(page.get_by_test_id("stAlert").filter(has_text=text)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in page.content()


def second_tab(page, url):
    """The same address in a second tab that hears of nothing new: its requests are held back until `let` says otherwise."""
    tab, let = page.context.new_page(), {"pass": lambda message: True}

    def route(socket_):
        up = socket_.connect_to_server()
        socket_.on_message(lambda m: up.send(m) if let["pass"](m) else None)

    tab.route_web_socket("**/_stcore/stream", route)
    tab.goto(url)
    settle(tab)
    return tab, let


# --- tests -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_interview_with_every_mishap_on_the_way(visit, server, bank, seen, size):
    page = visit("/", size=SIZES[size])
    name = start(page)

    # a hint (before anything is said: half of a strong answer may leave nothing to hint at), an answer, a question back, and not knowing
    first, _ = halves(current(page, bank))
    button(page, "Hint").dblclick()
    expect(theirs(page).filter(has_text="Hint 1 of 3")).to_be_visible()
    settle(page)
    say(page, first)
    question = current(page, bank)  # half a strong answer may have been enough
    _, rest = halves(question)
    say(page, "Before I go on, could you clarify what kind of data we have here?")
    facts = [f.answer for f in question.fact_sheet.values()]
    assert any(f in theirs(page).last.inner_text() for f in [*facts, "make an assumption", "Make an assumption"])
    unknown = "Honestly, this one is beyond me, I have no clue."
    say(page, unknown)
    expect(theirs(page).last).to_contain_text("What is the closest thing you do know")
    expect(theirs(page).filter(has_text=re.compile("Hint . of 3"))).to_have_count(1)  # a second hint would have come before this reply
    expect(mine(page).filter(has_text="Could I have a hint?")).to_have_count(1)
    no_sideways_scroll(page)

    # the clock stays in sight at the end of a long transcript
    theirs(page).last.scroll_into_view_if_needed()
    expect(page.get_by_role("timer")).to_be_in_viewport()

    # a reload half-way
    before = transcript(page).all_inner_texts()
    assert len(before) >= 9
    page.reload()
    settle(page)
    expect(transcript(page)).to_have_text(before, use_inner_text=True)
    assert id_in(page) == name

    # a second tab that is behind
    tab, let = second_tab(page, page.url)
    expect(transcript(tab)).to_have_text(before, use_inner_text=True)
    late = "Sent from the tab that had been left open."
    let["pass"] = lambda message: late.encode() in message
    say(page, rest)
    box = tab.get_by_placeholder("Your answer")
    box.fill(late)
    box.press("Enter")
    as_sentence(tab, "moved on in another tab")
    expect(tab.get_by_test_id("stCode")).to_contain_text(late)
    expect(mine(tab).filter(has_text=rest)).to_have_count(1)
    expect(mine(tab).filter(has_text=late)).to_have_count(0)
    let["pass"] = lambda message: True
    tab.close()
    page.reload()
    settle(page)
    expect(page.get_by_test_id("stCode")).to_contain_text(late)  # the draft outlives the tab
    expect(mine(page).filter(has_text=late)).to_have_count(0)

    # markup is text
    say(page, MARKUP)
    assert page.locator(".words").locator("script, img, b, a, strong").count() == 0

    # the server dies and comes back
    before = transcript(page).all_inner_texts()
    server.stop(signal.SIGKILL)
    server.start()
    page.goto(f"{server.url}/history")
    press(page, "Resume")
    page.wait_for_url("**/interview?interview=*")
    assert id_in(page) == name
    settle(page)
    expect(transcript(page)).to_have_text(before, use_inner_text=True)

    # the debrief
    press(page, "End and debrief")
    page.wait_for_url("**/debrief?interview=*")
    assert id_in(page) == name
    expect(page.get_by_role("heading", name="Debrief")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Confidence of this read: \d+%"))).to_be_visible()
    expect(page.get_by_text("It is not a prediction of any hiring decision.")).to_be_visible()
    expect(button(page, "JSON")).to_be_visible()
    said = " ".join(" ".join(mine(page).all_inner_texts()).split())
    quotes = [" ".join(q.split()) for q in page.locator(".quote").all_text_contents()]
    assert quotes
    assert all(q.startswith("“") and q.endswith("”") and q[1:-1] in said for q in quotes)
    marked = mine(page).locator("mark").all_inner_texts()
    assert marked
    assert any(m in first or m in rest for m in marked)
    expect(theirs(page).locator("mark")).to_have_count(0)
    assert page.locator(".words, .quote").locator("script, img, b, a, strong").count() == 0
    no_sideways_scroll(page)

    # what can be taken along
    with page.expect_download() as download:
        press(page, "Markdown")
    assert re.fullmatch(r"debrief-\d{4}-\d\d-\d\d\.md", download.value.suggested_filename)
    exported = Path(download.value.path()).read_text(encoding="utf-8")
    plain = exported.replace("\\", "")
    for words in (unknown, first, MARKUP):
        assert words.replace("\\", "") in plain
    assert "<script>" not in exported

    # and what can be thrown away
    delete_all(page, server)
    for path in ("interview", "debrief"):
        page.goto(f"{server.url}/{path}?interview={name}")
        as_sentence(page, GONE)
    assert seen.dialogs == []


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")], ids=["desktop", "dark", "phone"])
def test_text_can_be_read_in_light_dark_and_on_a_phone(visit, bank, pictures, size, scheme):
    """Also takes the README's pictures."""
    page = visit("/", size=size, color_scheme=scheme)
    expect(button(page, "Start interview")).to_be_visible()
    page.wait_for_load_state("networkidle")
    which = "phone" if size == PHONE else scheme

    def picture(name):
        names = {"light": f"{name}.png", "dark": f"{name}-dark.png", "phone": f"{name}-phone.png"}
        page.mouse.move(0, 0)
        page.screenshot(path=pictures / names[which])
        assert (pictures / names[which]).stat().st_size > 5_000

    picture("start")
    start(page)
    first, rest = halves(current(page, bank))
    press(page, "Hint")  # before anything is said: half of a strong answer may leave nothing to hint at
    expect(theirs(page).filter(has_text="Hint 1 of 3")).to_be_visible()
    say(page, first)
    settle(page)
    theirs(page).last.scroll_into_view_if_needed()
    picture("interview")
    assert hard_to_read(page, ".words, .clock, .quiet, button p") == []
    say(page, rest)
    for _ in range(2):  # enough answers for a debrief that is worth a picture
        say(page, " ".join(halves(current(page, bank))))
    press(page, "End and debrief")
    expect(button(page, "JSON")).to_be_visible()
    page.set_viewport_size({"width": size[0], "height": 1500})
    expect(page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first).to_be_visible()
    picture("debrief")
    assert hard_to_read(page, ".words, .quiet, .quote, mark, button p, [data-testid=stMain] p") == []


def hard_to_read(page, selector):
    """The visible texts that the selector finds whose contrast is under WCAG's 4.5, each with its contrast."""
    return page.evaluate(
        r"""selector => {
            const rgba = c => { const n = c.match(/[\d.]+/g).map(Number); const k = c.startsWith("color(") ? 255 : 1;
                                return [n[0] * k, n[1] * k, n[2] * k, n.length > 3 ? n[3] : 1]; };
            const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
            const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                                 return .2126 * r + .7152 * g + .0722 * b; };
            const chain = e => e ? [...chain(e.parentElement), e] : [];
            const hard = [];
            for (const e of document.querySelectorAll(selector)) {
                if (!e.offsetParent || !e.textContent.trim() || e.closest(":disabled")) continue;
                let under = [255, 255, 255], fade = 1;
                for (const x of chain(e)) {
                    const s = getComputedStyle(x);
                    under = over(rgba(s.backgroundColor), under);
                    fade *= Number(s.opacity);
                }
                const ink = rgba(getComputedStyle(e).color);
                ink[3] *= fade;
                const [a, b] = [light(over(ink, under)), light(under)].sort((x, y) => y - x);
                if ((a + .05) / (b + .05) < 4.5) hard.push([((a + .05) / (b + .05)).toFixed(2), e.textContent.trim().slice(0, 60)]);
            }
            return hard;
        }""",
        selector,
    )


def test_a_dark_browser_gets_a_dark_page(visit):
    page = visit("/", color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(21, 24, 28)")


def test_an_address_that_names_nothing_shows_a_sentence(visit, server):
    page = visit("/interview?interview=no-such-one")
    as_sentence(page, GONE)
    for address in (
        "/?interview=no-such-one",
        "/debrief?interview=%3Cscript%3Ealert(1)%3C/script%3E",
        f"/interview?interview={'x' * 2000}",
        "/debrief?interview=%00%27%22",
    ):
        page.goto(server.url + address)
        as_sentence(page, GONE)
    for address in ("/interview", "/debrief"):
        page.goto(server.url + address)
        as_sentence(page, "No interview is open here.")
    page.goto(f"{server.url}/library?section=knowledge/nothing%23at-all")
    expect(page.get_by_text("Sources:")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


@pytest.mark.timeout(500)
@pytest.mark.usefixtures("guide_index")
def test_the_library_finds_a_page_of_the_guide(visit):
    page = visit("/library")
    box = page.get_by_placeholder("for example: high AUC")
    box.fill("false positives and the ROC curve on rare positives")
    box.press("Enter")
    expect(page.get_by_text(re.compile(r"^knowledge/evaluation/[a-z-]+#[a-z-]+$")).first).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_what_a_strong_answer_holds_is_hidden_until_the_question_was_attempted(visit, server, bank):
    question = sorted((q for q in bank.questions.values() if not q.open), key=lambda q: q.id)[0]
    strong = " ".join(max(question.exemplars, key=lambda e: e.band).text.split())

    def look_up():
        page.get_by_text("Questions", exact=True).click()
        box = page.get_by_placeholder("a word from the question")
        box.fill(question.prompt)
        box.press("Enter")
        expect(page.get_by_text(re.compile("^1 of "))).to_be_visible()
        calm(page)  # the rows of the longer list are gone
        page.get_by_text(question.title).first.click()
        expect(button(page, "Practise this one")).to_be_visible()
        return " ".join(page.locator("[data-testid=stMain]").inner_text().split())

    page = visit("/library")
    hidden = look_up()
    assert question.prompt in hidden
    assert strong not in hidden
    assert not any(c.statement in hidden for c in question.criteria)
    press(page, "Practise this one")
    page.wait_for_url("**/interview?interview=*")
    settle(page)
    expect(page.locator(".status")).to_contain_text("question 1 of 1")
    say(page, halves(question)[0])
    press(page, "End and debrief")
    page.wait_for_url("**/debrief?interview=*")
    expect(button(page, "JSON")).to_be_visible()
    page.goto(f"{server.url}/library")
    shown = look_up()
    assert strong in shown
    assert all(c.statement in shown for c in question.criteria)


def test_no_page_asks_for_anything_outside_this_machine(visit, server, seen):
    page = visit("/")
    start(page)
    press(page, "End and debrief")
    expect(button(page, "JSON")).to_be_visible()
    for path in ("/history", "/library"):
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
    assert len(seen.urls) > 20  # it did watch
    assert any(u.startswith("ws://") for u in seen.urls)
    assert seen.elsewhere() == []


def test_a_busy_port_is_refused_with_a_sentence(tmp_path):
    with socket.create_server(("localhost", 0)) as holder:
        port = holder.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "interviewer", "serve", "--port", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert run.returncode == 2
    assert f"Port {port} is busy." in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_slow_double_click_buys_one_hint(visit):
    page = visit("/")
    start(page)
    box = button(page, "Hint").bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*at)
    page.wait_for_timeout(250)  # a slow hand: the page may have been redrawn in between
    page.mouse.click(*at)
    settle(page)
    say(page, "I would start from the data.")
    expect(theirs(page).filter(has_text=re.compile("Hint . of 3"))).to_have_count(1)
