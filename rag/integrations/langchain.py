"""A retriever for LangChain: ``SanadRetriever(source=Engine(Settings()))``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.errors import MissingExtra
from rag.integrations import found

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise MissingExtra(
        "the retriever needs langchain-core",
        hint="install it with: pip install 'sanad[langchain]'",
    ) from error


class SanadRetriever(BaseRetriever):
    """The passages nearest to a question, best first; ``source`` is an Engine or a Client.

    ``invoke(question, k=…, where=…, collection=…)`` puts its own in the place of the retriever's.
    """

    source: Any
    k: int | None = None
    where: Sequence[str] = ()
    collection: str | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain names it
        k: int | None = None,
        where: Sequence[str] | None = None,
        collection: str | None = None,
    ) -> list[Document]:
        passages = found(
            self.source,
            query,
            self.k if k is None else k,
            where=self.where if where is None else where,
            collection=self.collection if collection is None else collection,
        )
        return [
            Document(id=passage.id, page_content=passage.text, metadata=place)
            for passage, _, place in passages
        ]
