"""A second look at the sentences that may answer: each alone, and with its neighbours.

A reader that has a whole passage before it and one that has a sentence or three seldom make the same
mistakes, so the mean of what they say is better than each (the model card has the figures; means of
several predictions as in Lakshminarayanan et al. 2017, here of one network over several texts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.protocols import SpanModel
from rag.reading.spans import inside
from rag.types import Span, SpanScores

CLOSER = 3  # sentences that are looked at again; more found no better answers


@dataclass(frozen=True, slots=True)
class Sentence:
    """Sentence ``number`` of a text that was read as a whole, all its sentences being ``places``."""

    text: str
    places: tuple[Span, ...]
    number: int
    scores: SpanScores

    @property
    def place(self) -> Span:
        """Where the sentence stands in the text."""
        return self.places[self.number]

    def runs(self) -> list[Span]:
        """The sentence with the one before and the one behind, and alone, unless that is the text."""
        near = self.places[max(0, self.number - 1) : self.number + 2]
        every = Span(start=self.places[0].start, end=self.places[-1].end)
        known = (every, Span(start=0, end=len(self.text)))
        both = (Span(start=near[0].start, end=near[-1].end), self.place)
        return [run for run in dict.fromkeys(both) if run not in known]


def read_again(model: SpanModel, question: str, sentences: Sequence[Sentence]) -> list[SpanScores]:
    """Scores of the sentences' pieces, as places of their texts: means over all readings.

    A reading that has other pieces than the text as a whole does not count.
    """
    again = [(number, run) for number, one in enumerate(sentences) for run in one.runs()]
    texts = [sentences[number].text[run.start : run.end] for number, run in again]
    read = [[_part(one.scores, one.place, 0)] for one in sentences]
    for (number, run), scores in zip(again, model.score(question, texts), strict=True):
        part = _part(scores, sentences[number].place, run.start)
        if np.array_equal(part.spans, read[number][0].spans):
            read[number].append(part)
    return [
        SpanScores(
            parts[0].spans,
            np.mean([part.starts for part in parts], axis=0, dtype=np.float32),
            np.mean([part.ends for part in parts], axis=0, dtype=np.float32),
        )
        for parts in read
    ]


def _part(scores: SpanScores, place: Span, ahead: int) -> SpanScores:
    """The scores of the pieces in ``place``, those of a text that stands ``ahead`` of its start."""
    spans = scores.spans + np.int32(ahead)
    here = inside(spans, place)
    return SpanScores(spans[here], scores.starts[here], scores.ends[here])
