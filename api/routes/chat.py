"""What chat frontends call: OpenAI's models and chat completions, and the AI SDK's message stream."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from api.asking import EventStream, Tell, answered, streamed
from api.dependencies import JSON_ONLY, Services, ServicesDep, chosen, filtered, rendered
from api.errors import BODY_CODES, CHOICE_CODES, INDEX_CODES, UnknownModel, documented
from api.openai import examples
from api.openai.incoming import Asked, asked_in, asked_in_ui, collection_named
from api.openai.outgoing import (
    UI_HEADERS,
    Chunks,
    Reply,
    UiParts,
    completion,
    task_completion,
)
from api.openai.schemas import (
    MODEL,
    ChatRequest,
    ModelBody,
    ModelsBody,
    UiRequest,
)
from api.openai.tasks import Task
from rag.errors import UnknownCollection
from rag.languages import language_of
from rag.settings import CitationStyle
from rag.types import Answer

router = APIRouter(tags=["chat"])
_STARTED = int(time.time())
_MODEL = {
    "id": MODEL,
    "object": "model",
    "created": _STARTED,
    "owned_by": MODEL,
    "name": "Sanad · سند",
}
_CHAT_CODES = (*BODY_CODES, "invalid_question", "invalid_parameter", *CHOICE_CODES, *INDEX_CODES)


def _model_of(collection: str | None) -> dict[str, Any]:
    if collection is None:
        return _MODEL
    return {**_MODEL, "id": f"{MODEL}/{collection}", "name": f"{_MODEL['name']} · {collection}"}


@router.get("/models", include_in_schema=False)
@router.get(
    "/v1/models",
    summary="List models",
    responses=examples.models(ModelsBody, {"object": "list", "data": [_MODEL]})
    | documented("internal"),
)
async def models(services: ServicesDep) -> Response:
    """A model for each collection, the server's own first: it answers from the articles there."""
    own = services.settings.collection
    found = await services.reads.run(services.engine.collections)
    others = [_model_of(collection.name) for collection in found if collection.name != own]
    return rendered({"object": "list", "data": [_MODEL, *others]})


@router.get("/models/{id:path}", include_in_schema=False)
@router.get(
    "/v1/models/{id:path}",
    summary="Describe a model",
    responses=examples.models(ModelBody, _MODEL) | documented("model_not_found", "internal"),
)
async def model(id: str, services: ServicesDep) -> Response:
    """The model of that id."""
    collection = collection_named(id, parameter="id")
    if collection is not None:
        try:
            await services.reads.run(partial(services.engine.for_collection, collection))
        except UnknownCollection as error:
            raise _unknown(id, "id") from error
    return rendered(_model_of(collection))


def _unknown(model: str, parameter: str) -> UnknownModel:
    return UnknownModel(
        f"no model {model[:100]!r}", hint="GET /v1/models lists them", parameter=parameter
    )


@router.post("/chat/completions", include_in_schema=False, dependencies=[JSON_ONLY])
@router.post(
    "/v1/chat/completions",
    summary="Answer the last question of a conversation (OpenAI)",
    dependencies=[JSON_ONLY],
    responses=examples.completions() | documented(*_CHAT_CODES, "model_not_found"),
)
async def completions(
    asked: Annotated[ChatRequest, Body(openapi_examples=examples.CHATS)],
    request: Request,
    services: ServicesDep,
) -> Response:
    """OpenAI's chat completion with citations as annotations, links or source events.

    `model`, `messages`, `stream`, `stream_options` and `citations` count; what else OpenAI's clients
    send (temperature, max_tokens, tools, …) is passed over, because quotations do not vary.
    """
    found = asked_in(asked)
    reply = _reply(request, services, asked.citations, "chatcmpl", found)
    if not asked.stream:
        if isinstance(found, Task):
            return rendered(task_completion(reply, found))
        answer = await answered(request, services.questions, _ask(services, found, asked.k))
        return rendered(completion(reply, found, answer))
    options = asked.stream_options
    reply = replace(reply, usage=options is not None and options.include_usage)
    if isinstance(found, Task):
        chunks = Chunks(reply, "")
        return EventStream(_each([*chunks.opening(), *chunks.task(found)]))
    chunks = Chunks(reply, found.read, language_of(found.question))
    work = _ask(services, found, asked.k)
    return await streamed(
        request, services.questions, work, chunks.opening(), chunks.events, chunks.failed
    )


@router.post(
    "/v1/chat/ui",
    summary="Answer the last question of a conversation (AI SDK)",
    dependencies=[JSON_ONLY],
    responses=examples.ui_stream() | documented(*_CHAT_CODES),
)
async def ui(
    asked: Annotated[UiRequest, Body(openapi_examples=examples.UI)],
    request: Request,
    services: ServicesDep,
) -> Response:
    """The message stream of the AI SDK: what `useChat` posts to and reads, without a provider.

    `source-url` parts open the citations, `data-citation` parts are the citation objects.
    """
    found = asked_in_ui(asked)
    parts = UiParts(_reply(request, services, asked.citations, "msg", found))
    if isinstance(found, Task):
        return EventStream(_each([*parts.opening(), *parts.task(found)]), UI_HEADERS)
    work = _ask(services, found, asked.k)
    return await streamed(
        request, services.questions, work, parts.opening(), parts.events, parts.failed, UI_HEADERS
    )


def _reply(
    request: Request,
    services: Services,
    style: CitationStyle | None,
    prefix: str,
    found: Asked | Task,
) -> Reply:
    settings = services.settings
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if style is None and scheme.lower() == "bearer":
        style = settings.citations_by_key.get(key.strip())
    base = (settings.public_url or str(request.base_url)).rstrip("/")
    collection = found.collection if isinstance(found, Asked) else None
    return Reply(style or settings.citations, base, f"{prefix}-{uuid.uuid4().hex}", collection)


def _ask(services: Services, asked: Asked, k: int | None) -> Callable[[Tell], Answer]:
    given: dict[str, Any] = {"history": asked.history} if asked.history else {}
    given |= filtered(asked.where)

    def ask(tell: Tell) -> Answer:
        try:
            engine = chosen(services.engine, asked.collection)
        except UnknownCollection as error:
            if asked.model is None:
                raise
            raise _unknown(asked.model, "model") from error
        return engine.ask(asked.question, k, watch=tell, **given)

    return ask


async def _each(events: Iterable[bytes]) -> AsyncIterator[bytes]:
    for event in events:
        yield event
