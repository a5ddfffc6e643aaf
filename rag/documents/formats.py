"""Which loader reads what: by what the bytes say first, by the file's suffix second.

A loader names its extractor instead of importing it, so that only a worker (or the first plain
text) loads what the format needs.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from rag.documents.values import Extracted, Extraction, Refusal
from rag.errors import UnreadableDocument

if TYPE_CHECKING:
    from rag.documents.sandbox import Sandbox
    from rag.types import Document, Loaded

MEBIBYTE = 1024 * 1024
LARGEST_FILE = 25 * MEBIBYTE
LARGEST_TEXT = 10 * MEBIBYTE
ZIP, TAR = "zip", "tar"
Extractor = Callable[..., Extraction]  # of the bytes, and of what the format lets people choose
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLoader:
    """One format: fits :class:`rag.protocols.Loader`.

    ``extractor`` is ``module:function`` of bytes. ``largest_text`` bounds what may come back where
    a small file can hold much; formats that are text themselves are bounded by their size.
    """

    name: str
    suffixes: frozenset[str]
    media_type: str
    extractor: str
    trusted: bool = False  # simple enough to be read without a worker
    largest_text: int = LARGEST_TEXT
    options: tuple[tuple[str, str], ...] = ()  # for the extractor: which field holds the text
    sandbox: Sandbox | None = None  # another than the shared one

    def load(self, content: bytes, *, id: str, origin: str) -> Loaded:
        """The documents; raises UnreadableDocument."""
        try:
            if len(content) > LARGEST_FILE:
                raise too_large(len(content))
            extraction = self.extract(content)
        except Refusal as refusal:
            raise refusal.named(id) from refusal
        return self._loaded(extraction, id, origin)

    def extract(self, content: bytes) -> Extraction:
        """The extractor's result, from a worker unless the format is trusted; raises Refusal."""
        if self.trusted:
            return extractor(self.extractor)(content, **dict(self.options))
        from rag.documents import sandbox

        workers = self.sandbox or sandbox.shared()
        return workers.extract(
            self.extractor, content, largest=self.largest_text, **dict(self.options)
        )

    def _loaded(self, extraction: Extraction, id: str, origin: str) -> Loaded:
        from rag.types import Loaded

        several = len(extraction.documents) + len(extraction.failures) > 1 or any(
            extracted.key for extracted in extraction.documents
        )
        return Loaded(
            documents=tuple(
                self._document(extracted, number, id, origin, several=several)
                for number, extracted in enumerate(extraction.documents, 1)
            ),
            notes=tuple(extraction.notes),
            failures=tuple(
                UnreadableDocument(
                    f"{id}#{failure.key}: {failure.message}",
                    hint="mend the record in the file, then ingest it again",
                    reason="bad_record",
                )
                for failure in extraction.failures
            ),
        )

    def _document(
        self, extracted: Extracted, number: int, id: str, origin: str, *, several: bool
    ) -> Document:
        from rag.languages import language_of
        from rag.types import Document

        part = f"#{extracted.key or number}" if several else ""
        return Document(
            id=id + part,
            text=extracted.text,
            sha256=hashlib.sha256(extracted.text.encode("utf-8")).hexdigest(),
            title=extracted.title,
            source=extracted.url or id,
            origin=origin + part,
            language=language_of(extracted.text),
            media_type=self.media_type,
            published=extracted.published,
            pages=extracted.pages,
            tags=extracted.tags,
            metadata=extracted.metadata,
        )


def with_columns(loader: FileLoader, columns: Mapping[str, str]) -> FileLoader:
    """The loader with the fields of its records named; formats without records stay as they are."""
    if columns and loader in (CSV, JSON, JSON_LINES):
        return replace(loader, options=tuple(columns.items()))
    return loader


def extractor(name: str) -> Extractor:
    """The function ``module:function`` names; only of this package."""
    module, _, function = name.partition(":")
    found: Extractor = getattr(importlib.import_module(module), function)
    return found


def too_large(size: int) -> Refusal:
    """The refusal of a file over the limit."""
    return Refusal(
        "too_large",
        f"{size} bytes, more than the {LARGEST_FILE} a file may have",
        hint="split the file, or leave it out",
    )


def _loader(
    name: str,
    suffixes: str,
    media_type: str,
    extractor: str,
    *,
    trusted: bool = False,
    text: int = LARGEST_TEXT,
) -> FileLoader:
    return FileLoader(
        name=name,
        suffixes=frozenset(suffixes.split()),
        media_type=media_type,
        extractor=f"rag.documents.{extractor}",
        trusted=trusted,
        largest_text=text,
    )


