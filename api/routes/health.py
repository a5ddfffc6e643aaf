"""GET /livez and /readyz."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import ServicesDep, rendered
from api.errors import TOLD, error_body, error_response
from api.schemas import ErrorBody, StatusBody

router = APIRouter(tags=["health"])

_NOT_READY = "the models are being loaded; try again in a moment"


@router.get(
    "/livez",
    summary="Is the process alive?",
    responses={200: {"model": StatusBody, "description": "It is"}},
)
async def livez() -> Response:
    """Answers from memory alone."""
    return rendered({"status": "alive"})


@router.get(
    "/readyz",
    summary="Can questions be answered?",
    responses={
        200: {"model": StatusBody, "description": "They can"},
        503: {
            "model": ErrorBody,
            "description": "They cannot; `code` says why: starting, stopping, index_damaged, "
            "index_mismatch, model_damaged, configuration, missing_extra, internal",
            "content": {"application/json": {"example": error_body(503, "starting", _NOT_READY)}},
        },
    },
)
async def readyz(services: ServicesDep) -> Response:
    """Ready once the models are loaded and the index, where there is one, is open."""
    reason = services.readiness.reason
    if reason is None:
        return rendered({"status": "ready"})
    message = _NOT_READY if reason == "starting" else TOLD.get(reason, "the service is not ready")
    return error_response(503, reason, message)
