"""A connection to what is measured elsewhere; nothing it tells holds a key or a password."""

from __future__ import annotations

import os
import time
import weakref
from typing import Any
from urllib.parse import urlsplit

import httpx

from rag.errors import ConfigurationError, InvalidParameter, Unavailable, UnknownDocument

_SECONDS = 120.0
_TRIES = 5
_LONGEST_WAIT = 30.0  # seconds, whatever Retry-After says


def key_from(variable: str | None) -> str | None:
    """The key held by an environment variable; raises ConfigurationError where it is not set."""
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ConfigurationError(
            f"--key-variable names {variable!r}, which is not set",
            hint=f"put the key into it first: export {variable}=…",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"--key-variable names {variable!r}, which holds characters that no header may",
            hint=f"put the key into it as it was given: export {variable}=…",
        )
    return key


class Connection:
    """An address that answers in JSON; ``address`` is what may be told of it, without a user.

    Raises InvalidParameter for what is no address.
    """

    def __init__(self, address: str, key: str | None = None) -> None:
        try:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("it begins with neither http:// nor https://")  # noqa: TRY301 - one message for all
            _ = parts.port  # which httpx takes beyond 65535
            base = httpx.URL(address.rstrip("/"))
        except (ValueError, httpx.InvalidURL) as error:
            raise InvalidParameter(
                f"--target is {address!r}, which is no address: {error}",
                hint="http://127.0.0.1:8765 for a Sanad service, openai:http://127.0.0.1:8000/v1 for a chat endpoint",
                parameter="target",
            ) from error
        self.address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(base_url=base, headers=headers, timeout=_SECONDS)
        weakref.finalize(self, self._client.close)

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """The reply's JSON; waits and asks again where the service says it is busy.

        Raises UnknownDocument where a GET finds nothing, and Unavailable.
        """
        place = f"{self.address.rstrip('/')}{path}"
        for attempt in range(_TRIES):
            try:
                reply = self._client.request(method, path, json=body)
            except httpx.HTTPError as error:
                raise Unavailable(
                    f"{self.address}: {error or type(error).__name__}",
                    hint="check the address and that the service runs",
                ) from error
            if reply.status_code not in (429, 503) or attempt == _TRIES - 1:
                break
            time.sleep(_wait(reply.headers.get("retry-after"), attempt))
        if reply.status_code == 404 and method == "GET":
            raise UnknownDocument(f"{place}: {_told(reply) or 'nothing there'}")
        if not reply.is_success:
            raise Unavailable(
                f"{place}: {reply.status_code} {_told(reply)}",
                hint="check the address, the key (--key-variable) and the model (--model)",
            )
        try:
            return reply.json()
        except ValueError as error:
            raise Unavailable(
                f"{place}: the reply is not JSON", hint="check the address"
            ) from error

    def strange(self, what: str) -> Unavailable:
        """The error for a reply that is of another kind than what was asked for."""
        return Unavailable(
            f"{self.address}: {what}",
            hint="check that the address is one of the kind that --target names",
        )


def _wait(stated: str | None, attempt: int) -> float:
    try:
        seconds = float(stated) if stated else 0.5 * 2**attempt
    except ValueError:  # a date
        seconds = 0.5 * 2**attempt
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _told(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return reply.text[:300]
