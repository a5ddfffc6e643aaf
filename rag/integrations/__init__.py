"""Sanad inside other frameworks: thin adapters over an engine or over a client of the service.

Each needs its own extra: ``langchain``, ``llama-index``, ``haystack``, ``mcp``. ``where`` are filters
as everywhere (``published>=2025-01-01``), ``collection`` is another collection than the source's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

from rag.naming import within
from rag.types import Document, Hit, Passage, document_url


class Source(Protocol):
    """What the adapters read from: :class:`rag.engine.Engine` or :class:`rag.client.Client`."""

    def search(
        self, question: str, k: int | None = None, *, where: Sequence[str] = ()
    ) -> list[tuple[Passage, Hit]]:
        """The best passages, best first, of documents that pass all filters."""

    def document(self, id: str) -> Document:
        """One stored document."""

    def for_collection(self, name: str | None) -> Self:
        """The same of another collection; itself where no name is given."""


Found = list[tuple[Passage, Hit, dict[str, Any]]]


def found(
    source: Source,
    question: str,
    k: int | None = None,
    *,
    where: Sequence[str] = (),
    collection: str | None = None,
) -> Found:
    """The best passages, best first, each with where it stands: ``document.text[start:end]`` is its text."""
    source = source.for_collection(collection)
    passages = source.search(question, k, where=where)
    ids = {passage.document_id for passage, _ in passages}
    documents = {id: source.document(id) for id in ids}
    return [
        (passage, hit, _place(documents[passage.document_id], passage, hit, collection))
        for passage, hit in passages
    ]


def _place(
    document: Document, passage: Passage, hit: Hit, collection: str | None
) -> dict[str, Any]:
    url = document_url(document.id, passage.start, passage.end)
    return {
        "document_id": document.id,
        "title": document.title,
        "source": document.source,
        "published": document.published,
        "start": passage.start,
        "end": passage.end,
        "language": passage.language,
        "score": hit.score,
        "url": within(url, collection),
    }
