"""A part of a sentence that remembers where its characters stand in the sentence."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from rag.attribution import speaker
from rag.types import AnswerType, Span


@dataclass(frozen=True, slots=True)
class Phrased:
    """A question and the place of its answer in the sentence."""

    kind: AnswerType
    place: Span
    question: str


@dataclass(frozen=True, slots=True)
class Clause:
    """Text with the place of each of its characters in the sentence it was taken from."""

    text: str
    origins: tuple[int, ...]

    @classmethod
    def of(cls, sentence: str) -> Clause:
        """The whole sentence."""
        return cls(sentence, tuple(range(len(sentence))))

    def part(self, start: int, end: int | None = None) -> Clause:
        """The characters from ``start`` to ``end``, without white space around them."""
        text = self.text[start:end]
        left = len(text) - len(text.lstrip())
        return Clause(text.strip(), self.origins[start:end][left : left + len(text.strip())])

    def without(self, start: int, end: int) -> Clause:
        """What is left where these characters are taken out, joined by one space."""
        before, after = self.part(0, start), self.part(end)
        gap = self.origins[start : start + 1] if before.text and after.text else ()
        return Clause(
            f"{before.text}{' ' if gap else ''}{after.text}", before.origins + gap + after.origins
        )

    def place(self, start: int, end: int) -> Span | None:
        """Where these characters stand in the sentence; None where something was taken out among them."""
        text = self.text[start:end]
        start, end = start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())
        if start >= end or self.origins[end - 1] - self.origins[start] != end - 1 - start:
            return None
        return Span(start=self.origins[start], end=self.origins[end - 1] + 1)

    def asked(self, kind: AnswerType, span: tuple[int, int], question: str) -> list[Phrased]:
        """The question that these characters answer; none where they are no one place."""
        place = self.place(*span)
        return [] if place is None else [Phrased(kind, place, question)]


_QUOTED = regex.compile(r"“([^“”]{12,160})”|\"([^\"]{12,160})\"|«([^«»]{12,160})»")


def quotations(sentence: str) -> list[tuple[str, Span]]:
    """The words of each quotation of four to twenty words, and the place of who said them."""
    found = []
    for match in _QUOTED.finditer(sentence):
        words = next(group for group in match.groups() if group is not None)
        who = speaker(sentence, Span(start=match.start(), end=match.end()))
        if who is None or not 4 <= len(words.split()) <= 20:
            continue
        # Between two quotations there is text between two marks too.
        if words[:1].isspace() or words.strip()[:1] in ",،.)(":
            continue
        if who.start < match.end() and match.start() < who.end:
            continue
        found.append((words.strip().rstrip(",،."), who))
    return found


def reported(sentence: str, says: regex.Pattern[str]) -> list[tuple[str, Span]]:
    """What is told in indirect speech (the group ``what``), and the place of who tells it."""
    found = []
    for match in says.finditer(sentence):
        who = speaker(sentence, Span(start=match.start("what"), end=match.end("what")))
        if who is not None and (who.end <= match.start("what") or match.end("what") <= who.start):
            found.append((match["what"].strip(), who))
    return found
