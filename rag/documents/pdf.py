"""PDF: the text of its pages in reading order, with the offset at which each page begins.

Lines are pdfium's; a line with Arabic is put together from the places of its glyphs
(:mod:`rag.documents.reading_order`). Lines that were only broken for width are joined, lines that
stand at the head or foot of most pages are left out, and a page whose letters do not come out as
they are read (:mod:`rag.documents.quality`) is left out and told: better no answer than a wrong
quotation.
"""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import regex

from rag.documents import reading_order
from rag.documents.plain import first_line, stated_title
from rag.documents.quality import faults
from rag.documents.reading_order import Glyph
from rag.documents.values import Extracted, Extraction, Refusal

MOST_PAGES = 5000
_HYPHENS = ("\ufffe", "\x02")  # what pdfium gives for a hyphen at the end of a line
_ENDED = regex.compile(r"[.!?؟:؛…][\"'”’»)\]]*$")
_BULLETS = regex.compile(r"(?<!\S)[\uf020-\uf0ff](?!\S)")  # of the fonts of signs that Word uses
_DOTTED = frozenset("آأؤإئبةتثجخذزشضظغفقنيپچژگڤی")
_FROM_THE_RIGHT = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_MOST_NEAR = 50  # letters that one dot is compared with: a page has a few
_TATWEEL = 0x0640
_NUMBER = regex.compile(r"\p{Nd}+")
_PAGE_NUMBER = regex.compile(r"[-–—\s]*0[-–—\s]*")  # its digits as one 0
_FULL = 0.75  # of the usual width: such a line was broken for want of room


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its text, the height of its baseline and the size of its letters."""

    text: str
    base: float
    size: float


def extract(content: bytes) -> Extraction:
    """The text of a PDF; raises Refusal where there is none that may be quoted."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal("encrypted", "needs a password", hint="save it without one") from error
        raise Refusal(
            "damaged",
            f"not a readable PDF: {str(error).rstrip('.')}",
            hint="open it, print it to a new PDF and ingest that",
        ) from error
    if len(document) > MOST_PAGES:
        raise Refusal(
            "too_large", f"{len(document)} pages, more than {MOST_PAGES}", hint="split the file"
        )
    pages = [list(_lines(document, number)) for number in range(len(document))]
    if not any(pages):
        raise Refusal(
            "empty",
            f"no text in its {len(pages)} pages: they are pictures, or empty",
            hint="run character recognition on it (for Arabic and English), then ingest the result",
        )
    extraction = Extraction()
    running = _running_lines(pages)
    texts = [_paragraphs(_without_running(page, running)) for page in pages]
    texts, faulty = _gated(texts)
    if running:
        extraction.note("page_headers", f"{len(running)} lines repeated on most pages left out")
    if faulty:
        told = "; ".join(f"{fault}: pages {_numbers(numbers)}" for fault, numbers in faulty.items())
        if not any(texts):
            raise Refusal(
                "poor_extraction",
                f"its text does not come out as it is read ({told})",
                hint="ingest the file it was made from (.docx, .html), or run character recognition on it",
            )
        extraction.note("pages_left_out", f"text that does not come out as it is read: {told}")
    text, starts = _joined(texts)
    if not any(character.isalnum() for character in text):
        raise Refusal("empty", "holds no words", hint="leave the file out")
    extraction.documents.append(
        Extracted(text=text, title=_title(document) or first_line(text), pages=starts)
    )
    return extraction


def _title(document: pypdfium2.PdfDocument) -> str:
    stated = stated_title(document.get_metadata_value("Title") or "")
    return "" if faults(stated) else stated


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"


# glyphs and lines


