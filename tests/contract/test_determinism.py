"""The same seed and the same messages give the same interview, byte for byte, ids and times apart."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from builders import START, FixedClock, numbered

from interviewer import export, packs, selection, settings, wiring
from interviewer.conductor import Conductor, messages
from interviewer.domain import Level, Mode, Setup, Stage
from interviewer.grading.offline import OfflineGrader
from interviewer.store import SqlStore, sqlite_url

ROOT = Path(__file__).resolve().parent.parent.parent

MESSAGES = (
    "Could you repeat the question?",
    "I would start with a simple baseline, compare it on held-out data with cross-validation, and look at where the errors are before I add complexity.",
    "hint",
    "It depends on how much data there is: with little data the variance of the model is the problem, with much data its bias.",
    "I don't know",
    "skip",
    "How many users are there, and what latency is allowed?",
    "I'll assume a million users. I would log the features at serving time, retrain weekly, monitor drift, and roll out behind an A/B test.",
    "Let me add that I'd keep the old model as a fallback, with ünïcode 🙂.",
    "skip",
)


def play(database, clock, prefix, seed, bank, grader, embedder):
    """An interview over a database of its own: the fixed messages, and a written answer to each question."""
    store = SqlStore(sqlite_url(database))
    plan = selection.select(bank.blueprints["default"], bank.questions.values(), level=Level.MID, minutes=45, count=2, seed=seed)
    conductor = Conductor(store, grader, embedder, clock, numbered(prefix))
    interview = conductor.start(Setup(blueprint="default", mode=Mode.PRACTICE, minutes=45, seed=seed), plan)
    for number, text in enumerate(MESSAGES):
        if interview.stage is Stage.DEBRIEF:
            break
        clock.advance(20)
        answer = interview.current.question.exemplars[1].text if number % 4 == 1 else text
        interview = conductor.say(interview.id, answer, shown=messages(interview))
    interview = conductor.finish(interview.id)
    store.close()
    return interview


def without_ids_and_times(interview):
    """The JSON export, with what may differ taken out of it."""
    data = json.loads(export.as_json(interview))
    del data["interview"], data["created_at"]
    for turn in data["transcript"]:
        del turn["at"]
    return json.dumps(data, ensure_ascii=False, indent=2)


def test_another_day_another_id_and_another_folder_give_the_same_export(tmp_path, bank, grader, embedder):
    first = play(tmp_path / "a", FixedClock(), "one", 11, bank, grader, embedder)
    # a grader that has seen nothing before, a bank in another order
    shuffled = packs.Bank(dict(reversed(bank.questions.items())), bank.blueprints, bank.pages)
    second = play(tmp_path / "b", FixedClock(START + timedelta(days=200, seconds=0.123)), "two", 11, shuffled, OfflineGrader(embedder), embedder)
    assert first.id != second.id
    assert without_ids_and_times(first) == without_ids_and_times(second)
    assert any(grade["score"] for grade in json.loads(without_ids_and_times(first))["report"]["grades"])


def test_a_seed_gives_the_same_questions_whatever_was_asked_before_and_another_seed_gives_others(tmp_path):
    services = wiring.build(settings.Settings(data_dir=tmp_path, _env_file=None), clock=FixedClock(), ids=numbered())
    plans = [tuple(p.question.id for p in services.start(questions=4, seed=seed).plan) for seed in (1, 2, 3, 1)]
    services.store.close()
    assert plans[0] == plans[3]
    assert len(set(plans)) > 1


def command(folder, hash_seed):
    """The command line as a process of its own, in an environment of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INTERVIEWER_", "OPENAI_"))}
    environment = kept | {"INTERVIEWER_DATA_DIR": str(folder), "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-m", "interviewer", "interview", "--json", "--seed", "5", "--questions", "2", "--round", "fundamentals"],
        input="".join(json.dumps(m) + "\n" for m in MESSAGES),
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=folder,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def outputs(tmp_path):
    """What two runs of the same command print, with different hash seeds and folders."""
    runs = {tmp_path / "a": "1", tmp_path / "b": "2"}
    for folder in runs:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        return list(pool.map(command, runs, runs.values()))


def test_the_command_line_prints_the_same_bytes_twice_but_for_the_id(outputs):
    reports = [json.loads(text.splitlines()[-1]) for text in outputs]
    assert [r["type"] for r in reports] == ["report", "report"]
    ids = [r["interview_id"] for r in reports]
    assert ids[0] != ids[1]
    first, second = (text.replace(own, "ID") for text, own in zip(outputs, ids, strict=True))
    assert first == second
    lines = [json.loads(line) for line in first.splitlines()[:-1]]
    assert {line["type"] for line in lines} == {"interviewer"}
    assert {"greeting", "question", "hint", "notice", "closing"} <= {line["kind"] for line in lines}
    assert reports[0]["score"] is not None
