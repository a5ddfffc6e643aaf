"""A retriever for LlamaIndex: ``SanadRetriever(Engine(Settings()))``."""

from __future__ import annotations

from rag.errors import MissingExtra
from rag.integrations import Source, described

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ImportError as error:
    raise MissingExtra(
        "the retriever needs llama-index-core",
        hint="install it with: pip install 'sanad[llama-index]'",
    ) from error


class SanadRetriever(BaseRetriever):
    """The passages nearest to a question, best first; ``source`` is an Engine or a Client."""

    def __init__(self, source: Source, k: int | None = None) -> None:
        self._source = source
        self._k = k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._source.search(query_bundle.query_str, self._k)
        return [
            NodeWithScore(
                node=TextNode(
                    id_=passage.id,
                    text=passage.text,
                    metadata=about,
                    start_char_idx=passage.start,
                    end_char_idx=passage.end,
                ),
                score=hit.score,
            )
            for (passage, hit), about in zip(found, described(self._source, found), strict=True)
        ]
