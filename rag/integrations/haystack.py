"""A component for Haystack: ``SanadRetriever(Engine(Settings()))``."""

from __future__ import annotations

from typing import Any

from rag.errors import MissingExtra
from rag.integrations import Source, described

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

    def __init__(self, source: Source, top_k: int | None = None) -> None:
        self._source = source
        self._top_k = top_k

    @component.output_types(documents=list[Document])
    def run(self, query: str, top_k: int | None = None) -> dict[str, Any]:
        """The passages as documents, with their place in ``meta``."""
        found = self._source.search(query, top_k or self._top_k)
        documents = [
            Document(id=passage.id, content=passage.text, meta=about, score=hit.score)
            for (passage, hit), about in zip(found, described(self._source, found), strict=True)
        ]
        return {"documents": documents}
