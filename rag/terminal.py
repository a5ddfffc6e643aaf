"""Text for people at a terminal: nothing in a document may steer it, and no line mixes directions."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TextIO

import regex

from rag.types import Answer, Citation, Document, Hit, Language, Passage, Position

# ESC and other controls, direction overrides and isolates, zero-width and tag characters; tab and
# newline stay. LRM, RLM, ZWNJ and ZWJ are harmless and part of correct Arabic.
_UNSAFE = regex.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\p{Cs}\U000e0000-\U000e007f]"
)

_LABELS: dict[str, dict[Language, str]] = {
    "confidence": {"ar": "الثقة", "en": "confidence"},
    "abstained": {"ar": "لا جواب", "en": "no answer"},
    "source": {"ar": "المصدر", "en": "source"},
    "differ": {"ar": "المصادر تختلف في هذا", "en": "The sources differ on this"},
}


def printable(text: str) -> str:
    """The text with characters that could act on a terminal shown as escapes."""
    return _UNSAFE.sub(lambda found: _escape(ord(found.group())), text)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def json_line(content: object) -> str:
    """The content as JSON, letters as they are and what could act on a terminal escaped."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return _UNSAFE.sub(lambda found: json.dumps(found.group())[1:-1], text)


def one_line(text: str) -> str:
    """Printable, with every run of white space a single space."""
    return printable(" ".join(text.split()))


def answer_lines(answer: Answer, language: Language | None = None) -> list[str]:
    """An answer as lines, each field on a line of its own.

    Labels are in ``language``, the question's own where it is not given.
    """
    language = language or answer.question_language
    share = f"{round(answer.confidence * 100)}%"
    if answer.status == "abstained":
        reason = answer.abstention.message if answer.abstention else ""
        return [f"{_LABELS['abstained'][language]}: {reason}"]
    lines = [one_line(answer.answer or ""), ""]
    if answer.disagreement:
        lines += [f"{_LABELS['differ'][language]}:"]
        lines += [_position_line(side) for side in answer.disagreement]
        lines += [""]
    elif answer.note:
        lines += [one_line(answer.note.message), ""]
    for citation in answer.citations:
        lines += _citation_lines(citation, language)
    return [*lines, f"{_LABELS['confidence'][language]}: {share}"]


def _position_line(side: Position) -> str:
    """The value, its citations, who says it and when; each as its source writes it."""
    numbers = "".join(f"[{n}]" for n in side.citations)
    told = [side.value, side.speaker.text if side.speaker else "", side.published or ""]
    return f"  {numbers} {' · '.join(one_line(part) for part in told if part)}"


def _citation_lines(citation: Citation, language: Language) -> list[str]:
    place = f"{citation.document_id} {citation.start}:{citation.end}"
    return [
        f"[{citation.n}] {one_line(citation.quote)}",
        f"    {one_line(citation.title)}",
        f"    {_LABELS['source'][language]}: {one_line(place)}",
        "",
    ]


def told_lines(document: Document) -> list[str]:
    """What is told about a document beside its text, a field a line; empty ones are left out."""
    told = {
        "title": document.title,
        "source": document.source,
        "published": document.published or "",
        "language": document.language,
        "pages": str(len(document.pages) or ""),
        "tags": ", ".join(document.tags),
        "metadata": json_line(dict(document.metadata)) if document.metadata else "",
    }
    return [f"{name}: {one_line(value)}" for name, value in told.items() if value]


def hit_lines(found: Sequence[tuple[Passage, Hit]]) -> list[str]:
    """Passages as lines, numbered from 1."""
    lines = []
    for passage, hit in found:
        lines += [
            f"[{hit.rank + 1}] {hit.score:.3f}",
            f"    {one_line(passage.text)}",
            f"    {one_line(passage.document_id)} {passage.start}:{passage.end}",
            "",
        ]
    return lines


class Progress:
    """A counter on stderr, only where somebody is looking."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Shows ``done`` of ``total``."""
        if self._shown:
            end = "\n" if done >= total else ""
            self._stream.write(f"\r{self._what} {done}/{total}{end}")
            self._stream.flush()
