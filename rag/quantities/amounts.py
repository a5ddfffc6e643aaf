"""Numbers with their units, currencies, shares and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import regex

from rag.languages import arabic
from rag.quantities.dates import counts
from rag.quantities.numbers import numbers_in
from rag.quantities.reading import Reading, Value, ValueKind, any_of, found_in
from rag.quantities.units import (
    CODES,
    COUNTRIES,
    CUBIC,
    CURRENCIES,
    DUALS,
    FRACTIONS,
    LIRA_POUNDS,
    MEASURES,
    PER_HOUR,
    PERCENT,
    SINGULAR,
    SQUARE,
)
from rag.quantities.words import SCALES, bare

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:'\p{L}+)?")
_LETTER_SCALES = {"k": 10**3, "mn": 10**6, "m": 10**6, "b": 10**9, "tn": 10**12}
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
_COUNTS = {"two": 2, "three": 3, "four": 4, "ثلاثه": 3, "اربعه": 4}
_FEW = any_of(
    w for w in (*arabic.RULES.number_words, *(f"و{w}" for w in arabic.RULES.number_words))
)
_COUNTED_BEFORE = regex.compile(rf"(?:\d|(?<!\p{{L}})(?:{_FEW}))\s+$")
_DOZENS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "a": 1}
_CONSTRUCT = frozenset("الفا مليونا مليارا".split())
_TAKES_NOUN = regex.compile(r"\s+(?!و|ا?لا\b)\p{Arabic}+(?<!ا)(?!\p{L})")
_SYMBOL_BEFORE = regex.compile(rf"([$€£¥₪])\s*$|(?<!\p{{L}})({any_of(CODES)}|us\$)\s*$")
_TWO_BILLION = regex.compile(r"(?<!\p{L})و?(ملياري)(?!\p{L})")
_POINT = regex.compile(r"\s+(?:point|فاصله|فاصل)\s+$")
_NO_SHARE_AR = r"(?!(?:ال)?(?:مليون|مليار|الف|نهايي|ساعه|دقيقه|يوم|شهر|سنه|عام|قرن|عقد)(?!\p{L}))"
_SHARE = regex.compile(
    r"(?<!\p{L})(?:(?P<three>ثلاثه ارباع|three[\s-]quarters)(?=\s+(?:of|the|ال))"
    rf"(?!\s+(?:of\s+an?\s+|ال)(?:{any_of(SCALES)})(?!\p{{L}}))"
    r"|(?P<many>(?:ثلاثه|اربعه)\s+اخماس)"
    r"|(?:(?P<count>two|three|four|one|a|\d)[\s-]+)?"
    r"(?<!(?:first|second|third|fourth|last|final|other)\s)(?P<word>half|thirds?|quarters?|fourths|fifths|sixths|eighths|tenths|(?<=\b(?:a|one)[\s-])(?:fifth|sixth|eighth|tenth))"
    r"(?=\s+of\b(?!\s+an?\s+\p{L}+illion)|\s+the\b)"
    r"|(?P<count>two)[\s-](?P<word>thirds|fifths)(?!\p{L})"
    r"|(?P<ar>ثلثان|ثلثين|الثلثان|الثلثين)(?!\p{L})"
    rf"|[وبل]?(?P<ar>ثلثي|ثلثا|ثلثين|ثلثان|ثلث|سدس)(?=\s+{_NO_SHARE_AR}\p{{L}}{{3}})"
    rf"|[وبل]?(?P<ar>نصف|ربع)(?=\s+{_NO_SHARE_AR}(?:ال|عدد|سكان|اعضاء|مقاعد|اصوات))"
    r"|[وبل]?(?P<ar>خمس)(?=\s+(?:ال\p{L}{2,}(?<!ات)|عدد|سكان|اعضاء|مقاعد)(?!\p{L})))"
)
_THREE_QUARTERS = regex.compile(
    rf"(?<!\p{{L}})(?:three[\s-]quarters\s+of\s+an?\s+|ثلاثه ارباع\s+(?:ال)?)(?P<scale>{any_of(SCALES)})(?!\p{{L}})"
)
_ONE_AND_A_HALF = regex.compile(rf"\bone\s+and\s+a\s+half\s+(?P<scale>{any_of(SCALES)})\b")
_ONE_EN = any_of(SINGULAR | frozenset(w for w in MEASURES if w.isascii()))
_ONE_AR = any_of(frozenset(w for w in SINGULAR | MEASURES.keys() if not w.isascii()))
_ONE = regex.compile(
    rf"\b(?:one|a single)\s+(?P<en>{_ONE_EN})\b|(?<!\p{{L}})(?P<ar>{_ONE_AR})\s+(?:واحد|واحده|واحدا)(?!\p{{L}})"
)
_UNIT_EN = any_of(frozenset(w for w in MEASURES if w.isascii() and len(w) > 2))
_UNIT_AR = any_of(frozenset(w for w in MEASURES if not w.isascii()))
_PARTS_OF_UNIT = regex.compile(
    rf"(?<!\p{{L}})(?:(?P<p>three[\s-]quarters)\s+of\s+an?\s+(?P<u>{_UNIT_EN})"
    rf"|(?P<p>ثلاثه ارباع|ثلثي|ثلث)\s+(?:ال)?(?P<u>{_UNIT_AR}))(?!\p{{L}})"
)
_LONG_TIME = regex.compile(
    r"\ba\s+(?P<u>decade|century|fortnight)\b|(?<!\p{L})[وبل]?(?P<u>عقد|قرن)\s+من\s+(?:الزمن|الزمان)(?!\p{L})"
)
# Percentage points, and hundredths of them.
_POINTS = regex.compile(r"\s*(?:percentage points?|نقط[هت]\s+ميويه|نقاط\s+ميويه)(?!\p{L})")
_BASIS_POINTS = regex.compile(r"\s*(?:basis points?|bps|نقط[هت]\s+اساس|نقاط\s+اساس)(?!\p{L})")
_PART_OF_POINT = regex.compile(
    r"\b(?P<p>half|quarter)(?:\s+of)?(?:\s+an?)?[\s-]+(?:percentage[\s-]+)point\b|\b(?P<p>quarter)-point\b"
    r"|(?<!\p{L})[وبل]?(?P<p>نصف|ربع)\s+نقطه\s+ميويه(?!\p{L})|(?<!\p{L})[وبل]?(?P<two>نقطتين|نقطتان)\s+ميويت(?:ين|ان)(?!\p{L})"
)
_ON_A_SCALE = regex.compile(r"\s+(?:(?:علي|ب|وفق)\s*مقياس|on\s+the\s+(?:\p{L}+\s+)?scale)")
_AND_MORE = regex.compile(r"\s+و\s?$")
_DUAL = regex.compile("(?:ين|ان)$")
_AND_SCALE = regex.compile(r"\s+(?:and\s+)?$")
_KIND_OF_DEGREE = regex.compile(
    r"\s*(?:(?P<c>celsius|centigrade|c|ميويه|سلزيوس|سيلسيوس)|(?P<f>fahrenheit|f|فهرنهايت))(?!\p{L})"
)
_PART_OF_UNIT = regex.compile(
    rf"\b(?P<p1>half|quarter)\s+(?:of\s+)?an?\s+(?P<u1>{_UNIT_EN})\b|(?<!\p{{L}})(?P<p1>و?(?:نصف|ربع))\s+(?P<u1>{_UNIT_AR})(?!\p{{L}})"
    rf"|\ban?\s+(?P<u2>{_UNIT_EN})\s+and\s+a\s+(?P<p2>half|quarter)\b|\bone\s+and\s+a\s+(?P<p2>half|quarter)\s+(?P<u2>{_UNIT_EN})\b"
    rf"|(?<!\p{{L}})(?P<u3>{_UNIT_AR})\s+و(?P<p3>نصف|ربع)(?!\p{{L}})"
)


@dataclass(slots=True)
class _Number:
    """A bare number while it is put together, in folded offsets."""

    amount: Fraction
    start: int
    end: int
    high: Fraction | None = None
    digits: bool = False


def amounts_in(reading: Reading) -> Iterator[Value]:
    """The amounts nothing else has taken; shares first, whose words are numbers too."""
    yield from _shares(reading)
    yield from _plain(reading)
    yield from _single(reading)
    yield from _duals(reading)


def _plain(reading: Reading) -> Iterator[Value]:
    numbers = _numbers(reading)
    position = 0
    while position < len(numbers):
        number = numbers[position]
        position += 1
        if not reading.free(number.start, number.end):
            continue  # the half of "two and a half million"
        if position < len(numbers) and _is_range(reading, number, numbers[position]):
            upper = numbers[position]
            scaled = next(
                (
                    s
                    for s in (10**12, 10**9, 10**6, 1000)
                    if upper.amount >= s and upper.amount / s < 1000
                ),
                1,
            )
            word = reading.text[upper.start : upper.end]
            if number.amount < 1000 <= upper.amount and not word.replace(",", "").isdigit():
                number.amount *= scaled
            number.high, number.end = upper.amount, upper.end
            position += 1
        yield _amount_of(reading, number)


def _numbers(reading: Reading) -> list[_Number]:
    """The bare numbers that nothing has taken, words joined to what they are part of."""
    found: list[_Number] = []
    blanked = bare(reading.text)
    for start, end in reading.thin:
        if reading.free(start, end):
            reading.take(start, end)
            digits = regex.sub(r"\D", "", reading.text[start:end])
            found.append(_Number(Fraction(int(digits)), start, end, digits=True))
    for quantity in numbers_in(blanked):
        if not reading.free(quantity.start, quantity.end):
            continue
        amount = _amount(quantity.value)
        if amount is None:
            continue
        start = quantity.start
        if blanked[start] == "و" and reading.text[start] != "و":
            start += 1
        found.append(_Number(amount, start, quantity.end, digits=quantity.digits))
    for number in _in_phrases(reading.text):
        found = [n for n in found if n.end <= number.start or n.start >= number.end]
        found.append(number)
    found.sort(key=lambda number: number.start)
    return _joined(reading, found)


def _in_phrases(text: str) -> Iterator[_Number]:
    """The numbers that a phrase says: two dozen, one and a half million, «ثلاثة أرباع المليون», «ملياري»."""
    for match in found_in(_DOZEN, text, ("dozen",)):
        count = match[1] or "a"
        times = (
            Fraction(1, 2) if count == "half a"
            else Fraction(int(count) if count.isdigit() else _DOZENS[count])
        )  # fmt: skip
        yield _Number(times * 12, match.start(), match.end())
    for pattern, part in ((_ONE_AND_A_HALF, Fraction(3, 2)), (_THREE_QUARTERS, Fraction(3, 4))):
        for match in found_in(pattern, text, ("half", "quarters", "ارباع")):
            if (by := SCALES[match["scale"]]) >= 1000:
                yield _Number(part * by, *match.span())
    for match in _TWO_BILLION.finditer(text):
        yield _Number(Fraction(2 * 10**9), match.start(1), match.end(1))


def _joined(reading: Reading, found: list[_Number]) -> list[_Number]:
    out: list[_Number] = []
    for number in found:
        gap = reading.text[out[-1].end : number.start] if out else "x"
        scale = _scale_behind(reading, out[-1]) if out and number.digits else 1
        in_scales = _AND_SCALE.fullmatch(gap) and _scale_behind(reading, number) > 1
        if (
            out
            and (in_scales or _AND_MORE.fullmatch(gap))
            and number.amount < scale
            and not _BETWEEN.search(reading.text[max(0, out[-1].start - 10) : out[-1].start])
        ):  # «19 ألفًا و300»، «مليون و200 ألف», "3 million 200 thousand"
            out[-1].amount += number.amount
            out[-1].end = number.end
        elif out and _POINT.fullmatch(gap) and not number.digits and number.amount < 10:
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
        word = reading.text[number.start : number.end]
        if word in _CONSTRUCT and _TAKES_NOUN.match(reading.text, number.end):
            number.amount *= 2  # «مليونا دولار»; after a number it is one word with it
        _scaled(reading, number)
        more = _HALF_MORE.match(reading.text, number.end)
        if more:
            part = FRACTIONS[more[1] or more[2]]
            _add_part(reading, number, part, more.end())
        before = _HALF_OF.search(reading.text, max(0, number.start - 14), number.start)
        word = reading.text[number.start : number.end].removeprefix("ال")
        if before and word in SCALES and number.amount >= 1000:  # «نصف مليون»
            number.amount *= FRACTIONS[before[1].lstrip("وبلك")]
            number.start = before.start(1)
    return [n for n in out if n.amount is not None]


def _scale_behind(reading: Reading, number: _Number) -> int:
    """The scale that ends a number: the thousand of «19 ألفًا» and of «ألف»; 1 where none does."""
    word = reading.text[number.start : number.end].rpartition(" ")[2]
    return SCALES.get(word) or SCALES.get(_DUAL.sub("", word), 1)


def _scaled(reading: Reading, number: _Number) -> None:
    """A scale that stands after the number as letters: 5k, 2.5 مليون."""
    letters = regex.match(r"(k|mn|m|b|tn)\b", reading.text, pos=number.end)
    money = regex.search(r"[$€£]\s*$", reading.text[max(0, number.start - 3) : number.start])
    if letters and number.digits and (letters[1] in ("k", "mn", "tn") or money):
        number.amount *= _LETTER_SCALES[letters[1]]
        number.end = letters.end()
        return
    if number.digits and number.amount.denominator > 1:
        # What numbers_in leaves apart because the product is not whole: none with real scales.
        word = regex.match(r"\s+(\p{L}+)", reading.text, pos=number.end)
        if word and SCALES.get(word[1], 0) >= 1000:
            number.amount *= SCALES[word[1]]
            number.end = word.end()


def _add_part(reading: Reading, number: _Number, part: Fraction, end: int) -> None:
    """Adds the half of "two and a half", «مليونين ونصف المليون», «مليون ونصف»."""
    scale = regex.match(r"\s+(?:ال)?(\p{L}+)", reading.text, pos=end)
    if scale and (by := SCALES.get(scale[1], 0)) >= 1000:
        if number.amount >= by:
            number.amount += part * by
        else:
            number.amount = (number.amount + part) * by
        number.end = scale.end()
        return
    size = next((s for s in (10**12, 10**9, 10**6, 1000) if number.amount >= s), 1)
    number.amount += part * (size if not number.digits or size > 1 else 1)
    number.end = end


def _is_range(reading: Reading, low: _Number, high: _Number) -> bool:
    gap = reading.text[low.end : high.start]
    if high.start - low.end > 12:
        return False
    before = reading.text[max(0, low.start - 10) : low.start].rstrip("$€£ ")
    bare = regex.sub(PERCENT + r"|[$€£]|\b(?:million|billion|thousand)\b", "", gap).strip()
    if bare in ("-", "–", "—", "to", "الي", "حتي"):
        return (
            bare not in ("to", "حتي", "الي")
            or bool(_FROM.search(before))
            or high.amount > low.amount
        )
    if bare in ("and", "و") or (not bare and reading.text[high.start] == "و"):
        return bool(_BETWEEN.search(before))
    return False


def _amount_of(reading: Reading, number: _Number) -> Value:
    start, end, amount = number.start, number.end, number.amount
    core = end
    size = Fraction(1)
    before = reading.text[max(0, start - 26) : start]
    bound = "over" if _OVER.search(before) else "under" if _UNDER.search(before) else ""
    if _OVER.search(before) and regex.search(r"(?:no|not|لا)\s+\S+\s+\S*\s*$", before):
        bound = ""
    kind: ValueKind = "number"
    unit = ""
    after = reading.text[end : end + 40]
    percent = regex.match(rf"\s*({PERCENT})", after)
    symbol = _SYMBOL_BEFORE.search(before)
    sign = regex.search(r"(?<!\d\s?)[%٪]\s?$", before)  # «٪٥»
    points = _POINTS.match(after) or _BASIS_POINTS.match(after)
    if percent or points or sign or reading.text[end - 1] == "%":
        kind = "share"
        hundred = 10_000 if points and _BASIS_POINTS.match(after) else 100
        amount = amount / hundred
        high = None if number.high is None else number.high / hundred
        behind = percent or points
        end = core = end + (behind.end() if behind else 0)
        start -= len(before) - sign.start() if sign else 0
        if points or regex.match(
            r"\s+points?\b|\s+نق(?:طه|اط)\s+ميويه", reading.text[end : end + 16]
        ):
            unit = "points"
    elif symbol:
        kind, high = "money", number.high
        unit = CURRENCIES.get(symbol[1] or symbol[2], "dollar us")
        start -= len(before) - symbol.start()
        if regex.search(r"(?<!\p{L})us\s*$", reading.text[max(0, start - 3) : start]):
            unit = "dollar us"
    else:
        high = number.high
        kind, unit, size, end = _unit(reading, end)
        factor = size
        amount *= factor
        high = None if high is None else high * factor
        more = _HALF_MORE.match(reading.text, end) if kind == "measure" else None
        if more:  # «ثلاث ساعات ونصف», "three hours and a half"
            amount += FRACTIONS[more[1] or more[2]] * factor
            end = more.end()
        if kind == "measure" and unit == "degree" and _ON_A_SCALE.match(reading.text, end):
            kind, unit = "number", ""  # «7.2 درجات على مقياس ريختر»
        if kind == "measure" and unit == "degree":
            if which := _KIND_OF_DEGREE.match(reading.text, end):
                unit, end = f"degree {'c' if which['c'] else 'f'}", which.end()
            below = regex.match(r".{0,14}?(?:below zero|تحت الصفر)", reading.text[end : end + 30])
            if below or regex.search(r"(?:^|\s)-$|minus\s+$|ناقص\s+$", before):
                amount = -amount
            end += below.end() if below else 0
    if kind == "number" and regex.search(r"(?:^|[\s(])-$|minus\s+$|(?:ناقص|سالب)\s+$", before):
        amount = -amount
    reading.take(start, end)
    return Value(
        kind=kind, start=start, end=end, core=core, amount=amount, high=high, unit=unit, bound=bound,
        counted=kind == "number" and counts(reading, end), size=size,
    )  # fmt: skip


def _unit(reading: Reading, end: int) -> tuple[ValueKind, str, Fraction, int]:
    """The kind, unit, size and end of what stands after a number."""
    words = [
        (m.group(), m.end())
        for m in regex.finditer(
            r"\s*-?\s*([\p{L}\p{M}]+\d?|[$€£¥₪°])", reading.text[end : end + 60]
        )
    ]
    plain = [(regex.sub(r"^[\s-]+", "", word), end + stop) for word, stop in words[:4]]
    # Only a word right behind the number, but for «من», "US", "square".
    at = end
    for number, (word, stop) in enumerate(plain):
        if reading.text[at:stop].strip(" -\t") != word and number:
            break
        known = word in CURRENCIES or word in MEASURES
        noun = word if known else word.removeprefix("ال")
        if noun in CURRENCIES:
            return _currency(reading, CURRENCIES[noun], plain[:number], plain[number + 1 :], stop)
        if noun in MEASURES:
            unit, size = MEASURES[noun]
            return _measure(reading, unit, size, plain[:number], plain[number + 1 :], stop)
        if number > 1 or not (word in COUNTRIES or word in SQUARE | CUBIC or word in ("من", "of")):
            break
        at = stop
    return "number", "", Fraction(1), end


def _currency(
    reading: Reading,
    currency: str,
    before: list[tuple[str, int]],
    after: list[tuple[str, int]],
    stop: int,
) -> tuple[ValueKind, str, Fraction, int]:
    country = next((COUNTRIES[w] for w, _ in before if w in COUNTRIES), "")
    if not country and after and after[0][0] in COUNTRIES:
        between = reading.text[stop : after[0][1]]
        if not between.strip().replace(after[0][0], ""):
            country, stop = COUNTRIES[after[0][0]], after[0][1]
    if currency == "pound" and country in LIRA_POUNDS:
        currency = "lira"
    if " " in currency or not country:
        return "money", currency, Fraction(1), stop
    return "money", f"{currency} {country}", Fraction(1), stop


def _measure(
    reading: Reading,
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
    cubic = any(word in CUBIC for word, _ in before)
    if after and after[0][0] in CUBIC:
        cubic, stop = True, after[0][1]
    if cubic and unit in ("metre", "mile", "foot", "yard"):
        return "measure", f"cubic {unit}", size**3, stop
    rest = reading.text[stop : stop + 14].lstrip()
    if unit in ("metre", "mile") and (
        rest.startswith(PER_HOUR) or reading.text[stop : stop + 2] == "/h"
    ):
        return "measure", f"{unit} an hour", size, stop
    return "measure", unit, size, stop


def _shares(reading: Reading) -> Iterator[Value]:
    """Shares in words: "two thirds", «ثلثي», "half of", «نصف السكان»; parts of a unit or a point."""
    for match in found_in(_PARTS_OF_UNIT, reading.text, ("quarters", "ارباع", "ثلث")):
        unit, size = MEASURES[match["u"]]
        part = FRACTIONS.get(match["p"], Fraction(3, 4))
        if reading.free(*match.span()):
            reading.take(*match.span())
            yield Value(
                kind="measure", start=match.start(), end=match.end(), core=match.end(),
                amount=part * size, unit=unit, size=size,
            )  # fmt: skip
    for match in found_in(_PART_OF_POINT, reading.text, ("point", "نقط")):
        if reading.free(*match.span()):
            reading.take(*match.span())
            part = FRACTIONS[match["p"]] if match["p"] else Fraction(2)
            yield Value(
                kind="share", start=match.start(), end=match.end(), core=match.end(),
                amount=part / 100, unit="points",
            )  # fmt: skip
    for match in _SHARE.finditer(reading.text):
        if not reading.free(*match.span()):
            continue
        word, count = match["word"] or match["ar"] or "quarter", match["count"] or "one"
        if match["many"]:
            count, word = match["many"].split()
        part = FRACTIONS[word.removesuffix("s").removeprefix("ال")]
        part *= int(count) if count.isdigit() else _COUNTS.get(count, 1)
        if match["three"]:
            part = Fraction(3, 4)
        reading.take(*match.span())
        yield Value(
            kind="share", start=match.start(), end=match.end(), core=match.end(), amount=part
        )


def _single(reading: Reading) -> Iterator[Value]:
    """One: only beside a unit or a noun that is counted, and «نصف ساعة», "an hour and a half"."""
    for match in _ONE.finditer(reading.text):
        noun = match["en"] or match["ar"]
        if not reading.free(*match.span()):
            continue
        unit, size = MEASURES.get(noun, ("", Fraction(1)))
        reading.take(*match.span())
        yield Value(
            kind="measure" if unit else "number", start=match.start(), end=match.end(),
            core=match.end(), amount=size, size=size, unit=unit,
        )  # fmt: skip
    for match in _PART_OF_UNIT.finditer(reading.text):
        if not reading.free(*match.span()):
            continue
        noun = match["u1"] or match["u2"] or match["u3"]
        unit, size = MEASURES.get(noun, ("", Fraction(0)))
        if not unit:
            continue
        word = (match["p1"] or match["p2"] or match["p3"]).removeprefix("و")
        amount = size * FRACTIONS[word]
        if match["u2"] or match["u3"]:
            amount += size
        reading.take(*match.span())
        yield Value(
            kind="measure", start=match.start(), end=match.end(), core=match.end(),
            amount=amount, unit=unit, size=size,
        )  # fmt: skip
    # "a decade", «عقد من الزمن»
    for match in found_in(_LONG_TIME, reading.text, ("decade", "century", "fortnight", "الزم")):
        if reading.free(*match.span()):
            unit, size = MEASURES[match["u"]]
            reading.take(*match.span())
            yield Value(
                kind="measure", start=match.start(), end=match.end(), core=match.end(),
                amount=size, unit=unit, size=size,
            )  # fmt: skip


def _duals(reading: Reading) -> Iterator[Value]:
    for match in _WORD.finditer(reading.text):
        word = match.group()
        bare = next(
            (word[len(p):] for p in ("", "ال", "بال", "لل", "و", "ب", "ل", "ف", "وال")
             if word.startswith(p) and word[len(p):] in DUALS), None,
        )  # fmt: skip
        twice = word == "twice"
        if (bare is None and not twice) or not reading.free(*match.span()):
            continue
        if word.endswith("ين") and _COUNTED_BEFORE.search(
            reading.text, max(0, match.start() - 16), match.start()
        ):
            continue  # «ثلاثة مشتبهين»
        noun = "times" if twice or bare is None else DUALS[bare]
        unit, size = MEASURES.get(noun, ("", Fraction(1)))
        kind: ValueKind = "measure" if unit else "number"
        if noun in CURRENCIES:
            kind, unit = "money", CURRENCIES[noun]
        end = match.end()
        amount = 2 * size
        more = _HALF_MORE.match(reading.text, end) if unit else None
        if more:
            amount += FRACTIONS[more[1] or more[2]] * size
            end = more.end()
        reading.take(match.start(), end)
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
    if regex.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", value):  # 1.200.000
        value = value.replace(".", "")
    try:
        return Fraction(value) if len(value) < 40 else None
    except ValueError:
        return None
