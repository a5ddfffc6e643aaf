"""EPUB: the chapters of a book in reading order, as one document."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from rag.documents.archive import Package
from rag.documents.dates import iso_date
from rag.documents.encodings import decode
from rag.documents.html import Page
from rag.documents.markup import Element, child_text, parse
from rag.documents.plain import first_line, stated_title
from rag.documents.values import Extracted, Extraction, Refusal

_CONTAINER = "META-INF/container.xml"
_MEND = "open it in the program it comes from and save it again"
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def extract(content: bytes) -> Extraction:
    """The text of a book; raises Refusal for one that is locked."""
    package = Package(content)
    _check_unlocked(package)
    path, book = _book(package)
    metadata = _child(book, "metadata")
    extraction = Extraction()
    chapters, hidden, missing = [], 0, 0
    for name in _reading_order(book, posixpath.dirname(path)):
        if name not in package:
            missing += 1
            continue
        page = Page(decode(package.read(name), "utf-8").text, fragment=True)
        if text := page.article():
            chapters.append(text)
        hidden += page.hidden
    if not chapters:
        raise Refusal("empty", "holds no text", hint="leave the file out")
    if hidden:
        extraction.note("hidden_text", f"{hidden} hidden parts left out")
    if missing:
        extraction.note("missing_parts", f"{missing} chapters that the book names are not in it")
    text = "\n\n".join(chapters)
    title = stated_title(child_text(metadata, "title")) if metadata is not None else ""
    day = iso_date(child_text(metadata, "date")) if metadata is not None else None
    extraction.documents.append(
        Extracted(text=text, title=title or first_line(text), published=day)
    )
    return extraction


def _child(element: Element, tag: str) -> Element | None:
    return next((child for child in element if child.tag == tag), None)


def _check_unlocked(package: Package) -> None:
    if "META-INF/encryption.xml" not in package:
        return
    for method in parse(package.read("META-INF/encryption.xml")).iter("EncryptionMethod"):
        if method.get("Algorithm") not in _FONT_SCRAMBLING:
            raise Refusal("encrypted", "the book is locked", hint="use a copy without protection")


def _book(package: Package) -> tuple[str, Element]:
    for root in parse(package.read(_CONTAINER)).iter("rootfile"):
        if path := root.get("full-path"):
            return path, parse(package.read(path))
    raise Refusal("damaged", "an EPUB that names no book", hint=_MEND)


def _reading_order(book: Element, folder: str) -> list[str]:
    """The parts of the spine, without the table of contents."""
    manifest, spine = _child(book, "manifest"), _child(book, "spine")
    if manifest is None or spine is None:
        raise Refusal("damaged", "an EPUB without a list of its chapters", hint=_MEND)
    items = {item.get("id"): item for item in manifest}
    names = []
    for reference in spine:
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if "html" in (item.get("media-type") or ""):
            address = unquote((item.get("href") or "").partition("#")[0])
            names.append(posixpath.normpath(posixpath.join(folder, address)))
    return list(dict.fromkeys(names))
