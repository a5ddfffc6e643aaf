"""What a difference is worth: intervals by bootstrap, two runs compared question by question.

A figure is a sum of parts over a sum of wholes, one pair of each question (for a mean the whole is
1). Questions that belong together (the same one in two languages) are drawn together. Intervals are
percentiles of the bootstrap (Efron and Tibshirani: An Introduction to the Bootstrap, 1993), exact
ones where a figure is 0 or 1; two runs are compared by approximate randomisation (Noreen:
Computer-Intensive Methods for Testing Hypotheses, 1989), and several comparisons by the step-down
rule of Holm (1979). Random numbers start from a fixed seed: the same figures give the same interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
PERMUTATIONS = 5000
LEVEL = 0.95
_SEED = 20251116
_AT_ONCE = 500  # rows of a matrix of resamples: some megabytes for thousands of questions

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies, 95 times of a hundred."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure in two runs over the same questions: ``second - first``, its interval and p."""

    questions: int
    first: float
    second: float
    interval: Interval | None
    p: float

    @property
    def change(self) -> float:
        """How much higher the second run is."""
        return self.second - self.first


def intervals(parts: Mapping[str, Sequence[Pair]], clusters: Sequence[str]) -> dict[str, Interval]:
    """The interval of each figure; without those that fewer than two clusters have a say in.

    ``clusters`` names for each pair the group that is drawn as one; all figures see the same draws.
    """
    sums = {name: _clustered(pairs, clusters) for name, pairs in parts.items()}
    known = {name: one for name, one in sums.items() if (one[:, 1] > 0).sum() > 1}
    if not known:
        return {}
    side_by_side = np.hstack(list(known.values()))  # (clusters, 2 a figure)
    generator = np.random.default_rng(_SEED)
    drawn = np.vstack([w @ side_by_side for w in _weights(generator, len(side_by_side))])
    found = {
        name: _at_the_edge(one) or _percentiles(_figures(drawn[:, 2 * place : 2 * place + 2]))
        for place, (name, one) in enumerate(known.items())
    }
    return {name: one for name, one in found.items() if one is not None}


def _at_the_edge(parts: NDArray[np.float64]) -> Interval | None:
    """The exact interval of Clopper and Pearson (1934) where all clusters have 1, or all 0.

    Drawing again from equal values gives the same value, as if nothing were uncertain.
    """
    part, whole = parts.sum(axis=0)
    if part not in (0, whole):
        return None
    bound = float(((1 - LEVEL) / 2) ** (1 / (parts[:, 1] > 0).sum()))
    return Interval(low=bound, high=1.0) if part else Interval(low=0.0, high=1 - bound)


def compare(
    first: Sequence[Pair], second: Sequence[Pair], clusters: Sequence[str]
) -> Difference | None:
    """Two runs over the same questions in the same order; None where nothing was measured.

    ``p`` is how often as large a difference comes from swapping the runs at random, cluster by
    cluster.
    """
    one, other = _clustered(first, clusters), _clustered(second, clusters)
    totals = one.sum(axis=0), other.sum(axis=0)
    if not totals[0][1] or not totals[1][1]:
        return None
    values = [float(total[0] / total[1]) for total in totals]
    observed = values[1] - values[0]
    return Difference(
        questions=sum(a[1] > 0 or b[1] > 0 for a, b in zip(first, second, strict=True)),
        first=values[0],
        second=values[1],
        interval=_paired_interval(one, other),
        p=_randomised(one, other, observed),
    )


def _paired_interval(one: NDArray[np.float64], other: NDArray[np.float64]) -> Interval | None:
    if len(one) < 2:
        return None
    generator = np.random.default_rng(_SEED)
    values = np.concatenate(
        [
            _figures(weights @ other) - _figures(weights @ one)
            for weights in _weights(generator, len(one))
        ]
    )
    return _percentiles(values)


def _randomised(one: NDArray[np.float64], other: NDArray[np.float64], observed: float) -> float:
    generator = np.random.default_rng(_SEED)
    extreme = drawn = 0
    both = one + other
    while drawn < PERMUTATIONS:
        count = min(_AT_ONCE, PERMUTATIONS - drawn)
        swapped = generator.integers(0, 2, (count, len(one))).astype(float)
        left = one.sum(axis=0) + swapped @ (other - one)
        change = _figures(both.sum(axis=0) - left) - _figures(left)
        # Swaps that leave nothing to measure on one side say nothing.
        extreme += int((np.abs(change) >= abs(observed) - 1e-12).sum())
        drawn += count
    return (extreme + 1) / (PERMUTATIONS + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """The p values, each raised for how many were looked at (Holm 1979), in their order."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, ps[place] * (len(ps) - rank)))
        adjusted[place] = highest
    return adjusted


def _clustered(pairs: Sequence[Pair], clusters: Sequence[str]) -> NDArray[np.float64]:
    """(clusters, 2): the sums of parts and wholes of each cluster, in order of appearance."""
    places: dict[str, int] = {}
    for cluster in clusters:
        places.setdefault(cluster, len(places))
    sums = np.zeros((len(places), 2))
    for (part, whole), cluster in zip(pairs, clusters, strict=True):
        sums[places[cluster]] += part, whole
    return sums


def _weights(generator: np.random.Generator, count: int) -> list[NDArray[np.float64]]:
    """How often each cluster is drawn, in blocks of (resamples, clusters)."""
    share = np.full(count, 1 / count)
    return [
        generator.multinomial(count, share, size=min(_AT_ONCE, RESAMPLES - begun)).astype(float)
        for begun in range(0, RESAMPLES, _AT_ONCE)
    ]


def _figures(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Part / whole of each row; NaN where there is no whole."""
    with np.errstate(invalid="ignore", divide="ignore"):
        figures: NDArray[np.float64] = np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan)
    return figures


def _percentiles(values: NDArray[np.float64]) -> Interval | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high))
