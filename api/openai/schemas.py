"""What chat frontends send and are sent, as OpenAPI shows it.

Unknown fields are passed over, unlike elsewhere: every client sends some of its own, and what a
quotation is cannot depend on a temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas import AnswerBody, CollectionName, K, Where
from rag.settings import CitationStyle

MODEL = "sanad"
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a message, and the kinds of its parts that are not text."""

    text: str = ""
    others: tuple[str, ...] = ()


def _content(given: object) -> Content:
    if given is None:
        return Content()
    if isinstance(given, str):
        return Content(_clean(given))
    if not isinstance(given, list):
        raise PydanticCustomError("content", "Content should be text or a list of parts")
    texts, others = [], []
    for part in given:
        if not isinstance(part, dict):
            raise PydanticCustomError("content", "Each part of the content should be an object")
        if isinstance(part.get("text"), str):
            texts.append(_clean(part["text"]))
        elif not str(part.get("type")).startswith(_PASSED_OVER):
            others.append(str(part.get("type"))[:40])
    return Content("\n".join(texts), tuple(others))


def _clean(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("content", "Content holds half a character") from error
    return text


# Parts of an interface, not of what was said.
_PASSED_OVER = ("reasoning", "step-start", "refusal", "data-", "source", "tool", "dynamic-tool")
_PART = {"type": "object", "properties": {"type": {"type": "string"}, "text": {"type": "string"}}}


class _Incoming(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ChatMessage(_Incoming):
    """One message; only the text of users and of the assistant is read."""

    role: Role
    content: Annotated[
        Content,
        BeforeValidator(_content),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": _PART}]}),
        Field(description="Text, or a list of parts of which those with text are read."),
    ] = Content()


class StreamOptions(_Incoming):
    """What a stream ends with."""

    include_usage: bool = False


class ChatRequest(_Incoming):
    """A conversation whose last question is to be answered."""

    model: str = Field(
        MODEL, description="`sanad`, or `sanad/NAME` for another collection; as `/v1/models` lists."
    )
    messages: list[ChatMessage] = Field(
        min_length=1,
        description="Oldest first. The last message of the user is answered; a question that leans "
        "on earlier ones is first made to stand alone. System messages are passed over.",
    )
    stream: bool | None = Field(False, description="Whether to answer as server-sent events.")
    stream_options: StreamOptions | None = None
    n: int | None = Field(1, description="Only 1: there is one answer.")
    citations: CitationStyle | None = Field(
        None,
        description="`annotations`: `url_citation` annotations on the marks; `markdown`: links and "
        "a list of sources in the text; `openwebui`: its source events in the stream; `none`. The "
        "server's own setting where it is not given.",
    )
    k: K = None
    where: Where
    tool_choice: Any = Field(
        None, description="Tools are never called; only a forced one is refused."
    )
    response_format: Any = Field(None, description="Only text.")


class UiMessage(_Incoming):
    """A message as the AI SDK's `useChat` keeps it."""

    role: Literal["system", "user", "assistant"]
    parts: Annotated[
        Content,
        BeforeValidator(_content),
        WithJsonSchema({"type": "array", "items": _PART}),
        Field(description="Of which those with text are read."),
    ]


class UiRequest(_Incoming):
    """What `useChat` posts."""

    id: str | None = Field(None, description="The chat; passed over, nothing is kept.")
    messages: list[UiMessage] = Field(min_length=1)
    citations: CitationStyle | None = None
    k: K = None
    where: Where
    collection: CollectionName = None


class ModelBody(BaseModel):
    """A model that can be chosen."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Unix time at which the service started.")
    owned_by: str
    name: str


class ModelsBody(BaseModel):
    """The models that can be chosen."""

    object: Literal["list"]
    data: list[ModelBody]


class UrlCitation(BaseModel):
    """A citation at `content[start_index:end_index]`, in Unicode code points."""

    start_index: int
    end_index: int
    title: str
    url: str


class AnnotationBody(BaseModel):
    """An annotation of the text."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class MessageBody(BaseModel):
    """The reply."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[AnnotationBody]


class ChoiceBody(BaseModel):
    """The one choice."""

    index: int
    message: MessageBody
    logprobs: None
    finish_reason: Literal["stop"]


class UsageBody(BaseModel):
    """Words and marks that were read and written; nothing here is billed."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionBody(BaseModel):
    """OpenAI's chat completion; `sanad` is the whole answer object."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str | None
    choices: list[ChoiceBody]
    usage: UsageBody
    sanad: AnswerBody | None = Field(
        description="The answer with its citations and `resolved_question`; null where a "
        "frontend's helper prompt was answered."
    )
