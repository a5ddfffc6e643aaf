"""What an ingest does to the truth: each document added, changed, unchanged, a copy or gone.

A version is never changed in place. Where only what is told about a text changes (its title, its
tags), a new version takes its vectors over, and nothing is embedded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.documents.formats import ARCHIVE_SUFFIXES
from rag.index.truth import Truth
from rag.metadata import check_metadata, check_tags
from rag.passages import cut
from rag.protocols import Embedder
from rag.types import Document, DocumentSummary, Passage

# One transaction: enough for its sync not to matter, little enough to hold in memory.
_DOCUMENTS_A_COMMIT = 200
_CHARACTERS_A_COMMIT = 10_000_000
# Files that hold one document a record. A feed is none: it forgets old entries, the store does not.
_RECORDS = ("text/csv", "application/json", "application/jsonl")
# What makes another version of the same text.
_TOLD = ("title", "source", "language", "media_type", "published", "pages", "tags", "metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What an ingest or delete did, by document id; ``duplicates`` are (id, id it repeats)."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    embedded_passages: int = 0
    generation: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one document, and the id it has; a duplicate's is that of the other."""

    status: Literal["added", "changed", "unchanged", "duplicate"]
    id: str


@dataclass(slots=True)
class Tally:
    """The same while it is being done."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    duplicates: list[tuple[Document, str]] = field(default_factory=list)
    embedded: int = 0

    def changes(self) -> int:
        """How many documents are no longer as they were."""
        return len(self.added) + len(self.changed) + len(self.removed)

    def no_longer_duplicates(self) -> list[Document]:
        """Documents taken for copies of one that is no longer as it was; duplicates no more."""
        changed = {*self.changed, *self.removed}
        stale = [copy for copy, original in self.duplicates if original in changed]
        self.duplicates = [pair for pair in self.duplicates if pair[1] not in changed]
        return stale

    def report(self, generation: str) -> ChangeReport:
        """What was done, published as this generation."""
        return ChangeReport(
            added=tuple(self.added),
            changed=tuple(self.changed),
            unchanged=tuple(self.unchanged),
            removed=tuple(self.removed),
            duplicates=tuple((copy.id, original) for copy, original in self.duplicates),
            embedded_passages=self.embedded,
            generation=generation,
        )


def batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """The documents in parts of one transaction each."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == _DOCUMENTS_A_COMMIT or characters >= _CHARACTERS_A_COMMIT:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def checked(document: Document) -> Document:
    """The document with tags and metadata as they can be kept; raises InvalidParameter."""
    tags, metadata = check_tags(document.tags), check_metadata(document.metadata)
    if tags == document.tags and metadata == document.metadata:
        return document
    return replace(document, tags=tags, metadata=metadata)


def put(
    truth: Truth,
    document: Document,
    embedder: Embedder,
    at: int,
    tally: Tally,
    *,
    exact: bool = False,
) -> Put:
    """One document into the truth, inside a transaction: added, changed, unchanged or a duplicate.

    ``exact`` stores it under its own id in the place of whatever is there, also where another has
    the same text.
    """
    if exact:
        live = next(iter(truth.live("id", document.id)), None)
    else:
        document, live = _place(truth, document)
    intact = live is None or truth.intact(live.id)
    if live is None:
        twins = [] if exact else truth.live("sha256", document.sha256)
        if twins:
            existing = twins[0].id
            if _is_gone(truth.origin_of(existing)):
                truth.move(existing, document.origin)
                tally.unchanged.append(existing)
                return Put("unchanged", existing)
            # Its text is stored once, and the copies of a large ingest are not kept in memory.
            tally.duplicates.append((replace(document, text=""), existing))
            return Put("duplicate", existing)
        tally.added.append(document.id)
    else:
        if intact and live.sha256 == document.sha256:
            stored = truth.current(live.id)
            if _same_told(stored, document):
                if document.origin not in ("", stored.origin):
                    truth.move(live.id, document.origin)
                tally.unchanged.append(live.id)
                return Put("unchanged", live.id)
        tally.changed.append(document.id)
    passages = cut(document)
    # Of a damaged document nothing is taken over.
    vectors, embedded = vectors_of(truth, document, passages, embedder, reuse=intact)
    tally.embedded += embedded
    truth.remove(document.id, at)
    truth.add(document, passages, vectors, at)
    return Put("changed" if live else "added", document.id)


def vectors_of(
    truth: Truth,
    document: Document,
    passages: Sequence[Passage],
    embedder: Embedder,
    *,
    reuse: bool = True,
) -> tuple[NDArray[np.float32], int]:
    """The vectors of a document's passages, and how many of them are not stored already."""
    vectors = np.zeros((len(passages), embedder.dim), dtype=np.float32)
    reusable = truth.stored_vectors(document.id, document.sha256, embedder.dim) if reuse else {}
    fresh = []
    for number, passage in enumerate(passages):
        if passage.text in reusable:
            vectors[number] = reusable[passage.text]
        else:
            fresh.append(number)
    if fresh:
        vectors[fresh] = embedder.embed_passages([passages[number].text for number in fresh])
    return vectors, len(fresh)


def _same_told(one: Document, other: Document) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _TOLD)


def missing_records(truth: Truth, files: Iterable[str], here: Set[str]) -> list[str]:
    """Ids of the records of these files, named by origin, whose own origins are not ``here``."""
    return [
        id
        for file in dict.fromkeys(files)
        for id, origin in truth.records_of(file, _RECORDS)
        if origin not in here
    ]


def record_files(documents: Sequence[Document]) -> list[str]:
    """The origins of the tables and lists whose records these documents are."""
    files = (
        document.origin.partition("#")[0]
        for document in documents
        if document.media_type in _RECORDS and "#" in document.origin
    )
    return list(dict.fromkeys(files))


def _place(truth: Truth, document: Document) -> tuple[Document, DocumentSummary | None]:
    """The document under the id it will have, and the stored version it replaces, if any.

    Same origin: a new version, whatever id it was stored under. Same id from another place that
    still exists: a different article, so its folder's name goes in front instead of replacing.
    """
    if document.origin:
        for known in truth.live("origin", document.origin):
            # A source that only repeats the path stays as it was first told.
            own = f"{document.id}#".startswith(f"{document.source}#")
            source = known.source if own else document.source
            return replace(document, id=known.id, source=source), known
    parents = list(_path_of(document.origin).parents)
    while True:
        known_ids = truth.live("id", document.id)
        if not known_ids:
            return document, None
        origin = truth.origin_of(document.id)
        if not document.origin or not origin or _is_gone(origin):
            return document, known_ids[0]
        if known_ids[0].sha256 == document.sha256:
            return document, None  # reported as a duplicate
        folder = next((parent.name for parent in parents if parent.name), "")
        parents = parents[1:]
        id = f"{folder or 'copy'}/{document.id}"
        source = id if document.source == document.id else document.source
        document = replace(document, id=id, source=source)


def _path_of(origin: str) -> Path:
    return Path(unquote(urlsplit(origin).path))


def _is_gone(origin: str) -> bool:
    """Whether a recorded file origin no longer exists; an unknown origin counts as existing."""
    if urlsplit(origin).scheme != "file":
        return False
    path = _path_of(origin)
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return not any(_is_archive(parent) for parent in path.parents)
    except OSError:
        return False  # out of reach is not gone
    return False


def _is_archive(path: Path) -> bool:
    """Whether what lies below this path lies in an archive, where nobody looks for one file."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES) and path.is_file()
