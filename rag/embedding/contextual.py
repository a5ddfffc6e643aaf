"""The embedded contextual embedder: queries and passages of both languages in one space."""

from __future__ import annotations

from collections.abc import Sequence

from rag.contextual import ContextualModel
from rag.types import Vectors


class ContextualEmbedder:
    """Mean vectors of the bilingual trunk; the model wants no prefix."""

    def __init__(self, model: ContextualModel) -> None:
        self._model = model
        self.name = model.name
        self.fingerprint = model.fingerprint
        self.dim = model.dim

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim)."""
        return self._model.vectors(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim)."""
        return self._model.vectors(texts)
