"""A written answer: enter it, predict its score, see the grade, dispute it, write it again. The address says which answer it is."""

import streamlit as st

from interviewer.domain import Question
from interviewer.ui import answer_form, asking, components, marking, session

answer_form.keep_fields()
written = session.services().written
answer_id = st.query_params.get("answer")

st.title("Grade an answer")
if answer_id is None:
    st.markdown("Hand in a written answer, predict its score, and only then see the grade, resting on your own words. Everything stays on this machine.")
    answer_form.ask()
    st.page_link(session.BATCH_PAGE, label="Grade a whole file of answers instead", icon=":material/table_rows:")
    st.page_link(session.GRADING_PAGE, label="How grading works, and how far to trust it", icon=":material/balance:")
    marking.history()
    st.stop()

with st.spinner("Opening the answer …"):
    answer = written.open(answer_id)
before = written.previous(answer)
if answer.predicted is None:
    answer_form.predict(answer, before)
    if isinstance(answer.question, Question):
        session.services().ready(answer.question)
    st.stop()
if "retry" in st.query_params:
    answer_form.retry(answer)
    st.stop()

components.words(answer.question.prompt)
answer_form.show_refused()
marking.standing(answer)
if before is None:
    st.subheader("Your answer")
    marking.text(answer)
else:
    marking.side_by_side(before, answer)
st.caption("Marked: the words that a verdict rests on, with the number of the criterion below.")
with st.container(horizontal=True, gap="small"):
    if st.button("Write a new version", type="primary", icon=":material/replay:"):
        session.show_answer(answer.id, retry=True)
    if st.button("Another answer", icon=":material/add:"):
        session.show_answer(None)
st.subheader("Criterion by criterion")
marking.verdicts(answer)
marking.missing(answer)
marking.strong(answer)
st.subheader("Something unclear?")
asking.ask_the_guide(answer.id)
st.page_link(session.GRADING_PAGE, label="How grading works, and how far to trust it", icon=":material/balance:")
marking.download()
