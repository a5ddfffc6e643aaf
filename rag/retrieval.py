"""From a question to passages: dense and lexical candidates, fused, rescored twice, best first.

Every candidate is scored by cheap features; the first few are then read together with the question
by the span model, and how well they answer joins the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import late_interaction
from rag.protocols import Embedder, PassageIndex, PieceEmbedder, SpanModel
from rag.question import Question, coverage, idf
from rag.terms import term_set
from rag.types import Hit, Passage, SpanScores

# Candidates taken from each ranking before rescoring: the right passage is almost never lower
# (the model card has recall at this depth), and rescoring so many takes a few milliseconds.
CANDIDATES = 60
# Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); they use 60 with ranks from 1.
_RRF = 60
# Candidates read by the span model, some ten milliseconds each on one core.
READ = 10
_K1 = 1.2  # BM25's saturation: a term counts at most 1 + k1 times its rarity


# What a candidate passage is scored by.
FEATURES = (
    "late",  # late interaction of the question's pieces with the best window
    "matched",  # content words of the question matched in the best window, by weight
    "coverage",  # its terms, by rarity
    "lexical",  # BM25, as a share of the most that the question's terms could give
    "dense",  # cosine of the vectors
)

_MARGIN_SCALE = 10.0  # margins are logits; so they weigh about as much as the other features
_MARGIN_MOST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How a passage's features add up; fitted by ``rag.training`` on questions kept aside.

    ``features`` weigh FEATURES and order all candidates. To the score of one that was read its
    :func:`margin` is added, times ``margin``: one number for reading, because weights fitted to all
    six at once found more on the sets they were fitted on and less on every other.
    """

    features: tuple[float, ...]
    margin: float

    def __post_init__(self) -> None:
        if len(self.features) != len(FEATURES):
            raise ValueError(f"{len(self.features)} retrieval weights, expected {len(FEATURES)}")


def margin(scores: SpanScores) -> float:
    """The best span's margin over no answer as a feature; the least for a text without pieces."""
    if not len(scores.starts):
        return -_MARGIN_MOST
    ends = np.maximum.accumulate(scores.ends[::-1])[::-1]  # the best end at or after each start
    return as_feature(float((scores.starts + ends).max()))


def as_feature(margin: float) -> float:
    """A span's margin over no answer, scaled and bounded, for passages and sentences alike."""
    return max(-_MARGIN_MOST, min(_MARGIN_MOST, margin / _MARGIN_SCALE))


def _scores(features: NDArray[np.float64], weights: Sequence[float]) -> list[float]:
    """The weighted sum of each row, the same for equal texts wherever they stand.

    Matrix products may differ in the last digits from row to row, so cosines are rounded first.
    """
    sums = (np.round(features, 5) * np.array(weights)).sum(axis=1)
    scores: list[float] = np.round(sums, 6).tolist()
    return scores


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """One ranking from several: the sum of 1 / (60 + rank), ranks counted from 1."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for hit in ranking:
            scores[hit.passage_id] = scores.get(hit.passage_id, 0.0) + 1 / (_RRF + hit.rank + 1)
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [
        Hit(passage_id=id, score=score, rank=rank, retriever="fused")
        for rank, (id, score) in enumerate(ordered)
    ]


def once_each(passages: Sequence[Passage], groups: Mapping[str, str]) -> list[Passage]:
    """The passages without those of copies of an article that an earlier passage is from."""
    chosen: dict[str, str] = {}  # the document of each group
    return [
        passage
        for passage in passages
        if (group := groups.get(passage.document_id)) is None
        or chosen.setdefault(group, passage.document_id) == passage.document_id
    ]


class Retriever:
    """Finds passages for a question; ``pieces`` rescores, whatever embedder fills the index."""

    def __init__(
        self, embedder: Embedder, pieces: PieceEmbedder, spans: SpanModel, weights: Weights
    ) -> None:
        self._embedder = embedder
        self._pieces = pieces
        self._spans = spans
        self.weights = weights

    def retrieve(
        self, question: Question, index: PassageIndex, k: int
    ) -> list[tuple[Passage, Hit]]:
        """At most k passages, best first; what was not read stands behind what was."""
        passages, features = self.candidates(question, index, k)
        scores = _scores(features, self.weights.features)
        ordered = sorted(range(len(passages)), key=lambda n: (-scores[n], passages[n].id))
        head, tail = ordered[:READ], ordered[READ:]
        margins = self.margins(question, [passages[n] for n in head])
        ranked = [
            (passages[n], round(scores[n] + self.weights.margin * margin, 6))
            for n, margin in zip(head, margins, strict=True)
        ]
        ranked.sort(key=lambda item: (-item[1], item[0].id))
        if tail:
            drop = ranked[-1][1] - scores[tail[0]]
            ranked += [(passages[n], round(scores[n] + drop, 6)) for n in tail]
        return [
            (passage, Hit(passage_id=passage.id, score=score, rank=rank, retriever="hybrid"))
            for rank, (passage, score) in enumerate(ranked[:k])
        ]

    def margins(self, question: Question, passages: Sequence[Passage]) -> list[float]:
        """How well each passage answers, read together with the question: its :func:`margin`."""
        scored = self._spans.score(question.text, [passage.text for passage in passages])
        return [margin(one) for one in scored]

    def candidates(
        self, question: Question, index: PassageIndex, k: int = 0
    ) -> tuple[list[Passage], NDArray[np.float64]]:
        """The passages that either ranking names, at least k where there are, and their features.

        The features are a row of FEATURES for each passage.
        """
        vector = self._embedder.embed_queries([question.text])[0]
        least, groups = max(CANDIDATES, k), index.groups()
        for depth in (least, 4 * least, 16 * least):
            dense = index.nearest(vector, depth)
            lexical = index.matching(question.weights, depth)
            fused = reciprocal_rank_fusion([dense, lexical])
            passages = once_each(index.passages([hit.passage_id for hit in fused]), groups)
            # Copies that were left out make room for what they pushed aside.
            if len(passages) >= least or max(len(dense), len(lexical)) < depth:
                break
        cosines = {hit.passage_id: hit.score for hit in dense}
        lowest = min(cosines.values(), default=0.0)
        bm25 = {hit.passage_id: hit.score for hit in lexical}
        rarity = {key: weight * idf(index, key) for key, weight in question.weights.items()}
        most = (1 + _K1) * sum(rarity.values()) or 1.0
        asked = self._pieces.pieces(question.text)
        words = late_interaction.content_words(asked, question.terms)
        rows = []
        texts = [passage.text for passage in passages]
        for passage, pieces in zip(passages, self._pieces.many_pieces(texts), strict=True):
            rows.append(
                (
                    late_interaction.window_score(asked, pieces),
                    late_interaction.window_words(words, pieces),
                    coverage(rarity, term_set(passage.text)),
                    bm25.get(passage.id, 0.0) / most,
                    cosines.get(passage.id, lowest),
                )
            )
        return passages, np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))
