"""A process that runs an interview is killed a hundred times and more; nothing that was acknowledged is lost, nothing is done twice."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from builders import said

from interviewer.conductor import report_of
from interviewer.domain import Stage, TurnKind
from interviewer.store import SqlStore

HELPER = Path(__file__).with_name("killed_interview.py")
KILLS = 120


class Players:
    """The helper process: starts players and reaps them."""

    def __init__(self, folder):
        self._errors = (folder / "errors").open("w+")
        self._process = subprocess.Popen([sys.executable, str(HELPER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)

    def ask(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def errors(self):
        self._errors.seek(0)
        return self._errors.read()

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._errors.close()


@pytest.fixture
def players(tmp_path):
    made = Players(tmp_path)
    yield made
    made.close()


def stand(database):
    """Stage and number of messages in the file, read beside the program; None while there is no interview."""
    if not database.exists():
        return None, 0
    with contextlib.closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute("SELECT stage FROM interviews").fetchone()
            count = connection.execute("SELECT count(*) FROM events WHERE kind = 'said'").fetchone()[0]
        except sqlite3.OperationalError:  # killed before the tables were made
            return None, 0
    return (row[0] if row else None), count


def wait_for(acknowledged, ended, count):
    """Until so many messages are acknowledged, or there is nothing more to come."""
    while len(acknowledged.read_text().split()) < count and not ended.exists():
        time.sleep(0.001)


def run_to_the_end(players, folder, rng, kills_left):
    """One interview, killed at random moments while kills are left. Returns where the kills fell."""
    folder.mkdir()
    database, acknowledged = folder / "interviews.db", folder / "acknowledged"
    acknowledged.touch()
    fell = Counter()
    while True:
        pid = players.ask("play", database, acknowledged)
        if kills_left > fell.total():
            # most players get a few messages further first, so that the kills reach every part of an interview however slow
            # the machine is; every fourth is killed in its start-up
            if rng.random() < 0.25:
                time.sleep(rng.uniform(0.0, 0.05))
            else:
                wait_for(acknowledged, folder / "ended", len(acknowledged.read_text().split()) + rng.randrange(1, 4))
                time.sleep(rng.uniform(0.0, 0.015))
            os.kill(pid, signal.SIGKILL)
        code = players.ask("reap", pid)
        known = len(acknowledged.read_text().split())
        stage, stored = stand(database)
        assert known <= stored <= known + 1, "an acknowledged message is lost, or one was taken twice"
        if code == 0:
            return fell
        assert code == -signal.SIGKILL, players.errors()
        fell[stage or "before the first save"] += 1


def outcome(folder):
    """The interview as stored, checked for being whole, without what differs from run to run."""
    store = SqlStore(f"sqlite:///{folder / 'interviews.db'}")
    (summary,) = store.summaries()
    interview = store.load(summary.id).interview
    events = store.events(summary.id)
    store.close()
    kinds = [e.kind for e in events]
    assert kinds.count("said") == kinds.count("decided") == len(said(interview)) == len(interview.keys)
    assert all(after == "decided" for before, after in pairwise(kinds) if before == "said")
    assert [e.text for e in events if e.kind == "said"] == said(interview)
    assert kinds.count("began") == 1
    assert kinds.count("asked") == len(interview.plan)
    assert [t.index for t in interview.turns] == list(range(len(interview.turns)))
    assert interview.stage is Stage.DEBRIEF
    acknowledged = [int(line) for line in (folder / "acknowledged").read_text().split()]
    assert acknowledged == list(range(len(said(interview))))
    return [t.model_dump(mode="json", exclude={"at"}) for t in interview.turns], report_of(interview).model_dump_json(), kinds


def test_an_interview_that_is_killed_again_and_again_comes_out_as_if_nothing_had_happened(players, tmp_path):
    rng = random.Random(20260105)
    assert not run_to_the_end(players, tmp_path / "undisturbed", rng, 0)
    wanted = outcome(tmp_path / "undisturbed")
    transcript, report, _ = wanted
    # the script is worth killing: it goes through grades of every sort, hints, follow-ups and a pause
    assert '"elicited":"probed"' in report
    assert '"elicited":"hinted"' in report or '"elicited":"told"' in report
    assert {t["kind"] for t in transcript} == {k.value for k in TurnKind}
    fell, interviews = Counter(), 0
    while fell.total() < KILLS:
        folder = tmp_path / str(interviews)
        fell += run_to_the_end(players, folder, rng, KILLS - fell.total())
        assert outcome(folder) == wanted
        interviews += 1
    print(
        f"\n{fell.total()} kills over {interviews} interviews of {sum(t['kind'] == 'message' for t in transcript)} messages; stage at death: {dict(fell.most_common())}"
    )
    assert fell.total() >= 100
    assert interviews > 1
    assert fell[Stage.LISTENING.value], "no kill fell while the interview was waiting"
    assert fell[Stage.DECIDING.value], "no kill fell between a message and its grade"
