"""How far confidence can be trusted: pure functions of confidences and outcomes.

Risk and coverage after El-Yaniv and Wiener (On the Foundations of Noise-free Selective
Classification, JMLR 2010), the area under their curve after Geifman, Uziel and El-Yaniv
(Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, ICLR 2019), the calibration error
after Naeini, Cooper and Hauskrecht (Obtaining Well Calibrated Probabilities Using Bayesian Binning,
AAAI 2015), the area under the ROC curve as the statistic of Mann and Whitney (1947).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Answers of like confidence: bounds, how many, their mean confidence, the share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPoint:
    """Answering only from ``threshold`` on: the share answered, and the share of those wrong."""

    threshold: float
    coverage: float
    risk: float


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The chance that a positive scores above a negative, ties counting half.

    None where one of the two is missing.
    """
    values, truth = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    above, below = values[truth], values[~truth]
    if not len(above) or not len(below):
        return None
    ordered = np.sort(below)
    wins = np.searchsorted(ordered, above, "left") + np.searchsorted(ordered, above, "right")
    return float(wins.sum() / (2 * len(above) * len(below)))


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> list[RiskPoint]:
    """A point for each confidence that occurs, highest first.

    Equal confidences cannot be told apart by any threshold, so they stand or fall together.
    """
    values, wrong = _ordered(confidence, right)
    total = len(values)
    if not total:
        return []
    last = np.flatnonzero(np.append(values[:-1] != values[1:], True))
    failed = np.cumsum(wrong)
    return [
        RiskPoint(
            threshold=float(values[place]),
            coverage=(place + 1) / total,
            risk=float(failed[place] / (place + 1)),
        )
        for place in last.tolist()
    ]


def aurc(confidence: Sequence[float], right: Sequence[bool]) -> float | None:
    """The mean risk over all coverages 1/n … n/n; less is better, None of nothing.

    Among equal confidences each order is as good, so their errors are spread evenly.
    """
    values, wrong = _ordered(confidence, right)
    if not len(values):
        return None
    _, group = np.unique(-values, return_inverse=True)
    sizes = np.bincount(group)
    spread = (np.bincount(group, weights=wrong) / sizes)[group]
    return float((np.cumsum(spread) / np.arange(1, len(values) + 1)).mean())


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """The bins of equal width that hold anything, lowest first."""
    values, truth = np.asarray(confidence, dtype=float), np.asarray(right, dtype=bool)
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    return [
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=int(inside.sum()),
            confidence=float(values[inside].mean()),
            accuracy=float(truth[inside].mean()),
        )
        for number in range(BINS)
        if (inside := place == number).any()
    ]


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float | None:
    """The mean distance of confidence and share right over the bins, by size; None of nothing."""
    if not len(confidence):
        return None
    weighted = (
        one.count * abs(one.confidence - one.accuracy) for one in reliability(confidence, right)
    )
    return sum(weighted) / len(confidence)


def _ordered(
    confidence: Sequence[float], right: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidences, highest first, and 1 for each that is wrong."""
    values = np.asarray(confidence, dtype=float)
    order = np.argsort(-values, kind="stable")
    return values[order], 1.0 - np.asarray(right, dtype=float)[order]
