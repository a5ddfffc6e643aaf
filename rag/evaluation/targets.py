"""What can be asked: the collection at hand, a Sanad service, or any chat endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag.evaluation.corpus import Library
from rag.evaluation.metrics import Place
from rag.protocols import Embedder
from rag.types import AbstentionCode, Answer, AnswerStatus, Hit, IndexState, Passage, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A citation as a target gave it: at least the name of a document."""

    document_id: str
    sha256: str | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None

    @property
    def place(self) -> Place:
        """Where it points; without a span the whole document."""
        if self.start is None or self.end is None:
            return Place(document_id=self.document_id, span=None)
        return Place(document_id=self.document_id, span=Span(start=self.start, end=self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for one question; ``state`` and ``confidence`` where the target tells them."""

    status: AnswerStatus
    answer: str | None
    abstention: AbstentionCode | None = None
    confidence: float | None = None
    citations: tuple[Quoted, ...] = ()
    dropped: int = 0
    state: IndexState | None = None


class Target(Protocol):
    """Something that answers questions; asked from several threads at once."""

    @property
    def library(self) -> Library | None:
        """The documents it answers from; None where they cannot be read."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """What it is, as plain values for the manifest of a run."""
        ...

    def warm(self) -> None:
        """Loads what the first question would otherwise wait for."""
        ...

    def ask(self, question: str, k: int) -> Reply:
        """The answer, or an abstention."""
        ...

    def search(self, question: str, k: int) -> list[Place] | None:
        """The k best passages, best first; None where it does not tell."""
        ...


class Answering(Library, Protocol):
    """An engine, or anything that answers like one."""

    @property
    def embedder(self) -> Embedder:
        """The embedder in use."""
        ...

    def warm(self) -> None:
        """Loads what the first question would otherwise wait for."""
        ...

    def ask(self, question: str, k: int | None = None) -> Answer:
        """The answer, or an abstention."""
        ...

    def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """The k best passages."""
        ...


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """The engine of this process; ``about`` is what else the manifest should say of it."""

    engine: Answering
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def library(self) -> Library:
        """The engine's own documents."""
        return self.engine

    def describe(self) -> Mapping[str, Any]:
        """Its embedder and what else is known of it."""
        return {"kind": "local", "embedder": self.engine.embedder.fingerprint, **self.about}

    def warm(self) -> None:
        """Loads the models and the index."""
        self.engine.warm()

    def ask(self, question: str, k: int) -> Reply:
        """The engine's answer."""
        return reply_of(self.engine.ask(question, k))

    def search(self, question: str, k: int) -> list[Place]:
        """The engine's passages."""
        return [
            Place(document_id=passage.document_id, span=Span(start=passage.start, end=passage.end))
            for passage, _ in self.engine.search(question, k)
        ]


def reply_of(answer: Answer) -> Reply:
    """An answer of the engine as a reply."""
    return Reply(
        status=answer.status,
        answer=answer.answer,
        abstention=answer.abstention.code if answer.abstention else None,
        confidence=answer.confidence,
        citations=tuple(
            Quoted(
                document_id=cited.document_id,
                sha256=cited.document_sha256,
                start=cited.start,
                end=cited.end,
                quote=cited.quote,
            )
            for cited in answer.citations
        ),
        dropped=answer.dropped_citations,
        state=answer.index,
    )
