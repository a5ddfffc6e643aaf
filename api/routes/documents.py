"""GET /v1/documents and /v1/documents/{id}."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api import examples
from api.dependencies import ServicesDep, chosen, filtered, rendered
from api.errors import CHOICE_CODES, INDEX_CODES, documented
from api.schemas import DocumentBody, ListingBody, PageQuery, SpanQuery
from rag.citations import utf16_offset
from rag.engine import Engine
from rag.errors import InvalidParameter
from rag.output import document_to_dict, summary_to_dict
from rag.types import Document

router = APIRouter(tags=["documents"])


@router.get(
    "/v1/documents",
    summary="List documents",
    responses=examples.ok(ListingBody, examples.LISTINGS)
    | documented("invalid_request", "invalid_parameter", *CHOICE_CODES, *INDEX_CODES),
)
async def documents(page: Annotated[PageQuery, Query()], services: ServicesDep) -> Response:
    """The documents by id, without their text."""
    return rendered(await services.reads.run(partial(_listing, services.engine, page)))


@router.get(
    "/v1/documents/{id:path}",
    summary="Read a document",
    responses=examples.ok(DocumentBody, examples.DOCUMENTS)
    | documented(
        "invalid_request",
        "invalid_parameter",
        "unknown_document",
        "unknown_collection",
        "no_index",
        *INDEX_CODES,
    ),
)
async def document(
    id: Annotated[
        str,
        Path(
            description="The document's id, percent-encoded; slashes may stay as they are.",
            openapi_examples=examples.IDS,
        ),
    ],
    asked: Annotated[SpanQuery, Query()],
    services: ServicesDep,
) -> Response:
    """The stored text with its metadata, and the part from `start` to `end` where given."""
    return rendered(await services.reads.run(partial(_found, services.engine, id, asked)))


def span(document: Document, asked: SpanQuery) -> dict[str, Any] | None:
    """The part asked for, None where none was; raises InvalidParameter."""
    if asked.start is None and asked.end is None:
        return None
    if asked.start is None or asked.end is None:
        missing = "start" if asked.start is None else "end"
        raise InvalidParameter(
            f"{missing} is missing, start and end go together", parameter=missing
        )
    if asked.start >= asked.end:
        raise InvalidParameter(
            f"start is {asked.start}, expected less than end ({asked.end})", parameter="start"
        )
    if asked.end > len(document.text):
        raise InvalidParameter(
            f"end is {asked.end}, the document has {len(document.text)} characters",
            parameter="end",
        )
    return {
        "start": asked.start,
        "end": asked.end,
        "quote": document.text[asked.start : asked.end],
        "start_utf16": utf16_offset(document.text, asked.start),
        "end_utf16": utf16_offset(document.text, asked.end),
    }


def _found(engine: Engine, id: str, asked: SpanQuery) -> dict[str, Any]:
    engine = chosen(engine, asked.collection)
    found = engine.document(id)
    return document_to_dict(found, engine.groups()) | {"span": span(found, asked)}


def _listing(engine: Engine, page: PageQuery) -> dict[str, Any]:
    engine, only = chosen(engine, page.collection), filtered(page.where)
    listed = engine.documents(offset=page.offset, limit=page.limit, **only)
    groups = engine.groups()
    return {
        "total": engine.count_documents(**only),
        "offset": page.offset,
        "limit": page.limit,
        "documents": [summary_to_dict(summary, groups) for summary in listed],
    }
