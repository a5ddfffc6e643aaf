"""POST /v1/ask."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import Response

from api import examples
from api.dependencies import JSON_ONLY, ServicesDep, chosen, filtered, linked, rendered
from api.errors import BODY_CODES, CHOICE_CODES, INDEX_CODES, documented
from api.schemas import AnswerBody, AskRequest
from rag.engine import Engine
from rag.output import answer_to_dict

router = APIRouter(tags=["questions"])


@router.post(
    "/v1/ask",
    summary="Answer a question with citations",
    dependencies=[JSON_ONLY],
    responses=examples.ok(AnswerBody, examples.ANSWERS)
    | documented(*BODY_CODES, "invalid_question", "invalid_parameter", *CHOICE_CODES, *INDEX_CODES),
)
async def ask(
    asked: Annotated[AskRequest, Body(openapi_examples=examples.ASK)], services: ServicesDep
) -> Response:
    """The answer with the sentences it rests on, or the reason why there is none."""
    return rendered(await services.questions.run(partial(_answer, services.engine, asked)))


def _answer(engine: Engine, asked: AskRequest) -> dict[str, Any]:
    given: dict[str, Any] = {} if asked.language is None else {"language": asked.language}
    content = answer_to_dict(
        chosen(engine, asked.collection).ask(
            asked.question, asked.k, **given, **filtered(asked.where)
        )
    )
    return {**content, "citations": linked(content["citations"], asked.collection)}
