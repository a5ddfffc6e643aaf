"""A collection: one writer, any number of readers, each reader on exactly one generation.

Order of a change: commit to the truth → write the generation's files, each synced → sync folders →
manifest (written beside, synced, renamed, folder synced) → acknowledge → collect what is old. A
process killed anywhere leaves the previous generation answering; the next writer publishes what
the truth already holds. A generation and the rows it reads are kept while a reader holds it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rag.errors import (
    ConfigurationError,
    IndexDamaged,
    IndexLocked,
    IndexMismatch,
    IndexProblem,
    InvalidParameter,
    NoIndex,
    RagError,
)
from rag.folding import FOLDING_VERSION
from rag.index import files, manifest, parts
from rag.index.changes import (
    ChangeReport,
    batches,
    checked,
)
from rag.index.embedded import EmbeddedIndex, older_truth
from rag.index.files import explained
from rag.index.manifest import Manifest
from rag.index.parts import Previous
from rag.index.recut import recut
from rag.index.truth import NAME as TRUTH
from rag.index.truth import Truth
from rag.index.writer import Writer, preview
from rag.naming import FORM, alike, normalised
from rag.passages import FIRST_PASSAGES_VERSION, PASSAGES_VERSION
from rag.protocols import Embedder
from rag.terms import TERMS_VERSION
from rag.types import Document

LOCK = "lock"
_GENERATION = re.compile(r"gen-([0-9]+)(-[0-9]+)?")
_KEPT_GENERATIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactReport:
    """What compacting left: the one generation, and the bytes of all files before and after.

    ``held`` are older generations that a reader still uses: what was deleted is in them still.
    """

    generation: str
    bytes_before: int
    bytes_after: int
    held: tuple[str, ...] = ()


class Collection:
    """The folder of one collection. Opening reads; :meth:`ingest` and :meth:`delete` write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether anything was ever written here, also where its documents are lost.

        True of a folder that may not be looked into: whoever opens it is told so.
        """
        if self.has_truth():
            return True
        try:
            return bool(manifest.list_sequences(self.folder))
        except ConfigurationError:
            return True
        except RagError:
            return False

    def has_truth(self) -> bool:
        """Whether the documents are there."""
        try:
            return (self.folder / TRUTH).stat().st_size > 0  # a writer killed at once leaves 0
        except OSError:
            return False

    def missing(self) -> NoIndex:
        """What is said where nothing was ever written."""
        near = self.namesake()
        return NoIndex(
            f"no index in {str(self.folder)!r}",
            hint=f"there is one of nearly that name: --collection {near}"
            if near
            else "add articles with: sanad ingest PATH",
        )

    def namesake(self) -> str | None:
        """The collection beside this one whose name is taken for this one's; None without one."""
        try:
            beside = sorted(path.parent.name for path in self.folder.parent.glob(f"*/{TRUTH}"))
        except OSError:
            return None
        return alike(self.folder.name, (name for name in beside if normalised(name) == name))

    def latest(self) -> Manifest | None:
        """The newest published manifest; None before the first."""
        while (sequence := self.latest_sequence()) is not None:
            try:
                return manifest.read(self.folder, sequence)
            except IndexDamaged:
                # A writer may have published two newer ones and collected this one meanwhile.
                if self.latest_sequence() == sequence:
                    raise
        return None

    def latest_sequence(self) -> int | None:
        """The sequence of the newest published generation; None before the first."""
        return next(iter(manifest.list_sequences(self.folder)), None)

    def published(self) -> tuple[int, int, int] | None:
        """Changes with everything that is published here, also by a collection made anew."""
        while (sequence := self.latest_sequence()) is not None:
            with suppress(FileNotFoundError):  # replaced and collected meanwhile
                status = manifest.path_of(self.folder, sequence).stat()
                return sequence, status.st_ino, status.st_mtime_ns
        return None

    def open(self, embedder: Embedder | None = None) -> EmbeddedIndex:
        """The newest generation; raises NoIndex, IndexDamaged, or IndexMismatch for the embedder."""
        described = self.latest()
        while described is not None:
            if embedder is not None:
                _check_fit(described, embedder)
            try:
                return EmbeddedIndex(self.folder, described)
            except IndexDamaged:
                # A writer may have published and collected this generation meanwhile.
                newer = self.latest()
                if newer is None or newer == described:
                    raise
                described = newer
        if self._stored_sequence() > 0:
            raise IndexDamaged(
                f"{str(self.folder)!r} holds documents but no published index: an ingest was cut "
                "short, or its files were removed",
                hint="your documents are safe; run: sanad rebuild, or the same ingest again",
            )
        raise self.missing()

    def _stored_sequence(self) -> int:
        """The sequence of the truth, published or not; 0 where there is none."""
        with self._reading() as truth:
            return 0 if truth is None else truth.sequence()

    @contextmanager
    def _reading(self) -> Iterator[Truth | None]:
        """The truth, which another process may write meanwhile; None where there is none."""
        if not self.exists():
            yield None
            return
        with closing(Truth(self.folder / TRUTH)) as truth:
            yield truth

    def verify(self, embedder: Embedder | None = None) -> Manifest:
        """Checks every file and every stored document against its hash; raises as :meth:`open`."""
        index = self.open(embedder)
        try:
            altered = index.altered_documents()
        finally:
            index.close()
        if altered:
            named = ", ".join(repr(id) for id in altered[:5])
            raise IndexDamaged(
                f"{len(altered)} stored document{'s are' if len(altered) > 1 else ' is'} "
                f"not what was ingested: {named}",
                hint="ingest the articles again with: sanad ingest PATH; what is not at hand any "
                "more, restore from a backup or remove with: sanad documents delete ID --yes",
            )
        return index.manifest

    def ingest(
        self,
        documents: Sequence[Document],
        embedder: Embedder,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        *,
        whole: Iterable[str] = (),
    ) -> ChangeReport:
        """Adds new documents and replaces changed ones; what is unchanged is not embedded again.

        ``whole`` are the origins of files of records (:func:`rag.index.changes.record_files`) all
        of whose records are among ``documents``: those stored before and not among them are
        removed. Nothing else is ever removed by an ingest. Raises InvalidParameter for metadata that
        cannot be kept, IndexLocked while another process writes and IndexMismatch for another
        embedder; then nothing is changed.
        """
        documents = [checked(document) for document in documents]
        with self.writing(embedder) as writer:
            writer.remove_missing_records(whole, {document.origin for document in documents})
            done = 0
            for batch in batches(documents):
                for document in batch:
                    writer.put(document)
                writer.commit()
                done += len(batch)
                progress(done, len(documents))
            return writer.publish()

    @contextmanager
    def writing(self, embedder: Embedder | None) -> Iterator[Writer]:
        """The only writer, for a change made piece by piece; without an embedder, to remove only.

        What was not committed when it is left is as if it had never been. Raises IndexLocked while
        another writes and IndexMismatch for another embedder.
        """
        with self._writing(embedder) as truth, Writer(truth, embedder, self._publish) as writer:
            yield writer

    def origins(self) -> dict[str, str]:
        """Where the bytes of each stored document came from, published or not, by id."""
        with self._reading() as truth:
            return {} if truth is None else dict(truth.origins())

    def preview(
        self,
        documents: Iterable[Document],
        settle: Callable[[Writer], None] = lambda _writer: None,
    ) -> ChangeReport:
        """What ingesting the documents and then ``settle`` would do; nothing is written."""
        with self._reading() as truth:
            if truth is not None:
                _check_cut(truth.get("passaging"))
            return preview(truth, documents, settle)

    def delete(self, ids: Sequence[str]) -> ChangeReport:
        """Removes documents; raises UnknownDocument, then nothing is removed."""
        with self.writing(None) as writer:
            for id in dict.fromkeys(ids):
                writer.remove(id)
            return writer.publish()

    def rebuild(self, embedder: Callable[[], Embedder] | None = None) -> str:
        """Makes a new generation from the truth alone: no model, no network, no old files read.

        Where its passages were cut by other rules than this version's they are cut anew, for which
        alone ``embedder`` is called. Raises IndexMismatch where it is missing or another one.
        """
        with self._writing(None, anew=True) as truth:
            if truth.get("embedder") is None:
                raise _nothing_stored(self.folder)
            if truth.get("passaging") != PASSAGES_VERSION:
                if embedder is None:
                    _check_cut(truth.get("passaging"))
                else:
                    model = embedder()
                    _check_embedder(truth, model)
                    recut(truth, model)
            name = self._publish(truth, truth.get("embedder") or "", force=True)
            self._collect(truth, 1)
            return name

    def compact(self) -> CompactReport:
        """Leaves no byte of what was deleted in any file: one generation, the truth written anew.

        What a reader still holds is left and named in the report; nothing answers differently.
        """
        with self._writing(None) as truth:
            if truth.get("embedder") is None:
                raise _nothing_stored(self.folder)
            before = self._size()
            name = self._publish(truth, truth.get("embedder") or "")
            self._collect(truth, 1)
            truth.vacuum()
            with explained(self.folder):
                # After a power loss too: neither an old generation nor the database's journal.
                files.sync_folder(self.folder)
            left = tuple(sorted(path.name for path in self._generations() if path.name != name))
            return CompactReport(
                generation=name, bytes_before=before, bytes_after=self._size(), held=left
            )

    def _generations(self) -> list[Path]:
        return [path for path in self.folder.glob("gen-*") if _GENERATION.fullmatch(path.name)]

    def _size(self) -> int:
        found = [path.stat() for path in self.folder.rglob("*") if path.is_file()]
        # By file, since generations have files in common.
        return sum({(one.st_dev, one.st_ino): one.st_size for one in found}.values())

    def backup(self, target: Path) -> Manifest:
        """A whole copy of the newest generation and its documents, whoever writes meanwhile.

        ``target`` must not exist; it becomes a folder that is a collection by itself: to restore,
        put it in the place of the other. Verified before it gets its name. Raises InvalidParameter,
        NoIndex, IndexDamaged.
        """
        self._check_target(target)
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        index = self.open()  # held until the end, so that no row it reads is collected
        try:
            with explained(target):
                files.make_folder(beside)
            truth = Truth(self.folder / TRUTH)
            try:
                truth.copy_to(beside / TRUTH)
            finally:
                truth.close()
            with explained(target):
                files.sync_file(beside / TRUTH)
                self._copy_generation(index.manifest, beside)
                manifest.write(beside, index.manifest)
            copied = Collection(beside).verify()
            with explained(target):
                files.rename(beside, target)
                files.sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                files.remove_tree(beside)
            raise
        finally:
            index.close()
        return copied

    def _check_target(self, target: Path) -> None:
        """Raises InvalidParameter for a folder that is there, would go with a collection, or be lost."""
        with explained(target):
            taken = target.exists()
        if taken:
            raise InvalidParameter(
                f"target is {str(target)!r}, which is there already, expected a new folder",
                hint="name one that is not there yet",
                parameter="target",
            )
        if (around := _collection_around(target)) is not None:
            raise InvalidParameter(
                f"target is {str(target)!r}, inside the collection {str(around)!r}: what deletes that "
                "would delete the backup",
                hint=f"name a folder outside of it, such as {str(around) + '-backup'!r}",
                parameter="target",
            )
        among = os.path.realpath(target.parent) == os.path.realpath(self.folder.parent)
        unfit = normalised(target.name) != target.name or Collection(target).namesake() is not None
        if among and unfit:
            raise InvalidParameter(
                f"target is {str(target)!r}, among the collections, where no command could name it",
                hint=f"name another folder, or one of {FORM} that is not taken for another collection",
                parameter="target",
            )

    def _copy_generation(self, described: Manifest, to: Path) -> None:
        """Copies the files of a generation, each with the hash it should have, and syncs them."""
        place = to / described.generation
        for name in described.files:
            files.make_folder((place / name).parent)
            content = manifest.verified_bytes(self.folder, described, name)
            files.write_synced(place / name, content)
        for folder in {(place / name).parent for name in described.files}:
            files.sync_folder(folder)

    def pending(self) -> bool:
        """Whether the truth holds changes that were never published (an interrupted ingest)."""
        if not self.exists():
            return False
        described = self.latest()
        return self._stored_sequence() != (described.sequence if described else 0)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other writers out; raises IndexLocked. The lock dies with its process.

        Makes the folder; raises InvalidParameter where another collection has nearly its name.
        """
        if not self.folder.exists() and (other := self.namesake()) is not None:
            raise namesake_there(self.folder.name, other)
        with explained(self.folder):
            files.make_folder(self.folder)
            lock = (self.folder / LOCK).open("a+", encoding="utf-8")
        with lock:
            with explained(self.folder / LOCK):
                _lock(lock, self.folder)
            yield

    @contextmanager
    def _writing(self, embedder: Embedder | None, *, anew: bool = False) -> Iterator[Truth]:
        """The truth, opened by the only writer; ``anew`` where nothing published is gone on from."""
        with self.locked():
            # Where something was published, a missing truth is a loss, not a beginning.
            new = self.latest_sequence() is None
            if new:
                with explained(self.folder):  # a folder somebody else made, or a killed ingest
                    files.sync_folder(self.folder.parent)
            else:
                with suppress(IndexDamaged):  # what this change publishes takes its place
                    self.latest()  # of a newer format: before anything is touched
            truth = Truth(self.folder / TRUTH, create=new, migrate=True)
            try:
                published = self.latest_sequence() or 0
                if published > truth.sequence() and not anew:
                    raise older_truth(truth.sequence(), f"generation {published}", published)
                _check_identity(truth, embedder)
                yield truth
            finally:
                truth.close()

    def _publish(self, truth: Truth, embedder: str, *, force: bool = False) -> str:
        """Builds and publishes the generation of the truth's sequence; its name."""
        sequence = truth.sequence()
        if self.latest_sequence() == sequence and not force:
            return manifest.read(self.folder, sequence).generation
        self._collect(truth)  # first, since what a crash left behind may fill the disk
        name = self._fresh_name(sequence)
        place = self.folder / name
        try:
            with explained(place):
                described = self._build(
                    truth, sequence, name, embedder, None if force else self._previous(truth)
                )
        except BaseException:
            with suppress(OSError):
                files.remove_tree(place)
            raise
        with explained(self.folder):
            manifest.write(self.folder, described)
        with suppress(OSError, IndexProblem):  # it is published; the next writer collects the rest
            self._collect(truth)
        return name

    def _previous(self, truth: Truth) -> Previous | None:
        """The newest generation, where the next one can be made from it; else from the truth alone."""
        sequence = self.latest_sequence()
        if sequence is None or sequence > truth.sequence():
            return None
        with suppress(IndexDamaged):
            described = manifest.read(self.folder, sequence)
            identity = (truth.get("embedder_fingerprint"), truth.get("dim"))
            if (described.embedder_fingerprint, str(described.dim)) == identity:
                return Previous(self.folder, described)
        return None

    def _build(
        self, truth: Truth, sequence: int, name: str, embedder: str, previous: Previous | None
    ) -> Manifest:
        """Writes and syncs the files of a generation; damage in ``previous`` is not taken over."""
        dim = int(truth.get("dim") or 0)
        place = self.folder / name
        documents, passages = truth.count(sequence)
        try:
            described, written = parts.write(place, truth, sequence, dim, previous)
        except IndexDamaged:
            if previous is None:
                raise
            written = None
        if written != passages:
            if previous is not None:
                files.remove_tree(place)
                return self._build(truth, sequence, name, embedder, None)
            raise IndexDamaged(
                f"{TRUTH}: {written} vectors for {passages} passages",
                hint="restore the folder from a backup",
            )
        return Manifest(
            sequence=sequence,
            generation=name,
            embedder=embedder,
            embedder_fingerprint=truth.get("embedder_fingerprint") or "",
            dim=dim,
            passaging=truth.get("passaging") or FIRST_PASSAGES_VERSION,
            documents=documents,
            passages=passages,
            files=described,
        )

    def _fresh_name(self, sequence: int) -> str:
        name, attempt = f"gen-{sequence:06d}", 0
        while (self.folder / name).exists():
            attempt += 1
            name = f"gen-{sequence:06d}-{attempt}"
        return name

    def _collect(self, truth: Truth, keep: int = _KEPT_GENERATIONS) -> None:
        """Drops all but the newest generations and those held, and rows that none of them reads."""
        sequences = manifest.list_sequences(self.folder)
        current = truth.sequence()
        # A manifest ahead of the truth is of one that was since replaced by an older copy.
        kept = [sequence for sequence in sequences if sequence <= current][:keep]
        if sequences and not kept:
            return
        for sequence in set(sequences) - set(kept):
            files.unlink(manifest.path_of(self.folder, sequence))
        for path in self.folder.glob(".manifest-*.tmp"):
            files.unlink(path)
        try:
            names = {manifest.read(self.folder, sequence).generation for sequence in kept}
        except IndexDamaged:
            return  # keep everything until someone has looked
        oldest = list(kept)
        for path in self._generations():
            if path.name not in names and not files.remove_unless_held(path):
                named = _GENERATION.fullmatch(path.name)
                oldest.append(int(named[1]) if named else 0)
        if oldest:
            truth.forget(min(oldest))


