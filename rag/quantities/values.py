"""What a text states as values: amounts with their units, shares, money, dates, times, ordinals.

Everything is read from the folded form, one kind after the other: what an earlier kind has taken
(the 5 of «5 مايو») is no number for a later one. Spans count code points of the original text.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import regex

from rag.folding import fold_with_origins
from rag.languages import arabic
from rag.quantities.amounts import amounts_in
from rag.quantities.clock import times_in
from rag.quantities.dates import dates_in
from rag.quantities.numbers import may_hold_values
from rag.quantities.ordinals import ordinals_in
from rag.quantities.reading import Reading, Value
from rag.quantities.units import (
    DECADES,
    DUALS,
    FRACTIONS,
    HIJRI_MONTHS,
    MAGHREBI_MONTHS,
    ORDINAL_ELEVEN,
    ORDINALS,
    ORDINALS_EN,
    WEEKDAYS,
)

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:'\p{L}+)?")
_TELLING = frozenset(
    """twice dozen one single thirds quarters fifths sixths eighths tenths midnight noon midday decade century
    واحد واحده واحدا ذو ذي الساعه ملياري وملياري منتصف اخماس ارباع عقد قرن ثلثان ثلثين""".split()
)
_NUMBER_WORDS = arabic.RULES.number_words.keys() | arabic.RULES.multipliers.keys()
_HIJRI_WORDS = frozenset(word for name in HIJRI_MONTHS for word in name.split())


@lru_cache(maxsize=256)
def values_in(text: str) -> tuple[Value, ...]:
    """The values a text states, in order of their place; words that only may be values are none."""
    folded = fold_with_origins(text)
    if not _may_state(folded.text):
        return ()
    reading = Reading(folded.text, text)
    found = [*dates_in(reading), *times_in(reading), *ordinals_in(reading), *amounts_in(reading)]
    found.sort(key=lambda value: value.start)
    if isinstance(folded.origins, range):
        return tuple(found)
    out = []
    for value in found:
        start, end = folded.original_span(value.start, value.end)
        core = folded.original_span(value.start, value.core)[1]
        out.append(replace(value, start=start, end=end, core=core))
    return tuple(out)


def _may_state(folded: str) -> bool:
    """Whether there is anything to read at all; most sentences hold no value."""
    words = _WORD.findall(folded)
    return (
        any(map(str.isdigit, folded))
        or may_hold_values(words)
        or any(_is_telling(word) for word in words)
    )


def _is_telling(word: str) -> bool:
    """Whether a folded word may state a value by itself."""
    bare = word.lstrip("وبلف").removeprefix("ال")
    return (
        word in _TELLING or bare in _NUMBER_WORDS or bare in DECADES or bare in MAGHREBI_MONTHS
        or word in ORDINALS_EN or word in WEEKDAYS or word in FRACTIONS or bare in FRACTIONS
        or bare in ORDINALS or word in _HIJRI_WORDS or bare in DUALS or word in DUALS
        or f"ال{bare}" in WEEKDAYS or bare in ORDINAL_ELEVEN
        or any(word.startswith(p) and word[len(p):] in DUALS for p in ("ال", "و", "ب", "ل", "بال", "وال"))
    )  # fmt: skip


def same(stated: Value, claimed: Value) -> bool:
    """Whether what is stated says what is claimed: the same amount, or a day of the month claimed.

    A claim may leave out the unit or a part of the date; it may not add one.
    """
    if claimed.kind == "date" or stated.kind == "date":
        return _same_date(stated, claimed)
    if {stated.kind, claimed.kind} <= {"ordinal", "number"} and stated.kind != claimed.kind:
        return False
    if claimed.kind == "time" and stated.kind == "time":
        return _same_time(stated, claimed)
    if {stated.bound, claimed.bound} == {"over", "under"}:
        return False
    if claimed.kind == "number" and not claimed.unit and stated.amount is not None:
        # A unit left out: the 5 of "5 km" is counted in kilometres, not in metres.
        high = None if stated.high is None else stated.high / stated.size
        plain = (stated.amount / stated.size, high) == (claimed.amount, claimed.high)
        return plain and stated.kind in ("number", "money", "measure")
    if (stated.amount, stated.high) != (claimed.amount, claimed.high):
        return False
    if stated.kind != claimed.kind:
        return False
    return one_unit(stated, claimed)


def one_unit(one: Value, two: Value) -> bool:
    """Whether units may be the same: of money and degrees, whose they are may be left out."""
    base, _, whose = one.unit.partition(" ")
    other, _, theirs = two.unit.partition(" ")
    if one.kind == two.kind == "money" or base == other == "degree":
        return base == other and (not whose or not theirs or whose == theirs)
    return one.unit == two.unit


def _same_time(one: Value, two: Value) -> bool:
    assert one.amount is not None and two.amount is not None  # noqa: S101, PT018 - times have one
    if one.loose or two.loose:
        return one.amount % 720 == two.amount % 720
    return one.amount == two.amount


def _same_date(stated: Value, claimed: Value) -> bool:
    for date, number in ((stated, claimed), (claimed, stated)):
        if date.kind == "date" and number.kind == "number":  # a year without a word that says so
            year, month, day = date.date
            bare = number.amount == year and not (date.calendar or number.high or number.counted)
            return bare and (number is claimed or (month is None and day is None))
    if stated.kind != "date" or claimed.kind != "date" or stated.calendar != claimed.calendar:
        return False
    return all(
        wanted is None or wanted == there
        for there, wanted in zip(stated.date, claimed.date, strict=True)
    )
