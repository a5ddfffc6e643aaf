"""A client of a running service, sync and async, with the same values as the engine gives.

>>> with Client("http://127.0.0.1:8765") as client:  # doctest: +SKIP
...     answer = client.ask("متى سيطرت روسيا على باخموت؟", where=["published>=2025-01-01"])
...     client.put("news/1", "ارتفع منسوب النهر مترين.", published="2025-11-16")
...     client.for_collection("archive").search("flood")

What the service was too busy for is sent again, at most ``retries`` times and after the time it
names: every call may be repeated, the same document twice is stored once. What it refuses is raised
as the class of :mod:`rag.errors` that the engine raises. The requests are in :mod:`rag.client.requests`,
what they give in :mod:`rag.client.replies`.
"""

from __future__ import annotations

import asyncio
import copy
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from rag.client import replies, requests
from rag.client.replies import (
    AnswerPart,
    Cited,
    Done,
    Event,
    PassageRead,
    StageReached,
    Written,
)
from rag.client.requests import Request
from rag.errors import Unavailable
from rag.types import Answer

__all__ = [
    "AnswerPart",
    "AsyncClient",
    "Cited",
    "Client",
    "Done",
    "Event",
    "PassageRead",
    "StageReached",
    "Written",
]

ADDRESS = "http://127.0.0.1:8765"
_LONGEST_WAIT = 10.0  # seconds before a repeated request, whatever the service names
_RETRIED = frozenset({429, 503})

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])


class _Connection:
    """What both clients keep: where the service is, and how patiently it is asked."""

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        collection: str | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._timeout = timeout
        self._retries = retries
        self._collection = collection

    def for_collection(self, name: str | None) -> Self:
        """A client of another collection, over the same connections; itself where no name is given.

        The collection is first looked for when something is asked of it.
        """
        if name is None:
            return self
        other = copy.copy(self)
        other._collection = name
        return other

    def _arguments(self, request: Request[Any]) -> dict[str, Any]:
        """What httpx is told of a request."""
        sent = request.within(self._collection)
        files = [("file", file) for file in sent.files] or None
        return {
            "method": sent.method,
            "url": sent.path,
            "json": sent.body,
            "params": sent.query,
            "files": files,
        }

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        return Unavailable(
            f"no answer from {self._base_url!r}: {error or type(error).__name__}",
            hint="start the service with: sanad serve",
        )


def _calls(build: Callable[P, Request[T]]) -> Callable[Concatenate[Client, P], T]:
    """The method that sends what ``build`` makes, with its parameters and its description."""

    def call(self: Client, /, *given: P.args, **named: P.kwargs) -> T:
        return self.send(build(*given, **named))

    return _described(call, build)


def _awaits(build: Callable[P, Request[T]]) -> Callable[Concatenate[AsyncClient, P], Awaitable[T]]:
    """The same for the asynchronous client."""

    def call(self: AsyncClient, /, *given: P.args, **named: P.kwargs) -> Awaitable[T]:
        return self.send(build(*given, **named))

    return _described(call, build)


def _streams(
    build: Callable[P, Request[Answer]],
) -> Callable[Concatenate[Client, P], Iterator[Event]]:
    """The method that gives the events of an answer as they come; the last is Done."""

    def call(self: Client, /, *given: P.args, **named: P.kwargs) -> Iterator[Event]:
        return self._events(build(*given, **named))

    return _described(call, build, "The events of the answer as they come; the last is Done.")


def _streams_async(
    build: Callable[P, Request[Answer]],
) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[Event]]:
    """The same for the asynchronous client."""

    def call(self: AsyncClient, /, *given: P.args, **named: P.kwargs) -> AsyncIterator[Event]:
        return self._events(build(*given, **named))

    return _described(call, build, "The events of the answer as they come; the last is Done.")


def _described(call: C, build: Callable[..., Any], about: str | None = None) -> C:
    """The method as ``help`` shows it: with the parameters and the words of what it sends."""
    asked = signature(build)
    own = Parameter("self", Parameter.POSITIONAL_ONLY)
    told = {
        "__name__": build.__name__,
        "__doc__": about or build.__doc__,
        "__signature__": asked.replace(parameters=[own, *asked.parameters.values()]),
    }
    for name, value in told.items():
        setattr(call, name, value)
    return call


