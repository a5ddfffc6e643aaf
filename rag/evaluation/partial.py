"""What was asked so far, kept in a file so that an interrupted run goes on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import ConfigurationError
from rag.evaluation.run import Done

_DONE = TypeAdapter(Done)


class Partial:
    """A file of JSON lines: first what the run is, then each question asked.

    ``found`` are the questions that an earlier run of the same kind has asked. A file of another
    kind is begun anew; a last line cut short by a kill is left out.
    """

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self.path = path
        self._head = json.dumps({"run": run}, sort_keys=True, default=str)
        self.found: dict[str, Done] = self._read()
        try:
            # Written anew: what a kill has cut short must not stand before the next line.
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{path}: {error.strerror or error}", hint="name another file with --save"
            ) from error
        self._line(self._head)
        for done in self.found.values():
            self.keep(done)

    def keep(self, done: Done) -> None:
        """Adds a question that was asked."""
        self._line(json.dumps(asdict(done), ensure_ascii=False))

    def remove(self) -> None:
        """The run is complete and stands elsewhere."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _line(self, text: str) -> None:
        self._file.write(text + "\n")
        self._file.flush()

    def _read(self) -> dict[str, Done]:
        try:
            lines = self.path.read_bytes().decode("utf-8", "replace").split("\n")
        except OSError:
            return {}
        if lines[0] != self._head:
            return {}
        found = {}
        for line in lines[1:]:
            try:
                done = _DONE.validate_json(line)
            except ValidationError:
                continue
            found[done.row.id] = done
        return found
