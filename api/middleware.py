"""What surrounds every request, as plain ASGI: ids, headers, the log line, the limit of bodies."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import CODES, error_response, internal_error
from api.logs import request_id
from rag.documents.formats import LARGEST_FILE

log = logging.getLogger("api.access")
failures = logging.getLogger(__name__)

MOST_BYTES = 1_048_576
MOST_WRITTEN = LARGEST_FILE + 65_536  # of documents sent to be stored: a file and what surrounds it
SECONDS_FOR_A_BODY = 10  # whoever sends slower holds a connection for nothing
SECONDS_FOR_A_WRITE = 60
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class RequestContext:
    """The outermost layer: gives the request its id, answers what nobody foresaw, writes the log.

    Outermost because Starlette's own handler of unexpected errors lies outside all middleware:
    its reply would carry no id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes HTTP requests on; what is not HTTP (the lifespan) is none of its business."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(id)
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            failures.exception("internal")
            if status:  # half a reply is out: only a cut connection tells that it is not whole
                raise
            await internal_error()(scope, receive, sending)
        finally:
            log.info("request", extra=_line(scope, status, began))
            request_id.reset(token)


def _line(scope: Scope, status: int, began: float) -> dict[str, object]:
    # The route's pattern, not the path: a path may hold what people typed.
    route = getattr(scope.get("route"), "path", None)
    ms = round((time.perf_counter() - began) * 1000, 1)
    return {"method": scope["method"], "route": route, "status": status, "ms": ms}


class Heads:
    """Answers HEAD as it would GET; of that reply the server sends the headers alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on, HEAD under the name of GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # A copy: the server looks at its own to know that there is no body to send.
        got = {**scope, "method": "GET"}
        try:
            await self._app(got, receive, send)
        finally:
            scope["route"] = got.get("route")  # for the line of the log


class KnownHosts:
    """Refuses requests that name another host than this service.

    A page elsewhere can point its own name at a loopback address (DNS rebinding) and would then read
    the articles through the reader's browser; the Host header still says the page's name.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what names a known host, with any port."""
        if scope["type"] == "http":
            named = re.sub(r":[0-9]*$", "", Headers(scope=scope).get("host", "")).lower()
            if named not in self._hosts:
                reply = error_response(
                    421,
                    "unknown_host",
                    f"the Host header names {named[:100]!r}, which is not this service, expected one "
                    f"of {', '.join(sorted(self._hosts))}; for another: sanad serve --host ADDRESS --insecure",
                )
                await reply(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too long or come too slowly, before anything parses them.

    The bytes are counted as they come: a Content-Length may be missing or untrue. Uploads of files
    are passed on while they are counted, every other body is read first.
    """

    def __init__(
        self, app: ASGIApp, most: int = MOST_BYTES, most_written: int = MOST_WRITTEN
    ) -> None:
        self._app = app
        self._most = most
        self._most_written = most_written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes HTTP requests on; what is not HTTP (the lifespan) is none of its business."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        writes = scope["path"].startswith("/v1/documents") and scope["method"] in ("PUT", "POST")
        most, seconds = self._most, SECONDS_FOR_A_BODY
        if writes:
            most, seconds = self._most_written, SECONDS_FOR_A_WRITE
        body = _Body(receive, most, seconds)
        stated = Headers(scope=scope).get("content-length", "0")
        try:
            if stated.isdecimal() and int(stated[:20]) > most:
                raise body.too_long()
            if writes and scope["method"] == "POST":
                await self._app(scope, body.next, send)
                return
            whole = await body.whole()
        except HTTPException as refused:
            reply = error_response(
                refused.status_code,
                CODES[refused.status_code],
                refused.detail,
                headers=refused.headers,
            )
            await reply(scope, receive, send)
            return
        if whole is None:
            return
        replayed: list[Message] = [{"type": "http.request", "body": whole, "more_body": False}]

        async def replay() -> Message:
            return replayed.pop() if replayed else await receive()

        await self._app(scope, replay, send)


class _Body:
    """A body as it comes, counted and timed; raises HTTPException 413 or 408."""

    def __init__(self, receive: Receive, most: int, seconds: int) -> None:
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._came = 0
        self._more = True

    async def next(self) -> Message:
        """The next message; after the body whatever comes, at any time."""
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            told = f"the body did not arrive within {self._seconds} seconds; send it again"
            raise HTTPException(408, told, {"Connection": "close"}) from None
        self._came += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        if self._came > self._most:
            raise self.too_long()
        return message

    async def whole(self) -> bytes | None:
        """All of it; None where the client went away."""
        body = bytearray()
        while self._more:
            message = await self.next()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
        return bytes(body)

    def too_long(self) -> HTTPException:
        """The refusal of a body that is longer than it may be."""
        told = f"the body is larger than {self._most} bytes; send it in parts"
        return HTTPException(413, told, {"Connection": "close"})
