"""What a person's hands and eyes do on every page: find a button, wait until the page stands still, press."""

from playwright.sync_api import expect


def button(page, name):
    return page.get_by_role("button", name=name)


def calm(page):
    """Waits until a page has drawn all it has to say."""
    page.evaluate("window.before = undefined")
    page.wait_for_function(
        """() => {
            const texts = [...document.querySelectorAll(".words, .quiet")].map(e => e.textContent).join("\\n").replace(/\\d+:\\d\\d/g, "");
            const idle = document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning";
            const same = window.before === texts && idle && !document.querySelector('[data-stale="true"]');
            window.before = texts;
            return same;
        }""",
        polling=500,
    )


def press(page, name):
    """Presses the first button of this name once the page stands still: what is drawn anew under the mouse takes no click."""
    expect(button(page, name).first).to_be_visible()
    calm(page)
    button(page, name).first.click()


def no_sideways_scroll(page):
    assert page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollWidth <= window.innerWidth")
