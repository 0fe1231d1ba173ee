"""The debrief: the read of the day, dimensions, every criterion with quotes, what to practise, the marked transcript."""

import streamlit as st

from interviewer import export
from interviewer.conductor import report_of
from interviewer.domain import Evidence, Interview, Kind, Stage
from interviewer.errors import InterviewerError
from interviewer.script import ROUND_NAMES
from interviewer.ui import asking, components, session


def regrade(interview: Interview, model: str, failed: int) -> None:
    """Offers to grade anew with the language model."""
    if failed:
        answers = "1 answer" if failed == 1 else f"{failed} answers"
        st.info(f"The language model could not judge {answers}; the offline grader's verdicts stand there. Grade anew when it can be reached.")
    if not st.button(
        f"Re-grade with {model}", icon=":material/refresh:", help="Your answers are sent to that model. The grades before are kept beside the new ones."
    ):
        return
    bar = st.progress(0.0, text="Reading your answers …")

    def show(done: int, of: int) -> None:
        bar.progress(done / of, text=f"Grading question {done + 1} of {of} …")

    try:
        session.services().conductor.regrade(interview.id, show)
    except InterviewerError as error:
        bar.empty()
        st.warning(str(error))
        return
    st.rerun()


def beside(interview: Interview) -> None:
    """Old and new grades side by side, and which verdicts changed."""
    anew = export.regradings(interview)
    if not anew:
        return
    st.subheader("Before and now")
    for r in anew:
        components.words(f"{r.question.title}: {export.score_words(r.before)} before, {export.score_words(r.after)} now")
        components.quiet(export.grader_words(r.after.grader))
        for statement, then, now in r.changed:
            components.quiet(f"{then} → {now}: {statement}")


interview_id = session.required()

services = session.services()
interview = services.conductor.open(interview_id)
if interview.stage not in (Stage.DEBRIEF, Stage.ABANDONED):
    session.go(session.INTERVIEW_PAGE, interview_id)
report = report_of(interview)
questions = {p.question.id: p.question for p in interview.plan}

st.title("Debrief")
with st.container(border=True):
    st.subheader(components.band_words(report.band).capitalize() if report.band else "Unscored")
    st.markdown(export.headline(report))
    if report.confidence is not None:
        st.progress(report.confidence, text=f"Confidence of this read: {report.confidence:.0%}. {report.reason}")
    for gate in report.gates:
        st.caption(gate)
    st.caption(f"{report.asked} of {report.planned} questions asked, {sum(g.score is not None for g in report.grades)} scored. {export.CAVEAT}")

if report.dimensions:
    st.subheader("Dimensions")
    components.dimension_chart(report.dimensions)

if report.practise:
    st.subheader("Practise next")
    for item in report.practise[:3]:
        mistake = questions[item.question_id].criterion(item.criterion_id).kind is Kind.ANTI
        st.markdown(f"**{questions[item.question_id].title}.** {'A mistake to drop: ' if mistake else ''}{item.statement}")
        components.guide_links(item.reference[:1])
    scored = [g for g in report.grades if g.score is not None]
    if scored:
        weakest = min(scored, key=lambda g: g.score if g.score is not None else 1.0)
        again = questions[weakest.question_id]
        other = services.sibling(again)
        with st.container(horizontal=True, gap="small"):
            for label, question in ((f"Retry the weakest: {again.title}", again), (f"Same topic, another question: {other.title}" if other else "", other)):
                if question is None or question.id not in services.bank.questions:
                    continue
                if st.button(label, type="primary" if question is again else "secondary", icon=":material/replay:"):
                    session.go(session.INTERVIEW_PAGE, services.start(only=[question.id], level=interview.setup.level, mode=interview.setup.mode).id)

judge = session.judge_name()
failures = {p.question.id: p.assessment.failure for p in interview.plan if p.assessment is not None}
if judge is not None and any(t.counts for t in interview.turns):
    regrade(interview, judge, sum(map(bool, failures.values())))
beside(interview)
st.subheader("Question by question")
for number, grade in enumerate(report.grades, 1):
    question = questions[grade.question_id]
    standing = components.band_words(grade.band) if grade.score is None else f"{components.band_words(grade.band)}, {grade.score:.0%}"
    with st.expander(f"{number}. {ROUND_NAMES[question.round]}: {question.title} — {standing}", expanded=number == 1):
        st.markdown(f"*{question.prompt}*")
        if grade.reason:
            st.caption(grade.reason)
        if grade.uncertain:
            st.caption(export.range_words(grade))
        for flag in grade.flags:
            components.words(flag)
        components.quiet(" ".join(filter(None, [export.grader_words(grade.grader), failures.get(grade.question_id, "")])))
        components.criteria(question, grade)
        st.markdown("**A strong answer**")
        components.words(max(question.exemplars, key=lambda e: e.band).text)
        components.guide_links(question.reference)
        asking.ask_the_guide(question.id)

components.usage(interview.usage)
st.page_link(session.GRADING_PAGE, label="How grading works, and how far to trust it", icon=":material/balance:")
st.subheader("Transcript")
st.caption("Marked: the words that verdicts rest on.")
evidence: list[Evidence] = [e for g in report.grades for v in g.verdicts for e in v.evidence]
for turn in interview.turns:
    components.speech(turn, evidence)
components.draft(services.conductor.draft(interview_id), components.CAME_LATE)

st.subheader("Keep it")
with st.container(horizontal=True, gap="small"):
    for name, label in (("md", "Markdown"), ("html", "HTML"), ("json", "JSON")):
        mime = {"md": "text/markdown", "html": "text/html", "json": "application/json"}[name]
        st.download_button(
            label, export.FORMATS[name](interview), f"debrief-{interview.created_at:%Y-%m-%d}.{name}", mime, on_click="ignore", icon=":material/download:"
        )
    st.page_link(session.START_PAGE, label="Another interview", icon=":material/play_circle:")
