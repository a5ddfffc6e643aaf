"""Writes the static model as sentence-transformers reads it, int8, with checksums."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

MODULES = [
    {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
    },
    {
        "idx": 1,
        "name": "1",
        "path": "1_Normalize",
        "type": "sentence_transformers.sentence_transformer.modules.normalize.Normalize",
    },
]


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 rows and one scale each: ``row ≈ int8 * scale``."""
    largest = np.abs(rows).max(axis=1)
    scales = np.maximum(largest / 127, 1e-12).astype(np.float32)
    return np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8), scales


def export_static(rows: NDArray[np.float32], tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the folder; an existing model there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Normalize").mkdir(exist_ok=True)
    quantised, scales = quantise(rows)
    save_file({"embeddings": quantised, "weights": scales}, folder / "model.safetensors")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    written = {
        "modules.json": MODULES,
        "config_sentence_transformers.json": {"similarity_fn_name": "cosine"},
        "1_Normalize/config.json": {},
    }
    for name, content in written.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    names = ["model.safetensors", "tokenizer.json", *written]
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    for path in folder.rglob("*.*"):
        path.chmod(0o644)  # safetensors writes 0600
    (folder / "checksums.json").write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")
