"""Files as their formats are read from them: unpacked, UTF-8, as a whole or line by line."""

from __future__ import annotations

import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.evaluation.importing.values import InvalidImport

_LARGEST = 4 * 1024**3  # bytes of one file, unpacked


def opened(path: Path) -> io.TextIOWrapper:
    """The file as text, unpacked where its name says it is packed; raises InvalidImport."""
    packed: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
    try:
        raw = packed.get(path.suffix, open)(path, "rb")
        return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InvalidImport(
            f"{path}: cannot be read: {error.strerror or error}", hint="check the path"
        ) from error


def text_of(path: Path) -> str:
    """The whole text of a file; raises InvalidImport."""
    with opened(path) as file:
        try:
            text = file.read(_LARGEST)
        except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
            raise InvalidImport(
                f"{path}: cannot be read: {error}", hint="save it as UTF-8"
            ) from error
    return text


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines with their line numbers."""
    with opened(path) as file:
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise bad(path, f"line {number} is no object")
                yield number, record
        except (ValueError, RecursionError, OSError, EOFError, lzma.LZMAError) as error:
            raise bad(path, f"not JSON lines in UTF-8: {error}") from error


def bad(path: Path, reason: str) -> InvalidImport:
    """The error for a file that is not in its format."""
    return InvalidImport(
        f"{path}: {reason}", hint="name its format: sanad facts import FORMAT FILE"
    )
