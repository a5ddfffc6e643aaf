"""Word (.docx): paragraphs, headings, lists, tables and notes, as accepted and as seen.

Read straight from the file's XML: insertions count and deletions do not, hidden text (the "hidden"
property, white letters, letters of a point or less) is left out and counted, and of a drawing with
a fallback only one is read. A paragraph is a paragraph of the text; cells of a row stand side by
side.

Why not python-docx: it needs lxml, keeps hidden and loses inserted text, and one file of a million
empty paragraphs keeps it busy for half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from rag.documents.archive import Package
from rag.documents.markup import Element, child_text, parse
from rag.documents.plain import first_line, one_line, stated_title
from rag.documents.values import Extracted, Extraction, Refusal

_MAIN = "word/document.xml"
_SKIPPED = frozenset(
    "del moveFrom instrText delText rPr pPr sectPr tblPr trPr tcPr fldData Fallback".split()
)
_OFF = frozenset(("0", "false", "off", "none"))
_HEADINGS = ("title", "heading 1", "heading1")
_AFTER_LIST = regex.compile(r"^(• .*\n)(?=[^•\n])", regex.MULTILINE)
_SMALLEST = 2  # half points


def extract(content: bytes) -> Extraction:
    """The text of a Word document."""
    package = Package(content)
    reader = _Reader(_styles(package))
    main = parse(package.read(_main_part(package)))
    body = next((child for child in main if child.tag == "body"), None)
    if body is None:
        raise Refusal("damaged", "a Word file without a body", hint="save it again in Word")
    blocks = list(reader.blocks(body))
    for part in ("word/footnotes.xml", "word/endnotes.xml"):
        if part in package:
            for note in parse(package.read(part)):
                if note.get("type") not in ("separator", "continuationSeparator"):
                    blocks.extend(reader.blocks(note))
    text = _AFTER_LIST.sub(r"\1\n", "".join(blocks)).strip("\n")
    if not any(character.isalnum() for character in text):
        raise Refusal("empty", "holds no text", hint="leave the file out")
    extraction = Extraction()
    if reader.hidden:
        told = f"{reader.hidden} hidden parts with {reader.hidden_characters} characters left out"
        extraction.note("hidden_text", told)
    title = _stated_title(package) or reader.title or first_line(text)
    extraction.documents.append(Extracted(text=text, title=title))
    return extraction


def _main_part(package: Package) -> str:
    """The part with the text; a file may name another than usual."""
    if _MAIN not in package and "_rels/.rels" in package:
        for relation in parse(package.read("_rels/.rels")):
            if (relation.get("Type") or "").endswith("/officeDocument"):
                return (relation.get("Target") or _MAIN).lstrip("/")
    return _MAIN


def _stated_title(package: Package) -> str:
    if "docProps/core.xml" not in package:
        return ""
    return stated_title(child_text(parse(package.read("docProps/core.xml")), "title"))


def _styles(package: Package) -> dict[str, tuple[str, bool]]:
    """Of each style its name in small letters and whether it hides."""
    if "word/styles.xml" not in package:
        return {}
    styles = {}
    for style in parse(package.read("word/styles.xml")):
        if style.tag == "style":
            name = next((child.get("val") or "" for child in style if child.tag == "name"), "")
            styles[style.get("styleId") or ""] = (name.lower(), _hides(_child(style, "rPr")))
    return styles


def _child(element: Element | None, tag: str) -> Element | None:
    if element is None:
        return None
    return next((child for child in element if child.tag == tag), None)


def _on(element: Element | None) -> bool:
    return element is not None and (element.get("val") or "1") not in _OFF


def _hides(properties: Element | None) -> bool:
    """Whether letters of these properties cannot be seen."""
    if properties is None:
        return False
    if _on(_child(properties, "vanish")) or _on(_child(properties, "webHidden")):
        return True
    size = _child(properties, "sz")
    if (
        size is not None
        and (size.get("val") or "").isdigit()
        and int(size.get("val") or 99) <= _SMALLEST
    ):
        return True
    colour = _child(properties, "color")
    white = colour is not None and (colour.get("val") or "").upper() == "FFFFFF"
    ground = any(_child(properties, tag) is not None for tag in ("shd", "highlight"))
    return white and not ground


class _Reader:
    """Turns paragraphs and tables into text and counts what it leaves out."""

    def __init__(self, styles: dict[str, tuple[str, bool]]) -> None:
        self._styles = styles
        self.title = ""
        self.hidden = 0
        self.hidden_characters = 0

    def blocks(self, element: Element) -> Iterator[str]:
        """The blocks below an element, each with its line ends."""
        for child in element:
            if child.tag == "p":
                yield from self._paragraph(child)
            elif child.tag == "tbl":
                yield from self._table(child)
                yield "\n"
            elif child.tag not in _SKIPPED:
                yield from self.blocks(child)

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        properties = _child(paragraph, "pPr")
        style = _child(properties, "pStyle")
        name, hides = self._styles.get(
            style.get("val") or "" if style is not None else "", ("", False)
        )
        boxes: list[Element] = []
        text = "".join(self._runs(paragraph, boxes)).strip(" \t\n")
        if hides and text:
            self._hide(text)
            text = ""
        if text:
            if name in _HEADINGS and not self.title:
                self.title = one_line(text)[:500]
            listed = _child(properties, "numPr") is not None and not name.startswith("heading")
            yield f"• {text}\n" if listed else f"{text}\n\n"
        for box in boxes:
            yield from self.blocks(box)

    def _runs(self, element: Element, boxes: list[Element]) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag == "r":
                text = "".join(self._runs(child, boxes))
                if text.strip() and self._is_hidden(child):
                    self._hide(text)
                else:
                    yield text
            elif tag == "t":
                yield child.text or ""
            elif tag in ("tab", "ptab"):
                yield "\t"
            elif tag in ("br", "cr"):
                yield "\n"
            elif tag == "noBreakHyphen":
                yield "\u2011"
            elif tag == "txbxContent":
                boxes.append(child)
            elif tag not in _SKIPPED:
                yield from self._runs(child, boxes)

    def _is_hidden(self, run: Element) -> bool:
        properties = _child(run, "rPr")
        style = _child(properties, "rStyle")
        named = style is not None and self._styles.get(style.get("val") or "", ("", False))[1]
        return named or _hides(properties)

    def _hide(self, text: str) -> None:
        self.hidden += 1
        self.hidden_characters += len(text)

    def _table(self, table: Element) -> Iterator[str]:
        for row in _within(table, "tr"):
            cells = [" ".join("".join(self.blocks(cell)).split()) for cell in _within(row, "tc")]
            if any(cells):
                yield " | ".join(cells) + "\n"


def _within(element: Element, tag: str) -> Iterator[Element]:
    """The children of this name, also inside content controls; not those of a table in a cell."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _within(child, tag)
