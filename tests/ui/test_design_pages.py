"""The pages of the system-design walkthroughs: set-up, walkthrough, watch, debrief."""

import html

import pytest
from test_pages import button, drawn, labels, opened, sound

from interviewer import diagram
from interviewer.archetypes import STAGE_NAMES, DesignStage
from interviewer.domain import Level, Speaker, Stage, TurnKind, VerdictValue
from interviewer.ui.inbox import Sent
from interviewer.walkthrough import Drawing, WalkMode, WalkSetup, messages

pytestmark = pytest.mark.timeout(180)

FEED = "feed-ranking"
MARKUP = "<b>half</b> of it"
DRAWN = "flowchart LR\n    app[App] --> ranker[Ranker]:::ranker\n    ranker --> cache[(Cache)]\n"


def begin(services, mode=WalkMode.BLANK, **choices):
    return services.walks.start(WalkSetup(archetype=FEED, mode=mode, **choices))


def tell(services, walk, text):
    return services.walks.say(walk.id, text, shown=messages(walk))


def strong(services, stage):
    return next(s.said for s in services.bank.archetypes[FEED].walkthrough if s.stage is stage)


def ended(services, *stages, **choices):
    """A walkthrough in which the strong words of these stages were said."""
    walk = begin(services, **choices)
    for stage in stages:
        walk = tell(services, walk, strong(services, stage))
    return services.walks.finish(walk.id)


def choose(app, mode):
    return app.get("button_group")[0].set_value(mode).run()


def test_the_set_up_has_one_obvious_button_and_a_line_for_each_system(services):
    app = sound(opened("design"))
    assert [b.label for b in app.button if b.proto.type == "primary"] == ["Start the walkthrough"]
    systems = app.radio[0]
    assert set(systems.options) == {a.title for a in services.bank.archetypes.values()}


def test_a_click_starts_a_walkthrough_that_puts_the_prompt_and_shows_the_clock(services):
    app = sound(button(opened("design", archetype=FEED), "Start the walkthrough").click().run())
    (one,) = services.walks.history()
    walk = services.walks.open(one.id)
    assert app.query_params["walk"] == walk.id
    assert (walk.setup.archetype, walk.setup.mode, walk.setup.level, walk.phase) == (FEED, WalkMode.BLANK, Level.MID, Stage.LISTENING)
    page = drawn(app)
    assert walk.archetype.prompt in page
    assert 'role="timer"' in page
    assert "Plan in minutes: Clarify and frame 6, Metrics 4" in page


def test_variant_level_length_and_mode_reach_the_walkthrough(services):
    archetype = services.bank.archetypes[FEED]
    app = opened("design", archetype=FEED)
    app.selectbox[0].select_index(1)
    app.select_slider[0].set_value(Level.STAFF)
    app.slider[0].set_value(30)
    app = choose(app.run(), WalkMode.GUIDED)
    sound(button(app, "Start the walkthrough").click().run())
    (one,) = services.walks.history()
    walk = services.walks.open(one.id)
    assert (walk.setup.variant, walk.setup.mode, walk.setup.level, walk.setup.minutes) == (archetype.variants[0].id, WalkMode.GUIDED, Level.STAFF, 30)
    assert walk.archetype.prompt == archetype.variants[0].prompt


def test_walkthroughs_in_progress_and_finished_are_listed_resumed_and_deleted(services):
    going, over = begin(services), ended(services, DesignStage.METRICS)
    app = sound(opened("design"))
    assert [labels(app).count(label) for label in ("Resume", "Open")] == [1, 1]
    resumed = sound(button(app, "Resume").click().run())
    assert resumed.query_params["walk"] == going.id
    app = opened("design")
    next(b for b in app.button if b.key == f"delete-{over.id}").click().run()
    assert [s.id for s in services.walks.history()] == [going.id]


def test_what_is_typed_is_saved_answered_and_shown_as_text(services):
    walk = begin(services)
    app = sound(opened("walkthrough", walk=walk.id))
    app = sound(app.chat_input[0].set_value(f"I would measure {MARKUP} offline.").run())
    turns = services.walks.open(walk.id).turns
    assert [t.text for t in turns if t.speaker is Speaker.CANDIDATE] == [f"I would measure {MARKUP} offline."]
    assert turns[-1].speaker is Speaker.INTERVIEWER
    assert "&lt;b&gt;half&lt;/b&gt;" in drawn(app)
    assert "<b>half</b>" not in drawn(app)


def test_a_message_from_a_page_that_is_behind_is_kept_as_a_draft(services):
    walk = begin(services)
    app = sound(opened("walkthrough", walk=walk.id))
    tell(services, walk, strong(services, DesignStage.METRICS))
    late = "From the tab that had been left open."
    app = app.chat_input[0].set_value(late).run()
    assert "moved on in another tab" in drawn(app)
    assert late in [c.value for c in app.code]
    assert late not in [t.text for t in services.walks.open(walk.id).turns]


