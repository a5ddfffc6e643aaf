"""The OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute


def with_whole_examples(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Makes ``app.openapi`` show the examples of replies as they were written.

    FastAPI leaves every null out of its document, those inside examples too; a reader would take
    a field that is always sent for one that may be missing.
    """
    written = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = written()
            for route in (route for router in routers for route in router.routes):
                if isinstance(route, APIRoute) and route.include_in_schema:
                    _restore(schema, route)
        return written()

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it


def _restore(schema: dict[str, Any], route: APIRoute) -> None:
    for method in route.methods or ():
        shown = schema["paths"][route.path_format][method.lower()]["responses"]
        for status, response in route.responses.items():
            for media_type, content in response.get("content", {}).items():
                shown[str(status)]["content"][media_type] |= content
