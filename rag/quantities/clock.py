"""Times of day: 15:30, 3:30 pm, الثالثة والنصف مساءً."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import regex

from rag.quantities.reading import Reading, Value, any_of, found_in
from rag.quantities.units import ORDINALS

_AM_PM = (
    r"(?P<am>a\.?m\b\.?|صباحا|فجرا|بعد منتصف الليل|من (?:صباح|فجر)(?!\p{L})|in the morning)"
    r"|(?P<pm>p\.?m\b\.?|مساء|عصرا|بعد الظهر|ليلا|من (?:مساء|عصر|ليل)(?!\p{L})|in the afternoon|in the evening)"
    r"|(?P<noon>ظهرا|من ظهر(?!\p{L}))"
)
_CLOCK = regex.compile(
    rf"(?<![\d:.,])(?P<h>\d{{1,2}}):(?P<min>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s*(?:{_AM_PM}))?"
    rf"|(?<![\d:.,])(?P<h2>\d{{1,2}})(?:\.(?P<min2>[0-5]\d))?\s*(?:{_AM_PM.replace('<', '<x')})"
    r"|(?<![\d:.,])(?P<h3>\d{1,2})\s*o'?clock"
)
_HOURS = {
    **{word: n for word, n in ORDINALS.items() if n > 1},
    "واحده": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "حاديه عشره": 11, "ثانيه عشره": 12,
}  # fmt: skip
_PARTS = {
    "والنصف": 30, "ونصف": 30, "والربع": 15, "وربع": 15, "والثلث": 20, "وثلث": 20, "وعشر دقايق": 10, "وخمس دقايق": 5,
    "الا ربعا": -15, "الا الربع": -15, "الا ربع": -15, "الا ثلثا": -20, "الا الثلث": -20, "الا ثلث": -20,
    "الا عشر دقايق": -10, "الا خمس دقايق": -5,
    "half past": 30, "quarter past": 15, "quarter to": -15, "five past": 5, "ten past": 10, "twenty past": 20,
}  # fmt: skip
_PART_AR = any_of(frozenset(part for part in _PARTS if not part.isascii()))
_PART_EN = any_of(frozenset(part for part in _PARTS if part.isascii()))
_MIDDLE = regex.compile(
    r"(?P<night>\bmidnight\b|(?<!\p{L})(?<!بعد\s)منتصف\s+(?:ال)?ليل(?!\p{L}))"
    r"|\b(?:noon|midday)\b|(?<!\p{L})منتصف\s+(?:ال)?نهار(?!\p{L})"
)
_TELLS_HOUR = tuple(
    "الساعه clock past quarter am a.m pm p.m morning afternoon evening صباح مساء فجر عصر ليل ظهر".split()
)
_SAID_HOUR = regex.compile(
    rf"الساعه\s+(?:ال)?(?P<h>{any_of(frozenset(_HOURS))}|\d{{1,2}})(?![\p{{L}}\d:])"
    rf"(?:\s+(?P<part>{_PART_AR}))?(?:\s*(?:{_AM_PM}))?"
    rf"|(?<!\p{{L}})[وبفل]?ال(?P<hb>{any_of(frozenset(w for w in _HOURS if not w.isascii()))})"
    rf"(?:\s+(?P<partb>{_PART_AR}))?\s+(?:{_AM_PM.replace('<', '<b')})"
    rf"|(?<!\p{{L}})(?P<half>(?:{_PART_EN})\s+)?"
    rf"(?P<he>{any_of(frozenset(word for word in _HOURS if word.isascii()))})"
    rf"(?:\s+(?P<thirty>thirty))?(?:\s*(?P<oclock>o'?clock))?(?:\s*(?:{_AM_PM.replace('<', '<e')}))?(?!\p{{L}})"
)


def times_in(reading: Reading) -> Iterator[Value]:
    """The times of day of a text."""
    for match in found_in(_CLOCK, reading.text, "0123456789"):
        groups = match.groupdict()
        hour = int(groups["h"] or groups["h2"] or groups["h3"])
        minute = int(groups["min"] or groups["min2"] or 0)
        if hour < 25 and reading.free(*match.span()):
            half = [groups[g] or groups.get(f"x{g}") for g in ("pm", "am", "noon")]
            yield _time(
                reading, match.start(), match.end(), hour, minute, *half, exact=bool(groups["h"])
            )
    for match in found_in(_SAID_HOUR, reading.text, _TELLS_HOUR):
        groups = match.groupdict()
        told = any(groups[g] for g in ("oclock", "epm", "eam", "enoon", "half"))
        if groups["h"] or groups["hb"]:
            raw, part = groups["h"] or groups["hb"], groups["part"] or groups["partb"]
        elif told:
            raw, part = groups["he"], (groups["half"] or "").strip()
        else:
            continue
        hour = int(raw) if raw.isdigit() else _HOURS[raw]
        minute = _PARTS.get(part or "", 0) + (30 if groups["thirty"] else 0)
        if minute < 0:
            hour, minute = hour - 1, minute + 60
        if reading.free(*match.span()):
            half = [groups[g] or groups[f"e{g}"] or groups[f"b{g}"] for g in ("pm", "am", "noon")]
            yield _time(reading, match.start(), match.end(), hour, minute, *half)
    for match in found_in(_MIDDLE, reading.text, ("midnight", "noon", "midday", "منتصف")):
        if reading.free(*match.span()):
            hour = 0 if match["night"] else 12
            yield _time(reading, *match.span(), hour, 0, None, None, "noon" if hour else None)


def _time(
    reading: Reading,
    start: int,
    end: int,
    hour: int,
    minute: int,
    pm: str | None,
    am: str | None,
    noon: str | None,
    *,
    exact: bool = False,
) -> Value:
    if pm and hour < 12 and not ("ليل" in pm and hour < 5):
        hour += 12
    elif (am or (pm and "ليل" in pm)) and hour == 12:
        hour = 0
    elif noon and hour < 4:
        hour += 12
    told = (
        bool(pm or am or noon)
        or hour > 12
        or hour == 0
        or (exact and hour < 10 and reading.text[start] == "0")
    )
    reading.take(start, end)
    return Value(
        kind="time", start=start, end=end, core=end, amount=Fraction(60 * (hour % 24) + minute),
        loose=not told,
    )  # fmt: skip
