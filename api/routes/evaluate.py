"""POST /v1/evaluate."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from api import examples
from api.dependencies import JSON_ONLY, ServicesDep, rendered
from api.errors import BODY_CODES, INDEX_CODES, documented
from api.evaluation import EVALUATE, EVALUATED, EvaluateRequest, EvaluationBody, measured

router = APIRouter(tags=["evaluation"])


@router.post(
    "/v1/evaluate",
    summary="Measure answers against facts",
    dependencies=[JSON_ONLY],
    responses=examples.ok(EvaluationBody, EVALUATED)
    | documented(*BODY_CODES, "invalid_question", "invalid_parameter", *INDEX_CODES),
)
async def evaluate(
    asked: Annotated[EvaluateRequest, Body(openapi_examples=EVALUATE)], services: ServicesDep
) -> Response:
    """The figures `sanad evaluate` gives, of this service's collection, with 95 % intervals."""
    return rendered(await services.questions.run(partial(measured, services.engine, asked)))
