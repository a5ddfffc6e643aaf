"""The embedded bilingual model: one vector a piece, no neural network to run.

The folder is a sentence-transformers model (``SentenceTransformer(path)`` loads it and gives equal
vectors) whose weights are int8 rows with one float32 scale each. A text's vector is the normalised
sum of its pieces' rows; a row's length is the weight of its piece. Neither torch nor
sentence-transformers is imported here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from rag.errors import ModelDamaged
from rag.types import Pieces, Vectors

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
CHECKSUMS = "checksums.json"
_BATCH = 512  # texts tokenised at once: bounds memory, keeps the tokenizer's threads busy


def verify_files(folder: Path) -> dict[str, str]:
    """Compares each file of a model folder with its recorded sha256; returns the recorded ones.

    Raises ModelDamaged naming the file and both hashes. The hash guards against accidents, not
    against someone who can rewrite the folder.
    """
    try:
        recorded: dict[str, str] = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        for needed in (WEIGHTS, TOKENIZER):
            if needed not in recorded:
                raise ValueError(f"it does not list {needed}")  # noqa: TRY301 - one message for all
        files = recorded.items()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelDamaged(
            f"{folder.name}: {CHECKSUMS} cannot be used: {error}",
            hint="reinstall sanad, or name another model with --embedder",
        ) from error
    for name, expected in files:
        try:
            actual = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise ModelDamaged(
                f"{folder.name}: {name} cannot be read: {error.strerror}", hint="reinstall sanad"
            ) from error
        if actual != expected:
            raise ModelDamaged(
                f"{folder.name}: {name} has sha256 {actual[:12]}…, expected {expected[:12]}…",
                hint="the file is damaged or was changed: reinstall sanad",
            )
    return recorded


class StaticEmbedder:
    """Embeds with the vectors in ``folder``; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        recorded = verify_files(folder)
        try:
            weights = load_file(folder / WEIGHTS)
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._rows: NDArray[np.int8] = weights["embeddings"]
            self._scales: NDArray[np.float32] = weights["weights"]
        # tokenizers raises bare Exception for a file it cannot parse.
        except Exception as error:
            raise ModelDamaged(
                f"{folder.name}: not a static embedding model: {error}", hint="reinstall sanad"
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
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
        digest = hashlib.sha256("".join(f"{k}{v}" for k, v in sorted(recorded.items())).encode())
        self.fingerprint = f"{folder.name}@{digest.hexdigest()[:12]}"
        self._cached_pieces = lru_cache(maxsize=4096)(self._pieces)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim); the model has no prefix, so the same as passages."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim)."""
        return self._embed(texts)

    def pieces(self, text: str) -> Pieces:
        """Vectors, weights and spans of a text's pieces; the last 4,096 texts are remembered."""
        return self._cached_pieces(text)

    def _pieces(self, text: str) -> Pieces:
        encoding = self._tokenizer.encode(_encodable(text), add_special_tokens=False)
        ids = np.array(encoding.ids, dtype=np.int64)
        rows = self._rows[ids].astype(np.float32) * self._scales[ids, None]  # (pieces, dim)
        spans = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
        if not len(ids):
            return Pieces(*_unit(rows), spans, *_unit(rows), spans)
        words = np.array(encoding.word_ids)
        first = np.flatnonzero(np.diff(words, prepend=-1))  # each word's first piece
        last = np.append(first[1:], len(ids)) - 1
        word_rows = np.add.reduceat(rows, first, axis=0)  # (words, dim)
        word_spans = np.column_stack([spans[first, 0], spans[last, 1]])
        return Pieces(*_unit(rows), spans, *_unit(word_rows), word_spans)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for first in range(0, len(texts), _BATCH):
            batch = [_encodable(text) for text in texts[first : first + _BATCH]]
            encodings = self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            for number, encoding in enumerate(encodings, start=first):
                ids = np.array(encoding.ids, dtype=np.int64)
                # (1, pieces) @ (pieces, dim): the int8 rows weighted by their scales.
                out[number] = self._scales[ids] @ self._rows[ids].astype(np.float32)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.maximum(norms, 1e-12)
        return out


def _unit(rows: Vectors) -> tuple[Vectors, NDArray[np.float32]]:
    """Rows of length 1, and the lengths they had."""
    lengths = np.linalg.norm(rows, axis=1)
    return rows / np.maximum(lengths, 1e-9)[:, None], lengths


def _encodable(text: str) -> str:
    """The text as the tokenizer can take it; a lone surrogate counts as one unknown character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