def _lines(document: pypdfium2.PdfDocument, number: int) -> Iterator[Line]:
    """The lines of one page, without empty ones."""
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:  # one damaged page is an empty page
        return
    raw = text_page.raw
    codes = [pdfium.FPDFText_GetUnicode(raw, index) for index in range(text_page.count_chars())]
    for index in [*_said_twice(raw, codes), *_dots(raw, codes)]:
        codes[index] = 0
    for index in _strokes(raw, codes):
        codes[index] = ord(reading_order.STROKE)
    as_read = _parts_as_read(raw, codes)
    letters = sum(0x0620 <= code <= 0x06FF or 0xFB50 <= code <= 0xFEFC for code in codes)
    mostly = 2 * letters > sum(chr(code).isalpha() for code in codes if 0 < code < 0x110000)
    for pieces in _pieces(raw, codes):
        text = _as_text(codes[pieces[0].start : pieces[0].end])
        for before, piece in pairwise(pieces):
            apart = piece.left - before.right > 0.18 * piece.size
            text += " " * apart + _as_text(codes[piece.start : piece.end])
        arabic = reading_order.has_arabic(text)
        if arabic or (not _FROM_THE_RIGHT.search(text) and _goes_back(raw, codes, pieces)):
            glyphs = [g for piece in pieces for g in _glyphs(raw, codes, piece.start, piece.end)]
            direction = (True if mostly else None) if arabic else False
            text = reading_order.line(glyphs, right_to_left=direction, parts_as_read=as_read)
        else:
            text = reading_order.plain_letters(text.replace(reading_order.STROKE, "")).strip()
        text = _BULLETS.sub("•", text)
        if text:
            yield Line(text, pieces[0].base, pieces[0].size)
    text_page.close()
    page.close()


def _said_twice(raw: Any, codes: list[int]) -> Iterator[int]:  # noqa: ANN401 - a pdfium handle
    """Characters of marks that are drawn by a glyph of their own, and say their letter once more.

    Some programs give each glyph of a letter with its marks the meaning of the whole.
    """
    if not any(0x064B <= code <= 0x0655 or code == 0x0670 for code in codes):
        return
    x, y = ctypes.c_double(), ctypes.c_double()
    glyphs: dict[tuple[float, float], list[int]] = {}
    for index, code in enumerate(codes):
        if code > 0x20 and pdfium.FPDFText_IsGenerated(raw, index) != 1:
            pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
            glyphs.setdefault((round(x.value, 2), round(y.value, 2)), []).append(index)
    heights = Counter(height for _, height in glyphs)
    meanings: dict[str, list[tuple[float, list[int], float, float]]] = {}
    for (_, height), indexes in glyphs.items():
        meaning = "".join(sorted(_as_text([codes[index] for index in indexes])))
        if len(meaning) > 1 and not meaning.isalpha():
            meanings.setdefault(meaning, []).append((height, indexes, *_edges_of(raw, indexes)))
    for found in meanings.values():
        # Letters stand on the line, where most glyphs do; marks are drawn above or below it.
        found.sort(key=lambda glyph: -heights[glyph[0]])
        kept: list[tuple[float, float, float]] = []
        for height, indexes, left, right in found:
            size = _size(raw, indexes[0])
            if any(
                abs(height - other) < size
                and (start < (left + right) / 2 < end or left < (start + end) / 2 < right)
                for other, start, end in kept
            ):
                yield from indexes
            else:
                kept.append((height, left, right))


