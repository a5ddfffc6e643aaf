"""From files to documents: which loader reads what, and a folder walk that loses nothing silently."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.documents.plain import MarkdownLoader, PlainTextLoader
from rag.errors import NoDocuments, UnreadableDocument
from rag.protocols import Loader
from rag.types import Document

LOADERS: tuple[Loader, ...] = (PlainTextLoader(), MarkdownLoader())
LARGEST_FILE = 25 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that could not be read, and why."""

    source: str
    error: UnreadableDocument


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Documents read, failures with their reasons, and files of a kind no loader reads."""

    documents: tuple[Document, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[str, ...]


def loader_for(path: Path) -> Loader | None:
    """The loader for a file's suffix; None for a kind that is not read."""
    suffix = path.suffix.lower()
    return next((loader for loader in LOADERS if suffix in loader.suffixes), None)


def load(paths: list[Path]) -> LoadReport:
    """Everything readable under the paths; raises NoDocuments for a path that does not exist.

    A document's id is its path below the folder that was named (a file named by itself gives its
    file name). Hidden files and folders are left out; links are followed only to files. Of two
    files with one id the second is a failure, since it would replace the first.
    """
    documents: dict[str, Document] = {}
    failures: list[Failure] = []
    skipped: list[str] = []
    for path in paths:
        for file, id in _files(path, failures):
            loader = loader_for(file)
            if loader is None:
                skipped.append(_shown(file))
                continue
            try:
                document = load_file(file, id, loader)
            except UnreadableDocument as error:
                failures.append(Failure(_shown(file), error))
                continue
            if documents.setdefault(id, document).origin != document.origin:
                twice = UnreadableDocument(
                    f"{file}: another file has already been read as {id!r}",
                    hint="ingest the folder above both, or rename one",
                )
                failures.append(Failure(str(file), twice))
    return LoadReport(tuple(documents.values()), tuple(failures), tuple(skipped))


def load_file(file: Path, id: str, loader: Loader) -> Document:
    """One file through its loader; raises UnreadableDocument."""
    if _shown(file) != str(file):
        raise UnreadableDocument(
            f"{_shown(file)}: the name is not UTF-8", hint="rename the file, then ingest it again"
        )
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableDocument(f"{file}: not a regular file", hint="leave it out")
        if status.st_size > LARGEST_FILE:
            raise UnreadableDocument(
                f"{file}: {status.st_size} bytes, more than the {LARGEST_FILE} a file may have",
                hint="split the file, or leave it out",
            )
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableDocument(
            f"{file}: cannot be read: {error.strerror or error}",
            hint="check the file and its permissions",
        ) from error
    return loader.load(content, id=id, origin=file.resolve().as_uri())


def _shown(path: Path) -> str:
    """The path as text that can be stored and printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _files(path: Path, failures: list[Failure]) -> Iterator[tuple[Path, str]]:
    if path.is_file():
        yield path, path.name
        return
    if not path.is_dir():
        raise NoDocuments(
            f"{str(path)!r} is neither a file nor a folder",
            hint="check the path, then ingest again",
        )

    def failed(error: OSError) -> None:
        folder = _shown(Path(error.filename))
        reason = UnreadableDocument(
            f"{folder}: cannot be listed: {error.strerror}", hint="check the folder's permissions"
        )
        failures.append(Failure(folder, reason))

    for folder, names, files in os.walk(path, onerror=failed):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                file = Path(folder) / name
                yield file, file.relative_to(path).as_posix()
