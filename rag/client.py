"""A client of a running service, sync and async, with the same values as the engine gives.

>>> with Client("http://127.0.0.1:8765") as client:  # doctest: +SKIP
...     answer = client.ask("متى سيطرت روسيا على باخموت؟")

Every call only reads, so what the service was too busy for is asked again, at most ``retries`` times
and after the time it names. What it refuses is raised as the class of :mod:`rag.errors` that the
engine raises. Needs the ``client`` extra.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from rag import errors
from rag.conversation import Turn
from rag.errors import RagError, Unavailable, UsageError
from rag.types import (
    Abstention,
    Answer,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    IndexState,
    Language,
    Passage,
)

ADDRESS = "http://127.0.0.1:8765"
_LONGEST_WAIT = 10.0  # seconds before a repeated request, whatever the service names
_RETRIED = frozenset({429, 503})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a streamed answer: status, passage, answer, citation or done."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, int] | None = None


def _ask(
    question: str,
    k: int | None,
    language: Language | None,
    history: Sequence[Turn],
    *,
    stream: bool = False,
) -> _Call:
    body: dict[str, Any] = {"question": question}
    if k is not None:
        body["k"] = k
    if language is not None:
        body["language"] = language
    if history:
        body["history"] = [{"role": turn.role, "content": turn.text} for turn in history]
    return _Call("POST", "/v1/ask", body | ({"stream": True} if stream else {}))


def _search(question: str, k: int | None) -> _Call:
    return _Call("POST", "/v1/search", {"question": question} | ({} if k is None else {"k": k}))


def _document(id: str) -> _Call:
    return _Call("GET", f"/v1/documents/{quote(id, safe='')}")


def _documents(offset: int, limit: int) -> _Call:
    return _Call("GET", "/v1/documents", query={"offset": offset, "limit": limit})


def _made(kind: type[T], content: Mapping[str, Any], **given: Any) -> T:  # noqa: ANN401
    """The value of a class, passing over what a newer service sends besides."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in content.items() if name in known} | given)


def answer_from(content: Mapping[str, Any]) -> Answer:
    """The answer of an answer object as JSON."""
    reason = content["abstention"]
    return _made(
        Answer,
        content,
        abstention=_made(Abstention, reason) if reason else None,
        citations=tuple(_made(Citation, cited) for cited in content["citations"]),
        index=_made(IndexState, content["index"]),
    )


def _found(content: Mapping[str, Any]) -> list[tuple[Passage, Hit]]:
    return [
        (
            _made(Passage, one, id=one["passage_id"]),
            _made(Hit, one, rank=one["n"] - 1),
        )
        for one in content["passages"]
    ]


def _read(content: Mapping[str, Any]) -> Document:
    return _made(Document, content, pages=tuple(content["pages"]))


def _listed(content: Mapping[str, Any]) -> list[DocumentSummary]:
    return [_made(DocumentSummary, one) for one in content["documents"]]


