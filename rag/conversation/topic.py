"""What was said before, as far as a follow-up can lean on it: the last question and its short answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from rag.terms import is_stop_word, words
from rag.types import Language

MOST_TURNS = 20  # earlier messages that are looked at; what is older is seldom meant
LONGEST_FRAGMENT = 6  # words; a longer piece without a question word is a question of its own
_LONGEST_NAME = 6  # words of an answer that can stand for a pronoun
SHORT_CLAUSE = 3  # words
BORROWED = 300  # characters of an earlier message that are ever carried on
Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What was last asked, standing alone, and what was answered."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and its place in the text it is from."""

    folded: str
    start: int
    end: int


_COURTESIES = frozenset(
    """thanks thank you hello hi hey ok okay great cool nice bye yes no please good morning evening
    شكرا مرحبا اهلا سلام السلام عليكم تمام حسنا جيد ممتاز نعم لا مشكور جزيلا لك يعطيك العافيه صباح الخير""".split()
)
_REFUSALS = frozenset("i not sorry no cannot لا لم لن ليس ليست عذرا اسف للاسف لست".split())
NOT_TEXT = regex.compile(r"[\p{Cs}\p{Cc}]")
_MARKS = regex.compile(r"\[\[?\d+\]?\](?:\([^)\s]*\))?")
END = regex.compile(r"[\s?؟!.،,;؛:…]+$")


def asks_something(text: str) -> bool:
    """Whether a message asks something, rather than thanks or greets."""
    said = [word.folded for word in words_of(text)]
    return bool(said) and not all(word in _COURTESIES for word in said)


def words_of(text: str) -> list[Word]:
    """The words of a text, in order."""
    return [Word(*found) for found in words(text)]


def closed(text: str, language: Language) -> str:
    """The text as a question: with its mark, in English with a capital."""
    bare = END.sub("", text)
    return f"{bare}؟" if language == "ar" else f"{bare[:1].upper()}{bare[1:]}?"


def short_answer(text: str) -> str:
    """The first line of a reply where it can stand for what was asked; empty otherwise."""
    first = next((line for line in text[:2000].splitlines() if line.strip()), "")
    bare = END.sub("", _MARKS.sub("", NOT_TEXT.sub(" ", first))).strip(" *_>\"'«»“”")
    said = {word.folded for word in words_of(bare)}
    return bare if 0 < len(bare.split()) <= _LONGEST_NAME and not said & _REFUSALS else ""


def content_words(found: Sequence[Word]) -> list[Word]:
    """The words that are more than grammar."""
    return [word for word in found if not is_stop_word(word.folded)]


def part(text: str, word: Word) -> str:
    """The word as the text has it."""
    return text[word.start : word.end]
