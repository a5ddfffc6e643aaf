"""Glyphs of a line, by their places on the page, to text in the order it is read.

A PDF tells where each glyph stands, not in which order Arabic is read, and programs that write and
read PDFs disagree: one line may hold words forwards, words backwards and ligatures turned around.
The places are beyond dispute, so a line with Arabic is put together from them alone: glyphs from
left to right, marks with their letters, then the reverse of what the bidirectional algorithm does
for display (numbers and Latin words run left to right inside a line that runs right to left).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

_ARABIC = regex.compile(r"[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
_ARABIC_LETTER = regex.compile(
    r"[\u0620-\u064a\u066e-\u06d5\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"
)
_LETTER = regex.compile(r"\p{L}")
_DIGIT = regex.compile(r"\p{Nd}")
_FORMS = regex.compile(r"[\ufb00-\ufb06\ufb50-\ufdf4\ufe70-\ufefc]")
# Latin words with what stands between them and numbers behind them, or a number.
_LEFT_TO_RIGHT = regex.compile(r"N*L(?:[LNSWO]*[LN])?|N+(?:SN+)*")
# Pairs, and whether a font usually names them by their shape: then they are turned in Arabic.
_PAIRS = {"()": True, "[]": True, "{}": True, "«»": True, "‹›": True, "“”": False}
_OPENING = {"before": regex.compile(r"[\s([{«‹“]"), "after": regex.compile(r"[\p{L}\p{N}\p{M}]")}
_CLOSING = {
    "before": regex.compile(r"[\p{L}\p{N}\p{M}.،؛؟!?…%٪]"),
    "after": regex.compile(r"[\s)\]}»›”.,،:؛؟!?…]"),
}
STROKE = "\ufdd0"  # the line that stretches a word to its column: between letters, and no letter
_SPACE = 0.18  # of the letters' size: a gap this wide parts words
_TAILED = frozenset("رزژوؤ")
_ABOVE = 0.05  # of the letters' size: middles this near tell no order
_SPACE_OF_PARTS = 0.22  # the same behind a glyph of several characters, whose box is only its ink


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character and where it stands: the origin of its glyph, its box, its letters' size.

    Characters with one ``origin`` come from one glyph (a ligature, a letter with its mark); each
    then has its part of the glyph's box, in the order they are read.
    """

    text: str
    origin: float
    left: float
    right: float
    size: float

    @property
    def is_mark(self) -> bool:
        """Whether it is drawn over a letter."""
        return all(unicodedata.category(character) == "Mn" for character in self.text)

    @property
    def middle(self) -> float:
        """Where its box is cut in two."""
        return (self.left + self.right) / 2


def has_arabic(text: str) -> bool:
    """Whether there is an Arabic letter in it."""
    return bool(_ARABIC.search(text))


def line(
    glyphs: Sequence[Glyph], *, right_to_left: bool | None = None, parts_as_read: bool = False
) -> str:
    """The text of one line in reading order.

    ``right_to_left`` is the line's direction; where it is not given most letters decide.
    ``parts_as_read`` tells the order in which the letters of a ligature come, where they have no
    places of their own: as they are read, or as they are drawn.
    """
    texts = _placed(glyphs, parts_as_read=parts_as_read)
    if right_to_left is None:
        arabic = sum(bool(_ARABIC_LETTER.search(text)) for text in texts)
        latin = sum(bool(_LETTER.search(text) and not _ARABIC.search(text)) for text in texts)
        right_to_left = arabic >= latin > 0 or arabic > 0 == latin
    read = _read(texts) if right_to_left else _read_left(texts)
    return plain_letters(read.replace(STROKE, "")).strip()


def plain_letters(text: str) -> str:
    """Presentation forms (ﻻ, ﬁ) as the letters they show; one-sign phrases (ﷺ) stay."""
    return _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)


def _placed(glyphs: Sequence[Glyph], *, parts_as_read: bool) -> list[str]:
    """The characters from left to right, marks joined to their letters, spaces where gaps are."""
    # A space without width is none: pdfium puts them where it has lost its way.
    glyphs = [g for g in glyphs if not g.text.isspace() or g.right - g.left > 0.05 * g.size]
    # Nor is one that begins where a letter does: it ended a line that had no room for it.
    taken = [g.origin for g in glyphs if not g.text.isspace() and not g.is_mark]
    glyphs = [g for g in glyphs if not g.text.isspace() or not _is_taken(g, taken)]
    together = Counter(glyph.origin for glyph in glyphs)
    lefts: dict[float, float] = {}
    ends: dict[float, float] = {}
    for glyph in glyphs:
        lefts[glyph.origin] = min(glyph.left, lefts.get(glyph.origin, glyph.left))
        ends[glyph.origin] = max(glyph.right, ends.get(glyph.origin, glyph.right))
    # A letter with its marks stands where the glyph of them all does.
    alone = Counter(glyph.origin for glyph in glyphs if not glyph.is_mark)
    # Where the parts of a glyph are not told apart: of lam and alef, lam is read first.
    unmarked = [glyph for glyph in glyphs if not glyph.is_mark]
    letters = sorted(
        unmarked[::-1] if parts_as_read else unmarked,
        key=lambda glyph: (
            (lefts[glyph.origin] + ends[glyph.origin]) / 2
            if alone[glyph.origin] == 1
            else glyph.middle,
            glyph.text == "ل",
        ),
    )
    for number, (left, right) in enumerate(pairwise(letters)):
        # Drawn one above the other: what has no width of its own begins where the other ends.
        if left.origin > right.origin and right.middle - left.middle < _ABOVE * left.size:
            letters[number : number + 2] = [right, left]
    marks: dict[int, str] = {}
    for glyph in glyphs:
        if glyph.is_mark and letters:
            own = min(range(len(letters)), key=lambda number: _distance(letters[number], glyph))
            marks[own] = marks.get(own, "") + glyph.text
    placed: list[str] = []
    for number, glyph in enumerate(letters):
        if number:
            before = letters[number - 1]
            widest = _SPACE_OF_PARTS if together[before.origin] > 1 else _SPACE
            # The tails of some letters reach below the word that follows.
            begin = glyph.origin if glyph.text in _TAILED else lefts[glyph.origin]
            gap = min(begin, glyph.origin) - ends[before.origin]
            if (
                before.origin != glyph.origin
                and gap > widest * max(before.size, glyph.size)
                and not before.text.isspace()
                and not glyph.text.isspace()
            ):
                placed.append(" ")
        placed.append(glyph.text + marks.get(number, ""))
    return placed


