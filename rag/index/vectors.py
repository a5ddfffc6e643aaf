"""Exact inner-product search with FAISS over passage numbers.

faiss pads short results with −1, decides ties by itself even at the cut at k, and neither checksums
nor syncs what it writes: rows are re-ordered here, and its files are only ever bytes that the
store has written and verified.
"""

from __future__ import annotations

from collections.abc import Iterable

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged, IndexMismatch


class VectorIndex:
    """Passage numbers and unit vectors; immutable once built."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(
        cls, dim: int, blocks: Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]]
    ) -> VectorIndex:
        """An exact index of all (numbers, vectors) blocks."""
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))
        for numbers, vectors in blocks:
            index.add_with_ids(np.ascontiguousarray(vectors), numbers)
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes) -> VectorIndex:
        """The index in bytes whose checksum was verified; raises IndexDamaged."""
        try:
            return cls(faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8)))
        except RuntimeError as error:
            raise IndexDamaged(
                f"vectors.faiss: {error}", hint="your documents are safe; run: sanad rebuild"
            ) from error

    def to_bytes(self) -> bytes:
        """What :meth:`from_bytes` reads."""
        return bytes(faiss.serialize_index(self._index).data)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(
        self, vector: NDArray[np.float32], k: int, only: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """(passage number, inner product), best first; ties that reach over k are all returned.

        ``only`` are the numbers that may be found, each once and in the index; all where not given.
        """
        dim = int(self._index.d)
        if vector.shape != (dim,):
            raise IndexMismatch(
                f"the query vector has shape {vector.shape}, the index holds vectors of {dim}",
                hint="use the embedder the index was built with",
            )
        total = len(self) if only is None else len(only)
        wanted = min(k, total)
        among = None if only is None or not total else _selector(only)
        query = np.ascontiguousarray(vector[None], dtype=np.float32)
        # One query on several threads waits for the slowest: 0.2 ms alone, 5 ms on a busy machine.
        faiss.omp_set_num_threads(1)  # of this thread only
        asked = min(total, wanted + 8)
        while wanted > 0:
            scores, numbers = self._index.search(query, asked, params=among)
            if asked == total or scores[0, -1] < scores[0, wanted - 1]:
                kept = numbers[0] >= 0
                return list(zip(numbers[0][kept].tolist(), scores[0][kept].tolist(), strict=True))
            asked = min(total, asked * 2)
        return []


def _selector(only: NDArray[np.int64]) -> faiss.SearchParameters:
    """What lets FAISS find these numbers alone: a bit for each number there is."""
    bits = np.zeros(int(only.max()) + 1, dtype=np.uint8)
    bits[only] = 1
    # faiss's own types do not know what its Python wrappers take.
    chosen = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[call-arg, arg-type]
    return faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
