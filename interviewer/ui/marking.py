"""A written answer once it is graded: the score beside the prediction, every verdict with its place in the text, disputes, versions side by side."""

import html

import streamlit as st

from interviewer import scoring
from interviewer.domain import Question, VerdictValue, WrittenAnswer
from interviewer.errors import InvalidMessage
from interviewer.export import MISTAKE_WORDS, VALUE_WORDS, grader_words, offline_words, range_words
from interviewer.ui import components, session
from interviewer.ui.components import Mark
from interviewer.written import DISPUTABLE, Change, Marked, changes, disputes_as_lines, marked, strong_answer

SHOWN = 20


def _word(item: Marked, value: VerdictValue | None = None) -> str:
    return (MISTAKE_WORDS if item.mistake else VALUE_WORDS)[value or item.verdict.value]


def _percent(share: float) -> int:
    return round(100 * share)


def standing(answer: WrittenAnswer) -> None:
    """The score beside the prediction, and how far off the prediction was."""
    grade, predicted = answer.grade, _percent(answer.predicted or 0.0)
    if grade is None or grade.score is None:
        st.info(f"Unscored. {grade.reason if grade else ''} Your prediction of {predicted} % is kept.")
        return
    score = _percent(grade.score)
    off = score - predicted
    with st.container(border=True):
        with st.container(horizontal=True, gap="medium"):
            for label, value in (("Score", f"{score} %"), ("You predicted", f"{predicted} %"), ("Off by", f"{abs(off)} points")):
                st.metric(label, value, width="content")
        words = "exactly as you predicted" if off == 0 else f"{abs(off)} points {'higher' if off > 0 else 'lower'} than you predicted"
        st.markdown(f"**{components.band_words(grade.band).capitalize()}**: {words}.")
        if grade.confidence is not None:
            st.progress(grade.confidence, text=f"Confidence of this grade: {grade.confidence:.0%}")
        if grade.uncertain:
            st.caption(range_words(grade))
        if grade.reason:
            st.caption(grade.reason)
        if grade.grader is not None:
            components.quiet(grader_words(grade.grader))
    for flag in grade.flags:
        components.words(flag)


def text(answer: WrittenAnswer) -> None:
    """The answer with every quote that a verdict rests on marked and numbered as its criterion is; what only comes nearest to a point is not."""
    found = [m for m in marked(answer) if m.verdict.value is not VerdictValue.UNMET]
    marks = [Mark(e.start, e.end, m.number, m.mistake) for m in found for e in m.verdict.evidence]
    st.html(f'<div class="words">{components.numbered(answer.text, marks)}</div>')


def verdicts(answer: WrittenAnswer) -> None:
    """Criterion by criterion: the verdict, the words it rests on, and a place to dispute it."""
    for item in marked(answer):
        with st.container(border=True):
            notes = [] if item.criterion is None else ["mistake" if item.mistake else item.criterion.kind.value]
            unsure = '<span class="chip">could not tell: check yourself</span>' if scoring.uncertain(item.verdict) else ""
            st.html(
                f"<div><strong>{item.number}. {components.VALUE_ICONS[item.verdict.value]} {html.escape(_word(item))}</strong> · {html.escape(item.statement)}"
                f'<div class="quiet">{unsure}{html.escape(" · ".join(filter(None, [*notes, item.verdict.reason, offline_words(item.verdict, item.mistake)])))}</div></div>'
            )
            components.quotes(item.verdict.evidence)
            if item.dispute is not None:
                said = f"Disputed: you say {_word(item, item.dispute.value)}, because: {item.dispute.reason}"
                st.html(f'<div class="words disputed">{html.escape(said)}</div>')
            state = item.dispute.at if item.dispute else ""  # a dispute that was kept closes its popover
            with st.popover("Dispute" if item.dispute is None else "Change the dispute", icon=":material/flag:", key=f"popover-{item.number}-{state}"):
                _dispute(answer, item)


def _dispute(answer: WrittenAnswer, item: Marked) -> None:
    written, name = session.services().written, item.verdict.criterion_id
    key = f"{answer.id}-{name}"
    options = [v for v in DISPUTABLE if v is not item.verdict.value]
    value = st.radio("What it should be", options, key=f"value-{key}", format_func=lambda v: _word(item, v), horizontal=True)
    reason = st.text_area("Why", key=f"reason-{key}", height=80, placeholder="for example: my second sentence says exactly this")
    st.caption("It is kept with the answer and can be exported. The grade stays as it is.")
    if st.button("Keep the dispute", key=f"dispute-{key}", type="primary"):
        try:
            written.dispute(answer.id, name, value, reason)
        except InvalidMessage as error:
            st.warning(str(error))
            return
        st.rerun()
    if item.dispute is not None and st.button("Withdraw it", key=f"withdraw-{key}"):
        written.withdraw(answer.id, name)
        st.rerun()


