"""Any sentence-transformers model, by hub name or folder (the ``models`` extra)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from rag.errors import ConfigurationError, MissingExtra
from rag.types import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """What a model was trained to see before a query and before a passage."""

    query: str = ""
    passage: str = ""


# From the models' own cards; a model without an entry gets none unless the settings name some.
KNOWN_PREFIXES = {
    "intfloat/multilingual-e5-small": Prefixes(query="query: ", passage="passage: "),
    "intfloat/multilingual-e5-base": Prefixes(query="query: ", passage="passage: "),
    "intfloat/multilingual-e5-large": Prefixes(query="query: ", passage="passage: "),
    "intfloat/multilingual-e5-large-instruct": Prefixes(
        query="Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "
    ),
    "BAAI/bge-small-en-v1.5": Prefixes(
        query="Represent this sentence for searching relevant passages: "
    ),
    "BAAI/bge-base-en-v1.5": Prefixes(
        query="Represent this sentence for searching relevant passages: "
    ),
    "nomic-ai/nomic-embed-text-v1.5": Prefixes(query="search_query: ", passage="search_document: "),
    "nomic-ai/nomic-embed-text-v2-moe": Prefixes(
        query="search_query: ", passage="search_document: "
    ),
}

# What a module after the network does with its vectors.
_DECIDING = ("pooling_mode", "activation_function", "do_lower_case")


class SentenceTransformerEmbedder:
    """Wraps one model; calls are serialised, since fast tokenizers may not be shared mid-call.

    ``prefixes`` defaults to what is known of the model. Weights must be safetensors, no code of the
    model is run, and nothing is downloaded unless ``allow_download``.
    """

    def __init__(
        self, model: str, *, prefixes: Prefixes | None = None, allow_download: bool = False
    ) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra(
                f"the embedder {model!r} needs sentence-transformers, which is not installed",
                hint="pip install torch==2.13.0 && pip install 'sanad[models]'",
            ) from error
        try:
            self._model: Any = SentenceTransformer(
                model,
                device="cpu",
                trust_remote_code=False,
                local_files_only=not allow_download,
                model_kwargs={"use_safetensors": True},
            )
        # The library raises OSError, ValueError and its own kinds for a missing or broken model.
        except Exception as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ConfigurationError(
                f"the embedder {model!r} could not be loaded: {reason}",
                hint="name a folder with a sentence-transformers model, or one already in the hub "
                "cache (SANAD_ALLOW_DOWNLOAD=1 fetches it)",
                parameter="embedder",
            ) from error
        self.name = model
        self.dim = int(self._model.get_embedding_dimension() or 0)
        self._prefixes = prefixes or KNOWN_PREFIXES.get(model, Prefixes())
        self._lock = Lock()
        self.fingerprint = f"{Path(model).name}@{self._digest()}"

    def _digest(self) -> str:
        """Changes with what decides a vector: weights, pieces, pooling, length and the prefixes.

        Of each parameter name, shape and sum are hashed; of the rest what no version of the library
        names otherwise.
        """
        digest = hashlib.sha256(repr(self._prefixes).encode())
        for name, module in self._model.named_children():
            how = [repr(getattr(module, one, None)) for one in _DECIDING]
            digest.update(f"{name}{type(module).__name__}{how}".encode())
        tokenizer = self._model.tokenizer
        pieces = sorted(getattr(tokenizer, "get_vocab", dict)().items())
        lower = getattr(tokenizer, "do_lower_case", None)
        digest.update(f"{pieces}{lower}{self._model.max_seq_length}".encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{name}{tuple(tensor.shape)}{float(tensor.double().sum())!r}".encode())
        return digest.hexdigest()[:12]

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim) of queries, with the model's query prefix."""
        return self._embed([self._prefixes.query + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim) of passages, with the model's passage prefix."""
        return self._embed([self._prefixes.passage + text for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(
                texts, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.ascontiguousarray(vectors, dtype=np.float32)
