"""Copies of one article: wire reports that papers print with another headline and small edits.

Two texts are copies where at least three in five of their three-word runs are the same and no
figure contradicts: where both say a number after or before the same two words, they say the same
number, in digits or words. So reports on one pattern (the exchange rate of each day) and corrected reports (7 killed, 9 killed)
stay articles of their own, whatever else they share.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
import regex
from numpy.typing import NDArray

from rag.folding import fold
from rag.languages import rules_for
from rag.quantities import normal_number, numbers_in
from rag.types import LANGUAGES

LEAST_SHARED = 0.6
_RUN = 3  # words
# Of longer texts this many runs with the smallest hashes stand for all, which is a fair sample.
_MOST_RUNS = 4096
# Candidates share a band: with 3 of 96 minima each, two texts that share .6 are found 9,996 times
# in 10,000 and two that share .2 a quarter of the time, at the price of comparing those.
_BANDS, _ROWS = 32, 3
# A band that so many articles have in common is of a pattern; the newest of them are compared.
_MOST_IN_A_BAND = 20

_WORD = regex.compile(r"\d+(?:[.,:/]\d+)*|[\p{L}\p{M}]+")
# "one of them", «واحد منهم»: more often no figure than one.
_ALSO_OTHER_WORDS = frozenset(
    {"one", "a", "واحد", "واحده", "وواحد", "وواحده", "احد", "احدى", "احدي"}
)
_random = np.random.default_rng(20240607)  # a fixed seed: the same groups every time
_FACTORS = _random.integers(1, 2**63, (_BANDS * _ROWS, 1), dtype=np.uint64) * 2 + 1
_MIX = _random.integers(1, 2**63, _RUN, dtype=np.uint64) * 2 + 1


@dataclass(frozen=True, slots=True)
class Sketch:
    """What two texts are compared by: ``runs`` are sorted hashes of runs of words.

    ``figures`` are the numbers that stand after or before two words, by side and words.
    """

    runs: NDArray[np.uint32]
    figures: Mapping[tuple[str, str, str], frozenset[str]]

    def bands(self) -> list[bytes]:
        """Keys of which copies have at least one in common, all but surely."""
        hashed = (self.runs.astype(np.uint64) * _FACTORS).min(axis=1) >> np.uint64(32)
        rows = hashed.astype(np.uint32).reshape(_BANDS, _ROWS)
        return [bytes([band]) + row.tobytes() for band, row in enumerate(rows)]


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

    Each is compared with the first of earlier groups, so that a group holds no chain of ever more
    distant versions; documents without copies are not in the result.
    """
    first: list[tuple[str, Sketch]] = []
    by_band: dict[bytes, list[int]] = {}
    groups: dict[str, str] = {}
    for id, text in documents:
        made = sketch(text)
        if made is None:
            continue
        bands = made.bands()
        near = sorted(
            {place for band in bands for place in by_band.get(band, ())[-_MOST_IN_A_BAND:]}
        )
        like = next((place for place in near if are_copies(first[place][1], made)), None)
        if like is not None:
            groups[first[like][0]] = groups[id] = first[like][0]
            continue
        for band in bands:
            by_band.setdefault(band, []).append(len(first))
        first.append((id, made))
    return groups
