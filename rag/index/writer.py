"""Changes to a collection piece by piece: what an ingest, a delete and a write over HTTP are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from rag.errors import UnknownDocument
from rag.index.changes import ChangeReport, Put, Tally, checked, missing_records, put
from rag.index.truth import Truth
from rag.protocols import Embedder
from rag.types import Document


class Writer:
    """Changes by the one writer of a collection: put and remove, commit, publish.

    A commit makes what was put or removed since the last one safe from a crash; what was published
    is what readers see. Made by :meth:`Collection.writing`.
    """

    def __init__(
        self,
        truth: Truth,
        embedder: Embedder | None,
        publish: Callable[[Truth, str], str] = lambda _truth, _embedder: "",
    ) -> None:
        self._truth = truth
        self._embedder = embedder
        self._publish = publish
        self._tally = Tally()
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
            return put(
                self._truth, checked(document), self._embedder, self._at, self._tally, exact=exact
            )

    def remove(self, id: str) -> None:
        """Removes a document; raises UnknownDocument."""
        with self._change():
            if not self._truth.remove(id, self._at):
                raise UnknownDocument.of(id)
            self._tally.removed.append(id)

    def origins(self) -> dict[str, str]:
        """Where the bytes of each live document came from, by id."""
        return dict(self._truth.origins())

    def remove_missing_records(self, files: Iterable[str], here: Set[str]) -> None:
        """Removes records of these files, named by origin, whose own origins are not ``here``."""
        for id in missing_records(self._truth, files, here):
            self.remove(id)

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
        return self.report(self._publish(self._truth, embedder or ""))

    def settle(self) -> None:
        """Puts documents that were taken for copies of one that is no longer as it was."""
        for document in self._tally.no_longer_duplicates():
            self.put(replace(document, text=self._truth.text_with(document.sha256)))

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


def preview(
    truth: Truth | None, documents: Iterable[Document], settle: Callable[[Writer], None]
) -> ChangeReport:
    """What putting the documents and then ``settle`` would do to a store; nothing is written.

    The writer's own code decides, over a store in memory that holds what ``truth`` knows of its
    documents but not their texts.
    """
    shadow = _Shadow(Path(":memory:"), create=True)
    try:
        if truth is not None:
            _describe(truth, shadow)
        with Writer(shadow, _NoEmbedder()) as writer:
            for document in documents:
                writer.put(replace(document, text=""))
            settle(writer)
            writer.settle()
            return writer.report(generation="")
    finally:
        shadow.close()


class _Shadow(Truth):
    """A store of documents without their texts; what is damaged is described as another text."""

    def intact(self, id: str) -> bool:  # noqa: ARG002 - as in Truth
        """Nothing here can be told from its hash."""
        return True


def _describe(truth: Truth, shadow: Truth) -> None:
    """Copies the documents without their texts."""
    at, nothing = truth.sequence(), np.zeros((0, 0), np.float32)
    with shadow.transaction():
        for id, origin in truth.origins():
            if truth.intact(id):
                stored = truth.document(id, at)
            else:  # whatever comes under its name takes its place
                stored = Document(id=id, text="", sha256="", title="", source="", language="en")
            shadow.add(replace(stored, text="", origin=origin), (), nothing, at)
        shadow.set("sequence", str(at))