def namesake_there(name: str, other: str) -> InvalidParameter:
    """The refusal of a name that would be taken for another collection's."""
    return InvalidParameter(
        f"collection is {name!r}, and there is {other!r}, which differs only in case, hamza, marks or "
        "the like: one would be taken for the other",
        hint=f"use --collection {other}, or another name",
        parameter="collection",
    )


def _collection_around(place: Path) -> Path | None:
    """The folder of the collection in which a place lies, through links too."""
    with explained(place):
        around = Path(os.path.realpath(place)).parents  # a ring of links ends by itself
    return next((folder for folder in around if (folder / TRUTH).exists()), None)


def _nothing_stored(folder: Path) -> NoIndex:
    return NoIndex(
        f"nothing was ever stored in {str(folder)!r}", hint="add articles with: sanad ingest PATH"
    )


def _lock(lock: TextIO, folder: Path) -> None:
    """Takes the writers' lock and leaves this process's id in it; raises IndexLocked."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise IndexLocked(
            f"{folder.name!r} is being written by another process (pid {holder})",
            hint="wait until it has finished, then try again",
        ) from None
    try:
        same = os.path.samestat(os.fstat(lock.fileno()), (folder / LOCK).stat())
    except FileNotFoundError:
        same = False
    if not same:
        raise IndexLocked(f"{folder.name!r} was just deleted", hint="try again")
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()


def _check_fit(described: Manifest, embedder: Embedder) -> None:
    if described.embedder_fingerprint != embedder.fingerprint:
        raise IndexMismatch(
            f"the index was built with embedder {described.embedder_fingerprint!r}, "
            f"the settings ask for {embedder.fingerprint!r}",
            hint=f"use --embedder {described.embedder}, or ingest into another collection",
        )
    built, here = (described.folding, described.terms), (FOLDING_VERSION, TERMS_VERSION)
    if built != here:
        raise IndexMismatch(
            f"the index was built with folding and terms {built}, this version has {here}",
            hint="run: sanad rebuild",
        )
    _check_cut(described.passaging)


def _check_cut(passaging: str | None) -> None:
    """Raises IndexMismatch for passages that this version would cut otherwise."""
    cut_by = passaging or FIRST_PASSAGES_VERSION
    if cut_by != PASSAGES_VERSION:
        raise IndexMismatch(
            f"the passages were cut by rules {cut_by!r}, this version has {PASSAGES_VERSION!r}",
            hint="cut them anew, embedding only what is new, with: sanad rebuild",
        )


def _check_identity(truth: Truth, embedder: Embedder | None) -> None:
    """One embedder, one way of cutting: recorded by the first ingest, required by the others."""
    if embedder is None:
        return
    if truth.get("embedder_fingerprint") is None:
        with truth.transaction():
            truth.set("embedder", embedder.name)
            truth.set("embedder_fingerprint", embedder.fingerprint)
            truth.set("dim", str(embedder.dim))
            truth.set("passaging", PASSAGES_VERSION)
        return
    _check_embedder(truth, embedder)
    _check_cut(truth.get("passaging"))


def _check_embedder(truth: Truth, embedder: Embedder) -> None:
    """Raises IndexMismatch for another embedder than that of the stored vectors."""
    recorded = truth.get("embedder_fingerprint")
    if recorded != embedder.fingerprint:
        raise IndexMismatch(
            f"the collection holds vectors of embedder {recorded!r}, "
            f"the settings ask for {embedder.fingerprint!r}",
            hint=f"use --embedder {truth.get('embedder')}, or ingest into another collection",
        )
