"""Settings in, a wired engine out: the only place where parts meet."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from rag import answering, catalogue
from rag.agreement import Comparison
from rag.answering import Thresholds
from rag.documents import LoadReport, load
from rag.errors import (
    ConfigurationError,
    InvalidParameter,
    ModelDamaged,
    NoDocuments,
    NoIndex,
    UnknownDocument,
)
from rag.index.collection import ChangeReport, Collection, EmbeddedIndex
from rag.protocols import Embedder, Reader
from rag.question import validate
from rag.retrieval import Retriever, Weights
from rag.settings import Settings
from rag.types import Answer, Document, DocumentSummary, Hit, IndexState, Language, Passage

_MOST_DOCUMENTS = 10**12  # far more than anybody stores, and within what the store can count
_EMPTY = IndexState(generation="none", fingerprint="none")


class Engine:
    """One collection with its models. Safe to share between threads.

    Each call reads from the newest published generation; one opened earlier stays in use while a
    call is reading from it.
    """

    def __init__(self, settings: Settings) -> None:
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
        self._embedder: Embedder | None = None
        self._retriever: Retriever | None = None
        self._reader: Reader | None = None
        self._thresholds = Thresholds()

    @property
    def embedder(self) -> Embedder:
        """The embedder, loaded on first use."""
        if self._embedder is None:
            self._embedder = catalogue.embedder(self.settings)
        return self._embedder

    def index(self) -> EmbeddedIndex:
        """The newest generation; raises NoIndex, IndexDamaged or IndexMismatch."""
        with self._lock:
            latest = self.collection.latest_sequence()
            if self._opened is None or latest != self._opened.manifest.sequence:
                self._opened = self.collection.open(self.embedder)
            return self._opened

    def warm(self) -> None:
        """Loads the models and opens the index, so that the first question is not slower."""
        self._parts()
        if self.collection.latest_sequence() is not None:
            self.index()

    def _parts(self) -> tuple[Retriever, Reader]:
        with self._lock:
            if self._retriever is None or self._reader is None:
                pieces, path = catalogue.piece_embedder(), catalogue.EVIDENCE
                self._retriever = Retriever(
                    self.embedder, pieces, catalogue.contextual_model(), retrieval_weights(path)
                )
                self._reader = catalogue.reader(self.settings)
                self._thresholds = self._decide(path)
            return self._retriever, self._reader

    def _decide(self, path: Path) -> Thresholds:
        """The thresholds: those set, those fitted to the embedded reader, or one half."""
        least = self.settings.threshold
        if self.settings.reader == catalogue.BILINGUAL:
            return thresholds(path, least)
        return Thresholds() if least is None else Thresholds(otherwise=least)

    def ask(
        self, question: str, k: int | None = None, *, language: Language | None = None
    ) -> Answer:
        """The answer with verified citations, or an abstention.

        ``language`` is that of messages to the reader; the question's own where it is not given.
        """
        count = self.settings.k if k is None else k
        answering.check_k(count)
        text = validate(question)
        try:
            index = self.index()
        except NoIndex:
            return answering.abstain(text, "no_documents", 0.0, _EMPTY, {}, language=language)
        retriever, reader = self._parts()
        comparison = Comparison(catalogue.piece_embedder())
        return answering.answer(
            text,
            index,
            retriever,
            reader,
            self._thresholds,
            count,
            language=language,
            comparison=comparison,
        )

    def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """The best passages, without an answer; none where nothing was ingested."""
        count = self.settings.k if k is None else k
        answering.check_k(count)
        text = validate(question)
        try:
            index = self.index()
        except NoIndex:
            return []
        retriever, _ = self._parts()
        return answering.search(text, index, retriever, count)

    def ingest(
        self,
        paths: Sequence[Path],
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> tuple[LoadReport, ChangeReport]:
        """Loads files and folders and stores them; raises NoDocuments where nothing was readable."""
        loaded = load(list(paths))
        if not loaded.documents:
            raise NoDocuments(
                _nothing_read(paths, loaded),
                hint="name a file, folder or archive with articles: .txt .md .html .docx .pdf .epub .csv .json .jsonl .rss",
            )
        return loaded, self.collection.ingest(loaded.documents, self.embedder, progress)

    def delete(self, ids: Sequence[str]) -> ChangeReport:
        """Removes documents, all or none; raises UnknownDocument, NoIndex."""
        self._require_collection()
        for id in ids:
            _check_id(id)
        return self.collection.delete(ids)

    def rebuild(self) -> str:
        """Makes the index anew from what is stored, without a model; the new generation's name."""
        self._require_collection()
        return self.collection.rebuild()

    def _require_collection(self) -> None:
        if not self.collection.exists():
            raise NoIndex(
                f"no index in {str(self.collection.folder)!r}",
                hint="add articles with: sanad ingest PATH",
            )

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What is stored, by id; nothing where nothing was ingested. Raises InvalidParameter."""
        for name, value in (("offset", offset), ("limit", limit)):
            if value is not None and not 0 <= value <= _MOST_DOCUMENTS:
                raise InvalidParameter(
                    f"{name} is {value}, expected 0 to {_MOST_DOCUMENTS}", parameter=name
                )
        try:
            return self.index().documents(offset=offset, limit=limit)
        except NoIndex:
            return []

    def count_documents(self) -> int:
        """How many documents are stored."""
        try:
            return self.index().count_documents()
        except NoIndex:
            return 0

    def document(self, id: str) -> Document:
        """One stored document; raises UnknownDocument, NoIndex."""
        _check_id(id)
        return self.index().document(id)


def _check_id(id: str) -> None:
    """Raises UnknownDocument for what cannot be an id: the store holds UTF-8."""
    try:
        id.encode()
    except UnicodeEncodeError as error:
        raise UnknownDocument(
            f"no document {id!r}",
            hint="list what is there with: sanad documents list",
            parameter="id",
        ) from error


def _nothing_read(paths: Sequence[Path], loaded: LoadReport) -> str:
    named = ", ".join(repr(str(path)) for path in paths)
    reasons = [str(failure.error.message) for failure in loaded.failures]
    if loaded.skipped:
        reasons.append(f"{len(loaded.skipped)} files are of a kind that is not read")
    return f"nothing to ingest in {named}" + (": " + "; ".join(reasons[:5]) if reasons else "")


def _stored(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path.name}: {error}", hint="reinstall sanad") from error
    return content


def retrieval_weights(path: Path) -> Weights:
    """The fitted weights of retrieval."""
    try:
        rows = {name: tuple(map(float, row)) for name, row in _stored(path)["retrieval"].items()}
        if not all(math.isfinite(value) for row in rows.values() for value in row):
            raise ValueError("holds values that are no numbers")  # noqa: TRY301 - one message for all
        return Weights(**rows)
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
