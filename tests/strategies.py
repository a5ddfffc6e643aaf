"""Texts, documents and questions for the tests of the text core."""

from __future__ import annotations

import hashlib

import regex
from hypothesis import strategies as st

from rag.languages import language_of
from rag.question import TERM_WEIGHTS, Question, answer_type_of
from rag.terms import terms
from rag.types import Document

ARABIC_WORDS = tuple(
    "قال الرئيس الأوكرانيّ زيلينسكي إنّ الكِتَابُ مدرسة سبعة ألف ومئتان ١٢٠٠ مايو غدًا آب د م".split()
)
ENGLISH_WORDS = tuple(
    "The president said Kyiv Café 1,200 3.5% May 2023 Dr U.S e.g five hundred J K".split()
)
MARKS = tuple(
    "\u064b \u064e \u0651 \u0654 \u0670 \u0640 \u0301 \u0308 \u200f \u200d \u200c \u2066 \u2069 \ufe0f".split(
        " "
    )
)
PUNCTUATION = tuple(". .. … ! ? ؟ ؛ ، : ; , « » “ ” \" ' ( ) - – • 1. # >".split())
SPACES = (" ", " ", " ", "\n", "\r\n", "\n\n", "\t", "\u00a0", "\u2028", "\r", "\v")
ODD = (
    "😀",
    "👨\u200d👩\u200d👧",
    "👍🏽",
    "🇸🇦",
    "ﷺ",
    "ﻻ",
    "\ufeff",
    "\U000e0041",
    "é",
    "한",
    "का",
    "\x01",
    "\x85",
)
LINES = (
    "اقرأ أيضًا",
    "اقرأ أيضاً: عنوان آخر",
    "Read also",
    "Related: Another story",
    "قال زيلينسكي:",
    '"نعمل".',
)

pieces = st.one_of(
    st.sampled_from(ARABIC_WORDS + ENGLISH_WORDS),
    st.sampled_from(PUNCTUATION + MARKS + SPACES),
    st.sampled_from(ODD + LINES),
)
# Text as articles have it, with everything odd between, and any text at all.
texts = st.one_of(
    st.lists(pieces, max_size=60).map("".join),
    st.lists(st.one_of(pieces, st.just(" ")), max_size=60).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60),
)
# Letters, marks and spaces of the two languages only.
plain_texts = st.lists(
    st.sampled_from(ARABIC_WORDS + ENGLISH_WORDS + MARKS[:8] + (" ",)), max_size=40
).map("".join)


def document(text: str, id: str = "a.txt") -> Document:
    """A document of this text."""
    return Document(
        id=id,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title="",
        source=id,
        language=language_of(text),
    )


def question(text: str) -> Question:
    """The question as retrieval understands it, without an index."""
    language, found = language_of(text), tuple(terms(text))
    return Question(
        text=text,
        language=language,
        answer_type=answer_type_of(text, language),
        terms=found,
        weights={term.text: TERM_WEIGHTS[term.kind] for term in found},
    )


def grapheme_starts(text: str) -> set[int]:
    """The offsets at which graphemes begin, and the end."""
    return {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}


def rows(table: str) -> list[tuple[str, ...]]:
    """The lines of a table, their cells parted by ``|``; an empty cell is an empty text."""
    return [tuple(cell.strip() for cell in line.split("|")) for line in table.strip().splitlines()]
