"""Short answers by type: numbers, dates, quotations, and names where capitals show them.

Only what can be told is told: a question for a reason, or a sentence with nothing of the type asked
for, has no short answer here, and the sentence itself is the answer.
"""

from __future__ import annotations

import regex

from rag.folding import fold
from rag.languages import rules_for
from rag.quantities import Quantity, months_in, normal_number, numbers_in
from rag.question import Question
from rag.sentences import trim
from rag.terms import Term, is_stop_word, sound, stem, terms, words
from rag.types import LANGUAGES, Span

_QUOTATION = regex.compile(r"«([^«»]+)»|“([^“”]+)”|\"([^\"]+)\"")
_SHORTEST_QUOTATION = 8  # characters, and two words: «تلغرام» is a name
_DATE_GAP = regex.compile(r"[\s,،/.-]*(?:(?:of|من|عام|سنة|العام)\s+){0,2}(?:the\s+)?")
_CAPITALISED = regex.compile(
    r"\b\p{Lu}[\p{L}\p{M}'’.-]*(?:\s+(?:of|the|al|bin|ibn|de|van|von)\s+(?=\p{Lu})|\s+)?"
    r"(?:\p{Lu}[\p{L}\p{M}'’.-]*\s*)*"
)
_WORD_GOES_ON = regex.compile(r"[\p{L}\p{M}\p{N}]{2}")
EXTENDS = regex.compile(r"\p{M}|\p{GCB=Extend}|\p{GCB=ZWJ}|\p{GCB=SpacingMark}")
# An ayah mark and its number, joined emoji, flags.
_ONE_GRAPHEME = regex.compile(
    r"\p{GCB=Prepend}[^\p{Cc}]|\p{GCB=ZWJ}\p{Extended_Pictographic}|\p{RI}\p{RI}|\r\n"
)
_YEAR = regex.compile(r"(?:1[0-9]|20)\d\d")
_BEFORE_YEARS = frozenset("في منذ بعد قبل حتي in since of by until from after before".split())
_MONTHS = rules_for("en").months
_MARKS = regex.compile(r"[\p{M}ـ]")
_CLITICS = regex.compile(r"[وف]?[بلك]?(?=\p{L}{3})")  # «وبنحو»
_RELATIVE_DAYS = {
    "ar": frozenset("اليوم امس غدا البارحه الليله".split()),
    "en": frozenset("today yesterday tomorrow tonight".split()),
}


# Types whose values are found in both scripts; names are told by capitals, which Arabic has not.
TOLD_TYPES = frozenset({"number", "date"})


def short_answer(question: Question, text: str, offset: int) -> Span | None:
    """The span of the short answer in the document, ``text`` standing at ``offset`` there."""
    found = values_of_type(question, text)
    if not found:
        return None
    places = [term for term in terms(text) if term.text in question.weights]
    best = min(found, key=lambda span: (_distance(span, places), span.start))
    return Span(start=offset + best.start, end=offset + best.end)


def values_of_type(question: Question, text: str) -> list[Span]:
    """Spans in ``text`` of the type asked for that the question does not already hold."""
    finders = {"number": _numbers, "date": _dates, "quote": _quotations, "person": _names}
    finder = finders.get(question.answer_type)
    return finder(question, text) if finder else []


def _distance(span: Span, places: list[Term]) -> int:
    """Characters to the question's terms nearest by, summed over the three nearest."""
    gaps = sorted(max(0, place.start - span.end, span.start - place.end) for place in places)
    return sum(gaps[:3])


def _numbers(question: Question, text: str) -> list[Span]:
    asked = {quantity.value for quantity in numbers_in(question.text)}
    dates = _dates(question, text)
    return [
        whole_words(text, quantity.start, quantity.end)
        for quantity in numbers_in(text)
        if quantity.value not in asked
        and not any(date.start <= quantity.start < date.end for date in dates)
    ]


def _dates(question: Question, text: str) -> list[Span]:
    """Runs of days, months, years, weekdays and words such as غدًا, joined where they touch."""
    asked = {quantity.value for quantity in numbers_in(question.text)}
    months = [(month.start, month.end) for month in months_in(text)]
    numbers = [quantity for quantity in numbers_in(text) if quantity.digits]
    days = [(n.start, n.end) for n in numbers if _is_day_number(n) and _beside(n, text, months)]
    years = [(n.start, n.end) for n in numbers if _is_year(n, text, months + days)]
    parts = (
        months
        + days
        + [
            (start, end)
            for start, end in years
            if normal_number(fold(text[start:end])) not in asked
        ]
    )
    for word, start, end in words(text):
        if any(_is_day(word, language) for language in LANGUAGES):
            parts.append((start, end))
    spans: list[Span] = []
    for start, end in sorted(parts):
        if spans and _DATE_GAP.fullmatch(text[spans[-1].end : start]):
            spans[-1] = Span(start=spans[-1].start, end=max(end, spans[-1].end))
        else:
            spans.append(Span(start=start, end=end))
    return [whole_words(text, span.start, span.end) for span in spans]


