"""Writes to collections, one after the other; those that wait for each other are published together.

A published change costs a whole generation, so what came while one was being made shares the next.
Each write is still a transaction of its own: one that fails takes back nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from api.gate import Gate
from rag.index.collection import Collection
from rag.index.writer import Writer
from rag.protocols import Embedder


@dataclass(eq=False, slots=True, kw_only=True)
class _Write:
    """One write that waits or is done: its result and generation, or its error."""

    collection: Collection
    work: Callable[[Writer], Any]
    embedder: Callable[[], Embedder] | None
    result: Any = None
    generation: str = ""
    error: Exception | None = field(default=None)


class Writing:
    """The only writer of this process; ``opened`` is called with each collection it published."""

    def __init__(self, gate: Gate, opened: Callable[[Collection], None]) -> None:
        self._gate = gate  # of one worker
        self._opened = opened
        self._lock = Lock()
        self._waiting: list[_Write] = []

    async def run(
        self,
        collection: Collection,
        work: Callable[[Writer], Any],
        embedder: Callable[[], Embedder] | None = None,
    ) -> tuple[Any, str]:
        """What ``work`` gives and the published generation that has it; raises what it raises.

        Without an embedder it may only remove. Raises Busy where too many wait.
        """
        write = _Write(collection=collection, work=work, embedder=embedder)
        with self._lock:
            self._waiting.append(write)
        try:
            await self._gate.run(partial(self._finish, write))
        finally:
            with self._lock:
                if write in self._waiting:  # the gate was closed to it, or nobody waits any more
                    self._waiting.remove(write)
        if write.error is not None:
            raise write.error
        return write.result, write.generation

    def _finish(self, write: _Write) -> None:
        """Does the write with all others that wait for its collection, unless it is done."""
        with self._lock:
            if write not in self._waiting:
                return
            taken = [
                one for one in self._waiting if one.collection.folder == write.collection.folder
            ]
            self._waiting = [one for one in self._waiting if one not in taken]
        try:
            self._write(write.collection, taken)
        except Exception as error:  # noqa: BLE001 - each who waits is told
            for one in taken:
                one.error = one.error or error

    def _write(self, collection: Collection, writes: list[_Write]) -> None:
        embedder = next((one.embedder for one in writes if one.embedder), None)
        with collection.writing(embedder and embedder()) as writer:
            for one in writes:
                try:
                    one.result = one.work(writer)
                    writer.commit()
                except Exception as error:  # noqa: BLE001 - told to the one who asked
                    one.error = error
            generation = writer.publish().generation
        self._opened(collection)
        for one in writes:
            one.generation = generation
