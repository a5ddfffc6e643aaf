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
    """As :func:`best_span`, and how far the span stands out: its :func:`certainty`.

    Where function words were passed over, it is the share of the next best span among all that say
    something.
    """
    inside = np.flatnonzero(
        (scores.spans[:, 0] >= within.start)
        & (scores.spans[:, 1] <= within.end)
        & (scores.spans[:, 1] > scores.spans[:, 0])
    )
    if not len(inside):
        return None, _NOTHING, 0.0
    pieces, starts, ends = scores.spans[inside], scores.starts[inside], scores.ends[inside]
    first, last, margin = best_pair(starts, ends)
    span = _shown(text, within, int(pieces[first, 0]), int(pieces[last, 1]))
    if span is None or not _hollow(text, within, span):
        return span, margin, certainty(scores, within)
    held = _held(pieces, content_words(text, within))
    if not held.any():
        return None, margin, 0.0
    legal = _sums(starts, ends)[held]
    first, last, best = best_pair(starts, ends, held)
    span = _shown(text, within, int(pieces[first, 0]), int(pieces[last, 1]))
    return span, margin, float(1 / np.exp(legal - best).sum())


def _shown(text: str, within: Span, start: int, end: int) -> Span | None:
    span = _bare(text, _whole(text, start, end))
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


def certainty(scores: SpanScores, within: Span) -> float:
    """How far one start and one end stand out in ``within``: the product of their shares.

    The margin says whether the sentence answers, this whether the model knows which words do.
    """
    inside = (scores.spans[:, 0] >= within.start) & (scores.spans[:, 1] <= within.end)
    if not inside.any():
        return 0.0
    starts, ends = (
        np.exp(logits - logits.max()) for logits in (scores.starts[inside], scores.ends[inside])
    )
    return float(1 / (starts.sum() * ends.sum()))


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


def best_pair(
    starts: NDArray[np.float32],
    ends: NDArray[np.float32],
    among: NDArray[np.bool_] | None = None,
) -> tuple[int, int, float]:
    """The i ≤ j, at most LONGEST apart, with the greatest ``starts[i] + ends[j]``, and that sum.

    With ``among`` only of the pairs for which it is true.
    """
    both = _sums(starts, ends)
    if among is not None:
        both = np.where(among, both, np.float32(_NOTHING))
    first, last = divmod(int(both.argmax()), len(starts))
    return first, last, float(both[first, last])


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
