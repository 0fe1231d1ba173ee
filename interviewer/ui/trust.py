"""How far the grader can be trusted: the published figures as charts, each with a table that says the same."""

import html
from collections.abc import Iterable, Sequence

import altair as alt
import streamlit as st

from interviewer import scoring
from interviewer.grading import offline
from interviewer.grading.published import Published

OWN = "offline grader"
"""The name of this program's grader among the methods."""
BLUE, GREY = "#3b74d6", "#8a919c"
"""Both stand out on the light and on the dark background."""
CELL = "padding:.25rem .8rem .25rem 0;border-bottom:1px solid color-mix(in srgb, currentColor 18%, transparent)"


def explanation() -> None:
    """What the grader does and what it cannot do, in words."""
    st.markdown(
        "The grader runs on this machine, gives the same grade to the same words every time, and shows you the words behind every point.\n"
        "\n"
        "1. **Is there an answer?** Nothing at all, the question said again, or words meant for the grader alone earn nothing, and the grade says why."
        " On a question of the bank, a list of terms of which nothing is said earns nothing either. A language other than English stays unscored.\n"
        "2. **Sentences.** Repetitions, echoes of the question and sentences that speak to the grader are left out;"
        " on a question of the bank, asides too: what the rubric does not know at all, or what is said of food, family or the weather.\n"
        "3. **Compare.** A small language encoder sets each sentence beside phrasings that meet a criterion, and beside near misses:"
        " wrong claims made of the right words; and it looks on which side of the boundary between the two the sentence lies, or any part of one that makes several points."
        " An answer that is about something else is believed less; so is one that tells nothing where a story of yours is asked for.\n"
        "4. **Decide.** A small network, fitted on labelled answers, turns that into *met*, *partial* or *unmet*."
        " Where a sentence leaves it in doubt, what you say of the question's other points tips the scales: right claims for you, wrong ones against you. The sentence that speaks best for the criterion is the quote that you see.\n"
        "5. **Check.** Code finds each quote in your words, character by character, and does the arithmetic. No quote, no credit."
    )
    st.subheader("What it cannot do")
    st.markdown(
        "- It does not reason. A wrong claim in the right words can be read as met, and an answer that denies or reverses every point still earns credit: its greatest weakness.\n"
        "- It hardly knows half a point from a whole one: *partial* says that it cannot tell, and as a rule such a point was either made or not.\n"
        "- It does not check arithmetic, code or formulas beyond their wording.\n"
        "- A right point in doubtful words may be missed beside wrong claims.\n"
        "- A good story about something else earns much of what the one asked for would.\n"
        "- It reads English only.\n"
        "- A question of your own has no phrasings and no near misses, so its grade is coarser.\n"
        "- It is for practice. Nobody should be hired or turned down by it."
    )


def figures(found: Published | None) -> None:
    """The published figures, or the sentence that says that there are none yet."""
    st.subheader("How far it can be trusted")
    if found is None:
        st.info("The figures for this grader were not made yet; `python -m bench grading` makes them.")
        return
    st.markdown(
        f"The grader read {found.answers:,} answers with {found.labels:,} labelled criteria; whatever graded an answer was never fitted on any answer to that question."
        " **The answers were written and labelled by language models, not by people.** Each was labelled twice, and a third reading decided where the two differed."
    )
    if found.version != offline.VERSION:
        st.caption(f"Measured on version {found.version} of the grader; this is version {offline.VERSION}.")
    _agreement(found)
    _reliability(found)
    _kinds(found)
    _adversaries(found)
    st.caption(f"Made by `python -m bench grading` for version {found.version} of the grader.")


def _agreement(found: Published) -> None:
    st.markdown("#### Agreement with the labels")
    own = next((a for a in found.agreement if a.method == OWN), None)
    standing = f"The {OWN} reaches **{own.kappa:.2f}** ({own.low:.2f} to {own.high:.2f}). " if own else ""
    st.markdown(
        f"{standing}The figure is quadratic kappa: 1 is full agreement, 0 is what chance gives, and *met* read as *unmet* weighs more than *met* read as *partial*."
        f" The two labellings agree with each other at {found.labellings:.2f} (dashed), partly because they read alike."
    )
    ranked = sorted(found.agreement, key=lambda a: -a.kappa)
    rows = [{**a.model_dump(), "whose": "own" if a.method == OWN else "other"} for a in ranked]
    low = min(0.0, *(a.low for a in ranked), found.labellings) if ranked else 0.0
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("method:N", sort=None, title=None),
        color=alt.Color("whose:N", scale=alt.Scale(domain=["own", "other"], range=[BLUE, GREY]), legend=None),
        tooltip=[alt.Tooltip("method:N"), *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("kappa", "low", "high"))],
    )
    intervals = base.mark_rule(strokeWidth=3, opacity=0.55).encode(
        x=alt.X("low:Q", scale=alt.Scale(domain=[low, 1]), axis=alt.Axis(title="quadratic kappa, with 95 % interval", tickCount=5)), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x="kappa:Q")
    labellings = alt.Chart(alt.InlineData(values=[{"kappa": found.labellings}])).mark_rule(strokeDash=[5, 4], color=GREY, strokeWidth=2).encode(x="kappa:Q")
    spoken = "; ".join(f"{a.method} {a.kappa:.2f}, {a.low:.2f} to {a.high:.2f}" for a in ranked)
    _drawn(intervals + points + labellings, f"Quadratic kappa by method. {spoken}. The two labellings {found.labellings:.2f}.", height=alt.Step(30))
    _tabled("Agreement with the labels", found.header, found.verdicts)
    st.markdown(f"The other questions' exemplars are clearer. With them, and by round, the {OWN} reaches:")
    _tabled("All that is labelled", found.set_header, found.sets)


