"""From a conversation as frontends send it to one question, or to the reply to a helper prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.errors import UnknownModel
from api.openai.schemas import MODEL, ChatRequest, Content, UiRequest
from api.openai.tasks import Task, recognise
from rag.conversation import MOST_TURNS, Turn
from rag.errors import InvalidParameter, InvalidQuestion
from rag.naming import check_name
from rag.question import validate


@dataclass(frozen=True, slots=True)
class Asked:
    """The question of a conversation with what was said before; ``read`` counts all its words.

    ``collection`` is None for the server's own; ``where`` are filters; ``model`` is what named the
    collection, None where the collection itself was named.
    """

    question: str
    history: tuple[Turn, ...]
    read: str
    collection: str | None = None
    where: tuple[str, ...] = ()
    model: str | None = None


def collection_named(model: str, parameter: str = "model") -> str | None:
    """The collection of a model's name, None for the server's own; raises UnknownModel."""
    if model == MODEL:
        return None
    unknown = UnknownModel(
        f"no model {model[:100]!r}, expected {MODEL!r} or '{MODEL}/COLLECTION'", parameter=parameter
    )
    if not model.startswith(f"{MODEL}/"):
        raise unknown
    try:
        return check_name(model.removeprefix(f"{MODEL}/"))
    except InvalidParameter as error:
        raise unknown from error


def asked_in(request: ChatRequest) -> Asked | Task:
    """The question, or the helper task; raises UnknownModel, InvalidParameter, InvalidQuestion."""
    collection = collection_named(request.model)
    if request.n not in (None, 1):
        raise InvalidParameter(f"n is {request.n}, expected 1: there is one answer", parameter="n")
    said = [(message.role, message.content) for message in request.messages]
    found = _found(said)
    if isinstance(found, Task):
        return found
    if request.tool_choice not in (None, "none", "auto"):
        raise InvalidParameter(
            "tool_choice forces a tool, and tools are never called here",
            hint="leave it out, or say auto",
            parameter="tool_choice",
        )
    format = request.response_format
    if isinstance(format, dict) and format.get("type") not in (None, "text"):
        raise InvalidParameter(
            "response_format asks for JSON, and answers are text",
            hint="the field sanad of the reply holds the answer as data",
            parameter="response_format",
        )
    return replace(found, collection=collection, where=tuple(request.where), model=request.model)


def asked_in_ui(request: UiRequest) -> Asked | Task:
    """The question, or the helper task; raises InvalidParameter, InvalidQuestion."""
    found = _found([(message.role, message.parts) for message in request.messages])
    if isinstance(found, Task):
        return found
    return replace(found, collection=request.collection, where=tuple(request.where))


def _found(said: Sequence[tuple[str, Content]]) -> Asked | Task:
    last = next((n for n in range(len(said) - 1, -1, -1) if said[n][0] == "user"), None)
    if last is None:
        raise InvalidParameter("messages hold none of the user, expected one", parameter="messages")
    task = recognise([(role, content.text) for role, content in said[-MOST_TURNS - 1 :]])
    if task is not None:
        return task
    question = said[last][1]
    if question.others:
        raise InvalidParameter(
            f"the question holds a part of type {question.others[0]!r}, and only text is read",
            hint="ask in words; documents are added with: sanad ingest PATH",
            parameter="messages",
        )
    try:
        text = validate(question.text)
    except InvalidQuestion as error:
        raise InvalidQuestion(error.message, hint=error.hint, parameter="messages") from error
    earlier = said[:last][-MOST_TURNS:]
    turns = tuple(
        Turn("user" if role == "user" else "assistant", content.text)
        for role, content in earlier
        if role in ("user", "assistant") and content.text.strip()
    )
    return Asked(text, turns, " ".join([*(turn.text for turn in turns), text]))
