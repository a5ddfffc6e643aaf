"""Numbers and months in either language and script, as values with their place in the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

import regex

from rag.folding import fold_with_origins
from rag.languages import arabic, english

_TOKEN = regex.compile(r"\d+(?:[.,]\d+)*(?:\u2044\d+)?%?|[\p{L}\p{M}]+|[.!?;]")
_PLAIN = regex.compile(r"\d+(?:\.\d+)?")
_GROUPED = regex.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and the original ``[start, end)`` that states it; ``digits`` if written in digits."""

    value: str
    start: int
    end: int
    digits: bool


@cache
def _number_words() -> dict[str, int]:
    return {**english.RULES.number_words, **arabic.RULES.number_words}


@cache
def _multipliers() -> dict[str, int]:
    return {**english.RULES.multipliers, **arabic.RULES.multipliers}


@cache
def _months() -> dict[str, int]:
    return {**english.RULES.months, **arabic.RULES.months}


def normal_number(digits: str) -> str:
    """``1,200`` → ``1200``; ``3.50`` → ``3.5``; ``007`` → ``7``. A comma before 3 digits groups."""
    text = digits.rstrip("%")
    text = text.replace(",", "") if _GROUPED.fullmatch(text) else text.replace(",", ".")
    if text.count(".") > 1:
        return text
    whole, dot, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{fraction}" if dot and fraction else whole


@lru_cache(maxsize=64)  # numbers, months and dates of one sentence ask for the same tokens
def _tokens(text: str) -> list[tuple[str, int, int]]:
    folded = fold_with_origins(text)
    return [
        (found.group(), *folded.original_span(*found.span()))
        for found in _TOKEN.finditer(folded.text)
    ]


def _value(words: Mapping[str, int], token: str) -> int | None:
    """The value of a number word, also one that a و joins to the word before it."""
    value = words.get(token)
    return words.get(token[1:]) if value is None and token.startswith("و") else value


def may_hold_values(tokens: Iterable[str]) -> bool:
    """Whether any folded token could be part of a number or a month; seldom wrong with yes."""
    telling = _telling()
    return any(token[0].isdigit() or token in telling for token in tokens)


@cache
def _telling() -> frozenset[str]:
    words = {*_number_words(), *_multipliers(), *_months(), *_TWINS}
    return frozenset(words | {prefix + word for prefix in "وبفل" for word in words})


def numbers_in(text: str) -> list[Quantity]:
    """Numbers written in digits or words, in order; words that belong together are one number."""
    tokens = _tokens(text)
    found: list[Quantity] = []
    position = 0
    while position < len(tokens):
        token, start, _ = tokens[position]
        if token[0].isdigit():
            value, stop, position = _digits_with_multiplier(tokens, position)
            found.append(Quantity(value, start, stop, digits=True))
            continue
        parsed = _words_number(tokens, position)
        if parsed is None:
            position += 1
            continue
        number, position = parsed
        if number == 1:
            continue  # "one", «واحد»: more often a pronoun than a count
        found.append(Quantity(str(number), start, tokens[position - 1][2], digits=False))
    return found


def _digits_with_multiplier(
    tokens: list[tuple[str, int, int]], position: int
) -> tuple[str, int, int]:
    token, _, end = tokens[position]
    value = normal_number(token)
    if position + 1 < len(tokens) and len(value) < 16 and _PLAIN.fullmatch(value):
        multiplier = _multipliers().get(tokens[position + 1][0], 0)
        number = Decimal(value) * multiplier
        if multiplier >= 1000 and number == int(number) and not token.endswith("%"):
            return str(int(number)), tokens[position + 1][2], position + 2
    return value, end, position + 1


def _words_number(tokens: list[tuple[str, int, int]], position: int) -> tuple[int, int] | None:
    """(value, next position) of a run of number words; None where no number begins.

    «ثلاثة ملايين ومئتا ألف» is read as groups, 3 x 1,000,000 and 200 x 1,000, each of a smaller
    scale than the one before it, so "five thousand and ten thousand" stays two numbers.
    """
    total, smallest, first = 0, 10**15, position
    while smallest > 1:
        start = position
        if start > first and start < len(tokens) and tokens[start][0] == "and":
            start += 1
        group = _group(tokens, start)
        if group is None or group[1] >= smallest:
            break
        value, smallest, position = group
        total += value * smallest
    return None if position == first else (total, position)


