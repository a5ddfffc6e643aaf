"""Follows folders: what is added, changed or deleted in them is so in the collection a moment later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Protocol

from rag.documents import Failure, files
from rag.errors import RagError, UsageError
from rag.index.collection import Collection
from rag.ingest.prune import vanished
from rag.ingest.run import Report, ingest
from rag.ingest.sources import Named, Source, file_source
from rag.protocols import Embedder

# Changes that come together are taken together: a round ends when nothing more came for the
# shorter time, or after the longer one. In milliseconds.
_QUIET, _LONGEST, _LOOK = 300, 1600, 500


class Stop(Protocol):
    """What tells that it is enough."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


def check_watchable(named: Named) -> list[Path]:
    """The folders to watch; raises UsageError for anything that cannot be."""
    for one in named.paths:
        if not Path(one).is_dir():
            raise UsageError(
                f"{one!r} is not a folder, and only folders are watched",
                hint="name the folder that the file is in, or leave out --watch",
                parameter="watch",
            )
    return named.folders()


def follow(
    collection: Collection,
    embedder: Callable[[], Embedder],
    named: Named,
    stop: Stop,
    tell: Callable[[Report | RagError], None],
    first: Callable[[], Report],
    *,
    prune: bool,
) -> None:
    """Runs ``first``, then ingests what changes until ``stop``; ``tell`` is given every round.

    Documents whose file is deleted meanwhile are removed; those whose file was gone before only
    with ``prune``. A round that finds the collection locked is tried again with the next look.
    """
    folders = check_watchable(named)
    copies: dict[str, str] = {}  # files left out because their text is stored, and as what

    def told(report: Report) -> None:
        copies.update(report.changes.duplicates)
        tell(report)

    begun = False
    gone_before: set[str] = set()
    waiting: set[Path] = set()
    for changed in _changes(folders, stop):
        if not begun:  # now that nothing can change unseen
            begun = True
            if not prune:
                gone_before = set(vanished(collection.origins(), folders))
            told(first())
            continue
        waiting |= changed
        if not waiting:
            continue
        try:
            origins = collection.origins()
            gone = set(vanished(origins, folders))
            gone_before &= gone
            again = set(_repeating(copies, origins, gone, waiting))
            report = ingest(
                collection,
                embedder,
                list(_among(folders, waiting, again, named)),
                prune=folders,
                keep=gone_before,
                stop=stop.is_set,
            )
        except RagError as error:
            if not error.retryable:
                waiting.clear()
                tell(error)
            continue
        if not report.interrupted:
            waiting.clear()
            for copy in again:
                del copies[copy]
        told(report)


def _changes(folders: Sequence[Path], stop: Stop) -> Iterator[set[Path]]:
    """The paths that changed since the last look, at first none; ends with ``stop``."""
    import watchfiles

    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    rounds = watchfiles.watch(
        *(folder.resolve() for folder in folders),
        watch_filter=None,
        debounce=_LONGEST,
        step=_QUIET,
        rust_timeout=_LOOK,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    for changes in rounds:
        yield {Path(path) for _, path in changes}


def _repeating(
    copies: Mapping[str, str], origins: Mapping[str, str], gone: Set[str], changed: Set[Path]
) -> Iterator[str]:
    """The copies that may have to stand for what they repeat: it is gone, or its file changed."""
    places = {place.as_uri() for place in changed}
    for copy, kept in copies.items():
        if kept in gone or not places.isdisjoint(_heads(origins.get(kept, ""))):
            yield copy


def _heads(name: str) -> Iterator[str]:
    """A document's id or origin, and those of the file, archive or folder that it may lie in."""
    yield name
    yield from (name[:place] for place, sign in enumerate(name) if sign in "#/")


def _among(
    folders: Sequence[Path], changed: Set[Path], again: Set[str], named: Named
) -> Iterator[Source | Failure]:
    """Of the folders' files those that changed or lie in a folder that did, and those to read again."""
    heads = {head for id in again for head in _heads(id)}
    for folder in folders:
        for found in files(folder):
            if isinstance(found, Failure):
                yield found
                continue
            path, id = found
            place = folder.resolve() / path.relative_to(folder)
            if place in changed or not changed.isdisjoint(place.parents) or id in heads:
                yield file_source(path, id, named.columns)
