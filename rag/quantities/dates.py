"""Dates in words and digits, of either calendar, with weekdays, years and decades."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import regex

from rag.languages import arabic, english
from rag.quantities.numbers import months_in, numbers_in
from rag.quantities.ordinals import SAID_ORDINAL, ordinal_value
from rag.quantities.reading import Reading, Value, any_of, found_in
from rag.quantities.units import (
    COUNTED,
    CURRENCIES,
    DECADES,
    HIJRI_MONTHS,
    HIJRI_NAMES,
    MAGHREBI_MONTHS,
    MEASURES,
    WEEKDAYS,
)
from rag.quantities.words import SCALES, bare

_MONTH_NAMES = {**english.RULES.months, **arabic.RULES.months}
_HIJRI = regex.compile(rf"(?<!\p{{L}})[وبفل]?({any_of(HIJRI_MONTHS)})(?!\p{{L}})")
_MAGHREBI = regex.compile(rf"(?<!\p{{L}})[وبفل]?({any_of(MAGHREBI_MONTHS)})(?!\p{{L}})")
_DAY_WORDS = regex.compile(rf"(?<!\p{{L}})[وبفل]?({any_of(WEEKDAYS)})s?(?!\p{{L}})")
_NUMERIC_DATE = regex.compile(
    r"(?<![\d.,/-])(?:(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\6(?P<z>\d{4}))(?![\d/-]|[.,]\d)"
)
_YEAR_BEFORE = regex.compile(
    r"(?:\b(?:year|in|since|of|until|by|from|after|before|during)|(?<!\p{L})(?:[وبفل]?(?:ال)?عام|[وبفل]?(?:ال)?سنه|في|منذ))\s+$"
)
_SURE_YEAR_BEFORE = regex.compile(r"(?:\byear|(?<!\p{L})[وبفل]?(?:ال)?(?:عام|سنه))\s+$")
_DECADE = regex.compile(r"(?<!\d)(\d{3}0)'?s\b")
# «صفر» is zero as well, «رجب» and «شعبان» are people's names, «محرم» is forbidden.
_TELLS_HIJRI = regex.compile(
    r"(?:\d|(?<!\p{L})(?:شهر|من|في|خلال|منذ|حتي)|\b(?:of|in|during|since))\s+$"
)
_TELLS_HIJRI_AFTER = regex.compile(
    r"\s*(?:,\s*)?(?:\d|(?:الماضي|المقبل|القادم|الجاري|الحالي|المنصرم)(?!\p{L}))"
)
_SAID_DECADE = regex.compile(
    rf"(?<!\p{{L}})(?:[وبفل]?(?:ال)?|لل)(?P<ar>{any_of(w for w in DECADES if not w.isascii())})(?!\p{{L}})"
    r"(?:\s+(?:من\s+)?القرن\s+(?P<age>الماضي|العشرين|التاسع عشر|الثامن عشر|الحالي))?"
    rf"|\bthe\s+(?:(?:early|late|mid)[\s-]+)?(?P<en>{any_of(w for w in DECADES if w.isascii())})\b"
)
_CENTURIES = {"التاسع عشر": 1800, "الثامن عشر": 1700, "الحالي": 2000}
_DAY_BEFORE = regex.compile(
    r"(?<![\d.,:])(\d{1,2})(?:st|nd|rd|th)?\s*(?:of\s+|من\s+(?:شهر\s+)?|شهر\s+)?[-/]?$"
)
_DAY_AFTER = regex.compile(
    r"\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d|[.,:]\d|\s*(?:%|percent|مليون|الف))(?=[\s,.;)]|$)"
)
_YEAR_AFTER = regex.compile(
    r"[,.]?\s*(?:of\s+|من\s+)?(?:(?:ال)?عام\s+|سنه\s+|/|-)?\s*((?:1[0-9]|20)\d\d)(?!\d|[.,]\d)"
)
_SAID_DAY = regex.compile(
    rf"(?<!\p{{L}})(?:the\s+)?({SAID_ORDINAL}|(?:ال)?(?:عشر|ثلاث)(?:ون|ين))\s+(?:of\s+|من\s+(?:شهر\s+)?)?$"
)
_YEAR = regex.compile(r"(?<![\d.,$€£])((?:1[0-9]|20)\d\d)(?![\d%:]|[.,]\d)")
_HIJRI_YEAR = regex.compile(r"\s*(?:ه(?!\p{L})|هجري[اه]?(?!\p{L})|ah\b)")
_ANY_HIJRI_YEAR = regex.compile(rf"(?<![\d.,])(\d{{1,4}}){_HIJRI_YEAR.pattern}")
_YEAR_OF_HIJRA_AFTER = regex.compile(rf"[,.]?\s*{_ANY_HIJRI_YEAR.pattern}")


def dates_in(reading: Reading) -> Iterator[Value]:
    """The dates, weekdays and years of a text."""
    yield from _in_digits(reading)
    yield from _with_months(reading)
    yield from _decades(reading)
    yield from _weekdays(reading)
    yield from _years(reading)


def _date(
    reading: Reading,
    start: int,
    end: int,
    date: tuple[int | None, int | None, int | None],
    calendar: str = "",
) -> Value:
    reading.take(start, end)
    return Value(kind="date", start=start, end=end, core=end, date=date, calendar=calendar)


def _in_digits(reading: Reading) -> Iterator[Value]:
    """2023-05-05, 24/02/2022, the 1990s."""
    for match in _NUMERIC_DATE.finditer(reading.text):
        if match["y"]:
            year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
        else:
            year, month, day = int(match["z"]), int(match["b"]), int(match["a"])
            if month > 12:
                month, day = day, month
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield _date(reading, *match.span(), (year, month, day))
    for match in _DECADE.finditer(reading.text):
        if reading.free(*match.span()):
            yield _date(reading, *match.span(), (int(match[1]), None, None), "decade")


def _with_months(reading: Reading) -> Iterator[Value]:
    text = reading.text
    months = [(m.start, m.end, int(m.value), "") for m in months_in(text)]
    months += [(*m.span(), MAGHREBI_MONTHS[m[1]], "") for m in _MAGHREBI.finditer(text)]
    months += [
        (*m.span(), HIJRI_MONTHS[m[1]], "hijri")
        for m in _HIJRI.finditer(text)
        if m[1] not in HIJRI_NAMES or _tells_hijri(text, m)
    ]
    alone = text.strip(" .")
    if not months and alone in _MONTH_NAMES:  # "May", and nothing else
        at = text.index(alone)
        months.append((at, at + len(alone), _MONTH_NAMES[alone], ""))
    last = -1
    for start, stop, month, calendar in sorted(months):
        if not reading.free(start, stop) or start < last:
            continue
        # «كانون الثاني/يناير», «مايو (أيار)»: the same month twice.
        twins = (
            other[1] + (text[other[1] : other[1] + 1] == ")")
            for other in months
            if other[0] >= stop
            and other[2] == month
            and regex.fullmatch(r"\s*[/(-]\s*", text[stop : other[0]])
        )
        last = next(twins, stop)
        yield _month(reading, start, last, month, calendar)


def _tells_hijri(text: str, match: regex.Match[str]) -> bool:
    """Whether a word that may also be a name or a number is the month here."""
    alone = match[1] == text.strip(" .") and match[1] != "صفر"
    before = _TELLS_HIJRI.search(text, max(0, match.start() - 8), match.start())
    after = match[1] != "صفر" and _TELLS_HIJRI_AFTER.match(text, match.end())
    return bool(alone or before or after)


def _month(reading: Reading, start: int, end: int, month: int, calendar: str) -> Value:
    """A month with the day and the year beside it."""
    day = year = None
    before = _DAY_BEFORE.search(reading.text, max(0, start - 24), start)
    if before and reading.free(*before.span()) and 1 <= int(before[1]) <= 31:
        day, start = int(before[1]), before.start(1)
    elif (said := _said_day(reading, start)) is not None:
        day, start = said
    after = _DAY_AFTER.match(reading.text, end)
    if day is None and after and 1 <= int(after[1]) <= 31:
        day, end = int(after[1]), after.end()
    following = _YEAR_AFTER.match(reading.text, end)
    if following:
        year, end = int(following[1]), following.end(1)
        if era := _HIJRI_YEAR.match(reading.text, end):
            calendar, end = "hijri", era.end()
    elif early := _YEAR_OF_HIJRA_AFTER.match(reading.text, end):
        year, end, calendar = int(early[1]), early.end(), "hijri"
    return _date(reading, start, end, (year, month, day), calendar)


def _said_day(reading: Reading, start: int) -> tuple[int, int] | None:
    """«الخامس من», "fifth of" before a month: the day and where it begins."""
    match = _SAID_DAY.search(reading.text, max(0, start - 40), start)
    if match is None:
        return None
    tens = regex.fullmatch(r"(?:ال)?(عشر|ثلاث)(?:ون|ين)", match[1])
    value = (20 if tens[1] == "عشر" else 30) if tens else ordinal_value(match[1])
    return (value, match.start(1)) if value is not None and value <= 31 else None


def _decades(reading: Reading) -> Iterator[Value]:
    """«تسعينيات القرن الماضي», "the nineties"; nobody's age («في الستينيات من عمره»)."""
    for match in found_in(_SAID_DECADE, reading.text, ("نات", "نيات", "ties")):
        after = reading.text[match.end() : match.end() + 12]
        if regex.match(r"\s+من\s+(?:ال)?عمر", after) or not reading.free(*match.span()):
            continue
        age = _CENTURIES.get(match["age"] or "", 1900)
        start = match.start("ar") if match["ar"] else match.start()
        decade = age + DECADES[match["ar"] or match["en"]]
        yield _date(reading, start, match.end(), (decade, None, None), "decade")


