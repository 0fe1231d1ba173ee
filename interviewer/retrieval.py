"""The guide in a Chroma index, and search over it: cosine of the embedder's vectors combined with BM25.

Every entry's id is a hash of what was embedded, and the collection's name holds the embedder's identity. So a changed page gets
new ids and its old ones are deleted, a changed model gets another collection, and a stale vector is never served.
"""

import hashlib
import logging
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

import bm25s
import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings
from filelock import FileLock, Timeout
from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from interviewer import guide_markup
from interviewer.domain import Page, Passage, Section
from interviewer.errors import IndexUnavailable
from interviewer.ports import Embedder

CHUNK_CHARACTERS = 700
"""About 170 word pieces: inside the bundled model's 256, with room for page title and heading."""

CHUNK_OVERLAP = 80
BATCH = 32
CANDIDATES = 400
"""Nearest entries taken from Chroma before they are combined with BM25."""

NEAREST = 2
"""Entries of a section whose cosines are averaged: one chance likeness says little."""

DENSE_WEIGHT = 0.7
"""Share of the cosine in the combined score; the rest is BM25. Chosen with `make bench` (docs/benchmarks/retrieval.md)."""

ENTRY_SHARE = 1 / 3
"""Share of a section's best entry in its BM25 score; the rest is the section as a whole, in which one phrasing counts for little."""

SHORTEST_MENDED, TWO_SLIPS = 4, 7
"""Letters from which an unknown word of a query may be mistyped, and from which two slips in it are mended instead of one."""

PREFIX = "guide-"
Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""

_TOKEN = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"[A-Za-z]+")
_log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One indexed chunk. `embedded` is what its vector is made from; `id` hashes that and the source."""

    id: str
    source: str
    heading: str
    embedded: str


def entries(pages: Iterable[Page]) -> list[Entry]:
    """Pages cut at their headings, and long sections cut further, for indexing."""
    by_heading = MarkdownHeaderTextSplitter([("###", "part")], strip_headers=False)
    by_size = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARACTERS, chunk_overlap=CHUNK_OVERLAP, separators=["\n\n", "\n", ". ", " ", ""])
    found: dict[str, Entry] = {}
    for page in pages:
        for section in page.sections:
            for chunk in by_size.split_documents(by_heading.split_text(section.text)):
                entry = _entry(section, f"{page.title}: {section.heading}\n{chunk.page_content}")
                found[entry.id] = entry
            for ask in section.asks:  # document expansion by queries (Nogueira et al. 2019), written by people
                entry = _entry(section, ask)
                found[entry.id] = entry
    return list(found.values())


def _entry(section: Section, embedded: str) -> Entry:
    digest = hashlib.sha256(f"{section.source}\0{embedded}".encode()).hexdigest()[:32]
    return Entry(digest, section.source, section.heading, embedded)


def tokens(text: str) -> list[str]:
    """Lower-case words with a plural s taken off, for BM25."""
    return [t[:-1] if len(t) > 3 and t.endswith("s") and not t.endswith("ss") else t for t in _TOKEN.findall(text.lower())]


def connect(url: str) -> Any:
    """A client of a Chroma server."""
    parsed = urlparse(url)
    try:
        client = chromadb.HttpClient(
            host=parsed.hostname or "localhost",
            port=parsed.port or (443 if parsed.scheme == "https" else 80),
            ssl=parsed.scheme == "https",
            settings=ChromaSettings(anonymized_telemetry=False),
        )
        client.heartbeat()
    except Exception as error:  # chromadb raises ValueError, httpx's and its own errors here
        raise IndexUnavailable(f"The Chroma server at {url} does not answer. Start it, or leave INTERVIEWER_CHROMA_URL empty.") from error
    return client


def sync(client: Any, embedder: Embedder, wanted: Sequence[Entry], progress: Progress | None = None) -> Any:
    """Brings the collection for this embedder to exactly `wanted`; embeds only what is new. Returns the collection."""
    name = PREFIX + re.sub(r"[^a-z0-9]+", "-", embedder.identity.lower()).strip("-")[:50]
    collection = client.get_or_create_collection(
        name, embedding_function=None, metadata={"identity": embedder.identity}, configuration={"hnsw": {"space": "cosine"}}
    )
    present = set(collection.get(include=[])["ids"])
    gone = sorted(present - {e.id for e in wanted})
    for start in range(0, len(gone), BATCH):
        collection.delete(ids=gone[start : start + BATCH])
    new = [e for e in wanted if e.id not in present]
    for start in range(0, len(new), BATCH):
        batch = new[start : start + BATCH]
        vectors = embedder.embed([e.embedded for e in batch])
        collection.upsert(
            ids=[e.id for e in batch],
            embeddings=vectors,
            documents=[e.embedded for e in batch],
            metadatas=[{"source": e.source, "heading": e.heading} for e in batch],
        )
        if progress is not None:
            progress(min(start + BATCH, len(new)), len(new))
    for other in client.list_collections():
        if other.name.startswith(PREFIX) and other.name != name:
            client.delete_collection(other.name)
    return collection


class Typos:
    """Brings mistyped words of a query to the guide's words: an unknown word to the nearest by Damerau and Levenshtein's distance, the commonest first.

    Bolder than `grading.spelling.Speller`, which mends answers: a wrong guess costs a search here, and a grade there.
    """

    def __init__(self, texts: Iterable[str], known: Callable[[str], bool]) -> None:
        self._counts = Counter(w.lower() for text in texts for w in _WORD.findall(text))
        self._words = [w for w, n in self._counts.items() if n > 1 and len(w) >= SHORTEST_MENDED - 1]
        self._known = known

    def mended(self, query: str) -> str:
        """The query with what can be mended; names, which begin with a capital letter, stay as they are."""
        return _WORD.sub(lambda found: self._word(found.group()), query)

    def _word(self, word: str) -> str:
        if len(word) < SHORTEST_MENDED or not word.islower() or word in self._counts or self._known(word):
            return word
        slips = 1 if len(word) < TWO_SLIPS else 2
        near = process.extract(word, self._words, scorer=DamerauLevenshtein.distance, score_cutoff=slips, limit=5)
        return min(near, key=lambda found: (found[1], -self._counts[found[0]], found[0]))[0] if near else word


class Lexical:
    """BM25 over texts (Robertson and Zaragoza 2009), scaled so that the best text of a query has 1."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._index = bm25s.BM25()
        self._amount = len(texts)
        if texts:
            self._index.index([tokens(t) for t in texts], show_progress=False)

    def scores(self, query: str) -> NDArray[np.float32]:
        """One score a text, (texts,), all 0 where no word of the query is known."""
        own = [t for t in tokens(query) if t in self._index.vocab_dict] if self._amount else []
        found = np.asarray(self._index.get_scores(own) if own else np.zeros(self._amount), dtype=np.float32)
        top = float(found.max(initial=0.0))
        return found / top if top > 0 else np.zeros_like(found)


