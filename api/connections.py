"""HTTP connections with an end: whoever sends or takes too slowly holds one for nothing.

uvicorn bounds only how long a connection is idle after a reply (5 seconds). How long a body may take
is :mod:`api.middleware`'s; what comes before it, and the taking of replies, is bounded here, and so is
the number of connections (uvicorn's own limit answers in plain text).
"""

from __future__ import annotations

import asyncio
import logging

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.errors import RETRY_SECONDS, error_body

log = logging.getLogger("api.access")

SECONDS_FOR_A_HEAD = (
    10  # for all headers, from the first byte, or of a new connection from its start
)
SECONDS_TO_TAKE = 60  # for what a reply has ready and its reader does not take
LARGEST_HEAD = 65_536  # bytes of a request's line and headers
MOST_CONNECTIONS = 512  # open at once; half of the files that systems usually let a process open
MOST_REFUSED = 64  # beyond those, that are told so; any more are let go unanswered


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection whose request line and headers are late or too long, or whose reply is not taken.

    A request whose headers are there is bounded by the app alone.
    """

    _waiting: asyncio.TimerHandle | None = None  # for a head
    _stalled: asyncio.TimerHandle | None = None  # for the reader
    _head = 0  # bytes that came of a head that is not whole
    _whole = False  # whether the data at hand completed a head
    _in_request = False  # between its head and the end of its body, whether that is read or not
    _refused = False
    _too_many = False  # there were as many connections as are served when this one came

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a head from now on: a client that says nothing is let go."""
        super().connection_made(transport)
        beyond = len(self.connections) - MOST_CONNECTIONS
        if beyond > MOST_REFUSED:
            transport.abort()
            return
        self._too_many = beyond > 0
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Reads on. What does not complete a head is counted, and wins no more time."""
        in_request, self._whole = self._in_request, False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not (in_request or self._whole):
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self._refuse_long_head()
                return
        if self._waiting is None and not self._serving():
            self._wait()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._whole = self._in_request = True
        self._wait_no_more()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > LARGEST_HEAD:
            self._refuse_long_head()
        elif self._too_many and self.url != b"/livez":  # a busy process is not a dead one
            told = f"there are {MOST_CONNECTIONS} connections, as many as are served at once"
            self._refuse(503, "too_many_connections", told)
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Passes on what belongs to a request that was not refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The next byte is of another head."""
        self._in_request = False
        if not self._refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """More of a reply is ready than is taken."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(SECONDS_TO_TAKE, self.transport.abort)

    def resume_writing(self) -> None:
        """It is being taken."""
        super().resume_writing()
        _cancel(self._stalled)
        self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._wait_no_more()
        _cancel(self._stalled)
        self._stalled = None
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the one shape of all errors."""
        self._refuse(400, "invalid_http", msg)

    def _serving(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(SECONDS_FOR_A_HEAD, self._late)

    def _wait_no_more(self) -> None:
        self._head = 0
        _cancel(self._waiting)
        self._waiting = None

    def _late(self) -> None:
        self._waiting = None
        if self._serving():  # what is late stands behind a request that is being answered
            self._wait()
        elif self._head:
            told = (
                f"the request line and headers did not arrive within {SECONDS_FOR_A_HEAD} seconds"
            )
            self._refuse(408, "header_timeout", told)
        else:  # opened ahead of need, as browsers do: no reply to a request that was never made
            self.transport.close()

    def _refuse_long_head(self) -> None:
        told = f"the request line and headers are longer than {LARGEST_HEAD} bytes"
        self._refuse(431, "headers_too_large", told)

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Replies in place of the app, where no reply is under way, and ends the connection."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        log.info("refused", extra={"status": status, "code": code})
        begun = self._serving() and self.cycle.response_started
        if not begun and not self.pipeline:
            content = to_json(error_body(status, code, message))
            headers = [
                *self.server_state.default_headers,
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
            ]
            if status == 503:
                headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, content))
        self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
