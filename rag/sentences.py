"""Lossless sentence splitting for Arabic and English.

``split(text)`` gives spans that cover the text without gaps: joined, they are the text again.
Each knows its ``kind``: prose, heading (a line of its own without a closing mark) or related (a
"read also" line and the headline it introduces, which is not part of the article's claims).

Why not a library: pysbd cuts at Arabic commas and at «د.», ICU after «د.», and neither keeps an
attribution («قال زيلينسكي:») together with the quotation on the next line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import regex

from rag.folding import fold
from rag.languages import rules_for
from rag.types import LANGUAGES, Span

SPLITTING_VERSION = "3"

Kind = Literal["prose", "heading", "related"]

_LINE = regex.compile(r"[^\r\n\u2028\u2029]*(?:\r\n|[\r\n\u2028\u2029]|$)")
_END = regex.compile(r"[.!?؟۔…]+[\"'”’»›)\]}]*(?=\s|$)")
_CLOSERS = "\"'”’»›)]}"
_SEMICOLON = regex.compile(r"[؛;](?=\s)")
_COMMA = regex.compile(r"[،,](?=\s)")
_CLOSED_LINE = regex.compile(r"[.!?؟۔…:؛;،,][\"'”’»›)\]}]*\s*$")
_OPENS_QUOTE = regex.compile(r"\s*[\"“«‹'‘]")
_BULLET = regex.compile(r"\s*(?:[-*•·–—]\s|\d{1,3}[.)]\s|#{1,6}\s|>\s)")
_LINE_BREAK = regex.compile(r"[\r\n\u2028\u2029]")
_EXTENDS = regex.compile(r"[\p{Grapheme_Cluster_Break=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]")
_SPANNED = regex.compile(r"\p{Grapheme_Cluster_Break=Prepend}\p{Zs}")
_ORNAMENT = regex.compile(r"^[^\p{L}\p{N}]+")
_RELATED_REST = regex.compile(r"\s*(?:[:|»>…]|\.\.|[-–—]{1,2}\s)")
_SPACE = regex.compile(r"\s+")
_GRAPHEME = regex.compile(r"\X")
_ARABIC_LETTER = regex.compile(r"[\u0621-\u064a]")
_INITIALS = regex.compile(r"\p{L}(?:\.\p{L})+")
_WORD_BEFORE = regex.compile(r"[\p{L}\p{M}.]+$")

# A sentence longer than this is cut at semicolons, then commas: a citation should be readable.
LONGEST = 600
LONGEST_UNMARKED = 1800  # … and where it has neither, between words: a log, a dump, no sentence
LONGEST_HEADING = 150
LONGEST_RELATED = 250


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch ``[start, end)`` of the text, white space after it included."""

    start: int
    end: int
    kind: Kind = "prose"

    def trimmed(self, text: str) -> Span:
        """The span without white space at its ends; empty where there is nothing else."""
        return trim(text, self.start, self.end)


def trim(text: str, start: int, end: int) -> Span:
    """``[start, end)`` without white space and invisible format characters at its ends.

    A space that is one grapheme with its neighbour stays: it carries a combining mark, or stands
    after a sign that spans what follows, as U+0600 does.
    """
    while start < end and _is_blank(text[start]):
        if start + 1 < end and _EXTENDS.match(text[start + 1]):
            break
        start += 1
    while end > start and _is_blank(text[end - 1]):
        if end - 1 > start and _SPANNED.match(text, end - 2):
            break
        end -= 1
    return Span(start=start, end=end)


def _is_blank(character: str) -> bool:
    return character.isspace() or character in "\ufeff\u200b\u2060"


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset().union(*(rules_for(language).abbreviations for language in LANGUAGES))


@cache
def _related_links() -> tuple[str, ...]:
    return tuple(word for language in LANGUAGES for word in rules_for(language).related_links)


def _after_related_link(line: str) -> str | None:
    """What stands behind a "read also" that opens the line; None for any other line."""
    folded = _ORNAMENT.sub("", fold(line))
    if len(line) > LONGEST_RELATED or not folded.startswith(_related_links()):
        return None
    for opening in _related_links():
        rest = folded.removeprefix(opening)
        if rest != folded and (not _letters(rest) or _RELATED_REST.match(rest)):
            return _letters(rest)
    return None


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _ends_with_abbreviation(text: str, start: int, dot: int) -> bool:
    found = _WORD_BEFORE.search(text, max(start, dot - 12), dot)
    if not found:
        return False
    word = fold(found.group())
    if len(word) == 1 and (found.group().isupper() or _ARABIC_LETTER.fullmatch(word)):
        return word != "i"  # an initial: J. K. Rowling, «ع. م.»
    after = text[dot + 1 : dot + 20].lstrip()[:1]
    if word in ("no", "nos", "fig", "p", "pp", "vol"):  # «No. 5», but also "He said no."
        return after.isdigit()
    if _INITIALS.fullmatch(word) and (after.islower() or _ARABIC_LETTER.match(after)):
        return True  # of a name that goes on: "in Washington D.C. with"
    return word in _abbreviations()


