"""How often the guide search puts the right section first, beside BM25 alone and cosine alone."""

import json
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import bm25s
import numpy as np

from bench.tables import Progress, cell, table
from interviewer import packs
from interviewer.domain import Page, Section
from interviewer.embedding import BundledEmbedder
from interviewer.retrieval import DENSE_WEIGHT, GuideIndex, open_index
from interviewer.settings import ROOT

QUERIES = ROOT / "tests" / "golden" / "queries.jsonl"
RESAMPLES = 10_000
SEED = 0
WEIGHTS = tuple(round(0.1 * n, 1) for n in range(11))
ABOUT_ASKING = frozenset({"asked", "how-asked", "strong-answer"})
"""Ids of sections that say how a topic is asked rather than what is true of it."""


class Query(NamedTuple):
    """A labelled query: any of `sources` answers it."""

    id: str
    text: str
    sources: frozenset[str]
    style: str


class Figures(NamedTuple):
    """Per query: the rank of the first right section, 0 where it was not found."""

    ranks: np.ndarray

    def within(self, k: int) -> np.ndarray:
        """Whether each query has a right section among the first k."""
        return ((self.ranks > 0) & (self.ranks <= k)).astype(float)

    def reciprocal(self) -> float:
        """Mean reciprocal rank."""
        return float(np.where(self.ranks > 0, 1.0 / np.maximum(self.ranks, 1), 0.0).mean())


def queries() -> list[Query]:
    """The labelled queries."""
    rows = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Query(r["id"], r["query"], frozenset(r["sources"]), r["style"]) for r in rows]


def ordered(scores: Mapping[str, float]) -> list[str]:
    """Sources from the best score down; equal scores by name, as the index does it."""
    return sorted(scores, key=lambda s: (-scores[s], s))


def figures(asked: Sequence[Query], rankings: Sequence[Sequence[str]]) -> Figures:
    """The rank of the first right section of each query."""
    return Figures(np.array([next((n for n, s in enumerate(ranking, 1) if s in q.sources), 0) for q, ranking in zip(asked, rankings, strict=True)]))


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean over queries."""
    drawn = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def plain_bm25(sections: Sequence[Section]) -> Callable[[str], dict[str, float]]:
    """bm25s as its documentation uses it, over the sections' text with heading."""
    index = bm25s.BM25()
    index.index(bm25s.tokenize([f"{s.heading}\n{s.text}" for s in sections], stopwords="en", show_progress=False), show_progress=False)

    def score(query: str) -> dict[str, float]:
        own = [t for t in bm25s.tokenize([query], stopwords="en", return_ids=False, show_progress=False)[0] if t in index.vocab_dict]
        return dict(zip((s.source for s in sections), map(float, index.get_scores(own)), strict=True)) if own else {}

    return score


def plain_cosine(sections: Sequence[Section], embedder: BundledEmbedder) -> Callable[[str], dict[str, float]]:
    """Cosine between the query and whole sections, without page title or heading; the model cuts after its 256 word pieces."""
    vectors = embedder.embed([s.text for s in sections])
    return lambda query: dict(zip((s.source for s in sections), (vectors @ embedder.embed([query])[0]).tolist(), strict=True))


def halves(index: GuideIndex, asked: Sequence[Query]) -> list[tuple[Mapping[str, float], Mapping[str, float]]]:
    """The index's cosine and BM25 scores of each query."""
    return [index.halves(q.text) for q in asked]


def combined(scores: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], weight: float) -> list[list[str]]:
    """Rankings with another share of the cosine, by the formula of `GuideIndex.search`."""
    return [
        ordered({s: weight * max(0.0, dense.get(s, 0.0)) + (1 - weight) * lexical.get(s, 0.0) for s in dense.keys() | lexical.keys()})
        for dense, lexical in scores
    ]


def without(pages: Sequence[Page], ids: Collection[str]) -> list[Page]:
    """The pages without the sections of these ids."""
    kept = [(p, tuple(s for s in p.sections if s.source.partition("#")[2] not in ids)) for p in pages]
    return [p.model_copy(update={"sections": sections}) for p, sections in kept if sections]


def unasked(pages: Sequence[Page]) -> list[Page]:
    """The pages without the phrases that say how people look for a section."""
    return [p.model_copy(update={"sections": tuple(s.model_copy(update={"asks": ()}) for s in p.sections)}) for p in pages]


def row(name: str, found: Figures) -> list[str]:
    """A line of a results table."""
    low, high = interval(found.within(3))
    return [
        name,
        f"{found.within(1).mean():.3f}",
        f"{found.within(3).mean():.3f}",
        f"{low:.3f}–{high:.3f}",
        f"{found.within(5).mean():.3f}",
        f"{found.reciprocal():.3f}",
    ]


