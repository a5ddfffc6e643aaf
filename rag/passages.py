"""Passages: windows of whole sentences, each a slice of the document's text.

Invariant: ``document.text[p.start:p.end] == p.text`` for every passage. Lines that point to other
stories are in no passage, so nothing can be answered from them.

A heading opens a passage. An item of a list, a row of a table, a quotation and, where there is
room, a whole list with the line that introduces it stand in one passage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from rag.languages import language_of
from rag.sentences import SPLITTING_VERSION, Sentence, covering, split, trim
from rag.types import Document, Passage, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How documents are cut, lengths in code points.

    A passage ends at the first line end beyond ``target`` and before the sentence that would bring
    it over ``longest``; ``overlap`` sentences at its end open the next one of the same section.
    """

    target: int
    longest: int
    overlap: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.target <= self.longest and self.overlap >= 0):
            raise ValueError(f"{self}, expected 0 < target <= longest and overlap >= 0")

    @property
    def version(self) -> str:
        """Changes with anything that changes a passage."""
        return f"2/{SPLITTING_VERSION}/{self.target}/{self.longest}/{self.overlap}"


CUTTING = Cutting(target=500, longest=900)  # measured: docs/passages.md
# A collection keeps the version it was cut by: raise it with every change of what is cut.
PASSAGES_VERSION = CUTTING.version
FIRST_PASSAGES_VERSION = "1/1/500/900"  # of collections that were made before they kept it

_ITEM = regex.compile(r"\s*(?:[-*+•·▪‣◦–—]|\p{Nd}{1,3}[.)]|\p{L}\))\s")
_QUOTED = regex.compile(r"\s*>\s?")
_INDENTED = regex.compile(r"(?: {2,}|\t)\s*\S")
_CELLS = " | "
_LINE = regex.compile(r"[^\r\n\u2028\u2029]*(?:\r\n|[\r\n\u2028\u2029])?")
_LONGEST_ROW = 2000  # what is looked at of the line above
_FORMS = ("item", "row", "quoted")
_CLOSING = {"»": "«", "”": "“"}
_MARK = regex.compile(r"[«»“”]")
_STRAIGHT = regex.compile(r'"[^"\r\n\u2028\u2029]*"')
_Run = tuple[int, int]  # sentences [first, last)


def passage_id(document_id: str, start: int, end: int) -> str:
    """Identity from origin: the document and the offsets."""
    return f"{document_id}#{start}-{end}"


def cut(document: Document, cutting: Cutting = CUTTING) -> tuple[Passage, ...]:
    """The passages of a document in order; none for a document without words."""
    passages = []
    for group in _groups(document.text, split(document.text), cutting):
        span = trim(document.text, group[0].start, group[-1].end)
        text = document.text[span.start : span.end]
        if not any(character.isalnum() for character in text):
            continue
        passages.append(
            Passage(
                id=passage_id(document.id, span.start, span.end),
                document_id=document.id,
                start=span.start,
                end=span.end,
                text=text,
                language=language_of(text, document.language),
            )
        )
    return tuple(passages)


def headings(text: str) -> tuple[Span, ...]:
    """The headings of a text in order: lines of their own that are no item and no row."""
    return tuple(
        sentence.trimmed(text) for sentence in split(text) if _form(text, sentence) == "heading"
    )


def _groups(
    text: str, sentences: tuple[Sentence, ...], cutting: Cutting
) -> Iterator[list[Sentence]]:
    """Neighbouring sentences up to the target; a heading opens a new group."""
    group: list[Sentence] = []
    for first, last in _atoms(text, sentences, cutting.longest):
        atom = sentences[first:last]
        form = _form(text, atom[0])
        opens = form == "heading" and bool(group) and _form(text, group[-1]) != "heading"
        length, size = _size(group), _size(atom)
        full = length + size > cutting.longest or (
            length >= cutting.target and _at_line_start(text, atom[0])
        )
        if group and (opens or full or form == "related"):
            yield group
            goes_on = full and not opens and form != "related"
            group = _carried(text, group, cutting, size) if goes_on else []
        if form != "related":
            group.extend(atom)
    if group:
        yield group


def _carried(text: str, group: Sequence[Sentence], cutting: Cutting, size: int) -> list[Sentence]:
    """The last sentences of a group that also open the next, whose first atom has this size."""
    carried: list[Sentence] = []
    for sentence in reversed(group[1:][-cutting.overlap :] if cutting.overlap else []):
        room = cutting.longest - size - _size(carried)
        if _form(text, sentence) == "heading" or sentence.end - sentence.start > room:
            break
        carried.insert(0, sentence)
    return carried


