"""From scores of pieces to answer spans: legal, whole words, inside one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from rag.reading.answers import EXTENDS, content_words, whole_words
from rag.types import Span, SpanScores

LONGEST = 30  # pieces of a short answer
_NOTHING = -1e9
_EDGES = frozenset(" \t\n\xa0،,؛;:؟?!\"«»“”„‘’'()[]{}…–—-")
_FULL_STOP = regex.compile(r".{0,2}(?<!\b\p{Lu})\.", regex.DOTALL)
_GROUPED = regex.compile(r"\p{Nd}[.,٫٬:]\p{Nd}")  # thousands, decimals, times of day


def best_span(scores: SpanScores, text: str, within: Span) -> tuple[Span | None, float]:
    """The best span that lies in ``within`` and the best margin over no answer there.

    Spans are code points of ``text``. A span of nothing but function words is no answer, and the
    next best one that says something is taken. Without a piece inside there is no span, and the
    margin is lower than any real one.
    """
    span, margin, _ = sure_span(scores, text, within)
    return span, margin


def sure_span(scores: SpanScores, text: str, within: Span) -> tuple[Span | None, float, float]:
    """As :func:`best_span`, and the F1 over pieces that the span can be expected to have, 0 to 1.

    The margin says whether the sentence answers, the last value whether the model knows which words
    do.
    """
    held_in = inside(scores.spans, within)
    if not len(held_in):
        return None, _NOTHING, 0.0
    pieces = scores.spans[held_in]
    both = _sums(scores.starts[held_in], scores.ends[held_in])
    best = _best(both)
    margin = float(both[best])
    span = _shown(text, within, pieces, best)
    if span is not None and _hollow(text, within, span):
        held = _held(pieces, content_words(text, within))
        passed_over = slice(best[0], best[1] + 1)  # no span begins or ends there either
        held[passed_over] = held[:, passed_over] = False
        if not held.any():
            return None, margin, 0.0
        both = np.where(held, both, np.float32(_NOTHING))
        best = _best(both)
        span = _shown(text, within, pieces, best)
    return span, margin, _expected(both, best)


def _shown(
    text: str, within: Span, pieces: NDArray[np.int32], pair: tuple[int, int]
) -> Span | None:
    first, last = pair
    span = _bare(text, _whole(text, int(pieces[first, 0]), int(pieces[last, 1])))
    return span if len(span) and within.contains(span) else None


def _hollow(text: str, within: Span, span: Span) -> bool:
    """Whether the span holds words, and only such as say nothing by themselves."""
    if not any(character.isalnum() for character in text[span.start : span.end]):
        return False
    opens = not any(character.isalnum() for character in text[within.start : span.start])
    return not content_words(text, span, opens=opens)


def _held(pieces: NDArray[np.int32], words: Sequence[Span]) -> NDArray[np.bool_]:
    """(pieces, pieces): whether the span from one piece to another touches one of the words."""
    touching = np.zeros(len(pieces), dtype=np.int64)
    for word in words:
        touching |= (pieces[:, 0] < word.end) & (pieces[:, 1] > word.start)
    before = np.concatenate([[0], np.cumsum(touching)])
    held: NDArray[np.bool_] = before[None, 1:] > before[:-1, None]
    return held


def _expected(both: NDArray[np.float32], pair: tuple[int, int]) -> float:
    """The mean F1 of a pair with all pairs, each as likely as its sum tells.

    Spans that say nearly the same, with and without a title, support each other (minimum Bayes risk,
    Kumar and Byrne 2004).
    """
    first, last = pair
    likely = np.exp((both - both.max()).astype(np.float64))
    place = np.arange(len(both))
    common = np.minimum(place[None, :], last) - np.maximum(place[:, None], first) + 1
    lengths = place[None, :] - place[:, None] + 1 + last - first + 1
    f1 = 2 * np.maximum(common, 0) / np.maximum(lengths, 1)
    return float((likely * f1).sum() / likely.sum())


def inside(spans: NDArray[np.int32], within: Span) -> NDArray[np.intp]:
    """The numbers of the pieces (n, 2) that lie in ``within``."""
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


def _best(both: NDArray[np.float32]) -> tuple[int, int]:
    """The pair with the greatest sum; the first of equal ones."""
    return divmod(int(both.argmax()), len(both))


def _sums(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> NDArray[np.float32]:
    """``starts[i] + ends[j]`` for every pair, next to nothing for those that are no span."""
    order = np.arange(len(starts))
    length = order[None, :] - order[:, None]
    sums: NDArray[np.float32] = np.where(
        (length >= 0) & (length < LONGEST),
        starts[:, None] + ends[None, :],
        np.float32(_NOTHING),
    )
    return sums