class GuideIndex:
    """Search over the guide. Build it with `open_index`; `known` says whether a lower-case word is an English one."""

    def __init__(
        self,
        collection: Any,
        embedder: Embedder,
        pages: Iterable[Page],
        wanted: Sequence[Entry],
        notice: str = "",
        known: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._collection = collection
        self._embedder = embedder
        self._entries = {e.id: e for e in wanted}
        self._sections = {s.source: s for p in pages for s in p.sections}
        self._sources = list(self._sections)
        titles = {s.source: f"{p.title} {s.heading}" for p in pages for s in p.sections}
        self._lexical = Lexical([" ".join((titles[s], titles[s], self._sections[s].text, *self._sections[s].asks)) for s in self._sources])
        self._lexical_entries = Lexical([e.embedded for e in wanted])
        place = {s: n for n, s in enumerate(self._sources)}
        self._owners = np.array([place[e.source] for e in wanted], dtype=np.intp)
        self._typos = Typos((text for s in self._sections.values() for text in (s.heading, s.text, *s.asks)), known)
        self.notice = notice

    def _nearest(self, query: str) -> dict[str, list[float]]:
        """Cosines of the nearest entries by section, the best first."""
        vector = self._embedder.embed([query])
        count = min(CANDIDATES, len(self._entries))
        if not count:
            return {}
        hits = self._collection.query(query_embeddings=vector, n_results=count, include=["distances"])
        near: dict[str, list[float]] = {}
        for entry_id, distance in zip(hits["ids"][0], hits["distances"][0], strict=True):
            entry = self._entries.get(entry_id)
            if entry is not None:  # an entry that another process has just added or removed is not ours
                near.setdefault(entry.source, []).append(1.0 - float(distance))
        return near

    def dense(self, query: str) -> dict[str, float]:
        """Best cosine per section among the nearest entries."""
        return {source: max(cosines) for source, cosines in self._nearest(query).items()}

    def halves(self, query: str) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """What `search` combines: the mean cosine of each section's nearest entries, and BM25, of the query with its typing errors mended."""
        query = self._typos.mended(query)
        near = self._nearest(query)
        last = min((c for cosines in near.values() for c in cosines), default=0.0)  # what did not come is no nearer than this
        return {s: sum([*cosines, *[last] * NEAREST][:NEAREST]) / NEAREST for s, cosines in near.items()}, self.lexical(query)

    def lexical(self, query: str) -> dict[str, float]:
        """BM25 per section, 0..1: of the section as a whole, and of the entry of it that has the most."""
        best = np.zeros(len(self._sources), dtype=np.float32)
        np.maximum.at(best, self._owners, self._lexical_entries.scores(query))
        scores = (1 - ENTRY_SHARE) * self._lexical.scores(query) + ENTRY_SHARE * best
        return {s: float(v) for s, v in zip(self._sources, scores, strict=True) if v > 0}

    def search(self, query: str, k: int = 5) -> list[Passage]:
        """The k best sections; equal scores are ordered by source."""
        dense, lexical = self.halves(query)
        combined = {s: DENSE_WEIGHT * max(0.0, dense.get(s, 0.0)) + (1 - DENSE_WEIGHT) * lexical.get(s, 0.0) for s in dense.keys() | lexical.keys()}
        ranked = sorted(combined.items(), key=lambda item: (-item[1], item[0]))[:k]
        return [Passage(source=s, heading=self._sections[s].heading, text=self._sections[s].text, score=round(min(1.0, score), 6)) for s, score in ranked]


def _on_disk(folder: Path, embedder: Embedder, wanted: Sequence[Entry], progress: Progress | None) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / "index.lock", timeout=120):
        client = chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))
        collection = sync(client, embedder, wanted, progress)
        if collection.count() != len(wanted):
            raise IndexUnavailable("The guide index does not hold what it should.")
        if wanted:  # a damaged vector file only shows when it is read
            collection.query(query_embeddings=embedder.embed([wanted[0].embedded]), n_results=1)
        return collection


