"""Documents that come one at a time, with their bytes: uploads, and texts under ids of their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import IO, Any, Literal
from urllib.parse import quote

from rag.documents import Failure, Found, Skipped, Told, read_bytes
from rag.documents.dates import iso_date
from rag.documents.formats import LARGEST_FILE, LARGEST_TEXT
from rag.documents.plain import first_line, one_line
from rag.errors import InvalidParameter, UnreadableDocument
from rag.index.writer import Writer
from rag.languages import language_of
from rag.metadata import check_metadata, check_tags
from rag.types import Document, Language

LONGEST_ID = 500
LONGEST_LINE = 1000  # of a title or a source

Status = Literal["added", "changed", "unchanged", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one file or one document in it; ``reason`` says why it is not as expected.

    ``code`` is the stable word for a failure (:data:`rag.documents.values.REASONS`).
    """

    name: str
    document_id: str | None
    status: Status
    reason: str | None = None
    code: str | None = None


def document(
    id: str,
    text: str,
    *,
    title: str | None = None,
    source: str | None = None,
    published: str | None = None,
    language: Language | None = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> Document:
    """A document as somebody wrote it out; raises InvalidParameter naming the field.

    Its title is its first line and its source its id where they are not given.
    """
    _check_line("id", id, LONGEST_ID)
    if id in (".", ".."):
        raise InvalidParameter(f"id is {id!r}, which no address could open", parameter="id")
    if not any(character.isalnum() for character in text):
        raise InvalidParameter("text has no words in it", parameter="text")
    if bad := re.search("[\x00\ud800-\udfff]", text):
        raise InvalidParameter(
            f"text holds the character U+{ord(bad.group()):04X} at {bad.start()}, which is not text",
            hint="remove it and send the text again",
            parameter="text",
        )
    if (size := len(text.encode("utf-8"))) > LARGEST_TEXT:
        raise InvalidParameter(
            f"text has {size} bytes in UTF-8, more than the {LARGEST_TEXT} a document may have",
            hint="send it in parts",
            parameter="text",
        )
    for name, line in (("title", title), ("source", source)):
        if line is not None:
            _check_line(name, line, LONGEST_LINE)
    day = None if published is None else iso_date(published)
    if published is not None and day is None:
        raise InvalidParameter(
            f"published is {published[:40]!r}, which names no certain day, expected such as "
            "2024-05-31",
            parameter="published",
        )
    return Document(
        id=id,
        text=text,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        title=title or first_line(text),
        source=source or id,
        language=language or language_of(text),
        published=day,
        origin=f"put:{quote(id)}",
        tags=check_tags(list(tags)),
        metadata=check_metadata({} if metadata is None else metadata),
    )


def _check_line(name: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise InvalidParameter(
            f"{name} has {len(value)} characters, more than {longest}", parameter=name
        )
    if not value.strip() or value != one_line(value) or "\ufffd" in value or _is_lone(value):
        raise InvalidParameter(
            f"{name} is {value[:60]!r}, expected words in one line without spaces around them",
            parameter=name,
        )


def _is_lone(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def put(writer: Writer, document: Document) -> Result:
    """Stores a document under its very id."""
    done = writer.put(document, exact=True)
    status: Status = "unchanged" if done.status == "duplicate" else done.status
    return Result(name=document.id, document_id=done.id, status=status)


def add(writer: Writer, found: Sequence[tuple[str, Found]]) -> list[Result]:
    """Stores what was read from files; the results are in its order."""
    return [
        _stored(name, item, writer) if isinstance(item, Document) else refused(name, item)
        for name, item in found
    ]


def read(files: Sequence[tuple[str, IO[bytes]]]) -> list[tuple[str, Found]]:
    """What is in the files, each with the name it was sent with."""
    return [(name, item) for name, file in files for item in _read(name, file)]


def _read(name: str, file: IO[bytes]) -> list[Found]:
    """What is in an upload; never nothing."""
    # What a browser sends is a name, but any client may send a path, of either kind of system.
    id = one_line(PureWindowsPath(name).name).lstrip(".") if not _is_lone(name) else ""
    if not id or len(id) > LONGEST_ID:
        return [Failure(name, _no_name(name))]
    content = file.read(LARGEST_FILE + 1)
    found = read_bytes(content, name=id, shown=id, id=id, origin=f"upload:{quote(id)}")
    kept: list[Found] = [item for item in found if not isinstance(item, Told)]
    return kept or [Skipped(id)]


def _no_name(name: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"{name[:60]!r} cannot be used as a file's name",
        hint="send the file with a name such as article.txt",
        reason="bad_name",
    )


def _stored(name: str, item: Document, writer: Writer) -> Result:
    done = writer.put(item)
    if done.status == "duplicate":
        told = None if done.id == item.id else f"the same text as {done.id!r}, which is kept"
        return Result(name=name, document_id=done.id, status="unchanged", reason=told)
    return Result(name=name, document_id=done.id, status=done.status)


def refused(name: str, item: Found) -> Result:
    """What is told of a file that gave no document."""
    if isinstance(item, Failure):
        code, told = item.error.reason, f"{item.error.message}; {item.error.hint}"
    else:
        code = "wrong_kind"
        told = f"{name[:200]}: a kind of file that is not read; send it as text, HTML, Word or PDF"
    return Result(name=name, document_id=None, status="failed", reason=told, code=code)