def _dots(raw: Any, codes: list[int]) -> Iterator[int]:  # noqa: ANN401 - a pdfium handle
    """Dots and hamzas that are glyphs of their own and say the letter they belong to once more."""
    small: list[tuple[int, _Ink]] = []
    large: dict[tuple[int, int], list[_Ink]] = {}
    for index, code in enumerate(codes):
        if _letter(code) in _DOTTED:
            ink = _Ink.of(raw, index)
            if max(ink.top - ink.bottom, ink.right - ink.left) < 0.35 * ink.size:
                small.append((index, ink))
            elif 0 < ink.right - ink.left < 4 * ink.size:
                for place in range(int(ink.left // ink.size), int(ink.right // ink.size) + 1):
                    large.setdefault((code, place), []).append(ink)
    for index, dot in small:
        middle, height = (dot.left + dot.right) / 2, (dot.bottom + dot.top) / 2
        near = large.get((codes[index], int(middle // dot.size)), [])[:_MOST_NEAR]
        if any(
            abs(middle - (ink.left + ink.right) / 2) < (ink.right - ink.left) / 2 + 0.15 * ink.size
            and ink.bottom - 0.4 * ink.size < height < ink.top + 0.4 * ink.size
            for ink in near
        ):
            yield index


def _strokes(raw: Any, codes: list[int]) -> Iterator[int]:  # noqa: ANN401 - a pdfium handle
    """Flat glyphs on the line behind Arabic letters, without a name or with that letter's again.

    Such are the strokes with which word processors and fonts stretch words. No letter is one.
    """
    beside = 0
    for index, code in enumerate(codes):
        if beside and _may_be_stroke(raw, index, code, beside) and _is_flat(raw, index):
            yield index
        else:
            arabic = 0x0620 <= code <= 0x06FF or 0xFB50 <= code <= 0xFEFC
            beside = code if arabic else 0


def _may_be_stroke(raw: Any, index: int, code: int, before: int) -> bool:  # noqa: ANN401 - a pdfium handle
    if code == before:
        return code != _TATWEEL
    named = code >= 0x20 and pdfium.FPDFText_HasUnicodeMapError(raw, index) != 1
    return not named and pdfium.FPDFText_IsGenerated(raw, index) != 1


def _is_flat(raw: Any, index: int) -> bool:  # noqa: ANN401 - a pdfium handle
    ink = _Ink.of(raw, index)
    flat = 0 < ink.top - ink.bottom < 0.15 * ink.size
    return flat and abs(ink.bottom - ink.base) < 0.1 * ink.size and ink.right > ink.left


def _parts_as_read(raw: Any, codes: list[int]) -> bool:  # noqa: ANN401 - a pdfium handle
    """Whether the letters of ligatures come as they are read: those of lam and alef tell."""
    votes = 0
    for index, pair in enumerate(pairwise(map(_letter, codes))):
        lam_first, alef_first = (pair[0] == "ل", pair[1] == "ل")
        if lam_first != alef_first and (pair[1] if lam_first else pair[0]) in "اأإآ":
            one, other = _Ink.of(raw, index), _Ink.of(raw, index + 1)
            if (one.x, one.base) == (other.x, other.base):
                votes += 1 if lam_first else -1
    return votes > 0


def _letter(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 else " "


@dataclass(frozen=True, slots=True)
class _Ink:
    """Where a character's glyph begins, on which line, and the box of what is drawn of it."""

    x: float
    base: float
    size: float
    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def of(cls, raw: Any, index: int) -> _Ink:  # noqa: ANN401 - a pdfium handle
        """What is drawn of one character."""
        x, base = ctypes.c_double(), ctypes.c_double()
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium.FPDFText_GetCharOrigin(raw, index, x, base)
        pdfium.FPDFText_GetCharBox(raw, index, left, right, bottom, top)
        edges = (left.value, right.value, bottom.value, top.value)
        return cls(x.value, base.value, _size(raw, index), *edges)


def _size(raw: Any, index: int) -> float:  # noqa: ANN401 - a pdfium handle
    """The size of a letter on the page: many programs set letters of size 1 and enlarge them."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(raw, index, matrix)
    return pdfium.FPDFText_GetFontSize(raw, index) * math.hypot(matrix.c, matrix.d) or 1.0


def _edges_of(raw: Any, indexes: Sequence[int]) -> tuple[float, float]:  # noqa: ANN401 - a pdfium handle
    """The left and right edge of characters together."""
    box = pdfium.FS_RECTF()
    edges = []
    for index in indexes:
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        edges += [box.left, box.right]
    return min(edges), max(edges)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters ``[start, end)`` that pdfium gives as one line, and where they stand."""

    start: int
    end: int
    base: float
    size: float
    left: float
    right: float

    def goes_on(self, other: _Piece) -> bool:
        """Whether the other stands beside this one: pdfium breaks a line at lone glyphs."""
        near = 1.5 * max(self.size, other.size)
        level = abs(self.base - other.base) < 0.4 * max(self.size, other.size)
        return (
            level
            and not self.lies_over(other)
            and other.left - self.right < near
            and self.left - other.right < near
        )

    def lies_over(self, other: _Piece) -> bool:
        """Whether they stand above each other, or one begins inside the other."""
        together = min(self.right, other.right) - max(self.left, other.left)
        return together > 0.75 * max(self.size, other.size)


def _pieces(raw: Any, codes: list[int]) -> Iterator[list[_Piece]]:  # noqa: ANN401 - a pdfium handle
    """The lines of a page, in the page's own order, each as the pieces that stand in it."""
    line: list[_Piece] = []
    for runs in _runs(raw, codes):
        pieces = [
            _piece(raw, codes, start, end)
            for start, end in runs
            if _as_text(codes[start:end]).strip()
        ]
        # Of lines set so closely that pdfium takes them for one, the upper is read first.
        for piece in sorted(pieces, key=lambda piece: -piece.base // 1):
            if line and not (
                any(other.goes_on(piece) for other in line[:1] + line[-1:])
                or _fills(raw, codes, piece, line[-1])
            ):
                yield line
                line = []
            line.append(piece)
    if line:
        yield line


def _fills(raw: Any, codes: list[int], piece: _Piece, other: _Piece) -> bool:  # noqa: ANN401 - a pdfium handle
    """Whether a piece stands in the gaps of another on its line: dots drawn ahead break lines."""
    if abs(piece.base - other.base) > 0.05 * other.size or not piece.lies_over(other):
        return False
    taken = sorted(_edges_of(raw, [n]) for n in _letters(codes, other))
    middles = [sum(_edges_of(raw, [n])) / 2 for n in _letters(codes, piece)]
    places = [bisect_right(taken, (middle, math.inf)) - 1 for middle in middles]
    hits = sum(n >= 0 and middle < taken[n][1] for n, middle in zip(places, middles, strict=True))
    return hits <= 0.1 * len(middles)


def _goes_back(raw: Any, codes: list[int], line: Sequence[_Piece]) -> bool:  # noqa: ANN401 - a pdfium handle
    """Whether a line of Latin words comes from the right, as programs write it in Arabic text."""
    x, y = ctypes.c_double(), ctypes.c_double()
    last = -math.inf
    for piece in line:
        for index in _letters(codes, piece):
            pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
            if last - x.value > piece.size:
                return True
            last = x.value
    return False


def _letters(codes: list[int], piece: _Piece) -> list[int]:
    return [n for n in range(piece.start, piece.end) if _letter(codes[n]).isalnum()]


def _piece(raw: Any, codes: list[int], start: int, end: int) -> _Piece:  # noqa: ANN401 - a pdfium handle
    # A mark may be raised; the letters stand on the line.
    first = next((n for n in range(start, end) if _letter(codes[n]).isalnum()), start)
    base, box = ctypes.c_double(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetCharOrigin(raw, first, ctypes.c_double(), base)
    edges = []
    for index in (start, end - 1):
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        edges += [box.left, box.right]
    return _Piece(start, end, base.value, _size(raw, first), min(edges), max(edges))


def _runs(raw: Any, codes: list[int]) -> Iterator[list[tuple[int, int]]]:  # noqa: ANN401 - a pdfium handle
    """Lines of pdfium's, each as the runs of characters that stand on one line."""
    x, y = ctypes.c_double(), ctypes.c_double()
    runs: list[tuple[int, int]] = []
    start, base, last = 0, math.inf, 0
    for index, code in enumerate(codes):
        if code in (10, 13):
            yield [*runs, (start, index)]
            runs, start, base = [], index + 1, math.inf
        elif _letter(code).isalnum():
            pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
            far = 1 < abs(y.value - base) < math.inf and not _is_turned(raw, index)
            if far and abs(y.value - base) > 0.6 * max(_size(raw, last), _size(raw, index)):
                runs.append((start, index))
                start = index
            base, last = y.value, index
    yield [*runs, (start, len(codes))]


def _is_turned(raw: Any, index: int) -> bool:  # noqa: ANN401 - a pdfium handle
    angle: float = pdfium.FPDFText_GetCharAngle(raw, index)
    return 0.1 < angle % math.tau < math.tau - 0.1


def _as_text(codes: Sequence[int]) -> str:
    """What pdfium numbers as text; characters beyond the first plane may come in two halves."""
    known = "".join(chr(code) for code in codes if 0 < code < 0x110000)
    return known.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")


def _is_half(code: int) -> bool:
    return 0xD800 <= code < 0xE000


def _glyphs(raw: Any, codes: list[int], start: int, end: int) -> list[Glyph]:  # noqa: ANN401 - a pdfium handle
    """The characters of a line with their places."""
    glyphs: list[Glyph] = []
    x, y = ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    told = -1
    for index in range(start, end):
        if index == told:
            continue
        halves = codes[index : index + 1]
        if index + 1 < end and all(map(_is_half, codes[index : index + 2])):
            halves = sorted(codes[index : index + 2])  # they too may come turned around
            told = index + 1
        text = _as_text(halves)
        if not text or text in _HYPHENS or pdfium.FPDFText_IsGenerated(raw, index) == 1:
            continue
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        size = _size(raw, index)
        left, right = sorted((box.left, box.right))
        glyphs.append(Glyph(text, round(x.value, 2), left, right, size))
    return glyphs


# lines to paragraphs, pages to a text


def _paragraphs(lines: Sequence[Line]) -> str:
    """The lines of a page, joined where the line was only full."""
    if not lines:
        return ""
    lengths = sorted(len(line.text) for line in lines)
    width = lengths[-1 - len(lengths) // 10]
    gaps = [above.base - below.base for above, below in pairwise(lines)]
    usual = median_low(sorted(gap for gap in gaps if gap > 0)[: len(gaps) // 2 + 1] or [0.0])
    text = lines[0].text
    for gap, (above, below) in zip(gaps, pairwise(lines), strict=True):
        other = abs(above.size - below.size) > 0.1 * max(above.size, below.size)
        far = gap > 1.4 * usual > 0
        full = len(above.text) >= _FULL * width and width >= 30
        if text.endswith(_HYPHENS):
            text = text[:-1] + below.text
        elif full and not far and not other and (gap > 0 or not _ENDED.search(above.text)):
            text += f" {below.text}"
        else:
            text += ("\n\n" if far or other or _ENDED.search(above.text) else "\n") + below.text
    return "".join(character for character in text if character not in _HYPHENS)


def _shape(line: Line) -> str:
    """A line without its numbers, to know one that counts pages again."""
    return _NUMBER.sub("0", line.text)


def _edges(page: Sequence[Line]) -> set[int]:
    return {n for n in (0, 1, len(page) - 2, len(page) - 1) if 0 <= n < len(page)}


def _running_lines(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Heads and feet: what stands at the edge of more than half of the pages, of three or more."""
    if len(pages) < 3:
        return frozenset()
    counts = Counter(shape for page in pages for shape in {_shape(page[n]) for n in _edges(page)})
    return frozenset(shape for shape, count in counts.items() if count > len(pages) / 2)


def _without_running(page: Sequence[Line], running: frozenset[str]) -> Sequence[Line]:
    """The lines of a page without head, foot and number; all of them where nothing else is left."""
    edges, ends = _edges(page), (0, len(page) - 1)
    kept = [
        line
        for number, line in enumerate(page)
        if not (number in edges and _shape(line) in running)
        and not (number in ends and _PAGE_NUMBER.fullmatch(_shape(line)))
    ]
    return kept or page


def _gated(texts: list[str]) -> tuple[list[str], dict[str, list[int]]]:
    """The pages that may be quoted, the others empty; of each fault its pages."""
    faulty: dict[str, list[int]] = {}
    kept = []
    for number, text in enumerate(texts, 1):
        found = faults(text)
        for fault in found:
            faulty.setdefault(fault, []).append(number)
        kept.append("" if found else text)
    return kept, faulty


def _joined(texts: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """One text and where each page begins; a sentence that goes on over the page stays whole."""
    text, starts = "", []
    for page in texts:
        if text and page:
            goes_on = not _ENDED.search(text) and len(text.rpartition("\n")[2]) > 60
            text += " " if goes_on else "\n\n"
        starts.append(len(text))
        text += page
    return text, tuple(starts)
