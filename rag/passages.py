"""Passages: windows of whole sentences, each a slice of the document's text.

Invariant: ``document.text[p.start:p.end] == p.text`` for every passage. Lines that point to other
stories are in no passage, so nothing can be answered from them.
"""

from __future__ import annotations

from collections.abc import Iterator

from rag.languages import language_of
from rag.sentences import SPLITTING_VERSION, Sentence, split, trim
from rag.types import Document, Passage

# About one news paragraph or two: long enough for a pronoun's noun to stand in the same passage,
# short enough that one vector can stand for it.
TARGET = 500
LONGEST = 900
# A collection keeps the version it was cut by: raise it with every change of what is cut.
PASSAGES_VERSION = f"1/{SPLITTING_VERSION}/{TARGET}/{LONGEST}"
FIRST_PASSAGES_VERSION = "1/1/500/900"  # of collections that were made before they kept it


def passage_id(document_id: str, start: int, end: int) -> str:
    """Identity from origin: the document and the offsets."""
    return f"{document_id}#{start}-{end}"


def cut(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in order; none for a document without words."""
    passages = []
    for group in _groups(document.text, split(document.text)):
        span = trim(document.text, group[0].start, group[-1].end)
        text = document.text[span.start : span.end]
        if not any(character.isalnum() for character in text):
            continue
        passages.append(
            Passage(
                id=passage_id(document.id, span.start, span.end),
                document_id=document.id,
                start=span.start,
                end=span.end,
                text=text,
                language=language_of(text, document.language),
            )
        )
    return tuple(passages)


def _groups(text: str, sentences: tuple[Sentence, ...]) -> Iterator[list[Sentence]]:
    """Neighbouring sentences up to the target; a heading opens a new group."""
    group: list[Sentence] = []
    length = 0
    for sentence in sentences:
        size = sentence.end - sentence.start
        ends_here = sentence.kind == "related" or (
            group
            and (
                length + size > LONGEST
                or (length >= TARGET and _at_line_start(text, sentence))
                or (sentence.kind == "heading" and group[-1].kind != "heading")
            )
        )
        if ends_here and group:
            yield group
            group, length = [], 0
        if sentence.kind == "related":
            continue
        group.append(sentence)
        length += size
    if group:
        yield group


def _at_line_start(text: str, sentence: Sentence) -> bool:
    return sentence.start == 0 or text[sentence.start - 1] in "\r\n\u2028\u2029"
