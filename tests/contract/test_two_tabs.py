"""Two pages, or many, on one interview: no turn twice, no grade twice, nothing lost."""

import threading
from itertools import pairwise

import pytest
from builders import FixedClock, HashEmbedder, KeywordGrader, numbered, question, said, spoken

from interviewer.conductor import Conductor, messages
from interviewer.domain import Act, Mode, Setup, Stage, TurnKind
from interviewer.errors import StaleInterview
from interviewer.script import FIVE_MINUTES
from interviewer.store import SqlStore, sqlite_url

PLAN = ((question("first"), 10.0), (question("second"), 10.0))


@pytest.fixture
def tabs(tmp_path):
    """Makes conductors as separate processes would have them: a store, grader and embedder of their own on one file."""
    stores, clock, ids = [], FixedClock(), numbered()

    def another():
        stores.append(SqlStore(sqlite_url(tmp_path)))
        made = Conductor(stores[-1], KeywordGrader(), HashEmbedder(), clock, ids)
        made.store, made.clock = stores[-1], clock
        return made

    yield another
    for store in stores:
        store.close()


def start(conductor, mode=Mode.REAL, minutes=30):
    return conductor.start(Setup(blueprint="default", mode=mode, minutes=minutes), PLAN)


def check_whole(store, interview_id):
    """What holds of every stored interview: each message understood once, events and state agree, turns numbered through."""
    interview = store.load(interview_id).interview
    kinds = [e.kind for e in store.events(interview_id)]
    assert kinds.count("said") == kinds.count("decided") == messages(interview)
    assert all(after == "decided" for before, after in pairwise(kinds) if before == "said")
    assert [t.index for t in interview.turns] == list(range(len(interview.turns)))
    assert [e.text for e in store.events(interview_id) if e.kind == "said"] == said(interview)
    assert len(set(interview.keys)) == len(interview.keys) == messages(interview)
    return interview


def at_once(*actions):
    """Runs the actions in threads from one starting gun; what each returned or raised."""
    gun, results = threading.Barrier(len(actions)), [None] * len(actions)

    def run(place, action):
        gun.wait(30)
        try:
            results[place] = action()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_the_same_message_from_two_tabs_counts_once(tabs):
    left, right = tabs(), tabs()
    one = start(left)
    first = left.say(one.id, "alpha comes first", shown=0, act=Act.ANSWER)
    second = right.say(one.id, "alpha comes first", shown=0, act=Act.ANSWER)
    assert first == second
    assert said(check_whole(left.store, one.id)) == ["alpha comes first"]
    assert right.draft(one.id) == ""


def test_the_same_words_said_again_later_are_a_new_message(tabs):
    tab = tabs()
    one = start(tab)
    for shown in (0, 1, 2):
        tab.say(one.id, "Take alpha.", shown=shown, act=Act.THINK)
    assert said(check_whole(tab.store, one.id)) == ["Take alpha."] * 3


def test_a_resend_is_known_even_after_other_messages_were_taken(tabs):
    tab = tabs()
    one = start(tab)
    tab.say(one.id, "alpha", shown=0, act=Act.ANSWER)
    later = tab.say(one.id, "beta", shown=1, act=Act.ANSWER)
    assert tab.say(one.id, "alpha", shown=0, act=Act.ANSWER) == later
    assert said(check_whole(tab.store, one.id)) == ["alpha", "beta"]


def test_a_different_message_from_a_stale_tab_is_refused_and_kept_as_a_draft(tabs):
    left, right = tabs(), tabs()
    one = start(left)
    left.say(one.id, "alpha from the left", shown=0, act=Act.ANSWER)
    with pytest.raises(StaleInterview, match="draft"):
        right.say(one.id, "beta from the right", shown=0, act=Act.ANSWER)
    interview = check_whole(left.store, one.id)
    assert said(interview) == ["alpha from the left"]
    assert left.draft(one.id) == right.draft(one.id) == "beta from the right"
    # the second tab looks where it stands and sends it again
    right.say(one.id, "beta from the right", shown=messages(right.open(one.id)), act=Act.ANSWER)
    assert said(check_whole(left.store, one.id)) == ["alpha from the left", "beta from the right"]
    assert left.draft(one.id) == ""


def test_a_tab_that_claims_to_have_seen_more_than_there_is_is_refused(tabs):
    tab = tabs()
    one = start(tab)
    with pytest.raises(StaleInterview):
        tab.say(one.id, "from the future", shown=3)
    assert said(check_whole(tab.store, one.id)) == []
    assert tab.draft(one.id) == "from the future"


def test_a_message_to_an_interview_that_ended_elsewhere_is_kept_as_a_draft(tabs):
    left, right = tabs(), tabs()
    one = start(left)
    left.finish(one.id)
    with pytest.raises(StaleInterview, match="ended"):
        right.say(one.id, "alpha, too late", shown=0)
    assert right.draft(one.id) == "alpha, too late"
    assert check_whole(left.store, one.id).stage is Stage.DEBRIEF


