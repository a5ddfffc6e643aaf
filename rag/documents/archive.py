"""Zip and tar archives: their files, written under numbers; the names in them are only data.

Runs in a worker. Refused as a whole: more entries or bytes than allowed, or a compression no text
reaches. Refused one by one: names that lead outside, links and devices, archives in the archive,
encrypted and damaged entries.
"""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import regex

from rag.documents.formats import ARCHIVE_SUFFIXES, LARGEST_FILE, MEBIBYTE
from rag.documents.values import Refusal

MOST_ENTRIES = 2000
MOST_BYTES = 250 * MEBIBYTE
HIGHEST_RATIO = 100  # of unpacked to packed bytes; text reaches 20
_PIECE = 64 * 1024
_DRIVE = regex.compile(r"^[A-Za-z]:")
_HINT = "unpack it yourself and ingest the folder"
_MEND = "open it in the program it comes from and save it again"
_NESTED = (*ARCHIVE_SUFFIXES, ".gz", ".7z", ".rar", ".bz2", ".xz")

# What zipfile and tarfile raise of headers and data that are not what they should be.
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error,
    OSError, EOFError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip


def unpack(kind: str, folder: Path) -> list[dict[str, Any]]:
    """Writes the files of ``folder/input`` to ``folder/0``, ``folder/1``, …; what each is called."""
    packed = folder / "input"
    entries = _zip_entries if kind == "zip" else _tar_entries
    # Small archives may be as dense as they like: a page of spaces harms nobody.
    allowed = min(MOST_BYTES, max(MEBIBYTE, HIGHEST_RATIO * packed.stat().st_size))
    members: list[dict[str, Any]] = []
    names: set[str] = set()
    used = 0
    try:
        for number, (raw, stream) in enumerate(entries(packed)):
            if number >= MOST_ENTRIES:
                raise _refused(f"more than {MOST_ENTRIES} entries")
            if _hidden(raw):
                continue
            try:
                name = _checked_name(raw, names)
                if isinstance(stream, Refusal):
                    raise stream
                used += _copy(stream, folder / str(number), allowed - used)
                members.append({"name": name, "file": number})
            except _TooMuch:
                raise
            except Refusal as refusal:
                members.append({"name": _shown(raw), "refused": _fields(refusal)})
            except _DAMAGED as error:
                damaged = Refusal("damaged", f"cannot be unpacked: {error}", hint=_HINT)
                members.append({"name": _shown(raw), "refused": _fields(damaged)})
    except _DAMAGED as error:
        raise Refusal("damaged", f"the archive is damaged: {error}", hint=_HINT) from error
    return members


class Package:
    """A file format that is a zip of parts, such as .docx and .epub; read with the same guards."""

    def __init__(self, content: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGED as error:
            raise Refusal("damaged", f"the file is damaged: {error}", hint=_MEND) from error
        entries = self._archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise Refusal("unsafe", f"more than {MOST_ENTRIES} parts", hint=_MEND)
        self._names = {entry.filename: entry for entry in entries}
        self._left = min(MOST_BYTES, max(MEBIBYTE, HIGHEST_RATIO * len(content)))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """One part; raises Refusal where it is missing, damaged or far larger than it was packed."""
        entry = self._names.get(name)
        if entry is None:
            raise Refusal("damaged", f"the part {name!r} is missing", hint=_MEND)
        if entry.flag_bits & 1:
            raise Refusal("encrypted", "needs a password", hint="save it without one")
        pieces = []
        try:
            with self._archive.open(entry) as stream:
                while piece := stream.read(_PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise Refusal(
                            "unsafe",
                            f"its parts unpack to more than {MOST_BYTES} bytes or {HIGHEST_RATIO} times its size",
                            hint=_MEND,
                        )
                    pieces.append(piece)
        except _DAMAGED as error:
            raise Refusal(
                "damaged", f"the part {name!r} is damaged: {error}", hint=_MEND
            ) from error
        return b"".join(pieces)


class _TooMuch(Refusal):
    """The archive as a whole is refused."""


def _refused(what: str) -> _TooMuch:
    return _TooMuch("unsafe", f"an archive with {what}", hint=_HINT)


def _fields(refusal: Refusal) -> dict[str, str]:
    return {"reason": refusal.reason, "message": refusal.message, "hint": refusal.hint}


def _zip_entries(packed: Path) -> Iterator[tuple[str, IO[bytes] | Refusal]]:
    with zipfile.ZipFile(packed) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                needs = Refusal("encrypted", "needs a password", hint=_HINT)
                yield entry.filename, needs
            elif (entry.external_attr >> 16) & 0o170000 == 0o120000:
                yield entry.filename, _link()
            else:
                try:
                    stream = archive.open(entry)
                except _DAMAGED as error:
                    yield entry.filename, Refusal("damaged", f"damaged: {error}", hint=_HINT)
                    continue
                with stream:
                    yield entry.filename, stream


def _tar_entries(packed: Path) -> Iterator[tuple[str, IO[bytes] | Refusal]]:
    # As a stream: nothing but the entries' bytes is looked at, and each only once.
    with tarfile.open(packed, mode="r|*") as archive:
        for entry in archive:
            if entry.isdir():
                continue
            stream = archive.extractfile(entry) if entry.isreg() else None
            yield entry.name, stream if stream is not None else _link()


def _link() -> Refusal:
    return Refusal("unsafe", "a link or device, which is never followed", hint=_HINT)


def _hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") and part not in (".", "..") for part in parts) or (
        parts[0] == "__MACOSX"
    )


def _checked_name(raw: str, names: set[str]) -> str:
    name = raw.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name) or "\x00" in name:
        raise Refusal("unsafe", "a name that leads out of the archive", hint=_HINT)
    name = str(path)
    if name != _shown(name) or len(name) > 500:
        raise Refusal(
            "bad_name", "a name with control characters, not UTF-8 or too long", hint=_HINT
        )
    if name.lower().endswith(_NESTED):
        raise Refusal("unsafe", "an archive inside an archive, which is not opened", hint=_HINT)
    if name in names:
        raise Refusal("duplicate_id", "a second entry of the same name", hint=_HINT)
    names.add(name)
    return name


def _shown(raw: str) -> str:
    """A name that can be printed and stored."""
    text = raw.encode("utf-8", errors="replace").decode("utf-8")
    return regex.sub(r"\p{Cc}", "\ufffd", text)[:500]


def _copy(stream: IO[bytes], target: Path, allowed: int) -> int:
    """The bytes written; raises where an entry or the whole holds too much."""
    size = 0
    with target.open("wb") as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > allowed:
                raise _refused(
                    f"more than {MOST_BYTES} bytes in it, or {HIGHEST_RATIO} times its own size"
                )
            if size > LARGEST_FILE:
                raise Refusal(
                    "too_large",
                    f"more than the {LARGEST_FILE} bytes a file may have",
                    hint="split the file, or leave it out",
                )
            file.write(piece)
    return size
