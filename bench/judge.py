"""The configured language model as a judge, beside the offline grader in the same run: a user can choose a model by these figures.

    INTERVIEWER_MODEL=openai:… SAMPLE=40 python -m bench judge
    MARKED=answers.jsonl SAMPLE=100 python -m bench judge          also human-marked answers, in the form of `bench/marked.py`

It makes about two calls for each answer of the sample (each is judged twice), and one for each adversary. The offline grader was fitted
on the golden set, so its figures here flatter it; `python -m bench grading` leaves whole questions out.
"""

import json
import os
import time
from pathlib import Path

import numpy as np

from bench.agreement import interval, kappa
from bench.golden import FOLDER, LEVELS, labelled_answers
from bench.tables import Progress, table
from interviewer import scoring, settings, wiring
from interviewer.domain import Assessment, Evidence, GraderInfo, Kind, Question, Usage, Verdict, VerdictValue, plain_turn
from interviewer.errors import ModelError
from interviewer.export import usage_words
from interviewer.grading import evidence
from interviewer.grading.judge import AGREED, APART, FLOOR, NEAR, SPLIT, Judge
from interviewer.grading.own import own_question

ADVERSARIES = ("off_topic", "vague", "instruction", "negated")
GRACE = 0.15


def _score(question: Question, values: dict[str, VerdictValue]) -> float:
    word = (Evidence(turn=0, start=0, end=1, quote="·"),)
    verdicts = tuple(
        Verdict(criterion_id=c, value=v, confidence=1.0, evidence=() if v is VerdictValue.UNMET else word, reason="label") for c, v in values.items()
    )
    return scoring.grade(question, Assessment(verdicts=verdicts, grader=GraderInfo(name="label", version="1"))).score or 0.0


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one, two)[0, 1]) if len(one) > 2 and one.std() > 0 and two.std() > 0 else float("nan")


def _ranged(groups: np.ndarray, figure: object) -> str:
    low, high = interval(groups, figure)  # type: ignore[arg-type]
    return f"{figure(np.arange(len(groups))):.3f} ({low:.3f} to {high:.3f})"  # type: ignore[operator]


