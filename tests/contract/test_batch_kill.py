"""`grade` as it is called: killed in the middle it goes on, and comes out as if nothing had happened."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from builders import bare_environment

ROOT = Path(__file__).resolve().parents[2]
ROWS = 240
DEFAULT_INTERRUPT = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
STRONG = "I would compare the training error with the validation error: a large gap means variance, and two high errors mean bias."

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def environment(tmp_path):
    kept = bare_environment()
    return kept | {"INTERVIEWER_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def start(environment):
    running = []

    def started(*arguments, **options):
        command = [sys.executable, "-m", "interviewer", "grade", *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"} | options
        # A suite that was started in the background has SIGINT ignored, and so would its children have.
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=DEFAULT_INTERRUPT, **options))  # noqa: PLW1509 — no lock is taken in it
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """A call that comes to its end: exit code, standard output, standard error with white space folded."""

    def called(*arguments, said=None):
        process = start(*arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(said, timeout=240)
        assert "Traceback" not in err
        return process.returncode, out, " ".join(err.split())

    return called


def row(number):
    own = {"question": "What is overfitting?", "criteria": [f"The model memorises noise number {number % 7}.", "The gap of the errors is large."]}
    asked = own if number % 3 else {"question_id": "bias-variance-tradeoff"}
    return {"id": number if number % 50 else "twice", "answer": f"{STRONG} This is answer {number}."} | asked


@pytest.fixture
def source(tmp_path):
    lines = [json.dumps(row(n)) if n % 20 else "not a row" for n in range(1, ROWS + 1)]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def whole(part):
    return part.read_bytes().count(b"\n") if part.exists() else 0


def stopped(process, part, rows, how):
    """Sends the signal as soon as there are so many rows."""
    while whole(part) < rows:
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(how)
    return process.communicate(timeout=60)


def test_a_batch_that_is_killed_again_and_again_comes_out_as_one_that_was_not(start, run, source, tmp_path):
    calm, out = tmp_path / "calm.jsonl", tmp_path / "out.jsonl"
    code, _, err = run(source, "-o", calm)
    assert (code, err.count("Going on")) == (0, 0)
    wanted = [json.loads(line) for line in calm.read_text().splitlines()]
    assert len(wanted) == ROWS
    assert 0 < sum("error" in r for r in wanted) < ROWS / 3
    assert len({r["score"] for r in wanted}) > 2
    part = tmp_path / "out.jsonl.part"
    before = 0
    for _ in range(3):
        process = start(source, "-o", out)
        stopped(process, part, before + 40, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert not out.exists()
        assert before + 40 <= whole(part) < ROWS
        before = whole(part)
    code, _, err = run(source, "-o", out)
    assert code == 0
    assert f"Going on after the {before} rows" in err
    assert out.read_bytes() == calm.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "data") == ["calm.jsonl", "in.jsonl", "out.jsonl"]


def test_a_batch_that_is_interrupted_says_how_to_go_on_and_another_input_begins_anew(start, run, source, tmp_path):
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    process = start(source, "-o", out)
    _, err = stopped(process, part, 30, signal.SIGINT)
    assert process.returncode == 130
    assert "The same call goes on from there" in err
    assert "Traceback" not in err
    assert whole(part) >= 30
    source.write_text(json.dumps(row(1)) + "\n")
    code, _, err = run(source, "-o", out)
    assert code == 0
    assert "starts anew" in err
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [1]


def test_a_file_that_cannot_be_read_leaves_everything_as_it_was(run, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    bad = tmp_path / "in.csv"
    bad.write_text("id,text\n1,a\n")
    for source in (bad, tmp_path / "nowhere.csv", tmp_path):
        code, said, err = run(source, "-o", out)
        assert (code, said) == (2, "")
        assert err
    assert out.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "data") == ["in.csv", "out.jsonl"]


@pytest.mark.parametrize("target", ["folder", "no/such/folder/out.jsonl"])
def test_a_target_that_cannot_be_written_is_a_sentence(run, source, tmp_path, target):
    (tmp_path / "folder").mkdir()
    code, _, err = run(source, "-o", tmp_path / target)
    assert code == 2
    assert "folder" in err
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "data") == ["folder", "in.jsonl"]


def test_rows_come_through_a_pipe_and_go_to_standard_output_or_a_device(run):
    rows = "id,question_id,answer\n1,bias-variance-tradeoff,...\n2,no-such,x\n"
    for arguments in (["/dev/stdin"], ["/dev/stdin", "-o", "/dev/stdout"]):
        code, out, _ = run(*arguments, said=rows)
        assert code == 0
        assert [(r["id"], r["score"]) for r in map(json.loads, out.splitlines())] == [("1", 0.0), ("2", None)]


def test_the_questions_of_rows_are_not_kept_on_disk(run, tmp_path):
    source = tmp_path / "in.jsonl"
    own = {"question": "What is overfitting?", "answer": STRONG}
    source.write_text("".join(json.dumps(own | {"id": n, "criteria": [f"The model memorises noise number {n}."]}) + "\n" for n in range(20)))
    assert run(source, "-o", tmp_path / "out.jsonl")[0] == 0
    assert sum(p.is_file() for p in (tmp_path / "data").rglob("*")) < 5
