"""What routes are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.gate import Gate
from api.readiness import Readiness
from api.writing import Writing
from rag.engine import Engine
from rag.naming import within
from rag.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one running app.

    ``reads`` is a gate of its own: a document opens while all ``questions`` workers think.
    ``parsing`` reads files that were sent, ``writing`` is the one writer of this process.
    """

    settings: Settings
    engine: Engine
    questions: Gate
    reads: Gate
    parsing: Gate
    writing: Writing
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


def chosen(engine: Engine, collection: str | None) -> Engine:
    """The engine of the collection a request names; raises UnknownCollection."""
    return engine if collection is None else engine.for_collection(collection)


def filtered(where: Sequence[str]) -> dict[str, Any]:
    """The arguments that restrict a search; none where nothing restricts it."""
    return {"where": tuple(where)} if where else {}


def linked(items: Sequence[dict[str, Any]], collection: str | None) -> list[dict[str, Any]]:
    """Citations or passages whose addresses open them in the collection they are from."""
    return [{**item, "url": within(item["url"], collection)} for item in items]
