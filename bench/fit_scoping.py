"""Fits `interviewer/scoping.py`: the metric of questions and phrases, then the head on top of it, and says how it does.

    python -m bench.fit_scoping            # the figures on the golden questions with the weights as shipped
    python -m bench.fit_scoping --write    # fit on the training questions alone, write interviewer/scoping_weights.npz, then the figures

The golden questions (`tests/golden/scoping.jsonl`) are never fitted on. Of their archetypes `scoping_golden.DEVELOPED` served to choose features and
thresholds; the others were looked at only for the final figure. What is fitted on: the labelled questions of
`tests/golden/scoping_training.jsonl`, each once more without the phrase nearest to it; every `ask` phrase as a question, with itself left
out of the sheet; questions of other archetypes that are far from everything on a sheet, as asked for in vain; and follow-ups made by rule.
The training messages that ask for several facts at once are not fitted on: the thresholds of `scoping.found` were set on them.
The head is fitted on logits of metrics that were fitted without the questions concerned (stacking; Wolpert 1992).
"""

import argparse
import json
import random
import re
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from bench.scoping_golden import DEVELOPED, kind_of
from interviewer import packs, scoping
from interviewer.embedding import BundledEmbedder
from interviewer.scoping import Fitted, Metric
from interviewer.settings import ROOT

GOLDEN = ROOT / "tests" / "golden" / "scoping.jsonl"
TRAINING = ROOT / "tests" / "golden" / "scoping_training.jsonl"
WEIGHTS = ROOT / "interviewer" / "scoping_weights.npz"
FOLDS = 4
MAP_RIDGE, ASTRAY_RIDGE, HEAD_RIDGE = 30.0, 5.0, 1e-3
STEPS = 20
"""Steps of L-BFGS for the metric; a small number, which regularises as well."""

METRIC_WEIGHT = {"asked": 1.0, "without nearest": 0.5, "phrase": 0.4, "foreign": 0.3, "in passing": 0.3, "in context": 0.6}
HEAD_WEIGHT = {"asked": 1.0, "without nearest": 0.5, "phrase": 0.25, "foreign": 0.4, "in passing": 0.2, "moved": 0.4}
FAR = 0.5
"""A question of another archetype is taken as not held where no phrase and no question of the sheet has a cosine above this."""

FOREIGN, MOVED_HELD, MOVED_UNHELD, FOLLOW_UPS, IN_PASSING = 30, 350, 120, 16, 200

QUALIFIERS = (
    (r"region|countr|europe|continent|cities|city|markets?\b", "per region?", "and in each country?"),
    (r"weekend|saturday", "at weekends?", "and on a Saturday?"),
    (r"phone|mobile|\bapp\b|device", "on mobile?", "and from phones?", "what about web and app?"),
    (r"\bnew\b|first|cold|fewer than", "and for new users?", "what about people who just joined?"),
    (r"year|grow|quarter|month", "has that grown over the years?", "and a year ago?", "what about next year?"),
    (r"pay|premium|customer|advertis", "for paying customers?", "and premium accounts?"),
    (r"\bage|minor|teen|under 18|year", "by age group?", "and among the young?"),
    (r"give or take|anything from|audit|mean", "how certain is this number?", "and the standard deviation?"),
    (r"audit|survey|expert|research|team", "who measured that?", "where does this number come from?"),
    (r"night|day and|peak", "at night?", "and in the small hours?"),
    (r"christmas|sale days|peak|season|july", "in the holidays?", "and at Christmas?"),
    (r"categor|kind|type|%", "broken down by category?", "and per type?"),
    (r"compet", "at our competitors?", "and elsewhere in the industry?"),
    (r"cost|euro|dollar|budget|money", "what does that cost us?", "and in money?"),
)
"""What may be asked of any number, after the words that show that a fact may hold it."""

PEAK = ("and at peak?", "peak?", "what about the busiest time?", "how much is it at the peak?")


PASSING = (
    ("Ok, before I start drawing: ", "?"),
    ("Let me first get the numbers straight. ", "?"),
    ("hm, one thing I wonder about, ", "?"),
    ("sorry, may I ask ", " please"),
    ("Could you tell me ", "? I need it for the estimate."),
    ("and ", ", roughly?"),
    ("just so I don't design the wrong thing - ", "?"),
)
"""What people put around a question."""