def _is_day_number(quantity: Quantity) -> bool:
    return len(quantity.value) <= 2 and quantity.value.isdigit() and 1 <= int(quantity.value) <= 31


def _is_year(quantity: Quantity, text: str, dates: list[tuple[int, int]]) -> bool:
    if not _YEAR.fullmatch(quantity.value) or quantity.end - quantity.start != 4:
        return False
    before = fold(text[max(0, quantity.start - 12) : quantity.start]).split()[-1:]
    return (
        before in (["عام"], ["سنه"], ["العام"], ["year"])
        or (quantity.value >= "1700" and bool(before) and before[0] in _BEFORE_YEARS)
        or _beside(quantity, text, dates)
    )


def _beside(quantity: Quantity, text: str, dates: list[tuple[int, int]]) -> bool:
    """Whether nothing but a comma, "of" or «عام» stands between the number and a part of a date."""
    return any(
        _DATE_GAP.fullmatch(text[min(end, quantity.end) : max(start, quantity.start)])
        for start, end in dates
        if end <= quantity.start or quantity.end <= start
    )


def _is_day(word: str, language: str) -> bool:
    rules = rules_for("ar" if language == "ar" else "en")
    return word in rules.weekdays or word in _RELATIVE_DAYS[language]


def _quotations(_question: Question, text: str) -> list[Span]:
    spans = [trim(text, found.start() + 1, found.end() - 1) for found in _QUOTATION.finditer(text)]
    return [
        whole_words(text, span.start, span.end)
        for span in spans
        if len(span) >= _SHORTEST_QUOTATION and len(text[span.start : span.end].split()) > 1
    ]


def _names(question: Question, text: str) -> list[Span]:
    """Names by their capitals; Arabic has none, so names written in Arabic are not told."""
    asked = {stem(word) for word, _, _ in words(question.text)}
    asked |= {key for word, _, _ in words(question.text) if (key := sound(word))}
    found = []
    for match in _CAPITALISED.finditer(text):
        start = match.start()
        content = [
            (word, start + left, start + right)
            for word, left, right in words(match.group())
            if not is_stop_word(word) and not _is_day(word, "en") and word not in _MONTHS
        ]
        if not content or (content[0][1] == 0 and len(content) == 1):
            continue  # the first word of a sentence has a capital in any case
        if any(stem(word) in asked or sound(word) in asked for word, _, _ in content):
            continue
        found.append(whole_words(text, content[0][1], content[-1][2]))
    return found


def content_words(text: str, part: Span, *, opens: bool = True) -> list[Span]:
    """The words and numbers that say something by themselves: no "about", no «نحو».

    Capitals inside a sentence are heard: "the WHO" is somebody, "who" is not. ``opens`` tells
    whether the part begins its sentence.
    """
    found = [
        (word, Span(start=part.start + start, end=part.start + end))
        for word, start, end in words(text[part.start : part.end])
    ]
    return [
        span
        for number, (word, span) in enumerate(found)
        if not _says_nothing(word, text[span.start : span.end], opens=opens and number == 0)
    ]


def _says_nothing(folded: str, written: str, *, opens: bool) -> bool:
    english, arabic = rules_for("en"), rules_for("ar")
    if folded in english.function_words:
        capital = written[0].isupper() and not (opens and written[1:] == written[1:].lower())
        return not capital and written not in english.homographs
    bare = (folded, folded.removeprefix("و"), folded.removeprefix("ف"), _CLITICS.sub("", folded, 1))
    if not any(word in arabic.function_words for word in bare):
        return False
    return _MARKS.sub("", written).lstrip("وفبل") not in arabic.homographs


def whole_words(text: str, start: int, end: int) -> Span:
    """The span widened so that no word or grapheme is cut."""
    while start > 0 and _joins(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _joins(text[end - 1], text[end]):
        end += 1
    return Span(start=start, end=end)


def _joins(left: str, right: str) -> bool:
    both = left + right
    return bool(
        _WORD_GOES_ON.fullmatch(both) or EXTENDS.match(right) or _ONE_GRAPHEME.fullmatch(both)
    )
