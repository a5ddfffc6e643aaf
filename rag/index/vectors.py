"""Exact inner-product search with FAISS over passage numbers.

faiss pads short results with −1, decides ties by itself even at the cut at k, and neither checksums
nor syncs what it writes: rows are re-ordered here, and its files are only ever bytes that the
store has written and verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged, IndexMismatch

# Parts by the hash of their bytes, so that two generations opened in one process share theirs.
_opened: WeakValueDictionary[str, faiss.Index] = WeakValueDictionary()
_reading = Lock()


def to_bytes(numbers: NDArray[np.int64], vectors: NDArray[np.float32]) -> bytes:
    """A part of passage numbers and unit vectors (n, dim), as :func:`from_bytes` reads it."""
    index = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(np.ascontiguousarray(vectors), numbers)
    return faiss.serialize_index(index).tobytes()


def from_bytes(content: bytes) -> faiss.Index:
    """The part in bytes whose checksum was verified; raises IndexDamaged."""
    try:
        with _reading:  # the limit is of the whole process
            faiss.set_deserialization_vector_byte_limit(len(content))
            return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
    except (RuntimeError, MemoryError) as error:
        raise IndexDamaged(
            f"vectors: {error}", hint="your documents are safe; run: sanad rebuild"
        ) from error


def opened(sha256: str) -> faiss.Index | None:
    """The part whose bytes have this hash, where an index of this process has it open."""
    return _opened.get(sha256)


def opened_from(sha256: str, content: bytes) -> faiss.Index:
    """The part in bytes that have this hash, for all that will have it open."""
    part = _opened[sha256] = from_bytes(content)
    return part


def rows_of(
    part: Any,  # noqa: ANN401 - a faiss.Index of to_bytes; faiss's own types know no such fields
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The numbers and vectors (n, dim) of a part."""
    flat: Any = faiss.downcast_index(part.index)
    count, dim = int(part.ntotal), int(part.d)
    numbers: NDArray[np.int64] = faiss.vector_to_array(part.id_map)
    vectors: NDArray[np.float32] = faiss.rev_swig_ptr(flat.get_xb(), count * dim).copy()
    return numbers, vectors.reshape(count, dim)


class VectorIndex:
    """Passage numbers and unit vectors in parts; immutable."""

    def __init__(self, dim: int, parts: Sequence[faiss.Index]) -> None:
        self._dim, self._parts = dim, tuple(parts)

    def __len__(self) -> int:
        return sum(int(part.ntotal) for part in self._parts)

    def search(
        self, vector: NDArray[np.float32], k: int, only: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """(passage number, inner product), best first; ties that reach over k are all returned.

        ``only`` are the numbers that may be found, each once and in the index; all where not given.
        """
        if vector.shape != (self._dim,):
            raise IndexMismatch(
                f"the query vector has shape {vector.shape}, the index holds vectors of {self._dim}",
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
            found = [
                part.search(query, min(asked, int(part.ntotal)), params=among)
                for part in self._parts
            ]
            scores = np.concatenate([scores[0] for scores, _ in found])
            numbers = np.concatenate([numbers[0] for _, numbers in found])
            scores, numbers = scores[numbers >= 0], numbers[numbers >= 0]
            best = np.argsort(-scores, kind="stable")[:asked]
            scores, numbers = scores[best], numbers[best]
            if asked == total or scores[-1] < scores[wanted - 1]:
                return list(zip(numbers.tolist(), scores.tolist(), strict=True))
            asked = min(total, asked * 2)
        return []


def _selector(only: NDArray[np.int64]) -> faiss.SearchParameters:
    """What lets FAISS find these numbers alone: a bit for each number there is."""
    bits = np.zeros(int(only.max()) + 1, dtype=np.uint8)
    bits[only] = 1
    # faiss's own types do not know what its Python wrappers take.
    chosen = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[call-arg, arg-type]
    return faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
