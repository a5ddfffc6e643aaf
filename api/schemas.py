"""What arrives and what is sent, as OpenAPI shows it.

Requests are validated with these models. Replies are written by :mod:`rag.output`; their models
here document them, and a test compares the two.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rag.answering import K_MOST, check_k
from rag.errors import InvalidParameter
from rag.question import LONGEST_QUESTION, validate
from rag.types import AbstentionCode, AnswerKind, AnswerStatus, Language

LARGEST = 2**53 - 1  # what JavaScript and SQLite both count exactly


def _checked_k(value: object) -> int | None:
    # Only numbers are repeated in the message: a k of a megabyte of text is not.
    if value is not None and type(value) is not int:
        raise InvalidParameter(
            f"k is {type(value).__name__}, expected a whole number from 1 to {K_MOST}",
            parameter="k",
        )
    return None if value is None else check_k(value)


# The limits in the schemas tell readers; the validators raise rag's own errors, which pydantic
# passes on, so that HTTP and the command line refuse the same input with the same code.
Question = Annotated[
    str,
    BeforeValidator(validate),
    Field(
        description=f"The question, in Arabic or English; at most {LONGEST_QUESTION} characters.",
        json_schema_extra={"minLength": 1, "maxLength": LONGEST_QUESTION},
    ),
]
K = Annotated[
    Annotated[int, Field(ge=1, le=K_MOST)] | None,
    BeforeValidator(_checked_k),
    Field(description=f"How many passages to read, 1 to {K_MOST}; the server's own if not given."),
]


class Request(BaseModel):
    """Fields that are not known are refused: a misspelt one must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AskRequest(Request):
    """A question to answer."""

    question: Question
    k: K = None
    language: Language | None = Field(
        None,
        description="The language of the question, where it should not be detected; reasons for "
        "not answering are given in it. Answers are in the language of their source.",
    )


class SearchRequest(Request):
    """A question to find passages for."""

    question: Question
    k: K = None


class PageQuery(Request):
    """Which part of a listing."""

    offset: int = Field(0, ge=0, le=LARGEST, description="How many documents to pass over.")
    limit: int = Field(50, ge=1, le=200, description="How many documents to list.")


class SpanQuery(Request):
    """A part of the document to quote; both or neither."""

    start: int | None = Field(
        None, ge=0, le=LARGEST, description="Where the part begins, in Unicode code points."
    )
    end: int | None = Field(
        None, ge=1, le=LARGEST, description="Where the part ends, in Unicode code points."
    )


class AbstentionBody(BaseModel):
    """Why there is no answer."""

    code: AbstentionCode
    message: str = Field(description="The reason in the language of the question.")


class CitationBody(BaseModel):
    """A quotation that was compared with the stored document: `text[start:end] == quote`."""

    n: int = Field(description="Number of the citation, from 1.")
    document_id: str
    document_sha256: str = Field(description="Hash of the document's text in UTF-8.")
    title: str
    source: str
    published: str | None = Field(description="ISO date, where the source states one.")
    quote: str = Field(description="The sentence or sentences, exactly as stored.")
    start: int = Field(description="In Unicode code points of the document's text.")
    end: int
    start_utf16: int = Field(description="The same place in UTF-16 units, as JavaScript counts.")
    end_utf16: int
    answer_start: int | None = Field(description="Where the short answer is in the document.")
    answer_end: int | None
    language: Language
    verified: bool
    score: float
    url: str = Field(description="The cited document with this part quoted.")


class SpeakerBody(BaseModel):
    """Who is said to state a value: `text[start:end]` of the document, verbatim."""

    text: str
    start: int = Field(description="In Unicode code points of the document's text.")
    end: int
    document_id: str


class PositionBody(BaseModel):
    """One of several values that sources give for what was asked."""

    value: str = Field(description="In the words of its first source.")
    citations: list[int] = Field(description="Numbers of the citations that state it.")
    speaker: SpeakerBody | None = Field(description="Who says so, where the source tells.")
    published: str | None = Field(description="ISO date of its latest source, where stated.")


class NoteBody(BaseModel):
    """Something worth telling beside the answer: `code` is stable, `message` for people."""

    code: str
    message: str = Field(description="In the language of the question.")


class IndexBody(BaseModel):
    """Which state of the collection answered; `none` while nothing was ingested."""

    generation: str
    fingerprint: str


class AnswerBody(BaseModel):
    """An answer with citations, or the reason why there is none."""

    id: str
    question: str
    question_language: Language
    status: AnswerStatus
    answer: str | None
    answer_language: Language | None
    answer_kind: AnswerKind | None
    abstention: AbstentionBody | None
    confidence: float = Field(ge=0, le=1, description="How likely the answer is supported.")
    citations: list[CitationBody]
    index: IndexBody
    timings_ms: dict[str, float]
    dropped_citations: int = Field(description="Quotations that did not verify and are not shown.")
    disagreement: list[PositionBody] | None = Field(
        description="What sources that differ say, the answer's value first; null where they agree."
    )
    note: NoteBody | None = Field(description="`sources_differ` or `unstated_values`, or null.")
    unstated_values: int = Field(
        description="Numbers, dates and names of the answer that no citation states."
    )


class PassageBody(BaseModel):
    """A passage found: `text` of the document from `start` to `end`."""

    n: int = Field(description="Rank, from 1.")
    passage_id: str
    document_id: str
    text: str
    start: int
    end: int
    language: Language
    score: float = Field(description="Comparable only within one reply.")
    retriever: str
    url: str


class SearchBody(BaseModel):
    """The passages nearest to the question, best first."""

    question: str
    passages: list[PassageBody]


class SummaryBody(BaseModel):
    """A document of a listing."""

    id: str
    sha256: str
    title: str
    source: str
    language: Language
    media_type: str
    published: str | None
    characters: int
    passages: int


class ListingBody(BaseModel):
    """A part of all documents, by id."""

    total: int
    offset: int
    limit: int
    documents: list[SummaryBody]


class SpanBody(BaseModel):
    """The part of the document that was asked for: `quote == text[start:end]`."""

    start: int
    end: int
    quote: str
    start_utf16: int
    end_utf16: int


class DocumentBody(BaseModel):
    """A document as it was read; `span` is null where no part was asked for."""

    id: str
    text: str
    sha256: str
    title: str
    source: str
    language: Language
    media_type: str
    published: str | None
    pages: list[int] = Field(
        description="Where the pages of a paged source (a PDF) begin; empty for any other."
    )
    characters: int
    span: SpanBody | None


class StatusBody(BaseModel):
    """The state of the service."""

    status: str


class ErrorDetail(BaseModel):
    """What went wrong: `code` is stable, `message` is for people."""

    message: str
    type: str
    param: str | None = Field(description="The field or parameter at fault.")
    code: str


class ErrorBody(BaseModel):
    """The one shape of all errors."""

    error: ErrorDetail
