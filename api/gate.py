"""The gate in front of the models: so many at once, so many waiting, the rest told to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import TypeVar

from api.errors import Busy

T = TypeVar("T")


class Gate:
    """Runs synchronous work in ``workers`` threads, never on the event loop.

    At most ``queue`` calls wait. A call counts until its thread is free again, also where nobody
    waits for the result any more.
    """

    def __init__(self, name: str, *, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._most = workers + queue
        self._inside = 0
        self._lock = Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``; raises Busy at once where the queue is full."""
        with self._lock:
            if self._inside >= self._most:
                raise Busy("all workers are busy", hint="try again in a moment")
            self._inside += 1
        try:
            future: Future[T] = self._pool.submit(copy_context().run, work)
        except RuntimeError as error:  # the pool is closed
            self._leave()
            raise Busy("the service is stopping", hint="try again in a moment") from error
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Starts nothing more; what runs may finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1