def _size(sentences: Sequence[Sentence]) -> int:
    return sentences[-1].end - sentences[0].start if sentences else 0


def _form(text: str, sentence: Sentence) -> str:
    """What the sentence is for its neighbours: its kind, "item", "row" or "quoted"."""
    if sentence.kind == "related" or not _at_line_start(text, sentence):
        return sentence.kind
    if _ITEM.match(text, sentence.start):
        return "item"
    if _QUOTED.match(text, sentence.start):
        return "quoted"
    return "row" if _is_row(text, sentence.start) else sentence.kind


def _is_row(text: str, start: int) -> bool:
    """Whether the line at ``start`` and one beside it have cells; a headline may have them too."""
    line = _LINE.match(text, start)
    if line is None or _CELLS not in line.group():
        return False
    below = _LINE.match(text, line.end())
    above = text[max(0, start - _LONGEST_ROW) : start].splitlines()
    return (below is not None and _CELLS in below.group()) or (bool(above) and _CELLS in above[-1])


def _at_line_start(text: str, sentence: Sentence) -> bool:
    return sentence.start == 0 or text[sentence.start - 1] in "\r\n\u2028\u2029"


def _atoms(text: str, sentences: tuple[Sentence, ...], longest: int) -> list[_Run]:
    """The sentences as runs that no passage divides, none over ``longest`` but single sentences.

    What is smaller is kept whole first; what would grow too long together stays apart.
    """
    lists = list(_lists(text, sentences))
    whole = [*_quotations(text, sentences, longest), *(item for items in lists for item in items)]
    whole.sort(key=lambda run: (run[1] - run[0], run))
    whole += [(_introduced(text, sentences, items[0][0]), items[-1][1]) for items in lists]
    atom = [(number, number + 1) for number in range(len(sentences))]  # of each sentence
    for first, last in whole:
        run = (atom[first][0], atom[last - 1][1])
        kept = sentences[run[0] : run[1]]
        if _size(kept) <= longest and all(one.kind != "related" for one in kept):
            atom[run[0] : run[1]] = [run] * (run[1] - run[0])
    return list(dict.fromkeys(atom))


def _lists(text: str, sentences: tuple[Sentence, ...]) -> Iterator[list[_Run]]:
    """The items of each list, rows of each table and lines of each ``>`` quotation.

    The first comes with the sentence that introduces it, and an item with indented lines below it.
    """
    items: list[_Run] = []
    kind = ""
    for first, last in _lines(text, sentences):
        form = _form(text, sentences[first])
        if kind == "item" and form not in _FORMS and _INDENTED.match(text, sentences[first].start):
            items[-1] = (items[-1][0], last)
            continue
        if items and form != kind:
            yield items
            items = []
        kind = form
        if form in _FORMS:
            leads = not items and first and _ends_with_colon(text, sentences[first - 1])
            items.append((first - 1 if leads else first, last))
    if items:
        yield items


def _lines(text: str, sentences: tuple[Sentence, ...]) -> Iterator[_Run]:
    """Runs of sentences, each from a line's start to the next."""
    first = 0
    for number in range(1, len(sentences) + 1):
        if number == len(sentences) or _at_line_start(text, sentences[number]):
            yield first, number
            first = number


def _introduced(text: str, sentences: tuple[Sentence, ...], first: int) -> int:
    """Where the headings above sentence ``first`` begin; ``first`` itself without any."""
    while first and _form(text, sentences[first - 1]) == "heading":
        first -= 1
    return first


def _ends_with_colon(text: str, sentence: Sentence) -> bool:
    return sentence.kind != "related" and text[sentence.start : sentence.end].rstrip().endswith(":")


def _quotations(text: str, sentences: tuple[Sentence, ...], longest: int) -> Iterator[_Run]:
    """The sentences of each quotation of more than one: «…», “…”, or "…" on one line.

    Marks with a heading between them are not a pair, whatever they look like.
    """
    opened: dict[str, list[int]] = {opening: [] for opening in _CLOSING.values()}
    spans = [found.span() for found in _STRAIGHT.finditer(text)]
    for found in _MARK.finditer(text):
        if (mark := found.group()) in opened:
            opened[mark].append(found.start())
        elif opened[_CLOSING[mark]]:
            spans.append((opened[_CLOSING[mark]].pop(), found.end()))
    for start, end in spans:
        if end - start <= longest:
            first, last = covering(sentences, start, end)
            inside = sentences[first + 1 : last]
            if inside and all(_form(text, one) != "heading" for one in inside):
                yield first, last
