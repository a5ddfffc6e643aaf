"""Measures models on sets that no training touched; the numbers of the model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding.static import StaticEmbedder
from rag.engine import retrieval_weights
from rag.index.memory import MemoryIndex
from rag.languages import language_of
from rag.protocols import Embedder
from rag.question import understand
from rag.retrieval import Retriever
from rag.types import Document


def translation(embedder: Embedder, path: Path) -> dict[str, float]:
    """How often a sentence's translation is its nearest neighbour, both ways.

    ``path`` holds ``arabic<TAB>english`` lines.
    """
    rows = [line.split("\t")[:2] for line in path.read_text(encoding="utf-8").splitlines() if line]
    arabic = embedder.embed_passages([row[0] for row in rows])
    english = embedder.embed_passages([row[1] for row in rows])
    cosines = arabic @ english.T  # (arabic, english)
    right = np.arange(len(rows))
    return {
        "ar→en": float((cosines.argmax(axis=1) == right).mean()),
        "en→ar": float((cosines.argmax(axis=0) == right).mean()),
        "pairs": len(rows),
    }


def paragraphs(
    embedder: StaticEmbedder, weights: Path, rows: Sequence[dict[str, Any]]
) -> dict[str, float]:
    """Recall@1 of the paragraph a question was asked of: dense alone, BM25 alone, as shipped.

    A paragraph counts as found where the best passage is cut from it.
    """
    texts = dict.fromkeys(row["context"] for row in rows)
    names = {text: f"p{number}" for number, text in enumerate(texts)}
    index = MemoryIndex([_document(names[text], text) for text in texts], embedder)
    retriever = Retriever(embedder, embedder, retrieval_weights(weights))
    found = {"dense": 0, "BM25": 0, "hybrid": 0, "hybrid recall@5": 0}
    for row in rows:
        question = understand(row["question"])
        gold = names[row["context"]]
        dense = index.nearest(embedder.embed_queries([question.text])[0], 1)
        lexical = index.matching(question.weights, 1)
        shipped = [passage.document_id for passage, _ in retriever.retrieve(question, index, 5)]
        found["dense"] += _is(dense[0].passage_id, gold) if dense else 0
        found["BM25"] += _is(lexical[0].passage_id, gold) if lexical else 0
        found["hybrid"] += shipped[:1] == [gold]
        found["hybrid recall@5"] += gold in shipped
    scores = {name: count / len(rows) for name, count in found.items()}
    return scores | {"questions": len(rows), "paragraphs": len(texts)}


def _is(passage_id: str, document_id: str) -> bool:
    return passage_id.rpartition("#")[0] == document_id


def _document(id: str, text: str) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=id, text=text, sha256=digest, title="", source=id, language=language_of(text)
    )


def measure(data: Path, model: Path, weights: Path) -> dict[str, dict[str, float]]:
    """Everything measured on the evaluation sets found under ``data``."""
    embedder = StaticEmbedder(model)
    scores: dict[str, dict[str, float]] = {}
    for name in ("ntrex.ar-en.tsv", "pud.ar-en.tsv", "laser-tatoeba.ara-en.tsv"):
        if (data / "eval" / name).is_file():
            scores[name] = translation(embedder, data / "eval" / name)
    for name in ("arcd.test.ar.jsonl", "mlqa.dev.ar.jsonl"):
        path = data / "eval" / name
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            scores[name] = paragraphs(embedder, weights, [json.loads(line) for line in lines])
    return scores