def _events(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = json.loads(line.removeprefix("data: "))
            if name == "error":
                raise _error(data, 500)
            yield Event(name, data)


def _error(content: Any, status: int) -> RagError:  # noqa: ANN401 - whatever answered
    """The error a body tells, as the class with its code."""
    told = content.get("error") if isinstance(content, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        return Unavailable(
            f"the service answered with status {status}",
            hint="check that the address is that of sanad serve",
        )
    kinds = {kind.code: kind for kind in _below(RagError) if kind.__module__ == errors.__name__}
    kind = kinds.get(str(told.get("code")), UsageError if status < 500 else Unavailable)
    return kind(told["message"], parameter=told.get("param"))


def _below(kind: type[RagError]) -> Iterator[type[RagError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _content(reply: httpx.Response) -> Any:  # noqa: ANN401
    try:
        content = reply.json()
    except ValueError:
        content = None
    if not reply.is_success or content is None:
        raise _error(content, reply.status_code)
    return content


def _wait(reply: httpx.Response | None, attempt: int) -> float:
    """Seconds until the next attempt: what the service says, or a little longer each time."""
    stated = reply.headers.get("retry-after", "") if reply is not None else ""
    seconds = float(stated) if stated.isdecimal() else 0.2 * 2**attempt
    return min(seconds, _LONGEST_WAIT)


def _unreachable(base_url: str, error: httpx.HTTPError) -> Unavailable:
    return Unavailable(
        f"no answer from {base_url!r}: {error or type(error).__name__}",
        hint="start the service with: sanad serve",
    )


@dataclass(frozen=True, slots=True)
class _Options:
    base_url: str
    headers: dict[str, str]
    timeout: float
    retries: int


def _options(base_url: str, key: str | None, timeout: float, retries: int) -> _Options:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return _Options(base_url.rstrip("/"), headers, timeout, retries)


class Client:
    """A client whose calls wait. Safe to share between threads; close it, or use it with ``with``."""

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = _options(base_url, key, timeout, retries)
        self._http = httpx.Client(
            base_url=self._options.base_url,
            headers=self._options.headers,
            timeout=timeout,
            transport=transport,
        )

    def ask(
        self,
        question: str,
        k: int | None = None,
        *,
        language: Language | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """The answer with verified citations, or an abstention; as Engine.ask."""
        return answer_from(self._sent(_ask(question, k, language, history)))

    def stream(
        self,
        question: str,
        k: int | None = None,
        *,
        language: Language | None = None,
        history: Sequence[Turn] = (),
    ) -> Iterator[Event]:
        """The events of an answer as they come; the last is "done" with the answer object."""
        call = _ask(question, k, language, history, stream=True)
        try:
            with self._http.stream(call.method, call.path, json=call.body) as reply:
                if not reply.is_success:
                    reply.read()
                    _content(reply)
                yield from _events(reply.iter_lines())
        except httpx.HTTPError as error:
            raise _unreachable(self._options.base_url, error) from error

    def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """The best passages, without an answer; as Engine.search."""
        return _found(self._sent(_search(question, k)))

    def document(self, id: str) -> Document:
        """One stored document; raises UnknownDocument, NoIndex."""
        return _read(self._sent(_document(id)))

    def documents(self, *, offset: int = 0, limit: int = 50) -> list[DocumentSummary]:
        """What is stored, by id."""
        return _listed(self._sent(_documents(offset, limit)))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sent(self, call: _Call) -> Any:  # noqa: ANN401
        for attempt in range(self._options.retries + 1):
            reply, last = None, attempt == self._options.retries
            try:
                reply = self._http.request(
                    call.method, call.path, json=call.body, params=call.query
                )
            except httpx.ConnectError as error:
                if last:
                    raise _unreachable(self._options.base_url, error) from error
            except httpx.HTTPError as error:
                raise _unreachable(self._options.base_url, error) from error
            if reply is not None and (last or reply.status_code not in _RETRIED):
                return _content(reply)
            time.sleep(_wait(reply, attempt))
        raise AssertionError("the last attempt returns or raises")


class AsyncClient:
    """The same client with calls to await; close it, or use it with ``async with``."""

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._options = _options(base_url, key, timeout, retries)
        self._http = httpx.AsyncClient(
            base_url=self._options.base_url,
            headers=self._options.headers,
            timeout=timeout,
            transport=transport,
        )

    async def ask(
        self,
        question: str,
        k: int | None = None,
        *,
        language: Language | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """As Client.ask."""
        return answer_from(await self._sent(_ask(question, k, language, history)))

    async def stream(
        self,
        question: str,
        k: int | None = None,
        *,
        language: Language | None = None,
        history: Sequence[Turn] = (),
    ) -> AsyncIterator[Event]:
        """As Client.stream."""
        call = _ask(question, k, language, history, stream=True)
        name = ""
        try:
            async with self._http.stream(call.method, call.path, json=call.body) as reply:
                if not reply.is_success:
                    await reply.aread()
                    _content(reply)
                async for line in reply.aiter_lines():
                    if line.startswith("event: "):
                        name = line
                    for event in _events(iter([name, line] if line != name else [])):
                        yield event
        except httpx.HTTPError as error:
            raise _unreachable(self._options.base_url, error) from error

    async def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """As Client.search."""
        return _found(await self._sent(_search(question, k)))

    async def document(self, id: str) -> Document:
        """As Client.document."""
        return _read(await self._sent(_document(id)))

    async def documents(self, *, offset: int = 0, limit: int = 50) -> list[DocumentSummary]:
        """As Client.documents."""
        return _listed(await self._sent(_documents(offset, limit)))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _sent(self, call: _Call) -> Any:  # noqa: ANN401
        for attempt in range(self._options.retries + 1):
            reply, last = None, attempt == self._options.retries
            try:
                reply = await self._http.request(
                    call.method, call.path, json=call.body, params=call.query
                )
            except httpx.ConnectError as error:
                if last:
                    raise _unreachable(self._options.base_url, error) from error
            except httpx.HTTPError as error:
                raise _unreachable(self._options.base_url, error) from error
            if reply is not None and (last or reply.status_code not in _RETRIED):
                return _content(reply)
            await asyncio.sleep(_wait(reply, attempt))
        raise AssertionError("the last attempt returns or raises")
