"""How long replies, start-up, index and packs take, and what fifty interviews at once do to a reply."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.tables import Progress, table
from interviewer import compiled, packs, sentences, wiring
from interviewer.conductor import Conductor, messages
from interviewer.domain import Interview, Page, Question, Setup, Stage, plain_turn
from interviewer.embedding import BundledEmbedder
from interviewer.grading.offline import OfflineGrader
from interviewer.retrieval import entries, open_index
from interviewer.settings import ROOT, Settings
from interviewer.store import SqlStore, sqlite_url

REQUESTS = (
    "can you give me a hint?",
    "sorry, could you say the question again",
    "let me think for a second",
    "how much data do we have, and does it need to run in real time?",
    "I'm not sure I follow, could you put that differently?",
    "did I get that right?",
)
AT_ONCE = 50
REPEATS = 5
SIZES = (1, 4, 16)
SERVE_TIMEOUT = 120.0


class Timed(NamedTuple):
    """One message: seconds to the reply, or for its grade; and seconds for embedding its sentences alone."""

    answer: bool
    seconds: float
    embedding: float


def timed(action: Callable[[], object]) -> float:
    """Seconds the action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def milliseconds(seconds: float) -> str:
    """Shown in milliseconds."""
    return f"{1000 * seconds:,.1f}"


def prepared(folder: Path) -> wiring.Services:
    """Services over a fresh data directory, all criteria encoded, its index built as `make setup` does it."""
    services = wiring.build(Settings(_env_file=None, data_dir=folder, database_url="", chroma_url="", packs="", embeddings="bundled"))
    for question in services.bank.questions.values():
        services.grader.prepare(question)
    _ = services.guide
    return services


@contextmanager
def conductor(services: wiring.Services, folder: Path, embedder: BundledEmbedder) -> Iterator[tuple[Conductor, OfflineGrader]]:
    """A conductor over a database of its own, with the prepared criteria on disk; and its grader."""
    store = SqlStore(sqlite_url(folder))
    ids = count(1)
    grader = OfflineGrader(embedder, cache_folder=services.settings.data_dir / "cache")
    try:
        yield Conductor(store, grader, embedder, services.clock, lambda: f"interview-{next(ids)}"), grader
    finally:
        store.close()


def begin(over: Conductor, question: Question) -> Interview:
    """An interview that asks this one question, long enough that no clock ends it."""
    return over.start(Setup(blueprint="bench", level=question.level, minutes=120), ((question, float(question.minutes)),))


def answers(question: Question) -> list[str]:
    """The question's labelled answers, weakest first, so that there is something left to follow up."""
    return [e.text for e in sorted(question.exemplars, key=lambda e: e.band)]


def replies(services: wiring.Services, folder: Path, progress: Progress) -> list[Timed]:
    """Every bank question as an interview of its own: a short request, then its labelled answers while it listens.

    Both embedders forget all they know when an interview begins; which side goes first alternates from message to message.
    """
    own, other = BundledEmbedder(), BundledEmbedder()
    found: list[Timed] = []
    with conductor(services, folder, own) as (over, grader):
        for number, question in enumerate(services.bank.questions.values()):
            grader.prepare(question)  # as the page has it done while the candidate thinks
            own._cache.clear()
            other._cache.clear()
            interview = begin(over, question)
            for position, text in enumerate((REQUESTS[number % len(REQUESTS)], *answers(question))):
                if interview.stage is not Stage.LISTENING:
                    break
                alone = [s.text for s in sentences.split(text)]
                before = timed(partial(other.embed, alone)) if len(found) % 2 else None
                began = time.perf_counter()
                interview = over.say(interview.id, text, shown=messages(interview))
                reply = time.perf_counter() - began
                found.append(Timed(position > 0, reply, timed(partial(other.embed, alone)) if before is None else before))
            if number % 10 == 0:
                progress(f"replies, interview {number + 1} of {len(services.bank.questions)}")
    return found


def gradings(services: wiring.Services, progress: Progress) -> list[Timed]:
    """Every labelled answer of the bank graded, and its sentences merely embedded, in alternating order; neither side knows its sentences beforehand."""
    own, other = BundledEmbedder(), BundledEmbedder()
    grader = OfflineGrader(own, cache_folder=services.settings.cache_folder)
    found: list[Timed] = []
    for number, question in enumerate(services.bank.questions.values()):
        grader.prepare(question)
        for text in answers(question):
            own._cache.clear()
            other._cache.clear()
            own.embed([question.prompt])  # known from the moment it is put
            alone, turns = [s.text for s in sentences.split(text)], (plain_turn(text),)
            before = timed(partial(other.embed, alone)) if len(found) % 2 else None
            took = timed(partial(grader.assess, question, turns))
            found.append(Timed(True, took, timed(partial(other.embed, alone)) if before is None else before))
        if number % 10 == 0:
            progress(f"grading, question {number + 1} of {len(services.bank.questions)}")
    return found


