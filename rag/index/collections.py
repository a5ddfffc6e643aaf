"""The collections side by side in one folder of indexes: their names, what they hold, removal."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.errors import IndexDamaged, IndexProblem, InvalidParameter, RagError, UnknownCollection
from rag.index import files
from rag.index.collection import Collection, namesake_there
from rag.index.manifest import Manifest
from rag.naming import check_name, normalised

_DELETED = ".deleted-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSummary:
    """What one collection holds; ``problem`` is the code of what keeps it from being told."""

    name: str
    documents: int | None
    passages: int | None
    embedder: str | None
    generation: str | None
    problem: str | None = None


def find(indexes: Path, name: str) -> Collection:
    """An existing collection; raises InvalidParameter and UnknownCollection."""
    folder = indexes / check_name(name)
    collection = Collection(folder)
    # A link could lead out of the folder of indexes.
    if folder.is_symlink() or not collection.exists():
        near = "" if (other := collection.namesake()) is None else f", but there is {other!r}"
        raise UnknownCollection(
            f"no collection {name!r}{near}",
            hint="list what is there with: sanad collections list",
            parameter="collection",
        )
    return collection


def listed(indexes: Path) -> list[CollectionSummary]:
    """All collections by name; a damaged one is listed with its problem."""
    try:
        names = sorted(path.name for path in indexes.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise files.problem(error, indexes) from error
    found = []
    for name in names:
        if normalised(name) == name:
            with suppress(UnknownCollection):
                found.append(_summary(name, find(indexes, name)))
    return found


def _summary(name: str, collection: Collection) -> CollectionSummary:
    problem = None
    try:
        described = collection.latest()
    except RagError as error:
        described, problem = None, error.code
    if described is not None and not collection.has_truth():
        described, problem = None, IndexDamaged.code
    if described is None:
        return CollectionSummary(
            name=name,
            documents=None,
            passages=None,
            embedder=None,
            generation=None,
            problem=problem or "no_index",
        )
    return CollectionSummary(
        name=name,
        documents=described.documents,
        passages=described.passages,
        embedder=described.embedder,
        generation=described.generation,
    )


def delete(indexes: Path, name: str) -> None:
    """Removes a collection and all in it; raises UnknownCollection, and IndexLocked while written.

    It is gone at once, also for a process that is killed here; its bytes are gone when this returns.
    """
    collection = find(indexes, name)
    away = indexes / f"{_DELETED}{collection.folder.name}-{os.getpid()}"
    with collection.locked(), files.explained(collection.folder):
        files.rename(collection.folder, away)
        files.sync_folder(indexes)
    try:
        files.remove_tree(away)
    except OSError as error:
        raise IndexProblem(
            f"{name!r} is deleted, but not all of its files are: {error}",
            hint=f"remove the folder {away.name} in {str(indexes)!r}",
        ) from error
    for folder in indexes.glob(f"{_DELETED}*"):  # what a killed process left
        with suppress(OSError):
            files.remove_tree(folder)
    with files.explained(indexes):
        files.sync_folder(indexes)


def restore(source: Path, to: Collection) -> Manifest:
    """Puts a backup in the place of a collection, which must not be there; what it then holds.

    Every file and document is compared with its hash first. Raises InvalidParameter, IndexDamaged and
    NoIndex where ``source`` is no backup.
    """
    backup = Collection(source)
    if not backup.exists():
        raise InvalidParameter(
            f"source is {str(source)!r}, expected a folder that sanad backup made",
            hint="name the folder that holds truth.sqlite3",
            parameter="source",
        )
    if to.exists():
        raise InvalidParameter(
            f"there is a collection {to.folder.name!r} already, which a restore does not replace",
            hint="restore under another --collection, or first: sanad collections delete "
            f"{to.folder.name}",
            parameter="collection",
        )
    if (other := to.namesake()) is not None:
        raise namesake_there(to.folder.name, other)
    with suppress(OSError):  # an empty folder that a failed ingest left
        to.folder.rmdir()
    try:
        return backup.backup(to.folder)
    except IndexDamaged as error:
        raise IndexDamaged(
            f"the backup {str(source)!r} is damaged: {error.message}",
            hint="take another one; where its documents are whole, make its index anew with: "
            f"sanad rebuild --indexes {source.parent} --collection {source.name}",
        ) from error
