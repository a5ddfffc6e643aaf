"""Short names to parts, loaded on first use; the one place a new part is listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rag.contextual import ContextualModel
from rag.embedding.contextual import ContextualEmbedder
from rag.embedding.static import StaticEmbedder
from rag.protocols import Embedder, Reader
from rag.reading.evidence import EvidenceReader, EvidenceWeights
from rag.settings import Settings

MODELS = Path(__file__).parent / "models"
BILINGUAL = "sanad-bilingual-v1"  # the network: vectors of texts, spans of answers
PIECES = "sanad-static-v1"  # one vector a piece: late interaction, or a fast embedder
EVIDENCE = MODELS / "evidence.json"  # fitted weights of ranking, reading and confidence


@cache
def contextual_model() -> ContextualModel:
    """The embedded bilingual network, loaded once a process."""
    return ContextualModel(MODELS / BILINGUAL)


@cache
def piece_embedder() -> StaticEmbedder:
    """The embedded vectors of pieces, loaded once a process."""
    return StaticEmbedder(MODELS / PIECES)


def reader(settings: Settings) -> Reader:
    """The reader the settings name; raises ConfigurationError, MissingExtra or ModelDamaged."""
    if settings.reader == BILINGUAL:
        weights = EvidenceWeights.load(EVIDENCE)
        return EvidenceReader(piece_embedder(), contextual_model(), weights)
    from rag.reading.extractive import ExtractiveReader, TransformersSpanModel

    spans = TransformersSpanModel(settings.reader, allow_download=settings.allow_download)
    return ExtractiveReader(spans, name=settings.reader)


def embedder(settings: Settings) -> Embedder:
    """The embedder the settings name; raises ConfigurationError, MissingExtra or ModelDamaged."""
    if settings.embedder == BILINGUAL:
        return ContextualEmbedder(contextual_model())
    if settings.embedder == PIECES:
        return piece_embedder()
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
