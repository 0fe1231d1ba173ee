"""`docs/grading.md`: how the grader works in plain words, with the tables that a benchmark has just made."""

from collections.abc import Mapping
from typing import Any


def page(data: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """The page. Every figure in it comes from `data` and `parts`."""
    return f"""# How the grader works, and how far it can be trusted

Made by `python -m bench grading` for the offline grader, version {data["version"]}. No figure here was typed in.

## What it does

1. **Gates.** An empty answer, punctuation, an opening with nothing after it, the question said again, or words to the grader alone earn
   nothing, and so does, on a question of the bank, a list of terms of which nothing is said; the grade says why. A language other than English is *unscored*: failing to
   grade never becomes a number.
2. **Sentences.** Repeated sentences, echoes of the question, sentences that speak to the grader, and, on a question of the bank, asides are left out. An aside is a
   sentence of which the rubric holds next to nothing, or whose vector lies among those about food, family or the weather.
3. **One pass of a small language encoder** (MiniLM, 23 MB, on your machine) turns every sentence into token vectors. Each criterion has
   a statement, some sixteen phrasings that meet it, and as many near misses: wrong claims made of the right words. For every sentence the
   grader measures how much of the phrasings is found there, by meaning and by words; how much of what sets the phrasings apart from the
   near misses; how near the near misses are; on which side of the boundaries between the phrasings, the near misses and the other criteria it
   lies (linear discriminants, over token vectors and over words; for a sentence that makes several points at once, also any part of it); whether the sentence speaks for another criterion; whether it is a sentence or a list of
   terms; and whether the answer is about the question at all: how well its sentences carry any point, and how much of them the rubric knows.
   Where a story of one's own was asked for, whose words are nobody else's, the grader is told so and expects less likeness, but that
   something is told: verbs in the past, and people.
4. **A small network**, fitted on labelled answers and on answers written to contradict the criteria in their own words, turns that into
   the chances of *partial* and *met*. The best sentence speaks for the answer, and it is the quote that you see. The network also knows what the
   answer says of the question's other points: how far on the right side of their boundaries, or on no right side at all. Where one sentence
   leaves a doubt, an answer that is wrong elsewhere is believed less. A right sentence about another point hardly ever counts against one (see the last table).
5. **Code checks** that each quote stands in your words, character by character, and does the arithmetic. No quote, no credit.

The same input gives the same grade, on any number of threads. The length of an answer is not a feature.

## Agreement with labels

The golden set holds {data["answers"]} answers with {data["labels"]} criterion labels: the bank's exemplars, and answers written to be hard (right ideas in other
words, half right, right words in a wrong relation, confident and wrong, fluent and empty, terse, bulleted, mistyped, non-native, spoken,
denied). Each was labelled twice, independently, from the text and the statement alone; where the two differed, a third reading decided,
and a statement that had caused it was rewritten and labelled anew. **The authors and labellers were language models, not people**: the two labellings agree
so well ({data["labellings"]:.3f}) partly because they read alike. Agreement with people was measured on a set of marked answers from another
subject, as questions of one's own: [benchmarks/marked.md](benchmarks/marked.md). Nothing was fitted on them, but what a point of such a question counts was
chosen with them in sight.

Whole questions are left out: what grades an answer was never fitted on any answer to that question. Intervals resample whole questions.

{parts["agreement"]}

The baselines are read from one figure each, with cuts fitted in the same folds; *first version* is the features of the grader before this one.

### All that is labelled

The harder answers belong to some of the questions, in the table above; of the others there are the exemplars, which are clearer. They were labelled by their authors, who knew
how good each was meant to be, and a second time from text and statement alone; a third reading decided where the two differed. How they were read before any of them was used in a fit is
kept in [benchmarks/fresh-questions.md](benchmarks/fresh-questions.md).

{parts["sets"]}

### By kind of answer

{parts["styles"]}

## Confidence

Each verdict carries the chance that a marker would say the same. Below the limit it is shown as “could not tell: check yourself”, and the
score is shown with the range that those verdicts could move it in.

{parts["calibration"]}

What the verdicts mean, over everything labelled:

{parts["meant"]}

So *partial* says that the grader cannot tell: as a rule such a point was either made or not. Counted as half, it costs least on average; the most likely verdict in
its place would be right more often, and wrong by a whole point more often.

## Answers that deserve nothing

Graded by what was fitted without any answer to their question.

{parts["adversaries"]}

## Changes that must not matter

{parts["invariances"]}

## What it cannot do

- It does not reason. A wrong claim that no near miss resembles, in the right words, can be read as met, and a fluent answer that denies or reverses
  every claim still earns some credit: see *negated* and *wrong relation* above. This is its greatest weakness.
- It hardly knows half a point from a whole one: see what *partial* means, above.
- It does not check arithmetic, code or formulas beyond their wording.
- A point made in doubtful words is believed or not by what else the answer says, so that a right one beside wrong claims may be missed.
- Where a story is asked for, one about something else earns much of what this one would: an obstacle, a figure, one's own part are in it. One told
  as a list of keywords, with hardly a verb in the past and nobody in it, is read too low; the grade says so.
- It reads English only.
- A question of your own with only a reference answer has no phrasings and no near misses: its points count by how like the answer is to
  them, not as 1, ½ or 0. The grade ranks answers, and is coarser than the bank's.
- It is for practice. Nobody should be hired or turned down by it.
"""
