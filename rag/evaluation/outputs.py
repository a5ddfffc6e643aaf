"""Where the commands that measure put what they have to say: files, and lines beside the data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rag.errors import ConfigurationError, UsageError
from rag.terminal import printable

Print = Callable[[str], None]  # writes a line to standard output


def require_folder(path: Path | None) -> None:
    """Tells before the questions are asked, not after, that a file cannot be written."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        what = "is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"
        raise ConfigurationError(
            f"{path}: {what}", hint="name a file in a folder that exists and may be written"
        )


def refuse_overwriting(written: Mapping[str, Path | None], read: Sequence[Path]) -> None:
    """Refuses to write over what is read, or two things into one file; raises UsageError."""
    taken: dict[Path, str] = {path.resolve(): f"the file {str(path)!r} it reads" for path in read}
    folders = {path.resolve(): path for path in read if path.is_dir()}
    for flag, path in written.items():
        if path is None:
            continue
        place = path.resolve()
        if place.parent in folders and place.exists():
            taken[place] = f"what lies in the folder {str(folders[place.parent])!r} it reads"
        if place in taken:
            raise UsageError(
                f"{flag} {str(path)!r} would be written over {taken[place]}",
                hint=f"name another file with {flag}",
            )
        taken[place] = f"what {flag} writes"


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
