"""A real server and a real browser. Everything a page asks for is recorded: nothing may leave this machine."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from builders import bare_environment

from interviewer import settings

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = "--no-sandbox --disable-gpu --disable-background-networking --disable-quic --no-first-run --disable-component-update --disable-sync".split()
PATIENCE = 30_000

sync_api.expect.set_options(timeout=PATIENCE)


def free_port():
    """A port that a server can take some seconds from now: not one of those that the system hands to whoever asks for any, a browser above all."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("localhost", port))
            return port


class Server:
    """`python -m interviewer serve` on a port and a data folder that stay the same over restarts."""

    def __init__(self, data):
        self.data = data
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._log = data.parent / "server.log"
        self._process = None
        self.environment = {}

    def start(self):
        environment = bare_environment()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "interviewer", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=environment | {"INTERVIEWER_DATA_DIR": str(self.data)} | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up:
            assert self._process.poll() is None, f"the server stopped by itself:\n{self.log()}"
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the server did not answer:\n{self.log()}")

    def stop(self, how=signal.SIGTERM):
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(15)
            self._process = None

    def log(self):
        return self._log.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def server(tmp_path):
    """A running server with empty data; its log may hold no traceback at the end."""
    made = Server(tmp_path / "data")
    made.start()
    yield made
    made.stop()
    assert "Traceback" not in made.log()


@pytest.fixture(scope="session")
def browser():
    """Chromium, or a skip that says why."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no Chromium at {CHROMIUM}; name one in CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


class Seen:
    """What the pages of a test did that a person may not notice."""

    def __init__(self):
        self.urls, self.dialogs, self.errors = [], [], []

    def elsewhere(self):
        """Addresses outside this machine."""
        return [u for u in self.urls if urllib.parse.urlsplit(u).scheme not in ("data", "blob") and urllib.parse.urlsplit(u).hostname != "localhost"]


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def visit(browser, server, seen):
    """Opens a page of the app in a browser window of its own: `visit("/history", size=(390, 844))`."""
    contexts = []

    def dismiss(dialog):
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    def watch(page):
        page.on("request", lambda r: seen.urls.append(r.url))
        page.on("websocket", lambda w: seen.urls.append(w.url))
        page.on("pageerror", lambda e: seen.errors.append(str(e)))
        page.on("dialog", dismiss)

    def opened(path="/", size=(1100, 850), color_scheme="light"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=color_scheme, accept_downloads=True)
        context.set_default_timeout(PATIENCE)
        context.on("page", watch)
        contexts.append(context)
        page = context.new_page()
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert seen.urls
    assert seen.elsewhere() == []
    assert seen.dialogs == []
    assert seen.errors == []


@pytest.fixture
def pictures(tmp_path):
    """Where pictures go: the folder named in SCREENSHOTS, for the README, else one that is thrown away."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def guide_index(request, server):
    """The server's guide index, built beforehand. That takes a minute or two, so it is kept in pytest's cache, and begins as a copy of the one
    that the set-up built, where there is one; it brings itself up to date, and a damaged one is built anew."""
    kept = request.config.cache.mkdir("ml-interviewer-guide")
    built = settings.read().data_dir / "index"
    if built.is_dir() and not (kept / "index").exists():
        shutil.copytree(built, kept / "index")
    subprocess.run(
        [sys.executable, "-m", "interviewer", "search", "anything"],
        cwd=ROOT,
        env=os.environ | {"INTERVIEWER_DATA_DIR": str(kept)},
        check=True,
        capture_output=True,
        timeout=400,
    )
    shutil.copytree(kept / "index", server.data / "index")
