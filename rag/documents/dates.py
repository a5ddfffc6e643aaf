"""Dates as sources state them, to ``YYYY-MM-DD``; what could mean two days is left alone."""

from __future__ import annotations

from datetime import date
from email.utils import parsedate_to_datetime

import regex

from rag.folding import fold
from rag.languages import rules_for
from rag.types import LANGUAGES

_ISO = regex.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_COMPACT = regex.compile(r"\s*(?:d:)?(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?(?!\d)")
_DAY_FIRST = regex.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(\p{L}+)[\s,/]+(?:\p{L}+[\s,/]+)?(\d{4})(?!\d)"
)
_MONTH_FIRST = regex.compile(
    r"(?<!\p{L})(\p{L}+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?[\s,]+(\d{4})(?!\d)"
)
_SLASHED = regex.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_LONGEST = 120


def iso_date(stated: object) -> str | None:
    """The day a text (or a number of seconds since 1970) names; None where it is not certain."""
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        return _from_seconds(stated)
    if not isinstance(stated, str) or not stated.strip():
        return None
    text = fold(stated[:_LONGEST])  # Arabic digits and the variants of letters
    if found := _ISO.match(text):
        return _checked(*(int(group) for group in found.groups()))
    if found := _COMPACT.match(text):
        return _checked(*(int(group) for group in found.groups()))
    if found := _SLASHED.match(text):
        first, second, year = (int(group) for group in found.groups())
        if first > 12:
            return _checked(year, second, first)
        if second > 12:
            return _checked(year, first, second)
        return _checked(year, second, first) if first == second else None
    if found := _DAY_FIRST.search(text):
        return _checked(int(found[3]), _month(found[2]), int(found[1]))
    if found := _MONTH_FIRST.search(text):
        return _checked(int(found[3]), _month(found[1]), int(found[2]))
    try:
        return parsedate_to_datetime(stated[:_LONGEST]).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None


def _month(word: str) -> int:
    for language in LANGUAGES:
        months = rules_for(language).months
        if number := months.get(word) or months.get(word.removeprefix("ال")):
            return number
    return 0


def _checked(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat() if 1000 <= year <= 2999 else None
    except ValueError:
        return None


def _from_seconds(seconds: float) -> str | None:
    from datetime import UTC, datetime

    if seconds > 10**11:  # milliseconds
        seconds /= 1000
    if not 10**8 <= seconds < 10**10:
        return None
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
