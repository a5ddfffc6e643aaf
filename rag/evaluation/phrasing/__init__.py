"""Questions that a sentence allows, by rules of its language: who, when, where, how many, how much.

Only sentences whose grammar is plain are asked about: the words of the question are those of the
sentence, moved and not bent, but for an English verb behind "did" and the case of the noun behind
«كم». What refers back ("he", "the next day", «هذا») is left alone, for the question would not be
understood by itself. Nothing here is sure: a person reads every draft.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from rag.evaluation.phrasing import arabic, english
from rag.evaluation.phrasing.clauses import Clause, Phrased
from rag.types import Language, Span

__all__ = ["Phrased", "phrased"]

_FEWEST, _LONGEST = 3, 24  # words of a question
_UNFIT = regex.compile(r"[\"“”«»()\[\]:;؛\n]|\s[-–—]\s|[.؟?!]\s")

# A question that ends in a word that waits for another.
_CUT_OFF = regex.compile(
    r"\s(?:the|a|an|of|in|on|at|for|with|to|from|and|around|about|نحو|في|من|على|إلى|عن|خلال|عام|سنة|يوم|أو|و|حوالي|مع|منذ|بعد|قبل)[?؟]$"
)


def phrased(text: str, language: Language) -> Iterator[Phrased]:
    """The questions that the sentence answers, each with the place that does."""
    rules = english.RULES if language == "en" else arabic.RULES
    taken: list[Span] = []
    for rule in rules:
        for one in rule(Clause.of(text)):
            words = one.question.split()
            if not _FEWEST <= len(words) <= _LONGEST or _UNFIT.search(_bare(one)):
                continue
            if any(one.place.start < other.end and other.start < one.place.end for other in taken):
                continue
            if _CUT_OFF.search(one.question):
                continue
            if text[one.place.start : one.place.end] in one.question:
                continue  # it would tell its answer
            taken.append(one.place)
            yield one


def _bare(one: Phrased) -> str:
    """The question without the words it quotes."""
    return regex.sub(r"“[^”]*”|«[^»]*»", "", one.question).replace("قال: ", "")
