"""Settings in, a wired engine out: the only place where parts meet."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from rag import answering, calibration, catalogue
from rag.agreement import Comparison
from rag.answering import Thresholds, Watch
from rag.calibration import CalibratedReader, Calibration
from rag.conversation import Turn, resolve
from rag.documents import LoadReport, load, origin_of
from rag.errors import (
    ConfigurationError,
    InvalidParameter,
    ModelDamaged,
    NoIndex,
    UnknownDocument,
)
from rag.filters import parse_all
from rag.index import collections
from rag.index.changes import ChangeReport, record_files
from rag.index.collection import Collection, CompactReport
from rag.index.collections import CollectionSummary
from rag.index.embedded import EmbeddedIndex
from rag.index.manifest import Manifest
from rag.ingest.run import nothing_read
from rag.languages import language_of
from rag.naming import check_name
from rag.protocols import Embedder, Reader
from rag.question import validate
from rag.retrieval import Retriever, Weights
from rag.settings import Settings
from rag.types import Answer, Document, DocumentSummary, Hit, IndexState, Language, Passage

_MOST_DOCUMENTS = 10**12  # far more than anybody stores, and within what the store can count
_OPENED_COLLECTIONS = 32  # each holds its vectors in memory
_EMPTY = IndexState(generation="none", fingerprint="none")


class Engine:
    """One collection with its models. Safe to share between threads.

    Each call reads from the newest published generation; one opened earlier stays in use while a
    call is reading from it.
    """

    def __init__(self, settings: Settings, *, calibrated: bool = True) -> None:
        """``calibrated`` false leaves a calibration kept with the collection aside."""
        if settings.indexes.exists() and not settings.indexes.is_dir():
            raise ConfigurationError(
                f"indexes is {str(settings.indexes)!r}, which is not a folder",
                hint="name the folder that holds the collections with --indexes",
                parameter="indexes",
            )
        self.settings = settings
        self.collection = Collection(settings.indexes / settings.collection)
        self._lock = Lock()
        self._opened: EmbeddedIndex | None = None
        self._published: tuple[int, int, int] | None = None
        self._embedder: Embedder | None = None
        self._retriever: Retriever | None = None
        self._reader: Reader | None = None
        self._thresholds = Thresholds()
        self._calibrated = calibrated
        self._calibration: Calibration | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._deciding: Reader | None = None
        self._parent: Engine | None = None  # whose models answer; its own where there is none
        self._others: dict[str, Engine] = {}

    def for_collection(self, name: str | None) -> Engine:
        """The engine of another collection beside this one, with the same models.

        This one where no name is given. Raises InvalidParameter and UnknownCollection.
        """
        if name is None or (name := check_name(name)) == self.settings.collection:
            return self
        collections.find(self.settings.indexes, name)
        parent = self._parent or self
        with parent._lock:
            others = parent._others
            other = others.pop(name, None)
            if other is None:
                settings = self.settings.model_copy(update={"collection": name})
                other = Engine(settings, calibrated=self._calibrated)
                other._parent = parent
            others[name] = other
            if len(others) > _OPENED_COLLECTIONS:  # the one not asked for the longest
                del others[next(iter(others))]
            return other

    def collections(self) -> list[CollectionSummary]:
        """All collections beside this one, by name."""
        return collections.listed(self.settings.indexes)

    @property
    def embedder(self) -> Embedder:
        """The embedder, loaded on first use."""
        if self._parent is not None:
            return self._parent.embedder
        if self._embedder is None:
            self._embedder = catalogue.embedder(self.settings)
        return self._embedder

    def index(self) -> EmbeddedIndex:
        """The newest generation; raises NoIndex, IndexDamaged or IndexMismatch."""
        with self._lock:
            latest = self.collection.published()
            if self._opened is None or latest != self._published:
                self._opened = self.collection.open(self.embedder)
                self._published = latest  # as it was before: what came since is opened next time
            return self._opened

    def warm(self) -> None:
        """Loads the models and opens the index, so that the first question is not slower."""
        self._parts()
        if self.collection.latest_sequence() is not None:
            self.index()

    @property
    def reader_fingerprint(self) -> str:
        """What identifies the reader, without a calibration."""
        _, reader = self._models()
        return reader.fingerprint

    @property
    def calibration_fingerprint(self) -> str | None:
        """What identifies the calibration in use; None without one. Raises IndexDamaged."""
        self._parts()
        return None if self._calibration is None else self._calibration.fingerprint

    def _models(self) -> tuple[Retriever, Reader]:
        """What every collection is answered with."""
        if self._parent is not None:
            return self._parent._models()
        with self._lock:
            if self._retriever is None or self._reader is None:
                pieces, path = catalogue.piece_embedder(), catalogue.EVIDENCE
                self._retriever = Retriever(
                    self.embedder, pieces, catalogue.contextual_model(), retrieval_weights(path)
                )
                self._reader = catalogue.reader(self.settings)
            return self._retriever, self._reader

    def _parts(self) -> tuple[Retriever, Reader]:
        """The models, the reader with the confidence fitted to this collection where there is one."""
        retriever, reader = self._models()
        with self._lock:
            stamp = calibration.stamp(self.collection.folder) if self._calibrated else None
            if self._deciding is None or stamp != self._stamp:
                self._calibration = self._fitted(reader)
                self._deciding = (
                    reader
                    if self._calibration is None
                    else CalibratedReader(reader, self._calibration)
                )
                self._thresholds, self._stamp = self._decide(catalogue.EVIDENCE), stamp
            return retriever, self._deciding

    def _fitted(self, reader: Reader) -> Calibration | None:
        """The collection's calibration, if it was fitted with these models; raises IndexDamaged."""
        found = calibration.read(self.collection.folder) if self._calibrated else None
        fits = found is not None and found.fits(reader.fingerprint, self.embedder.fingerprint)
        return found if fits else None

    def _decide(self, path: Path) -> Thresholds:
        """The thresholds: set, fitted to the collection or the embedded reader, or one half."""
        least = self.settings.threshold
        if least is None and self._calibration is not None:
            least = self._calibration.threshold
        if self.settings.reader == catalogue.BILINGUAL:
            return thresholds(path, least)
        return Thresholds() if least is None else Thresholds(otherwise=least)

    def ask(
        self,
        question: str,
        k: int | None = None,
        *,
        language: Language | None = None,
        where: Sequence[str] = (),
        history: Sequence[Turn] = (),
        watch: Watch = answering.unwatched,
    ) -> Answer:
        """The answer with verified citations, or an abstention.

        ``language`` is that of messages to the reader; the question's own where it is not given.
        Only documents that pass all the filters of ``where`` are looked at; raises InvalidFilter.
        A question that leans on the earlier messages in ``history`` is first made to stand alone.
        ``watch`` is told each stage before it begins; what it raises ends the work.
        """
        count = self.settings.k if k is None else k
        answering.check_k(count)
        text = validate(question, language)
        filters = parse_all(where)
        try:
            index = self.index()
        except NoIndex:
            return answering.abstain(text, "no_documents", 0.0, _EMPTY, {}, language=language)
        retriever, reader = self._parts()
        resolved = resolve(text, history) if history else None
        spoken = language_of(text)
        comparison = Comparison(catalogue.piece_embedder())
        answer = answering.answer(
            resolved or text,
            index.where(filters),
            retriever,
            reader,
            self._thresholds,
            count,
            language=language or spoken,
            comparison=comparison,
            watch=watch,
        )
        if resolved is None:
            return answer
        return replace(answer, question=text, question_language=spoken, resolved_question=resolved)

    def search(
        self, question: str, k: int | None = None, *, where: Sequence[str] = ()
    ) -> list[tuple[Passage, Hit]]:
        """The best passages, without an answer; none where nothing was ingested.

        Of documents that pass all the filters of ``where`` alone; raises InvalidFilter.
        """
        count = self.settings.k if k is None else k
        answering.check_k(count)
        text = validate(question)
        filters = parse_all(where)
        try:
            index = self.index()
        except NoIndex:
            return []
        retriever, _ = self._parts()
        return answering.search(text, index.where(filters), retriever, count)

    def ingest(
        self,
        paths: Sequence[Path],
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> tuple[LoadReport, ChangeReport]:
        """Loads files and folders and stores them; raises NoDocuments where nothing was readable."""
        loaded = load(list(paths))
        if not loaded.documents:
            raise nothing_read([str(path) for path in paths], loaded.failures, loaded.skipped)
        changes = self.collection.ingest(
            loaded.documents, self.embedder, progress, whole=_whole_files(loaded)
        )
        return loaded, changes

    def delete(self, ids: Sequence[str]) -> ChangeReport:
        """Removes documents, all or none; raises UnknownDocument, NoIndex."""
        self._require_collection()
        for id in ids:
            _check_id(id)
        return self.collection.delete(ids)

    def rebuild(self) -> str:
        """Makes the index anew from what is stored; the new generation's name.

        The model is loaded only where the passages were cut by other rules than this version's.
        """
        self._require_collection()
        return self.collection.rebuild(lambda: self.embedder)

    def compact(self) -> CompactReport:
        """Leaves no byte of what was deleted in the collection's files; raises NoIndex."""
        self._require_collection()
        return self.collection.compact()

    def backup(self, target: Path) -> Manifest:
        """Copies the collection into a new folder, also while it is written; raises NoIndex."""
        self._require_collection()
        return self.collection.backup(target)

    def _require_collection(self) -> None:
        if not self.collection.exists():
            raise self.collection.missing()

    def documents(
        self, *, offset: int = 0, limit: int | None = None, where: Sequence[str] = ()
    ) -> list[DocumentSummary]:
        """What is stored, by id; nothing where nothing was ingested.

        Raises InvalidParameter and InvalidFilter.
        """
        filters = parse_all(where)
        for name, value in (("offset", offset), ("limit", limit)):
            if value is not None and not 0 <= value <= _MOST_DOCUMENTS:
                raise InvalidParameter(
                    f"{name} is {value}, expected 0 to {_MOST_DOCUMENTS}", parameter=name
                )
        try:
            return self.index().where(filters).documents(offset=offset, limit=limit)
        except NoIndex:
            return []

    def count_documents(self, *, where: Sequence[str] = ()) -> int:
        """How many documents are stored, or pass the filters; raises InvalidFilter."""
        filters = parse_all(where)
        try:
            return self.index().where(filters).count_documents()
        except NoIndex:
            return 0

    def groups(self) -> Mapping[str, str]:
        """The group of each document that has copies, by id; of copies one is answered from."""
        try:
            return self.index().groups()
        except NoIndex:
            return {}

    def document(self, id: str) -> Document:
        """One stored document; raises UnknownDocument, NoIndex."""
        _check_id(id)
        return self.index().document(id)


def _check_id(id: str) -> None:
    """Raises UnknownDocument for what cannot be an id: the store holds UTF-8."""
    try:
        id.encode()
    except UnicodeEncodeError as error:
        raise UnknownDocument.of(id) from error


def _whole_files(loaded: LoadReport) -> list[str]:
    """The files of records that were read without a failure, by origin."""
    failed = {origin_of(Path(failure.source)) for failure in loaded.failures}
    return [file for file in record_files(loaded.documents) if file not in failed]


def _stored(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path.name}: {error}", hint="reinstall sanad") from error
    return content


def retrieval_weights(path: Path) -> Weights:
    """The fitted weights of retrieval."""
    try:
        stored = _stored(path)["retrieval"]
        features, margin = tuple(map(float, stored["features"])), float(stored["margin"])
        if not all(map(math.isfinite, (*features, margin))):
            raise ValueError("holds values that are no numbers")  # noqa: TRY301 - one message for all
        return Weights(features=features, margin=margin)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelDamaged(f"{path.name}: retrieval: {error}", hint="reinstall sanad") from error


def thresholds(path: Path, answer: float | None) -> Thresholds:
    """The fitted thresholds, ``answer`` replacing the least probabilities where it is given."""
    try:
        stored = _stored(path)["thresholds"]
        fitted = {str(pair): float(least) for pair, least in stored["answer"].items()}
        support = float(stored["support"])
        if not all(0 <= value <= 1 for value in (*fitted.values(), support)):
            raise ValueError("holds values that are no probabilities")  # noqa: TRY301 - one message for all
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelDamaged(f"{path.name}: thresholds: {error}", hint="reinstall sanad") from error
    if answer is not None:
        return Thresholds(otherwise=answer, support=support)
    return Thresholds(answer=fitted, support=support)
