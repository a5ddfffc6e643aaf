"""Plain text and Markdown: kept as written, to the last character, since citations point into it."""

from __future__ import annotations

import regex

from rag.documents.encodings import decode
from rag.documents.values import Extracted, Extraction

_TITLE_LENGTH = 90
_CONTROL = regex.compile(r"\p{Cc}")
_MARKDOWN_TITLE = regex.compile(r"^ {0,3}#[ \t]+(.*\w.*?)[ \t]*#*\s*$", regex.MULTILINE)
# Titles that programs write by themselves, and names of files.
_MADE_UP = regex.compile(
    r"microsoft (?:word|powerpoint)\b.*|(?:new |word )?document\s*\d*|doc\d*|untitled\b.{0,12}|title"
    r"|unknown(?: title)?|(?:مستند|بلا عنوان|بدون عنوان)\s*\p{Nd}*"
    r"|.*\.(?:docx?|dotx?|odt|rtf|txt|html?|xhtml|pdf|pptx?|indd|qxd|tex|typ|pub|epub|p65)",
    regex.I,
)


def stated_title(title: str) -> str:
    """What a file says its title is, in one line; empty where its program made that up."""
    line = one_line(title)[:500]
    return "" if _MADE_UP.fullmatch(line) else line


def first_line(text: str) -> str:
    """The first line with words, cut at a word end, for documents that carry no title."""
    for raw in text.splitlines():
        line = one_line(raw)
        if any(character.isalnum() for character in line):
            return shortened(line)
    return ""


def one_line(text: str) -> str:
    """The text with control characters and runs of white space as single spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def shortened(line: str) -> str:
    """At most a title's length, cut at a word end and never inside a grapheme."""
    if len(line) <= _TITLE_LENGTH:
        return line
    graphemes = "".join(regex.findall(r"\X", line[: 2 * _TITLE_LENGTH])[:_TITLE_LENGTH])
    return f"{graphemes.rsplit(' ', 1)[0]}…"


def extract(content: bytes) -> Extraction:
    """``.txt``: the whole file is the article; its first line serves as title."""
    return _whole(content, markdown=False)


def extract_markdown(content: bytes) -> Extraction:
    """``.md``: kept as written; the first ``#`` is the title."""
    return _whole(content, markdown=True)


def _whole(content: bytes, *, markdown: bool) -> Extraction:
    decoded = decode(content)
    heading = _MARKDOWN_TITLE.search(decoded.text) if markdown else None
    title = heading.group(1) if heading else first_line(decoded.text)
    extraction = Extraction(documents=[Extracted(text=decoded.text, title=title)])
    if decoded.note:
        extraction.note("encoding", decoded.note)
    return extraction
