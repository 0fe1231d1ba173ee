"""How far the offline grader can be trusted: agreement with the labels, calibration, adversaries, invariances.

Writes `interviewer/grading/agreement.json`, which the app's page draws, and `docs/grading.md`.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.stats import pearsonr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GroupKFold

from bench import fit_grader, perturb
from bench.fit_grader import Held, Rows, logistic
from bench.golden import FOLDER, LEVELS
from bench.grading_page import page
from bench.tables import Progress, table
from interviewer import packs, scoring
from interviewer.domain import Assessment, Evidence, GraderInfo, Question, Round, Verdict, VerdictValue, plain_turn
from interviewer.embedding import BundledEmbedder
from interviewer.grading import matching, offline
from interviewer.grading.matching import FEATURES
from interviewer.script import ROUND_NAMES
from interviewer.settings import ROOT

Graders = Mapping[str, offline.OfflineGrader]
"""By question, a grader that was fitted without it."""

RESAMPLES = 400
BINS = 10
WORDS = Evidence(turn=0, start=0, end=1, quote="·")
"""A verdict needs words; the arithmetic does not look at them."""


def interval(groups: np.ndarray, statistic: Callable[[np.ndarray], float], resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % percentile interval over resampled whole questions; `statistic` takes row numbers."""
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    draws = [statistic(np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))])) for _ in range(resamples)]
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return float(low), float(high)


def kappa(gold: np.ndarray, read: np.ndarray, weights: str = "quadratic") -> float:
    """Cohen's kappa (Cohen 1968), weighted."""
    return float(cohen_kappa_score(gold, read, weights=weights, labels=[0, 1, 2]))


def with_interval(groups: np.ndarray, statistic: Callable[[np.ndarray], float], digits: int = 3) -> str:
    """A figure with its interval."""
    low, high = interval(groups, statistic)
    return f"{statistic(np.arange(len(groups))):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def single_features(rows: Rows, embedder: BundledEmbedder) -> dict[str, np.ndarray]:
    """The baselines' features of each row, (rows, n): length, token recall, TF-IDF cosine, embedding cosine, the first version's six."""
    texts = [a.text for a in rows.answers]
    statements = {(q.id, c.id): c.statement for q in rows.bank.questions.values() for c in q.criteria}
    tfidf = TfidfVectorizer(sublinear_tf=True).fit([*fit_grader.corpus(rows.bank), *statements.values()])
    whole = tfidf.transform(texts)
    said = [set(matching.keys(t)) for t in texts]
    means = embedder.embed(texts)
    criteria = [c for n in range(len(rows.answers)) for c in rows.bank.questions[rows.answers[n].question].criteria]
    columns: dict[str, list[float]] = defaultdict(list)
    vectors = {s: (tfidf.transform([s]), embedder.embed([s])[0]) for s in set(statements.values())}
    for i, c in enumerate(criteria):
        n = rows.answer[i]
        wanted = set(matching.keys(c.statement)) or {"·"}
        sparse, mean = vectors[c.statement]
        columns["answer length"].append(len(texts[n].split()))
        columns["token recall"].append(len(wanted & said[n]) / len(wanted))
        columns["TF-IDF cosine"].append(float((whole[n] @ sparse.T).sum()))
        columns["embedding cosine"].append(float(means[n] @ mean))
    found = {name: np.array(values)[:, None] for name, values in columns.items()}
    place = [int(f[:, FEATURES.index("carried")].argmax()) for f in rows.features]
    at = np.array([f[p] for f, p in zip(rows.features, place, strict=True)])
    column = FEATURES.index
    contrast = at[:, column("cosine_best")] - at[:, column("cosine_miss")]
    names = ("maxsim", "lexical", "cosine_best", "carried")
    found["first version"] = np.stack([*(at[:, column(n)] for n in names), contrast, -at[:, column("negation")]], axis=1)
    return found


def baseline(rows: Rows, x: np.ndarray) -> np.ndarray:
    """What a logistic reading of these features makes of held-out questions."""
    read = np.zeros(len(rows.label), int)
    for train, test in GroupKFold(fit_grader.FOLDS).split(rows.label, rows.label, rows.group):
        for mistake in (False, True):
            a, b = (at[rows.real[at] & (rows.mistake[at] == mistake)] for at in (train, test))
            steps = np.stack([logistic(x[a], (rows.label[a] >= step).astype(float)) for step in (1, 2)])
            chance = {k: offline.chances(x[at] @ steps[:, :-1].T + steps[:, -1]) for k, at in (("a", a), ("b", b))}
            low, high = fit_grader.cuts(chance["a"], rows.label[a])
            read[b] = np.where(chance["b"][:, 1] >= high, 2, np.where(chance["b"][:, 0] >= low, 1, 0))
    return read