class Example(NamedTuple):
    """A labelled question: its text, where it comes from, the right column of the odds, the phrases left out, and what is known of it."""

    archetype: str
    text: str
    source: str
    right: int
    left_out: tuple
    known: scoping.Evidence


def lines(path):
    """The rows of a file of labelled questions."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Examples:
    """Everything that is fitted on, for the archetypes of the bank."""

    def __init__(self, bank, encoder):
        self.facts = {name: a.fact_sheet for name, a in bank.archetypes.items()}
        self.sheets = {name: scoping.sheet_of(sheet, encoder) for name, sheet in self.facts.items()}
        self.encoder = encoder
        self.draw = random.Random(0)
        self.made = []
        rows = [r for r in lines(TRAINING) if r["archetype"] in self.sheets and len(r["facts"]) < 2]
        for row in rows:
            self.add(row["archetype"], row["text"], row["facts"], "asked", row["asked"])
        self._without_nearest(rows)
        self._in_passing(rows)
        self._phrases()
        self._foreign(rows)
        self._follow_ups()
        self._moved(rows)

    def add(self, archetype, text, facts, source, asked=(), left_out=()):
        """One more example."""
        sheet = self.sheets[archetype]
        last = sheet.ids.index(asked[-1]) if asked else -1
        right = sheet.ids.index(facts[0]) if facts else len(sheet.ids)
        known = scoping.evidence(text, sheet, self.encoder, last, left_out)
        self.made.append(Example(archetype, text, source, right, tuple(left_out), known))

    def _without_nearest(self, rows):
        for row in (r for r in rows if r["facts"] and not r["asked"]):
            sheet = self.sheets[row["archetype"]]
            near = np.where(sheet.phrase_of == sheet.ids.index(row["facts"][0]), sheet.phrases @ self.encoder.embed([row["text"]])[0], -1.0)
            self.add(row["archetype"], row["text"], row["facts"], "without nearest", left_out=[int(near.argmax())])

    def _in_passing(self, rows):
        for row in self.draw.sample([r for r in rows if not r["asked"]], IN_PASSING):
            before, after = self.draw.choice(PASSING)
            self.add(row["archetype"], f"{before}{row['text'].rstrip('?')}{after}", row["facts"], "in passing")

    def _phrases(self):
        for name, sheet in self.sheets.items():
            for i, (of, phrase) in enumerate(scoping.phrases_of(self.facts[name])):
                self.add(name, f"{phrase}?", [sheet.ids[of]], "phrase", left_out=[i])

    def _foreign(self, rows):
        held = [r for r in rows if r["facts"] and not r["asked"]]
        vectors = self.encoder.embed([r["text"] for r in held])
        for name, sheet in self.sheets.items():
            own = np.array([r["archetype"] == name for r in held])
            nearest = np.maximum((vectors @ sheet.phrases.T).max(axis=1), (vectors @ vectors[own].T).max(axis=1))
            far = [i for i in range(len(held)) if not own[i] and nearest[i] <= FAR]
            for i in self.draw.sample(far, min(FOREIGN, len(far))):
                self.add(name, held[i]["text"], [], "foreign")

    def _follow_ups(self):
        for name, sheet in self.facts.items():
            for _ in range(FOLLOW_UPS):
                (covered, *wordings), fact = self.draw.choice(QUALIFIERS), self.draw.choice(list(sheet))
                known = " ".join((*sheet[fact].ask, sheet[fact].answer))
                if re.search(r"\d|hundred|thousand|million", known) and not re.search(covered, known, re.IGNORECASE):
                    self.add(name, self.draw.choice(wordings), [], "asked", [fact])
            for fact in sheet:
                if re.search(r"\bpeak|busiest", sheet[fact].answer):
                    self.add(name, self.draw.choice(PEAK), [fact], "asked", [fact])

    def _moved(self, rows):
        for held, count in ((True, MOVED_HELD), (False, MOVED_UNHELD)):
            for row in self.draw.sample([r for r in rows if not r["asked"] and bool(r["facts"]) is held], count):
                other = self.draw.choice([f for f in self.sheets[row["archetype"]].ids if f not in row["facts"]])
                self.add(row["archetype"], row["text"], row["facts"], "moved", [other])


def metric_rows(examples):
    """Archetype, text, vector, right column, phrases left out, and weight of the rows that the metric is fitted on."""
    for e in examples:
        if e.known.last < 0:
            yield e.archetype, e.text, e.known.vector, e.right, e.left_out, METRIC_WEIGHT[e.source]
        elif e.known.context is not None:
            yield e.archetype, e.text, e.known.context, e.right, e.left_out, METRIC_WEIGHT["in context"]


def unheld_of(examples):
    """Texts and vectors of the questions that no sheet answers."""
    return {e.text: e.known.vector for e in examples if e.source == "asked" and e.known.last < 0 and e.right == len(e.known.covered)}


def metric_of(examples, sheets):
    """The metric by L-BFGS on the softmax loss; a question is never compared with itself. The gradient is worked out by hand."""
    unheld = unheld_of(examples)
    texts, bank = list(unheld), np.stack(list(unheld.values())).astype(np.float64)
    d = bank.shape[1]
    grouped = {}
    for row in metric_rows(examples):
        grouped.setdefault(row[0], []).append(row[1:])
    batches = []
    for name, rows in grouped.items():
        sheet = sheets[name]
        live = np.ones((len(rows), len(sheet.phrases) + len(texts)), dtype=bool)
        for i, (text, _, _, left_out, _) in enumerate(rows):
            live[i, list(left_out)] = False
            if text in unheld:
                live[i, len(sheet.phrases) + texts.index(text)] = False
        vectors = np.stack([r[1] for r in rows]).astype(np.float64)
        of = np.concatenate([sheet.phrase_of, np.full(len(texts), len(sheet.ids))])
        said = scoping.softmax_pooled(scoping.SHARPNESS * vectors @ sheet.clauses.T, sheet.clause_of)[0]
        batches.append((vectors, np.vstack([sheet.phrases, bank]), of, live, said, np.array([r[2] for r in rows]), np.array([r[4] for r in rows])))

    ridge = np.concatenate([np.full(d * d, MAP_RIDGE), np.full(d, ASTRAY_RIDGE), np.zeros(4)])

    def loss(theta):
        chart, astray, (phrase, clause, none, constant) = theta[: d * d].reshape(d, d), theta[d * d : -4], theta[-4:]
        total, slope = 0.5 * float(ridge @ theta**2), ridge * theta
        for vectors, phrases, of, live, said, right, weight in batches:
            similar = np.where(live, scoping.SHARPNESS * (vectors @ chart + vectors) @ phrases.T, -1e4)
            pooled, share = scoping.softmax_pooled(similar, of)
            logits = np.hstack([phrase * pooled[:, :-1] + clause * said, (none * pooled[:, -1] + scoping.SHARPNESS * vectors @ astray + constant)[:, None]])
            chance = softmax(logits)
            row = np.arange(len(right))
            total -= float(weight @ np.log(chance[row, right] + 1e-12))
            chance[row, right] -= 1.0
            chance *= weight[:, None]
            scaled = chance * np.append(np.full(logits.shape[1] - 1, phrase), none)
            slope[: d * d] += (vectors.T @ ((scaled[:, of] * share * scoping.SHARPNESS) @ phrases)).ravel()
            slope[d * d : -4] += scoping.SHARPNESS * vectors.T @ chance[:, -1]
            slope[-4:] += [(chance[:, :-1] * pooled[:, :-1]).sum(), (chance[:, :-1] * said).sum(), chance[:, -1] @ pooled[:, -1], chance[:, -1].sum()]
        return total, slope

    start = np.concatenate([np.zeros(d * d + d), [0.6, 0.2, 0.5, 1.0]])
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return Metric(theta[: d * d].reshape(d, d), bank, theta[d * d : -4], theta[-4:])


def softmax(logits):
    """Row by row."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def columns_of(example, sheet, metric, texts):
    """The head's inputs for an example under a metric that may know the example."""
    live = np.ones((2, len(sheet.phrases) + len(metric.unheld)), dtype=bool)
    live[:, list(example.left_out)] = False
    if example.text in texts:
        live[:, len(sheet.phrases) + texts.index(example.text)] = False
    vectors = np.stack([example.known.vector, example.known.vector if example.known.context is None else example.known.context])
    return scoping.columns(example.known, *scoping.learned(vectors, sheet, metric, live))


