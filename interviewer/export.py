"""A report as Markdown, JSON or HTML. Pure: an interview in, text out. Everything a person wrote is escaped."""

import html
import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from interviewer import scoring
from interviewer.conductor import report_of
from interviewer.domain import Act, Grade, GraderInfo, Interview, Kind, Progress, Question, Report, Speaker, Usage, Verdict, VerdictValue
from interviewer.script import ROUND_NAMES

BAND_WORDS = {1: "strong no-hire", 2: "lean no-hire", 3: "hire", 4: "strong hire"}
VALUE_WORDS = {
    VerdictValue.MET: "shown",
    VerdictValue.PARTIAL: "in part",
    VerdictValue.UNMET: "missing",
    VerdictValue.NOT_OBSERVED: "not observed",
}
MISTAKE_WORDS = {**VALUE_WORDS, VerdictValue.MET: "mistake made", VerdictValue.PARTIAL: "near the mistake", VerdictValue.UNMET: "avoided"}
CAVEAT = "This is a practice read of what was said today. It is not a prediction of any hiring decision."


def range_words(grade: Grade) -> str:
    """What the verdicts that the grader could not tell leave open, as a sentence; empty where they leave nothing open."""
    if not grade.uncertain or grade.lowest is None or grade.highest is None:
        return ""
    verdicts, they, put, them = ("1 verdict", "it", "puts", "it") if grade.uncertain == 1 else (f"{grade.uncertain} verdicts", "they", "put", "them")
    low, high = f"{grade.lowest:.0%}", f"{grade.highest:.0%}"
    left = f"settled, {they} {put} the score between {low} and {high}" if low != high else f"however settled, the score stays at {low}"
    return f"{verdicts} could not be told for sure: {left}. Check {them} yourself."


def value_words(question: Question, verdict: Verdict) -> str:
    """A verdict in words; for a named mistake the words are turned round."""
    mistake = question.criterion(verdict.criterion_id).kind is Kind.ANTI
    return (MISTAKE_WORDS if mistake else VALUE_WORDS)[verdict.value]


def offline_words(verdict: Verdict, mistake: bool = False) -> str:
    """What the offline grader says where a judge sees it otherwise, for instance “offline grader: in part”; else empty."""
    if verdict.offline is None or verdict.offline is verdict.value:
        return ""
    return f"offline grader: {(MISTAKE_WORDS if mistake else VALUE_WORDS)[verdict.offline]}"


def grader_words(grader: GraderInfo | None) -> str:
    """Which grader made a grade, as a sentence."""
    if grader is None:
        return ""
    if grader.prompt_hash:
        return f"Graded by the language model {grader.model} (judge {grader.version}, prompt {grader.prompt_hash})."
    return f"Graded by the {grader.name} grader, version {grader.version}."


def usage_words(usage: Usage) -> str:
    """What calls to a language model took."""
    calls = "1 call" if usage.calls == 1 else f"{usage.calls:,} calls"
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    unpriced = f", {usage.unpriced:,} of the calls without a known price" if usage.unpriced else ""
    return f"{calls}, {usage.input_tokens:,} input tokens{cached}, {usage.output_tokens:,} output tokens, {usage.cost:.4f} US dollars{unpriced}"


class Regrading(NamedTuple):
    """A question before and after it was graded anew, and the verdicts that changed: statement, then, now."""

    question: Question
    before: Grade
    after: Grade
    changed: tuple[tuple[str, str, str], ...]


def _regrading(progress: Progress) -> Regrading:
    before, after = (scoring.grade(progress.question, a) for a in (progress.earlier[-1], progress.assessment))
    old = {v.criterion_id: v for v in before.verdicts}
    changed = tuple(
        (progress.question.criterion(v.criterion_id).statement, value_words(progress.question, old[v.criterion_id]), value_words(progress.question, v))
        for v in after.verdicts
        if v.criterion_id in old and old[v.criterion_id].value is not v.value
    )
    return Regrading(progress.question, before, after, changed)


def regradings(interview: Interview) -> list[Regrading]:
    """The questions that were graded anew, each beside the grade before."""
    return [_regrading(p) for p in interview.plan if p.earlier and p.assessment is not None]


