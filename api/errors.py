"""Every error as ``{"error": {"message", "type", "param", "code"}}``; mapped here and only here.

Errors of the caller keep their message. Errors of the installation are logged in full and told in
a fixed sentence, since theirs name files.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from api.schemas import ErrorBody
from rag import errors
from rag.errors import RagError, Unavailable, UsageError
from rag.languages import language_of
from rag.validation import reason

log = logging.getLogger(__name__)

LONGEST_MESSAGE = 600  # a caller's own input is repeated, but not a megabyte of it
LONGEST_PARAM = 100
RETRY_SECONDS = 1


class UnknownModel(UsageError):
    """A chat client names a model that is not served here."""

    code = "model_not_found"


STATUS: Mapping[type[RagError], int] = {
    UnknownModel: 404,
    errors.UsageError: 400,
    errors.InvalidFilter: 422,
    errors.UnknownDocument: 404,
    errors.UnknownCollection: 404,
    errors.ConfigurationError: 503,
    errors.NoDocuments: 400,
    errors.UnreadableDocument: 400,
    errors.IndexProblem: 503,
    errors.NoIndex: 404,
    errors.IndexLocked: 409,
    errors.ModelDamaged: 503,
    errors.Unavailable: 503,
}
_INTERNAL = "something went wrong in the service; its log has the details under this request's id"
TOLD: Mapping[str, str] = {
    "configuration": "the service is not set up correctly; its log has the details",
    "missing_extra": "the service lacks an optional package; its log has the details",
    "no_documents": "nothing that can be read was found",
    "unreadable_document": "the document could not be read",
    "index": "the index cannot be used; the service's log has the details",
    "no_index": "there are no documents yet; add some with: sanad ingest PATH",
    "index_damaged": "the index or a stored document is damaged; sanad verify says which, and what puts it right",
    "index_mismatch": "the index was built with other settings; the service's log has the details",
    "locked": "the collection is being written; try again when that has finished",
    "model_damaged": "a model's files are missing or damaged; the service's log has the details",
}
# What stands in the place of a hint that is for the command line.
_NEXT: Mapping[type[RagError], str] = {
    errors.UnknownDocument: "GET /v1/documents lists what is there",
    errors.UnknownCollection: "GET /v1/collections lists what is there",
}
_TYPES: Mapping[int, str] = {
    404: "not_found_error",
    409: "conflict_error",
    503: "unavailable_error",
}
CODES: Mapping[int, str] = {
    400: "invalid_json",
    403: "cross_site",
    404: "not_found",
    405: "method_not_allowed",
    408: "body_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
}


class Busy(Unavailable):
    """All workers are busy and as many questions wait as may."""

    code = "busy"


def status_of(kind: type[RagError]) -> int:
    """The HTTP status of an error class: its own or its nearest ancestor's."""
    return next((STATUS[parent] for parent in kind.__mro__ if parent in STATUS), 500)


def error_body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """The error as data; always encodable, whatever the caller sent."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {
        "error": {
            "message": _shown(message, LONGEST_MESSAGE),
            "type": kind,
            "param": None if param is None else _shown(param, LONGEST_PARAM),
            "code": code,
        }
    }


def error_response(
    status: int,
    code: str,
    message: str,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The error as a reply; 503 always says when to try again."""
    sent = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent.setdefault("Retry-After", str(RETRY_SECONDS))
    content = to_json(error_body(status, code, message, param))
    return Response(content, status, sent, media_type="application/json")


def internal_error() -> Response:
    """What is told of an error nobody foresaw: nothing but that it is in the log."""
    return error_response(500, "internal", _INTERNAL)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Makes the app answer every error it foresees in the one shape; ``routes`` are all it has."""
    app.exception_handler(RagError)(_rag_error)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(partial(_http_error, routes))


async def _rag_error(_request: Request, error: RagError) -> Response:
    status = status_of(type(error))
    return error_response(status, error.code, _told(error), error.parameter)


def _told(error: RagError) -> str:
    if isinstance(error, UsageError | Unavailable):
        hint = _NEXT.get(type(error), error.hint)
        mark = "؛" if language_of(hint[:1]) == "ar" else ";"  # an example may be in the other
        return f"{error.message}{mark} {hint}" if hint else error.message
    log.error("failed", extra={"code": error.code, "reason": str(error)})
    return TOLD.get(error.code, _INTERNAL)


def explained(error: Exception) -> dict[str, Any]:
    """What is told of an error where a reply has already begun; logs what is the service's own."""
    if isinstance(error, RagError):
        return error_body(status_of(type(error)), error.code, _told(error), error.parameter)
    log.error("internal", exc_info=error)
    return error_body(500, "internal", _INTERNAL)


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    place, names = first["loc"][0], [str(part) for part in first["loc"][1:]]
    if first["type"] == "json_invalid":
        why, at = first["ctx"]["error"], names[0]
        return error_response(400, "invalid_json", f"the body is not JSON: {why} at {at}")
    param = ".".join(names) or None
    if first["type"] == "extra_forbidden":
        message = f"{param!r} is not a known {'field' if place == 'body' else 'parameter'}"
    elif param is None and first["type"] == "missing":
        message = "the body is empty, expected a JSON object; see /docs for the fields"
    elif param is None:
        message = "the body is not a JSON object with text for names; see /docs for the fields"
    elif "UploadFile" in first["msg"]:
        param = names[0]
        message = f"{param!r} is text, expected a file; with curl: -F {param}=@article.pdf"
    else:
        message = f"{param!r}{':' * (first['type'] == 'value_error')} {reason(first)}"
    return error_response(400, "invalid_request", message, param)


