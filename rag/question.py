"""What a question asks for, worked out once: its language, the type of its answer, its terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import regex

from rag.errors import InvalidQuestion
from rag.folding import fold
from rag.languages import Rules, language_of, rules_for
from rag.messages import refusal
from rag.protocols import PassageIndex
from rag.terms import Term, terms
from rag.types import AnswerType, Language
from rag.validation import kind

LONGEST_QUESTION = 2_000  # characters
_WORD = regex.compile(r"[\p{L}\d]+")
_NOT_TEXT = regex.compile(r"[\p{Cs}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LONGEST_PHRASE = 4  # words

# How much a match of each kind of term counts beside a word.
TERM_WEIGHTS = {"word": 1.0, "sound": 0.6, "value": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question ready for retrieval; ``weights`` are its term keys for BM25.

    ``counted`` is the place of the noun whose number is asked for, in questions for a number.
    """

    text: str
    language: Language
    answer_type: AnswerType
    terms: tuple[Term, ...]
    weights: Mapping[str, float]
    counted: tuple[int, int] | None = None


def validate(text: object, language: Language | None = None) -> str:
    """The question without white space around it; raises InvalidQuestion.

    Refused: nothing but space or marks, more than LONGEST_QUESTION characters, NUL and other
    control characters, lone surrogates. ``language`` is that of the refusal, the question's own where
    it is not given.
    """
    if not isinstance(text, str):
        raise InvalidQuestion(f"the question is {kind(text)}, expected text", parameter="question")
    stripped = text.strip()
    if not stripped:
        raise refusal("empty", language or "en")
    # A question mark tells the language where there is no letter to tell it.
    told = language or language_of(stripped[:LONGEST_QUESTION], "ar" if "؟" in stripped else "en")
    if len(stripped) > LONGEST_QUESTION:
        raise refusal("too_long", told, found=len(stripped), most=LONGEST_QUESTION)
    if bad := _NOT_TEXT.search(stripped):
        character = f"U+{ord(bad.group()):04X}"
        raise refusal("not_text", told, character=character, place=bad.start())
    if not _WORD.search(stripped):
        raise refusal("no_words", told)
    return stripped


def answer_type_of(text: str, language: Language) -> AnswerType:
    """The type of answer the question words ask for; "thing" where they do not tell.

    The first that tells decides, the longest where several begin together; "what" and "which" tell
    so little that any later phrase ("number of", «عدد») is heard before them.
    """
    words = _WORD.findall(fold(text))
    for asked in (language, "en" if language == "ar" else "ar"):
        found = _asked_for(words, rules_for(asked))
        if found:
            return next((type for type in found if type not in ("thing", "which")), found[0])
    return "thing"


def _asked_for(words: list[str], rules: Rules) -> list[AnswerType]:
    """The types of the question words and phrases, in order."""
    found: list[AnswerType] = []
    for position, word in enumerate(words):
        for length in range(_LONGEST_PHRASE, 1, -1):
            phrase = " ".join(words[position : position + length])
            if phrase in rules.question_phrases:
                found.append(rules.question_phrases[phrase])
                break
        else:
            bare = word[1:] if word[:1] in "وف" and word[1:] in rules.question_words else word
            at_the_edge = position < 2 or position == len(words) - 1
            if bare in rules.question_phrases:
                found.append(rules.question_phrases[bare])
            elif bare in rules.question_words and (at_the_edge or bare not in rules.opening_only):
                found.append(rules.question_words[bare])
    return found


def understand(text: str) -> Question:
    """The question with its type and terms; raises InvalidQuestion."""
    text = validate(text)
    language = language_of(text)
    found = tuple(terms(text))
    weights = {term.text: TERM_WEIGHTS[term.kind] for term in found}
    answer_type = answer_type_of(text, language)
    return Question(
        text=text,
        language=language,
        answer_type=answer_type,
        terms=found,
        weights=weights,
        counted=_counted(found) if answer_type == "number" else None,
    )


def _counted(found: tuple[Term, ...]) -> tuple[int, int] | None:
    """The first content word: "how many **drones** …", «كم **أسيرًا** …»."""
    return next(((term.start, term.end) for term in found if term.kind == "word"), None)


def idf(index: PassageIndex, term: str) -> float:
    """BM25's inverse document frequency of a term in this index."""
    count, total = index.document_frequency(term), len(index)
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def coverage(rarity: dict[str, float], present: frozenset[str]) -> float:
    """The share of the question's terms, weighted by rarity, that are present; in [0, 1]."""
    total = sum(rarity.values())
    if total <= 0:
        return 0.0
    return sum(weight for key, weight in rarity.items() if key in present) / total