def head_of(rows):
    """Weights of the head's inputs by L-BFGS on the softmax loss, standardised for the ridge."""
    most = max(len(fact) for fact, *_ in rows)
    facts, there = np.zeros((len(rows), most, len(scoping.FACT_COLUMNS))), np.zeros((len(rows), most), dtype=bool)
    for i, (fact, *_) in enumerate(rows):
        facts[i, : len(fact)], there[i, : len(fact)] = fact, True
    nones = np.stack([none for _, none, _, _ in rows])
    right = np.array([most if r == len(fact) else r for fact, _, r, _ in rows])
    weight = np.array([w for *_, w in rows])
    scale = np.concatenate([facts[there].std(axis=0), nones.std(axis=0)]) + 1e-9
    scale[facts.shape[2]] = 1.0  # the constant
    facts, nones = facts / scale[: facts.shape[2]], nones / scale[facts.shape[2] :]
    ridge = HEAD_RIDGE * weight.sum()

    def loss(theta):
        logits = np.hstack([np.where(there, facts @ theta[: facts.shape[2]], -1e9), (nones @ theta[facts.shape[2] :])[:, None]])
        chance = softmax(logits)
        row = np.arange(len(right))
        total = -float(weight @ np.log(chance[row, right] + 1e-12)) + 0.5 * ridge * float(theta @ theta)
        chance[row, right] -= 1.0
        chance *= weight[:, None]
        return total, np.concatenate([np.einsum("nf,nfd->d", chance[:, :-1], facts), chance[:, -1] @ nones]) + ridge * theta

    theta = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x / scale
    return theta[: facts.shape[2]], theta[facts.shape[2] :]


