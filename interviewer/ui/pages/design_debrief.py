"""The debrief of a walkthrough: the bar that was cleared, time and coverage, stage by stage with quotes, drawing and estimates beside the reference."""

import streamlit as st

from interviewer import export
from interviewer.archetypes import STAGE_NAMES
from interviewer.domain import Stage
from interviewer.ui import components, drawings, session, walk_charts, walk_results
from interviewer.walkthrough import WalkMode

walk_id = session.required_walk()
walks = session.services().walks
walk = walks.open(walk_id)
if walk.phase not in (Stage.DEBRIEF, Stage.ABANDONED):
    session.go_walk(session.WALKTHROUGH_PAGE, walk_id)
session.wide(64)
debrief = walks.debrief(walk)
report = debrief.report

st.title("Debrief")
one = f", {STAGE_NAMES[walk.setup.only].lower()} alone" if walk.setup.only else ""
mode = "guided mode: it taught, so it is kept out of every statistic" if walk.setup.mode is WalkMode.GUIDED else "blank mode"
components.quiet(f"{walk.archetype.title}{one}. {walk.setup.level.capitalize()} level, {walk.setup.minutes} minutes, {mode}.")
walk_results.standing(report)
st.caption(export.CAVEAT)

st.subheader("The clock")
walk_charts.timeline(report.times, report.visits)
if report.cells:
    st.subheader("Coverage")
    st.caption("The share of what each level must raise in each stage. What came after a probe or a hint counts less.")
    walk_charts.heat_map(report.cells)
if report.dimensions:
    st.subheader("Dimensions")
    components.dimension_chart(report.dimensions)

pitfalls = [line for line in report.lines if line.criterion.id in report.pitfalls]
if pitfalls:
    st.subheader("Pitfalls hit")
    for line in pitfalls:
        walk_results.criterion_line(line)

st.subheader("Stage by stage")
for time in report.times:
    walk_results.stage(walk, time, report.lines)
walk_results.strong_walkthrough(walk.archetype.walkthrough)

st.subheader("The drawing beside the reference")
drawings.beside(debrief.drawing, walk.archetype.architecture, debrief.reading)

st.subheader("Estimates")
walk_results.estimates(walk.archetype.estimates, debrief.estimates)

st.page_link(session.GRADING_PAGE, label="How grading works, and how far to trust it", icon=":material/balance:")
with st.expander("The transcript"):
    st.caption("Marked: the words that verdicts rest on.")
    evidence = [e for line in report.lines for e in line.verdict.evidence]
    for turn in walk.turns:
        components.speech(turn, evidence)
components.draft(walks.draft(walk_id), components.CAME_LATE)
with st.expander("Read in the guide"):
    components.guide_links(walk.archetype.reference)

st.subheader("Keep it")
walk_results.downloads(walk, debrief)
st.page_link(session.DESIGN_PAGE, label="Another walkthrough", icon=":material/schema:")