def _is_taken(space: Glyph, origins: Sequence[float]) -> bool:
    return any(abs(space.origin - other) < 0.3 * (space.right - space.left) for other in origins)


def _distance(letter: Glyph, mark: Glyph) -> tuple[bool, bool, float, bool, float]:
    """How little a letter can be the one under a mark: another glyph's, a space, far away.

    Of lam and alef drawn as one it is lam.
    """
    outside = max(letter.left - mark.middle, mark.middle - letter.right, 0.0)
    return (
        letter.text.isspace(),
        letter.origin != mark.origin,
        round(outside, 1),
        letter.text == "ا",
        abs(letter.middle - mark.middle),
    )


def _class(text: str) -> str:
    first = text[0]
    if first == STROKE:
        return "R"
    if _ARABIC.match(first) and not _DIGIT.match(first) and first not in "،؛؟٪٫٬":
        return "R"
    if _DIGIT.match(first):
        return "N"
    if _LETTER.match(first):
        return "L"
    if first in ".,:/٫٬":
        return "S"
    return "W" if first.isspace() else "O"


def _read(texts: list[str]) -> str:
    """A line that runs right to left, from its pieces from left to right."""
    classes = "".join(_class(text) for text in texts)
    kept = [False] * len(texts)
    pieces: list[list[int]] = []
    place = 0
    for found in _LEFT_TO_RIGHT.finditer(classes):
        pieces.extend([n] for n in range(place, found.start()))
        pieces.append(list(range(found.start(), found.end())))
        for number in range(found.start(), found.end()):
            kept[number] = True
        place = found.end()
    pieces.extend([n] for n in range(place, len(texts)))
    order = [number for piece in reversed(pieces) for number in piece]
    straight = "".join(texts[n] for n in order)
    fixed = [kept[n] for n in order for _ in texts[n]]
    straight = _sensed(straight, fixed)
    for pair, usually in _PAIRS.items():
        if pair[0] in straight or pair[1] in straight:
            straight = _paired(straight, pair, fixed, turn=usually)
    return straight


def _read_left(texts: list[str]) -> str:
    """A line that runs left to right: only its Arabic runs are turned."""
    classes = "".join("R" if kind == "R" else "x" for kind in map(_class, texts))
    spaced = "".join("W" if text.isspace() else c for text, c in zip(texts, classes, strict=True))
    pieces: list[str] = []
    place = 0
    for found in regex.finditer(r"R(?:[RW]*R)?", spaced):
        pieces.extend(texts[place : found.start()])
        pieces.append(_read(texts[found.start() : found.end()]))
        place = found.end()
    pieces.extend(texts[place:])
    return "".join(pieces)


def _sensed(text: str, fixed: list[bool]) -> str:
    """The text with those brackets put right whose neighbours tell what they are, and they fixed.

    Behind a space and before a letter a bracket opens; the other way round it closes.
    """
    read = [*text]
    for place, character in enumerate(text):
        pair = next((pair for pair in _PAIRS if character in pair), None)
        if pair is None or fixed[place]:
            continue
        before, after = text[place - 1 : place] or " ", text[place + 1 : place + 2] or " "
        for sense, sign in ((_OPENING, pair[0]), (_CLOSING, pair[1])):
            if sense["before"].match(before) and sense["after"].match(after):
                read[place], fixed[place] = sign, True
    return "".join(read)


def _paired(text: str, pair: str, fixed: list[bool], *, turn: bool) -> str:
    """The text with a pair of brackets turned or not, whichever closes what it opens.

    Programs name a bracket by its shape or by its sense. ``turn`` decides where both would do;
    brackets inside Latin words are ``fixed``.
    """
    swapped = str.maketrans(pair, pair[::-1])
    other = "".join(
        character if stays else character.translate(swapped)
        for character, stays in zip(text, fixed, strict=True)
    )
    straight, turned = _closed(text, pair), _closed(other, pair)
    return other if turned > straight or (turned == straight and turn) else text


def _closed(text: str, pair: str) -> int:
    """How many of a pair are closed after they are opened, less those that are not."""
    opened = score = 0
    for character in text:
        if character == pair[0]:
            opened += 1
        elif character == pair[1] and opened:
            opened, score = opened - 1, score + 1
        elif character == pair[1]:
            score -= 1
    return score - opened
