"""From files to documents: a walk through folders and archives that loses nothing silently.

What reads a file is decided in :mod:`rag.documents.formats`; files of other kinds than plain text
are parsed by workers with limits (:mod:`rag.documents.sandbox`).
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.documents.formats import (
    ARCHIVE_SUFFIXES,
    LARGEST_FILE,
    LOADERS,
    FileLoader,
    kind_of,
    suffix_of,
    too_large,
    with_columns,
)
from rag.documents.values import Refusal
from rag.errors import NoDocuments, UnreadableDocument
from rag.types import Document, Loaded, Note

__all__ = [
    "LOADERS", "Failure", "FileLoader", "Found", "LoadReport", "Skipped", "Told", "files", "load",
    "load_bytes", "origin_of", "read", "read_bytes", "read_file", "unique",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that could not be read, and why."""

    source: str
    error: UnreadableDocument


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a kind that is not read."""

    source: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something worth knowing about a source that was read: a guessed encoding, hidden text."""

    source: str
    note: Note


Found = Document | Failure | Skipped | Told
Columns = Mapping[str, str]  # which column or field of a table holds the text, the title, …
_OWN_COLUMNS: Columns = {}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Documents read, failures with reasons, files of a kind no loader reads, and notes."""

    documents: tuple[Document, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[str, ...]
    notes: tuple[Told, ...] = ()


def load(paths: list[Path]) -> LoadReport:
    """Everything readable under the paths, at once; see :func:`read`."""
    found = list(read(paths))
    return LoadReport(
        tuple(item for item in found if isinstance(item, Document)),
        tuple(item for item in found if isinstance(item, Failure)),
        tuple(item.source for item in found if isinstance(item, Skipped)),
        tuple(item for item in found if isinstance(item, Told)),
    )


def read(paths: list[Path]) -> Iterator[Found]:
    """Everything under the paths, one after the other; raises NoDocuments for a path that is none.

    A document's id is its path below the folder that was named (a file named by itself gives its
    file name); a file inside an archive has the archive's id before its own, and a row or entry
    its key behind a ``#``. Hidden files and folders are left out; links are followed only to
    files. Of two documents with one id the second is a failure, since it would replace the first.
    """
    yield from unique(_named(paths))


def _named(paths: list[Path]) -> Iterator[tuple[str, Found]]:
    for path in paths:
        for file in files(path):
            if isinstance(file, Failure):
                yield file.source, file
            else:
                yield from ((str(file[0]), item) for item in read_file(*file))


def unique(found: Iterable[tuple[str, Found]]) -> Iterator[Found]:
    """What was found, of (source, item); a second document of an id is a failure of its source."""
    seen: dict[str, str] = {}
    for source, item in found:
        if isinstance(item, Document):
            if item.id in seen:
                if seen[item.id] != item.origin:
                    yield _twice(source, item.id)
                continue  # or the same file named twice
            seen[item.id] = item.origin
        yield item


def _twice(source: str, id: str) -> Failure:
    error = UnreadableDocument(
        f"{source}: another file has already been read as {id!r}",
        hint="ingest the folder above both, or rename one",
        reason="duplicate_id",
    )
    return Failure(source, error)


def load_bytes(
    content: bytes, *, name: str, id: str, origin: str, columns: Columns = _OWN_COLUMNS
) -> Loaded | None:
    """What a file of this name and content gives; None for a kind that is not read.

    Raises UnreadableDocument, also for an archive, which :func:`read_bytes` takes apart.
    ``columns`` name the fields of tables and records: {"title": "headline"}.
    """
    try:
        kind = kind_of(name, content)
    except Refusal as refusal:
        raise refusal.named(id) from refusal
    if kind.archive:
        hint = "send the files in it one by one"
        raise UnreadableDocument(f"{id}: an archive", hint=hint, reason="wrong_kind")
    if kind.loader is None:
        return None
    loaded = with_columns(kind.loader, columns).load(content, id=id, origin=origin)
    if not kind.note:
        return loaded
    note = Note(code="other_kind", message=kind.note)
    return Loaded(documents=loaded.documents, notes=(note, *loaded.notes), failures=loaded.failures)


def origin_of(path: Path) -> str:
    """Where a file or folder lies, links followed, as a ``file:`` address.

    A link that leads to itself gives its own place: what cannot be followed is told when it is read.
    """
    return Path(os.path.realpath(path)).as_uri()


def read_file(file: Path, id: str, columns: Columns = _OWN_COLUMNS) -> Iterator[Found]:
    """What is in one file, or in the archive that it is."""
    shown = _shown(file)
    try:
        content = _content(file)
        if content is None:
            yield Skipped(shown)
            return
    except UnreadableDocument as error:
        yield Failure(shown, error)
        return
    yield from read_bytes(
        content, name=file.name, shown=shown, id=id, origin=origin_of(file), columns=columns
    )


def read_bytes(
    content: bytes,
    *,
    name: str,
    shown: str,
    id: str,
    origin: str,
    columns: Columns = _OWN_COLUMNS,
) -> Iterator[Found]:
    """What is in the bytes of a file of this name, which people are told of as ``shown``."""
    try:
        yield from _items(content, name, shown, id, origin, columns)
    except UnreadableDocument as error:
        yield Failure(shown, error)


def _items(
    content: bytes, name: str, shown: str, id: str, origin: str, columns: Columns
) -> Iterator[Found]:
    """The documents of one file's bytes, or of the files in an archive."""
    try:
        archive = kind_of(name, content).archive
    except Refusal as refusal:
        raise refusal.named(shown) from refusal
    if archive:
        yield from _members(archive, content, shown, id, origin, columns)
        return
    loaded = load_bytes(content, name=name, id=id, origin=origin, columns=columns)
    if loaded is None:
        yield Skipped(shown)
        return
    yield from (Told(shown, note) for note in loaded.notes)
    yield from loaded.documents
    yield from (Failure(shown, failure) for failure in loaded.failures)


