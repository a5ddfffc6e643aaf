"""Plain text and Markdown: UTF-8 (with or without a mark), or UTF-16 with a mark; never guessed."""

from __future__ import annotations

import codecs
import hashlib

import regex

from rag.errors import UnreadableDocument
from rag.languages import language_of
from rag.types import Document

_TITLE_LENGTH = 90
_CONTROL = regex.compile(r"\p{Cc}")
_MARKDOWN_TITLE = regex.compile(r"^ {0,3}#[ \t]+(.*\w.*?)[ \t]*#*\s*$", regex.MULTILINE)


def decode(content: bytes, name: str) -> str:
    """The text of a file; raises UnreadableDocument with the offending byte and its place."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        skipped = len(content) - len(error.object)  # the codec takes the mark off before it counts
        raise UnreadableDocument(
            f"{name}: not {encoding.removesuffix('-sig').upper()}: "
            f"byte 0x{error.object[error.start]:02x} at offset {error.start + skipped}",
            hint="save the file as UTF-8 (for Arabic often: iconv -f WINDOWS-1256 -t UTF-8 FILE), then ingest it again",
        ) from error
    if "\x00" in text:
        raise UnreadableDocument(
            f"{name}: holds NUL characters, so it is not text", hint="check what kind of file it is"
        )
    if not text.strip():
        raise UnreadableDocument(f"{name}: holds no text", hint="leave the file out")
    return text


def document(text: str, *, id: str, origin: str, media_type: str, title: str) -> Document:
    """A document of decoded text: its hash and language are worked out here."""
    return Document(
        id=id,
        text=text,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        title=title,
        source=id,
        origin=origin,
        language=language_of(text),
        media_type=media_type,
    )


def first_line(text: str) -> str:
    """The first line with words, cut at a word end, for documents that carry no title."""
    for raw in text.splitlines():
        line = " ".join(_CONTROL.sub(" ", raw).split())
        if any(character.isalnum() for character in line):
            if len(line) <= _TITLE_LENGTH:
                return line
            graphemes = "".join(regex.findall(r"\X", line[: 2 * _TITLE_LENGTH])[:_TITLE_LENGTH])
            return f"{graphemes.rsplit(' ', 1)[0]}…"
    return ""


class PlainTextLoader:
    """``.txt``: the whole file is the article; its first line serves as title."""

    suffixes = frozenset({".txt", ".text"})
    media_type = "text/plain"

    def load(self, content: bytes, *, id: str, origin: str) -> Document:
        """The document; raises UnreadableDocument."""
        text = decode(content, id)
        return document(
            text, id=id, origin=origin, media_type=self.media_type, title=first_line(text)
        )


class MarkdownLoader:
    """``.md``: kept as written, since citations point into the source; the first ``#`` is the title."""

    suffixes = frozenset({".md", ".markdown"})
    media_type = "text/markdown"

    def load(self, content: bytes, *, id: str, origin: str) -> Document:
        """The document; raises UnreadableDocument."""
        text = decode(content, id)
        heading = _MARKDOWN_TITLE.search(text)
        title = heading.group(1) if heading else first_line(text)
        return document(text, id=id, origin=origin, media_type=self.media_type, title=title)
