"""Copies of one article: wire reports that papers print with another headline and small edits.

Two texts are copies where at least three in five of their three-word runs are the same and no
figure contradicts: where both say a number after or before the same two words, they say the same
number, in digits or words. So reports on one pattern (the exchange rate of each day) and corrected reports (7 killed, 9 killed)
stay articles of their own, whatever else they share.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush
from itertools import groupby

import numpy as np
import regex
from numpy.typing import NDArray

from rag.folding import FOLDING_VERSION, fold
from rag.languages import rules_for
from rag.quantities import normal_number, numbers_in
from rag.types import LANGUAGES

COPIES_VERSION = f"1/{FOLDING_VERSION}"
LEAST_SHARED = 0.6
_RUN = 3  # words
# Of longer texts this many runs with the smallest hashes stand for all, which is a fair sample.
_MOST_RUNS = 4096
# Candidates share a band: with 3 of 96 minima each, two texts that share .6 are found 9,996 times
# in 10,000 and two that share .2 a quarter of the time, at the price of comparing those.
BANDS, _ROWS = 32, 3
# A band that so many articles have in common is of a pattern; the newest of them are compared.
_MOST_IN_A_BAND = 20
_KEPT_SKETCHES = 1024
NEW, GONE = -1, -2
_FEW = 64  # texts, for which looking through all bands is faster than counting them

_WORD = regex.compile(r"\d+(?:[.,:/]\d+)*|[\p{L}\p{M}]+")
# "one of them", «واحد منهم»: more often no figure than one.
_ALSO_OTHER_WORDS = frozenset(
    {"one", "a", "واحد", "واحده", "وواحد", "وواحده", "احد", "احدى", "احدي"}
)
_random = np.random.default_rng(20240607)  # a fixed seed: the same groups every time
_FACTORS = _random.integers(1, 2**63, (BANDS * _ROWS, 1), dtype=np.uint64) * 2 + 1
_MIX = _random.integers(1, 2**63, _RUN, dtype=np.uint64) * 2 + 1


@dataclass(frozen=True, slots=True)
class Sketch:
    """What two texts are compared by: ``runs`` are sorted hashes of runs of words.

    ``figures`` are the numbers that stand after or before two words, by side and words.
    """

    runs: NDArray[np.uint32]
    figures: Mapping[tuple[str, str, str], frozenset[str]]

    def bands(self) -> NDArray[np.uint32]:
        """Keys (bands) of which copies have at least one in common, all but surely."""
        hashed = (self.runs.astype(np.uint64) * _FACTORS).min(axis=1) >> np.uint64(32)
        mixed: NDArray[np.uint64] = (hashed.reshape(BANDS, _ROWS) * _MIX).sum(
            axis=1, dtype=np.uint64
        )
        return (mixed >> np.uint64(32)).astype(np.uint32)


def sketch(text: str) -> Sketch | None:
    """The sketch of a text; None for one without words."""
    words = _WORD.findall(fold(text))
    if not words:
        return None
    hashes = np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint64)
    length = min(_RUN, len(words))
    windows = np.lib.stride_tricks.sliding_window_view(hashes, length)  # (runs, length)
    mixed = ((windows + np.uint64(1)) * _MIX[:length]).sum(axis=1, dtype=np.uint64)
    runs = np.unique((mixed >> np.uint64(32)).astype(np.uint32))[:_MOST_RUNS]
    return Sketch(runs, _figures(words))


def _figures(words: list[str]) -> dict[tuple[str, str, str], frozenset[str]]:
    """Numbers by what is around them; words that make one number are one."""
    known = _number_words()
    masked, said = ["", ""], {}  # the words with # for each number, and the numbers by place
    for is_number, run in groupby(words, lambda word: word[0].isdigit() or word in known):
        found = list(run)
        if is_number:
            said[len(masked)] = _values(found)
            masked.append("#")
        else:
            masked += found
    masked += ["", ""]
    figures: dict[tuple[str, str, str], set[str]] = {}
    for place, values in said.items():
        for side, at in (("after", place - 2), ("before", place + 1)):
            figures.setdefault((side, masked[at], masked[at + 1]), set()).add(values)
    return {around: frozenset(values) for around, values in figures.items()}


def _values(words: list[str]) -> str:
    if len(words) == 1 and words[0][0].isdigit():
        return normal_number(words[0])  # as most are, and far faster
    found = numbers_in(" ".join(words))
    return " ".join(quantity.value for quantity in found) or " ".join(words)


@cache
def _number_words() -> frozenset[str]:
    rules = [rules_for(language) for language in LANGUAGES]
    words = {word for one in rules for word in (*one.number_words, *one.multipliers)}
    return frozenset(words | {f"و{word}" for word in words}) - _ALSO_OTHER_WORDS


def shared(one: Sketch, other: Sketch) -> float:
    """Which part of their runs of words two texts share (Jaccard), 0 to 1."""
    either = np.union1d(one.runs, other.runs)[:_MOST_RUNS]
    both = np.intersect1d(one.runs, other.runs, assume_unique=True)
    return float(np.isin(either, both, assume_unique=True).mean())


def are_copies(one: Sketch, other: Sketch) -> bool:
    """Whether two texts are copies of one article."""
    for around, said in one.figures.items():
        if said.isdisjoint(other.figures.get(around, said)):
            return False
    return shared(one, other) >= LEAST_SHARED


def group(documents: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of each document that has copies, of (id, text): the id of its first document.

    Documents without copies are not in the result.
    """
    texts = dict(documents)
    made = {id: found.bands() for id, text in texts.items() if (found := sketch(text))}
    ids, keys = list(made), np.array([*made.values()], np.uint32).reshape(-1, BANDS)
    first = np.full(len(ids), NEW, dtype=np.int64)
    decide(keys, first, range(len(ids)), lambda row: texts[ids[row]])
    groups = {}
    for row in np.flatnonzero(first != np.arange(len(ids))).tolist():
        groups[ids[row]] = groups[ids[first[row]]] = ids[first[row]]
    return groups


