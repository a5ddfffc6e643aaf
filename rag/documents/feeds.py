"""RSS 0.9–2.0, RSS 1.0 (RDF) and Atom files: one document an entry."""

from __future__ import annotations

from xml.etree import ElementTree  # writes what rag.documents.markup has parsed

from rag.documents.dates import iso_date
from rag.documents.html import has_markup, plain_text, web_address
from rag.documents.markup import Element, child_text, parse
from rag.documents.plain import first_line, one_line
from rag.documents.values import BadRecord, Extracted, Extraction, Refusal

_LONGEST_KEY = 300


def extract(content: bytes) -> Extraction:
    """The entries of a feed; raises Refusal for XML of another kind."""
    root = parse(content)
    entries = [element for element in root.iter() if element.tag in ("item", "entry")]
    if root.tag not in ("rss", "RDF", "feed"):
        raise Refusal(
            "wrong_kind",
            f"XML with the root <{root.tag[:60]}>, where a feed (<rss>, <RDF> or <feed>) is read",
            hint="leave the file out, or save it in another format",
        )
    if not entries:
        raise Refusal("empty", "a feed without entries", hint="leave the file out")
    extraction = Extraction()
    for number, entry in enumerate(entries, 1):
        link = _link(entry)
        key = one_line(child_text(entry, "guid", "id") or link or str(number))[:_LONGEST_KEY]
        text = _body(entry)
        title = one_line(plain_text(child_text(entry, "title")))[:500]
        if title and title not in text[:1000]:
            text = f"{title}\n\n{text}"
        if not any(character.isalnum() for character in text):
            extraction.failures.append(BadRecord(key=key, message="an entry without text"))
            continue
        stated = child_text(entry, "pubDate", "published", "date", "issued", "updated")
        extraction.add(
            Extracted(
                text=text,
                title=title or first_line(text),
                published=iso_date(stated),
                url=web_address(link),
                key=key,
            )
        )
    return extraction


def _link(entry: Element) -> str:
    for child in entry:
        if child.tag == "link":
            if child.get("href") and child.get("rel", "alternate") == "alternate":
                return child.get("href") or ""
            if (child.text or "").strip():
                return (child.text or "").strip()
    return ""


def _body(entry: Element) -> str:
    """The fullest text an entry has: its content, else its summary."""
    texts = []
    for child in entry:
        if child.tag in ("encoded", "content", "description", "summary"):
            if child.get("type") == "xhtml":
                markup = ElementTree.tostring(child, encoding="unicode", method="html")
                texts.append(plain_text(markup))
            else:
                text = "".join(child.itertext()).strip()
                texts.append(plain_text(text) if has_markup(text) or "&" in text else text)
    return max(texts, key=len, default="")
