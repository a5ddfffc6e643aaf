"""A second look at the sentences that may answer: each alone, and with its neighbours.

A reader that has a whole passage before it and one that has a sentence or three seldom make the same
mistakes, so the mean of what they say is better than each (the model card has the figures; means of
several readings as in Lakshminarayanan et al. 2017, here of one network over several texts). Only the
few sentences with the best margins are looked at again: no other would be quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.protocols import SpanModel
from rag.reading.spans import inside, margin_inside
from rag.types import Span, SpanScores

CLOSER = 8  # sentences, over all passages


@dataclass(frozen=True, slots=True)
class _Look:
    """Sentence ``place`` of text number ``text``, and the runs of sentences it is read in again."""

    text: int
    place: Span
    runs: tuple[Span, ...]


def score_closely(
    model: SpanModel,
    question: str,
    texts: Sequence[str],
    places: Sequence[Sequence[Span]],
    most: int = CLOSER,
) -> list[SpanScores]:
    """The model's scores of each text, those of its likeliest sentences a mean over readings.

    ``places`` are the sentences of each text, in order. At most ``most`` are read again, over all
    texts; where the pieces of a sentence are others when it stands alone its scores stay.
    """
    whole = model.score(question, texts)
    looks = _looks(texts, places, whole, most)
    again = [(look, run) for look in looks for run in look.runs]
    read = model.score(question, [texts[look.text][run.start : run.end] for look, run in again])
    starts = [one.starts.copy() for one in whole]
    ends = [one.ends.copy() for one in whole]
    counts = [np.ones(len(one.starts), dtype=np.float32) for one in whole]
    for (look, run), scores in zip(again, read, strict=True):
        here = inside(whole[look.text].spans, look.place)
        spans = scores.spans + run.start
        there = inside(spans, look.place)
        if np.array_equal(whole[look.text].spans[here], spans[there]):
            starts[look.text][here] += scores.starts[there]
            ends[look.text][here] += scores.ends[there]
            counts[look.text][here] += 1
    return [
        SpanScores(one.spans, starts[number] / counts[number], ends[number] / counts[number])
        for number, one in enumerate(whole)
    ]


def _looks(
    texts: Sequence[str],
    places: Sequence[Sequence[Span]],
    whole: Sequence[SpanScores],
    most: int,
) -> list[_Look]:
    """The sentences with the best margins; a text of one sentence has been read alone."""
    margins = [
        (margin_inside(scores, place), text, number)
        for text, (scores, some) in enumerate(zip(whole, places, strict=True))
        for number, place in enumerate(some)
    ]
    found = []
    for _, text, number in sorted(margins, key=lambda one: (-one[0], one[1:]))[:most]:
        some = places[text]
        place = some[number]
        near = Span(
            start=some[max(0, number - 1)].start, end=some[min(len(some), number + 2) - 1].end
        )
        known = (Span(start=0, end=len(texts[text])), Span(start=some[0].start, end=some[-1].end))
        runs = tuple(run for run in dict.fromkeys((place, near)) if run not in known)
        found.append(_Look(text, place, runs))
    return found
