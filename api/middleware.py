"""What surrounds every request, as plain ASGI: ids, headers, the log line, the limit of bodies."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import error_response, internal_error
from api.logs import request_id

log = logging.getLogger("api.access")
failures = logging.getLogger(__name__)

MOST_BYTES = 1_048_576
SECONDS_FOR_A_BODY = 10  # whoever sends slower holds a connection for nothing
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
                    f"the Host header names {named[:100]!r}, which is not this service",
                )
                await reply(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Reads the body before anything parses it and refuses what is too long or too slow.

    The bytes are counted as they come: a Content-Length may be missing or untrue.
    """

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes HTTP requests on; what is not HTTP (the lifespan) is none of its business."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "0")
        deadline = asyncio.get_running_loop().time() + SECONDS_FOR_A_BODY
        body, more = bytearray(), True
        while more:
            if len(body) > self._most or (stated.isdecimal() and int(stated[:20]) > self._most):
                await self._refusal()(scope, receive, send)
                return
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                await self._too_slow()(scope, receive, send)
                return
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False) or len(body) > self._most
        whole: list[Message] = [
            {"type": "http.request", "body": bytes(body), "more_body": False},
        ]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replay, send)

    def _too_slow(self) -> ASGIApp:
        return error_response(
            408,
            "body_timeout",
            f"the body did not arrive within {SECONDS_FOR_A_BODY} seconds",
            headers={"Connection": "close"},
        )

    def _refusal(self) -> ASGIApp:
        return error_response(
            413,
            "body_too_large",
            f"the body is larger than {self._most} bytes",
            headers={"Connection": "close"},
        )
