"""The sentences of a passage, as readers quote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.sentences import split, trim
from rag.types import Passage, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence of a passage, trimmed, with its spans in the document and in the passage."""

    span: Span
    local: Span
    text: str
    kind: str


def sentences_of(passage: Passage) -> Iterator[Place]:
    """The sentences in order; what holds no letter and no digit is none."""
    for sentence in split(passage.text):
        local = trim(passage.text, sentence.start, sentence.end)
        text = passage.text[local.start : local.end]
        if any(character.isalnum() for character in text):
            yield Place(in_document(passage, local), local, text, sentence.kind)


def in_document(passage: Passage, local: Span) -> Span:
    """A span of the passage as one of its document."""
    return Span(start=passage.start + local.start, end=passage.start + local.end)
