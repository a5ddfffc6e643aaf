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
import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, TextIO
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.errors import (
    IndexDamaged,
    IndexLocked,
    IndexMismatch,
    IndexProblem,
    NoIndex,
    UnknownDocument,
)
from rag.folding import FOLDING_VERSION
from rag.index import lexical, manifest
from rag.index.files import (
    explained,
    hold,
    problem,
    remove_unless_held,
    sha256_of,
    sync_file,
    sync_folder,
    write_synced,
)
from rag.index.manifest import Manifest
from rag.index.ranking import hits_of
from rag.index.truth import NAME as TRUTH
from rag.index.truth import Truth
from rag.index.vectors import VectorIndex
from rag.passages import PASSAGES_VERSION, cut
from rag.protocols import Embedder
from rag.terms import TERMS_VERSION, index_terms
from rag.types import Document, DocumentSummary, Hit, IndexState, Passage

VECTORS = "vectors.faiss"
TERMS = "terms"
LOCK = "lock"
_GENERATION = re.compile(r"gen-([0-9]+)(-[0-9]+)?")
_PASSAGE_ID = re.compile(r"(.*)#(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})", re.DOTALL)
_KEPT_GENERATIONS = 2
# One transaction: enough for its sync not to matter, little enough to hold in memory.
_DOCUMENTS_A_COMMIT = 200
_CHARACTERS_A_COMMIT = 10_000_000


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
class _Tally:
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
        """Documents taken for copies of one that changed later; they are duplicates no more."""
        changed = {*self.changed, *self.removed}
        stale = [copy for copy, original in self.duplicates if original in changed]
        self.duplicates = [pair for pair in self.duplicates if pair[1] not in changed]
        return stale

    def report(self, generation: str) -> ChangeReport:
        return ChangeReport(
            added=tuple(self.added),
            changed=tuple(self.changed),
            unchanged=tuple(self.unchanged),
            removed=tuple(self.removed),
            duplicates=tuple((copy.id, original) for copy, original in self.duplicates),
            embedded_passages=self.embedded,
            generation=generation,
        )


