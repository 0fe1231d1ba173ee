import socket
import subprocess
import sys
import time
from pathlib import Path

import chromadb
import numpy as np
import pytest

from interviewer import retrieval
from interviewer.domain import Page, Section
from interviewer.errors import IndexUnavailable


class CountingEmbedder:
    """Bag-of-letters vectors; remembers every text that it was asked for."""

    def __init__(self, identity="letters-1"):
        self.identity = identity
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        rows = np.array([[t.lower().count(c) + 0.01 for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def page(slug, *sections):
    made = tuple(Section(source=f"knowledge/t/{slug}#{i}", heading=i.title(), text=text, asks=asks) for i, text, asks in sections)
    return Page(source=f"knowledge/t/{slug}", topic="t", title=slug.title(), summary="s", sources=("x",), sections=made)


PAGES = [
    page(
        "trees", ("splits", "A split is chosen by the drop in impurity.", ("how does it pick where to cut",)), ("pruning", "Pruning removes weak branches.", ())
    ),
    page("waves", ("swell", "Long waves travel from far storms.", ())),
]


def sources(index, query):
    return [p.source for p in index.search(query, 3)]


def test_a_second_opening_embeds_nothing_and_an_edit_embeds_only_what_changed(tmp_path):
    first = CountingEmbedder()
    retrieval.open_index(tmp_path, first, PAGES)
    assert len(first.asked) >= 4
    again = CountingEmbedder()
    index = retrieval.open_index(tmp_path, again, PAGES)
    assert len(again.asked) == 1  # the probe that the vectors can be read
    assert sources(index, "impurity split")[0] == "knowledge/t/trees#splits"
    edited = [PAGES[0], page("waves", ("swell", "Short chop is made by local wind.", ()))]
    after = CountingEmbedder()
    index = retrieval.open_index(tmp_path, after, edited)
    assert [t for t in after.asked if "chop" in t]
    assert len(after.asked) == 2
    assert "storms" not in index.search("long waves from far storms", 1)[0].text


def test_a_removed_page_is_never_served_again(tmp_path):
    retrieval.open_index(tmp_path, CountingEmbedder(), PAGES)
    index = retrieval.open_index(tmp_path, CountingEmbedder(), PAGES[:1])
    assert all(s.startswith("knowledge/t/trees") for s in sources(index, "long waves from far storms"))


def test_another_model_never_meets_the_vectors_of_the_first(tmp_path):
    retrieval.open_index(tmp_path, CountingEmbedder("one"), PAGES)
    other = CountingEmbedder("two")
    index = retrieval.open_index(tmp_path, other, PAGES)
    assert len(other.asked) >= 4
    assert sources(index, "pruning branches")[0] == "knowledge/t/trees#pruning"
    client = chromadb.PersistentClient(str(tmp_path / "current"), settings=chromadb.config.Settings(anonymized_telemetry=False))
    assert [c.name for c in client.list_collections()] == ["guide-two"]


def test_an_authors_phrasing_leads_to_its_section(tmp_path):
    index = retrieval.open_index(tmp_path, CountingEmbedder(), PAGES)
    assert sources(index, "how does it pick where to cut")[0] == "knowledge/t/trees#splits"


def test_a_damaged_index_is_rebuilt_and_says_so_in_a_new_process(tmp_path):
    # Chroma keeps its client for the life of a process, so the damage is met by another one, as it would be.
    def run():
        code = (
            f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
            "from pathlib import Path\nfrom interviewer import retrieval\nimport test_retrieval as t\n"
            f"index = retrieval.open_index(Path({str(tmp_path)!r}), t.CountingEmbedder(), t.PAGES)\n"
            "print(index.notice, '|', t.sources(index, 'impurity split')[0])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
        return done.stdout.strip().splitlines()[-1]

    assert run() == "| knowledge/t/trees#splits"
    for file in tmp_path.rglob("chroma.sqlite3"):
        file.write_bytes(b"not a database at all" * 200)
    assert run() == "The guide index was damaged and has been rebuilt. | knowledge/t/trees#splits"
    assert run() == "| knowledge/t/trees#splits"


def test_without_a_folder_to_write_to_the_index_lives_in_memory(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    index = retrieval.open_index(blocked / "index", CountingEmbedder(), PAGES)
    assert "memory" in index.notice
    assert sources(index, "impurity split")[0] == "knowledge/t/trees#splits"


def test_no_pages_and_odd_queries_give_nothing_and_no_error(tmp_path):
    empty = retrieval.open_index(tmp_path / "a", CountingEmbedder(), [])
    assert empty.search("anything") == []
    index = retrieval.open_index(tmp_path / "b", CountingEmbedder(), PAGES)
    for query in ("", "   ", "???", "\u202eabc", "x" * 50_000):
        assert all(0.0 <= p.score <= 1.0 for p in index.search(query, 3))


def test_long_sections_are_cut_and_found_by_their_end(tmp_path):
    text = "\n\n".join(f"Paragraph {n} speaks of ordinary matters at some length, again and again." for n in range(40)) + "\n\nZebra quagga."
    index = retrieval.open_index(tmp_path, CountingEmbedder(), [page("long", ("all", text, ())), *PAGES])
    assert len(retrieval.entries([page("long", ("all", text, ()))])) > 3
    assert sources(index, "zebra quagga")[0] == "knowledge/t/long#all"


def test_a_chroma_server_that_is_not_there_is_named():
    with pytest.raises(IndexUnavailable, match="http://localhost:1 does not answer"):
        retrieval.connect("http://localhost:1")


def test_the_index_on_a_real_chroma_server(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    server = subprocess.Popen([chroma, "run", "--path", str(tmp_path / "server"), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://localhost:{port}"
        for _ in range(600):
            try:
                retrieval.connect(url)
                break
            except IndexUnavailable:
                time.sleep(0.1)
        first = CountingEmbedder()
        index = retrieval.open_index(tmp_path, first, PAGES, url=url)
        assert sources(index, "impurity split")[0] == "knowledge/t/trees#splits"
        again = CountingEmbedder()
        retrieval.open_index(tmp_path, again, PAGES, url=url)
        assert again.asked == []
    finally:
        server.kill()
        server.wait()


def test_neither_figures_nor_addresses_are_embedded_or_shown(tmp_path):
    text = "Long waves, see [how they split](knowledge/t/trees#splits).\n\n![A quagga on a swell](knowledge/figures/quagga.svg)\n\nFar storms."
    embedder = CountingEmbedder()
    index = retrieval.open_index(tmp_path, embedder, [page("waves", ("swell", text, ())), PAGES[0]])
    assert any("see how they split" in asked for asked in embedder.asked)
    assert not any("quagga" in asked or "knowledge/" in asked for asked in embedder.asked)
    assert index.lexical("quagga") == {}
    (found,) = [p for p in index.search("far storms", 3) if p.source == "knowledge/t/waves#swell"]
    assert found.text == "Long waves, see how they split.\n\nFar storms."


def test_a_mistyped_word_is_brought_to_the_guide_s_and_other_words_are_left():
    typos = retrieval.Typos(["Gradient boosting, boosting again and the gradient.", "bossing"], known=lambda word: word == "boasting")
    assert typos.mended("how does graident bosting work?") == "how does gradient boosting work?"
    assert typos.mended("gardiant") == "gradient"  # two slips in a long word
    assert typos.mended("bosing") == "bosing"  # "bossing" stands there once: that may be an error of its own
    for left in ("boasting", "Bosting", "grad", "xgboost", "gradient", "quagga", "the"):
        assert typos.mended(left) == left


def test_one_chance_likeness_does_not_lead_to_a_section(tmp_path):
    odd = page("odd", ("chance", "zzzzzz", ("wobbly knees",)), ("meant", "wobbling knees hurt", ("wobble knees", "my knees wobble")))
    index = retrieval.open_index(tmp_path, CountingEmbedder(), [odd])
    assert max(index.dense("wobbly knees"), key=index.dense("wobbly knees").get) == "knowledge/t/odd#chance"
    assert max(index.halves("wobbly knees")[0], key=index.halves("wobbly knees")[0].get) == "knowledge/t/odd#meant"


def test_a_search_looks_for_the_word_that_was_meant(tmp_path):
    index = retrieval.open_index(
        tmp_path, CountingEmbedder(), [page("zoo", ("quokkas", "A quokka is small, and no other quokka minds.", ()), ("kiwis", "They run.", ()))]
    )
    assert index.lexical("quokak") == {}
    assert list(index.halves("quokak")[1]) == ["knowledge/t/zoo#quokkas"]


def test_a_section_that_is_asked_for_in_one_phrase_comes_before_one_that_has_the_words_all_over(tmp_path):
    filler = " ".join(f"filler{n}" for n in range(80))
    scattered = ("scattered", f"knees here. {filler}. Something wobbly there. {filler}. At noon, at last.", ())
    asked = ("asked", f"{filler}. {filler}. {filler}. {filler}.", ("wobbly knees at noon",))
    index = retrieval.open_index(tmp_path, CountingEmbedder(), [page("legs", scattered, asked)])
    found = index.lexical("wobbly knees noon")
    assert 1.0 >= found["knowledge/t/legs#asked"] > found["knowledge/t/legs#scattered"] > 0


def test_words_that_stand_nowhere_find_nothing():
    lexical = retrieval.Lexical(["a quokka", "a kiwi"])
    assert lexical.scores("quokka").tolist() == [1.0, 0.0]
    assert lexical.scores("zebra").tolist() == [0.0, 0.0]
    assert retrieval.Lexical([]).scores("quokka").tolist() == []
