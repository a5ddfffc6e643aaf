"""One published generation of a collection, opened for reading."""

from __future__ import annotations

import copy
import json
import os
import re
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import tantivy
from numpy.typing import NDArray

from rag.errors import IndexDamaged, UnknownDocument
from rag.filters import Filter, matches
from rag.index import lexical, manifest, vectors
from rag.index.files import hold, problem
from rag.index.manifest import Manifest
from rag.index.parts import GROUPS, PARTS, TERMS, listed
from rag.index.ranking import hits_of
from rag.index.truth import NAME as TRUTH
from rag.index.truth import Truth
from rag.index.vectors import VectorIndex
from rag.types import Document, DocumentSummary, Hit, IndexState, Passage

_ONE_PART = "vectors.faiss"  # of format 1
_PASSAGE_ID = re.compile(r"(.*)#(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})", re.DOTALL)
_KEPT_FILTERS = 16  # the last ones asked for


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What filters leave of a generation."""

    filters: tuple[Filter, ...]
    documents: frozenset[str]  # ids
    numbers: NDArray[np.int64]  # of passages
    terms: tantivy.Query  # the same, as the lexical index takes it


class EmbeddedIndex:
    """One published generation, opened for reading (the PassageIndex of a collection on disk)."""

    def __init__(self, folder: Path, described: Manifest) -> None:
        self.manifest = described
        self.state = IndexState(
            generation=described.generation, fingerprint=described.fingerprint()
        )
        self._at = described.sequence
        self._allowed: _Allowed | None = None  # everything
        self._whole: EmbeddedIndex | None = None  # what this is a view of stays open as long
        self._filtered: OrderedDict[tuple[Filter, ...], _Allowed] = OrderedDict()
        self._filtering = Lock()
        place = folder / described.generation
        try:
            self._let_go = weakref.finalize(self, os.close, hold(place))
        except FileNotFoundError as error:
            raise IndexDamaged(
                f"{described.generation} is missing",
                hint="your documents are safe; run: sanad rebuild",
            ) from error
        except OSError as error:
            raise problem(error, place) from error
        try:
            self._vectors, read = _vectors(folder, described)
            manifest.verify(folder, described, set(described.files) - {*read, GROUPS})
            self._groups: dict[str, str] = {}
            if GROUPS in described.files:  # an older version wrote none
                self._groups = json.loads(manifest.verified_bytes(folder, described, GROUPS))
            self._lexical = lexical.LexicalIndex(place / TERMS)
            self._truth = Truth(folder / TRUTH)
        except BaseException:
            self._let_go()
            raise
        if (ends := self._truth.sequence()) < self._at:
            self.close()
            raise older_truth(ends, described.generation, self._at)

    def __len__(self) -> int:
        return self.manifest.passages

    def where(self, filters: Sequence[Filter]) -> EmbeddedIndex:
        """The same generation with only the documents that pass all filters.

        It lives as long as this one is open. How rare a term is, and how many passages there are,
        it tells as this one does.
        """
        if not filters:
            return self
        asked = (*(self._allowed.filters if self._allowed else ()), *filters)
        with self._filtering:
            allowed = self._filtered.pop(asked, None) or self._allow(asked)
            self._filtered[asked] = allowed
            if len(self._filtered) > _KEPT_FILTERS:
                self._filtered.popitem(last=False)
        view = copy.copy(self)
        view._allowed, view._whole = allowed, self._whole or self
        return view

    def _allow(self, filters: tuple[Filter, ...]) -> _Allowed:
        metadata = any(one.in_metadata for one in filters)
        passing = [
            (number, described["id"])
            for number, described in self._truth.described(self._at, metadata=metadata)
            if matches(filters, described)
        ]
        numbers = self._truth.numbers_in([number for number, _ in passing])
        return _Allowed(
            filters=filters,
            documents=frozenset(id for _, id in passing),
            numbers=numbers,
            terms=self._lexical.only(numbers.tolist()),
        )

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """Passages by inner product with a unit query vector."""
        only = self._allowed.numbers if self._allowed else None
        return self._hits(self._vectors.search(vector, k, only), k, "dense")

    def matching(self, terms: Mapping[str, float], k: int) -> list[Hit]:
        """Passages by BM25 over weighted terms."""
        only = self._allowed.terms if self._allowed else None
        return self._hits(self._lexical.search(terms, k, only), k, "lexical")

    def document_frequency(self, term: str) -> int:
        """How many passages hold the term."""
        return self._lexical.document_frequency(term)

    def _hits(self, scored: list[tuple[int, float]], k: int, retriever: str) -> list[Hit]:
        ids = self._truth.ids([number for number, _ in scored])
        if len(ids) < len(scored):
            raise IndexDamaged(
                f"{TRUTH}: lacks passages of {self.manifest.generation}", hint="run: sanad rebuild"
            )
        return hits_of([(ids[number], score) for number, score in scored], k, retriever)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids in order; raises KeyError."""
        numbers = []
        for id in ids:
            number = None
            if parts := _PASSAGE_ID.fullmatch(id):
                number = self._truth.number_of(parts[1], int(parts[2]), int(parts[3]), self._at)
            if number is None or not self._holds(parts[1] if parts else ""):
                raise KeyError(id)
            numbers.append(number)
        found = self._truth.passages(numbers)
        return [found[number] for number in numbers]

    def document(self, id: str) -> Document:
        """The stored document; raises UnknownDocument."""
        if not self._holds(id):
            raise UnknownDocument(
                f"no document {id!r} among those that pass the filters",
                hint="list those that do with: sanad documents list --where FILTER",
                parameter="id",
            )
        return self._truth.document(id, self._at)

    def _holds(self, id: str) -> bool:
        return self._allowed is None or id in self._allowed.documents

    def groups(self) -> Mapping[str, str]:
        """The group of each document that has copies (:mod:`rag.duplicates`), by id."""
        return self._groups

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What this generation holds, by id."""
        if self._allowed is None:
            return self._truth.documents(self._at, offset, limit)
        passing = [found for found in self._truth.documents(self._at) if self._holds(found.id)]
        return passing[offset : None if limit is None else offset + limit]

    def altered_documents(self) -> list[str]:
        """Documents whose stored text is no longer what its hash says."""
        return self._truth.altered(self._at)

    def count_documents(self) -> int:
        """How many documents this generation holds."""
        return self.manifest.documents if self._allowed is None else len(self._allowed.documents)

    def close(self) -> None:
        """Closes the database connection and lets the generation be collected."""
        self._truth.close()
        self._let_go()


def older_truth(ends: int, generation: str, at: int) -> IndexDamaged:
    """Somebody put an older truth in the place of the one a generation was made from."""
    return IndexDamaged(
        f"{TRUTH}: ends at change {ends}, {generation} was made from change {at}",
        hint="restore the newer file, or go on from this one with: sanad rebuild",
    )


def _vectors(folder: Path, described: Manifest) -> tuple[VectorIndex, list[str]]:
    """The vectors of a generation, and the files that were read and compared for them."""
    names = [_ONE_PART]
    if PARTS in described.files:
        parts = listed(manifest.verified_bytes(folder, described, PARTS))
        names = [part.vectors for part in parts]
    found, read = [], []
    for name in names:
        sha256 = described.files[name][1]
        part = vectors.opened(
            sha256
        )  # its file is compared by who called, as all that are not read
        if part is None:
            part = vectors.opened_from(sha256, manifest.verified_bytes(folder, described, name))
            read.append(name)
        found.append(part)
    return VectorIndex(described.dim, found), read
