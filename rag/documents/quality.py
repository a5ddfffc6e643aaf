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
_ENOUGH = 15  # Arabic words needed for a verdict on their order

MOST_UNKNOWN = 0.02
MOST_TURNED = 0.015
MOST_SINGLE = 0.3
MOST_MIXED = 0.1


def faults(text: str) -> tuple[str, ...]:
    """What is wrong with an extracted text; nothing for one that may be quoted."""
    found = []
    visible = sum(not character.isspace() for character in text)
    if visible and len(_UNKNOWN.findall(text)) > MOST_UNKNOWN * visible:
        found.append("letters its fonts do not name")
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
    single = sum(count for word, count in counts.items() if len(word) == 1 and word != "و")
    if single > MOST_SINGLE * len(words):
        found.append("letters torn apart")
    return tuple(found)
