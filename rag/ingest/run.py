"""Ingest as a stream: read one source after the other, commit as it goes, publish at the end.

What was committed survives Ctrl-C and kill; the same command then goes on from there, since what
is stored unchanged is not embedded again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rag.documents import Failure, Found, Skipped, Told, unique
from rag.errors import NoDocuments
from rag.index.changes import ChangeReport
from rag.index.collection import Collection
from rag.index.writer import Writer
from rag.ingest.prune import vanished
from rag.ingest.sources import Source
from rag.protocols import Embedder
from rag.types import Document

# A commit at least this often: what a kill can lose of the work done.
_SECONDS_A_COMMIT = 2.0
_DOCUMENTS_A_COMMIT = 200
_CHARACTERS_A_COMMIT = 10_000_000

_WHAT_IS_READ = (
    "name a file, folder or archive with articles: "
    ".txt .md .html .docx .pdf .epub .csv .json .jsonl .rss"
)

Progress = Callable[[int, int], None]


@dataclass(slots=True, kw_only=True)
class Report:
    """What an ingest did, or with ``dry_run`` would do; ``interrupted`` where it was stopped."""

    changes: ChangeReport = field(default_factory=ChangeReport)
    failures: list[Failure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[Told] = field(default_factory=list)
    dry_run: bool = False
    interrupted: bool = False


def ingest(
    collection: Collection,
    embedder: Callable[[], Embedder],
    sources: Sequence[Source | Failure],
    *,
    prune: Sequence[Path] = (),
    keep: Set[str] = frozenset(),
    dry_run: bool = False,
    may_be_empty: bool = False,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _done, _total: None,
    named: Sequence[str] = (),
) -> Report:
    """Stores what the sources hold; raises NoDocuments where none of them holds a document.

    ``prune`` are files and folders whose documents are removed where their file is gone, but those
    whose ids are in ``keep``; then, and with ``may_be_empty``, there may be no document. ``stop``
    is asked after each document: then what was read is published and nothing is removed.
    ``progress`` is told documents done and documents expected. ``named`` is what people named, to be
    told where there is nothing in it.
    """
    run = _Run(sources, prune, keep, stop, progress, Report(dry_run=dry_run))
    if dry_run:
        run.report.changes = collection.preview(run.documents(), run.settle)
    else:
        run.report.changes = run.store(collection, embedder)
    report = run.report
    if not (run.read or report.interrupted or prune or may_be_empty):
        names = [one.source if isinstance(one, Failure) else one.name for one in sources]
        raise nothing_read(names or named, report.failures, report.skipped)
    return report


class _Run:
    """One ingest under way."""

    def __init__(
        self,
        sources: Sequence[Source | Failure],
        prune: Sequence[Path],
        keep: Set[str],
        stop: Callable[[], bool],
        progress: Progress,
        report: Report,
    ) -> None:
        self._sources = sources
        self._prune = prune
        self._keep = keep
        self._stop = stop
        self._progress = progress
        self._begun = 0
        self._seen: set[str] = set()  # origins of the documents read
        self._whole: set[str] = set()  # origins of the sources of which nothing failed
        self.report = report
        self.read = 0

    def documents(self) -> Iterator[Document]:
        """The documents of all sources; what else is found goes to the report."""
        for item in unique(self._found()):
            if isinstance(item, Document):
                self.read += 1
                self._seen.add(item.origin)
                yield item
                self._progress(self.read, self.read + len(self._sources) - self._begun)
                if self._stop():
                    self.report.interrupted = True
                    return
            elif isinstance(item, Failure):
                self.report.failures.append(item)
            elif isinstance(item, Skipped):
                self.report.skipped.append(item.source)
            else:
                self.report.notes.append(item)

    def _found(self) -> Iterator[tuple[str, Found]]:
        for source in self._sources:
            self._begun += 1
            if self._stop():
                self.report.interrupted = True
                return
            if isinstance(source, Failure):
                yield source.source, source
                continue
            before = len(self.report.failures) + len(self.report.skipped)
            for item in source.read():
                yield source.name, item
            if len(self.report.failures) + len(self.report.skipped) == before:
                self._whole.add(source.origin)

    def settle(self, writer: Writer) -> None:
        """Removes what is no longer in the sources, where all of them were read to the end.

        That is records of tables that no longer hold them, and what is to be pruned.
        """
        if self.report.interrupted:
            return
        writer.remove_missing_records(self._whole, self._seen)
        if self._prune:
            for id in list(vanished(writer.origins(), self._prune, self._seen, self._whole)):
                if id not in self._keep:
                    writer.remove(id)

    def store(self, collection: Collection, embedder: Callable[[], Embedder]) -> ChangeReport:
        """Writes; a collection that nothing is written to is not made."""
        with ExitStack() as stack:
            writer: Writer | None = None
            since, documents, characters = 0.0, 0, 0
            for document in self.documents():
                if writer is None:
                    writer = stack.enter_context(collection.writing(embedder()))
                if not documents:
                    since = time.monotonic()
                writer.put(document)
                documents, characters = documents + 1, characters + len(document.text)
                if (
                    documents >= _DOCUMENTS_A_COMMIT
                    or characters >= _CHARACTERS_A_COMMIT
                    or time.monotonic() - since >= _SECONDS_A_COMMIT
                ):
                    writer.commit()
                    documents = characters = 0
            if writer is None and self._prune and collection.exists():
                writer = stack.enter_context(collection.writing(None))
            if writer is None:
                return ChangeReport()
            self.settle(writer)
            return writer.publish()


def nothing_read(
    names: Sequence[str], failures: Sequence[Failure], skipped: Sequence[str]
) -> NoDocuments:
    """Why there was nothing to ingest."""
    named = ", ".join(map(repr, names[:5])) or "an empty folder"
    reasons = [failure.error.message for failure in failures]
    if skipped:
        reasons.append(f"{len(skipped)} files are of a kind that is not read")
    return NoDocuments(
        f"nothing to ingest in {named}" + (": " + "; ".join(reasons[:5]) if reasons else ""),
        hint=failures[0].error.hint if failures else _WHAT_IS_READ,
    )
