"""Sanad inside other frameworks: thin adapters over an engine or over a client of the service.

Each needs its own extra: ``langchain``, ``llama-index``, ``haystack``, ``mcp``.
"""

from __future__ import annotations

from typing import Any, Protocol

from rag.types import Document, Hit, Passage, document_url


class Source(Protocol):
    """What the adapters read from: :class:`rag.engine.Engine` or :class:`rag.client.Client`."""

    def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """The best passages, best first."""

    def document(self, id: str) -> Document:
        """One stored document."""


def described(source: Source, found: list[tuple[Passage, Hit]]) -> list[dict[str, Any]]:
    """For each passage where it stands: ``document.text[start:end]`` is its text."""
    documents = {id: source.document(id) for id in {passage.document_id for passage, _ in found}}
    return [
        {
            "document_id": passage.document_id,
            "title": documents[passage.document_id].title,
            "source": documents[passage.document_id].source,
            "published": documents[passage.document_id].published,
            "start": passage.start,
            "end": passage.end,
            "language": passage.language,
            "score": hit.score,
            "url": document_url(passage.document_id, passage.start, passage.end),
        }
        for passage, hit in found
    ]