def score_of(bank: packs.Bank, question_id: str, levels: Sequence[int]) -> float:
    """The score that verdicts in the order of the criteria amount to."""
    question = bank.questions[question_id]
    verdicts = tuple(
        Verdict(criterion_id=c.id, value=LEVELS[level], confidence=1.0, evidence=(WORDS,) if LEVELS[level] is not VerdictValue.UNMET else (), reason="label")
        for c, level in zip(question.criteria, levels, strict=True)
    )
    score = scoring.grade(question, Assessment(verdicts=verdicts, grader=GraderInfo(name="label", version="1"))).score
    return 0.0 if score is None else score


def scores(rows: Rows, bank: packs.Bank, read: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Labelled score, read score and answer number of every answer that has a chosen row."""
    gold, own, numbers = [], [], []
    for n in np.unique(rows.answer[chosen]):
        at = np.flatnonzero(rows.answer == n)
        gold.append(score_of(bank, rows.answers[n].question, rows.label[at]))
        own.append(score_of(bank, rows.answers[n].question, read[at]))
        numbers.append(int(n))
    return np.array(gold), np.array(own), numbers


def ordered(rows: Rows, questions: Sequence[Question], own: np.ndarray, numbers: list[int]) -> tuple[int, int]:
    """In how many questions strong > middling > weak, of how many."""
    by_id = {rows.answers[n].id: score for n, score in zip(numbers, own, strict=True)}
    right = 0
    for q in questions:
        of = {("weak" if e.band == 1 else "strong" if e.band == 4 else "middling"): by_id[f"{q.id}#{n}"] for n, e in reversed(list(enumerate(q.exemplars)))}
        right += of["strong"] > of["middling"] > of["weak"]
    return right, len(questions)


def labellings(rows: Rows, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second label of these rows, which belong to whole answers."""
    answers = [rows.answers[n] for n in np.unique(rows.answer[at])]
    first, second = (
        np.array([LEVELS.index(labels[c.id]) for a in answers for labels in [getattr(a, name)] for c in rows.bank.questions[a.question].criteria])
        for name in ("first", "second")
    )
    return first, second


SET_HEADER = (
    *("set", "questions", "answers", "verdicts", "quadratic kappa (95 %)", "of the two labellings", "score correlation (95 %)"),
    *("unmet read as met", "strong > middling > weak"),
)


def by_set(rows: Rows, held: Held) -> list[list[str]]:
    """How all that is labelled is read, by what was fitted without the question: the questions with harder answers, the others, and each round.

    Lines under `SET_HEADER`.
    """
    round_of = {q.id: q.round.value for q in rows.bank.questions.values()}
    of = np.array([round_of[g] for g in rows.group])
    sets = {
        "everything labelled": rows.labelled,
        "the questions with harder answers": rows.real,
        "the other questions": rows.labelled & ~rows.real,
        **{ROUND_NAMES[Round(name)]: rows.labelled & (of == name) for name in dict.fromkeys(of[rows.labelled].tolist())},
    }
    lines = []
    for name, chosen in sets.items():
        at = np.flatnonzero(chosen)
        gold, mine, mistakes, groups = rows.label[at], held.read[at], rows.mistake[at], rows.group[at]
        right, own, numbers = scores(rows, rows.bank, held.read, at)
        strong, total = ordered(rows, [rows.bank.questions[g] for g in dict.fromkeys(groups.tolist())], own, numbers)
        by_question = np.array([rows.answers[n].question for n in numbers])
        lines.append(
            [
                name,
                f"{total:,}",
                f"{len(numbers):,}",
                f"{len(at):,}",
                with_interval(groups, lambda k, gold=gold, mine=mine: kappa(gold[k], mine[k])),
                f"{kappa(*labellings(rows, at)):.3f}",
                with_interval(by_question, lambda k, right=right, own=own: float(pearsonr(right[k], own[k])[0])),
                f"{((gold == 0) & (mine == 2))[~mistakes].mean():.1%}",
                f"{strong} of {total}",
            ]
        )
    return lines


def calibration(right: np.ndarray, sure: np.ndarray) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error over tenths of the confidence (Naeini et al. 2015), and the points of the reliability diagram."""
    points, error = [], 0.0
    for tenth in np.array_split(np.argsort(sure, kind="stable"), BINS):
        said, was = float(sure[tenth].mean()), float(right[tenth].mean())
        error += abs(said - was) * len(tenth) / len(sure)
        points.append({"said": said, "was": was, "n": len(tenth)})
    return error, points


def graders_of(held: Held, embedder: BundledEmbedder) -> Graders:
    """By question, a grader that was fitted without it."""
    folds = {id(fitted): offline.OfflineGrader(embedder, fitted, ROOT / "bench" / "out" / "points") for fitted in held.fitted.values()}
    return {question: folds[id(fitted)] for question, fitted in held.fitted.items()}


def adversaries(bank: packs.Bank, graders: Graders, progress: Progress) -> list[dict[str, object]]:
    """Each answer that deserves nothing, with its score and the share of points credited."""
    made = [json.loads(line) for line in (FOLDER / "adversaries.jsonl").read_text(encoding="utf-8").splitlines()]
    made += perturb.adversaries(bank)
    out = []
    for n, row in enumerate(made):
        if n % 100 == 0:
            progress(f"adversary {n} of {len(made)}")
        question = bank.questions[row["question"]]
        grade = scoring.grade(question, graders[question.id].assess(question, (plain_turn(row["text"]),)))
        points = [v for v in grade.verdicts if question.criterion(v.criterion_id).kind != "anti"]
        credited = sum(v.value is VerdictValue.MET for v in points)
        out.append({**row, "score": grade.score, "points": len(points), "credited": credited})
    return out


def meant(rows: Rows, held: Held) -> str:
    """What the labels say of what was read as unmet, partial and met, points and mistakes apart, over everything labelled."""
    lines = []
    for name, mistake in (("points", False), ("mistakes", True)):
        for level, value in enumerate(LEVELS):
            at = rows.labelled & (rows.mistake == mistake) & (held.read == level)
            shares = [f"{(rows.label[at] == k).mean():.0%}" if at.any() else "" for k in range(len(LEVELS))]
            lines.append([name, value.value, int(at.sum()), *shares, f"{held.sure[at].mean():.0%}" if at.any() else ""])
    return table(["", "read as", "verdicts", *(f"labelled {v.value}" for v in LEVELS), "mean confidence"], lines)


def run(progress: Progress) -> str:
    """All tables, as Markdown; also writes the page and the app's figures."""
    bank, rows, statistics = fit_grader.prepared(progress)
    held = Held(rows, statistics, progress)
    return tables(bank, rows, held, progress)


def tables(bank: packs.Bank, rows: Rows, held: Held, progress: Progress) -> str:
    """The tables from what was read in held-out questions."""
    embedder = BundledEmbedder(kept=fit_grader.KEPT)
    real = np.flatnonzero(rows.real)
    gold, groups, mistakes = rows.label[real], rows.group[real], rows.mistake[real]
    reads = {"offline grader": held.read}
    for name, x in single_features(rows, embedder).items():
        progress(f"baseline: {name}")
        reads[name] = baseline(rows, x)
    reads = dict(reversed(reads.items()))
    first, second = labellings(rows, real)

    verdict_rows, figures = [], []
    for name, read in reads.items():
        mine = read[real]
        right, own, numbers = scores(rows, bank, read, rows.real)
        by_question = np.array([rows.answers[n].question for n in numbers])
        strong, of = ordered(rows, list(bank.questions.values()), own, numbers)

        def quadratic(at: np.ndarray, mine: np.ndarray = mine) -> float:
            return kappa(gold[at], mine[at])

        low, high = interval(groups, quadratic)
        figures.append({"method": name, "kappa": quadratic(np.arange(len(gold))), "low": low, "high": high})
        verdict_rows.append(
            [
                name,
                f"{figures[-1]['kappa']:.3f} ({low:.3f} to {high:.3f})",
                f"{kappa(gold, mine, 'linear'):.3f}",
                f"{kappa(gold[~mistakes], mine[~mistakes]):.3f}",
                f"{kappa(gold[mistakes], mine[mistakes]):.3f}",
                f"{(gold == mine).mean():.1%}",
                f"{((gold == 0) & (mine == 2))[~mistakes].mean():.1%}",
                with_interval(by_question, lambda at, right=right, own=own: float(pearsonr(right[at], own[at])[0]) if own[at].std() > 0 else 0.0),
                f"{strong} of {of}",
            ]
        )
    between = kappa(first, second)
    verdict_rows.append(
        [
            "the two labellings",
            f"{between:.3f}",
            f"{kappa(first, second, 'linear'):.3f}",
            f"{kappa(first[~mistakes], second[~mistakes]):.3f}",
            f"{kappa(first[mistakes], second[mistakes]):.3f}",
            f"{(first == second).mean():.1%}",
            "",
            "",
            "",
        ]
    )
    header = [
        "method",
        "quadratic kappa (95 %)",
        "linear kappa",
        "points",
        "mistakes",
        "same verdict",
        "unmet read as met",
        "score correlation (95 %)",
        "strong > middling > weak",
    ]
    agreement = table(header, verdict_rows)

    styles = defaultdict(list)
    for i in real:
        styles[rows.answers[rows.answer[i]].style].append(i)
    style_table = table(
        ["kind of answer", "verdicts", "quadratic kappa", "same verdict", "met missed", "unmet read as met"],
        [
            [
                s,
                len(at),
                f"{kappa(rows.label[at], held.read[at]):.3f}",
                f"{(rows.label[at] == held.read[at]).mean():.1%}",
                f"{(held.read[at] == 0)[rows.label[at] == 2].mean() if (rows.label[at] == 2).any() else 0:.1%}",
                f"{(held.read[at] == 2)[rows.label[at] == 0].mean():.1%}",
            ]
            for s, at in sorted((s, np.array(v)) for s, v in styles.items())
        ],
    )

    meant_table = meant(rows, held)

    right = (gold == held.read[real]).astype(float)
    sure = held.sure[real]
    error, points = calibration(right, sure)
    lowest = np.argsort(sure, kind="stable")[: len(sure) // 10]
    share = float((1 - right[lowest]).sum() / max(1.0, (1 - right).sum()))
    uncertain = sure < scoring.UNCERTAIN_BELOW
    calibration_table = table(
        ["measure", "value"],
        [
            ["calibration error of the confidences", f"{error:.3f}"],
            ["errors that lie in the lowest-confidence tenth", f"{share:.1%}"],
            ["of that tenth wrong", f"{1 - right[lowest].mean():.1%}"],
            [f"shown as “could not tell” (confidence below {scoring.UNCERTAIN_BELOW:.0%})", f"{uncertain.mean():.1%}"],
            ["same verdict among the others", f"{right[~uncertain].mean():.1%}"],
            ["quadratic kappa among the others", f"{kappa(gold[~uncertain], held.read[real][~uncertain]):.3f}"],
            ["errors that are shown as “could not tell”", f"{(1 - right)[uncertain].sum() / (1 - right).sum():.1%}"],
        ],
    )

    sets = by_set(rows, held)
    graders = graders_of(held, embedder)
    found = adversaries(bank, graders, progress)
    kinds: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in found:
        kinds[str(row["kind"])].append(row)
    weak = {q.id: min((grader_score(graders, bank, q.id, e.text) for e in q.exemplars if e.band == 1), default=0.0) for q in bank.questions.values()}
    below = sum(float(row["score"] or 0) < max(weak[str(row["question"])], 1e-9) or not row["score"] for row in kinds["negated"])
    adversary_table = table(
        ["kind", "answers", "above .15", "highest score", "points credited"],
        [
            [
                k,
                len(v),
                sum(float(r["score"] or 0) > 0.15 for r in v),
                f"{max(float(r['score'] or 0) for r in v):.2f}",
                f"{sum(int(str(r['credited'])) for r in v) / sum(max(1, int(str(r['points']))) for r in v):.1%}",
            ]
            for k, v in sorted(kinds.items())
        ],
    )
    adversary_table += f"\n\nNegated strong answers that score below the weak exemplar, or nothing: {below} of {len(kinds['negated'])}."

    progress("invariances")
    invariance_table = table(["change", "cases", "holds in", "what must hold"], perturb.invariances(bank, graders))
    data = {
        "version": offline.VERSION,
        "answers": len(np.unique(rows.answer[real])),
        "labels": len(real),
        "agreement": figures,
        "labellings": between,
        "reliability": points,
        "calibration_error": error,
        "header": header,
        "verdicts": verdict_rows,
        "set_header": SET_HEADER,
        "sets": sets,
        "styles": [
            {"style": s, "kappa": kappa(rows.label[at], held.read[at]), "same": float((rows.label[at] == held.read[at]).mean()), "n": len(at)}
            for s, at in sorted((s, np.array(v)) for s, v in styles.items())
        ],
        "adversaries": [
            {"kind": k, "answers": len(v), "above": sum(float(r["score"] or 0) > 0.15 for r in v), "highest": max(float(r["score"] or 0) for r in v)}
            for k, v in sorted(kinds.items())
        ],
    }
    (ROOT / "interviewer" / "grading" / "agreement.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    parts = {
        "agreement": agreement,
        "sets": table(SET_HEADER, sets),
        "styles": style_table,
        "meant": meant_table,
        "calibration": calibration_table,
        "adversaries": adversary_table,
        "invariances": invariance_table,
    }
    (ROOT / "docs" / "grading.md").write_text(page(data, parts), encoding="utf-8")
    return "\n\n".join(parts.values())


def grader_score(graders: Graders, bank: packs.Bank, question_id: str, text: str) -> float:
    """The score of a text, 0 where there is none."""
    question = bank.questions[question_id]
    return scoring.grade(question, graders[question_id].assess(question, (plain_turn(text),))).score or 0.0