async def _http_error(
    routes: Sequence[BaseRoute], request: Request, error: HTTPException
) -> Response:
    path, status, headers = request.url.path, error.status_code, dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(routes, request) or headers["Allow"]
    allowed = headers.get("Allow")
    messages = {
        # FastAPI says 400 where the bytes are no UTF-8, nest too deeply or hold endless numbers.
        400: "the body cannot be read as JSON in UTF-8",
        404: f"there is nothing at {path!r}; what there is stands at /docs",
        405: f"{request.method} is not possible at {path!r}, expected {allowed}; see /docs",
    }
    code = CODES.get(status, "error")
    if status == HTTPStatus.BAD_REQUEST and "multipart" in request.headers.get("content-type", ""):
        code, messages[400] = "invalid_form", f"the body cannot be read as a form: {error.detail}"
    return error_response(status, code, messages.get(status, error.detail), None, headers)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """The methods of every route at the path, while Starlette names those of the first."""
    methods = {
        method
        for route in routes
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _shown(text: str, most: int) -> str:
    """The text cut to a length, with lone surrogates escaped: they have no UTF-8 form."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class _Documented:
    status: int
    message: str
    param: str | None = None


# What OpenAPI shows of each code; the routes name the codes that they can answer with.
DOCUMENTED: Mapping[str, _Documented] = {
    "invalid_json": _Documented(400, "the body is not JSON: Expecting value at 0"),
    "invalid_request": _Documented(400, "'qestion' is not a known field", "qestion"),
    "invalid_question": _Documented(400, "the question is empty", "question"),
    "invalid_parameter": _Documented(400, "k is 0, expected a whole number from 1 to 50", "k"),
    "invalid_filter": _Documented(
        422,
        "filter 'published>=soon': expected a day, month or year as in 2025-01-31, 2025-01 or 2025",
        "where",
    ),
    "unknown_collection": _Documented(
        404, "no collection 'news'; GET /v1/collections lists what is there", "collection"
    ),
    "unknown_document": _Documented(
        404, "no document 'a.txt'; GET /v1/documents lists what is there", "id"
    ),
    "model_not_found": _Documented(404, "no model 'gpt-4', expected 'sanad'", "model"),
    "no_index": _Documented(404, TOLD["no_index"]),
    "body_timeout": _Documented(408, "the body did not arrive within 10 seconds; send it again"),
    "body_too_large": _Documented(413, "the body is larger than 1048576 bytes; send it in parts"),
    "unsupported_media_type": _Documented(
        415, "Content-Type is text/plain, expected application/json"
    ),
    "invalid_form": _Documented(400, "the body cannot be read as a form: Missing boundary"),
    "cross_site": _Documented(403, "a page of 'https://example.org' may not write here"),
    "locked": _Documented(409, TOLD["locked"]),
    "busy": _Documented(503, "all workers are busy; try again in a moment"),
    "index_damaged": _Documented(503, TOLD["index_damaged"]),
    "index_mismatch": _Documented(503, TOLD["index_mismatch"]),
    "model_damaged": _Documented(503, TOLD["model_damaged"]),
    "internal": _Documented(500, _INTERNAL),
}
BODY_CODES = (
    "invalid_json",
    "invalid_request",
    "body_timeout",
    "body_too_large",
    "unsupported_media_type",
)
CHOICE_CODES = ("invalid_filter", "unknown_collection")
INDEX_CODES = ("busy", "index_damaged", "index_mismatch", "model_damaged", "internal")


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of these codes, each with an example."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        about = DOCUMENTED[code]
        response = found.setdefault(
            about.status,
            {
                "model": ErrorBody,
                "description": HTTPStatus(about.status).phrase,
                "content": {"application/json": {"examples": {}}},
            },
        )
        response["content"]["application/json"]["examples"][code] = {
            "value": error_body(about.status, code, about.message, about.param)
        }
        if about.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response["headers"] = {
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            }
    # Naming the default keeps FastAPI from documenting a 422 that is never sent.
    return found | {"default": {"model": ErrorBody, "description": "Any other error"}}
