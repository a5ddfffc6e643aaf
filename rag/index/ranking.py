"""Rankings in one form: best first, ties by passage id, at most k."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Hit


def hits_of(scored: Sequence[tuple[str, float]], k: int, retriever: str) -> list[Hit]:
    """Hits from (passage id, score) pairs in any order."""
    ordered = sorted(scored, key=lambda item: (-item[1], item[0]))[: max(k, 0)]
    return [
        Hit(passage_id=id, score=score, rank=rank, retriever=retriever)
        for rank, (id, score) in enumerate(ordered)
    ]
