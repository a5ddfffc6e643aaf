"""What routes are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.gate import Gate
from api.readiness import Readiness
from rag.engine import Engine
from rag.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one running app.

    ``reads`` is a gate of its own: a document opens while all ``questions`` workers think.
    """

    settings: Settings
    engine: Engine
    questions: Gate
    reads: Gate
    readiness: Readiness


# Coroutines although they wait for nothing: FastAPI would run plain functions in a thread each.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _json_only(request: Request) -> None:
    """Refuses bodies that are not JSON; the preflight this forces keeps other sites' pages out."""
    stated = request.headers.get("content-type", "")
    media_type = stated.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(
            415, f"Content-Type is {stated or 'missing'}, expected application/json"
        )


ServicesDep = Annotated[Services, Depends(_services)]
JSON_ONLY = Depends(_json_only)


def rendered(content: dict[str, Any], status: int = 200) -> Response:
    """The content as JSON, Arabic as itself; not validated again, which would take longer."""
    return Response(to_json(content), status, media_type="application/json")
