"""PUT and DELETE /v1/documents/{id}, POST /v1/documents with files.

The generation with the write is open before the reply is sent, so whoever reads the reply and asks
is answered from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, File, Path, Query, Request, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import examples
from api.dependencies import JSON_ONLY, Services, ServicesDep, chosen, rendered
from api.errors import BODY_CODES, INDEX_CODES, documented
from api.schemas import CollectionQuery, DeletedBody, PutBody, PutRequest, UploadBody
from rag.engine import Engine
from rag.index.collection import Collection
from rag.index.collections import find
from rag.index.writer import Writer
from rag.ingest import direct
from rag.naming import check_name
from rag.types import Document

router = APIRouter(tags=["documents"])

_Id = Annotated[
    str,
    Path(
        description="The document's id, percent-encoded; slashes may stay as they are.",
        openapi_examples=examples.IDS,
    ),
]
_In = Annotated[CollectionQuery, Query()]


async def _from_here(request: Request) -> None:
    """Refuses what another site's page sends: forms need no preflight that would keep it out."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if (origin is not None and origin != own) or site not in ("none", "same-origin"):
        told = f"a page of {(origin or site)[:100]!r} may not write here"
        raise HTTPException(403, told, {"Connection": "close"})


async def _files_only(request: Request) -> None:
    """Refuses bodies that hold no files."""
    stated = request.headers.get("content-type", "")
    if stated.partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(
            415, f"Content-Type is {stated or 'missing'}, expected multipart/form-data"
        )


_FROM_HERE, _FILES_ONLY = Depends(_from_here), Depends(_files_only)


@router.put(
    "/v1/documents/{id:path}",
    summary="Store a document under an id of yours",
    dependencies=[_FROM_HERE, JSON_ONLY],
    responses=examples.ok(PutBody, examples.STORED)
    | documented(*BODY_CODES, "invalid_parameter", "cross_site", "locked", *INDEX_CODES),
)
async def put(
    id: _Id,
    sent: Annotated[PutRequest, Body(openapi_examples=examples.PUTS)],
    where: _In,
    services: ServicesDep,
) -> Response:
    """Adds the document, or puts it in the place of the one of that id; the same again is unchanged."""
    document = direct.document(
        id,
        sent.text,
        title=sent.title,
        source=sent.source,
        published=sent.published,
        language=sent.language,
        tags=sent.tags,
        metadata=sent.metadata,
    )
    result, generation = await _write(services, where, lambda writer: direct.put(writer, document))
    return rendered(asdict(result) | {"generation": generation})


@router.delete(
    "/v1/documents/{id:path}",
    summary="Remove a document",
    dependencies=[_FROM_HERE],
    responses=examples.ok(DeletedBody, examples.DELETED)
    | documented(
        "invalid_request",
        "invalid_parameter",
        "cross_site",
        "unknown_document",
        "unknown_collection",
        "no_index",
        "locked",
        *INDEX_CODES,
    ),
)
async def delete(id: _Id, where: _In, services: ServicesDep) -> Response:
    """Removes the document from everything that is answered from."""
    collection = await services.reads.run(partial(_holding, services.engine, where, id))
    _, generation = await services.writing.run(collection, lambda writer: writer.remove(id))
    return rendered({"document_id": id, "status": "removed", "generation": generation})


@router.post(
    "/v1/documents",
    summary="Store files",
    dependencies=[_FROM_HERE, _FILES_ONLY],
    responses=examples.ok(UploadBody, examples.UPLOADED)
    | documented(
        "invalid_form",
        *(code for code in BODY_CODES if code != "invalid_json"),
        "invalid_parameter",
        "cross_site",
        "locked",
        *INDEX_CODES,
    ),
)
async def upload(
    file: Annotated[list[UploadFile], File(description="One or more files, as `file` each.")],
    where: _In,
    services: ServicesDep,
) -> Response:
    """Reads the files as `sanad ingest` does and stores what is in them; their names become ids.

    A file that cannot be read is `failed` with the reason and keeps no other from being stored.
    """
    sent = [(one.filename or "", one.file) for one in file]
    found = await services.parsing.run(partial(direct.read, sent))
    if any(isinstance(item, Document) for _, item in found):
        results, generation = await _write(
            services, where, lambda writer: direct.add(writer, found)
        )
    else:
        results = [direct.refused(name, item) for name, item in found]
        generation = None
    return rendered({"results": [asdict(result) for result in results], "generation": generation})


async def _write(
    services: Services, where: CollectionQuery, work: Callable[[Writer], Any]
) -> tuple[Any, str]:
    engine = services.engine
    collection = await services.reads.run(partial(_to_write, engine, where))
    return await services.writing.run(collection, work, lambda: engine.embedder)


def _to_write(engine: Engine, where: CollectionQuery) -> Collection:
    """The collection, which the first write makes."""
    if where.collection is None:
        return engine.collection
    folder = engine.settings.indexes / check_name(where.collection)
    # A link could lead out of the folder of indexes.
    return find(folder.parent, folder.name) if folder.is_symlink() else Collection(folder)


def _holding(engine: Engine, where: CollectionQuery, id: str) -> Collection:
    """The collection, which holds the document; raises UnknownDocument before anything is locked."""
    chosen_engine = chosen(engine, where.collection)
    chosen_engine.document(id)
    return chosen_engine.collection
