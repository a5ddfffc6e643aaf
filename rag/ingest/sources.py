"""What people name to be ingested: files and folders, ``-`` for standard input, addresses."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from rag.documents import (
    Failure,
    Found,
    Told,
    files,
    load_bytes,
    origin_of,
    read_bytes,
    read_file,
)
from rag.documents.formats import FEED, LARGEST_FILE, LOADERS, suffix_of
from rag.documents.plain import one_line
from rag.documents.values import Refusal
from rag.errors import UnreadableDocument, UsageError
from rag.network import Fetched, Fetcher, FetchRefused, is_address, target
from rag.types import Document, Note

STDIN, STDIN_SHOWN = "-", "standard input"
# A feed's entry with less text than this is a summary: its article is fetched.
_SUMMARY = 600
_MOST_ENTRIES = 200
_FIELDS = ("text", "title", "date", "id", "url")


@dataclass(frozen=True, slots=True)
class Source:
    """One file, page or feed: its name for people and what reads it.

    ``origin`` is where its bytes are, what its documents' origins begin with.
    """

    name: str
    read: Callable[[], Iterator[Found]]
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was named, and how it is to be read."""

    paths: Sequence[str]
    columns: Mapping[str, str]
    stdin: Callable[[int], bytes] | None = None
    stdin_name: str | None = None
    stdin_format: str | None = None
    fetcher: Fetcher | None = None

    def folders(self) -> list[Path]:
        """The files and folders among what was named."""
        return [Path(one) for one in self.paths if one != STDIN and not is_address(one)]


def columns_of(mappings: Sequence[str]) -> dict[str, str]:
    """``field=column`` pairs; raises UsageError."""
    columns: dict[str, str] = {}
    for mapping in mappings:
        field, sign, column = (part.strip() for part in mapping.partition("="))
        field = {"published": "date", "source": "url", "body": "text"}.get(field, field)
        if not (sign and column) or field not in _FIELDS:
            raise UsageError(
                f"--map {mapping!r}: expected FIELD=COLUMN with a field of {', '.join(_FIELDS)}",
                hint="such as --map title=headline --map text=body",
                parameter="map",
            )
        if field in columns:
            raise UsageError(
                f"--map names a column for {field!r} twice: {columns[field]!r} and {column!r}",
                hint="leave one of them out",
                parameter="map",
            )
        columns[field] = column
    return columns


def sources(named: Named) -> Iterator[Source | Failure]:
    """Everything named, folders walked; raises NoDocuments for a path that is none, UsageError.

    What is on the network is not looked at before it is read.
    """
    for one in named.paths:
        if one == STDIN:
            yield _standard_input(named)
        elif is_address(one):
            yield _address(one, named)
        else:
            for found in files(Path(one)):
                yield found if isinstance(found, Failure) else file_source(*found, named.columns)


def file_source(path: Path, id: str, columns: Mapping[str, str]) -> Source:
    """One file, its documents under this id."""
    return Source(str(path), lambda: read_file(path, id, columns), origin_of(path))


def _standard_input(named: Named) -> Source:
    if named.stdin is None:
        raise UsageError("there is no standard input to read", hint="name a file instead of -")
    suffix = f".{(named.stdin_format or '').lower().lstrip('.')}".rstrip(".")
    known = sorted(one for loader in LOADERS for one in loader.suffixes)
    if suffix and suffix not in known:
        raise UsageError(
            f"--format is {named.stdin_format!r}, expected one of {', '.join(s[1:] for s in known)}",
            hint="such as --format html",
            parameter="format",
        )
    if named.stdin_name is not None and not _is_name(named.stdin_name):
        raise UsageError(
            f"--name is {named.stdin_name[:60]!r}, expected words in one line",
            hint="such as --name article.html",
            parameter="name",
        )
    content = named.stdin(LARGEST_FILE + 1)
    # Without a name, another text must not take this one's place: it is called by its hash.
    name = named.stdin_name or f"stdin-{hashlib.sha256(content).hexdigest()[:12]}"
    read_as = name if suffix_of(name) in known and not suffix else f"{name}{suffix or '.txt'}"

    shown = STDIN_SHOWN if named.stdin_name is None else f"{STDIN_SHOWN} ({name})"

    def read() -> Iterator[Found]:
        if not content.strip():
            hint = "look at what the command before the pipe printed, errors included"
            yield Failure(shown, Refusal("empty", "holds no text", hint=hint).named(shown))
            return
        yield from read_bytes(
            content,
            name=read_as,
            shown=shown,
            id=name,
            origin=f"stdin:{name}",
            columns=named.columns,
        )

    return Source(STDIN_SHOWN, read, f"stdin:{name}")