def decide(
    keys: NDArray[np.uint32],
    first: NDArray[np.int64],
    rows: Iterable[int],
    text_of: Callable[[int], str],
) -> None:
    """Fills in which text each of these ``rows`` is a copy of, and all that follows from it.

    ``keys`` (texts, bands) are of all texts in order, ``first`` the row each is a copy of, its own
    where it is none, NEW for a text that was not among them, GONE where that row is gone. A text is
    compared with those before it that are copies of none, so that a group holds no chain of ever more distant versions; which of them
    they are is all that one text's answer has from another's. So where ``rows`` are the new texts,
    and those behind a text that is gone and has a key of theirs, the result is that of all rows.
    """
    undecided = sorted(rows)
    likely = _repeated(keys) if len(undecided) > _FEW else None
    index = _Firsts(keys, first, likely)
    if likely is not None:
        alone = [row for row in undecided if not likely[row].any()]
        first[alone] = alone
        undecided = [row for row in undecided if likely[row].any()]
    sketched = lru_cache(_KEPT_SKETCHES)(lambda row: sketch(text_of(row)))

    def like(row: int, other: int) -> bool:
        one, made = sketched(other), sketched(row)
        return one is not None and made is not None and are_copies(one, made)

    heapify(undecided)
    done = -1
    while undecided:
        row = heappop(undecided)
        if row == done:
            continue
        done, before = row, int(first[row])
        now = next((other for other in index.near(row) if like(row, other)), row)
        first[row] = now
        if (before == row) != (now == row):
            index.changed(row, is_first=now == row)
            if before != NEW:
                for later in sharing(keys, row, keys[row]):
                    heappush(undecided, later)


def sharing(keys: NDArray[np.uint32], after: int, key: NDArray[np.uint32]) -> list[int]:
    """Rows of ``keys`` behind ``after`` that have one of these keys."""
    found: list[int] = (np.flatnonzero((keys[after + 1 :] == key).any(axis=1)) + after + 1).tolist()
    return found


def _repeated(keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which keys another text has in the same band."""
    repeated = np.zeros(keys.shape, dtype=bool)
    for band in range(keys.shape[1]):
        _, places, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        repeated[:, band] = counts[places] > 1
    return repeated


class _Firsts:
    """By band and key, the rows that are copies of none, in order."""

    def __init__(
        self,
        keys: NDArray[np.uint32],
        first: NDArray[np.int64],
        likely: NDArray[np.bool_] | None,
    ) -> None:
        self._keys, self._likely = keys, likely
        self._known = first == np.arange(len(first))
        self._none = not self._known.any()
        self._rows: dict[tuple[int, int], list[int]] = {}

    def _at(self, row: int) -> list[list[int]]:
        """The rows of each key of this row. A list is read before any of its rows can change."""
        found = []
        for band, key in enumerate(self._keys[row].tolist()):
            if self._likely is not None and not self._likely[row, band]:
                continue
            if (rows := self._rows.get((band, key))) is None:
                rows = []
                if not self._none:
                    rows = np.flatnonzero((self._keys[:, band] == key) & self._known).tolist()
                self._rows[band, key] = rows
            found.append(rows)
        return found

    def near(self, row: int) -> list[int]:
        """The rows to compare with, in order."""
        near = set()
        for rows in self._at(row):
            end = bisect_left(rows, row)
            near.update(rows[max(0, end - _MOST_IN_A_BAND) : end])
        return sorted(near)

    def changed(self, row: int, *, is_first: bool) -> None:
        """Notes that a row is now one of them, or no longer."""
        for rows in self._at(row):
            place = bisect_left(rows, row)
            there = place < len(rows) and rows[place] == row
            if is_first and not there:
                insort(rows, row)
            elif there and not is_first:
                del rows[place]