def test_messages_of_a_run_that_was_cut_short_are_sent_by_the_next_one(services):
    walk = begin(services)
    app = sound(opened("walkthrough", walk=walk.id))
    said = ["I would measure the time that people call well spent.", "And I would watch the share of people who hide a post."]
    app.session_state[f"inbox-{walk.id}"].waiting += [Sent(text, messages(walk)) for text in said]
    sound(app.run())
    assert [t.text for t in services.walks.open(walk.id).turns if t.speaker is Speaker.CANDIDATE] == said
    assert app.session_state[f"inbox-{walk.id}"].waiting == []


@pytest.mark.parametrize(
    ("what", "happened"),
    [
        ("hint", lambda before, now: [t.kind for t in now.turns[len(before.turns) :]].count(TurnKind.HINT) == 1),
        ("next", lambda before, now: now.stage is not before.stage),
        ("pause", lambda _, now: now.phase is Stage.PAUSED),
        ("end", lambda _, now: now.phase is Stage.DEBRIEF),
    ],
)
def test_a_button_of_a_run_that_was_cut_short_has_its_effect_in_the_next_one(services, what, happened):
    walk = begin(services, WalkMode.GUIDED)
    app = sound(opened("walkthrough", walk=walk.id))
    before = services.walks.open(walk.id)
    app.session_state[f"inbox-{walk.id}"].press(what, len(before.turns))
    sound(app.run())
    assert happened(before, services.walks.open(walk.id))
    assert app.session_state[f"inbox-{walk.id}"].pressed is None


def test_a_message_that_comes_after_the_end_is_kept_and_shown_with_the_debrief(services):
    walk = begin(services)
    app = sound(opened("walkthrough", walk=walk.id))
    shown = messages(services.walks.open(walk.id))
    services.walks.finish(walk.id)
    app.session_state[f"inbox-{walk.id}"].waiting.append(Sent("One more thing.", shown))
    sound(app.run())
    assert services.walks.draft(walk.id) == "One more thing."
    assert "One more thing." in [c.value for c in sound(opened("design_debrief", walk=walk.id)).code]


def test_blank_mode_has_neither_hint_nor_pause_nor_coverage(services):
    walk = tell(services, begin(services), strong(services, DesignStage.METRICS))
    app = sound(opened("walkthrough", walk=walk.id))
    assert not {"Hint", "Next stage", "Pause"} & set(labels(app))
    assert "End and debrief" in labels(app)
    statements = [c.statement for c in walk.archetype.criteria]
    assert not any(s in drawn(app) for s in statements)


def test_guided_mode_shows_the_purpose_before_and_feedback_after_a_stage(services):
    walk = begin(services, WalkMode.GUIDED)
    app = sound(opened("walkthrough", walk=walk.id))
    clarify, metrics = walk.archetype.guidance[0], walk.archetype.guidance[1]
    assert html.escape(clarify.prompts[0]) in drawn(app)
    assert html.escape(metrics.prompts[0]) not in drawn(app)
    app = sound(button(app, "Next stage").click().run())
    page = drawn(app)
    assert "Feedback:" in page
    assert html.escape(metrics.prompts[0]) in page
    assert services.walks.open(walk.id).stage is DesignStage.METRICS


def test_a_hint_can_be_asked_for_and_the_clock_paused_in_guided_mode(services):
    walk = begin(services, WalkMode.GUIDED)
    app = sound(button(opened("walkthrough", walk=walk.id), "Hint").click().run())
    assert "Hint 1 of 3" in drawn(app)
    app = sound(button(app, "Pause").click().run())
    assert services.walks.open(walk.id).phase is Stage.PAUSED
    assert "paused" in drawn(app)
    sound(button(app, "Go on").click().run())
    assert services.walks.open(walk.id).phase is Stage.LISTENING


def test_the_drawing_is_there_again_after_a_reload(services):
    walk = begin(services)
    services.walks.draw(walk.id, Drawing(mermaid=diagram.to_mermaid(diagram.from_mermaid(DRAWN))), shown=0)
    app = sound(opened("walkthrough", walk=walk.id))
    assert any('ranker["Ranker"]:::ranker' in a.value for a in app.text_area)


def test_a_drawing_that_is_typed_is_saved(services):
    walk = begin(services)
    app = opened("walkthrough", walk=walk.id)
    sound(app.text_area[0].set_value(DRAWN).run())
    saved = diagram.from_mermaid(services.walks.open(walk.id).drawing.mermaid)
    assert [b.label for b in saved.boxes] == ["App", "Ranker", "Cache"]