def _group(tokens: list[tuple[str, int, int]], position: int) -> tuple[int, int, int] | None:
    """(value under 1000, its scale, next position): "three hundred and five thousand".

    A scale alone counts only in the singular («ألف»): «آلاف» and "thousands" are no number.
    """
    current, first = 0, position
    while position < len(tokens):
        following = position
        if position > first and tokens[position][0] == "and" and position + 1 < len(tokens):
            following += 1
        token = tokens[following][0]
        value, scale = _value(_number_words(), token), _value(_multipliers(), token)
        if value is not None and (position == first or _may_follow(current, value, token)):
            if value >= 1000:  # «ألفان»
                scale = max(scale for scale in _multipliers().values() if value % scale == 0)
                return value // scale, scale, following + 1
            current += value
        elif scale == 100 and (position == first or 1 <= current <= 9):
            if position == first and token in _PLURALS:
                return None
            current = max(current, 1) * 100
        elif (
            scale and scale > 100 and following == position and (position > first or _alone(token))
        ):
            return max(current, 1), scale, position + 1
        else:
            break
        position = following + 1
    return None if position == first else (current, 1, position)


_PLURALS = frozenset("الاف ملايين مليارات تريليونات ميات".split()) | frozenset(
    "hundreds thousands millions billions trillions bn".split()
)


_TENS = range(20, 100, 10)


def _alone(token: str) -> bool:
    return token.removeprefix("و") not in _PLURALS


def _may_follow(current: int, value: int, token: str) -> bool:
    """Whether "twenty three", "hundred five", «خمسة عشر», «خمسة وعشرون» continue one number."""
    tail = current % 100
    if 0 < tail < 10:
        return token in ("عشر", "عشره") or (value in _TENS and token.startswith("و"))
    return (0 < value < 10 and tail in _TENS) or (0 < value < 100 <= current and not tail)


_SECOND = {"الاول": False, "اول": False, "الثاني": True, "ثاني": True, "ثان": True}
_TWINS = {"تشرين": 10, "كانون": 12}  # the first of each pair; the second is a month later
# Months that are also ordinary words, and the words that tell the month beside them.
_AMBIGUOUS = frozenset("may march mar sep dec jan ماي اب مارس جوان".split())
_MONTH_BEFORE = frozenset(
    """in last next since until till by from early late mid of during every this شهر في منذ خلال حتي مطلع اوائل
    نهايه اواخر منتصف بدايه بين""".split()
)
_MONTH_AFTER = frozenset("الماضي المقبل القادم الجاري الحالي المنصرم الفايت".split())


def months_in(text: str) -> list[Quantity]:
    """Names of months as numbers 1–12; «كانون/تشرين الأول/الثاني» and English "may" with care."""
    found: list[Quantity] = []
    tokens = _tokens(text)
    for position, (token, start, end) in enumerate(tokens):
        after, _, after_end = tokens[position + 1] if position + 1 < len(tokens) else ("", end, end)
        known = token in _months() or token in _TWINS
        bare = token[1:] if not known and token[0] in "وبفل" else token
        if bare in _TWINS and after in _SECOND:
            number = (_TWINS[bare] + _SECOND[after] - 1) % 12 + 1
            found.append(Quantity(str(number), start, after_end, digits=False))
        elif bare in _months() and (
            bare not in _AMBIGUOUS or _tells_month(tokens, position, prefixed=bare != token)
        ):
            found.append(Quantity(str(_months()[bare]), start, end, digits=False))
    return found


def _tells_month(tokens: list[tuple[str, int, int]], position: int, *, prefixed: bool) -> bool:
    """Whether a number, another month or words such as "last" and «شهر» stand beside."""
    before = [word for word, _, _ in tokens[max(0, position - 2) : position] if word not in "."]
    after = [word for word, _, _ in tokens[position + 1 : position + 3] if word not in "."]
    return (
        prefixed
        or any(word[0].isdigit() or word in _months() for word in before[-1:] + after[:1])
        or any(word in _MONTH_BEFORE for word in before[-1:])
        or any(word in _MONTH_AFTER for word in after[:1])
    )
