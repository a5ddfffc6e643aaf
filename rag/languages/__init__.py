"""What is known about each language, as data, and which language a text is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.types import AnswerType, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One language's facts; every word but the homographs is in the folded form (:mod:`rag.folding`).

    ``question_words`` maps the words that ask to the kind of answer they ask for, and
    ``question_phrases`` the longer turns that say it more exactly ("how many", «في أي عام»).
    ``opening_only`` are question words that mean something else inside a sentence.
    ``related_links`` are the line openings («اقرأ أيضًا», "read also") behind which a page points to
    other stories.
    ``function_words`` say nothing where they stand alone as an answer; ``homographs`` are written
    forms that fold to one of them and are names or nouns (علي beside على, "May").
    """

    language: Language
    stop_words: frozenset[str]
    function_words: frozenset[str]
    homographs: frozenset[str]
    question_words: Mapping[str, AnswerType]
    question_phrases: Mapping[str, AnswerType]
    opening_only: frozenset[str]
    abbreviations: frozenset[str]
    months: Mapping[str, int]
    weekdays: frozenset[str]
    number_words: Mapping[str, int]
    multipliers: Mapping[str, int]
    related_links: tuple[str, ...]


def rules_for(language: Language) -> Rules:
    """The rules of one language."""
    from rag.languages import arabic, english

    return {"ar": arabic.RULES, "en": english.RULES}[language]


def _letters(text: str) -> tuple[int, int]:
    arabic = latin = 0
    for character in text:
        if "\u0620" <= character <= "\u06ff" or "\ufb50" <= character <= "\ufefc":
            arabic += character.isalpha()
        elif character.isalpha() and character < "\u0250":
            latin += 1
    return arabic, latin


def language_of(text: str, default: Language = "en") -> Language:
    """The language most letters belong to; ``default`` where there are no letters.

    A question such as «ما هو GDP؟» is Arabic although most of its letters are Latin: the words
    that make it a question decide before the letters are counted.
    """
    arabic, latin = _letters(text)
    if not arabic or not latin:
        return "ar" if arabic else "en" if latin else default
    from rag.folding import fold

    words = fold(text).split()
    asks_arabic = any(word in rules_for("ar").question_words for word in words)
    asks_english = any(word in rules_for("en").question_words for word in words)
    if asks_arabic != asks_english:
        return "ar" if asks_arabic else "en"
    return "ar" if arabic >= latin else "en"


def sentence_language(text: str, around: Language) -> Language:
    """The language most words of a sentence are of, ``around`` where there are as many of both.

    Words, not letters: names keep their script in both languages, and Latin ones are longer.
    """
    balance = 0
    for word in text.split():
        arabic, latin = _letters(word)
        balance += (arabic > latin) - (latin > arabic)
    return around if balance == 0 else "ar" if balance > 0 else "en"


def phrase_language(text: str, around: Language) -> Language:
    """The language of a part of a sentence, which is ``around``: its own where it has one script."""
    arabic, latin = _letters(text)
    if bool(arabic) == bool(latin):
        return around
    return "ar" if arabic else "en"
