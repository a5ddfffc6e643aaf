"""The values that travel through the system, frozen; offsets are Unicode code points.

document → passage → hit → evidence → citation → answer. A span ``[start, end)`` always counts
code points of the stored original text, so ``document.text[start:end]`` is what a reader sees.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.errors import UnreadableDocument

Language = Literal["ar", "en"]
AnswerType = Literal[
    "number", "date", "person", "place", "thing", "reason", "manner", "which", "yes-no", "quote"
]
LANGUAGES: tuple[Language, ...] = ("ar", "en")

Vectors = NDArray[np.float32]  # (texts, dim), unit rows

AbstentionCode = Literal["no_documents", "not_in_sources", "low_confidence", "unverifiable"]
AnswerStatus = Literal["answered", "abstained"]
Stage = Literal["retrieving", "reading", "answering"]
AnswerKind = Literal["extracted", "generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``[start, end)`` in code points of one document's text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A source as it was read: ``text`` is never changed after loading.

    ``id`` is the path under the ingested folder and ``source`` what readers are told it came from;
    ``origin`` is the full place of the bytes, kept in the store and shown to nobody. ``sha256`` is
    the hash of ``text`` in UTF-8, ``published`` an ISO date where the source states one. ``pages``
    are the offsets at which the pages of a paged source begin; empty for any other. ``tags`` and
    ``metadata`` (a JSON object) are what is told about it beside; neither is searched, only
    filtered by.
    """

    id: str
    text: str
    sha256: str
    title: str
    source: str
    language: Language
    media_type: str = "text/plain"
    published: str | None = None
    origin: str = ""
    pages: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def page_at(self, offset: int) -> int | None:
        """The number of the page, from 1, that holds the character at ``offset``."""
        return bisect_right(self.pages, offset) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something a reader should know about how a source was read; ``code`` is stable."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What one file gave: documents, what is worth telling, and the records that gave none."""

    documents: tuple[Document, ...]
    notes: tuple[Note, ...] = ()
    failures: tuple[UnreadableDocument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """A document without its text, for listings."""

    id: str
    sha256: str
    title: str
    source: str
    language: Language
    media_type: str
    published: str | None
    characters: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The part of a document that is embedded: ``text == document.text[start:end]``."""

    id: str
    document_id: str
    start: int
    end: int
    text: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found, with its score and rank (from 0) in one ranking.

    Scores of different retrievers (cosine, BM25, fused) are never compared with each other.
    """

    passage_id: str
    score: float
    rank: int
    retriever: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of one text: unit ``vectors`` (n, dim), ``weights`` (n,), ``spans`` (n, 2).

    The same for whole words: ``word_vectors`` (m, dim), ``word_weights`` (m,), ``word_spans`` (m, 2).
    Spans are code points of the text.
    """

    vectors: Vectors
    weights: NDArray[np.float32]
    spans: NDArray[np.int32]
    word_vectors: Vectors
    word_weights: NDArray[np.float32]
    word_spans: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SpanScores:
    """How well an answer starts and ends at each piece of one text, against "not in this text".

    ``spans`` (n, 2) are the pieces' code points in the text, ``starts`` and ``ends`` (n,) logits
    less those of no answer: ``starts[i] + ends[j] > 0`` says that pieces i to j answer rather than
    nothing does.
    """

    spans: NDArray[np.int32]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a reader offers: the sentence(s) ``quote`` and, where it can tell, the short ``answer``.

    Both are spans of the document. The first one's ``probability`` says how likely the first few
    answer the question; those of the others stand to it as their own chances do.
    """

    document_id: str
    passage_id: str
    quote: Span
    answer: Span | None
    score: float
    probability: float


def document_url(document_id: str, start: int, end: int) -> str:
    """Where the service shows a document with the span ``[start, end)``."""
    from urllib.parse import quote

    # Browsers and clients resolve such parts of a path themselves, unless they are no parts of it.
    safe = "" if {".", ".."}.intersection(document_id.split("/")) else "/"
    return f"/v1/documents/{quote(document_id, safe)}?start={start}&end={end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A numbered span whose text was compared with the stored document when it was made."""

    n: int
    document_id: str
    document_sha256: str
    title: str
    source: str
    published: str | None
    quote: str
    start: int
    end: int
    start_utf16: int
    end_utf16: int
    answer_start: int | None
    answer_end: int | None
    language: Language
    verified: bool
    score: float
    page: int | None = None  # from 1, where the source has pages

    @property
    def url(self) -> str:
        """Where the service shows the cited document with this span."""
        return document_url(self.document_id, self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Why there is no answer: a stable code and a sentence in the question's language."""

    code: AbstentionCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who is said to state a value: ``text`` is ``[start, end)`` of the document, verbatim."""

    text: str
    start: int
    end: int
    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One of several values that sources give: its words, the citations that state it, who says it.

    ``published`` is the latest date of its sources, where they state one.
    """

    value: str
    citations: tuple[int, ...]
    speaker: Speaker | None
    published: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """Which generation of which index answered."""

    generation: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of one question: an answer with citations, or an abstention with its reason.

    ``resolved_question`` is what was answered where the question leaned on earlier ones.
    ``disagreement`` lists what sources that differ say, that of the answer first, and ``note`` says
    so in the reader's language; ``confidence`` is then that of the answer among them.
    ``unstated_values`` counts numbers, dates and names of the answer that no citation states.
    """

    id: str
    question: str
    question_language: Language
    status: AnswerStatus
    answer: str | None
    answer_language: Language | None
    answer_kind: AnswerKind | None
    abstention: Abstention | None
    confidence: float
    citations: tuple[Citation, ...]
    index: IndexState
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    dropped_citations: int = 0
    resolved_question: str | None = None
    disagreement: tuple[Position, ...] | None = None
    note: Note | None = None
    unstated_values: int = 0
