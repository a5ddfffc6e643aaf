"""From a question to passages: dense and lexical candidates, fused, rescored, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag import late_interaction
from rag.protocols import Embedder, PassageIndex, PieceEmbedder
from rag.question import Question, idf
from rag.terms import term_set
from rag.types import Hit, Passage

# Candidates taken from each ranking before rescoring: the right passage is almost never lower
# (the model card has recall at this depth), and rescoring so many takes a few milliseconds.
CANDIDATES = 60
# Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); they use 60 with ranks from 1.
_RRF = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How the parts of a passage's score add up; fitted by ``rag.training`` on sanad_qa dev."""

    late: float = 1.0
    coverage: float = 0.5
    dense: float = 0.3


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


class Retriever:
    """Finds passages for a question; ``pieces`` rescores, whatever embedder fills the index."""

    def __init__(
        self, embedder: Embedder, pieces: PieceEmbedder, weights: Weights | None = None
    ) -> None:
        self._embedder = embedder
        self._pieces = pieces
        self._weights = weights or Weights()

    def retrieve(
        self, question: Question, index: PassageIndex, k: int
    ) -> list[tuple[Passage, Hit]]:
        """At most k passages, best first, scored by late interaction, term coverage and cosine."""
        vector = self._embedder.embed_queries([question.text])[0]
        dense = index.nearest(vector, CANDIDATES)
        lexical = index.matching(question.weights, CANDIDATES)
        fused = reciprocal_rank_fusion([dense, lexical])[: max(2 * CANDIDATES, k)]
        cosines = {hit.passage_id: hit.score for hit in dense}
        passages = index.passages([hit.passage_id for hit in fused])
        scores = self._rescore(question, passages, index, cosines)
        ordered = sorted(
            zip(passages, scores, strict=True), key=lambda item: (-item[1], item[0].id)
        )
        return [
            (passage, Hit(passage_id=passage.id, score=score, rank=rank, retriever="hybrid"))
            for rank, (passage, score) in enumerate(ordered[:k])
        ]

    def _rescore(
        self,
        question: Question,
        passages: Sequence[Passage],
        index: PassageIndex,
        cosines: dict[str, float],
    ) -> list[float]:
        asked = self._pieces.pieces(question.text)
        rarity = {key: weight * idf(index, key) for key, weight in question.weights.items()}
        lowest = min(cosines.values(), default=0.0)
        scores = []
        for passage in passages:
            best = late_interaction.best_matches(asked, self._pieces.pieces(passage.text))
            late = late_interaction.score(asked.weights, best)
            scores.append(
                self._weights.late * late
                + self._weights.coverage * coverage(rarity, passage.text)
                + self._weights.dense * cosines.get(passage.id, lowest)
            )
        return [float(np.round(score, 6)) for score in scores]


def coverage(rarity: dict[str, float], text: str) -> float:
    """The share of the question's terms, weighted by rarity, that stand in the text; in [0, 1]."""
    total = sum(rarity.values())
    if total <= 0:
        return 0.0
    present = term_set(text)
    return sum(weight for key, weight in rarity.items() if key in present) / total
