"""Where the commands that measure put what they have to say: files, and lines beside the data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rag.errors import ConfigurationError
from rag.terminal import printable

Print = Callable[[str], None]  # writes a line to standard output


def require_folder(path: Path | None) -> None:
    """Tells before the questions are asked, not after, that a file cannot be written."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        what = "is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"
        raise ConfigurationError(
            f"{path}: {what}", hint="name a file in a folder that exists and may be written"
        )


def write(path: Path, text: str) -> None:
    """Writes a file in UTF-8; raises ConfigurationError where that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror or error}",
            hint="check that the folder exists and may be written",
        ) from error


def tell(text: str) -> None:
    """A line for people, on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