def _is_name(name: str) -> bool:
    """Whether it can be stored and shown as it is; bytes that are no UTF-8 arrive as surrogates."""
    whole = name not in ("", ".", "..")  # no address could open those
    return whole and name == one_line(name) and not re.search("[\ud800-\udfff]", name)


def _address(url: str, named: Named) -> Source:
    if named.fetcher is None:
        raise UsageError(
            f"{url!r} is on the network, which is not used unless you say so",
            hint=f"sanad ingest --allow-network {url}",
            parameter="allow-network",
        )
    fetcher = named.fetcher
    return Source(url, lambda: _pages(url, fetcher), url)


def _pages(url: str, fetcher: Fetcher) -> Iterator[Found]:
    """The article behind an address, or the entries of a feed, each from the feed or its page."""
    try:
        fetched = fetcher.fetch(url)
        name = _name(fetched)
        if suffix_of(name) not in FEED.suffixes:
            yield from _page(url, fetched)
            return
        entries = load_bytes(fetched.content, name=name, id=_id(url), origin=_origin(url))
    except FetchRefused as error:
        yield _failure(url, error)
        return
    except UnreadableDocument as error:
        yield Failure(url, error)
        return
    if entries is None:
        return
    yield from (Failure(url, failure) for failure in entries.failures)
    for number, entry in enumerate(entries.documents):
        if len(entry.text) >= _SUMMARY or entry.source == _id(url) or number >= _MOST_ENTRIES:
            yield entry
        else:
            yield from _entry(entry, fetcher)


def _entry(entry: Document, fetcher: Fetcher) -> Iterator[Found]:
    """The article a summary in a feed leads to; the summary where it cannot be had."""
    found = []
    try:
        found = list(_page(entry.source, fetcher.fetch(entry.source)))
    except FetchRefused as error:
        yield _told(entry.source, f"{error.message}; the feed's summary is taken instead")
    articles = [item for item in found if isinstance(item, Document)]
    if len(articles) != 1 or len(articles[0].text) < len(entry.text):
        yield entry
        return
    (article,) = articles
    yield replace(
        article,
        id=entry.id,
        origin=entry.origin,
        title=entry.title or article.title,
        published=article.published or entry.published,
    )


def _page(url: str, fetched: Fetched) -> Iterator[Found]:
    for item in read_bytes(
        _declared(fetched), name=_name(fetched), shown=url, id=_id(url), origin=_origin(url)
    ):
        if isinstance(item, Document) and "#" not in item.id:
            # What the page calls itself is its own word; where it came from is known.
            yield replace(item, source=fetched.url)
        else:
            yield item


def _origin(url: str) -> str:
    return target(url).url


def _id(url: str) -> str:
    """The address without its scheme, readable: what lists and citations show."""
    return one_line(unquote(target(url).url.partition("://")[2].rstrip("/"), errors="replace"))


_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "text/csv": ".csv",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "application/rdf+xml": ".rss",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}


def _name(fetched: Fetched) -> str:
    """A file name for what was fetched: its kind is what the server says, else what its path says."""
    start = fetched.content[:512].lstrip(codecs.BOM_UTF8).lstrip().lower()
    if b"<rss" in start or b"<rdf:rdf" in start or b"<feed" in start:
        return "feed.rss"
    if suffix := _SUFFIXES.get(fetched.media_type):
        return f"page{suffix}"
    path = target(fetched.url).path.partition("?")[0]
    return f"page{suffix_of(path) or '.html'}"


def _declared(fetched: Fetched) -> bytes:
    """The bytes, in UTF-8 and marked so where the server named another encoding that they are in."""
    if fetched.charset in (None, "utf-8") or not fetched.media_type.startswith("text/"):
        return fetched.content
    try:
        text = fetched.content.decode(fetched.charset or "utf-8")
    except (LookupError, ValueError):  # not what the server says: the loaders look themselves
        return fetched.content
    return codecs.BOM_UTF8 + text.encode("utf-8", errors="replace")


def _failure(url: str, error: FetchRefused) -> Failure:
    return Failure(url, Refusal(error.reason, error.message, hint=error.hint).named("not fetched"))


def _told(source: str, message: str) -> Found:
    return Told(source, Note(code="not_fetched", message=message))
