"""From a question to passages: dense and lexical candidates, fused, rescored, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import late_interaction
from rag.protocols import Embedder, PassageIndex, PieceEmbedder
from rag.question import Question, coverage, idf
from rag.terms import term_set
from rag.types import Hit, Passage

# Candidates taken from each ranking before rescoring: the right passage is almost never lower
# (the model card has recall at this depth), and rescoring so many takes a few milliseconds.
CANDIDATES = 60
# Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); they use 60 with ranks from 1.
_RRF = 60
_K1 = 1.2  # BM25's saturation: a term counts at most 1 + k1 times its rarity


# What a candidate passage is scored by.
FEATURES = (
    "late",  # late interaction of the question's pieces
    "matched",  # content words of the question matched, by weight
    "coverage",  # its terms, by rarity
    "lexical",  # BM25, as a share of the most that the question's terms could give
    "dense",  # cosine of the vectors
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How a passage's features add up; fitted by ``rag.training`` on sanad_qa dev."""

    late: float = 1.0
    matched: float = 0.0
    coverage: float = 0.0
    lexical: float = 0.0
    dense: float = 0.0

    def row(self) -> NDArray[np.float64]:
        """The weights in the order of FEATURES."""
        return np.array([getattr(self, name) for name in FEATURES])


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
        """At most k passages, best first."""
        passages, features = self.candidates(question, index, k)
        scores = np.round(features @ self._weights.row(), 6).tolist()
        ordered = sorted(
            zip(passages, scores, strict=True), key=lambda item: (-item[1], item[0].id)
        )
        return [
            (passage, Hit(passage_id=passage.id, score=score, rank=rank, retriever="hybrid"))
            for rank, (passage, score) in enumerate(ordered[:k])
        ]

    def candidates(
        self, question: Question, index: PassageIndex, k: int = 0
    ) -> tuple[list[Passage], NDArray[np.float64]]:
        """The passages that either ranking names, at least k where there are, and their features.

        The features are a row of FEATURES for each passage.
        """
        depth = max(CANDIDATES, k)
        vector = self._embedder.embed_queries([question.text])[0]
        dense = index.nearest(vector, depth)
        lexical = index.matching(question.weights, depth)
        fused = reciprocal_rank_fusion([dense, lexical])
        passages = index.passages([hit.passage_id for hit in fused])
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
            present = term_set(passage.text)
            best = late_interaction.best_matches(asked, pieces)
            rows.append(
                (
                    late_interaction.score(asked.weights, best),
                    float(words.weights @ late_interaction.word_matches(words, pieces, present)),
                    coverage(rarity, present),
                    bm25.get(passage.id, 0.0) / most,
                    cosines.get(passage.id, lowest),
                )
            )
        return passages, np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))
