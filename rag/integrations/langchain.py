"""A retriever for LangChain: ``SanadRetriever(source=Engine(Settings()))``."""

from __future__ import annotations

from typing import Any

from rag.errors import MissingExtra
from rag.integrations import described

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
    """The passages nearest to a question, best first; ``source`` is an Engine or a Client."""

    source: Any
    k: int | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain names it
    ) -> list[Document]:
        found = self.source.search(query, self.k)
        return [
            Document(id=passage.id, page_content=passage.text, metadata=about)
            for (passage, _), about in zip(found, described(self.source, found), strict=True)
        ]
