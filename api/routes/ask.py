"""POST /v1/ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from api import examples
from api.asking import Reached, Tell, answered, event, streamed
from api.dependencies import JSON_ONLY, Services, ServicesDep, chosen, filtered, linked, rendered
from api.errors import BODY_CODES, CHOICE_CODES, INDEX_CODES, documented
from api.schemas import AnswerBody, AskRequest
from rag.conversation import Turn
from rag.engine import Engine
from rag.errors import NoIndex, UnknownDocument
from rag.output import answer_to_dict
from rag.types import Answer, Hit, Passage, Stage

router = APIRouter(tags=["questions"])


@router.post(
    "/v1/ask",
    summary="Answer a question with citations",
    dependencies=[JSON_ONLY],
    responses=examples.asked(AnswerBody)
    | documented(*BODY_CODES, "invalid_question", "invalid_parameter", *CHOICE_CODES, *INDEX_CODES),
)
async def ask(
    asked: Annotated[AskRequest, Body(openapi_examples=examples.ASK)],
    request: Request,
    services: ServicesDep,
) -> Response:
    """The answer with the sentences it rests on, or the reason why there is none."""
    work = _work(services, asked)
    if asked.stream:
        told = partial(events, collection=asked.collection)
        return await streamed(request, services.questions, work, (), told, failed)
    answer = await answered(request, services.questions, work)
    return rendered(_content(answer, asked.collection))


def _content(answer: Answer, collection: str | None) -> dict[str, Any]:
    content = answer_to_dict(answer)
    return {**content, "citations": linked(content["citations"], collection)}


def events(news: Reached | Answer, collection: str | None = None) -> Sequence[bytes]:
    """The events of a stage, or of the answer."""
    if isinstance(news, Reached):
        passages = [event(passage, "passage") for passage in news.passages]
        return [event({"stage": news.stage}, "status"), *passages]
    delta = [event({"delta": news.answer}, "answer")] if news.answer else []
    content = _content(news, collection)
    citations = [event(cited, "citation") for cited in content["citations"]]
    return [*delta, *citations, event(content, "done")]


def failed(error: dict[str, Any]) -> Sequence[bytes]:
    """The event of an error in the middle."""
    return [event(error, "error")]


def _work(services: Services, asked: AskRequest) -> Callable[[Tell], Answer]:
    given: dict[str, Any] = {} if asked.language is None else {"language": asked.language}
    given |= filtered(asked.where)
    if asked.history:
        given["history"] = [Turn(turn.role, turn.content) for turn in asked.history]

    def work(tell: Tell) -> Answer:
        engine = chosen(services.engine, asked.collection)

        def watch(stage: Stage, hits: Sequence[tuple[Passage, Hit]]) -> None:
            shown = hits if asked.stream else ()
            tell(stage, [_passage(engine, passage, hit) for passage, hit in shown])

        return engine.ask(asked.question, asked.k, watch=watch, **given)

    return work


def _passage(engine: Engine, passage: Passage, hit: Hit) -> dict[str, Any]:
    return {
        "document_id": passage.document_id,
        "title": _title(engine, passage.document_id),
        "start": passage.start,
        "end": passage.end,
        "score": hit.score,
    }


def _title(engine: Engine, id: str) -> str:
    try:
        return engine.document(id).title
    except (NoIndex, UnknownDocument):  # deleted since; the passage is of the generation before
        return id
