"""The bundled model: what it encodes depends on nothing but the text, and its files are the pinned ones."""

import threading

import numpy as np
import pytest

from interviewer.embedding import MAX_TOKENS, BundledEmbedder, verified
from interviewer.errors import ModelFileError

TEXTS = ["Ridge shrinks weights.", "", "L2 = λ‖w‖²", "A much longer sentence on why a validation set must not be used twice.", "no", "Ridge shrinks weights."]


def same(one, other):
    return one.pieces == other.pieces and np.array_equal(one.tokens, other.tokens) and np.array_equal(one.mean, other.mean)


@pytest.fixture(scope="module")
def beside():
    return BundledEmbedder(threads=3)


def test_texts_encoded_side_by_side_are_those_encoded_one_by_one_and_in_order(embedder, beside):
    alone = [BundledEmbedder(threads=1, kept=1).encode([t])[0] for t in TEXTS]
    assert all(map(same, beside.encode(TEXTS), alone))
    assert all(map(same, beside.encode(TEXTS[::-1]), alone[::-1]))
    assert all(map(same, embedder.encode(TEXTS), alone))


def test_many_threads_may_ask_at_once(beside):
    texts = [f"{word} in sentence {n}" for n in range(6) for word in ("precision", "recall", "drift")]
    found = {}

    def ask(name, some):
        found[name] = beside.encode(some)

    asking = [threading.Thread(target=ask, args=(k, texts[k:] + texts[:k])) for k in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    expected = beside.encode(texts)
    assert all(same(a, b) for k in range(6) for a, b in zip(found[k], expected[k:] + expected[:k], strict=True))


def test_a_long_text_is_cut_and_a_lone_surrogate_is_read(beside):
    long, odd = beside.encode(["word " * 2 * MAX_TOKENS, "a \ud800 b"])
    assert len(long.pieces) == len(long.tokens) == MAX_TOKENS - 2
    assert np.isclose(np.linalg.norm(odd.mean), 1.0)
    assert beside.embed([]).shape == (0, len(odd.mean))


def test_a_file_that_is_not_the_pinned_one_or_is_not_there_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(ModelFileError, match=r"model\.onnx cannot be read"):
        verified(path, "0" * 64)
    path.write_bytes(b"something else")
    with pytest.raises(ModelFileError, match="not the one this version was built with"):
        verified(path, "0" * 64)
