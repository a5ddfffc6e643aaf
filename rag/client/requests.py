"""What can be asked of a service, as values: each request knows how its reply is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import quote

from rag.client import replies
from rag.client.replies import Written
from rag.conversation import Turn
from rag.types import Answer, Document, DocumentSummary, Hit, Language, Passage

if TYPE_CHECKING:
    from rag.index.collections import CollectionSummary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One request; ``read`` makes its reply a value. ``named_in`` is where a collection is named."""

    method: str
    path: str
    read: Callable[[Any], T]
    named_in: Literal["body", "query", "nowhere"] = "query"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, bytes], ...] = ()

    def within(self, collection: str | None) -> Request[T]:
        """The same of another collection than the service's own."""
        if collection is None or self.named_in == "nowhere":
            return self
        named = {"collection": collection}
        if self.named_in == "body":
            return replace(self, body={**(self.body or {}), **named})
        return replace(self, query={**self.query, **named})


def ask(
    question: str,
    k: int | None = None,
    *,
    language: Language | None = None,
    where: Sequence[str] = (),
    history: Sequence[Turn] = (),
) -> Request[Answer]:
    """The answer with verified citations, or an abstention; as Engine.ask."""
    told = [{"role": turn.role, "content": turn.text} for turn in history]
    body = {"question": question} | _given(k=k, language=language, where=where, history=told)
    return Request("POST", "/v1/ask", replies.answer, "body", body)


def search(
    question: str, k: int | None = None, *, where: Sequence[str] = ()
) -> Request[list[tuple[Passage, Hit]]]:
    """The best passages, without an answer; as Engine.search."""
    body = {"question": question} | _given(k=k, where=where)
    return Request("POST", "/v1/search", replies.found, "body", body)


def documents(
    *, offset: int = 0, limit: int = 50, where: Sequence[str] = ()
) -> Request[list[DocumentSummary]]:
    """What is stored, by id, at most 200 at a time; as Engine.documents."""
    query = {"offset": offset, "limit": limit} | _given(where=where)
    return Request("GET", "/v1/documents", replies.listed, query=query)


def count_documents(*, where: Sequence[str] = ()) -> Request[int]:
    """How many documents are stored, or pass the filters; as Engine.count_documents."""
    query = {"limit": 1} | _given(where=where)
    return Request("GET", "/v1/documents", replies.total, query=query)


def document(id: str) -> Request[Document]:
    """One stored document; raises UnknownDocument, NoIndex."""
    return Request("GET", _path(id), replies.document)


def put(
    id: str,
    text: str,
    *,
    title: str | None = None,
    source: str | None = None,
    published: str | None = None,
    language: Language | None = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> Request[Written]:
    """Stores a text under an id; the same again is unchanged. Raises InvalidParameter, IndexLocked."""
    body = {"text": text} | _given(
        title=title,
        source=source,
        published=published,
        language=language,
        tags=tags,
        metadata=metadata,
    )
    return Request("PUT", _path(id), replies.written, body=body)


def upload(files: Sequence[Path | tuple[str, bytes]]) -> Request[list[Written]]:
    """Stores what is in files, read as ``sanad ingest`` reads them: what became of each document.

    A file is a path, or a name with its content. One that cannot be read is "failed", with the
    reason, and keeps no other from being stored.
    """
    sent = tuple((one.name, one.read_bytes()) if isinstance(one, Path) else one for one in files)
    return Request("POST", "/v1/documents", replies.uploaded, files=sent)


def delete(id: str) -> Request[str]:
    """Removes a document: the first generation without it. Raises UnknownDocument, IndexLocked."""
    return Request("DELETE", _path(id), replies.generation)


def collections() -> Request[list[CollectionSummary]]:
    """All collections of the service, by name; as Engine.collections."""
    return Request("GET", "/v1/collections", replies.collections, "nowhere")


def _given(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
    """The values that say something; where one is left out the service's own counts."""
    lists = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
    return {name: value for name, value in lists.items() if value is not None and value != []}


def _path(id: str) -> str:
    return f"/v1/documents/{quote(id, safe='')}"