def missing(answer: WrittenAnswer) -> None:
    """What would make the answer better, with a phrasing that meets it where there is one."""
    lacking = [m for m in marked(answer) if m.missing]
    made = [m for m in marked(answer) if m.mistake and m.verdict.value is not VerdictValue.UNMET]
    st.subheader("What is missing")
    for item in lacking:
        example = f'<div class="quiet">Would meet it: “{html.escape(item.criterion.examples[0])}”</div>' if item.criterion else ""
        half = " (said in part)" if item.verdict.value is VerdictValue.PARTIAL else ""
        st.html(f"<div>{item.number}. {html.escape(item.statement)}{half}{example}</div>")
    for item in made:
        st.html(f"<div>{item.number}. A mistake to drop: {html.escape(item.statement)}</div>")
    if not lacking and not made:
        st.markdown("Nothing: every point is there." if answer.grade and answer.grade.verdicts else "This could not be told, since the answer is unscored.")


def strong(answer: WrittenAnswer) -> None:
    """A strong answer, and where the guide explains it."""
    text = strong_answer(answer.question)
    if text:
        st.subheader("A strong answer" if isinstance(answer.question, Question) else "Your reference answer")
        components.words(text)
    if isinstance(answer.question, Question):
        components.guide_links(answer.question.reference)


def _change_line(change: Change) -> str:
    before, after = change.before, change.after
    arrow = "▲ better" if change.gain > 0 else "▼ worse" if change.gain < 0 else "="
    words = _word(after) if before.verdict.value is after.verdict.value else f"{_word(before)} → {_word(after)}"
    return f"<div>{after.number}. <strong>{arrow}</strong> {html.escape(words)} · {html.escape(after.statement)}</div>"


def side_by_side(before: WrittenAnswer, after: WrittenAnswer) -> None:
    """Two versions next to each other, the change of the score, and criterion by criterion what changed."""
    st.subheader("Before and now")
    scores = [None if a.grade is None or a.grade.score is None else _percent(a.grade.score) for a in (before, after)]
    for column, answer, name, score in zip(st.columns(2), (before, after), ("Before", "Now"), scores, strict=True):
        with column:
            st.markdown(f"**{name}**{'' if score is None else f': {score} %'}")
            text(answer)
    old, new = scores
    if old is not None and new is not None:
        way = "rose" if new > old else "fell"
        st.markdown("The score stayed the same." if new == old else f"The score {way} by {abs(new - old)} points.")
    st.html("".join(_change_line(c) for c in sorted(changes(before, after), key=lambda c: c.gain == 0)))
    if before.grade and after.grade and before.grade.grader != after.grade.grader:
        st.caption("The two were graded by different graders or versions, so a small change may be the grader's.")


def download() -> None:
    """All disputes as JSON Lines, where there are any."""
    disputed = session.services().written.disputed()
    if disputed:
        st.download_button(
            "Download all disputes (JSON Lines)",
            disputes_as_lines(disputed),
            "disputes.jsonl",
            "application/x-ndjson",
            on_click="ignore",
            icon=":material/download:",
        )


def history() -> None:
    """All written answers, newest first: open, delete."""
    written = session.services().written
    summaries = written.history()
    if not summaries:
        return
    st.subheader("Your answers")
    for line in summaries[:SHOWN]:
        with st.container(border=True):
            about, actions = st.columns([3, 2], vertical_alignment="center")
            with about:
                components.words(" ".join(line.title.split())[:120])
                score = "unscored" if line.score is None else f"{_percent(line.score)} %"
                state = (
                    "waits for your prediction"
                    if line.predicted is None
                    else f"{score}, predicted {_percent(line.predicted)} %"
                    if line.graded
                    else "not graded yet"
                )
                more = [f"{line.disputes} disputed"] * bool(line.disputes) + ["a new version"] * bool(line.previous)
                st.caption(" · ".join([f"{line.at:%d %b %Y, %H:%M}", state, *more]))
            with actions, st.container(horizontal=True, gap="small"):
                if st.button("Go on" if line.predicted is None else "Open", key=f"open-{line.id}"):
                    session.show_answer(line.id)
                with st.popover("More", key=f"more-{line.id}"):  # a key of its own, so that it does not stay open on the next answer
                    st.caption("Deleting cannot be undone.")
                    if st.button("Delete", key=f"delete-{line.id}"):
                        written.delete(line.id)
                        st.rerun()
    if len(summaries) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(summaries)} are shown.")
    download()