def _weekdays(reading: Reading) -> Iterator[Value]:
    for match in _DAY_WORDS.finditer(reading.text):
        word, (start, end) = match[1], match.span(1)
        # «الاثنان» and «الاثنين الآخرين» are the two of them.
        two = word == "الاثنان" or (
            word == "الاثنين" and regex.match(r"\s+\p{L}*ين\b", reading.text, pos=end)
        )
        if two or not reading.free(*match.span()):
            continue
        reading.take(*match.span())
        yield Value(kind="weekday", start=start, end=end, core=end, amount=Fraction(WEEKDAYS[word]))


def _years(reading: Reading) -> Iterator[Value]:
    text = reading.text
    for match in _YEAR.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        likely = (
            _YEAR_BEFORE.search(before) and match[1] >= "1700" and not counts(reading, match.end())
        )
        if reading.free(*match.span()) and (_SURE_YEAR_BEFORE.search(before) or likely):
            calendar = "hijri" if _HIJRI_YEAR.match(text, match.end()) else ""
            yield _date(reading, *match.span(), (int(match[1]), None, None), calendar)
    for match in _ANY_HIJRI_YEAR.finditer(text):
        if reading.free(*match.span(1)):
            yield _date(reading, *match.span(), (int(match[1]), None, None), "hijri")
    for quantity in numbers_in(bare(text)):  # «عام ألفين وثلاثة وعشرين»
        before = text[max(0, quantity.start - 12) : quantity.start]
        if (
            not quantity.digits
            and len(quantity.value) == 4
            and _SURE_YEAR_BEFORE.search(before)
            and reading.free(quantity.start, quantity.end)
        ):
            year = (int(quantity.value), None, None)
            yield _date(reading, quantity.start, quantity.end, year)


def counts(reading: Reading, end: int) -> bool:
    """Whether the word behind a number is counted or measured by it."""
    match = regex.match(r"\s+(\p{L}+)", reading.text, pos=end)
    return match is not None and any(
        match[1] in known for known in (MEASURES, CURRENCIES, SCALES, COUNTED)
    )
