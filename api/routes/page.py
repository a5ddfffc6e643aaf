"""``/``: the web page, and the files it is made of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

_STATIC = Path(__file__).parent.parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# Text of documents is only ever text; should a mistake make markup of it, nothing runs or loads.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


def page_router() -> APIRouter:
    """``/`` and ``/page/…``; the files are read once, when the app is built."""
    paths = [*(_STATIC / "page").iterdir(), *(_STATIC / "fonts").iterdir()]
    files = {path.name: _read(path) for path in paths if path.suffix in _TYPES}
    index = files.pop("index.html")
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page(request: Request) -> Response:
        return _reply(index, request)

    @router.get("/page/{name}")
    async def part(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(404)
        return _reply(files[name], request)

    return router


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _reply(file: _File, request: Request) -> Response:
    # no-cache: kept, but asked for each time, so that the files of two versions never mix.
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-cache",
        "ETag": file.etag,
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)