def _reliability(found: Published) -> None:
    st.markdown("#### Does it know when it is unsure?")
    st.markdown(
        "Each verdict carries the chance that the labels say the same. On the dashed line, that chance is exactly right; above it, the grader is too modest; below, too sure."
        f" On average it is off by {found.calibration_error:.1%}. A verdict below {scoring.UNCERTAIN_BELOW:.0%} is shown as “could not tell”: check it yourself."
    )
    share = alt.Scale(domain=[0, 1])
    diagonal = (
        alt.Chart(alt.InlineData(values=[{"said": 0, "was": 0}, {"said": 1, "was": 1}]))
        .mark_line(strokeDash=[5, 4], color=GREY)
        .encode(x=alt.X("said:Q", scale=share), y=alt.Y("was:Q", scale=share))
    )
    points = (
        alt.Chart(alt.InlineData(values=[p.model_dump() for p in found.reliability]))
        .mark_point(filled=True, color=BLUE, opacity=0.85)
        .encode(
            x=alt.X("said:Q", scale=share, axis=alt.Axis(format="%", title="confidence that it states", tickCount=5)),
            y=alt.Y("was:Q", scale=share, axis=alt.Axis(format="%", title="share that agreed", tickCount=5)),
            size=alt.Size("n:Q", scale=alt.Scale(type="sqrt", domainMin=0, range=[0, 140]), legend=None),
            tooltip=[alt.Tooltip("said:Q", format=".1%"), alt.Tooltip("was:Q", format=".1%"), alt.Tooltip("n:Q", format=",")],
        )
    )
    spoken = "; ".join(f"said {p.said:.0%}, was {p.was:.0%}" for p in found.reliability)
    _drawn(diagonal + points, f"Stated confidence against the share of verdicts that agreed. {spoken}.", height=300)
    rows = [(f"{p.said:.1%}", f"{p.was:.1%}", f"{p.n:,}") for p in found.reliability]
    _tabled("Confidence", ("confidence that it states", "share that agreed", "verdicts"), rows)


def _kinds(found: Published) -> None:
    st.markdown("#### By kind of answer")
    st.markdown("How many verdicts are the same as the label. The kinds at the bottom are those to read with most care.")
    ranked = sorted(found.styles, key=lambda s: -s.same)
    chart = (
        alt.Chart(alt.InlineData(values=[s.model_dump() for s in ranked]))
        .mark_bar(color=BLUE, height=12, cornerRadiusEnd=3)
        .encode(
            x=alt.X("same:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", title="same verdict as the label", tickCount=5)),
            y=alt.Y("style:N", sort=None, title=None),
            tooltip=[alt.Tooltip("style:N"), alt.Tooltip("same:Q", format=".1%"), alt.Tooltip("kappa:Q", format=".3f"), alt.Tooltip("n:Q", format=",")],
        )
    )
    _drawn(chart, f"Share of same verdicts by kind of answer. {'; '.join(f'{s.style} {s.same:.0%}' for s in ranked)}.", height=alt.Step(24))
    rows = [(s.style, f"{s.same:.1%}", "–" if s.kappa is None else f"{s.kappa:.3f}", f"{s.n:,}") for s in ranked]
    _tabled("By kind of answer", ("kind of answer", "same verdict", "quadratic kappa", "verdicts"), rows)


def _adversaries(found: Published) -> None:
    if not found.adversaries:
        return
    st.markdown("#### Answers that deserve nothing")
    st.markdown(
        f"Of {sum(a.answers for a in found.adversaries):,} answers written to earn credit that they do not deserve,"
        f" {sum(a.above for a in found.adversaries):,} scored above 15 %."
    )
    rows = [(a.kind.replace("_", " "), f"{a.answers:,}", f"{a.above:,}", f"{a.highest:.0%}") for a in sorted(found.adversaries, key=lambda a: -a.above)]
    _table("Answers that deserve nothing", ("kind", "answers", "above 15 %", "highest score"), rows)


def _drawn(chart: alt.Chart | alt.LayerChart, description: str, height: int | alt.Step) -> None:
    """A chart whose description a screen reader speaks."""
    st.altair_chart(chart.properties(height=height, description=description), width="stretch")


def _tabled(label: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Figures behind a click, for those who would rather read them than a chart."""
    with st.expander(f"{label}, as a table"):
        _table(label, header, rows)


def _table(label: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table of text that scrolls sideways inside itself, with the keyboard too."""
    head = "".join(f'<th scope="col" style="{CELL};text-align:{"left" if n == 0 else "right"}">{html.escape(text)}</th>' for n, text in enumerate(header))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row" style="{CELL};text-align:left;font-weight:{600 if text == OWN else 400}">{html.escape(text)}</th>'
            if n == 0
            else f'<td style="{CELL};text-align:right;font-variant-numeric:tabular-nums">{html.escape(text)}</td>'
            for n, text in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<div role="region" aria-label="{html.escape(label)}" tabindex="0" style="overflow-x:auto">'
        f'<table style="border-collapse:collapse;font-size:.92rem;width:100%"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
