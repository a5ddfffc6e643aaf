"""An answer as the text of a chat message, with numbered marks that point to its citations.

Whoever reads nothing but this text has the answer, the words it rests on and where they stand. Marks
are ``[1]`` with ASCII digits in both languages, because frontends read no others. Quotations come
from documents nobody here wrote: what Markdown would act on (images, links, HTML, foreign marks) is
escaped, and characters that turn the direction of a line are shown, not obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import regex

from rag.settings import CitationStyle
from rag.terminal import printable
from rag.types import Answer, Citation, Language

_QUOTES: Mapping[Language, tuple[str, str]] = {"ar": ("«", "»"), "en": ("“", "”")}
_SAID: Mapping[Language, tuple[str, str]] = {
    "ar": ("نص ما جاء في المصدر", "نص ما جاء في المصادر"),
    "en": ("What the source says", "What the sources say"),
}
_ORIGINAL: Mapping[tuple[Language, Language], str] = {
    ("ar", "en"): " (بالإنجليزية)",
    ("en", "ar"): " (in Arabic)",
}
_SOURCES: Mapping[Language, str] = {"ar": "المصادر", "en": "Sources"}
# A bracket that closes a mark, or what Markdown would make a link or an image of.
_ACTING = regex.compile(r"(?<=\[[\d٠-٩۰-۹,،;\s#^-]{1,20})\]|\](?=[(\[:])")
# A document's own escape would take the sense of ours.
_BACKSLASH = regex.compile(r"\\(?=[!-/:-@\[-`{-~])")
_TAG = regex.compile(r"<(?=[\p{L}/!?])")


@dataclass(frozen=True, slots=True)
class Mark:
    """The first place where citation ``n`` is marked, in code points of the text."""

    n: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """The text of a reply and the first mark of each citation in it."""

    text: str
    marks: tuple[Mark, ...] = ()


def shown(text: str) -> str:
    """A document's text for a chat message: the same to read, nothing in it acts."""
    escaped = _BACKSLASH.sub(r"\\\\", printable(text))
    return _TAG.sub(r"\<", _ACTING.sub(r"\]", escaped))


def compose(answer: Answer, style: CitationStyle, link: Callable[[Citation], str]) -> Message:
    """The message for an answer or for its absence, in the language of the question."""
    if answer.status == "abstained" or not answer.citations:
        return Message(answer.abstention.message if answer.abstention else "")
    language = answer.question_language
    text = _Text(style, link)
    first = answer.citations[0]
    if answer.answer and answer.answer != first.quote:
        text.add(f"{shown(answer.answer)}")
        text.mark(first)
        text.add("\n\n")
    text.add(f"{_introduction(answer)}:\n")
    for citation in answer.citations:
        opening, closing = _QUOTES[citation.language]
        quote = "\n> ".join(shown(citation.quote).splitlines())
        text.add(f"\n> {opening}{quote}{closing}")
        text.mark(citation)
        if style != "markdown":
            text.add(f"\n>\n> — {_named(citation)}")
        text.add("\n")
    if answer.note is not None:
        text.add(f"\n{shown(answer.note.message)}\n")
    if style == "markdown":
        text.add(f"\n{_SOURCES[language]}:\n\n")
        for citation in answer.citations:
            text.add(f"{citation.n}. [{_named(citation, _as_link)}]({link(citation)})\n")
    return text.message()


def _introduction(answer: Answer) -> str:
    language = answer.question_language
    said = _SAID[language][len(answer.citations) > 1]
    written = {citation.language for citation in answer.citations}
    other = written.pop() if len(written) == 1 else language
    return said + _ORIGINAL.get((language, other), "")


def _as_link(text: str) -> str:
    """A document's text inside the brackets of a link: every bracket is escaped."""
    return regex.sub(r"[\\\[\]<]", r"\\\g<0>", printable(text))


def _named(citation: Citation, escaped: Callable[[str], str] = shown) -> str:
    name = escaped(" ".join((citation.title or citation.source).split()))
    return f"{name} ({citation.published})" if citation.published else name


class _Text:
    """A text as it grows, with the places of its first marks."""

    def __init__(self, style: CitationStyle, link: Callable[[Citation], str]) -> None:
        self._style = style
        self._link = link
        self._parts: list[str] = []
        self._length = 0
        self._marks: dict[int, Mark] = {}

    def add(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)

    def mark(self, citation: Citation) -> None:
        """Adds ``[n]`` behind a space; nothing where citations are not wanted."""
        if self._style == "none":
            return
        self.add(" ")
        start, mark = self._length, f"[{citation.n}]"
        if self._style == "markdown":
            mark = f"[{mark}]({self._link(citation)})"
        self.add(mark)
        self._marks.setdefault(citation.n, Mark(citation.n, start, self._length))

    def message(self) -> Message:
        text = "".join(self._parts)
        return Message(text.rstrip(), tuple(self._marks[n] for n in sorted(self._marks)))