PLAIN = _loader("text", ".txt .text", "text/plain", "plain:extract", trusted=True)
MARKDOWN = _loader(
    "Markdown", ".md .markdown", "text/markdown", "plain:extract_markdown", trusted=True
)
HTML = _loader("HTML", ".html .htm .xhtml", "text/html", "html:extract")
WORD = _loader(
    "Word",
    ".docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "word:extract",
)
PDF = _loader("PDF", ".pdf", "application/pdf", "pdf:extract")
EPUB = _loader("EPUB", ".epub", "application/epub+zip", "epub:extract")
CSV = _loader("CSV", ".csv .tsv", "text/csv", "records:extract_csv", text=2 * LARGEST_FILE)
JSON = _loader("JSON", ".json", "application/json", "records:extract_json", text=2 * LARGEST_FILE)
JSON_LINES = _loader(
    "JSON Lines",
    ".jsonl .ndjson",
    "application/jsonl",
    "records:extract_lines",
    text=2 * LARGEST_FILE,
)
FEED = _loader(
    "feed", ".rss .atom .xml", "application/feed+xml", "feeds:extract", text=2 * LARGEST_FILE
)

LOADERS: tuple[FileLoader, ...] = (
    PLAIN, MARKDOWN, HTML, WORD, PDF, EPUB, CSV, JSON, JSON_LINES, FEED,
)  # fmt: skip

# What the first bytes say. None: a kind that is known and not read.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file (an image, sound or video)"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.doc, .xls, .ppt)"),
    (b"{\\rtf", "an RTF file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
    (b"ID3", "a sound file"),
    (b"\x00\x00\x01\x00", "an icon"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What reads a file: a loader, or an archive to unpack; neither for a kind that is not read."""

    loader: FileLoader | None = None
    archive: Literal["zip", "tar"] | None = None
    note: str = ""


def suffix_of(name: str) -> str:
    """The suffix that decides, in small letters; both of ``.tar.gz``."""
    lower = PurePath(name).name.lower()
    if lower.endswith(".tar.gz"):
        return ".tar.gz"
    return PurePath(lower).suffix


def loader_for(suffix: str) -> FileLoader | None:
    """The loader for a suffix; None for one that is not read."""
    return next((loader for loader in LOADERS if suffix in loader.suffixes), None)


def kind_of(name: str, content: bytes) -> Kind:
    """What a file is; raises Refusal for content that no loader of its suffix could read."""
    suffix = suffix_of(name)
    named = loader_for(suffix)
    found = _by_content(content)
    if found is None:
        if suffix in ARCHIVE_SUFFIXES:
            raise _other("neither a zip nor a tar archive", suffix)
        if named in (PDF, WORD, EPUB) and named is not None:
            raise _other(f"not {named.name}", suffix)
        return Kind(loader=named)
    if isinstance(found, str) and found not in (ZIP, TAR):
        if named is None:
            return Kind()
        raise _other(found, suffix)
    if isinstance(found, FileLoader):
        agrees = found is named
        told = (
            ""
            if agrees
            else f"the content is {found.name}, whatever {suffix or 'no suffix'!r} says"
        )
        return Kind(loader=found, note=told)
    archive: Literal["zip", "tar"] = "zip" if found == ZIP else "tar"
    if suffix in ARCHIVE_SUFFIXES:
        return Kind(archive=archive)
    if found == ZIP and named in (WORD, EPUB):
        return Kind(loader=named)
    if named is None:
        return Kind()
    raise _other(f"a {archive} archive", suffix)


def _other(found: str, suffix: str) -> Refusal:
    return Refusal(
        "wrong_kind",
        f"named {suffix!r} but it is {found}",
        hint="check what kind of file it is, and name it after that",
    )


def _by_content(content: bytes) -> FileLoader | str | None:
    """A loader, an archive or the words for a kind that is not read; None: the name decides."""
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if content[30:58] == b"mimetypeapplication/epub+zip":
            return EPUB
        return WORD if b"word/document.xml" in content else ZIP
    if content.startswith(b"\x1f\x8b") or content[257:262] == b"ustar":
        return TAR
    if b"%PDF-" in content[:1024] and not content[:64].lstrip().startswith(b"<"):
        # Plain text may speak of it; a PDF begins with it, after a few odd bytes at most.
        place = content.index(b"%PDF-")
        if place == 0 or not content[:place].strip() or b"startxref" in content[-2048:]:
            return PDF
    for magic, told in _MAGIC:
        if content.startswith(magic):
            return told
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return HTML
    return None
