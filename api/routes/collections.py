"""GET /v1/collections."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from api import examples
from api.dependencies import ServicesDep, rendered
from api.errors import INDEX_CODES, documented
from api.schemas import CollectionsBody

router = APIRouter(tags=["documents"])


@router.get(
    "/v1/collections",
    summary="List collections",
    responses=examples.ok(CollectionsBody, examples.COLLECTIONS) | documented(*INDEX_CODES),
)
async def collections(services: ServicesDep) -> Response:
    """The collections that `collection` may name, with what they hold."""
    found = await services.reads.run(services.engine.collections)
    own = services.settings.collection
    return rendered({"collections": [asdict(one) for one in found], "default": own})
