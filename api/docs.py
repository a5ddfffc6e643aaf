"""The documentation page: Swagger UI from an installed package, nothing from the network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from rag.errors import ConfigurationError

_OWN = Path(__file__).parent / "static"
# Swagger UI writes style attributes; scripts come from files only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_ASSETS = {
    "docs.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


def docs_router() -> APIRouter:
    """``/docs`` and its files; raises ConfigurationError where Swagger UI is not installed."""
    # The package is only a holder of files: it is found, not imported.
    spec = find_spec("fastapi_offline")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError("fastapi-offline is not installed", hint="reinstall sanad")
    shipped = Path(spec.submodule_search_locations[0]) / "static"
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def page() -> Response:
        return FileResponse(
            _OWN / "docs.html",
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": _POLICY},
        )

    @router.get("/docs/{name}")
    async def asset(name: str) -> Response:
        if name not in _ASSETS:
            raise HTTPException(404)
        folder = _OWN if name == "docs.js" else shipped
        return FileResponse(
            folder / name, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=3600"}
        )

    return router
