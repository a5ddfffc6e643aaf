"""The seams. An implementation does not inherit, it fits; ``tests/contracts`` holds each to this.

Nothing outside the implementations may assume files, row numbers or one process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.filters import Filter
from rag.types import (
    Document,
    DocumentSummary,
    Evidence,
    Hit,
    IndexState,
    Loaded,
    Passage,
    Pieces,
    SpanScores,
    Vectors,
)


@runtime_checkable
class Loader(Protocol):
    """Turns the bytes of one file into documents, one or (a table, a feed) many.

    The first document of a file that holds one has ``id`` itself; of many, each has ``id#key``.
    ``text`` is what was extracted and never changes; every offset counts its code points. A record
    that cannot be read is a failure beside the others; a file that gives nothing raises.
    """

    suffixes: frozenset[str]
    media_type: str

    def load(self, content: bytes, *, id: str, origin: str) -> Loaded:
        """The documents; raises UnreadableDocument naming the file and the reason."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Texts to unit vectors. Queries and passages have methods of their own: no mode, no state.

    ``name`` says which model for people, ``fingerprint`` changes with anything that changes a
    vector. Rows are float32, contiguous, of length 1 (a text without known pieces gives zeros).
    Order is kept; no text gives shape (0, dim).
    """

    name: str
    fingerprint: str
    dim: int

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (texts, dim) of what people ask."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (texts, dim) of what is searched."""
        ...


@runtime_checkable
class PieceEmbedder(Embedder, Protocol):
    """An embedder that also gives each piece of a text its vector and weight."""

    def pieces(self, text: str) -> Pieces:
        """Unit vectors, weights and original spans of the text's pieces, in order."""
        ...

    def many_pieces(self, texts: Sequence[str]) -> Iterator[Pieces]:
        """The pieces of each text, in order."""
        ...


@runtime_checkable
class SpanModel(Protocol):
    """A question-answering model: reads question and text together and scores spans of the text."""

    fingerprint: str

    def score(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        """The scores of each text, in order; a text without pieces gives empty ones."""
        ...


@runtime_checkable
class PassageIndex(Protocol):
    """One generation of a collection: what every stage of one answer reads from.

    Rankings hold at most k hits, best first, ranks from 0, equal scores ordered by passage id.
    A vector of another width raises IndexMismatch naming both.
    """

    state: IndexState

    def __len__(self) -> int:
        """How many passages there are."""
        ...

    def where(self, filters: Sequence[Filter]) -> PassageIndex:
        """The same generation with only the documents that pass all filters.

        Everything it finds and shows is of those; ``len`` and ``document_frequency`` stay those of
        the whole, so that a term is as rare as it is without filters.
        """
        ...

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """Passages by inner product with a unit query vector."""
        ...

    def matching(self, terms: Mapping[str, float], k: int) -> list[Hit]:
        """Passages by BM25 over the given terms and their weights; no match, no hit."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many passages hold the term."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; raises KeyError for an unknown one."""
        ...

    def document(self, id: str) -> Document:
        """The stored document; raises UnknownDocument."""
        ...

    def groups(self) -> Mapping[str, str]:
        """The group of each document that has copies (:mod:`rag.duplicates`), by id."""
        ...

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What is stored, by id."""
        ...

    def count_documents(self) -> int:
        """How many documents there are."""
        ...


@runtime_checkable
class Reader(Protocol):
    """Finds the sentences that answer a question in passages already retrieved."""

    fingerprint: str

    def read(
        self, question: str, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Evidence]:
        """Evidence over all passages, most probable first.

        Every span is legal: inside its passage, on whole words, ``answer`` inside ``quote``.
        """
        ...
