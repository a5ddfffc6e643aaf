"""The best pair of pieces found by trying all, to compare what is faster with."""

from __future__ import annotations

from collections.abc import Sequence

from rag.reading.spans import LONGEST


def best_pair(starts: Sequence[float], ends: Sequence[float]) -> tuple[int, int, float]:
    """The first i ≤ j, fewer than LONGEST apart, with the greatest sum, and that sum."""
    pairs = [
        (starts[i] + ends[j], i, j)
        for i in range(len(starts))
        for j in range(i, min(len(starts), i + LONGEST))
    ]
    margin, first, last = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    return first, last, float(margin)
