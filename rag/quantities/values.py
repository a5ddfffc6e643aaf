"""What a text states as values: amounts with their units, shares, money, dates, times, ordinals.

Everything is read from the folded form, in one pass a kind: what an earlier kind has taken (the
5 of «5 مايو») is no number for a later one. Spans count code points of the original text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import regex

from rag.folding import fold_with_origins
from rag.languages import arabic, english
from rag.quantities.numbers import may_hold_values, months_in, normal_number, numbers_in
from rag.quantities.units import (
    COUNTRIES,
    CURRENCIES,
    DUALS,
    FRACTIONS,
    HIJRI_MONTHS,
    MEASURES,
    ORDINAL_ELEVEN,
    ORDINAL_TENS,
    ORDINALS,
    ORDINALS_EN,
    PER_HOUR,
    PERCENT,
    SINGULAR,
    SQUARE,
    WEEKDAYS,
)

ValueKind = Literal["number", "share", "money", "measure", "date", "weekday", "time", "ordinal"]


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


@dataclass(slots=True)
class _Number:
    """A bare number while it is put together, in folded offsets."""

    amount: Fraction
    start: int
    end: int
    high: Fraction | None = None
    digits: bool = False


_WORD = regex.compile(r"[\p{L}\p{M}]+(?:'\p{L}+)?")
_NUMBER_WORDS = frozenset(arabic.RULES.number_words) | frozenset(arabic.RULES.multipliers)
_MONTH_NAMES = {**english.RULES.months, **arabic.RULES.months}
_SCALES = {**english.RULES.multipliers, **arabic.RULES.multipliers}
_LETTER_SCALES = {"k": 10**3, "mn": 10**6, "m": 10**6, "b": 10**9, "tn": 10**12}
_CLITIC = regex.compile(r"(?<![\p{L}\p{M}])(و?(?:بال|كال|فال|لل|ال|[بلكف]))(\p{L}{2,})")
_APART = regex.compile(r"(?<=\s)و(\s)(\p{L}+)")  # «خمسة و عشرون»
_THIN = regex.compile(r"(?<!\d)\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+(?!\d)")


def _any(words: Iterator[str] | frozenset[str] | dict[str, int]) -> str:
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True))


_HIJRI = regex.compile(rf"(?<!\p{{L}})[وبفل]?({_any(HIJRI_MONTHS)})(?!\p{{L}})")
_DAY_WORDS = regex.compile(rf"(?<!\p{{L}})[وبفل]?({_any(WEEKDAYS)})s?(?!\p{{L}})")
_NUMERIC_DATE = regex.compile(
    r"(?<![\d.,/-])(?:(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\6(?P<z>\d{4}))(?![\d/-]|[.,]\d)"
)
_AM_PM = (
    r"(?P<pm>p\.?m\b\.?|مساء|عصرا|بعد الظهر|ليلا|in the afternoon|in the evening)"
    r"|(?P<am>a\.?m\b\.?|صباحا|فجرا|in the morning)|(?P<noon>ظهرا)"
)
_CLOCK = regex.compile(
    rf"(?<![\d:.,])(?P<h>\d{{1,2}}):(?P<min>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s*(?:{_AM_PM}))?"
    rf"|(?<![\d:.,])(?P<h2>\d{{1,2}})(?:\.(?P<min2>[0-5]\d))?\s*(?:{_AM_PM.replace('<', '<x')})"
    r"|(?<![\d:.,])(?P<h3>\d{1,2})\s*o'?clock"
)
_HOURS = {
    **{word: n for word, n in ORDINALS.items() if n > 1},
    **{
        "واحده": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
        "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
        "حاديه عشره": 11, "ثانيه عشره": 12,
    },
}  # fmt: skip
_SAID_HOUR = regex.compile(
    rf"الساعه\s+(?:ال)?(?P<h>{_any(frozenset(_HOURS))}|\d{{1,2}})(?![\p{{L}}\d:])"
    rf"(?:\s+(?P<part>والنصف|والربع|والثلث|الا ربعا|الا الربع))?(?:\s*(?:{_AM_PM}))?"
    rf"|(?<!\p{{L}})(?P<half>half past\s+|quarter past\s+|quarter to\s+)?"
    rf"(?P<he>{_any(frozenset(word for word in _HOURS if word.isascii()))})"
    rf"(?:\s+(?P<thirty>thirty))?(?:\s*(?P<oclock>o'?clock))?(?:\s*(?:{_AM_PM.replace('<', '<e')}))?(?!\p{{L}})"
)
_PARTS = {
    "والنصف": 30, "والربع": 15, "والثلث": 20, "الا ربعا": -15, "الا الربع": -15,
    "half past": 30, "quarter past": 15, "quarter to": -15,
}  # fmt: skip
_YEAR_BEFORE = regex.compile(
    r"(?:\b(?:year|in|since|of|until|by|from|after|before|during)|(?<!\p{L})(?:[وبفل]?(?:ال)?عام|[وبفل]?(?:ال)?سنه|في|منذ))\s+$"
)
_SURE_YEAR_BEFORE = regex.compile(r"(?:\byear|(?<!\p{L})[وبفل]?(?:ال)?(?:عام|سنه))\s+$")
_DECADE = regex.compile(r"(?<!\d)(\d{3}0)'?s\b")
_OVER = regex.compile(
    r"(?:more than|over|at least|exceed(?:s|ed|ing)?|above|اكثر من|يزيد علي|تزيد علي|يزيد عن|ما لا يقل عن|لا يقل عن|فوق|تجاوز|يفوق)\s*$"
)
_UNDER = regex.compile(
    r"(?:less than|fewer than|under|below|at most|up to|nearly|almost|اقل من|لا يزيد علي|لا يتجاوز|دون)\s*$"
)
_FROM = regex.compile(r"(?:\bbetween|\bfrom|(?<!\p{L})(?:ما\s+)?بين|(?<!\p{L})من)\s*$")
_BETWEEN = regex.compile(r"(?:\bbetween|(?<!\p{L})بين)\s*$")
_HALF_MORE = regex.compile(r"\s+(?:and\s+a\s+(half|quarter)|و(?:ال)?(نصف|ربع))(?!\p{L})")
_HALF_OF = regex.compile(
    r"(?<!\p{L})(half|quarter|third|[وبلك]?نصف|[وبلك]?ربع|[وبلك]?ثلث)\s+(?:an?\s+|of\s+an?\s+|ال)?$"
)
_DOZEN = regex.compile(r"\b(?:(two|three|four|five|six|ten|\d+|a|half a)\s+)?dozen\b")
_DOZENS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "a": 1}
_CONSTRUCT = frozenset("الفا مليونا مليارا".split())
_TAKES_NOUN = regex.compile(r"\s+(?!و|ا?لا\b)\p{Arabic}+(?<!ا)(?!\p{L})")
_TWO_BILLION = regex.compile(r"(?<!\p{L})و?(ملياري)(?!\p{L})")
_ORDINAL_DIGITS = regex.compile(r"(?<![\d.,])(\d+)(?:st|nd|rd|th)\b")
_POINT = regex.compile(r"\s+(?:point|فاصله)\s+$")


@lru_cache(maxsize=256)
def values_in(text: str) -> tuple[Value, ...]:
    """The values a text states, in order of their place; words that only may be values are none."""
    folded = fold_with_origins(text)
    found = sorted(_Reading(folded.text, text).values(), key=lambda value: value.start)
    if isinstance(folded.origins, range):
        return tuple(found)
    out = []
    for value in found:
        start, end = folded.original_span(value.start, value.end)
        out.append(
            replace(
                value, start=start, end=end, core=folded.original_span(value.start, value.core)[1]
            )
        )
    return tuple(out)


class _Reading:
    """One folded text while it is read; ``taken`` marks the characters of values already found."""

    def __init__(self, folded: str, original: str) -> None:
        self.text = folded
        self.taken = [False] * len(folded)
        self.thin = (
            [  # "1 200" with a space that keeps digits together
                found.span() for found in _THIN.finditer(original)
            ]
            if len(original) == len(folded)
            else []
        )

    def values(self) -> list[Value]:
        words = _WORD.findall(self.text)
        telling = (
            may_hold_values(words)
            or any(map(str.isdigit, self.text))
            or any(_is_telling(word) for word in words)
        )
        if not telling:
            return []
        found = [*self._dates(), *self._times(), *self._ordinals()]
        found += self._shares()
        found += self._amounts()
        found += self._duals()
        return found

    def _free(self, start: int, end: int) -> bool:
        return not any(self.taken[start:end])

    def _take(self, start: int, end: int) -> None:
        self.taken[start:end] = [True] * (end - start)

    # Dates

    def _dates(self) -> Iterator[Value]:
        for match in _NUMERIC_DATE.finditer(self.text):
            if match["y"]:
                date = (int(match["y"]), int(match["m"]), int(match["d"]))
            else:
                date = (int(match["z"]), int(match["b"]), int(match["a"]))
                if date[1] > 12:
                    date = (date[0], date[2], date[1])
            if 1 <= date[1] <= 12 and 1 <= date[2] <= 31:
                self._take(*match.span())
                yield Value(
                    kind="date", start=match.start(), end=match.end(), core=match.end(), date=date
                )
        for match in _DECADE.finditer(self.text):
            if self._free(*match.span()):
                self._take(*match.span())
                yield Value(
                    kind="date", start=match.start(), end=match.end(), core=match.end(),
                    date=(int(match[1]), None, None), calendar="decade",
                )  # fmt: skip
        months = [(m.start, m.end, int(m.value), "") for m in months_in(self.text)]
        months += [
            (m.start(), m.end(), HIJRI_MONTHS[m[1]], "hijri")
            for m in _HIJRI.finditer(self.text)
            if m[1] != "صفر" or _SAFAR.search(self.text, max(0, m.start() - 6), m.start())
        ]
        alone = self.text.strip(" .")
        if not months and alone in _MONTH_NAMES:  # "May", and nothing else
            at = self.text.index(alone)
            months.append((at, at + len(alone), _MONTH_NAMES[alone], ""))
        last_month = -1
        for start, end, month, calendar in sorted(months):
            if not self._free(start, end) or start < last_month:
                continue
            # «كانون الثاني/يناير», «مايو/أيار»: the same month twice.
            twin = next(
                (m for m in months if m[0] > end - 1 and m[2] == month
                 and regex.fullmatch(r"\s*[/(-]\s*", self.text[end : m[0]])), None,
            )  # fmt: skip
            if twin:
                end = twin[1]
                if self.text[end : end + 1] == ")":
                    end += 1
            yield self._month(start, end, month, calendar)
            last_month = end
        for match in _DAY_WORDS.finditer(self.text):
            if self._free(*match.span()) and match[1] != "الاثنان":
                if match[1] == "الاثنين" and regex.match(
                    r"\s+\p{L}*ين\b", self.text, pos=match.end()
                ):
                    continue
                self._take(*match.span())
                yield Value(
                    kind="weekday", start=match.start(1), end=match.end(1), core=match.end(1),
                    amount=Fraction(WEEKDAYS[match[1]]),
                )  # fmt: skip
        for match in regex.finditer(
            r"(?<![\d.,$€£])((?:1[0-9]|20)\d\d)(?![\d%:]|[.,]\d)", self.text
        ):
            before = self.text[max(0, match.start() - 12) : match.start()]
            sure = _SURE_YEAR_BEFORE.search(before)
            if self._free(*match.span()) and (
                sure
                or (
                    _YEAR_BEFORE.search(before)
                    and match[1] >= "1700"
                    and not self._counts(match.end())
                )
            ):
                self._take(*match.span())
                hijri = regex.match(r"\s*(?:ه\b|هجري|ah\b)", self.text, pos=match.end())
                yield Value(
                    kind="date", start=match.start(), end=match.end(), core=match.end(),
                    date=(int(match[1]), None, None), calendar="hijri" if hijri else "",
                )  # fmt: skip
        for quantity in numbers_in(self._bare()):
            # «عام ألفين وثلاثة وعشرين»
            before = self.text[max(0, quantity.start - 12) : quantity.start]
            year = quantity.value
            if (
                not quantity.digits
                and len(year) == 4
                and _SURE_YEAR_BEFORE.search(before)
                and self._free(quantity.start, quantity.end)
            ):
                self._take(quantity.start, quantity.end)
                yield Value(
                    kind="date", start=quantity.start, end=quantity.end, core=quantity.end,
                    date=(int(year), None, None),
                )  # fmt: skip

    def _counts(self, end: int) -> bool:
        """Whether a word that follows is counted or measured by the number before it."""
        word = regex.match(r"\s+(\p{L}+)", self.text, pos=end)
        return bool(word and (word[1] in MEASURES or word[1] in CURRENCIES or word[1] in _SCALES
                              or word[1] in _COUNTED))  # fmt: skip

    def _month(self, start: int, end: int, month: int, calendar: str) -> Value:
        """A month with the day and the year beside it."""
        day = year = None
        before = _DAY_BEFORE.search(self.text, max(0, start - 24), start)
        if before and self._free(*before.span()) and 1 <= int(before[1]) <= 31:
            day, start = int(before[1]), before.start(1)
        elif (said := self._said_day(start)) is not None:
            day, start = said
        after = _DAY_AFTER.match(self.text, end)
        if day is None and after and 1 <= int(after[1]) <= 31:
            day, end = int(after[1]), after.end()
        following = _YEAR_AFTER.match(self.text, end)
        if following:
            year, end = int(following[1]), following.end(1)
            if regex.match(r"\s*(?:ه\b|هجري)", self.text, pos=end):
                calendar = "hijri"
        self._take(start, end)
        return Value(
            kind="date", start=start, end=end, core=end, date=(year, month, day), calendar=calendar
        )

    def _said_day(self, start: int) -> tuple[int, int] | None:
        """«الخامس من», "fifth of" before a month: the day and where it begins."""
        match = _SAID_DAY.search(self.text, max(0, start - 40), start)
        if match is None:
            return None
        value = _ordinal_value(match[1])
        return (value, match.start(1)) if value is not None and value <= 31 else None

    # Times of day

    def _times(self) -> Iterator[Value]:
        for match in _CLOCK.finditer(self.text):
            groups = match.groupdict()
            hour = int(groups["h"] or groups["h2"] or groups["h3"])
            minute = int(groups["min"] or groups["min2"] or 0)
            if hour < 25 and self._free(*match.span()):
                half = [groups[g] or groups.get(f"x{g}") for g in ("pm", "am", "noon")]
                yield self._time(
                    match.start(), match.end(), hour, minute, *half, exact=bool(groups["h"])
                )
        for match in _SAID_HOUR.finditer(self.text):
            groups = match.groupdict()
            told = any(groups[g] for g in ("oclock", "epm", "eam", "enoon", "half"))
            if groups["h"]:
                raw, part = groups["h"], groups["part"]
            elif told:
                raw, part = groups["he"], (groups["half"] or "").strip()
            else:
                continue
            hour = int(raw) if raw.isdigit() else _HOURS[raw]
            minute = _PARTS.get(part or "", 0) + (30 if groups["thirty"] else 0)
            if minute < 0:
                hour, minute = hour - 1, minute + 60
            if self._free(*match.span()):
                half = [groups[g] or groups[f"e{g}"] for g in ("pm", "am", "noon")]
                yield self._time(match.start(), match.end(), hour, minute, *half)

    def _time(
        self,
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
        if pm and hour < 12 and not (pm == "ليلا" and hour < 5):
            hour += 12
        elif (am or pm == "ليلا") and hour == 12:
            hour = 0
        elif noon and hour < 4:
            hour += 12
        told = (
            bool(pm or am or noon)
            or hour > 12
            or hour == 0
            or (exact and hour < 10 and self.text[start] == "0")
        )
        self._take(start, end)
        return Value(
            kind="time", start=start, end=end, core=end, amount=Fraction(60 * (hour % 24) + minute),
            loose=not told,
        )  # fmt: skip

    # Ordinals

    def _ordinals(self) -> Iterator[Value]:
        for match in _ORDINAL_DIGITS.finditer(self.text):
            if self._free(*match.span()):
                self._take(*match.span())
                yield Value(
                    kind="ordinal", start=match.start(), end=match.end(), core=match.end(),
                    amount=Fraction(int(match[1])),
                )  # fmt: skip
        for match in _SAID_ORDINAL.finditer(self.text):
            value = _ordinal_value(match[1])
            if value is None or not self._free(*match.span(1)) or self._is_unit(match):
                continue
            self._take(*match.span(1))
            yield Value(
                kind="ordinal", start=match.start(1), end=match.end(1), core=match.end(1),
                amount=Fraction(value),
            )  # fmt: skip

    def _is_unit(self, match: regex.Match[str]) -> bool:
        """A "second" or a "third" that is a unit or a share, and «ثانية» after a number."""
        word = match[1]
        before = self.text[max(0, match.start() - 20) : match.start()]
        if word in ("second", "ثانيه"):
            return bool(
                regex.search(r"(?:\d|\b(?:one|per|a|each|split|million)|ون|ين)\s*$", before)
            )
        if word in ("third", "quarter", "fourth", "fifth", "tenth"):
            return bool(regex.search(r"\b(?:one|a|two)[\s-]+$", before))
        # "at first", «أول أمس»: no rank.
        return word in ("first", "اول", "الاول") and bool(
            regex.search(r"\bat\s+$", before) or regex.match(r"\s+امس", self.text, pos=match.end())
        )

    # Amounts

    def _bare(self) -> str:
        """The text with «ال», «ب», «ل» before number words blanked, so that «بالخمسة» counts."""

        def blank(match: regex.Match[str]) -> str:
            clitic, word = match[1], match[2]
            if (clitic + word) in _NUMBER_WORDS or (clitic + word) in WEEKDAYS:
                return match[0]
            percent = clitic == "بال" and word in ("ميه", "مايه")
            if word not in _NUMBER_WORDS or word == "صفر" or percent:
                return match[0]
            if clitic.startswith("و"):
                return " " * (len(clitic) - 1) + "و" + word
            return " " * len(clitic) + word

        def joined(match: regex.Match[str]) -> str:
            return match[0] if match[2] not in _NUMBER_WORDS else f"{match[1]}و{match[2]}"

        return _CLITIC.sub(blank, _APART.sub(joined, self.text))

    def _numbers(self) -> list[_Number]:
        """The bare numbers that nothing has taken, words joined to what they are part of."""
        found: list[_Number] = []
        blanked = self._bare()
        for start, end in self.thin:
            if self._free(start, end):
                self._take(start, end)
                digits = regex.sub(r"\D", "", self.text[start:end])
                found.append(_Number(Fraction(int(digits)), start, end, digits=True))
        for quantity in numbers_in(blanked):
            if not self._free(quantity.start, quantity.end):
                continue
            amount = _amount(quantity.value)
            if amount is None:
                continue
            start = quantity.start
            if blanked[start] == "و" and self.text[start] != "و":
                start += 1
            found.append(_Number(amount, start, quantity.end, digits=quantity.digits))
        for match in _DOZEN.finditer(self.text):
            count = match[1] or "a"
            times = (
                Fraction(1, 2) if count == "half a"
                else Fraction(int(count) if count.isdigit() else _DOZENS[count])
            )  # fmt: skip
            found = [n for n in found if n.end <= match.start() or n.start >= match.end()]
            found.append(_Number(times * 12, match.start(), match.end()))
        for match in _TWO_BILLION.finditer(self.text):
            found.append(_Number(Fraction(2 * 10**9), match.start(1), match.end(1)))
        found.sort(key=lambda number: number.start)
        return self._joined(found)

    def _joined(self, found: list[_Number]) -> list[_Number]:
        out: list[_Number] = []
        for number in found:
            gap = self.text[out[-1].end : number.start] if out else "x"
            if out and _POINT.fullmatch(gap) and not number.digits and number.amount < 10:
                out[-1].amount += number.amount / 10
                out[-1].end = number.end
            elif (
                out
                and number.amount == 100
                and not number.digits
                and not gap.strip()
                and 10 < out[-1].amount < 100
                and not out[-1].digits
            ):  # "twelve hundred"
                out[-1].amount *= 100
                out[-1].end = number.end
            else:
                out.append(number)
        for number in out:
            word = self.text[number.start : number.end]
            if word in _CONSTRUCT and _TAKES_NOUN.match(self.text, number.end):
                number.amount *= 2  # «مليونا دولار»; after a number it is one word with it
            self._scaled(number)
            more = _HALF_MORE.match(self.text, number.end)
            if more:
                part = FRACTIONS[more[1] or more[2]]
                self._add_part(number, part, more.end())
            before = _HALF_OF.search(self.text, max(0, number.start - 14), number.start)
            word = self.text[number.start : number.end].removeprefix("ال")
            if before and word in _SCALES and number.amount >= 1000:  # «نصف مليون»
                number.amount *= FRACTIONS[before[1].lstrip("وبلك")]
                number.start = before.start(1)
        return [n for n in out if n.amount is not None]

    def _scaled(self, number: _Number) -> None:
        """A scale that stands after the number as letters: 5k, 2.5 مليون."""
        letters = regex.match(r"(k|mn|m|b|tn)\b", self.text, pos=number.end)
        money = regex.search(r"[$€£]\s*$", self.text[max(0, number.start - 3) : number.start])
        if letters and number.digits and (letters[1] in ("k", "mn", "tn") or money):
            number.amount *= _LETTER_SCALES[letters[1]]
            number.end = letters.end()
            return
        if number.digits and number.amount.denominator > 1:
            # What numbers_in leaves apart because the product is not whole: none with real scales.
            word = regex.match(r"\s+(\p{L}+)", self.text, pos=number.end)
            if word and _SCALES.get(word[1], 0) >= 1000:
                number.amount *= _SCALES[word[1]]
                number.end = word.end()

    def _add_part(self, number: _Number, part: Fraction, end: int) -> None:
        """ "two and a half", «مليونين ونصف المليون», «مليون ونصف»."""
        scale = regex.match(r"\s+(?:ال)?(\p{L}+)", self.text, pos=end)
        if scale and (by := _SCALES.get(scale[1], 0)) >= 1000:
            if number.amount >= by:
                number.amount += part * by
            else:
                number.amount = (number.amount + part) * by
            number.end = scale.end()
            return
        size = next((s for s in (10**12, 10**9, 10**6, 1000) if number.amount >= s), 1)
        number.amount += part * (size if not number.digits or size > 1 else 1)
        number.end = end

    def _amounts(self) -> Iterator[Value]:
        numbers = self._numbers()
        position = 0
        while position < len(numbers):
            number = numbers[position]
            position += 1
            if not self._free(number.start, number.end):
                continue  # the half of "two and a half million"
            if position < len(numbers) and self._is_range(number, numbers[position]):
                upper = numbers[position]
                scaled = next(
                    (
                        s
                        for s in (10**12, 10**9, 10**6, 1000)
                        if upper.amount >= s and upper.amount / s < 1000
                    ),
                    1,
                )
                word = self.text[upper.start : upper.end]
                if number.amount < 1000 <= upper.amount and not word.replace(",", "").isdigit():
                    number.amount *= scaled
                number.high, number.end = upper.amount, upper.end
                position += 1
            yield self._amount_of(number)
        yield from self._single()

    def _is_range(self, low: _Number, high: _Number) -> bool:
        gap = self.text[low.end : high.start]
        if high.start - low.end > 12:
            return False
        before = self.text[max(0, low.start - 10) : low.start].rstrip("$€£ ")
        bare = regex.sub(PERCENT + r"|[$€£]|\b(?:million|billion|thousand)\b", "", gap).strip()
        if bare in ("-", "–", "—", "to", "الي", "حتي"):
            return (
                bare not in ("to", "حتي", "الي")
                or bool(_FROM.search(before))
                or high.amount > low.amount
            )
        if bare in ("and", "و") or (not bare and self.text[high.start] == "و"):
            return bool(_BETWEEN.search(before))
        return False

    def _amount_of(self, number: _Number) -> Value:
        start, end, amount = number.start, number.end, number.amount
        core = end
        size = Fraction(1)
        before = self.text[max(0, start - 26) : start]
        bound = "over" if _OVER.search(before) else "under" if _UNDER.search(before) else ""
        if _OVER.search(before) and regex.search(r"(?:no|not|لا)\s+\S+\s+\S*\s*$", before):
            bound = ""
        kind: ValueKind = "number"
        unit = ""
        after = self.text[end : end + 40]
        percent = regex.match(rf"\s*({PERCENT})", after)
        symbol = regex.search(r"([$€£¥₪])\s*$|(?<!\p{L})(usd|eur|gbp|sar|aed|egp|us\$)\s*$", before)
        if percent or self.text[end - 1] == "%":
            kind = "share"
            amount = amount / 100
            high = None if number.high is None else number.high / 100
            end = core = end + (percent.end() if percent else 0)
            if regex.match(r"\s+points?\b", self.text[end : end + 10]) or regex.search(
                r"نقطه\s*ميويه|نقاط\s*ميويه", after
            ):
                unit = "points"
        elif symbol:
            kind, high = "money", number.high
            unit = CURRENCIES.get(symbol[1] or symbol[2], "dollar us")
            start -= len(before) - symbol.start()
            if regex.search(r"(?<!\p{L})us\s*$", self.text[max(0, start - 3) : start]):
                unit = "dollar us"
        else:
            high = number.high
            kind, unit, size, end = self._unit(end)
            factor = size
            amount *= factor
            high = None if high is None else high * factor
            more = _HALF_MORE.match(self.text, end) if kind == "measure" else None
            if more:  # «ثلاث ساعات ونصف», "three hours and a half"
                amount += FRACTIONS[more[1] or more[2]] * factor
                end = more.end()
            if kind == "measure" and unit == "degree":
                below = regex.match(r".{0,14}?(?:below zero|تحت الصفر)", self.text[end : end + 30])
                if below or regex.search(r"(?:^|\s)-$|minus\s+$|ناقص\s+$", before):
                    amount = -amount
                end += below.end() if below else 0
        if kind == "number" and regex.search(r"(?:^|[\s(])-$|minus\s+$|(?:ناقص|سالب)\s+$", before):
            amount = -amount
        self._take(start, end)
        return Value(
            kind=kind, start=start, end=end, core=core, amount=amount, high=high, unit=unit, bound=bound,
            counted=kind == "number" and self._counts(end), size=size,
        )  # fmt: skip

    def _unit(self, end: int) -> tuple[ValueKind, str, Fraction, int]:
        """The kind, unit, size and end of what stands after a number."""
        words = [
            (m.group(), m.end())
            for m in regex.finditer(
                r"\s*-?\s*([\p{L}\p{M}]+\d?|[$€£¥₪°])", self.text[end : end + 60]
            )
        ]
        plain = [(regex.sub(r"^[\s-]+", "", word), end + stop) for word, stop in words[:4]]
        # Only a word right behind the number, but for «من», "US", "square".
        at = end
        for number, (word, stop) in enumerate(plain):
            if self.text[at:stop].strip(" -\t") != word and number:
                break
            bare = (
                word.removeprefix("ال") if word not in CURRENCIES and word not in MEASURES else word
            )
            if bare in CURRENCIES:
                return self._currency(CURRENCIES[bare], plain[:number], plain[number + 1 :], stop)
            if bare in MEASURES:
                unit, size = MEASURES[bare]
                if bare == "m" and self.text[end : end + 1] == "m":
                    pass
                if bare in ("مره", "مرات") and number:
                    break
                return self._measure(unit, size, plain[:number], plain[number + 1 :], stop)
            if number > 1 or not (word in COUNTRIES or word in SQUARE or word in ("من", "of")):
                break
            at = stop
        return "number", "", Fraction(1), end

    def _currency(
        self,
        currency: str,
        before: list[tuple[str, int]],
        after: list[tuple[str, int]],
        stop: int,
    ) -> tuple[ValueKind, str, Fraction, int]:
        country = next((COUNTRIES[w] for w, _ in before if w in COUNTRIES), "")
        if not country and after and after[0][0] in COUNTRIES:
            between = self.text[stop : after[0][1]]
            if not between.strip().replace(after[0][0], ""):
                country, stop = COUNTRIES[after[0][0]], after[0][1]
        if " " in currency or not country:
            return "money", currency, Fraction(1), stop
        return "money", f"{currency} {country}", Fraction(1), stop

    def _measure(
        self,
        unit: str,
        size: Fraction,
        before: list[tuple[str, int]],
        after: list[tuple[str, int]],
        stop: int,
    ) -> tuple[ValueKind, str, Fraction, int]:
        square = any(word in SQUARE for word, _ in before)
        if after and after[0][0] in SQUARE:
            square, stop = True, after[0][1]
        if square and unit in ("metre", "mile", "foot"):
            return "measure", f"square {unit}", size * size, stop
        rest = self.text[stop : stop + 14].lstrip()
        if unit in ("metre", "mile") and (
            rest.startswith(PER_HOUR) or self.text[stop : stop + 2] == "/h"
        ):
            return "measure", f"{unit} an hour", size, stop
        return "measure", unit, size, stop

    def _shares(self) -> Iterator[Value]:
        """Shares in words: "two thirds", «ثلثي», "half of", «نصف السكان»."""
        for match in _SHARE.finditer(self.text):
            if not self._free(*match.span()):
                continue
            count, word = match["count"], match["word"] or match["ar"] or "quarter"
            part = FRACTIONS[word.removesuffix("s")]
            if count and count.isdigit():
                part *= int(count)
            elif count in ("two", "three"):
                part *= 2 if count == "two" else 3
            if match["three"]:
                part = Fraction(3, 4)
            self._take(*match.span())
            yield Value(
                kind="share", start=match.start(), end=match.end(), core=match.end(), amount=part
            )

    def _single(self) -> Iterator[Value]:
        """One: only beside a unit or a noun that is counted, and «نصف ساعة», "an hour and a half"."""
        for match in _ONE.finditer(self.text):
            noun = match["en"] or match["ar"]
            if not self._free(*match.span()):
                continue
            unit, size = MEASURES.get(noun, ("", Fraction(1)))
            self._take(*match.span())
            yield Value(
                kind="measure" if unit else "number", start=match.start(), end=match.end(),
                core=match.end(), amount=size, size=size, unit=unit,
            )  # fmt: skip
        for match in _PART_OF_UNIT.finditer(self.text):
            if not self._free(*match.span()):
                continue
            noun = match["u1"] or match["u2"] or match["u3"]
            unit, size = MEASURES.get(noun, ("", Fraction(0)))
            if not unit:
                continue
            word = (match["p1"] or match["p2"] or match["p3"]).removeprefix("و")
            amount = size * FRACTIONS[word]
            if match["u2"] or match["u3"]:
                amount += size
            self._take(*match.span())
            yield Value(
                kind="measure", start=match.start(), end=match.end(), core=match.end(),
                amount=amount, unit=unit, size=size,
            )  # fmt: skip

    def _duals(self) -> Iterator[Value]:
        for match in _WORD.finditer(self.text):
            word = match.group()
            bare = next(
                (word[len(p):] for p in ("", "ال", "بال", "لل", "و", "ب", "ل", "ف", "وال")
                 if word.startswith(p) and word[len(p):] in DUALS), None,
            )  # fmt: skip
            twice = word == "twice"
            if (bare is None and not twice) or not self._free(*match.span()):
                continue
            noun = "times" if twice or bare is None else DUALS[bare]
            unit, size = MEASURES.get(noun, ("", Fraction(1)))
            kind: ValueKind = "measure" if unit else "number"
            if noun in CURRENCIES:
                kind, unit = "money", CURRENCIES[noun]
            end = match.end()
            amount = 2 * size
            more = _HALF_MORE.match(self.text, end) if unit else None
            if more:
                amount += FRACTIONS[more[1] or more[2]] * size
                end = more.end()
            self._take(match.start(), end)
            yield Value(
                kind=kind, start=match.start(), end=end, core=end, amount=amount, unit=unit, size=size
            )  # fmt: skip


def _amount(value: str) -> Fraction | None:
    """The value of :func:`numbers_in` as a number; None for «24.02.2022» and the like."""
    if "\u2044" in value:
        whole, _, below = value.partition("\u2044")
        return (
            Fraction(int(whole), int(below))
            if whole.isdigit() and below.isdigit() and int(below)
            else None
        )
    try:
        return Fraction(value) if len(value) < 40 else None
    except ValueError:
        return None


_SAFAR = regex.compile(r"(?:شهر|من|\d)\s+$")
_DAY_BEFORE = regex.compile(
    r"(?<![\d.,:])(\d{1,2})(?:st|nd|rd|th)?\s*(?:of\s+|من\s+(?:شهر\s+)?|شهر\s+)?[-/]?$"
)
_DAY_AFTER = regex.compile(
    r"\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d|[.,:]\d|\s*(?:%|percent|مليون|الف))(?=[\s,.;)]|$)"
)
_YEAR_AFTER = regex.compile(
    r"[,.]?\s*(?:of\s+|من\s+)?(?:(?:ال)?عام\s+|سنه\s+|/|-)?\s*((?:1[0-9]|20)\d\d)(?!\d|[.,]\d)"
)
_TENS_AR = _any(frozenset(ORDINAL_TENS))
_UNITS_AR = _any(frozenset(ORDINALS) | ORDINAL_ELEVEN)
_TENS_EN = _any(frozenset(english.RULES.number_words))
_SAID = (
    rf"(?:ال)?(?:{_UNITS_AR})\s+و(?:ال)?(?:{_TENS_AR})|(?:ال)?(?:{_UNITS_AR})\s+(?:عشره?)"
    rf"|(?:ال)?(?:{_UNITS_AR})|(?:(?:{_TENS_EN})[\s-]+)?(?:{_any(frozenset(ORDINALS_EN))})"
)
_SAID_ORDINAL = regex.compile(rf"(?<![\p{{L}}'])[وبفل]?({_SAID})(?![\p{{L}}'])")
_SAID_DAY = regex.compile(rf"(?<!\p{{L}})(?:the\s+)?({_SAID})\s+(?:of\s+|من\s+(?:شهر\s+)?)?$")
_COUNTED = frozenset(
    """people persons soldiers civilians prisoners deaths houses homes families students workers schools
    شخص شخصا جندي جنديا مدني مدنيا اسير اسيرا مواطن مواطنا منزل منزلا اسره عايله طالب طالبا عامل عاملا قتيل قتيلا
    اوكراني روسي جريح جريحا مصاب مصابا ضحيه موظف موظفا لاجي لاجيا نازح نازحا""".split()
)
_SHARE = regex.compile(
    r"(?<!\p{L})(?:(?P<three>ثلاثه ارباع|three[\s-]quarters)(?=\s+(?:of|the|ال))"
    r"|(?:(?P<count>two|three|one|a|\d)[\s-]+)?(?P<word>half|thirds?|quarters?)(?=\s+of\b(?!\s+an?\s+\p{L}+illion)|\s+the\b)"
    r"|[وبل]?(?P<ar>نصف|ثلثي|ثلثا|ثلثين|ثلثان|ثلث|ربع)(?=\s+ال(?!مليون|مليار|الف|ساعه)|\s+عدد|\s+سكان))"
)
_ONE_EN = _any(SINGULAR | frozenset(w for w in MEASURES if w.isascii()))
_ONE_AR = _any(frozenset(w for w in SINGULAR | MEASURES.keys() if not w.isascii()))
_ONE = regex.compile(
    rf"\b(?:one|a single)\s+(?P<en>{_ONE_EN})\b|(?<!\p{{L}})(?P<ar>{_ONE_AR})\s+(?:واحد|واحده|واحدا)(?!\p{{L}})"
)
_UNIT_EN = _any(frozenset(w for w in MEASURES if w.isascii() and len(w) > 2))
_UNIT_AR = _any(frozenset(w for w in MEASURES if not w.isascii()))
_PART_OF_UNIT = regex.compile(
    rf"\b(?P<p1>half|quarter)\s+(?:of\s+)?an?\s+(?P<u1>{_UNIT_EN})\b|(?<!\p{{L}})(?P<p1>و?(?:نصف|ربع))\s+(?P<u1>{_UNIT_AR})(?!\p{{L}})"
    rf"|\ban?\s+(?P<u2>{_UNIT_EN})\s+and\s+a\s+(?P<p2>half|quarter)\b|\bone\s+and\s+a\s+(?P<p2>half|quarter)\s+(?P<u2>{_UNIT_EN})\b"
    rf"|(?<!\p{{L}})(?P<u3>{_UNIT_AR})\s+و(?P<p3>نصف|ربع)(?!\p{{L}})"
)


def _is_telling(word: str) -> bool:
    """Whether a folded word may state a value by itself."""
    bare = word.lstrip("وبلف").removeprefix("ال")
    return (
        word in ORDINALS_EN or word in WEEKDAYS or word in FRACTIONS or bare in FRACTIONS
        or bare in ORDINALS or word in _HIJRI_WORDS or bare in DUALS or word in DUALS
        or f"ال{bare}" in WEEKDAYS or bare in ORDINAL_ELEVEN
        or word in ("twice", "dozen", "one", "single", "واحد", "واحده", "واحدا", "thirds", "quarters", "ذو", "ذي", "الساعه", "ملياري", "وملياري")
        or any(word.startswith(p) and word[len(p):] in DUALS for p in ("ال", "و", "ب", "ل", "بال", "وال"))
    )  # fmt: skip


_HIJRI_WORDS = frozenset(word for name in HIJRI_MONTHS for word in name.split())


def _ordinal_value(said: str) -> int | None:
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


_ORDINAL_PARTS = ORDINALS.keys() | ORDINAL_ELEVEN | ORDINAL_TENS.keys() | {"عشر", "عشره"}


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
    if claimed.kind == "money":
        base, _, country = claimed.unit.partition(" ")
        other, _, theirs = stated.unit.partition(" ")
        return base == other and (not country or not theirs or country == theirs)
    return stated.unit == claimed.unit


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