def _boundaries(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences end inside one line or joined lines."""
    bullet = _BULLET.match(text, start, end)
    for found in _END.finditer(text, bullet.end() if bullet else start, end):
        mark = found.group().rstrip(_CLOSERS)
        after = found.end()
        if mark.startswith(("…", "..")):
            # An ellipsis inside a quotation or before a small letter goes on.
            rest = text[after:end].lstrip()
            if rest and not (rest[0].isupper() and rest[0].isascii()):
                continue
        if mark == "." and _ends_with_abbreviation(text, start, found.start()):
            continue
        if mark[-1] in "!?" and text[after:end].lstrip()[:1].islower():
            continue
        after = _next_word(text, after, end)
        if after < end:
            yield after


def _next_word(text: str, place: int, end: int) -> int:
    """The place after the white space at ``place``; a space that carries a mark stays with it."""
    while place < end and text[place].isspace():
        place += 1
    return place - 1 if place < end and _EXTENDS.match(text[place]) else place


def _cut_long(text: str, start: int, end: int) -> Iterator[int]:
    """Extra boundaries for a sentence over :data:`LONGEST`: near its middle, at ؛ first, then ،."""
    if end - start <= LONGEST:
        return
    for mark in (_SEMICOLON, _COMMA):
        places = [_next_word(text, found.end(), end) for found in mark.finditer(text, start, end)]
        places = [place for place in places if start + 80 <= place <= end - 80]
        if places:
            middle = (start + end) // 2
            place = min(places, key=lambda place: abs(place - middle))
            yield from _cut_long(text, start, place)
            yield place
            yield from _cut_long(text, place, end)
            return


def _cut_unmarked(text: str, start: int, end: int) -> Iterator[int]:
    """Boundaries every :data:`LONGEST_UNMARKED`: behind white space, else between graphemes."""
    while end - start > LONGEST_UNMARKED:
        limit = start + LONGEST_UNMARKED
        spaces = list(_SPACE.finditer(text, limit - LONGEST_UNMARKED // 2, limit))
        place = _next_word(text, spaces[-1].start(), end) if spaces else start
        if place <= start:
            for found in _GRAPHEME.finditer(text, start, end):
                if found.end() > limit and place > start:
                    break
                place = found.end()
        if place >= end:
            return
        yield place
        start = place


def _lines(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _LINE.finditer(text) if found.end() > found.start()]


def _wrap_width(text: str, lines: list[tuple[int, int]]) -> int:
    """The width at which lines were broken, as in plain text mail; 0 where breaks end paragraphs."""
    lengths = sorted(end - start for start, end in lines if text[start:end].strip())
    if len(lengths) < 6:
        return 0
    longest = lengths[int(len(lengths) * 0.95)]
    near = sum(length >= 0.75 * longest for length in lengths)
    return longest if 40 <= longest <= 130 and near >= 0.6 * len(lengths) else 0


def _blocks(text: str) -> Iterator[tuple[int, int, Kind]]:
    """Lines, joined where a line break is not the end of anything."""
    lines = _lines(text)
    width = _wrap_width(text, lines)
    number = 0
    while number < len(lines):
        start, end = lines[number]
        headline = _after_related_link(text[start:end])
        number += 1
        if headline is not None:
            if not headline:
                number = _after_headlines(text, lines, number)
            yield start, lines[number - 1][1], "related"
            continue
        while number < len(lines) and _goes_on(text, start, lines, number, width):
            number += 1
        end = lines[number - 1][1]
        yield start, end, "heading" if _is_heading(text[start:end].strip()) else "prose"


def _goes_on(text: str, start: int, lines: list[tuple[int, int]], number: int, width: int) -> bool:
    """Whether a line belongs to the block that began at ``start``; blank lines end a block."""
    above, below = lines[number - 1], lines[number]
    upper, lower = text[slice(*above)], text[slice(*below)]
    if not lower.strip():
        return True
    before = text[max(start, above[0] - 20) : above[1]].rstrip()
    if before.endswith(":") and _OPENS_QUOTE.match(lower):
        return True  # «قال زيلينسكي:» and the quotation below, also below a blank line
    return bool(
        width
        and upper.strip()
        and above[1] - above[0] >= 0.6 * width
        and not _BULLET.match(lower)
        and _after_related_link(lower) is None
    )


def _is_heading(block: str) -> bool:
    if not block or len(block) > LONGEST_HEADING or _LINE_BREAK.search(block):
        return False
    if block[0] == "#":
        return True
    ends = _CLOSED_LINE.search(block) or next(_boundaries(block, 0, len(block)), None)
    return not ends and not _BULLET.match(block)


def _after_headlines(text: str, lines: list[tuple[int, int]], number: int) -> int:
    """The line after the headline below "read also", or after a list of them.

    A line that ends with a full stop is a sentence of the article, not a headline.
    """
    below, listed = number, False
    while below < len(lines) and not text[slice(*lines[below])].strip():
        below += 1
    while below < len(lines):
        line, bullet = text[slice(*lines[below])].strip(), _BULLET.match(text, *lines[below])
        sentence = line.endswith(".") and not line.endswith("..")
        if not line or len(line) > LONGEST_RELATED or sentence or (listed and not bullet):
            break
        number = below = below + 1
        if not bullet:
            break
        listed = True
    return number


def split(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text`` in order; they cover it without gap or overlap."""
    sentences: list[Sentence] = []
    for start, end, kind in _blocks(text):
        cuts = [start]
        if kind == "prose":
            for boundary in [*_boundaries(text, start, end), end]:
                for place in [*_cut_long(text, cuts[-1], boundary), boundary]:
                    cuts.extend(_cut_unmarked(text, cuts[-1], place))
                    cuts.append(place)
        else:
            cuts.append(end)
        for left, right in pairwise(cuts):
            if left == right:
                continue
            if not text[left:right].strip() and sentences:
                sentences[-1] = Sentence(sentences[-1].start, right, sentences[-1].kind)
            else:
                sentences.append(Sentence(left, right, kind))
    return tuple(sentences)


def covering(sentences: tuple[Sentence, ...], start: int, end: int) -> tuple[int, int]:
    """The slice ``[first, last)`` of sentences that ``[start, end)`` touches."""
    first = bisect_left(sentences, start + 1, key=lambda sentence: sentence.end)
    last = first
    while last < len(sentences) and sentences[last].start < end:
        last += 1
    return first, last
