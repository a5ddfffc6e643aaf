"""The embedded bilingual model: one vector a piece, no neural network to run.

The folder is a sentence-transformers model (``SentenceTransformer(path)`` loads it and gives equal
vectors) whose weights are int8 rows with one float32 scale each. A text's vector is the normalised
sum of its pieces' rows; a row's length is the weight of its piece. Neither torch nor
sentence-transformers is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load
from tokenizers import Encoding

from rag.errors import ModelDamaged
from rag.model_files import TOKENIZER, encodable, read_tokenizer, read_verified
from rag.types import Pieces, Vectors

WEIGHTS = "model.safetensors"
_BATCH = 512  # texts tokenised at once: bounds memory, keeps the tokenizer's threads busy
_REMEMBERED = 16_384  # texts whose piece ids are kept, about a kilobyte each
_LONG = 2_048  # pieces from which a text is not kept


class StaticEmbedder:
    """Embeds with the vectors in ``folder``; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        files = read_verified(folder, (WEIGHTS, TOKENIZER))
        self._tokenizer = read_tokenizer(folder, files)
        try:
            weights = load(files.contents[WEIGHTS])
            self._rows: NDArray[np.int8] = weights["embeddings"]
            self._scales: NDArray[np.float32] = weights["weights"]
        except (SafetensorError, KeyError) as error:
            raise ModelDamaged(
                f"{folder.name}: not a static embedding model: {error}", hint="reinstall sanad"
            ) from error
        rows = len(self._rows)
        fits = self._rows.dtype == np.int8 and self._scales.dtype == np.float32
        if not fits or self._rows.ndim != 2 or self._scales.shape != (rows,):
            raise ModelDamaged(
                f"{folder.name}: {WEIGHTS} has rows {self._rows.dtype}{self._rows.shape} and scales "
                f"{self._scales.dtype}{self._scales.shape}, expected int8 rows (n, dim) and float32 "
                "scales (n,)",
                hint="reinstall sanad",
            )
        if self._tokenizer.get_vocab_size() > rows:
            raise ModelDamaged(
                f"{folder.name}: the tokenizer knows {self._tokenizer.get_vocab_size()} pieces, "
                f"the weights have {rows}",
                hint="reinstall sanad",
            )
        self.dim = int(self._rows.shape[1])
        self.name = folder.name
        self.fingerprint = files.fingerprint
        self._lock = Lock()
        self._encoded: dict[str, _Encoded] = {}

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim); the model has no prefix, so the same as passages."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim)."""
        return self._embed(texts)

    def pieces(self, text: str) -> Pieces:
        """Vectors, weights and spans of a text's pieces."""
        return next(self.many_pieces([text]))

    def many_pieces(self, texts: Sequence[str]) -> Iterator[Pieces]:
        """:meth:`pieces` of each text, tokenised together; vectors are made one text at a time."""
        with self._lock:
            known = {text: self._encoded[text] for text in texts if text in self._encoded}
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        if fresh:
            encodings = self._tokenizer.encode_batch(
                [encodable(text) for text in fresh], add_special_tokens=False
            )
            made = dict(zip(fresh, map(_compact, encodings), strict=True))
            known |= made
            with self._lock:
                self._remember(made)
        return (self._pieces(known[text]) for text in texts)

    def _remember(self, made: dict[str, _Encoded]) -> None:
        """Keeps encodings, the oldest leaving first: ids take a hundredth of what vectors take."""
        self._encoded |= {t: encoded for t, encoded in made.items() if len(encoded.ids) < _LONG}
        while len(self._encoded) > _REMEMBERED:
            del self._encoded[next(iter(self._encoded))]

    def _pieces(self, encoded: _Encoded) -> Pieces:
        ids, spans, first = encoded.ids, encoded.spans, encoded.first
        rows = self._rows[ids].astype(np.float32) * self._scales[ids, None]  # (pieces, dim)
        if not len(ids):
            return Pieces(*_unit(rows), spans, *_unit(rows), spans)
        last = np.append(first[1:], len(ids)) - 1
        word_rows = np.add.reduceat(rows, first, axis=0)  # (words, dim)
        word_spans = np.column_stack([spans[first, 0], spans[last, 1]])
        return Pieces(*_unit(rows), spans, *_unit(word_rows), word_spans)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for first in range(0, len(texts), _BATCH):
            batch = [encodable(text) for text in texts[first : first + _BATCH]]
            encodings = self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            for number, encoding in enumerate(encodings, start=first):
                ids = np.array(encoding.ids, dtype=np.int64)
                # (1, pieces) @ (pieces, dim): the int8 rows weighted by their scales.
                out[number] = self._scales[ids] @ self._rows[ids].astype(np.float32)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.maximum(norms, 1e-12)
        return out


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A text's piece ids (n,), their spans (n, 2) and the number of each word's first piece."""

    ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    first: NDArray[np.int32]


def _compact(encoding: Encoding) -> _Encoded:
    words = np.array(encoding.word_ids, dtype=np.int32)
    return _Encoded(
        np.array(encoding.ids, dtype=np.int32),
        np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2),
        np.flatnonzero(np.diff(words, prepend=-1)).astype(np.int32),
    )


def _unit(rows: Vectors) -> tuple[Vectors, NDArray[np.float32]]:
    """Rows of length 1, and the lengths they had."""
    lengths = np.linalg.norm(rows, axis=1)
    return rows / np.maximum(lengths, 1e-9)[:, None], lengths