def compared(found: Figures, shipped: Figures) -> str:
    """The difference to the shipped search in the first three, over the same queries, with its interval."""
    difference = found.within(3) - shipped.within(3)
    low, high = interval(difference)
    return f"{difference.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def misses(asked: Sequence[Query], rankings: Sequence[Sequence[str]], found: Figures) -> str:
    """The queries whose first three sections hold no right one."""
    lines = [
        [q.id, q.style, cell(q.text), str(rank or "–"), "<br>".join(sorted(q.sources)), "<br>".join(ranking[:3])]
        for q, ranking, rank, right in zip(asked, rankings, found.ranks, found.within(3), strict=True)
        if not right
    ]
    return table(("id", "style", "query", "rank", "labelled", "first three found"), lines, texts=6)


def run(progress: Progress) -> str:
    """All retrieval tables."""
    bank, _ = packs.load((ROOT,))
    pages, sections, asked, embedder = list(bank.pages.values()), list(bank.sections.values()), queries(), BundledEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        progress(f"indexing {len(sections)} sections")
        index = open_index(Path(folder) / "whole", embedder, pages, known=embedder.knows)
        kept = without(pages, ABOUT_ASKING)
        smaller = open_index(Path(folder) / "smaller", embedder, kept, known=embedder.knows)
        bare = open_index(Path(folder) / "bare", embedder, unasked(pages), known=embedder.knows)
        progress(f"searching for {len(asked)} queries")
        bm25, cosine, scores = plain_bm25(sections), plain_cosine(sections, embedder), halves(index, asked)
        shipped_rankings = [[p.source for p in index.search(q.text, k=len(sections))] for q in asked]
        smaller_scores, bare_scores = halves(smaller, asked), halves(bare, asked)
    shipped = figures(asked, shipped_rankings)
    results = {
        "BM25 alone (bm25s over sections)": figures(asked, [ordered(bm25(q.text)) for q in asked]),
        "BM25 alone (the index's half: titles, asks, and the best entry)": figures(asked, [ordered(lexical) for _, lexical in scores]),
        "cosine alone (whole sections, no titles)": figures(asked, [ordered(cosine(q.text)) for q in asked]),
        "cosine alone (the index's half: titled chunks, asks)": figures(asked, [ordered(dense) for dense, _ in scores]),
        f"both, asks left out of the index (weight {DENSE_WEIGHT})": figures(asked, combined(bare_scores, DENSE_WEIGHT)),
        f"**as shipped** (`GuideIndex.search`, weight {DENSE_WEIGHT})": shipped,
    }
    head = ("search", "first 1", "first 3", "95 % interval", "first 5", "MRR")
    sweep = [(w, figures(asked, combined(scores, w)), figures(asked, combined(smaller_scores, w))) for w in WEIGHTS]
    styles = sorted({q.style for q in asked})
    by_style = [row(f"{style} ({mask.sum()})", Figures(shipped.ranks[mask])) for style in styles for mask in [np.array([q.style == style for q in asked])]]
    progress("intervals")
    return "\n\n".join(
        [
            f"{len(asked)} labelled queries, {len(sections)} sections of {len(pages)} pages. A query counts as found when a section that its label names "
            f"is among the first k. The interval is a bootstrap over queries ({RESAMPLES} draws) of the first-three figure.",
            table((*head, "first 3, against shipped"), [[*row(name, found), compared(found, shipped)] for name, found in results.items()]),
            "## The shipped search by style of query",
            table(head, by_style),
            "## Share of the cosine (DENSE_WEIGHT)",
            "Every row is the same index and the same queries; this weight, `ENTRY_SHARE`, `CANDIDATES` and `NEAREST` were chosen on them, the phrasings were written without sight of them.",
            table((*("weight", *head[1:]), "first 3, against shipped"), [[*row(f"{w:.1f}", whole), compared(whole, shipped)] for w, whole, _ in sweep]),
            "## Without the sections about asking",
            f"The same with the sections {', '.join(sorted(ABOUT_ASKING))} left out of the index "
            f"({len(sections) - sum(len(p.sections) for p in kept)} sections; no label names one).",
            table((*("weight", *head[1:]), "first 3, against shipped"), [[*row(f"{w:.1f}", less), compared(less, shipped)] for w, _, less in sweep]),
            f"## Misses of the shipped search ({int((1 - shipped.within(3)).sum())})",
            misses(asked, shipped_rankings, shipped),
        ]
    )