def _members(
    kind: str, content: bytes, shown: str, id: str, origin: str, columns: Columns
) -> Iterator[Found]:
    """The files of an archive, each read as if it lay in a folder of the archive's name."""
    from rag.documents import sandbox

    with tempfile.TemporaryDirectory(prefix="sanad-archive-") as folder:
        try:
            members = sandbox.shared().unpack(kind, content, Path(folder))
        except Refusal as refusal:
            raise refusal.named(shown) from refusal
        for member in members:
            name = f"{shown}/{member['name']}"
            if "refused" in member:
                refused = member["refused"]
                why = Refusal(refused["reason"], refused["message"], hint=refused["hint"])
                yield Failure(name, why.named(name))
                continue
            # A number the worker counted, never a name out of the archive.
            unpacked = (Path(folder) / f"{int(member['file'])}").read_bytes()
            below = member["name"]
            if suffix_of(below) not in _READ and kind_of(below, unpacked).loader is None:
                yield Skipped(name)
                continue
            try:
                yield from _items(
                    unpacked, below, name, f"{id}/{below}", f"{origin}/{below}", columns
                )
            except UnreadableDocument as error:
                yield Failure(name, error)


_READ = frozenset().union(ARCHIVE_SUFFIXES, *(loader.suffixes for loader in LOADERS))


def _content(file: Path) -> bytes | None:
    """A file's bytes; None for a kind that is not read. Raises UnreadableDocument."""
    shown = _shown(file)
    if shown != str(file):
        raise UnreadableDocument(
            f"{shown}: the name is not UTF-8",
            hint="rename the file, then ingest it again",
            reason="bad_name",
        )
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableDocument(
                f"{file}: not a regular file", hint="leave it out", reason="not_regular"
            )
        if suffix_of(file.name) not in _READ:
            # Of other files only the beginning is read: a PDF without its suffix is still a PDF.
            with file.open("rb") as opened:
                start = opened.read(64)
            if not start.startswith((b"%PDF-", b"PK\x03\x04")):
                return None
        if status.st_size > LARGEST_FILE:
            raise too_large(status.st_size).named(str(file))
        return file.read_bytes()
    except OSError as error:
        raise UnreadableDocument(
            f"{file}: cannot be read: {error.strerror or error}",
            hint="check the file and its permissions",
        ) from error


def _shown(path: Path) -> str:
    """The path as text that can be stored and printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def files(path: Path) -> Iterator[tuple[Path, str] | Failure]:
    """The files under a path with their ids; raises NoDocuments for a path that is none."""
    if path.is_file():
        yield path, path.name
        return
    if not path.is_dir():
        raise NoDocuments(
            f"{str(path)!r} is neither a file nor a folder",
            hint="check the path, then ingest again",
        )
    failures: list[Failure] = []

    def failed(error: OSError) -> None:
        folder = _shown(Path(error.filename))
        reason = UnreadableDocument(
            f"{folder}: cannot be listed: {error.strerror}", hint="check the folder's permissions"
        )
        failures.append(Failure(folder, reason))

    for folder, names, inside in os.walk(path, onerror=failed):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(inside):
            if not name.startswith("."):
                file = Path(folder) / name
                yield file, file.relative_to(path).as_posix()
    yield from failures