class EmbeddedIndex:
    """One published generation, opened for reading (the PassageIndex of a collection on disk)."""

    def __init__(self, folder: Path, described: Manifest) -> None:
        self.manifest = described
        self.state = IndexState(
            generation=described.generation, fingerprint=described.fingerprint()
        )
        self._at = described.sequence
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
            content = manifest.verified_bytes(folder, described, VECTORS)
            manifest.verify(folder, described, set(described.files) - {VECTORS})
            self._vectors = VectorIndex.from_bytes(content)
            self._lexical = lexical.LexicalIndex(place / TERMS)
            self._truth = Truth(folder / TRUTH)
        except BaseException:
            self._let_go()
            raise
        if (ends := self._truth.sequence()) < self._at:
            self.close()
            raise IndexDamaged(
                f"{TRUTH}: ends at change {ends}, {described.generation} was made from "
                f"change {self._at}",
                hint="restore the newer file, or go on from this one with: sanad rebuild",
            )

    def __len__(self) -> int:
        return self.manifest.passages

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """Passages by inner product with a unit query vector."""
        return self._hits(self._vectors.search(vector, k), k, "dense")

    def matching(self, terms: Mapping[str, float], k: int) -> list[Hit]:
        """Passages by BM25 over weighted terms."""
        return self._hits(self._lexical.search(terms, k), k, "lexical")

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
            if number is None:
                raise KeyError(id)
            numbers.append(number)
        found = self._truth.passages(numbers)
        return [found[number] for number in numbers]

    def document(self, id: str) -> Document:
        """The stored document; raises UnknownDocument."""
        return self._truth.document(id, self._at)

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What this generation holds, by id."""
        return self._truth.documents(self._at, offset, limit)

    def altered_documents(self) -> list[str]:
        """Documents whose stored text is no longer what its hash says."""
        return self._truth.altered(self._at)

    def count_documents(self) -> int:
        """How many documents this generation holds."""
        return self.manifest.documents

    def close(self) -> None:
        """Closes the database connection and lets the generation be collected."""
        self._truth.close()
        self._let_go()


class Collection:
    """The folder of one collection. Opening reads; :meth:`ingest` and :meth:`delete` write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether anything was ever written here."""
        try:
            return (self.folder / TRUTH).stat().st_size > 0  # a writer killed at once leaves 0
        except OSError:
            return False

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
                f"{str(self.folder)!r} holds documents but no published index",
                hint="your documents are safe; run: sanad rebuild",
            )
        raise NoIndex(
            f"no index in {str(self.folder)!r}", hint="add articles with: sanad ingest PATH"
        )

    def _stored_sequence(self) -> int:
        """The sequence of the truth, published or not; 0 where there is none."""
        if not self.exists():
            return 0
        truth = Truth(self.folder / TRUTH)
        try:
            return truth.sequence()
        finally:
            truth.close()

    def verify(self, embedder: Embedder | None = None) -> Manifest:
        """Checks every file and every stored text against its hash; raises as :meth:`open`."""
        index = self.open(embedder)
        try:
            altered = index.altered_documents()
        finally:
            index.close()
        if altered:
            named = ", ".join(repr(id) for id in altered[:5])
            raise IndexDamaged(
                f"{len(altered)} stored texts are not what was ingested: {named}",
                hint="sanad documents delete ID --yes, then ingest the article again",
            )
        return index.manifest

    def ingest(
        self,
        documents: Sequence[Document],
        embedder: Embedder,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> ChangeReport:
        """Adds new documents and replaces changed ones; what is unchanged is not embedded again.

        Raises IndexLocked while another process writes and IndexMismatch for another embedder;
        either way nothing is changed.
        """
        with self.writing(embedder) as writer:
            done = 0
            for batch in _batches(documents):
                for document in batch:
                    writer.put(document)
                writer.commit()
                done += len(batch)
                progress(done, len(documents))
            return writer.publish()

    def delete(self, ids: Sequence[str]) -> ChangeReport:
        """Removes documents; raises UnknownDocument, then nothing is removed."""
        with self.writing(None) as writer:
            for id in dict.fromkeys(ids):
                writer.remove(id)
            return writer.publish()

    @contextmanager
    def writing(self, embedder: Embedder | None) -> Iterator[Writer]:
        """The only writer, for a change made piece by piece; ``embedder`` may be None to remove only.

        What was not committed when it is left is as if it had never been. Raises IndexLocked while
        another writes and IndexMismatch for another embedder.
        """
        with self._writing(embedder) as truth, Writer(self, truth, embedder) as writer:
            yield writer

    def origins(self) -> dict[str, str]:
        """Where the bytes of each stored document came from, published or not, by id."""
        if not self.exists():
            return {}
        truth = Truth(self.folder / TRUTH)
        try:
            return truth.origins()
        finally:
            truth.close()

    def preview(
        self,
        documents: Iterable[Document],
        removed: Callable[[dict[str, str]], Iterable[str]] = lambda _origins: (),
    ) -> ChangeReport:
        """What ingesting the documents would do, and then removing those ids; nothing is written.

        ``removed`` gives the ids, told the origins that the documents would have by then.

        The writer's own code decides, over a store in memory that holds what this one knows of
        its documents but not their texts.
        """
        shadow = Truth(Path(":memory:"), create=True)
        try:
            self._describe(shadow)
            with Writer(self, shadow, _NoEmbedder()) as writer:
                for document in documents:
                    writer.put(replace(document, text=""))
                for id in removed(writer.origins()):
                    writer.remove(id)
                writer.settle()
                return writer.report(generation="")
        finally:
            shadow.close()

    def _describe(self, shadow: Truth) -> None:
        """Copies the documents of this collection without their texts."""
        if not self.exists():
            return
        truth = Truth(self.folder / TRUTH)
        try:
            at, origins, nothing = truth.sequence(), truth.origins(), np.zeros((0, 0), np.float32)
            with shadow.transaction():
                for id, origin in origins.items():
                    stored = replace(truth.document(id, at), text="", origin=origin)
                    shadow.add(stored, (), nothing, at)
                shadow.set("sequence", str(at))
        finally:
            truth.close()

    def rebuild(self) -> str:
        """Makes a new generation from the truth alone: no model, no network, no old files read."""
        with self._writing(None) as truth:
            if truth.get("embedder") is None:
                raise NoIndex(
                    f"nothing was ever stored in {str(self.folder)!r}",
                    hint="add articles with: sanad ingest PATH",
                )
            name = self._publish(truth, truth.get("embedder") or "", force=True)
            self._collect(truth, 1)
            return name

    def pending(self) -> bool:
        """Whether the truth holds changes that were never published (an interrupted ingest)."""
        if not self.exists():
            return False
        described = self.latest()
        return self._stored_sequence() != (described.sequence if described else 0)

    @contextmanager
    def _writing(self, embedder: Embedder | None) -> Iterator[Truth]:
        """The truth, opened by the only writer. A lock dies with its process."""
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / LOCK).open("a+", encoding="utf-8")
        with lock:
            with explained(self.folder / LOCK):
                _lock(lock, self.folder.name)
            # Where something was published, a missing truth is a loss, not a beginning.
            truth = Truth(self.folder / TRUTH, create=self.latest_sequence() is None)
            try:
                with suppress(IndexDamaged):  # what this change publishes takes its place
                    self.latest()
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
                described = self._build(truth, sequence, name, embedder)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        with explained(self.folder):
            manifest.write(self.folder, described)
        with suppress(OSError, IndexProblem):  # it is published; the next writer collects the rest
            self._collect(truth)
        return name

    def _build(self, truth: Truth, sequence: int, name: str, embedder: str) -> Manifest:
        """Writes and syncs the files of a generation."""
        dim = int(truth.get("dim") or 0)
        place = self.folder / name
        (place / TERMS).mkdir(parents=True)
        index = VectorIndex.build(dim, truth.vectors(sequence, dim))
        write_synced(place / VECTORS, index.to_bytes())
        lexical.build(
            place / TERMS,
            (
                (number, index_terms(passage.text))
                for number, passage in truth.all_passages(sequence)
            ),
        )
        files = {}
        for path in sorted(place.rglob("*")):
            if path.is_file() and not path.name.endswith(".lock"):
                if path.name != VECTORS:
                    sync_file(path)
                relative = path.relative_to(place).as_posix()
                files[relative] = (path.stat().st_size, sha256_of(path))
        for changed in (place / TERMS, place, self.folder):
            sync_folder(changed)
        documents, passages = truth.count(sequence)
        if len(index) != passages:
            raise IndexDamaged(
                f"{TRUTH}: {len(index)} vectors for {passages} passages",
                hint="restore the folder from a backup",
            )
        return Manifest(
            sequence=sequence,
            generation=name,
            embedder=embedder,
            embedder_fingerprint=truth.get("embedder_fingerprint") or "",
            dim=dim,
            documents=documents,
            passages=passages,
            files=files,
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
            manifest.path_of(self.folder, sequence).unlink(missing_ok=True)
        for path in self.folder.glob(".manifest-*.tmp"):
            path.unlink(missing_ok=True)
        sync_folder(self.folder)
        try:
            names = {manifest.read(self.folder, sequence).generation for sequence in kept}
        except IndexDamaged:
            return  # keep everything until someone has looked
        oldest = list(kept)
        for path in self.folder.glob("gen-*"):
            named = _GENERATION.fullmatch(path.name)
            if named and path.name not in names and not remove_unless_held(path):
                oldest.append(int(named[1]))
        if oldest:
            truth.forget(min(oldest))


class Writer:
    """Changes by the one writer of a collection: put and remove, commit, publish.

    A commit makes what was put or removed since the last one safe from a crash; what was published
    is what readers see. Made by :meth:`Collection.writing`.
    """

    def __init__(self, collection: Collection, truth: Truth, embedder: Embedder | None) -> None:
        self._collection = collection
        self._truth = truth
        self._embedder = embedder
        self._tally = _Tally()
        self._open = ExitStack()  # of the transaction, from the first change after a commit on
        self._at = 0
        self._changes = 0

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes back what was not committed."""
        with suppress(_TakenBack):
            if self._at:
                with self._change():
                    raise _TakenBack

    def put(self, document: Document, *, exact: bool = False) -> Put:
        """Adds a document, or replaces the one it is a new version of; what was done.

        A document with the very text of another is not stored but is its duplicate. ``exact``
        stores it under its own id all the same, in the place of whatever is there.
        """
        if self._embedder is None:
            raise ValueError("a writer without an embedder can only remove")
        with self._change():
            return _put(self._truth, document, self._embedder, self._at, self._tally, exact=exact)

    def remove(self, id: str) -> None:
        """Removes a document; raises UnknownDocument."""
        with self._change():
            if not self._truth.remove(id, self._at):
                raise UnknownDocument(
                    f"no document {id!r}",
                    hint="list what is there with: sanad documents list",
                    parameter="id",
                )
            self._tally.removed.append(id)

    def origins(self) -> dict[str, str]:
        """Where the bytes of each live document came from, by id."""
        return self._truth.origins()

    def commit(self) -> None:
        """Makes safe what was put and removed so far."""
        if not self._at:
            return
        if self._tally.changes() > self._changes:
            with self._change():
                self._truth.set("sequence", str(self._at))
        self._at, self._changes = 0, self._tally.changes()
        self._open.close()

    def publish(self) -> ChangeReport:
        """Commits, and lets readers see it; what was done since the writer was made."""
        self.settle()
        self.commit()
        embedder = self._embedder.name if self._embedder else self._truth.get("embedder")
        return self.report(self._collection._publish(self._truth, embedder or ""))

    def settle(self) -> None:
        """Puts documents that were taken for copies of one that is no longer as it was."""
        for document in self._tally.no_longer_duplicates():
            self.put(document)

    def report(self, generation: str) -> ChangeReport:
        """What was put and removed since the writer was made."""
        return self._tally.report(generation)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Part of the open transaction, or of a new one; an error takes the whole of it back."""
        if not self._at:
            self._open.enter_context(self._truth.transaction())
            self._at = self._truth.sequence() + 1
        try:
            yield
        except BaseException:
            self._at = 0
            with self._open:
                raise


class _TakenBack(Exception):
    """Ends a transaction that was not committed."""


class _NoEmbedder:
    """Stands where nothing is embedded: the texts of a preview are empty."""

    name = fingerprint = "none"
    dim = 0

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """No vectors."""
        return np.zeros((len(texts), 0), dtype=np.float32)

    embed_passages = embed_queries


def _lock(lock: TextIO, name: str) -> None:
    """Takes the writers' lock and leaves this process's id in it; raises IndexLocked."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise IndexLocked(
            f"{name!r} is being written by another process (pid {holder})",
            hint="wait until it has finished, then try again",
        ) from None
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
    built = (described.folding, described.terms, described.passaging)
    here = (FOLDING_VERSION, TERMS_VERSION, PASSAGES_VERSION)
    if built[:2] != here[:2]:
        raise IndexMismatch(
            f"the index was built with folding and terms {built[:2]}, this version has {here[:2]}",
            hint="run: sanad rebuild",
        )


