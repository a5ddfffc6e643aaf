"""POST /v1/search."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import Response

from api import examples
from api.dependencies import JSON_ONLY, ServicesDep, chosen, filtered, linked, rendered
from api.errors import BODY_CODES, CHOICE_CODES, INDEX_CODES, documented
from api.schemas import SearchBody, SearchRequest
from rag.engine import Engine
from rag.output import hit_to_dict

router = APIRouter(tags=["questions"])


@router.post(
    "/v1/search",
    summary="Find passages",
    dependencies=[JSON_ONLY],
    responses=examples.ok(SearchBody, examples.FOUND)
    | documented(*BODY_CODES, "invalid_question", "invalid_parameter", *CHOICE_CODES, *INDEX_CODES),
)
async def search(
    asked: Annotated[SearchRequest, Body(openapi_examples=examples.SEARCH)], services: ServicesDep
) -> Response:
    """The passages nearest to the question, best first, without an answer."""
    passages = await services.questions.run(partial(_passages, services.engine, asked))
    return rendered({"question": asked.question, "passages": passages})


def _passages(engine: Engine, asked: SearchRequest) -> list[dict[str, Any]]:
    found = chosen(engine, asked.collection).search(
        asked.question, asked.k, **filtered(asked.where)
    )
    return linked([hit_to_dict(passage, hit) for passage, hit in found], asked.collection)