def open_index(
    folder: Path, embedder: Embedder, pages: Sequence[Page], progress: Progress | None = None, url: str = "", known: Callable[[str], bool] = lambda _: False
) -> GuideIndex:
    """The index of these pages, brought up to date. A damaged index is rebuilt; without a writable folder it lives in memory.

    `known` says whether a lower-case word is an English one, and not a mistyped word of the guide.
    """
    pages = [guide_markup.plain_page(page) for page in pages]  # neither a figure nor an address is anything to search for or to quote
    wanted = entries(pages)
    if url:
        client = connect(url)
        try:
            return GuideIndex(sync(client, embedder, wanted, progress), embedder, pages, wanted, known=known)
        except Exception as error:
            raise IndexUnavailable(f"The Chroma server at {url} cannot hold the index: {error}") from error
    for attempt in range(2):
        # Chroma keeps a client per path for the life of the process, so a rebuilt index gets a path of its own.
        at = folder / ("current" if attempt == 0 else f"rebuilt-{hashlib.sha256(str(_marks(folder)).encode()).hexdigest()[:8]}")
        pointer = folder / "pointer"
        try:
            if attempt == 0 and pointer.is_file():
                at = folder / pointer.read_text(encoding="utf-8").strip()
            collection = _on_disk(at, embedder, wanted, progress)
            if attempt:
                pointer.write_text(at.name, encoding="utf-8")
                _remove_others(folder, at)
            notice = "The guide index was damaged and has been rebuilt." if attempt else ""
            return GuideIndex(collection, embedder, pages, wanted, notice, known)
        except (KeyboardInterrupt, SystemExit):
            raise
        except Timeout:
            break
        except BaseException as error:  # chromadb's Rust core raises panics that are no Exceptions
            _log.warning("guide index at %s: %s", at, error)
    client = chromadb.EphemeralClient(settings=ChromaSettings(anonymized_telemetry=False))
    notice = "The guide index cannot be written to the data directory; it is kept in memory for now."
    return GuideIndex(sync(client, embedder, wanted, progress), embedder, pages, wanted, notice, known)


def _marks(folder: Path) -> list[tuple[str, int]]:
    """Names and ages of what lies in the folder: differs from one rebuild to the next."""
    return sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*")) if folder.is_dir() else []


def _remove_others(folder: Path, keep: Path) -> None:
    for other in folder.iterdir():
        if other.is_dir() and other != keep:
            shutil.rmtree(other, ignore_errors=True)
