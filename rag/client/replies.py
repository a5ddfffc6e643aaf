"""What a service sends, as the values the engine gives; fields of a newer service are passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from rag import errors
from rag.errors import RagError, Unavailable, UsageError
from rag.types import (
    Abstention,
    Answer,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    IndexState,
    Note,
    Passage,
    Position,
    Speaker,
    Stage,
)

if TYPE_CHECKING:
    from rag.index.collections import CollectionSummary

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a document that was sent; ``reason`` says why it is not as expected.

    ``document_id`` is None where nothing could be read, ``generation`` the first that has it,
    ``code`` the stable word for a failure.
    """

    name: str
    document_id: str | None
    status: Literal["added", "changed", "unchanged", "failed"]
    reason: str | None
    generation: str | None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached:
    """A stage of the work begins."""

    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRead:
    """A passage that is about to be read: ``[start, end)`` of the document's text."""

    document_id: str
    title: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A part of the answer's words; all of them joined are the answer."""

    delta: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A citation, verified."""

    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The whole answer; always the last event."""

    answer: Answer


Event = StageReached | PassageRead | AnswerPart | Cited | Done


def answer(content: Mapping[str, Any]) -> Answer:
    """The answer of an answer object as JSON."""
    reason, note, sides = (content.get(name) for name in ("abstention", "note", "disagreement"))
    return _made(
        Answer,
        content,
        abstention=_made(Abstention, reason) if reason else None,
        citations=tuple(_made(Citation, cited) for cited in content["citations"]),
        index=_made(IndexState, content["index"]),
        disagreement=tuple(map(_position, sides)) if sides else None,
        note=_made(Note, note) if note else None,
    )


def _position(content: Mapping[str, Any]) -> Position:
    speaker = content["speaker"]
    return _made(
        Position,
        content,
        citations=tuple(content["citations"]),
        speaker=_made(Speaker, speaker) if speaker else None,
    )


def found(content: Mapping[str, Any]) -> list[tuple[Passage, Hit]]:
    """The passages of a search."""
    return [
        (_made(Passage, one, id=one["passage_id"]), _made(Hit, one, rank=one["n"] - 1))
        for one in content["passages"]
    ]


def document(content: Mapping[str, Any]) -> Document:
    """A stored document; where its bytes came from is told to nobody."""
    return _made(Document, content, pages=tuple(content["pages"]), tags=tuple(content["tags"]))


def listed(content: Mapping[str, Any]) -> list[DocumentSummary]:
    """The documents of a listing."""
    return [_made(DocumentSummary, one) for one in content["documents"]]


def total(content: Mapping[str, Any]) -> int:
    """How many documents a listing is a part of."""
    return int(content["total"])


def collections(content: Mapping[str, Any]) -> list[CollectionSummary]:
    """The collections of a service."""
    from rag.index.collections import CollectionSummary  # which loads the index and its engines

    return [_made(CollectionSummary, one) for one in content["collections"]]


def written(content: Mapping[str, Any]) -> Written:
    """What became of a document."""
    return _made(Written, content)


def uploaded(content: Mapping[str, Any]) -> list[Written]:
    """What became of every document in the files."""
    generation = content["generation"]
    return [_made(Written, one, generation=generation) for one in content["results"]]


def generation(content: Mapping[str, Any]) -> str:
    """The generation that was published."""
    return str(content["generation"])


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "status": lambda data: _made(StageReached, data),
    "passage": lambda data: _made(PassageRead, data),
    "answer": lambda data: _made(AnswerPart, data),
    "citation": lambda data: Cited(citation=_made(Citation, data)),
    "done": lambda data: Done(answer=answer(data)),
}


def event(name: str, data: Any) -> Event | None:  # noqa: ANN401 - whatever was sent
    """The event of a stream, None for one that is not known; raises the error it tells."""
    if name == "error":
        raise error(data, 500)
    return _EVENTS[name](data) if name in _EVENTS else None


def error(content: Any, status: int) -> RagError:  # noqa: ANN401 - whatever answered
    """The error a body tells, as the class with its code."""
    told = content.get("error") if isinstance(content, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        return Unavailable(
            f"the service answered with status {status}",
            hint="check that the address is that of sanad serve",
        )
    kinds = {kind.code: kind for kind in _below(RagError) if kind.__module__ == errors.__name__}
    kind = kinds.get(str(told.get("code")), UsageError if status < 500 else Unavailable)
    return kind(told["message"], parameter=told.get("param"))


def _below(kind: type[RagError]) -> Iterator[type[RagError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _made(kind: type[T], content: Mapping[str, Any], **given: Any) -> T:  # noqa: ANN401
    """The value of a class, passing over what a newer service sends besides."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in content.items() if name in known} | given)
