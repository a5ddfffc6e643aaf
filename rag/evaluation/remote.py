"""A Sanad service as what is measured; what it sends is read with care."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import quote, urlencode

from rag.errors import Unavailable, UnknownDocument
from rag.evaluation.connection import Connection
from rag.evaluation.corpus import Library
from rag.evaluation.metrics import Place
from rag.evaluation.targets import Quoted, Reply
from rag.types import AbstentionCode, Document, DocumentSummary, IndexState, Span

DOCUMENT_URL = "/v1/documents/"
_PAGE = 200
_CODES = frozenset(get_args(AbstentionCode))


def sanad(address: str, key: str | None = None, *, collection: str | None = None) -> SanadTarget:
    """The service at an address such as http://127.0.0.1:8765; its own collection if none is named."""
    return SanadTarget(Connection(address, key), collection)


class SanadTarget:
    """A Sanad service over HTTP; also the library of the documents it answers from."""

    def __init__(self, connection: Connection, collection: str | None = None) -> None:
        self._connection = connection
        self._named = {} if collection is None else {"collection": collection}

    @property
    def library(self) -> Library:
        """The service's documents."""
        return self

    def describe(self) -> Mapping[str, Any]:
        """Its address, and the collection where one was named."""
        return {"kind": "sanad", "address": self._connection.address, **self._named}

    def warm(self) -> None:
        """Asks whether the service is ready; raises Unavailable, also where it is no Sanad."""
        try:
            self._connection.call("GET", "/readyz")
        except UnknownDocument as error:
            raise Unavailable(
                f"{self._connection.address} is not a Sanad service: it has no /readyz",
                hint="give the address without a path, such as http://127.0.0.1:8765; a chat endpoint is "
                "--target openai:http://127.0.0.1:8000/v1 --model NAME",
            ) from error

    def _asking(self, question: str, k: int) -> dict[str, object]:
        return {"question": question, "k": k, **self._named}

    def ask(self, question: str, k: int) -> Reply:
        """The service's answer."""
        found = self._connection.call("POST", "/v1/ask", self._asking(question, k))
        try:
            return reply_of(found)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._connection.strange(f"not an answer of Sanad: {error!r}") from error

    def search(self, question: str, k: int) -> list[Place]:
        """The service's passages."""
        found = self._connection.call("POST", "/v1/search", self._asking(question, k))
        try:
            return [
                Place(
                    document_id=str(one["document_id"]),
                    span=Span(start=int(one["start"]), end=int(one["end"])),
                )
                for one in found["passages"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self._connection.strange(f"not passages of Sanad: {error!r}") from error

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What is stored there."""
        listed: list[DocumentSummary] = []
        while limit is None or len(listed) < limit:
            asked = {"offset": offset + len(listed), "limit": _PAGE, **self._named}
            page = self._connection.call("GET", f"/v1/documents?{urlencode(asked)}")
            try:
                names = DocumentSummary.__dataclass_fields__
                some = [
                    DocumentSummary(**{name: one[name] for name in names})
                    for one in page["documents"]
                ]
            except (KeyError, TypeError) as error:
                raise self._connection.strange(f"not a listing of Sanad: {error!r}") from error
            listed += some
            if len(some) < _PAGE:
                break
        return listed[:limit]

    def document(self, id: str) -> Document:
        """One stored document; raises UnknownDocument."""
        place = DOCUMENT_URL + quote(id, safe="")
        found = self._connection.call(
            "GET", f"{place}?{urlencode(self._named)}" if self._named else place
        )
        names = ("id", "text", "sha256", "title", "source", "language", "media_type", "published")
        try:
            return Document(**{name: found[name] for name in names})
        except (KeyError, TypeError) as error:
            raise self._connection.strange(f"not a document of Sanad: {error!r}") from error


def reply_of(found: dict[str, Any]) -> Reply:
    """The reply an answer object tells; raises KeyError, TypeError, ValueError, AttributeError."""
    abstention = found["abstention"] or {}
    status = found["status"]
    if status not in ("answered", "abstained"):
        raise ValueError(f"status is {status!r}")
    code = abstention.get("code")
    return Reply(
        status=status,
        answer=None if found["answer"] is None else str(found["answer"]),
        abstention=code if code in _CODES else None,
        confidence=float(found["confidence"]),
        citations=tuple(
            Quoted(
                document_id=str(one["document_id"]),
                sha256=str(one["document_sha256"]),
                start=int(one["start"]),
                end=int(one["end"]),
                quote=str(one["quote"]),
            )
            for one in found["citations"]
        ),
        dropped=int(found.get("dropped_citations", 0)),
        state=IndexState(
            generation=str(found["index"]["generation"]),
            fingerprint=str(found["index"]["fingerprint"]),
        ),
    )