def _check_identity(truth: Truth, embedder: Embedder | None) -> None:
    """One collection, one embedder: recorded by the first ingest, required by the others."""
    if embedder is None:
        return
    recorded = truth.get("embedder_fingerprint")
    if recorded is None:
        with truth.transaction():
            truth.set("embedder", embedder.name)
            truth.set("embedder_fingerprint", embedder.fingerprint)
            truth.set("dim", str(embedder.dim))
    elif recorded != embedder.fingerprint:
        raise IndexMismatch(
            f"the collection holds vectors of embedder {recorded!r}, "
            f"the settings ask for {embedder.fingerprint!r}",
            hint=f"use --embedder {truth.get('embedder')}, or ingest into another collection",
        )


def _batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
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


def _put(
    truth: Truth, document: Document, embedder: Embedder, at: int, tally: _Tally, *, exact: bool
) -> Put:
    """One document into the truth: added, changed, unchanged or a duplicate of another."""
    if exact:
        live = next(iter(truth.live("id", document.id)), None)
    else:
        document, live = _place(truth, document)
    if live is None:
        twins = [] if exact else truth.live("sha256", document.sha256)
        if twins:
            existing = twins[0].id
            if _is_gone(truth.origin_of(existing)):
                truth.move(existing, document.origin)
                tally.unchanged.append(existing)
                return Put("unchanged", existing)
            tally.duplicates.append((document, existing))
            return Put("duplicate", existing)
        tally.added.append(document.id)
    else:
        if _same(document, live):
            if document.origin:
                truth.move(live.id, document.origin)
            tally.unchanged.append(live.id)
            return Put("unchanged", live.id)
        tally.changed.append(document.id)
    passages = cut(document)
    vectors = np.zeros((len(passages), embedder.dim), dtype=np.float32)
    reusable = truth.stored_vectors(live.id, embedder.dim) if live else {}
    fresh = []
    for number, passage in enumerate(passages):
        if passage.text in reusable:
            vectors[number] = reusable[passage.text]
        else:
            fresh.append(number)
    if fresh:
        vectors[fresh] = embedder.embed_passages([passages[number].text for number in fresh])
    tally.embedded += len(fresh)
    truth.remove(document.id, at)
    truth.add(document, passages, vectors, at)
    return Put("changed" if live else "added", document.id)


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
    parents = list(Path(unquote(urlsplit(document.origin).path)).parents)
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


def _same(document: Document, live: DocumentSummary) -> bool:
    """Whether the stored version tells readers the same: its text and what stands beside it."""
    beside = ("sha256", "title", "source", "language", "media_type", "published")
    return all(getattr(document, name) == getattr(live, name) for name in beside)


def _is_gone(origin: str) -> bool:
    """Whether a recorded file origin no longer exists; an unknown origin counts as existing."""
    parts = urlsplit(origin)
    if parts.scheme != "file":
        return False
    try:
        Path(unquote(parts.path)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # out of reach is not gone
    return False
