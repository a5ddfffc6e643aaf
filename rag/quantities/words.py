"""Number words made ready for reading: articles and prepositions before them taken off."""

from __future__ import annotations

import regex

from rag.languages import arabic, english
from rag.quantities.units import WEEKDAYS

_NUMBER_WORDS = frozenset(arabic.RULES.number_words) | frozenset(arabic.RULES.multipliers)
SCALES = {**english.RULES.multipliers, **arabic.RULES.multipliers}
_CLITIC = regex.compile(r"(?<![\p{L}\p{M}])(و?(?:بال|كال|فال|لل|ال|[بلكف]))(\p{L}{2,})")
_ACCUSATIVE = regex.compile(  # «ثلاثًا وعشرين»
    r"(?<=(?<!\p{L})و?)(ثلاث|اربع|خمس|ست|سبع|ثماني|تسع)ا(?=\s+و(?:عشر|ثلاث|اربع|خمس|ست|سبع|ثمان|تسع)(?:ين|ون)(?!\p{L}))"
)
_APART = regex.compile(r"(?<=\s)و(\s)(\p{L}+)")  # «خمسة و عشرون»


def bare(text: str) -> str:
    """A folded text of the same length with «ال», «ب», «ل» before number words blanked, so that «بالخمسة» counts."""

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

    text = _ACCUSATIVE.sub(r"\1 ", text)
    return _CLITIC.sub(blank, _APART.sub(joined, text))