class Client(_Connection):
    """A client whose calls wait. Safe to share between threads; close it, or use it with ``with``.

    ``collection`` is the one that is meant; the service's own where it is not given.
    """

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        collection: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, key=key, timeout=timeout, retries=retries, collection=collection)
        self._http = httpx.Client(
            base_url=self._base_url, headers=self._headers, timeout=timeout, transport=transport
        )

    ask = _calls(requests.ask)
    search = _calls(requests.search)
    stream = _streams(requests.ask)
    documents = _calls(requests.documents)
    count_documents = _calls(requests.count_documents)
    document = _calls(requests.document)
    put = _calls(requests.put)
    upload = _calls(requests.upload)
    delete = _calls(requests.delete)
    collections = _calls(requests.collections)

    def send(self, request: Request[T]) -> T:
        """What the service replies; raises what it refuses, and Unavailable."""
        arguments = self._arguments(request)
        for attempt in range(self._retries + 1):
            reply, last = None, attempt == self._retries
            try:
                reply = self._http.request(**arguments)
            except httpx.ConnectError as error:
                if last:
                    raise self._unreachable(error) from error
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            if reply is not None and (last or reply.status_code not in _RETRIED):
                return request.read(_content(reply))
            time.sleep(_wait(reply, attempt))
        raise AssertionError("the last attempt returns or raises")

    def _events(self, request: Request[Answer]) -> Iterator[Event]:
        reading = _Stream()
        try:
            with self._http.stream(**_streamed(self._arguments(request))) as reply:
                if not reply.is_success:
                    reply.read()
                    _content(reply)
                for line in reply.iter_lines():
                    if (event := reading.take(line)) is not None:
                        yield event
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        reading.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Connection):
    """The same client with calls to await; close it, or use it with ``async with``."""

    def __init__(
        self,
        base_url: str = ADDRESS,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        collection: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, key=key, timeout=timeout, retries=retries, collection=collection)
        self._http = httpx.AsyncClient(
            base_url=self._base_url, headers=self._headers, timeout=timeout, transport=transport
        )

    ask = _awaits(requests.ask)
    search = _awaits(requests.search)
    stream = _streams_async(requests.ask)
    documents = _awaits(requests.documents)
    count_documents = _awaits(requests.count_documents)
    document = _awaits(requests.document)
    put = _awaits(requests.put)
    upload = _awaits(requests.upload)
    delete = _awaits(requests.delete)
    collections = _awaits(requests.collections)

    async def send(self, request: Request[T]) -> T:
        """As Client.send."""
        arguments = self._arguments(request)
        for attempt in range(self._retries + 1):
            reply, last = None, attempt == self._retries
            try:
                reply = await self._http.request(**arguments)
            except httpx.ConnectError as error:
                if last:
                    raise self._unreachable(error) from error
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            if reply is not None and (last or reply.status_code not in _RETRIED):
                return request.read(_content(reply))
            await asyncio.sleep(_wait(reply, attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _events(self, request: Request[Answer]) -> AsyncIterator[Event]:
        reading = _Stream()
        try:
            async with self._http.stream(**_streamed(self._arguments(request))) as reply:
                if not reply.is_success:
                    await reply.aread()
                    _content(reply)
                async for line in reply.aiter_lines():
                    if (event := reading.take(line)) is not None:
                        yield event
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        reading.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Stream:
    """Reads the lines of an event stream; each event of the service has one line of data."""

    def __init__(self) -> None:
        self._name = ""
        self._whole = False

    def take(self, line: str) -> Event | None:
        """The event that a line completes; raises the error that it tells."""
        if line.startswith("event: "):
            self._name = line.removeprefix("event: ")
        if not line.startswith("data: "):
            return None
        event = replies.event(self._name, json.loads(line.removeprefix("data: ")))
        self._whole = self._whole or isinstance(event, Done)
        return event

    def close(self) -> None:
        """Raises Unavailable where the answer did not come."""
        if not self._whole:
            raise Unavailable("the stream ended before the answer", hint="ask again")


def _streamed(arguments: dict[str, Any]) -> dict[str, Any]:
    return {**arguments, "json": {**arguments["json"], "stream": True}}


def _content(reply: httpx.Response) -> Any:  # noqa: ANN401
    try:
        content = reply.json()
    except ValueError:
        content = None
    if not reply.is_success or content is None:
        raise replies.error(content, reply.status_code)
    return content


def _wait(reply: httpx.Response | None, attempt: int) -> float:
    """Seconds until the next attempt: what the service says, or a little longer each time."""
    stated = reply.headers.get("retry-after", "") if reply is not None else ""
    seconds = float(stated) if stated.isdecimal() else 0.2 * 2**attempt
    return min(seconds, _LONGEST_WAIT)
