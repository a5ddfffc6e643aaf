"""Whether Arabic taken from a PDF is text: the gate before anything is quoted from it.

Signs of letters in the order they are drawn, of ligatures turned around, of letters torn apart, and
of fonts that do not say what their glyphs mean. Each has its own word, told with the page.
"""

from __future__ import annotations

from collections import Counter

import regex

_WORD = regex.compile(r"[\p{L}\p{M}]+")
_ARABIC_WORD = regex.compile(r"[\u0620-\u06ff]+")
_ARABIC = regex.compile(r"[\u0620-\u064a]")
_COMMON = "في من على إلى عن أن التي الذي هذا كان بعد قبل بين وقد كما خلال".split()
_FORWARDS = frozenset(_COMMON)
_BACKWARDS = frozenset(word[::-1] for word in _COMMON)
_TURNED = regex.compile(r"[وفبكل]?(?:اإل|األ|اآل|اال|اهلل)")
_UNKNOWN = regex.compile(r"[\ufffd\p{Co}\p{Cn}]|(?![\n\t\r])\p{Cc}")
_ARTICLE = regex.compile(r"[وف]?(?:[بك]?ال|لل)\p{L}{2}")
_OF_ARABIC = regex.compile(r"[\u0621-\u063a\u0641-\u064a]")
_WESTERN = regex.compile(r"[\u00c0-\u00ff]")
_ENOUGH = 15  # Arabic words needed for a verdict on their order
_MANY = 40  # needed for a verdict on what they are: of lists of names, too

MOST_UNKNOWN = 0.02
MOST_TURNED = 0.015
MOST_SINGLE = 0.3
MOST_MIXED = 0.1
MOST_WESTERN = 0.4  # no language that is written with them has more
LEAST_KNOWN = 0.03  # common words and articles: prose has 0.4


def faults(text: str) -> tuple[str, ...]:
    """What is wrong with an extracted text; nothing for one that may be quoted."""
    found = []
    visible = sum(not character.isspace() for character in text)
    if visible and len(_UNKNOWN.findall(text)) > MOST_UNKNOWN * visible:
        found.append("letters its fonts do not name")
    western = len(_WESTERN.findall(text))
    if western > _MANY and western > MOST_WESTERN * sum(map(str.isalpha, text)):
        found.append("letters of another encoding")
    partly = [word for word in _WORD.findall(text) if _ARABIC.search(word)]
    words = [word for word in partly if _ARABIC_WORD.fullmatch(word)]
    if len(partly) - len(words) > max(2, MOST_MIXED * len(partly)):
        found.append("letters of several scripts in one word")
    if len(words) < _ENOUGH:
        return tuple(found)
    counts = Counter(words)
    if sum(counts[word] for word in _BACKWARDS) > sum(counts[word] for word in _FORWARDS):
        found.append("letters in the order they are drawn")
    turned = sum(count for word, count in counts.items() if _TURNED.match(word))
    if turned > max(1, MOST_TURNED * len(words)):
        found.append("ligatures turned around")
    known = sum(n for word, n in counts.items() if word in _FORWARDS or _ARTICLE.match(word))
    if len(words) >= _MANY and known < LEAST_KNOWN * len(words) and _is_arabic("".join(words)):
        found.append("letters its fonts misname")
    single = sum(count for word, count in counts.items() if len(word) == 1 and word != "و")
    if single > MOST_SINGLE * len(words):
        found.append("letters torn apart")
    return tuple(found)


def _is_arabic(letters: str) -> bool:
    """Whether it is written in the letters of Arabic alone; Persian, Urdu and Kurdish have others."""
    own = len(_OF_ARABIC.findall(letters))
    return own > 0.95 * sum(map(str.isalpha, letters))
