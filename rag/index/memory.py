"""The PassageIndex in memory: exact, short, and the reference the stored one is tested against.

Also what evaluation and notebooks use for articles that need not be kept.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.duplicates import group
from rag.errors import IndexMismatch, UnknownDocument
from rag.filters import Filter, described, matches
from rag.index.ranking import hits_of
from rag.passages import CUTTING, Cutting, cut
from rag.protocols import Embedder
from rag.terms import index_terms
from rag.types import Document, DocumentSummary, Hit, IndexState, Passage

# tantivy's (and Lucene's) BM25 constants.
_K1 = 1.2
_B = 0.75


class MemoryIndex:
    """Documents, passages, vectors and postings of one immutable set of documents."""

    def __init__(
        self, documents: Sequence[Document], embedder: Embedder, *, cutting: Cutting = CUTTING
    ) -> None:
        self._documents = {document.id: document for document in documents}
        self._passages = {
            passage.id: passage
            for document in self._documents.values()
            for passage in cut(document, cutting)
        }
        self._groups = group((one.id, one.text) for one in self._documents.values())
        self._ids = list(self._passages)
        self._filters: tuple[Filter, ...] = ()
        texts = self._matched()
        self._vectors = embedder.embed_passages(texts)
        self._postings: dict[str, dict[int, int]] = defaultdict(dict)
        self._lengths = np.zeros(len(texts))
        for row, text in enumerate(texts):
            counts = Counter(index_terms(text))
            self._lengths[row] = sum(counts.values())
            for term, count in counts.items():
                self._postings[term][row] = count
        digest = hashlib.sha256(embedder.fingerprint.encode())
        for document in sorted(self._documents.values(), key=lambda document: document.id):
            digest.update(f"{document.id}\0{document.sha256}\0".encode())
        self.state = IndexState(generation="memory", fingerprint=digest.hexdigest()[:12])

    def _matched(self) -> list[str]:
        """What each passage is found by: its text."""
        return [passage.text for passage in self._passages.values()]

    def __len__(self) -> int:
        return len(self._ids)

    def where(self, filters: Sequence[Filter]) -> MemoryIndex:
        """The same with only the documents that pass all filters."""
        view = copy.copy(self)
        view._filters = (*self._filters, *filters)
        return view

    def _allowed(self, id: str) -> bool:
        return not self._filters or matches(self._filters, described(self._documents[id]))

    def _hits(self, scored: Iterable[tuple[str, float]], k: int, retriever: str) -> list[Hit]:
        passing = list(scored)
        if self._filters:
            passing = [one for one in passing if self._allowed(self._passages[one[0]].document_id)]
        return hits_of(passing, k, retriever)

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """Passages by inner product with a unit query vector."""
        if vector.shape != self._vectors.shape[1:]:
            raise IndexMismatch(
                f"the query vector has shape {vector.shape}, the index holds vectors of "
                f"{self._vectors.shape[1]}",
                hint="use the embedder the index was built with",
            )
        scores = self._vectors @ vector  # (passages,)
        return self._hits(zip(self._ids, scores.tolist(), strict=True), k, "dense")

    def matching(self, terms: Mapping[str, float], k: int) -> list[Hit]:
        """Passages by BM25 (Robertson and Zaragoza 2009) over weighted terms."""
        scores: dict[int, float] = defaultdict(float)
        mean = float(self._lengths.mean()) if len(self._ids) else 1.0
        for term, weight in terms.items():
            posting = self._postings.get(term, {})
            idf = math.log(1 + (len(self._ids) - len(posting) + 0.5) / (len(posting) + 0.5))
            for row, count in posting.items():
                norm = _K1 * (1 - _B + _B * self._lengths[row] / mean)
                scores[row] += weight * idf * count * (_K1 + 1) / (count + norm)
        return self._hits(((self._ids[row], score) for row, score in scores.items()), k, "lexical")

    def document_frequency(self, term: str) -> int:
        """How many passages hold the term."""
        return len(self._postings.get(term, {}))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids in order; raises KeyError."""
        found = [self._passages[id] for id in ids]
        for passage in found:
            if not self._allowed(passage.document_id):
                raise KeyError(passage.id)
        return found

    def document(self, id: str) -> Document:
        """The document; raises UnknownDocument."""
        if id not in self._documents or not self._allowed(id):
            raise UnknownDocument.of(id)
        return self._documents[id]

    def groups(self) -> Mapping[str, str]:
        """The group of each document that has copies, by id."""
        return self._groups

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What the index holds, by id."""
        counts = Counter(passage.document_id for passage in self._passages.values())
        ordered = [self._documents[id] for id in sorted(self._documents) if self._allowed(id)]
        stop = None if limit is None else offset + limit
        return [
            DocumentSummary(
                id=document.id,
                sha256=document.sha256,
                title=document.title,
                source=document.source,
                language=document.language,
                media_type=document.media_type,
                published=document.published,
                characters=len(document.text),
                passages=counts[document.id],
            )
            for document in ordered[offset:stop]
        ]

    def count_documents(self) -> int:
        """How many documents there are."""
        return sum(map(self._allowed, self._documents))