def figures(name: str, part: Sequence[Timed]) -> list[str]:
    """A row of the table: what was timed beside embedding."""
    whole, embedding = np.array([t.seconds for t in part]), np.array([t.embedding for t in part])
    each = [milliseconds(float(np.percentile(values, q))) for values in (whole, embedding) for q in (50, 95)]
    ratio, sums = np.median(whole) / np.median(embedding), whole.sum() / embedding.sum()
    return [name, str(len(part)), *each, f"{ratio:.2f}", f"{sums:.2f}", milliseconds(float(np.median(whole - embedding)))]


def reply_rows(found: Sequence[Timed], graded: Sequence[Timed]) -> list[list[str]]:
    """The table of replies, and of grading, beside embedding."""
    answered, asked = [t for t in found if t.answer], [t for t in found if not t.answer]
    parts = (("reply, all messages", found), ("reply to answers", answered), ("reply to short requests", asked), ("grading alone", graded))
    return [figures(name, part) for name, part in parts]


def at_once(services: wiring.Services, folder: Path) -> tuple[np.ndarray, float]:
    """Seconds of each reply, and of it all, where many threads each run an interview in one process over one database."""
    chosen = list(services.bank.questions.values())
    chosen = [chosen[n % len(chosen)] for n in range(AT_ONCE)]
    found: list[list[float]] = [[] for _ in chosen]
    failures: list[BaseException] = []
    together = threading.Barrier(AT_ONCE + 1)
    with conductor(services, folder, BundledEmbedder()) as (over, _):

        def candidate(number: int) -> None:
            try:
                interview = begin(over, chosen[number])
                together.wait()
                for text in answers(chosen[number]):
                    if interview.stage is not Stage.LISTENING:
                        break
                    began = time.perf_counter()
                    interview = over.say(interview.id, text, shown=messages(interview))
                    found[number].append(time.perf_counter() - began)
            except BaseException as error:
                failures.append(error)
                together.abort()

        threads = [threading.Thread(target=candidate, args=(n,)) for n in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        together.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        whole = time.perf_counter() - began
    if failures:
        raise failures[0]
    return np.array([seconds for one in found for seconds in one]), whole


def free_port() -> int:
    """A port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def answers_http(port: int) -> bool:
    """Whether the app's page is served."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def served(environment: dict[str, str]) -> float:
    """Seconds from `serve` to the first page over http. The server is stopped again."""
    port = free_port()
    began = time.perf_counter()
    command = [sys.executable, "-m", "interviewer", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answers_http(port):
            if process.poll() is not None or time.perf_counter() - began > SERVE_TIMEOUT:
                raise RuntimeError(f"`serve` did not answer (exit status {process.returncode}).")
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(10)


def start_up(data: Path, progress: Progress) -> list[list[str]]:
    """Start-up rows: the second start and later ones, over a prepared data directory."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("INTERVIEWER_")} | {"INTERVIEWER_DATA_DIR": str(data)}

    def command(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)

    # Importing the router runs it once outside a server: everything it imports, the services, the first page.
    actions: list[tuple[str, Callable[[], float]]] = [
        ("bare `python -c pass`", lambda: timed(command("-c", "pass"))),
        ("`python -m interviewer questions --json`", lambda: timed(command("-m", "interviewer", "questions", "--json"))),
        ("`python -c 'import app'`", lambda: timed(command("-c", "import app"))),
        ("`python -m interviewer serve` until http answers", lambda: served(environment)),
    ]
    rows = []
    for name, action in actions:
        progress(f"start-up: {name}")
        action()
        seconds = [action() for _ in range(REPEATS)]
        rows.append([name, f"{np.median(seconds):.2f}", f"{min(seconds):.2f}", f"{max(seconds):.2f}"])
    return rows


def multiplied(folder: Path, times: int) -> Path:
    """A pack root with every question of the bank so many times, under names of their own."""
    for source in sorted((ROOT / "rubrics" / "questions").glob("*/*.yaml")):
        text = source.read_text(encoding="utf-8")
        for n in range(times):
            target = folder / "rubrics" / "questions" / source.parent.name / f"{source.stem}-{n}.yaml"
            target.parent.mkdir(parents=True, exist_ok=True)
            if re.search(r"^questions:", text, re.MULTILINE):
                target.write_text(re.sub(r"^  - id: (\S+)$", rf"  - id: \1-{n}", text, flags=re.MULTILINE), encoding="utf-8")
    shutil.copytree(ROOT / "knowledge", folder / "knowledge", ignore=shutil.ignore_patterns("figures"))
    return folder


def scale_rows(folder: Path, progress: Progress) -> list[list[str]]:
    """Loading the packs with the bank 1, 4 and 16 times as large: parsed, and as kept from the start before."""
    rows = []
    for times in SIZES:
        progress(f"the bank {times} times")
        root, kept = multiplied(folder / str(times), times), folder / f"kept-{times}"
        first = timed(lambda root=root, kept=kept: compiled.load([root], kept))
        later = [timed(lambda root=root, kept=kept: compiled.load([root], kept)) for _ in range(REPEATS)]
        questions = len(compiled.load([root], kept)[0].questions)
        rows.append([f"{times} times", str(questions), f"{first:.2f}", f"{np.median(later):.2f}", milliseconds(float(np.median(later)) / questions)])
    return rows


def edited(page: Page) -> Page:
    """The page with one more sentence in its first section."""
    first = page.sections[0].model_copy(update={"text": f"{page.sections[0].text}\n\nA sentence that was not there before."})
    return page.model_copy(update={"sections": (first, *page.sections[1:])})


def index_rows(pages: Sequence[Page], folder: Path) -> list[list[str]]:
    """Build, rebuild after an edit, opening without a change; each with an embedder that knows nothing."""
    build, later, embedders = len(entries(pages)), [edited(pages[0]), *pages[1:]], [BundledEmbedder() for _ in range(3)]
    changed = len({e.id for e in entries(later)} - {e.id for e in entries(pages)})
    whole = timed(lambda: open_index(folder, embedders[0], pages))
    after = timed(lambda: open_index(folder, embedders[1], later))
    same = timed(lambda: open_index(folder, embedders[2], later))
    return [
        [f"build, {len(pages)} pages", str(build), f"{whole:.2f}", milliseconds(whole / len(pages))],
        ["after an edit to one page", str(changed), f"{after:.2f}", milliseconds(after)],
        ["nothing changed", "0", f"{same:.2f}", "–"],
    ]


def run(progress: Progress) -> str:
    """All speed tables."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        progress("preparing a data directory")
        services = prepared(folder / "data")
        found, graded = replies(services, folder / "replies", progress), gradings(services, progress)
        progress(f"{AT_ONCE} interviews at once")
        seconds, whole = at_once(services, folder / "at-once")
        starts = start_up(folder / "data", progress)
        progress("index and packs")
        index = index_rows(list(services.bank.pages.values()), folder / "index")
        packs.load((ROOT,))
        loads = [timed(lambda: packs.load((ROOT,))) for _ in range(REPEATS)]
        scale = scale_rows(folder / "scale", progress)
    load_row = ["`packs.load`, second time on", f"{np.median(loads):.2f}", f"{min(loads):.2f}", f"{max(loads):.2f}"]
    return "\n\n".join(
        [
            "## From a message to the interviewer's reply, and grading alone, beside merely embedding the same sentences",
            "Milliseconds. *Reply* is `Conductor.say` with the SQLite store (synced to disk) and the offline grader, criteria encoded beforehand, as the page has it done while the candidate thinks. "
            "*Grading alone* is the grader over every labelled answer of the bank. *Embedding* is the bundled model over the same message's sentences once. Both sides begin every interview, "
            "and for grading alone every answer, without knowing its sentences; the two are measured message by message, in alternating order.",
            table(
                ("what", "n", "median", "p95", "embedding median", "embedding p95", "ratio of medians", "ratio of sums", "median difference"),
                reply_rows(found, graded),
            ),
            f"## {AT_ONCE} interviews at once",
            "One process, one thread an interview, one SQLite file, one embedder; every candidate answers at once and again as soon as the reply is there.",
            table(
                ("replies", "seconds in all", "replies per second", "median ms", "p95 ms"),
                [[len(seconds), f"{whole:.1f}", f"{len(seconds) / whole:.1f}", *(milliseconds(float(np.percentile(seconds, q))) for q in (50, 95))]],
            ),
            "## Start-up",
            f"Seconds over {REPEATS} starts after one that does not count, with a prepared data directory.",
            table(("what", "median", "fastest", "slowest"), [*starts, load_row]),
            "## The bank 1, 4 and 16 times as large",
            "Seconds to load the packs: parsed and checked, as at the first start after a change, and as kept, as at every other start.",
            table(("bank", "questions", "parsed", "kept, median", "milliseconds a question"), scale),
            "## Guide index",
            table(("what", "chunks embedded", "seconds", "milliseconds per page"), index),
        ]
    )