@pytest.mark.parametrize("separate", [True, False], ids=["a process each", "one process"])
def test_the_same_message_from_eight_threads_at_once_is_one_turn_with_one_grade(tabs, separate):
    conductors = [tabs() for _ in range(8)] if separate else [tabs()] * 8
    one = start(conductors[0], Mode.PRACTICE)
    for shown, text in enumerate(("alpha and more", "beta and more", "skip")):
        results = at_once(*(lambda c=c, s=shown, t=text: c.say(one.id, t, shown=s) for c in conductors))
        assert not [r for r in results if isinstance(r, Exception)]
        assert all(text in said(r) for r in results)
    interview = check_whole(conductors[0].store, one.id)
    assert said(interview) == ["alpha and more", "beta and more", "skip"]
    assert interview.stage is Stage.DEBRIEF
    assert sum(text.startswith("Feedback") for text in spoken(interview, TurnKind.NOTICE)) == len(PLAN)
    assert conductors[0].draft(one.id) == ""


@pytest.mark.parametrize("separate", [True, False], ids=["a process each", "one process"])
def test_of_eight_different_messages_at_once_one_is_taken_and_the_rest_are_refused_and_kept_as_drafts(tabs, separate):
    conductors = [tabs() for _ in range(8)] if separate else [tabs()] * 8
    one = start(conductors[0])
    taken = []
    for shown in range(3):
        texts = [f"message {n} of round {shown}" for n in range(8)]
        results = at_once(*(lambda c=c, s=shown, t=t: c.say(one.id, t, shown=s, act=Act.THINK) for c, t in zip(conductors, texts, strict=True)))
        winners = [t for t, r in zip(texts, results, strict=True) if not isinstance(r, Exception)]
        assert len(winners) == 1
        assert all(isinstance(r, StaleInterview) for r in results if isinstance(r, Exception))
        taken += winners
        assert set(texts) - set(winners) <= set(conductors[0].draft(one.id).split("\n\n"))
    assert said(check_whole(conductors[0].store, one.id)) == taken


def test_a_message_that_was_saved_but_not_answered_is_answered_once_by_whoever_opens(tabs):
    from interviewer import engine

    conductors = [tabs() for _ in range(8)]
    one = start(conductors[0])
    stored = conductors[0].store.load(one.id)
    event = engine.Said(at=conductors[0].clock.now(), text="alpha", key="k", act=Act.ANSWER)
    conductors[0].store.append(stored.seq, event, engine.apply(stored.interview, event))  # and here the process died
    results = at_once(*(lambda c=c: c.open(one.id) for c in conductors))
    assert all(r == results[0] for r in results)
    assert check_whole(conductors[0].store, one.id).stage is Stage.LISTENING


def test_ending_from_two_tabs_at_once_closes_once(tabs):
    conductors = [tabs() for _ in range(4)]
    one = start(conductors[0])
    results = at_once(*(lambda c=c: c.finish(one.id) for c in conductors))
    assert not [r for r in results if isinstance(r, Exception)]
    interview = check_whole(conductors[0].store, one.id)
    assert len(spoken(interview, TurnKind.CLOSING)) == 1


def test_clocks_in_many_tabs_warn_once_nudge_once_and_end_once(tabs):
    conductors = [tabs() for _ in range(4)]
    one = start(conductors[0], minutes=10)
    for seconds in (0, 120, 120, 60, 5, 294, 1):
        conductors[0].clock.advance(seconds)
        results = at_once(*(lambda c=c: c.tick(one.id) for c in conductors))
        assert not [r for r in results if isinstance(r, Exception)]
    interview = check_whole(conductors[0].store, one.id)
    texts = spoken(interview)
    assert texts.count(FIVE_MINUTES) == 1
    assert len(set(spoken(interview, TurnKind.NOTICE))) == len(spoken(interview, TurnKind.NOTICE))
    assert interview.stage is Stage.DEBRIEF
    assert len(spoken(interview, TurnKind.CLOSING)) == 1


def test_messages_from_eight_tabs_to_a_paused_interview_are_taken_once_and_none_is_lost(tabs):
    conductors = [tabs() for _ in range(8)]
    one = start(conductors[0], Mode.PRACTICE)
    conductors[0].pause(one.id)
    texts = [f"back again, says tab {n}" for n in range(8)]
    results = at_once(*(lambda c=c, t=t: c.say(one.id, t, shown=0, act=Act.THINK) for c, t in zip(conductors, texts, strict=True)))
    (winner,) = [t for t, r in zip(texts, results, strict=True) if not isinstance(r, Exception)]
    assert said(check_whole(conductors[0].store, one.id)) == [winner]
    assert set(conductors[0].draft(one.id).split("\n\n")) == set(texts) - {winner}


def test_a_message_and_an_end_at_once_both_come_to_pass_or_the_message_is_kept(tabs):
    talker, ender = tabs(), tabs()
    for _ in range(5):
        one = start(talker)
        message, end = at_once(lambda one=one: talker.say(one.id, "alpha", shown=0, act=Act.ANSWER), lambda one=one: ender.finish(one.id))
        interview = check_whole(talker.store, one.id)
        assert not isinstance(end, Exception)
        assert interview.stage is Stage.DEBRIEF
        assert said(interview) == ["alpha"] or (isinstance(message, StaleInterview) and talker.draft(one.id) == "alpha")


def test_pause_and_resume_clicked_twice_stand_as_they_were_wanted(tabs):
    left, right = tabs(), tabs()
    one = start(left, Mode.PRACTICE)
    assert left.pause(one.id).stage is right.pause(one.id).stage is Stage.PAUSED
    assert left.resume(one.id).stage is right.resume(one.id).stage is Stage.LISTENING