def test_a_drawing_that_cannot_be_read_names_the_line_and_keeps_the_last_one(services):
    walk = begin(services)
    app = opened("walkthrough", walk=walk.id)
    app = app.text_area[0].set_value(DRAWN).run()
    assert len(diagram.from_mermaid(services.walks.open(walk.id).drawing.mermaid).boxes) == 3
    app = app.text_area[0].set_value(f"{DRAWN}    app ->-> \n").run()
    assert not app.exception
    assert "Line 4" in drawn(app)
    assert len(diagram.from_mermaid(services.walks.open(walk.id).drawing.mermaid).boxes) == 3


def test_ending_leads_to_the_debrief_of_what_was_said(services):
    walk = tell(services, begin(services), strong(services, DesignStage.METRICS))
    app = sound(button(opened("walkthrough", walk=walk.id), "End and debrief").click().run())
    assert app.query_params["walk"] == walk.id
    assert [t.value for t in app.title] == ["Debrief"]


def test_the_debrief_has_the_bar_the_quotes_and_the_strong_words(services):
    walk = services.walks.open(ended(services, *DesignStage).id)
    app = sound(opened("design_debrief", walk=walk.id))
    page = drawn(app)
    met = [s.verdict for s in walk.sightings if s.verdict.value is VerdictValue.MET and s.verdict.evidence]
    assert met
    assert "of what it must raise came" in "".join(p.proto.text if hasattr(p, "proto") else "" for p in app.get("progress"))
    assert page.count('class="quote"') >= len(met)
    assert all(e.label.startswith(name) for e, name in zip(app.expander, STAGE_NAMES.values(), strict=False))
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) >= 3
    assert all(e.working.split("=")[0].strip()[:20] in page for e in walk.archetype.estimates)


def test_the_debrief_of_nothing_is_unscored_and_says_why(services):
    walk = services.walks.finish(begin(services).id)
    app = sound(opened("design_debrief", walk=walk.id))
    assert "Unscored" in [s.value for s in app.subheader]
    assert "Nothing was said about the design" in drawn(app)
    assert "Nothing was drawn." in drawn(app)


def test_the_drawing_is_read_beside_the_reference(services):
    walk = begin(services)
    services.walks.draw(walk.id, Drawing(mermaid=DRAWN), shown=0)
    services.walks.finish(walk.id)
    page = drawn(sound(opened("design_debrief", walk=walk.id)))
    assert "core components and" in page
    assert "Missing components" in page
    assert page.count("data:image/svg+xml") == 2


def test_one_stage_can_be_retried(services):
    walk = ended(services, DesignStage.METRICS)
    app = opened("design_debrief", walk=walk.id)
    app = sound(next(b for b in app.button if b.key == "retry-metrics").click().run())
    again = services.walks.open(app.query_params["walk"])
    assert again.id != walk.id
    assert again.setup.only is DesignStage.METRICS


def test_watching_goes_stage_by_stage_with_the_reasoning_beside(services):
    archetype = services.bank.archetypes[FEED]
    app = choose(opened("design", archetype=FEED), "watch")
    app = sound(button(app, "Watch it").click().run())
    assert app.query_params["archetype"] == FEED
    app = sound(opened("watch", archetype=FEED))
    first, second = archetype.walkthrough[:2]
    assert html.escape(first.said) in drawn(app)
    assert html.escape(first.why) in drawn(app)
    assert html.escape(second.said) not in drawn(app)
    app = sound(button(app, "Next stage").click().run())
    assert html.escape(second.said) in drawn(app)
    assert app.query_params["stage"] == "2"


def test_in_the_last_third_the_learner_writes_first(services):
    archetype = services.bank.archetypes[FEED]
    step = archetype.walkthrough[6]
    app = sound(opened("watch", archetype=FEED, stage="7"))
    assert html.escape(step.said) not in drawn(app)
    assert "Next stage" not in labels(app)
    app.text_area[0].set_value(" ")
    app = button(app, "Compare with the strong one").click().run()
    assert "nothing in it yet" in drawn(app)
    app.text_area[0].set_value(f"{step.said} {MARKUP}")
    app = sound(button(app, "Compare with the strong one").click().run())
    page = drawn(app)
    assert html.escape(step.said) in page
    points = [c for c in archetype.criteria if c.stage is step.stage and c.kind != "anti"]
    assert f"of {len(points)} points of this stage" in page
    assert "You had 0 of" not in page
    assert "<mark>" in page
    assert "<b>half</b>" not in page
    assert services.walks.history() == []
    assert services.conductor.history() == []


def test_an_address_that_names_nothing_says_so(services):
    for page, sentence in (("walkthrough", "No walkthrough is open here."), ("design_debrief", "No walkthrough is open here."), ("watch", "Nothing is chosen")):
        assert sentence in drawn(sound(opened(page)))
    for page in ("walkthrough", "design_debrief"):
        assert "There is no such walkthrough" in drawn(opened(page, walk="nothing"))
    assert "Nothing is chosen" in drawn(sound(opened("watch", archetype="nothing")))
    assert "Stage 1 of 9" in "".join(p.proto.text for p in opened("watch", archetype=FEED, stage="-3").get("progress"))
