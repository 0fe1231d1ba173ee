"""Fits the offline grader's calibration on the labelled answers and prints its agreement with them, leaving whole questions out.

    python -m bench.fit_grader            # evaluate only
    python -m bench.fit_grader --write    # also write interviewer/grading/calibration.npz

The labelled answers are the golden set in `tests/golden`, which holds the exemplars of its questions. For the fit alone come on top
answers made for it: of other questions, lists of terms, single sentences, and `contradictions.jsonl`; and every labelled answer a second
time against fewer phrasings. The exemplars of all other questions are labelled as well, and are read with their questions left out too.
See `bench/agreement.py` for the tables.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GroupKFold

from bench.golden import FOLDER, LEVELS, Labelled, further_answers, labelled_answers, labelled_part
from bench.tables import Progress
from interviewer import packs, sentences
from interviewer.domain import Kind, VerdictValue, plain_turn
from interviewer.embedding import BundledEmbedder
from interviewer.grading import matching, offline
from interviewer.grading.contrast import Spread, meaning_of
from interviewer.grading.matching import FEATURES, Idf, Match, PhrasingStore, Point, PointEncoder, Statistics
from interviewer.grading.spelling import Speller
from interviewer.grading.telling import told
from interviewer.guide_markup import plain
from interviewer.settings import ROOT

POINTS = ROOT / "bench" / "out" / "points"
"""Where encoded phrasings are kept."""

AXES = 384
"""Of a spread that are kept: along them lies 69 % of the variance of meanings and 54 % of that of wordings. With 256 the discriminants tell a little less."""

SAMPLED = 300
"""Groups of texts that the weight of a spread's parts is taken from."""

FOLDS = 10
KEPT = 90_000
"""Texts kept encoded, 4 GB: most sentences are matched several times."""

HIDDEN = 24
NETWORKS = 4
"""Fitted from different starts and averaged: one alone leaves the order of close answers to the luck of its start."""
SHARPNESS = 3.0
"""Of the soft maximum over places while fitting; the grader itself takes the maximum."""

DECAY = {False: 1e-3, True: 4e-3}
"""Of the weights, for points and for mistakes; there are six times as many points."""

ROUNDS = 120
RIDGE = 0.5
CUTS = np.arange(0.25, 0.75, 0.05)


def idf_tables(texts: Sequence[str], embedder: BundledEmbedder) -> Idf:
    """log((N + 1) / (df + 1)) + 1 over texts, for word pieces and for content words seen at least twice."""

    def table(documents: list[set[str]]) -> dict[str, float]:
        counts = Counter(unit for d in documents for unit in d)
        return {u: round(log((len(documents) + 1) / (n + 1)) + 1, 4) for u, n in sorted(counts.items()) if n >= 2}

    pieces = [set(e.pieces) for e in embedder.encode(texts)]
    return Idf(table(pieces), table([set(matching.keys(t)) for t in texts]))


