"""What arrives and what is sent, as OpenAPI shows it.

Requests are validated with these models. Replies are written by :mod:`rag.output`; their models
here document them, and a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from rag.answering import K_MOST, check_k
from rag.conversation import MOST_TURNS, Role
from rag.errors import InvalidParameter
from rag.filters import LONGEST_FILTER, MOST_FILTERS, parse_all
from rag.naming import LONGEST, check_name
from rag.question import LONGEST_QUESTION, validate
from rag.types import LANGUAGES, AbstentionCode, AnswerKind, AnswerStatus, Language
from rag.validation import shown

LARGEST = 2**53 - 1  # what JavaScript and SQLite both count exactly


def _checked_k(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise InvalidParameter(
            f"k is {shown(value)}, expected a whole number from 1 to {K_MOST}",
            parameter="k",
        )
    return None if value is None else check_k(value)


def _checked_where(where: list[str]) -> list[str]:
    parse_all(where)
    return where


def _checked_name(name: object) -> object:
    return check_name(name) if isinstance(name, str) else name


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


CollectionName = Annotated[
    str | None,
    BeforeValidator(_checked_name),
    Field(
        description="Which collection is meant; the server's own if not given.",
        json_schema_extra={"maxLength": LONGEST},
    ),
]
Where = Annotated[
    list[str],
    AfterValidator(_checked_where),
    Field(
        default_factory=list,
        description="Only documents that pass all of these: `published>=2025-01-01`, `language=ar`, "
        "`tags=economy`, `author.name!=Sara`, `title~Kyiv`; comparisons are = != < <= > >= and ~ "
        "(contains), other names are paths into the metadata.",
        json_schema_extra={
            "maxItems": MOST_FILTERS,
            "items": {"type": "string", "maxLength": LONGEST_FILTER},
        },
    ),
]


class Request(BaseModel):
    """Fields that are not known are refused: a misspelt one must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnBody(Request):
    """An earlier message."""

    role: Role
    content: str


class AskRequest(Request):
    """A question to answer."""

    question: Question
    k: K = None
    language: Language | None = Field(
        None,
        description="The language of the question, where it should not be detected; reasons for "
        "not answering are given in it. Answers are in the language of their source.",
    )
    where: Where
    collection: CollectionName = None
    history: list[TurnBody] = Field(
        default=[],
        description="Earlier messages, oldest first, without the question. A question that leans on "
        f"them is first made to stand alone; the last {MOST_TURNS} are looked at.",
    )
    stream: bool = Field(
        False,
        description="Whether to answer as server-sent events: `status` {stage}, `passage` "
        "{document_id, title, start, end, score}, `answer` {delta}, `citation` (a citation), `done` "
        "(the whole answer) or `error` (as errors are elsewhere).",
    )

    @model_validator(mode="before")
    @classmethod
    def _refused_in_its_language(cls, content: object) -> object:
        """Checks the question before its field does, which knows nothing of ``language``."""
        if isinstance(content, dict) and "question" in content:
            language = content.get("language")
            validate(content["question"], language if language in LANGUAGES else None)
        return content


class SearchRequest(Request):
    """A question to find passages for."""

    question: Question
    k: K = None
    where: Where
    collection: CollectionName = None


class PageQuery(Request):
    """Which part of a listing."""

    offset: int = Field(0, ge=0, le=LARGEST, description="How many documents to pass over.")
    limit: int = Field(50, ge=1, le=200, description="How many documents to list.")
    where: Where
    collection: CollectionName = None


class SpanQuery(Request):
    """A part of the document to quote; both or neither."""

    start: int | None = Field(
        None, ge=0, le=LARGEST, description="Where the part begins, in Unicode code points."
    )
    end: int | None = Field(
        None, ge=1, le=LARGEST, description="Where the part ends, in Unicode code points."
    )
    collection: CollectionName = None


class PutRequest(Request):
    """A document as it is to be stored; the id is in the address."""

    text: str = Field(description="The whole text; offsets count its code points.")
    title: str | None = Field(None, description="The first line where it is not given.")
    source: str | None = Field(
        None, description="What readers are told it came from; the id where it is not given."
    )
    published: str | None = Field(None, description="The day it was published, best as ISO date.")
    language: Language | None = Field(None, description="Detected where it is not given.")
    tags: list[str] = Field([], description="Words to filter by.")
    metadata: dict[str, Any] = Field({}, description="Anything else to filter by.")


class CollectionQuery(Request):
    """Which collection."""

    collection: CollectionName = None


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
    page: int | None = Field(description="Page of a paged source, from 1.")
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
    resolved_question: str | None = Field(
        description="What was answered, where the question leaned on the history."
    )
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
    group: str | None = Field(
        description="The same for copies of one article; null without copies."
    )


class ListingBody(BaseModel):
    """A part of all documents, by id."""

    total: int
    offset: int
    limit: int
    documents: list[SummaryBody]


class CollectionBody(BaseModel):
    """A collection; the other fields are null where there is a `problem`."""

    name: str
    documents: int | None
    passages: int | None
    embedder: str | None = Field(description="The model its vectors are from.")
    generation: str | None
    problem: str | None = Field(description="The code of what keeps it from being used, or null.")


class CollectionsBody(BaseModel):
    """All collections, by name."""

    collections: list[CollectionBody]
    default: str = Field(
        description="The server's own, which is meant where none is named; there or not yet."
    )


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
    tags: list[str]
    metadata: dict[str, Any] = Field(description="What else is told about the document, as JSON.")
    characters: int
    group: str | None = Field(
        description="The same for copies of one article; null without copies."
    )
    copies: list[str] = Field(description="Documents that are copies of this article.")
    span: SpanBody | None


class ResultBody(BaseModel):
    """What became of one file, or of one document in it."""

    name: str = Field(description="The name the file was sent with, or the id of the document.")
    document_id: str | None = Field(description="Its id; null where it could not be read.")
    status: Literal["added", "changed", "unchanged", "failed"]
    reason: str | None = Field(description="Why it failed, or is the same as another document.")
    code: str | None = Field(
        description="The stable word for a failure, such as `empty`, `damaged` or `encrypted`."
    )


class UploadBody(BaseModel):
    """What became of every file, and the generation that has what was stored."""

    results: list[ResultBody]
    generation: str | None = Field(description="Null where no file could be read.")


class PutBody(ResultBody):
    """What became of the document, and the generation that has it."""

    generation: str


class DeletedBody(BaseModel):
    """A document that is there no more, and the first generation without it."""

    document_id: str
    status: Literal["removed"]
    generation: str


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
