"""Walkthroughs over a real store: saved before anything else, resumed, safe against stale tabs, double clicks and kills."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from builders import HashEmbedder, LateStore, WordReader, archetype, numbered, said

from interviewer import bars, walk_export
from interviewer.archetypes import DesignStage
from interviewer.domain import Act, Level, Stage, TurnKind
from interviewer.errors import InvalidMessage, PackError, StaleInterview, UnknownInterview
from interviewer.ports import Encoded
from interviewer.store import SqlStore, sqlite_url
from interviewer.walks import Walks
from interviewer.walkthrough import Drawing, WalkMode, WalkSetup, messages

HELPER = Path(__file__).with_name("killed_walk.py")
DRAWING = Drawing(mermaid="flowchart LR\n  client[Client] --> server[Server]", places={"client": (0.0, 0.0)})


class HashEncoder(HashEmbedder):
    """Also gives token vectors, one a word."""

    def encode(self, texts):
        return [Encoded(tuple(t.lower().split()) or ("·",), self.embed(t.lower().split() or ["·"]), self.embed([t])[0]) for t in texts]

    def knows(self, word):
        return True


class Broken(WordReader):
    """Fails on every message."""

    def read(self, walk, turn):
        raise RuntimeError("no")


def made(store, clock, reader=None):
    kind = archetype()
    return Walks(store, reader or WordReader(), HashEncoder(), {kind.id: kind}, clock, numbered("walk"))


@pytest.fixture
def walks(store, clock):
    return made(store, clock)


def start(walks, **more):
    return walks.start(WalkSetup(archetype="parcel-sorting", **more))


def test_a_walkthrough_from_start_to_debrief(walks, clock):
    walk = start(walks)
    assert walk.turns[-1].text == "Design a system that sorts parcels."
    clock.advance(120)
    walk = walks.say(walk.id, "I start with data-junior and data-mid here.", shown=0, act=Act.ANSWER)
    walk = walks.draw(walk.id, DRAWING, shown=0)
    clock.advance(60)
    walk = walks.finish(walk.id)
    debrief = walks.debrief(walk)
    assert debrief.report.scored
    assert {line.criterion.id for line in debrief.report.lines if line.credit} == {"data-junior", "data-mid"}
    assert {b.label for b in debrief.drawing.boxes} == {"Client", "Server"}
    assert {c.component for c in debrief.reading.components if c.drawn == "present"} == {"client", "server"}
    (summary,) = walks.history()
    assert (summary.phase, summary.messages, summary.mode) == (Stage.DEBRIEF, 1, WalkMode.BLANK)
    assert walks.finish(walk.id) == walk


def test_nothing_said_is_unscored_and_a_silent_walk_ends_when_the_time_is_up(walks, clock):
    walk = start(walks)
    clock.advance(46 * 60)
    walk = walks.open(walk.id)
    assert (walk.phase, walk.end_reason) == (Stage.DEBRIEF, "time")
    report = bars.report(walk)
    assert not report.scored
    assert report.score is None
    assert report.level is None
    assert "nothing to score" in report.reason


def test_the_clock_speaks_once_for_each_occasion(walks, clock):
    walk = start(walks)
    clock.advance(200)
    assert len(walks.tick(walk.id).turns) == len(walk.turns) + 1
    assert len(walks.tick(walk.id).turns) == len(walk.turns) + 1
    clock.advance(500)
    assert "A word on the clock" in walks.tick(walk.id).turns[-1].text
    clock.advance(41 * 60 - 700)
    assert walks.tick(walk.id).turns[-1].text == "Five minutes left."


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x01"])
def test_a_message_with_nothing_in_it_is_refused_and_changes_nothing(walks, text):
    walk = start(walks)
    with pytest.raises(InvalidMessage):
        walks.say(walk.id, text, shown=0)
    assert walks.open(walk.id) == walk


def test_a_message_that_is_too_long_is_kept_as_a_draft(walks):
    walk = start(walks)
    with pytest.raises(InvalidMessage, match="20,000"):
        walks.say(walk.id, "x" * 20_001, shown=0)
    assert len(walks.draft(walk.id)) == 20_001


def test_a_double_click_counts_once_and_a_stale_tab_loses_nothing(walks):
    walk = start(walks)
    once = walks.say(walk.id, "data-junior first", shown=0, act=Act.ANSWER)
    assert walks.say(walk.id, "data-junior first", shown=0, act=Act.ANSWER) == once
    with pytest.raises(StaleInterview):
        walks.say(walk.id, "from the other tab", shown=0)
    assert walks.draft(walk.id) == "from the other tab"
    walks.say(walk.id, "from the other tab", shown=1, act=Act.ANSWER)
    assert walks.draft(walk.id) == ""
    ended = walks.finish(walk.id)
    with pytest.raises(StaleInterview, match="has ended"):
        walks.say(walk.id, "too late", shown=messages(ended))


def test_the_whiteboard_is_kept_as_written_and_an_older_tab_cannot_overwrite_it(walks):
    walk = start(walks)
    walk = walks.draw(walk.id, DRAWING, shown=0)
    assert walks.open(walk.id).drawing == DRAWING
    assert walks.draw(walk.id, DRAWING, shown=0) == walk  # the same again
    half = Drawing(mermaid="flowchart LR\n  client[Client] --")
    with pytest.raises(StaleInterview):
        walks.draw(walk.id, half, shown=0)
    assert walks.draft(walk.id) == half.mermaid
    walk = walks.draw(walk.id, half, shown=1)  # what cannot be read is kept all the same
    assert walk.drawing.mermaid == half.mermaid
    assert walks.debrief(walk).reading is None
    with pytest.raises(InvalidMessage):
        walks.draw(walk.id, Drawing(mermaid="x" * 60_001), shown=2)


def test_a_drawing_does_not_get_in_the_way_of_a_message(walks):
    walk = start(walks)
    walks.draw(walk.id, DRAWING, shown=0)
    assert said(walks.say(walk.id, "data-junior", shown=0, act=Act.ANSWER)) == ["data-junior"]


def test_leaving_in_the_middle_and_coming_back_with_another_process(tmp_path, clock):
    first = SqlStore(sqlite_url(tmp_path))
    walks = made(first, clock)
    walk = walks.draw(walks.say(start(walks).id, "data-junior it is", shown=0, act=Act.ANSWER).id, DRAWING, shown=0)
    first.close()
    second = SqlStore(sqlite_url(tmp_path))
    again = made(second, clock)
    assert again.open(walk.id) == walk
    again.delete(walk.id)
    with pytest.raises(UnknownInterview):
        again.open(walk.id)
    second.close()


def test_guided_mode_pauses_hints_and_goes_on(walks, clock):
    walk = start(walks, mode=WalkMode.GUIDED)
    walk = walks.say(walk.id, "Give me a hint.", shown=0, act=Act.HINT)
    assert walk.turns[-1].kind is TurnKind.HINT
    walk = walks.next_stage(walk.id, DesignStage.CLARIFY)
    assert walk.stage is DesignStage.METRICS
    assert walks.next_stage(walk.id, DesignStage.CLARIFY) == walk  # a second click
    walk = walks.pause(walk.id)
    clock.advance(3600)
    walk = walks.open(walk.id)
    assert walk.phase is Stage.PAUSED
    walk = walks.say(walk.id, "metrics-junior", shown=1, act=Act.ANSWER)
    assert walk.phase is Stage.LISTENING
    assert [s.mode for s in walks.history()] == [WalkMode.GUIDED]


def test_a_retry_is_a_walk_of_one_stage_and_reads_no_level(walks):
    walk = walks.finish(walks.say(start(walks, level=Level.STAFF).id, "data-junior", shown=0, act=Act.ANSWER).id)
    again = walks.retry(walk.id, DesignStage.DATA)
    assert (again.setup.only, again.setup.level) == (DesignStage.DATA, Level.STAFF)
    again = walks.finish(walks.say(again.id, "data-junior data-mid model-junior", shown=0, act=Act.ANSWER).id)
    report = bars.report(again)
    assert {line.criterion.stage for line in report.lines} == {DesignStage.DATA}
    assert report.scored
    assert report.level is None
    assert not report.bars


def test_a_broken_grader_stops_nothing(store, clock):
    walks = made(store, clock, Broken())
    walk = walks.say(start(walks).id, "data-junior", shown=0, act=Act.ANSWER)
    assert "fault in the grader" in walk.turns[-1].text
    assert walk.phase is Stage.LISTENING


def test_a_tab_that_looked_before_the_message_was_read_and_goes_on_after_it_takes_the_result(store, clock):
    class Slow(WordReader):
        reads = 0

        def read(self, walk, turn):
            self.reads += 1
            if not late.read.is_set():
                tab.start()
                assert late.read.wait(20)
            return super().read(walk, turn)

    late, slow, opened = LateStore(store, "load_walk"), Slow(), []
    walks = made(late, clock, slow)
    walk = start(walks)
    tab = threading.Thread(target=lambda: opened.append(walks.open(walk.id)), name=LateStore.THREAD)
    told = walks.say(walk.id, "I start with data-junior here.", shown=0, act=Act.ANSWER)
    late.go_on.set()
    tab.join(20)
    assert opened == [told]
    assert slow.reads == 1


def test_an_unknown_system_or_variant_is_a_sentence(walks):
    with pytest.raises(PackError, match="no system-design archetype"):
        walks.start(WalkSetup(archetype="nothing"))
    with pytest.raises(PackError, match="no variant"):
        walks.start(WalkSetup(archetype="parcel-sorting", variant="nothing"))
    assert start(walks, variant="variant-2").turns[-1].text == "Design a system that sorts letters."


NASTY = "<script>alert(1)</script> data-junior **bold** [x](javascript:y) <img src=x onerror=y>"


def test_exports_hold_the_debrief_and_escape_what_was_written(walks):
    walk = walks.say(start(walks).id, NASTY, shown=0, act=Act.ANSWER)
    walk = walks.draw(walk.id, Drawing(mermaid='flowchart LR\n  a["<script>bad</script>"] --> b'), shown=0)
    walk = walks.finish(walk.id)
    debrief = walks.debrief(walk)
    page, text = walk_export.as_html(walk, debrief), walk_export.as_markdown(walk, debrief)
    assert "<script" not in page
    assert "<img" not in page.replace("&lt;img", "")
    assert "data-junior" in page
    assert "[x](javascript:y)" not in text
    data = json.loads(walk_export.as_json(walk, debrief))
    assert data["transcript"][2]["text"] == NASTY
    assert data["report"]["scored"] is True
    assert {c["id"] for c in data["criteria"] if c["verdict"]["value"] == "met"} == {"data-junior"}


def test_a_turn_costs_the_same_number_of_readings_however_long_the_walk_is(store, clock):
    class Counting(WordReader):
        lengths: list[int] = []

        def read(self, walk, turn):
            self.lengths.append(len(turn.text))
            return super().read(walk, turn)

    walks = made(store, clock, Counting())
    walk = start(walks, minutes=60)
    for n in range(60):
        clock.advance(30)
        walk = walks.say(walk.id, f"words {n:02d}", shown=n, act=Act.ANSWER)
    assert Counting.lengths == [8] * 60  # only what is new is read, once


# --- kills ------------------------------------------------------------------------------------------------------------


def outcome(folder):
    store = SqlStore(f"sqlite:///{folder / 'walks.db'}")
    (summary,) = store.walk_summaries()
    walk = store.load_walk(summary.id).walk
    kinds = [e.kind for e in store.walk_events(summary.id)]
    store.close()
    assert kinds.count("said") == kinds.count("decided") == len(said(walk)) == len(walk.keys)
    assert walk.phase is Stage.DEBRIEF
    return [t.model_dump(mode="json", exclude={"at"}) for t in walk.turns], walk.drawing, bars.report(walk).model_dump_json(exclude={"times", "visits"})


def play(folder, rng, kills):
    folder.mkdir()
    killed = 0
    while True:
        player = subprocess.Popen([sys.executable, str(HELPER), str(folder)], stderr=subprocess.PIPE)
        if killed < kills:
            ready = folder / "ready"
            while not ready.exists() and player.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0.0, 0.12))
            if player.poll() is None:
                os.kill(player.pid, signal.SIGKILL)
        _, errors = player.communicate(timeout=60)
        (folder / "ready").unlink(missing_ok=True)
        known = len((folder / "acknowledged").read_text().split()) if (folder / "acknowledged").exists() else 0
        store = SqlStore(f"sqlite:///{folder / 'walks.db'}")
        stored = len(said(store.load_walk("the-walk").walk)) if store.walk_summaries() else 0
        store.close()
        assert known <= stored <= known + 1, "an acknowledged message is lost, or one was taken twice"
        if player.returncode == 0:
            return killed
        assert player.returncode == -signal.SIGKILL, errors.decode()
        killed += 1


def test_a_walk_that_is_killed_again_and_again_comes_out_as_if_nothing_had_happened(tmp_path):
    rng = random.Random(20261121)
    assert play(tmp_path / "undisturbed", rng, 0) == 0
    wanted = outcome(tmp_path / "undisturbed")
    killed = play(tmp_path / "killed", rng, 8)
    assert killed >= 4
    assert outcome(tmp_path / "killed") == wanted
