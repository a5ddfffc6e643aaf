"""Ordinals: third, 3rd, الثالث, twenty-first, الحادي والعشرون."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import regex

from rag.languages import english
from rag.quantities.reading import Reading, Value, any_of
from rag.quantities.units import ORDINAL_ELEVEN, ORDINAL_TENS, ORDINALS, ORDINALS_EN

_ORDINAL_DIGITS = regex.compile(r"(?<![\d.,])(\d+)(?:st|nd|rd|th)\b")
_TENS_AR = any_of(frozenset(ORDINAL_TENS))
_UNITS_AR = any_of(frozenset(ORDINALS) | ORDINAL_ELEVEN)
_TENS_EN = any_of(
    frozenset(word for word, n in english.RULES.number_words.items() if n in range(20, 100, 10))
)
SAID_ORDINAL = (
    rf"(?:ال)?(?:{_UNITS_AR})\s+و(?:ال)?(?:{_TENS_AR})|(?:ال)?(?:{_UNITS_AR})\s+(?:عشره?)"
    rf"|(?:ال)?(?:{_UNITS_AR})|(?:(?:{_TENS_EN})[\s-]+)?(?:{any_of(frozenset(ORDINALS_EN))})"
)
_SAID_ORDINAL = regex.compile(rf"(?<![\p{{L}}'])[وبفل]?({SAID_ORDINAL})(?![\p{{L}}'])")
_PARTS = frozenset("third quarter fourth fifth sixth seventh eighth ninth tenth".split())
# «الذكرى الخمسون», «القرن العشرون»: behind these the tens are a rank.
_RANKED = regex.compile(
    r"(?<!\p{L})[وبفل]?ال(?:مرتبه|مركز|ذكري|دوره|نسخه|قرن|ماده|جلسه|جوله|قمه|دقيقه|طبعه|حلقه|اسبوع|فصل|عيد\s+ال\p{L}+)\s+"
    r"(ال(?:عشر|ثلاث|اربع|خمس|ست|سبع|ثمان|تسع)(?:ون|ين)|الم[اي]?يه)(?!\p{L})"
)
_ORDINAL_PARTS = ORDINALS.keys() | ORDINAL_ELEVEN | ORDINAL_TENS.keys() | {"عشر", "عشره"}


def ordinals_in(reading: Reading) -> Iterator[Value]:
    """The ordinals nothing else has taken."""
    for match in _ORDINAL_DIGITS.finditer(reading.text):
        if reading.free(*match.span()):
            reading.take(*match.span())
            yield Value(
                kind="ordinal", start=match.start(), end=match.end(), core=match.end(),
                amount=Fraction(int(match[1])),
            )  # fmt: skip
    for match in _RANKED.finditer(reading.text):
        if reading.free(*match.span(1)):
            reading.take(*match.span(1))
            tens = match[1].removeprefix("ال")
            yield Value(
                kind="ordinal", start=match.start(1), end=match.end(1), core=match.end(1),
                amount=Fraction(ORDINAL_TENS.get(tens, 100)),
            )  # fmt: skip
    for match in _SAID_ORDINAL.finditer(reading.text):
        value = ordinal_value(match[1])
        if value is None or not reading.free(*match.span(1)) or _is_unit(reading, match):
            continue
        reading.take(*match.span(1))
        yield Value(
            kind="ordinal", start=match.start(1), end=match.end(1), core=match.end(1),
            amount=Fraction(value),
        )  # fmt: skip


def _is_unit(reading: Reading, match: regex.Match[str]) -> bool:
    """A "second" or a "third" that is a unit or a share, and «ثانية» after a number."""
    word = match[1]
    before = reading.text[max(0, match.start() - 20) : match.start()]
    if word in ("second", "ثانيه"):
        return bool(regex.search(r"(?:\d|\b(?:one|per|a|each|split|million)|ون|ين)\s*$", before))
    if word in _PARTS:
        # "a third of them", and no "third person".
        alone = regex.match(r"\s+of\b|[-\s]*(?:[^\s\p{L}]|$)", reading.text, pos=match.end())
        return bool(regex.search(rf"\b(?:one|two{'|a' if alone else ''})[\s-]+$", before))
    # "at first", «أول أمس»: no rank.
    return word in ("first", "اول", "الاول") and bool(
        regex.search(r"\bat\s+$", before) or regex.match(r"\s+امس", reading.text, pos=match.end())
    )


def ordinal_value(said: str) -> int | None:
    """The number of an ordinal in words."""
    words = regex.split(r"[\s-]+", said)
    total = 0
    for word in words:
        bare = word.removeprefix("و") if word not in ORDINALS_EN else word
        bare = bare.removeprefix("ال") if bare.removeprefix("ال") in _ORDINAL_PARTS else bare
        if bare in ORDINALS_EN:
            total += ORDINALS_EN[bare]
        elif bare in english.RULES.number_words:
            total += english.RULES.number_words[bare]
        elif bare in ORDINAL_ELEVEN:
            total += 1
        elif bare in ("عشر", "عشره"):
            total += 10
        elif bare in ORDINAL_TENS:
            total += ORDINAL_TENS[bare]
        elif bare in ORDINALS:
            total += ORDINALS[bare]
        else:
            return None
    return total or None