def spread_of(groups: Iterable[np.ndarray], blocks: int) -> Spread:
    """The spread within groups (at least two texts, d) of texts; each of `blocks` equal parts of d comes to weigh the same in all."""
    groups = list(groups)
    variance = np.concatenate(groups[:: max(1, len(groups) // SAMPLED)]).var(axis=0, dtype=np.float64)
    factors = np.concatenate([np.full(len(part), part.sum() ** -0.5) for part in np.split(variance, blocks)])
    size = len(factors)
    apart = np.concatenate([(g - g.mean(axis=0)) * factors * (len(g) / (len(g) - 1)) ** 0.5 for g in groups]).astype(np.float32)
    along, axes = np.linalg.eigh((apart.T @ apart).astype(np.float64) / len(apart))
    kept = min(AXES, size - 1)
    return Spread(factors.astype(np.float32), axes[:, -kept:].astype(np.float32), along[-kept:].astype(np.float32), float(along[:-kept].mean()))


def statistics_of(bank: packs.Bank, embedder: BundledEmbedder, idf: Idf, progress: Progress) -> Statistics:
    """The IDF tables, and how the phrasings of one criterion differ among themselves, and its near misses, in meaning and in wording."""
    store = PhrasingStore(embedder, POINTS)
    meanings, wordings = [], []
    for number, question in enumerate(bank.questions.values()):
        if number % 20 == 0:
            progress(f"spread of phrasings, question {number} of {len(bank.questions)}")
        points = matching.points_of(question)
        vectors = store.vectors(points, question.prompt)
        for point in points:
            for texts in (point.phrasings, point.counters):
                if len(texts) > 1:
                    meanings.append(np.stack([meaning_of(matching.tokens_of(vectors[t])) for t in texts]))
                    wordings.append(np.stack([matching.wording(t, matching.keys(t) or ["·"], idf) for t in texts]))
    return Statistics(idf, spread_of(meanings, 5), spread_of(wordings, 3))


def corpus(bank: packs.Bank) -> list[str]:
    """Paragraphs of the guide."""
    return [p for s in bank.sections.values() for p in re.split(r"\n\n+", plain(s.text)) if len(p) > 40]


ALONE = 2
"""Phrasings, and near misses, of each criterion that are shown as answers of one sentence."""

STRANGERS = 3
"""Answers to other questions that each question is shown as meeting nothing; people do answer beside the point."""

MADE = frozenset({"stranger", "list", "contradiction", "thin"})
"""Styles of answers made for the fit: words written for one question, graded on another, must not slip into what grades the first."""

OTHER_ANSWERS = 0.15
"""The share of the answers that are no stories from which is learnt what is said of work."""

LISTS = 3
THIN = (4, 3)
"""Phrasings beside the statement, and near misses, of criteria as people write their own."""

WEIGHTS = {"labelled": 1.0, "further": 1.0, "thin": 0.5, "stranger": 1.0, "list": 0.5, "contradiction": 0.5, "alone": 0.1, "statement": 1.0}
MISTAKE_WEIGHTS = {**WEIGHTS, "list": 0.0}
"""What a verdict weighs in the fit, by where it comes from. Heavier contradictions take more credit from those who deny everything, and
soon from those who give a plain definition too; the rubric's own statements hold against that."""


def in_form(terms: list[str], form: int) -> str:
    """Terms in one of the forms in which people list them."""
    pairs = [" ".join(terms[i : i + 2]) for i in range(0, len(terms), 2)]
    return (
        ", ".join(terms) + ".",
        "\n".join(f"- {t}" for t in terms),
        " ".join(f"#{t}" for t in terms),
        " ".join(f"And {t}?" for t in terms),
        "First " + ", then ".join(terms) + ".",
        "Key points: " + "; ".join(pairs) + ".",
        f"You have to think about {', '.join(terms[:-1])} and {terms[-1]}.",
    )[form]


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points with few of their phrasings and near misses."""
    return tuple(Point(p.id, p.phrasings[: 1 + THIN[0]], p.counters[: THIN[1]]) for p in points)


def made_answers(bank: packs.Bank, answers: Sequence[Labelled]) -> list[tuple[str, str, Labelled]]:
    """Answers made for the fit alone: (where from, the question that the text was written for, the answer).

    To each question of the golden set some answers of others, and its criteria's words as lists in which no relation is left; to every
    question answers that contradict its criteria in their own vocabulary, some of them right on half.
    """
    rng = np.random.default_rng(0)

    def labelled(question: str, style: str, text: str, met: Sequence[str] = (), partial: Sequence[str] = ()) -> Labelled:
        level = dict.fromkeys(partial, VerdictValue.PARTIAL) | dict.fromkeys(met, VerdictValue.MET)
        labels = {c.id: level.get(c.id, VerdictValue.UNMET) for c in bank.questions[question].criteria}
        return Labelled(f"{question} {style}", question, style, text, labels, labels, labels)

    made = []
    for question in labelled_part(bank).questions.values():
        others = [a for a in answers if a.question != question.id]
        picked = [others[k] for k in rng.choice(len(others), STRANGERS, replace=False)]
        made += [("stranger", a.question, labelled(question.id, "stranger", a.text)) for a in picked]
        for form in rng.choice(7, LISTS, replace=False):
            terms: list[str] = []
            for c in question.criteria:
                own = list(dict.fromkeys(matching.keys(c.statement if rng.random() < 0.5 else str(rng.choice(c.examples)))))
                rng.shuffle(own)
                terms += own[: max(2, len(own) * 2 // 3)]
            rng.shuffle(terms)
            made.append(("list", question.id, labelled(question.id, "list", in_form(terms[:30], form))))
    for line in (FOLDER / "contradictions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text, right = row["text"], [*row["met"], *row["mistakes"]]
        made.append(("contradiction", row["question"], labelled(row["question"], "contradiction", text, right, row.get("partial", ()))))
    return made


def one_sentence_answers(
    bank: packs.Bank, embedder: BundledEmbedder, encoder: PointEncoder, speller: Speller, statistics: Statistics, progress: Progress
) -> list[tuple[str, Match, int, str, bool, int, str]]:
    """Statements, some phrasings and some near misses as answers of one sentence, word for word.

    A tuple each: where from, match, which criterion, question, is it a mistake, level, text.
    People often answer a probe in one sentence; the labelled answers are whole ones.
    """
    rng = np.random.default_rng(1)
    made = []
    questions = labelled_part(bank).questions.values()
    for number, question in enumerate(questions):
        if number % 10 == 0:
            progress(f"one-sentence answers, question {number} of {len(questions)}")
        points = matching.points_of(question)
        for n, criterion in enumerate(question.criteria):
            right = rng.choice(criterion.examples, min(ALONE, len(criterion.examples)), replace=False)
            wrong = rng.choice(criterion.counter_examples, min(ALONE, len(criterion.counter_examples)), replace=False)
            texts = [("statement", criterion.statement, 2), *(("alone", str(t), 2) for t in right), *(("alone", str(t), 0) for t in wrong)]
            for kind, text, level in texts:
                said = matching.encode_answer([sentences.Span(0, len(text), text)], embedder, speller, statistics)
                found = matching.match(encoder.encode(points, question.prompt), said)
                made.append((kind, found, n, question.id, criterion.kind is Kind.ANTI, level, text))
    return made


class Rows:
    """Every labelled verdict with its features.

    `kind` is a key of `WEIGHTS`; `real` tells the golden set, `labelled` that and the further exemplars, from answers made for the fit;
    `weight` is what a verdict weighs in it; `astray` is `Match.astray`; `story` tells verdicts on stories of one's own; `source` is the question that the text was written for, `group` the one it is graded on,
    `answer` an index into `answers`, `criterion` into the question's criteria, `whole` false for answers of one sentence.
    """

    def __init__(self, bank: packs.Bank, embedder: BundledEmbedder, statistics: Statistics, progress: Progress) -> None:
        self.bank = bank
        labelled, further = labelled_answers(bank), further_answers(bank)
        # Every labelled answer comes a second time against fewer phrasings, since likeness to the best of them depends on how many there are.
        again = [("thin", a.question, a._replace(id=f"{a.id} thin", style="thin")) for a in (*labelled, *further)]
        made = [*made_answers(bank, labelled), *again]
        self.answers: list[Labelled] = [*labelled, *further, *(a for *_, a in made)]
        sources = [*(a.question for a in (*labelled, *further)), *(source for _, source, _ in made)]
        kinds = [*("labelled" for _ in labelled), *("further" for _ in further), *(kind for kind, *_ in made)]
        speller = matching.speller_of(embedder, statistics.idf)
        encoder = PointEncoder(embedder, statistics, POINTS, kept=400)
        self.matches: list[Match] = []
        self.texts: list[tuple[str, ...]] = []
        self.bare: list[np.ndarray] = []
        answer, criterion, label, mistake, group, source, weight, kind_of = [], [], [], [], [], [], [], []
        for n, a in enumerate(self.answers):
            if n % 100 == 0:
                progress(f"matching answer {n} of {len(self.answers)}")
            question = bank.questions[a.question]
            words, _ = offline.collect((plain_turn(a.text),), (question.prompt, question.rephrase))
            spans = words.spans or sentences.split(a.text)
            encoded = matching.encode_answer(spans, embedder, speller, statistics)
            self.texts.append(tuple(s.text for s in spans))
            points = matching.points_of(question)
            self.matches.append(matching.match(encoder.encode(thinned(points) if kinds[n] == "thin" else points, question.prompt), encoded))
            # A reference answer speaks as candidates do, not as rubrics do ("Says that …"): a phrasing stands in for it.
            statements = tuple(Point(c.id, (max(c.examples[:3], key=len),)) for c in question.criteria)
            self.bare.append(offline.bare_features(matching.match(encoder.encode(statements, question.prompt), encoded)))
            for k, c in enumerate(question.criteria):
                answer.append(n)
                criterion.append(k)
                label.append(LEVELS.index(a.labels[c.id]))
                mistake.append(c.kind is Kind.ANTI)
                group.append(a.question)
                source.append(sources[n])
                weight.append((MISTAKE_WEIGHTS if mistake[-1] else WEIGHTS)[kinds[n]])
                kind_of.append(kinds[n])
        self._said_of_work(encoder, embedder)
        alone = one_sentence_answers(bank, embedder, encoder, speller, statistics, progress)
        self.whole = np.array([True] * len(label) + [False] * len(alone))
        answer += [len(self.answers) + k for k in range(len(alone))]
        criterion += [n for _, _, n, *_ in alone]
        for kind, _, _, question_id, is_mistake, level, _ in alone:
            label.append(level)
            mistake.append(is_mistake)
            group.append(question_id)
            source.append(question_id)
            weight.append(WEIGHTS[kind])
            kind_of.append(kind)
        self.answer, self.label, self.mistake, self.group = np.array(answer), np.array(label), np.array(mistake), np.array(group)
        self.criterion = np.array(criterion)
        self.source, self.weight = np.array(source), np.array(weight)
        self.kind = np.array(kind_of)
        self.real, self.labelled = self.kind == "labelled", np.isin(self.kind, ("labelled", "further"))
        self.found = [*self.matches, *(found for _, found, *_ in alone)]
        self.features = [row for m in self.matches for row in m.features] + [found.features[n] for _, found, n, *_ in alone]
        self.texts += [(text,) for *_, text in alone]
        self.astray = np.array([m.astray for m in self.matches for _ in m.features] + [found.astray for _, found, *_ in alone], dtype=np.float32)
        self.story = np.array([offline.is_story(bank.questions[g]) for g in self.group])
        places = max(len(f) for f in self.features)
        self.padded = np.zeros((len(self.features), places, len(FEATURES)), dtype=np.float32)
        self.present = np.zeros((len(self.features), places), dtype=bool)
        for i, f in enumerate(self.features):
            self.padded[i, : len(f)], self.present[i, : len(f)] = f, True

    def _said_of_work(self, encoder: PointEncoder, embedder: BundledEmbedder) -> None:
        """Sentence vectors of labelled stories, of the phrasings and near misses of stories, and of some other answers, by question (`said`, `said_on`).

        And of asides, `asides`, with the sort of each, `aside_sort`.
        """
        rng = np.random.default_rng(2)
        said: list[np.ndarray] = []
        on: list[str] = []
        for a, found in zip(self.answers, self.matches, strict=True):
            story = offline.is_story(self.bank.questions[a.question])
            if a.style not in MADE and (story or rng.random() < OTHER_ANSWERS):
                said.append(found.means)
                on += [a.question] * len(found.means)
        for q in filter(offline.is_story, self.bank.questions.values()):
            vectors = encoder.encode(matching.points_of(q), q.prompt).means[::2]
            said.append(vectors)
            on += [q.id] * len(vectors)
        self.said, self.said_on = np.concatenate(said), np.array(on)
        rows = [json.loads(line) for line in (FOLDER / "asides.jsonl").read_text(encoding="utf-8").splitlines()]
        self.asides, self.aside_sort = embedder.embed([r["text"] for r in rows]), np.array([r["group"] for r in rows])

    def aside(self, at: np.ndarray, work: np.ndarray) -> np.ndarray:
        """Which places of the rows, (len(at), places), are asides."""
        aside = np.zeros((len(at), self.padded.shape[1]), dtype=bool)
        for same in self._by_answer(at):
            first = at[same[0]]
            of = offline.asides_of(self.found[self.answer[first]], bool(self.story[first]), work)
            aside[same, : len(of)] = of
        return aside

    def company(self, at: np.ndarray, aside: np.ndarray) -> np.ndarray:
        """What each row's answer says of other points, (len(at), offline.COMPANY), where `aside` (len(at), places) does not count."""
        company = np.zeros((len(at), len(offline.COMPANY)))
        for same in self._by_answer(at):
            first = at[same[0]]
            mistakes = np.array([c.kind is Kind.ANTI for c in self.bank.questions[self.group[first]].criteria])
            found = self.found[self.answer[first]]
            company[same] = offline.company_of(found, mistakes, ~aside[same[0], : found.features.shape[1]])[self.criterion[at[same]]]
        return company

    def astray_of(self, at: np.ndarray, aside: np.ndarray) -> np.ndarray:
        """How far astray each row's answer counts as, (len(at),), where `aside` (len(at), places) does not count."""
        astray = np.zeros(len(at))
        for same in self._by_answer(at):
            first = at[same[0]]
            n, story = self.answer[first], bool(self.story[first])
            counts = ~aside[same[0], : len(self.texts[n])]
            telling = told(text for text, does in zip(self.texts[n], counts, strict=True) if does) if story else 1.0
            astray[same] = offline.astray_of(self.found[n], counts, story, telling)
        return astray

    def _by_answer(self, at: np.ndarray) -> list[np.ndarray]:
        """Indices into `at` of the rows of each answer."""
        order = np.argsort(self.answer[at], kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.answer[at][order])) + 1) if len(at) else []


def work_of(said: np.ndarray, asides: np.ndarray) -> np.ndarray:
    """Weights and bias of the logistic step that tells, from their vectors, what is said of work from asides."""
    x, work = np.vstack([said, asides]), np.arange(len(said) + len(asides)) < len(said)
    fitted = LogisticRegression(C=1.0, max_iter=3000, class_weight="balanced").fit(x, work)
    return np.append(fitted.coef_[0], fitted.intercept_)


def far_from_work(rows: Rows) -> tuple[float, float]:
    """The shares of asides, and of sentences of stories, that lie beyond `offline.WORK` where their sort, and their question, were left out of the fit."""
    questions = sorted({g for g in rows.said_on if offline.is_story(rows.bank.questions[g])})
    far: list[list[np.ndarray]] = [[], []]
    for k in range(4):
        left, sorts = np.isin(rows.said_on, questions[k::4]), rows.aside_sort % 4 == k
        work = work_of(rows.said[~left], rows.asides[~sorts])
        for which, vectors in enumerate((rows.asides[sorts], rows.said[left])):
            far[which].append(vectors @ work[:-1] + work[-1] < offline.WORK)
    return float(np.concatenate(far[0]).mean()), float(np.concatenate(far[1]).mean())


def ensemble(x: np.ndarray, present: np.ndarray, whole: offline.Whole, label: np.ndarray, weight: np.ndarray, decay: float) -> offline.Network:
    """The mean of several networks, which is one network again: their hidden units side by side."""
    nets = [network(x, present, whole, label, weight, decay, seed) for seed in range(NETWORKS)]
    joined = {name: np.concatenate([getattr(n, name) for n in nets]) for name in ("inner", "bias", "outer", "story", "company")}
    joined["outer"] /= NETWORKS
    return nets[0]._replace(**joined, biases=np.mean([n.biases for n in nets], axis=0), astray=np.mean([n.astray for n in nets], axis=0))


def network(x: np.ndarray, present: np.ndarray, whole: offline.Whole, label: np.ndarray, weight: np.ndarray, decay: float, seed: int) -> offline.Network:
    """Fits the network by L-BFGS on the cross-entropy of both steps, weights decayed; the soft maximum pools the places.

    What being astray takes off is fitted as a square, so that it never adds. Being a story is one more input, and so is the company of other points.
    """
    astray, story = np.asarray(whole.astray, dtype=np.float32), np.asarray(whole.story)
    known = np.concatenate([story[:, None], whole.company * ~story[:, None]], axis=1).astype(np.float32)
    flat = np.concatenate([x[present], np.repeat(known, present.sum(axis=1), axis=0)], axis=1)
    own = x.shape[2]
    mean, scale = flat.mean(axis=0).astype(float), flat.std(axis=0).astype(float) + 1e-6
    z = ((flat - mean) / scale).astype(np.float32)
    bag = np.repeat(np.arange(len(x)), present.sum(axis=1))
    first = np.concatenate([[0], np.cumsum(present.sum(axis=1))[:-1]])
    targets = np.stack([label >= 1, label >= 2], axis=1).astype(np.float32)
    width = flat.shape[1]
    counts = (weight / weight.sum()).astype(np.float32)[:, None]
    rng = np.random.default_rng(seed)
    start = np.concatenate([rng.normal(0, 0.5 / width**0.5, HIDDEN * width), np.zeros(HIDDEN), rng.normal(0, 0.5 / HIDDEN**0.5, HIDDEN), [0.0, -0.5, 3.0]])
    decayed = np.ones(len(start))
    decayed[-3:] = 0.0

    def parts(p: np.ndarray) -> tuple[np.ndarray, ...]:
        inner, bias, outer, biases, root = np.split(p, np.cumsum([HIDDEN * width, HIDDEN, HIDDEN, 2]))
        return inner.reshape(HIDDEN, width), bias, outer, biases, root

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        inner, bias, outer, biases, root = (v.astype(np.float32) for v in parts(p))
        hidden = np.tanh(z @ inner.T + bias)
        score = hidden @ outer
        top = np.maximum.reduceat(score, first)
        soft = np.exp(SHARPNESS * (score - top[bag]))
        total = np.add.reduceat(soft, first)
        logits = (top + np.log(total) / SHARPNESS - root[0] ** 2 * astray)[:, None] + biases
        value = (counts * (np.logaddexp(0, logits) - targets * logits)).sum()
        error = counts * (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - targets)
        each = error.sum(axis=1)
        to_score = (each / total)[bag] * soft
        to_hidden = (to_score[:, None] * outer) * (1 - hidden**2)
        gradient = np.concatenate(
            [(to_hidden.T @ z).ravel(), to_hidden.sum(axis=0), hidden.T @ to_score, error.sum(axis=0), [-2 * root[0] * (each @ astray)]]
        ).astype(float)
        return float(value + decay * (decayed * p**2).sum()), gradient + 2 * decay * decayed * p

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    inner, bias, outer, biases, root = parts(found.x)
    told = inner[:, own:] / scale[own:]
    return offline.Network(
        mean[:own], scale[:own], inner[:, :own], bias - told @ mean[own:], outer, biases, np.array([0.5, 0.5]), root**2, told[:, 0], told[:, 1:]
    )


def logistic(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Weights ≥ 0 and a bias, ridge-penalised on standardised features; returned for raw features."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / scale

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        s = z @ w[:-1] + w[-1]
        p = 1 / (1 + np.exp(-s))
        value = np.logaddexp(0, s).sum() - (t * s).sum() + RIDGE * (w[:-1] ** 2).sum()
        return value, np.append(z.T @ (p - t) + 2 * RIDGE * w[:-1], (p - t).sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    w = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    raw = w[:-1] / scale
    return np.append(raw, w[-1] - raw @ mean)


def cuts(chance: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The chances from which partial and met count, for the best quadratic kappa on these rows."""

    def kappa(low: float, high: float) -> float:
        read = np.where(chance[:, 1] >= high, 2, np.where(chance[:, 0] >= low, 1, 0))
        return float(cohen_kappa_score(label, read, weights="quadratic"))

    return np.array(max(((low, high) for low in CUTS for high in CUTS), key=lambda pair: kappa(*pair)))


def whole_of(rows: Rows, at: np.ndarray, astray: np.ndarray, aside: np.ndarray, company: bool) -> offline.Whole:
    """What is known of the rows' answers as a whole, with or without what they say of other points."""
    return offline.Whole(astray, rows.story[at], rows.company(at, aside) if company else np.zeros((len(at), 0)))


def best_places(rows: Rows, at: np.ndarray, fitted: offline.Network, mistake: bool, work: np.ndarray) -> np.ndarray:
    """The best place's score of each row, among those that speak of it at all and are no asides."""
    aside = rows.aside(at, work)
    company = bool(fitted.company.size)
    # Without company it is messages of walkthroughs that are read, which may be about anything in a design.
    astray = rows.astray_of(at, aside) if company else rows.astray[at]
    whole = whole_of(rows, at, astray * (not mistake), aside, company)
    scores = offline.place_scores(rows.padded[at], whole, fitted)
    spoken = rows.present[at] & offline.spoken_of(rows.padded[at], mistake) & ~aside
    return np.maximum(np.where(spoken, scores, -np.inf).max(axis=1), offline.NOTHING)


def fit(rows: Rows, at: np.ndarray, statistics: Statistics, company: bool = True) -> offline.Calibration:
    """Networks, with or without the company of other points, cuts and the head for bare statements, from these rows alone."""
    nets = {}
    work = work_of(rows.said[np.isin(rows.said_on, rows.group[at])], rows.asides)
    for mistake in (False, True):
        mine = at[rows.mistake[at] == mistake]
        aside = rows.aside(mine, work)
        # Words on something else excuse no mistake; what they cost is fitted without stories.
        astray = rows.astray[mine] * (not mistake) * ~rows.story[mine]
        whole = whole_of(rows, mine, astray, aside, company)
        nets[mistake] = ensemble(rows.padded[mine], rows.present[mine], whole, rows.label[mine], rows.weight[mine], DECAY[mistake])
    entire = at[np.isin(rows.kind[at], ("labelled", "further", "stranger"))]  # likeness to a bare statement cannot tell a contradiction
    bare_x = np.concatenate([rows.bare[n] for n in np.unique(rows.answer[entire])])
    points = ~rows.mistake[entire]
    bare_rows = [logistic(bare_x[points], (rows.label[entire][points] >= step).astype(float)) for step in (1, 2)]
    steps = np.stack(bare_rows)
    bare = offline.Head(steps[:, :-1], steps[:, -1], np.array([0.5, 0.5]))
    bare = bare._replace(cuts=cuts(offline.chances(bare_x[points] @ bare.weights.T + bare.biases), rows.label[entire][points]))
    fitted = offline.Calibration(nets[False], nets[True], bare, statistics, work)
    scores = np.zeros(len(at))
    for mistake in (False, True):
        mine = rows.mistake[at] == mistake
        scores[mine] = best_places(rows, at[mine], nets[mistake], mistake, fitted.work)
    real = rows.labelled[at]  # the cuts are set on answers as people give them
    for mistake, name in ((False, "point"), (True, "mistake")):
        mine = np.flatnonzero((rows.mistake[at] == mistake) & real)
        limits = cuts(offline.chances(scores[mine][:, None] + nets[mistake].biases), rows.label[at][mine])
        fitted = fitted._replace(**{name: nets[mistake]._replace(cuts=limits)})
    return fitted


class Held:
    """What the grader reads in answers of questions that it was not fitted on, and `fitted`: by question, the calibration that saw no answer to it."""

    def __init__(self, rows: Rows, statistics: Statistics, progress: Progress) -> None:
        self.read, self.sure = np.zeros(len(rows.label), int), np.zeros(len(rows.label))
        self.fitted: dict[str, offline.Calibration] = {}
        self.bare_read = np.zeros(len(rows.label), int)
        for number, (train, test) in enumerate(GroupKFold(FOLDS).split(rows.label, rows.label, rows.group), 1):
            progress(f"fitting without fold {number} of {FOLDS}")
            test = test[rows.labelled[test]]
            train = train[~np.isin(rows.source[train], np.unique(rows.group[test]))]
            fitted = fit(rows, train, statistics)
            self.fitted.update(dict.fromkeys(np.unique(rows.group[test]).tolist(), fitted))
            chance = np.zeros((len(test), 2))
            for mistake, net in ((False, fitted.point), (True, fitted.mistake)):
                mine = rows.mistake[test] == mistake
                chance[mine] = offline.chances(best_places(rows, test[mine], net, mistake, fitted.work)[:, None] + net.biases)
            bare = offline.chances(np.concatenate([rows.bare[n] for n in np.unique(rows.answer[test])]) @ fitted.bare.weights.T + fitted.bare.biases)
            for k, i in enumerate(test):
                found = offline.reading(chance[k], (fitted.mistake if rows.mistake[i] else fitted.point).cuts, np.zeros(1))
                self.read[i], self.sure[i] = LEVELS.index(found.value), found.confidence
                self.bare_read[i] = LEVELS.index(offline.reading(bare[k], fitted.bare.cuts, np.zeros(1)).value)


def arrays_of(fitted: offline.Calibration, lone: offline.Calibration) -> dict[str, np.ndarray]:
    """The calibration as named arrays, with the networks of another that was fitted without company."""
    arrays: dict[str, np.ndarray] = {"work": fitted.work.astype(np.float32)}
    parts = (("point", fitted.point), ("mistake", fitted.mistake), ("lone_point", lone.point), ("lone_mistake", lone.mistake), ("bare", fitted.bare))
    for name, part in parts:
        arrays |= {f"{name}_{field}": np.asarray(value, dtype=np.float32) for field, value in part._asdict().items()}
    for name, table in (("pieces", fitted.statistics.idf.pieces), ("words", fitted.statistics.idf.words)):
        arrays |= {f"{name}_names": np.array(list(table)), f"{name}_values": np.array(list(table.values()), dtype=np.float32)}
    for name, spread in (("meaning", fitted.statistics.meaning), ("wording", fitted.statistics.wording)):
        arrays |= {f"{name}_{field}": np.asarray(value, dtype=np.float32) for field, value in spread._asdict().items()}
        arrays[f"{name}_axes"] = spread.axes.astype(np.float16)
    return arrays


def prepared(progress: Progress) -> tuple[packs.Bank, Rows, Statistics]:
    """The part of the bank that the golden set holds, all answers with features, and what is known of texts in general."""
    bank, faults = packs.load([ROOT])
    if faults:
        raise SystemExit(f"{len(faults)} faults in the packs: run `python -m interviewer check` first")
    embedder = BundledEmbedder(kept=KEPT)
    progress("document frequencies of the guide")
    idf = idf_tables(corpus(bank), embedder)
    statistics = statistics_of(bank, embedder, idf, progress)
    return labelled_part(bank), Rows(bank, embedder, statistics, progress), statistics


def main(words: Sequence[str] | None = None) -> None:
    """Evaluates with folds by question, and writes the calibration if asked."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--only-write", action="store_true", help="no evaluation")
    options = arguments.parse_args(words)

    def progress(text: str) -> None:
        print(text, flush=True)

    _, rows, statistics = prepared(progress)
    if not options.only_write:
        held = Held(rows, statistics, progress)
        for name, at in (("points", rows.real & ~rows.mistake), ("mistakes", rows.real & rows.mistake), ("all", rows.real)):
            kappas = [cohen_kappa_score(rows.label[at], held.read[at], weights=w) for w in ("linear", "quadratic")]
            print(f"{name}: n {at.sum()}, right {(rows.label[at] == held.read[at]).mean():.3f}, kappa linear {kappas[0]:.3f} quadratic {kappas[1]:.3f}")
        print("beyond the limit of what is said of work: {:.1%} of asides, {:.1%} of what is said in stories".format(*far_from_work(rows)))
        points = rows.real & ~rows.mistake
        print(f"bare statements: quadratic kappa {cohen_kappa_score(rows.label[points], held.bare_read[points], weights='quadratic'):.3f}")
    if options.write or options.only_write:
        fitted, lone = (fit(rows, np.arange(len(rows.label)), statistics, company) for company in (True, False))
        np.savez_compressed(Path(offline.__file__).with_name("calibration.npz"), **arrays_of(fitted, lone))
        print("wrote calibration.npz")


if __name__ == "__main__":
    main()
