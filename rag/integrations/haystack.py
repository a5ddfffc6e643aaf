"""A component for Haystack: ``SanadRetriever(Engine(Settings()))``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.errors import MissingExtra
from rag.integrations import Source, found

try:
    from haystack import Document, component
except ImportError as error:
    raise MissingExtra(
        "the component needs haystack-ai",
        hint="install it with: pip install 'sanad[haystack]'",
    ) from error


@component
class SanadRetriever:
    """The passages nearest to a query, best first; ``source`` is an Engine or a Client.

    A pipeline with it runs, but cannot be written to YAML: an engine is no text.
    """

    def __init__(
        self,
        source: Source,
        top_k: int | None = None,
        *,
        where: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        self._source = source
        self._top_k = top_k
        self._where = where
        self._collection = collection

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        top_k: int | None = None,
        where: list[str] | None = None,
        collection: str | None = None,
    ) -> dict[str, Any]:
        """The passages as documents, with their place in ``meta``; what is given here goes first."""
        passages = found(
            self._source,
            query,
            self._top_k if top_k is None else top_k,
            where=self._where if where is None else where,
            collection=self._collection if collection is None else collection,
        )
        documents = [
            Document(id=passage.id, content=passage.text, meta=place, score=hit.score)
            for passage, hit, place in passages
        ]
        return {"documents": documents}
