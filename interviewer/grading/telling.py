"""How much of a text tells what somebody did: verbs in the past, and people, among its words."""

import re
from collections.abc import Iterable

PAST = re.compile(
    r"\b(?<!\bis )(?<!\bare )(?<!\bbe )(?<!\bbeen )(?<!\bbeing )(?<!\bisn't )(?<!\baren't )(?<!\ba )(?<!\ban )(?<!\bthe )(?<!\bof )(?<!\bor )(?<!\bby )"
    r"(?:\w{2,}[^\We]ed|was|wasn't|were|weren't|had|hadn't|did|didn't|couldn't|went|told|said|saw|found|made|took|got|gave|came|knew|thought|wrote|built|ran|led|met|kept"
    r"|lost|began|chose|became|brought|bought|caught|felt|heard|sent|sat|showed|spoke|spent|stood|taught|understood|won|asked|fell|grew|broke|drew|drove|ate|flew|forgot"
    r"|hid|rose|shook|slept|sold|stole|stuck|threw|woke|wore|paid|dealt|meant|lent|laid|fought|sought|sank|struck|hung|left)(?![\w'])",
    re.IGNORECASE,
)
"""Verbs in the past, regular or not; after an article or a form of *be* the same word is mostly an attribute (*the trained model*, *is fixed*)."""

PEOPLE = re.compile(
    r"\b(?:i|we|my|our|me|us|mine|ours|myself|ourselves|he|she|him|her|his)(?!'(?:d|ll)\b)\b(?! (?:would|will|can|could|should|may|might|must|want|need|use|take|have to)\b)",
    re.IGNORECASE,
)
"""The teller and others, but for *I would*, *we can* and the like, with which people say what is to be done."""

WORD = re.compile(r"[\w']+")
USUAL, FIRST = 0.1, 40
"""As if that many words of the usual share had gone before: a few words prove nothing."""


def told(sentences: Iterable[str]) -> float:
    """The share of words that tell, in 0..1, in whatever order the sentences stand; `USUAL` of no sentences."""
    texts = [s.replace("’", "'") for s in sentences]
    telling = sum(len(PAST.findall(t)) + len(PEOPLE.findall(t)) for t in texts)
    return (telling + USUAL * FIRST) / (sum(len(WORD.findall(t)) for t in texts) + FIRST)
