"""One answer in the making: behind the gate, told stage by stage, stopped when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.errors import explained
from api.gate import Gate
from rag.types import Answer, Stage

CLIENT_CLOSED = 499  # nginx's number for a caller who did not wait; only the log sees it
Tell = Callable[[Stage, Sequence[Any]], None]


class _Gone(Exception):
    """Ends the work of a caller who went away, at its next stage."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage begins; ``passages`` are what will be read, as the caller described them."""

    stage: Stage
    passages: Sequence[Any]


class Asking:
    """Runs ``ask`` in a worker; it is given what it has to tell its stages to."""

    def __init__(self, gate: Gate, ask: Callable[[Tell], Answer]) -> None:
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Queue[Reached | None] = asyncio.Queue()
        self._gone = threading.Event()
        self.task = asyncio.ensure_future(gate.run(partial(ask, self._tell)))
        self.task.add_done_callback(lambda _: self._news.put_nowait(None))

    def _tell(self, stage: Stage, passages: Sequence[Any]) -> None:
        """Called in the worker's thread."""
        if self._gone.is_set():
            raise _Gone
        self._loop.call_soon_threadsafe(self._news.put_nowait, Reached(stage, passages))

    async def begun(self) -> Reached | None:
        """The first stage, None where there is none; raises what went wrong before it.

        So that what is wrong from the start is answered with its status, not in a stream.
        """
        first = await self._news.get()
        if first is None:
            await self.task
        return first

    async def stages(self) -> AsyncIterator[Reached]:
        """The stages after the first, as they are reached."""
        while (reached := await self._news.get()) is not None:
            yield reached

    def close(self) -> None:
        """Ends the work: at once where it waits in the queue, else at its next stage."""
        self._gone.set()
        if self.task.done():
            if not self.task.cancelled():
                self.task.exception()  # seen, so that asyncio does not complain
        else:
            self.task.cancel()


async def answered(request: Request, gate: Gate, ask: Callable[[Tell], Answer]) -> Answer:
    """The answer, or HTTPException 499 as soon as the caller is gone."""
    asking = Asking(gate, ask)
    try:
        await _unless_gone(request, asking.task)
        return asking.task.result()
    finally:
        asking.close()


async def _unless_gone(request: Request, task: asyncio.Future[Any]) -> None:
    """Waits for the task; raises HTTPException 499 where the caller goes first."""
    leaving = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
    if not task.done():
        raise HTTPException(CLIENT_CLOSED, "the caller is gone")


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def streamed(
    request: Request,
    gate: Gate,
    ask: Callable[[Tell], Answer],
    opening: Sequence[bytes],
    events: Callable[[Reached | Answer], Sequence[bytes]],
    failed: Callable[[dict[str, Any]], Sequence[bytes]],
    headers: dict[str, str] | None = None,
) -> EventStream:
    """A stream of ``opening``, then ``events`` of every stage and of the answer.

    Raises what goes wrong before the first stage; what goes wrong later ends the stream with
    ``failed`` of the error's body.
    """
    asking = Asking(gate, ask)
    beginning = asyncio.ensure_future(asking.begun())
    try:
        await _unless_gone(request, beginning)
        first = beginning.result()
    except BaseException:
        beginning.cancel()
        asking.close()
        raise

    async def body() -> AsyncIterator[bytes]:
        try:
            for event in opening:
                yield event
            if first is not None:
                for event in events(first):
                    yield event
                async for reached in asking.stages():
                    for event in events(reached):
                        yield event
            for event in events(await asking.task):
                yield event
        except Exception as error:  # noqa: BLE001 - told in the stream, and logged there
            for event in failed(explained(error)):
                yield event
        finally:
            asking.close()

    return EventStream(body(), headers=headers)


class EventStream(StreamingResponse):
    """Server-sent events; the work behind them ends with the connection."""

    media_type = "text/event-stream"

    def __init__(
        self, content: AsyncIterator[bytes], headers: dict[str, str] | None = None
    ) -> None:
        # Proxies such as nginx would gather the events into one reply.
        super().__init__(content, headers={"X-Accel-Buffering": "no"} | (headers or {}))
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events; closes their source also where the caller left between two of them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._content, "aclose", None)
            if close is not None:
                await close()


def event(content: Any, name: str | None = None) -> bytes:  # noqa: ANN401 - anything JSON holds
    """One server-sent event with JSON as its data, Arabic as itself."""
    head = b"" if name is None else f"event: {name}\n".encode()
    return head + b"data: " + to_json(content) + b"\n\n"


DONE = b"data: [DONE]\n\n"
