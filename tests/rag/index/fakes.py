"""A cheap, honest embedder and small documents for the tests of the store."""

from __future__ import annotations

import hashlib

import numpy as np

from rag.types import Document
from tests.strategies import document

ARTICLES = {
    "ar/kyiv.txt": "زيلينسكي يأمل إطلاق سراح 1200 أسير.\n\nقالت كييف إن التبادل سيجري في مايو.\n",
    "ar/water.txt": "المدينة بلا ماء منذ سبعة أيام.\n\nقالت البلدية إن الأنابيب قديمة.\n",
    "en/kyiv.txt": "Kyiv hopes to free 1,200 prisoners.\n\nThe exchange is planned for May.\n",
    "en/water.txt": "The town has been without water for seven days.\n\nThe pipes are old.\n",
    "en/mixed.txt": "Zelensky said: نأمل الإفراج عن الأسرى.\n\nHe spoke in Kyiv on Monday.\n",
}


class HashingEmbedder:
    """Words hashed to signed dimensions: texts that share words are near. ``texts`` were embedded."""

    def __init__(self, name: str = "hashing", dim: int = 16) -> None:
        self.name, self.dim = name, dim
        self.fingerprint = f"{name}@{dim}"
        self.texts: list[str] = []

    def embed_queries(self, texts):
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            for word in text.lower().split():
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                row[digest[0] % self.dim] += 1 if digest[1] % 2 else -1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    def embed_passages(self, texts):
        self.texts += texts
        return self.embed_queries(texts)


class NoModel(HashingEmbedder):
    """Fails where anything is embedded."""

    def embed_passages(self, texts):
        raise AssertionError(f"embedded {texts}")


def articles() -> list[Document]:
    return [document(text, id) for id, text in ARTICLES.items()]


def content(index) -> dict[str, str]:
    """All documents of an index, each checked against its own hash and its passages."""
    found = {}
    for summary in index.documents():
        stored = index.document(summary.id)
        assert hashlib.sha256(stored.text.encode()).hexdigest() == stored.sha256 == summary.sha256
        found[summary.id] = stored.text
    assert len(found) == index.count_documents()
    return found


def answers(index) -> list[object]:
    """What an index says to fixed questions; equal for equal content."""
    embedder = HashingEmbedder(dim=16)
    said: list[object] = []
    for question in ("Kyiv prisoners", "water in the town", "كييف مايو", "البلدية"):
        (vector,) = embedder.embed_queries([question])
        hits = index.nearest(vector, 20)
        said.append([(hit.passage_id, hit.score) for hit in hits])
        said.append(index.passages([hit.passage_id for hit in hits]))
    weighted = ({"kyiv": 1.0, "water": 0.5}, {"#1200": 1.0})
    return said + [index.matching(terms, 20) for terms in weighted]
