"""Short names to parts, loaded on first use; the one place a new part is listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rag.embedding.static import StaticEmbedder
from rag.protocols import Embedder
from rag.settings import Settings

MODELS = Path(__file__).parent / "models"
DEFAULT_EMBEDDER = "sanad-static-v1"


@cache
def embedded_model() -> StaticEmbedder:
    """The embedded bilingual model, loaded once a process."""
    return StaticEmbedder(MODELS / DEFAULT_EMBEDDER)


def embedder(settings: Settings) -> Embedder:
    """The embedder the settings name; raises ConfigurationError, MissingExtra or ModelDamaged."""
    if settings.embedder == DEFAULT_EMBEDDER:
        return embedded_model()
    from rag.embedding.sentence_transformer import (
        KNOWN_PREFIXES,
        Prefixes,
        SentenceTransformerEmbedder,
    )

    prefixes = KNOWN_PREFIXES.get(settings.embedder, Prefixes())
    return SentenceTransformerEmbedder(
        settings.embedder,
        prefixes=Prefixes(
            query=prefixes.query if settings.query_prefix is None else settings.query_prefix,
            passage=prefixes.passage
            if settings.passage_prefix is None
            else settings.passage_prefix,
        ),
        allow_download=settings.allow_download,
    )