def score_words(grade: Grade) -> str:
    """A score in percent, or that there is none."""
    return "unscored" if grade.score is None else f"{grade.score:.0%}"


def regraded_lines(interview: Interview) -> list[str]:
    """What a grading anew changed, in lines of plain text."""
    lines = []
    for r in regradings(interview):
        lines.append(f"{r.question.title}: {score_words(r.before)} before, {score_words(r.after)} now. {grader_words(r.after.grader)}")
        lines += [f"  {then} → {now}: {statement}" for statement, then, now in r.changed]
    return lines


def headline(report: Report) -> str:
    """The read of the day in one sentence."""
    if report.band is None or report.score is None:
        return report.reason
    level = f", clears the {report.level} bar" if report.level else ", does not clear the junior bar yet"
    return f"Practice read: {BAND_WORDS[report.band]} (band {report.band} of 4, {report.score:.0%} of the credit{level})."


def as_json(interview: Interview) -> str:
    """The report with the transcript, as JSON."""
    report = report_of(interview)
    data = {
        "interview": interview.id,
        "created_at": interview.created_at.isoformat(),
        "setup": interview.setup.model_dump(mode="json"),
        "headline": headline(report),
        "report": report.model_dump(mode="json"),
        "usage": interview.usage.model_dump(mode="json"),
        "regraded": [
            {"question_id": r.question.id, "before": r.before.model_dump(mode="json", exclude={"verdicts"}), "changed": [list(c) for c in r.changed]}
            for r in regradings(interview)
        ],
        "transcript": [t.model_dump(mode="json") for t in interview.turns],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _document(interview: Interview, escape: Callable[[str], str]) -> list[str]:
    """The report as Markdown lines, with `escape` applied to all that people or packs wrote."""
    report = report_of(interview)
    setup = interview.setup
    lines = [
        "# Interview debrief",
        "",
        f"{interview.created_at:%Y-%m-%d %H:%M} UTC, {setup.mode} mode, {setup.level} level, {setup.minutes} minutes, {report.asked} of {report.planned} questions",
        "",
        f"**{headline(report)}**",
        "",
        *([f"Confidence of this read: {report.confidence:.0%}. {report.reason}".rstrip(), ""] if report.confidence is not None else []),
        *(f"- {gate}" for gate in report.gates),
        "",
        CAVEAT,
        "",
        *([f"The language model took {usage_words(interview.usage)}.", ""] if interview.usage.calls else []),
    ]
    if report.dimensions:
        lines += ["## Dimensions", "", "| dimension | share | band |", "| --- | --- | --- |"]
        lines += [f"| {d.dimension} | {'not observed' if d.share is None else f'{d.share:.0%}'} | {d.band or ''} |" for d in report.dimensions]
        lines.append("")
    questions = {p.question.id: p.question for p in interview.plan}
    anew = {r.question.id: r for r in regradings(interview)}
    failures = {p.question.id: p.assessment.failure for p in interview.plan if p.assessment}
    for grade in report.grades:
        lines += _question(questions[grade.question_id], grade, escape, anew.get(grade.question_id), failures.get(grade.question_id, ""))
    if report.practise:
        lines += ["## Practise next", ""]
        for p in report.practise:
            mistake = questions[p.question_id].criterion(p.criterion_id).kind is Kind.ANTI
            lines.append(f"- {'A mistake to drop: ' if mistake else ''}{escape(p.statement)} ({', '.join(p.reference)})")
        lines.append("")
    lines += ["## Transcript", ""]
    for turn in interview.turns:
        who = "You" if turn.speaker is Speaker.CANDIDATE else "Interviewer"
        note = f" ({turn.act})" if turn.act not in (None, Act.ANSWER) else ""
        lines += [f"**{who}**{note}: {escape(turn.text)}", ""]
    return lines


def _question(question: Question, grade: Grade, escape: Callable[[str], str], anew: Regrading | None, failure: str) -> list[str]:
    lines = [f"## {ROUND_NAMES[question.round]}: {escape(question.title)}", "", f"> {escape(question.prompt)}", ""]
    if grade.score is None:
        lines += [f"Unscored. {escape(grade.reason)}", ""]
    else:
        lines += [" ".join(filter(None, [f"Band {grade.band} of 4, {grade.score:.0%} of the credit.", grade.reason, range_words(grade)])), ""]
    lines += [part for part in (escape(grader_words(grade.grader)), escape(failure)) if part]
    if anew is not None:
        lines.append(escape(f"Graded anew: {score_words(anew.before)} before, {score_words(anew.after)} now."))
    lines.append("")
    for verdict in grade.verdicts:
        criterion = question.criterion(verdict.criterion_id)
        other = offline_words(verdict, criterion.kind is Kind.ANTI)
        elicited = "" if verdict.elicited == "volunteered" or not verdict.evidence else f", {verdict.elicited}"
        lines.append(f"- **{value_words(question, verdict)}**{elicited} ({criterion.kind}): {escape(criterion.statement)}{f' ({other})' if other else ''}")
        lines += [f"  - “{escape(' '.join(e.quote.split()))}”" for e in verdict.evidence]
        if not verdict.evidence and verdict.value is not VerdictValue.MET and criterion.kind is not Kind.ANTI:
            lines.append(f"  - would meet it: “{escape(criterion.examples[0])}”")
    lines += [f"- {escape(flag)}" for flag in grade.flags]
    strong = max(question.exemplars, key=lambda e: e.band)
    lines += ["", "A strong answer:", "", f"> {escape(' '.join(strong.text.split()))}", "", f"Read: {', '.join(question.reference)}", ""]
    return lines


def markdown_escape(text: str) -> str:
    """Keeps a person's text from being read as Markdown or HTML."""
    for character in "\\`*_{}[]<>#|~&":
        text = text.replace(character, "\\" + character)
    text = re.sub(r"(?m)^(\s*)([-+=])", r"\1\\\2", text)  # a list, or a line that makes a heading of the one above
    return text.replace("\n", "  \n")


def as_markdown(interview: Interview) -> str:
    """The report and transcript as Markdown."""
    return "\n".join(_document(interview, markdown_escape)) + "\n"


def as_html(interview: Interview) -> str:
    """The report and transcript as one HTML page without scripts or outside references."""
    return page("Interview debrief", _document(interview, html.escape))


def page(title: str, lines: Sequence[str], after: str = "") -> str:
    """Markdown lines, already escaped for HTML, as a page; `after` is markup of ours that follows them."""
    body: list[str] = []
    open_list = open_table = False
    for line in lines:
        if open_list and not line.lstrip().startswith("- "):
            body.append("</ul>")
            open_list = False
        if open_table and not line.startswith("|"):
            body.append("</table>")
            open_table = False
        if line.startswith("## "):
            body.append(f"<h2>{line[3:]}</h2>")
        elif line.startswith("# "):
            body.append(f"<h1>{line[2:]}</h1>")
        elif line.startswith(("> ", "&gt; ")):
            body.append(f"<blockquote>{line.split(' ', 1)[1]}</blockquote>")
        elif line.lstrip().startswith("- "):
            if not open_list:
                body.append("<ul>")
                open_list = True
            body.append(f"<li{' class=sub' if line.startswith('  ') else ''}>{_bold(line.lstrip()[2:])}</li>")
        elif line.startswith("| ---"):
            continue
        elif line.startswith("|"):
            if not open_table:
                body.append("<table>")
                open_table = True
            body.append("<tr>" + "".join(f"<td>{cell.strip()}</td>" for cell in line.strip("|").split("|")) + "</tr>")
        elif line:
            body.append(f"<p>{_bold(line)}</p>".replace("\n", "<br>"))
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        "blockquote{border-left:3px solid #888;margin-left:0;padding-left:1rem}td{padding:.2rem .8rem}li.sub{margin-left:1.5rem;list-style:none}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head><body>\n'
        + "\n".join(body)
        + f"\n{after}</body></html>\n"
    )


def _bold(line: str) -> str:
    """The first pair of ** marks, which are ours, as <strong>."""
    if line.startswith("**") and line.count("**") >= 2:
        inside, rest = line[2:].split("**", 1)
        return f"<strong>{inside}</strong>{rest}"
    return line


FORMATS: dict[str, Callable[[Interview], str]] = {"md": as_markdown, "json": as_json, "html": as_html}
