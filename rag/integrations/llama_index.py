"""A retriever for LlamaIndex: ``SanadRetriever(Engine(Settings()))``."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import MissingExtra
from rag.integrations import Source, found

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

    def __init__(
        self,
        source: Source,
        k: int | None = None,
        *,
        where: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        self._source = source
        self._k = k
        self._where = where
        self._collection = collection
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        passages = found(
            self._source,
            query_bundle.query_str,
            self._k,
            where=self._where,
            collection=self._collection,
        )
        return [
            NodeWithScore(
                node=TextNode(
                    id_=passage.id,
                    text=passage.text,
                    metadata=place,
                    start_char_idx=passage.start,
                    end_char_idx=passage.end,
                ),
                score=hit.score,
            )
            for passage, hit, place in passages
        ]
