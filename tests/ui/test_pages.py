"""The pages through Streamlit's own test runner: what is drawn, and what a click does."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from interviewer.conductor import messages
from interviewer.domain import Level, Mode, Speaker, Stage, TurnKind
from interviewer.ui import session
from interviewer.ui.inbox import Sent

APP = str(Path(__file__).resolve().parents[2] / "app.py")
PAGES = "interviewer/ui/pages"
BROKEN = """pack: {id: broken, version: 1}
questions:
  - {id: half-a-question, title: Half a question}
"""
GONE = "There is no such interview"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def broken_pack(tmp_path, monkeypatch):
    folder = tmp_path / "pack" / "rubrics" / "questions" / "applied"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    monkeypatch.setenv("INTERVIEWER_PACKS", str(tmp_path / "pack"))
    return tmp_path / "pack"


def opened(page="start", **query):
    """The app on a page, with this query in the address."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(query)
    app.run()
    if page != "start":
        app.switch_page(f"{PAGES}/{page}.py")
        app.query_params.update(query)  # changing the page empties the query
        app.run()
    return app


def labels(app):
    return [b.label for b in app.button]


def button(app, label):
    return next(b for b in app.button if b.label == label)


def drawn(app):
    """All text on the page."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "html", "info", "warning", "error", "code")
    return "\n".join(str(getattr(e, "value", None) or getattr(e.proto, "body", "")) for kind in kinds for e in app.get(kind))


def sound(app):
    """Nothing went wrong on the page."""
    assert not app.exception
    assert not app.error
    return app


def begin(services, mode=Mode.PRACTICE, **choices):
    return services.start(mode=mode, seed=7, **choices)


def ended(services, exemplar=0):
    one = begin(services)
    services.conductor.say(one.id, " ".join(one.current.question.exemplars[exemplar].text.split()), shown=0)
    return services.conductor.finish(one.id)


def test_the_first_visit_shows_three_sentences_and_one_primary_button():
    app = sound(opened())
    assert [t.value for t in app.title] == ["ML mock interviewer"]
    introduction = app.markdown[0].value
    assert len(re.findall(r"[.!?](?:\s|$)", introduction)) == 3
    assert [b.label for b in app.button if b.proto.type == "primary"] == ["Start interview"]
    assert len(app.button) == 1
    assert not app.warning


def test_one_click_starts_a_practice_interview_that_greets_and_asks(services):
    app = sound(button(opened(), "Start interview").click().run())
    (one,) = services.conductor.history()
    assert app.query_params["interview"] == one.id
    assert (one.mode, one.level, one.stage) == (Mode.PRACTICE, Level.MID, Stage.LISTENING)
    interview = services.conductor.open(one.id)
    page = drawn(app)
    assert "I am a scripted interviewer, not a person." in page
    assert f"question 1 of {len(interview.plan)}" in page
    assert 'role="timer"' in page


def test_the_choices_on_the_start_page_reach_the_interview(services):
    app = opened()
    app.select_slider[0].set_value(Level.SENIOR)
    app.slider[0].set_value(20)
    app.toggle[0].set_value(True)
    sound(button(app.run(), "Start interview").click().run())
    (one,) = services.conductor.history()
    assert (one.mode, one.level, one.minutes) == (Mode.REAL, Level.SENIOR, 20)


def test_an_open_interview_is_offered_on_the_start_page(services):
    one = begin(services)
    app = opened()
    resume = next(b for b in app.button if b.label.startswith("Resume"))
    assert f"1 of {len(one.plan)} questions" in resume.label
    app = sound(resume.click().run())
    assert app.query_params["interview"] == one.id


def test_the_interview_in_the_address_is_shown_with_all_that_was_said(services):
    one = begin(services)
    services.conductor.say(one.id, "I would look at <b>both</b> curves first.", shown=0)
    app = sound(opened("interview", interview=one.id))
    page = drawn(app)
    assert "I would look at &lt;b&gt;both&lt;/b&gt; curves first." in page
    assert "<b>both</b>" not in page
    assert len(app.chat_message) >= 3


def test_a_message_that_is_typed_is_saved_and_answered(services):
    one = begin(services)
    app = sound(opened("interview", interview=one.id))
    app = sound(app.chat_input[0].set_value("Could you repeat the question?").run())
    turns = services.conductor.open(one.id).turns
    assert [t.text for t in turns if t.speaker == "candidate"] == ["Could you repeat the question?"]
    assert turns[-1].text == one.current.question.prompt
    assert len(app.chat_message) == 4  # greeting, question, message, the question again


def test_the_hint_button_gives_the_first_rung(services):
    one = begin(services)
    app = sound(button(opened("interview", interview=one.id), "Hint").click().run())
    assert "Hint 1 of 3" in drawn(app)
    assert services.conductor.open(one.id).current.probes[0].rung == 1


def test_practice_offers_hint_and_pause_and_real_mode_neither(services):
    practice = opened("interview", interview=begin(services).id)
    assert labels(sound(practice)) == ["Hint", "I don't know", "Skip", "Pause", "End and debrief"]
    real = opened("interview", interview=begin(services, Mode.REAL).id)
    assert labels(sound(real)) == ["I don't know", "Skip", "End and debrief"]


def test_a_pause_stops_the_clock_and_can_be_ended(services):
    one = begin(services)
    app = sound(button(opened("interview", interview=one.id), "Pause").click().run())
    assert services.conductor.open(one.id).stage is Stage.PAUSED
    assert "paused" in drawn(app)
    app = sound(button(app, "Go on").click().run())
    assert services.conductor.open(one.id).stage is Stage.LISTENING
    assert "Pause" in labels(app)


def test_an_empty_message_is_refused_with_a_sentence(services):
    one = begin(services)
    app = opened("interview", interview=one.id)
    app = sound(app.chat_input[0].set_value("   ").run())
    assert [w.value for w in app.warning] == ["There is nothing in that message. Write an answer, or use one of the buttons."]
    assert services.conductor.open(one.id).turns == one.turns


def test_a_page_that_is_behind_keeps_the_text_as_a_draft(services):
    one = begin(services)
    app = opened("interview", interview=one.id)
    services.conductor.say(one.id, "Said in another tab.", shown=0)
    app = sound(app.chat_input[0].set_value("Said from the page that is behind.").run())
    assert "moved on in another tab" in app.warning[0].value
    assert app.code[0].value == "Said from the page that is behind."
    assert "Said in another tab." in drawn(app)
    app = sound(app.chat_input[0].set_value("Said from the page that is behind.").run())  # now it shows where things stand
    assert [t.text for t in services.conductor.open(one.id).turns if t.speaker == "candidate"] == ["Said in another tab.", "Said from the page that is behind."]
    assert not app.code


def test_ending_leads_to_the_debrief(services):
    one = begin(services)
    app = sound(button(opened("interview", interview=one.id), "End and debrief").click().run())
    assert [t.value for t in app.title] == ["Debrief"]
    assert services.conductor.open(one.id).stage is Stage.DEBRIEF


def test_the_debrief_shows_the_read_its_confidence_quotes_and_the_marked_transcript(services):
    one = ended(services)
    app = sound(opened("debrief", interview=one.id))
    page = drawn(app)
    assert "Practice read: " in page
    assert "not a prediction of any hiring decision" in page
    assert page.count('class="quote"') >= 1
    assert "<mark>" in page
    assert any(re.match(r"Confidence of this read: \d+%", e.proto.text) for e in app.get("progress"))
    assert [s.value for s in app.subheader][-3:] == ["Question by question", "Transcript", "Keep it"]
    assert [d.proto.label for d in app.get("download_button")] == ["Markdown", "HTML", "JSON"]


def test_the_weakest_question_can_be_asked_again_alone(services):
    one = ended(services, exemplar=1)  # after a strong answer there may be nothing to practise
    app = opened("debrief", interview=one.id)
    retry = next(b for b in app.button if b.label.startswith("Retry the weakest: "))
    app = sound(retry.click().run())
    newest = services.conductor.history()[0]
    assert newest.id != one.id
    assert newest.question_ids == (one.plan[0].question.id,)
    assert "question 1 of 1" in drawn(app)


def test_an_ended_interview_opens_as_its_debrief_and_an_open_one_as_the_interview(services):
    done, live = ended(services), begin(services)
    assert [t.value for t in sound(opened("interview", interview=done.id)).title] == ["Debrief"]
    assert [t.value for t in sound(opened("start", interview=done.id)).title] == ["Debrief"]
    assert "End and debrief" in labels(sound(opened("debrief", interview=live.id)))
    assert "End and debrief" in labels(sound(opened("start", interview=live.id)))


def test_an_empty_history_says_so():
    app = sound(opened("history"))
    assert [i.value for i in app.info] == ["No interviews yet. The first one takes one click."]


def test_the_history_resumes_opens_and_deletes(services):
    done, live = ended(services), begin(services)
    app = sound(opened("history"))
    assert {"Open", "Resume"} <= set(labels(app))
    assert "End and debrief" in labels(sound(app.button(f"open-{live.id}").click().run()))
    assert [t.value for t in sound(opened("history").button(f"open-{done.id}").click().run()).title] == ["Debrief"]
    app = sound(opened("history").button(f"delete-{done.id}").click().run())
    assert [s.id for s in services.conductor.history()] == [live.id]
    assert "Open" not in labels(app)


def test_a_trend_is_drawn_from_three_scored_interviews_on(services):
    for n in (1, 2, 3):
        ended(services)
        charts = sound(opened("history")).get("vega_lite_chart") + opened("history").get("arrow_vega_lite_chart")
        assert bool(charts) is (n == 3)


@pytest.mark.parametrize("page", ["start", "interview", "debrief"])
@pytest.mark.parametrize("name", ["no-such-id", "<script>alert(1)</script>", "x" * 500])
def test_an_unknown_id_shows_a_sentence(page, name):
    app = opened(page, interview=name)
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith(GONE)


def test_a_deleted_interview_shows_a_sentence(services):
    one = ended(services)
    services.conductor.delete(one.id)
    for page in ("interview", "debrief"):
        app = opened(page, interview=one.id)
        assert not app.exception
        assert [e.value.startswith(GONE) for e in app.error] == [True]


def test_an_interview_deleted_under_an_open_page_shows_a_sentence(services):
    one = begin(services)
    app = opened("interview", interview=one.id)
    services.conductor.delete(one.id)
    app = app.chat_input[0].set_value("Anyone there?").run()
    assert not app.exception
    assert [e.value.startswith(GONE) for e in app.error] == [True]


@pytest.mark.parametrize("page", ["interview", "debrief"])
def test_a_page_without_an_id_says_what_to_do(page):
    assert [i.value for i in sound(opened(page)).info] == ["No interview is open here."]


def test_the_library_opens_on_the_guide():
    app = sound(opened("library"))
    assert [t.value for t in app.title] == ["Library"]
    assert app.header
    assert any(c.value.startswith("Sources: ") for c in app.caption)


def test_a_link_to_a_section_opens_its_page(services):
    source = sorted(services.bank.sections)[-1]
    page = services.bank.pages[source.split("#")[0]]
    app = sound(opened("library", section=source))
    assert app.header[0].value == page.title
    assert "This is the section that you came for." in [c.value for c in app.caption]


def test_a_strong_answer_opens_only_after_the_question_was_attempted(services):
    question = next(q for q in services.bank.questions.values() if q.title.isascii())
    strong = "What a strong answer shows"

    def questions_page():
        app = opened("library")
        app = (
            sound(app.segmented_control[0].set_value("Questions").run())
            if hasattr(app, "segmented_control")
            else sound(app.get("button_group")[0].set_value("Questions").run())
        )
        return sound(app.text_input[0].set_value(question.prompt).run())

    before = questions_page()
    assert any(c.value.startswith("1 of ") for c in before.caption)
    assert strong not in drawn(before)
    assert not any(c.statement in drawn(before) for c in question.criteria)
    one = begin(services, only=[question.id])
    assert strong not in drawn(questions_page())  # under way is not attempted
    services.conductor.finish(one.id)
    after = drawn(questions_page())
    assert strong in after
    assert all(c.statement in after for c in question.criteria)


def test_a_faulty_pack_is_warned_of_and_the_rest_works(broken_pack, services):
    app = opened()
    (warning,) = app.warning
    assert warning.value.startswith(f"{len(services.faults)} faults were found in the question packs")
    assert len(services.faults) > 0
    app = sound(button(app, "Start interview").click().run())
    assert "Hint" in labels(app)
    assert len(services.conductor.history()) == 1


def test_a_pack_folder_that_is_missing_is_warned_of(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERVIEWER_PACKS", str(tmp_path / "nowhere"))
    app = sound(opened())
    assert len(app.warning) == 1
    assert "Start interview" in labels(app)


def test_a_setting_that_is_wrong_shows_its_sentence(monkeypatch):
    monkeypatch.setenv("INTERVIEWER_EMBEDDINGS", "openai")
    app = opened()
    assert not app.exception
    (error,) = app.error
    assert error.value == "The setting INTERVIEWER_EMBEDDINGS has 'openai'; allowed: bundled, or provider:model."


def test_a_damaged_database_shows_a_sentence(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "interviews.db").write_bytes(b"this is no database at all, whatever its name says" * 40)
    app = opened("history")
    assert not app.exception
    assert [e.value for e in app.error] == ["The database file is damaged. Restore it from a backup, or move interviews.db away and start again."]


def test_the_criteria_are_encoded_while_the_candidate_thinks(services, tmp_path, monkeypatch):
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))
    interview = begin(services)
    sound(opened("interview", interview=interview.id))
    questions = [p.question for p in interview.plan]
    assert session.services().ready(questions[0]) is None
    assert session.services().ready(questions[1]).result(timeout=60) is None  # one after the other, so the first is done as well
    kept = session.services().settings.cache_folder
    assert len(list(kept.rglob("*.npz"))) == 2


def test_messages_of_a_run_that_was_cut_short_are_sent_by_the_next_one(services):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    shown = messages(services.conductor.open(interview.id))
    said = ["High bias shows as a training error that stays high.", "And high variance as a gap between training and validation error."]
    app.session_state[f"inbox-{interview.id}"].waiting += [Sent(text, shown) for text in said]
    sound(app.run())
    turns = services.conductor.open(interview.id).turns
    assert [t.text for t in turns if t.speaker is Speaker.CANDIDATE] == said
    assert app.session_state[f"inbox-{interview.id}"].waiting == []


def test_a_button_of_a_run_that_was_cut_short_has_its_effect_in_the_next_one_and_once(services):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    kept = app.session_state[f"inbox-{interview.id}"]
    kept.press("hint", len(services.conductor.open(interview.id).turns))
    for _ in range(2):
        sound(app.run())
        assert [t.kind for t in services.conductor.open(interview.id).turns].count(TurnKind.HINT) == 1
    assert kept.pressed is None


def test_a_button_of_a_page_that_is_behind_does_nothing(services):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    before = services.conductor.open(interview.id)
    kept = app.session_state[f"inbox-{interview.id}"]
    kept.press("end", len(before.turns) - 1)
    sound(app.run())
    assert services.conductor.open(interview.id).turns == before.turns
    assert kept.pressed is None


def test_what_was_typed_goes_before_a_button(services):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    shown = services.conductor.open(interview.id)
    kept = app.session_state[f"inbox-{interview.id}"]
    kept.waiting.append(Sent("High bias shows as a training error that stays high.", messages(shown)))
    kept.press("end", len(shown.turns))
    sound(app.run())
    now = services.conductor.open(interview.id)
    assert "High bias shows as a training error that stays high." in [t.text for t in now.turns]
    assert now.stage is not Stage.DEBRIEF


def test_a_message_that_comes_after_the_end_is_kept_and_shown_with_the_debrief(services):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    shown = messages(services.conductor.open(interview.id))
    services.conductor.finish(interview.id)
    late = ["One more <b>thing</b>.", "And another."]
    app.session_state[f"inbox-{interview.id}"].waiting += [Sent(text, shown) for text in late]
    sound(app.run())
    assert services.conductor.draft(interview.id) == "\n\n".join(late)
    assert "\n\n".join(late) in [c.value for c in sound(opened("debrief", interview=interview.id)).code]


def test_a_message_that_could_not_be_saved_stays_until_it_is(services, monkeypatch):
    interview = begin(services)
    app = sound(opened("interview", interview=interview.id))
    conductor = session.services().conductor
    with monkeypatch.context() as broken:
        broken.setattr(conductor, "say", lambda *_, **__: 1 / 0)
        app.chat_input[0].set_value("Bias is error from a model that is too simple.").run()
        assert [s.text for s in app.session_state[f"inbox-{interview.id}"].waiting] == ["Bias is error from a model that is too simple."]
    sound(app.run())
    assert "Bias is error from a model that is too simple." in [t.text for t in services.conductor.open(interview.id).turns]


def test_what_was_made_is_there_while_another_part_is_being_made(services):
    made, busy, let_go = services.store, threading.Event(), threading.Event()

    def make():
        with services._lock:
            busy.set()
            let_go.wait(30)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(make)
        assert busy.wait(30)
        try:
            assert pool.submit(lambda: services.store).result(timeout=10) is made
        finally:
            let_go.set()