def run(progress: Progress) -> str:
    """The tables, or a sentence that says what is missing."""
    services = wiring.build(settings.read())
    model = services.judge_chat_model
    if model is None:
        raise SystemExit("No language model is configured. Set INTERVIEWER_MODEL: INTERVIEWER_MODEL=openai:… python -m bench judge")
    bank, offline = services.bank, services.offline_grader
    judge = Judge(model, offline, bank.sections, falls_back=False)
    sample = int(os.environ.get("SAMPLE", "40"))
    rng = np.random.default_rng(0)
    answers = labelled_answers(bank)
    chosen = [answers[int(i)] for i in rng.choice(len(answers), min(sample, len(answers)), replace=False)]
    usage, seconds, failures = Usage(), 0.0, 0
    found: dict[str, list[int]] = {"gold": [], "offline": [], "judge": [], "again": []}
    scores: dict[str, list[float]] = {"gold": [], "offline": [], "judge": [], "again": []}
    rows, each, located, quoted, borne, labelled = [], [], 0, 0, 0, 0
    sure: dict[float, list[bool]] = {}
    for n, answer in enumerate(chosen):
        progress(f"answer {n + 1} of {len(chosen)}")
        question, turns = bank.questions[answer.question], (plain_turn(answer.text),)
        read = offline.read(question, turns)
        began = time.perf_counter()
        try:
            made = [judge.assess(question, turns) for _ in range(2)]
        except ModelError as error:
            failures += 1
            progress(str(error))
            continue
        seconds += time.perf_counter() - began
        usage = usage + made[0].usage + made[1].usage
        if not made[0].verdicts:
            continue
        for name, given in (
            ("gold", answer.labels),
            ("offline", {v.criterion_id: v.value for v in read.assessment.verdicts}),
            ("judge", {v.criterion_id: v.value for v in made[0].verdicts}),
            ("again", {v.criterion_id: v.value for v in made[1].verdicts}),
        ):
            found[name] += [LEVELS.index(given[c.id]) for c in question.criteria]
            scores[name].append(_score(question, given))
        for verdict in made[0].verdicts:
            sure.setdefault(verdict.confidence, []).append(verdict.value is answer.labels[verdict.criterion_id])
        rows += [answer.question] * len(question.criteria)
        each.append(answer.question)
        quotes = [e for v in made[0].verdicts for e in v.evidence]
        located, quoted = located + sum(evidence.verified(e, turns) for e in quotes), quoted + len(quotes)
        for criterion in question.criteria if read.criteria else ():
            if answer.labels[criterion.id] is VerdictValue.MET:
                kind = "mistake" if criterion.kind is Kind.ANTI else "point"
                labelled += 1
                borne += float(read.scores[read.criteria.index(criterion.id)].max()) >= FLOOR[kind]
    if not each:
        raise SystemExit(f"The model {model.name} judged none of {len(chosen)} answers.")
    of = {k: np.array(v) for k, v in found.items()}
    total = {k: np.array(v) for k, v in scores.items()}
    groups, questions = np.array(rows), np.array(each)
    lines = [
        [
            label,
            _ranged(groups, lambda at, k=key: kappa(of["gold"][at], of[k][at])),
            f"{(of['gold'] == of[key]).mean():.1%}",
            f"{((of['gold'] == 0) & (of[key] == 2)).mean():.1%}",
            _ranged(questions, lambda at, k=key: _correlation(total["gold"][at], total[k][at])),
        ]
        for label, key in (("offline grader", "offline"), (model.name, "judge"))
    ]
    agreement = table(["grader", "quadratic kappa (95 %)", "same verdict", "unmet read as met", "score correlation (95 %)"], lines)
    spread = np.abs(total["judge"] - total["again"])
    facts = table(
        ["measure", "value"],
        [
            ["answers judged, and failures", f"{len(each)}, {failures}"],
            ["verdicts that differ between two runs", f"{(of['judge'] != of['again']).mean():.1%}"],
            ["score: mean and largest difference between two runs", f"{spread.mean():.3f}, {spread.max():.3f}"],
            ["quotes shown that stand in the answer", f"{located} of {quoted}"],
            ["label-met criteria whose best sentence bears enough", f"{borne / max(1, labelled):.1%}"],
            ["what it took", usage_words(usage)],
            ["seconds an answer and run", f"{seconds / (2 * len(each)):.1f}"],
        ],
    )
    parts = [agreement, facts, _confidences(sure), _adversaries(services, judge, max(3, sample // 4), progress)]
    if marked := os.environ.get("MARKED"):
        parts.append(_marked(Path(marked), judge, offline, sample, progress))
    return "\n\n".join(parts)


def _confidences(sure: dict[float, list[bool]]) -> str:
    """The judge's confidences are set by hand, so that what they are worth with a model must be read here."""
    names = {
        AGREED: "like the offline verdict",
        NEAR: "one step from it, without its quote, or read twice alike",
        APART: "two steps from it",
        SPLIT: "two readings differ",
    }
    lines = [[names[c], f"{c:.2f}", len(right), f"{np.mean(right):.2f}"] for c, right in sorted(sure.items(), reverse=True) if c in names]
    taken = [(c, ok) for c, right in sure.items() if c not in names for ok in right]
    if taken:
        lines.append(["taken over from offline", f"{np.mean([c for c, _ in taken]):.2f}", len(taken), f"{np.mean([ok for _, ok in taken]):.2f}"])
    return table(["verdicts of the judge", "confidence shown", "verdicts", "share as labelled"], lines)


def _adversaries(services: wiring.Services, judge: Judge, most: int, progress: Progress) -> str:
    rows = [json.loads(line) for line in (FOLDER / "adversaries.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = []
    for kind in ADVERSARIES:
        progress(f"adversaries: {kind}")
        own, other = [], []
        for row in [r for r in rows if r["kind"] == kind][:most]:
            question, turns = services.bank.questions[row["question"]], (plain_turn(row["text"]),)
            try:
                own.append(scoring.grade(question, judge.assess(question, turns)).score or 0.0)
            except ModelError as error:
                progress(str(error))
                continue
            other.append(scoring.grade(question, services.offline_grader.assess(question, turns)).score or 0.0)
        if own:
            lines.append([kind, len(own), *(f"{np.mean(v):.2f} / {max(v):.2f} / {sum(s > GRACE for s in v)}" for v in (other, own))])
    return table(["answers that deserve nothing", "answers", "offline: mean / highest / above .15", "judge: the same"], lines)


def _marked(path: Path, judge: Judge, offline: object, sample: int, progress: Progress) -> str:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rng = np.random.default_rng(0)
    gold, read, groups = [], {"offline grader": [], "judge": []}, []
    for n, i in enumerate(rng.choice(len(rows), min(sample, len(rows)), replace=False)):
        progress(f"marked answer {n + 1}")
        row = rows[int(i)]
        question = own_question(row["question"], row["reference"])
        if question is None:
            continue
        try:
            both = [scoring.grade_own(question, g.assess_own(question, row["answer"])).score for g in (offline, judge)]  # type: ignore[attr-defined]
        except ModelError as error:
            progress(str(error))
            continue
        gold.append((row["score"] - row["score_min"]) / (row["score_max"] - row["score_min"]))
        groups.append(row["question_id"])
        for name, score in zip(read, both, strict=True):
            read[name].append(0.0 if score is None else score)
    if not gold:
        return "None of the marked answers could be judged."
    marks, by = np.array(gold), np.array(groups)
    lines = [[name, len(marks), _ranged(by, lambda at, s=np.array(s): _correlation(marks[at], s[at]))] for name, s in read.items()]
    return table(["human-marked answers", "answers", "correlation with the marks (95 %)"], lines)
