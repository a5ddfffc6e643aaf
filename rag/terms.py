"""Terms for lexical matching: what a text is looked up by.

Each word gives its stem. A word that may be a name also gives a sound key shared by its Arabic
and Latin spellings (زيلينسكي and Zelensky), and a number or month one key however it is written
(١٢٠٠, 1,200, «ألف ومئتان»; مايو, أيار, May). The index is handed these terms, never raw text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import regex
import Stemmer

from rag.folding import fold, fold_with_origins
from rag.languages import arabic, rules_for
from rag.quantities import may_hold_values, months_in, numbers_in
from rag.types import LANGUAGES

TERMS_VERSION = "1"

TermKind = Literal["word", "sound", "value"]

_TOKEN = regex.compile(r"\d+(?:[.,]\d+)*|[\p{L}\p{M}]+(?:'\p{L}+)?")
_ARABIC = regex.compile(r"[\u0620-\u06ff]")
_english_stemmer = Stemmer.Stemmer("english")

# One letter for each sound class the two scripts spell differently; vowels and the Arabic letters
# that Latin spelling drops or writes as vowels have none.
_SOUNDS = {
    "ب": "b", "پ": "b", "p": "b", "b": "b",
    "ت": "t", "ط": "t", "ث": "t", "t": "t",
    "د": "d", "ض": "d", "ذ": "d", "d": "d",
    "ج": "g", "غ": "g", "ق": "k", "ك": "k", "گ": "g", "g": "g", "j": "g",
    "k": "k", "q": "k", "c": "k", "x": "ks",
    "س": "s", "ص": "s", "ز": "s", "ژ": "s", "ظ": "s", "ش": "s", "چ": "s", "s": "s", "z": "s",
    "ف": "f", "ڤ": "f", "f": "f", "v": "f", "w": "f",
    "ل": "l", "l": "l", "م": "m", "m": "m", "ن": "n", "n": "n", "ر": "r", "r": "r",
    "خ": "h", "ح": "h", "ه": "h", "h": "h",
    "و": "f",
}  # fmt: skip
_DIGRAPHS = (
    ("sch", "s"), ("tch", "s"),  ("kh", "خ"), ("gh", "g"), ("sh", "s"), ("ch", "s"), ("th", "t"),
    ("dh", "d"), ("ph", "f"), ("ck", "k"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("qu", "k"),
    ("ts", "s"), ("ng", "n"), ("nb", "mb"),
    ("تش", "s"), ("تس", "s"), ("نغ", "n"), ("نج", "n"), ("نب", "mb"),
)  # fmt: skip
_SHORTEST_SOUND = 3


@dataclass(frozen=True, slots=True)
class Term:
    """A look-up key and the original span of the word it came from.

    Sound keys begin with ``~`` and values with ``#``, so the three kinds never meet.
    """

    text: str
    kind: TermKind
    start: int
    end: int


def is_stop_word(folded: str) -> bool:
    """Whether a folded word carries no content in its language."""
    return folded in _stop_words()


@cache
def _stop_words() -> frozenset[str]:
    rules = [rules_for(language) for language in LANGUAGES]
    return frozenset().union(*(rule.stop_words | rule.question_words.keys() for rule in rules))


@lru_cache(maxsize=65536)
def stem(folded: str) -> str:
    """The stem of one folded word: light stemming for Arabic, Snowball for English."""
    if _ARABIC.search(folded):
        return arabic.stem(folded)
    return str(_english_stemmer.stemWord(folded.partition("'")[0]))


@lru_cache(maxsize=65536)
def sound(folded: str) -> str:
    """The consonants of a word in classes common to both scripts; empty where there are too few.

    >>> sound("زيلينسكي") == sound("zelensky")
    True
    """
    if _ARABIC.search(folded):
        for article in ("وال", "بال", "لل", "ال"):
            if folded.startswith(article) and len(folded) - len(article) >= 3:
                folded = folded[len(article) :]
                break
    letters = folded.partition("'")[0]
    for spelling, single in _DIGRAPHS:
        letters = letters.replace(spelling, single)
    # و and w between consonants are mostly vowels, ه and h at the end silent.
    rest = letters[1:].removesuffix("ه").removesuffix("h").replace("و", "").replace("w", "")
    letters = letters[:1] + rest
    key: list[str] = []
    for letter in letters:
        mapped = _SOUNDS.get(letter, "")
        if mapped and (not key or key[-1] != mapped):
            key.append(mapped)
    return "".join(key) if len(key) >= _SHORTEST_SOUND else ""


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """(folded word, start, end) of every word and number; offsets into the original ``text``."""
    folded = fold_with_origins(text)
    for found in _TOKEN.finditer(folded.text):
        start, end = folded.original_span(*found.span())
        yield found.group(), start, end


def terms(text: str) -> list[Term]:
    """All terms of a text in order: stems of content words, sound keys, numbers and months."""
    found: list[Term] = []
    for word, start, end in words(text):
        if word[0].isdigit() or is_stop_word(word):
            continue
        found.append(Term(stem(word), "word", start, end))
        if key := sound(word):
            found.append(Term(f"~{key}", "sound", start, end))
    found += [Term(f"#{n.value}", "value", n.start, n.end) for n in numbers_in(text)]
    found += [Term(f"#month{n.value}", "value", n.start, n.end) for n in months_in(text)]
    return found


def index_terms(text: str) -> list[str]:
    """The keys of :func:`terms`, as often as they occur, words before values.

    Without the way back to the original this is several times faster.
    """
    folded = fold(text)
    tokens = _TOKEN.findall(folded)
    keys = [key for token in tokens for key in _word_keys(token)]
    if may_hold_values(tokens):
        keys += [f"#{number.value}" for number in numbers_in(folded)]
        keys += [f"#month{month.value}" for month in months_in(folded)]
    return keys


@lru_cache(maxsize=65536)
def _word_keys(word: str) -> tuple[str, ...]:
    """The keys of one folded word: its stem and, where it has one, its sound; none for stop words."""
    if word[0].isdigit() or is_stop_word(word):
        return ()
    key = sound(word)
    return (stem(word), f"~{key}") if key else (stem(word),)


@lru_cache(maxsize=8192)
def term_set(text: str) -> frozenset[str]:
    """The different keys of a text; the last 8,192 texts are remembered."""
    return frozenset(index_terms(text))
