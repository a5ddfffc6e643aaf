"""A value as it is told, and a folded text while values are read from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import regex

ValueKind = Literal[
    "number", "share", "money", "measure", "date", "weekday", "time", "ordinal", "name"
]  # names are compared, but not read, as values


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value and the original ``[start, end)`` that states it; the number itself ends at ``core``.

    ``amount`` to ``high`` is a range where ``high`` is given. ``unit`` is a currency, the base unit
    of a measure, or empty; ``bound`` is "over" or "under" where the text says so. Dates have
    ``date`` = (year, month, day), None for what is not stated, and their ``calendar``.
    """

    kind: ValueKind
    start: int
    end: int
    core: int
    amount: Fraction | None = None
    high: Fraction | None = None
    size: Fraction = Fraction(1)  # of the unit as written, in base units
    unit: str = ""
    bound: str = ""
    date: tuple[int | None, int | None, int | None] = (None, None, None)
    calendar: str = ""
    loose: bool = False  # a time that may be before or after noon
    counted: bool = False  # a number of people or things named behind it, so no year


_THIN = regex.compile(r"(?<!\d)\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+(?!\d)")


class Reading:
    """One folded text while it is read: what one value has taken is no part of another.

    ``thin`` are the spans of digits kept together by narrow or non-breaking spaces: "1 200".
    """

    def __init__(self, folded: str, original: str) -> None:
        self.text = folded
        self._taken = [False] * len(folded)
        same_length = len(original) == len(folded)
        self.thin = [found.span() for found in _THIN.finditer(original)] if same_length else []

    def free(self, start: int, end: int) -> bool:
        """Whether nothing has taken any of the characters."""
        return not any(self._taken[start:end])

    def take(self, start: int, end: int) -> None:
        """Marks the characters as part of a value."""
        self._taken[start:end] = [True] * (end - start)


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True))


def found_in(
    pattern: regex.Pattern[str], text: str, needles: Iterable[str]
) -> Iterator[regex.Match[str]]:
    """The matches of a pattern none of which lacks all the needles; most texts hold none of those."""
    if any(needle in text for needle in needles):
        yield from pattern.finditer(text)