def fit(examples, sheets):
    """The metric fitted on all, and the head on what metrics say that were fitted without the question."""
    draw = random.Random(0)
    fold = {text: draw.randrange(FOLDS) for text in dict.fromkeys(e.text for e in examples)}
    rows = []
    for k in range(FOLDS):
        others = [e for e in examples if fold[e.text] != k]
        metric, texts = metric_of(others, sheets), list(unheld_of(others))
        rows += [(*columns_of(e, sheets[e.archetype], metric, texts), e.right, HEAD_WEIGHT[e.source]) for e in examples if fold[e.text] == k]
    return Fitted(metric_of(examples, sheets), *head_of(rows))


def report(bank, encoder, halves):
    """Prints how many golden questions are right, by kind, and how many replies hold a fact that was not asked for."""
    several = {"training messages for several facts": [r for r in lines(TRAINING) if len(r["facts"]) > 1]}
    for half, rows in (several | {half: [r for r in lines(GOLDEN) if r["archetype"] in chosen] for half, chosen in halves.items()}).items():
        right, wrong, invented, refused = {}, 0, 0, 0
        for row in rows:
            found = scoping.facts(row["text"], bank.archetypes[row["archetype"]].fact_sheet, encoder, row["asked"][-1] if row["asked"] else None)
            found, wanted = {f for f in found if f}, set(row["facts"])
            right.setdefault(kind_of(row), []).append(found == wanted)
            wrong += bool(wanted) and not found <= wanted
            invented += bool(found) and not wanted
            refused += bool(wanted) and not found
        everything = [ok for group in right.values() for ok in group]
        print(f"{half}: {np.mean(everything):.1%} of {len(everything)};", {k: f"{sum(v)}/{len(v)}" for k, v in sorted(right.items())})
        print(f"    a fact not asked for beside or instead: {wrong}; a fact where the sheet has none: {invented}; held, and not found: {refused}")


def main():
    """Fits and writes where asked to, then reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--developed-only", action="store_true", help="do not look at the archetypes held out")
    chosen = parser.parse_args()
    encoder, bank = BundledEmbedder(), packs.load((ROOT,))[0]
    if chosen.write:
        examples = Examples(bank, encoder)
        fitted = fit(examples.made, examples.sheets)
        np.savez_compressed(
            WEIGHTS,
            **{
                k: v.astype(np.float16 if v.ndim == 2 else np.float32) for k, v in {**fitted.metric._asdict(), "fact": fitted.fact, "none": fitted.none}.items()
            },
        )
        print(f"fitted on {len(examples.made)} examples;", dict(zip(scoping.FACT_COLUMNS, fitted.fact.round(2), strict=True)))
        print(dict(zip(scoping.NONE_COLUMNS, fitted.none.round(2), strict=True)))
    halves = {"developed": DEVELOPED}
    if not chosen.developed_only:
        halves |= {"held out": set(bank.archetypes) - DEVELOPED, "all": set(bank.archetypes)}
    report(bank, encoder, halves)


if __name__ == "__main__":
    main()
