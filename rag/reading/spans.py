"""From scores of pieces to answer spans: legal, whole words, inside one sentence."""

from __future__ import annotations

import numpy as np
import regex
from numpy.typing import NDArray

from rag.reading.answers import EXTENDS, whole_words
from rag.types import Span, SpanScores

LONGEST = 30  # pieces of a short answer
_NOTHING = -1e9
_EDGES = frozenset(" \t\n\xa0،,؛;:؟?!\"«»“”„‘’'()[]{}…–—-")
_FULL_STOP = regex.compile(r".{0,2}(?<!\b\p{Lu})\.", regex.DOTALL)
_GROUPED = regex.compile(r"\p{Nd}[.,٫٬:]\p{Nd}")  # thousands, decimals, times of day


def best_span(scores: SpanScores, text: str, within: Span) -> tuple[Span | None, float]:
    """The best span that lies in ``within`` and its margin over no answer.

    Spans are code points of ``text``. Without a piece inside there is no span, and the margin is
    lower than any real one.
    """
    inside = _inside(scores, within)
    if not len(inside):
        return None, _NOTHING
    first, last, margin = best_pair(scores.starts[inside], scores.ends[inside])
    start, end = int(scores.spans[inside[first], 0]), int(scores.spans[inside[last], 1])
    span = _bare(text, _whole(text, start, end))
    return (span if len(span) and within.contains(span) else None), margin


def certainty(scores: SpanScores, within: Span) -> float:
    """The F1 over pieces that the best span in ``within`` can be expected to have, 0 to 1.

    The margin says whether the sentence answers, this whether the model knows which words do. Spans
    are as likely as the product of their start and end; two that say nearly the same, with and
    without a title, support each other (minimum Bayes risk, Kumar and Byrne 2004).
    """
    inside = _inside(scores, within)
    if not len(inside):
        return 0.0
    both = _pairs(scores.starts[inside], scores.ends[inside])
    first, last = divmod(int(both.argmax()), len(both))
    likely = np.exp((both - both[first, last]).astype(np.float64))
    place = np.arange(len(both))
    common = np.minimum(place[None, :], last) - np.maximum(place[:, None], first) + 1
    lengths = place[None, :] - place[:, None] + 1 + last - first + 1
    f1 = 2 * np.maximum(common, 0) / np.maximum(lengths, 1)
    return float((likely * f1).sum() / likely.sum())


def _inside(scores: SpanScores, within: Span) -> NDArray[np.intp]:
    """The numbers of the pieces that lie in ``within``."""
    spans = scores.spans
    return np.flatnonzero(
        (spans[:, 0] >= within.start) & (spans[:, 1] <= within.end) & (spans[:, 1] > spans[:, 0])
    )


def _bare(text: str, span: Span) -> Span:
    """The span without punctuation at its ends; the point of "U.S." stays."""
    start, end = span.start, span.end
    while start < end and text[start] in _EDGES and not EXTENDS.match(text, pos=start + 1):
        start += 1
    while end > start and (
        text[end - 1] in _EDGES or _FULL_STOP.fullmatch(text, max(start, end - 3), end)
    ):
        end -= 1
    return Span(start=start, end=end)


def _whole(text: str, start: int, end: int) -> Span:
    """The span widened to whole words and whole numbers: the 200 of 1,200 says something else."""
    span = whole_words(text, start, end)
    if span.start > 1 and _GROUPED.match(text, pos=span.start - 2):
        return _whole(text, span.start - 2, span.end)
    if _GROUPED.match(text, pos=span.end - 1):
        return _whole(text, span.start, span.end + 2)
    return span


def best_pair(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> tuple[int, int, float]:
    """The i ≤ j, at most LONGEST apart, with the greatest ``starts[i] + ends[j]``, and that sum."""
    both = _pairs(starts, ends)
    first, last = divmod(int(both.argmax()), len(starts))
    return first, last, float(both[first, last])


def _pairs(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> NDArray[np.float32]:
    """``starts[i] + ends[j]`` where that is a span, far below any score elsewhere."""
    both = starts[:, None] + ends[None, :]
    order = np.arange(len(starts))
    length = order[None, :] - order[:, None]
    return np.where((length >= 0) & (length < LONGEST), both, np.float32(_NOTHING))
