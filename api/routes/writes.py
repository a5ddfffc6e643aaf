"""PUT and DELETE /v1/documents/{id}, POST /v1/documents with files.

One write after the other; the generation it makes is open before the reply is sent, so whoever
reads the reply and asks is answered from it.
"""

from __future__ import annotations

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
from rag.index.collections import check_name, find
from rag.ingest import direct
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
    return rendered(await services.writes.run(partial(_put, services, where, document)))


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
    return rendered(await services.writes.run(partial(_delete, services, where, id)))


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
    return rendered(await services.writes.run(partial(_upload, services, where, file)))


def _put(services: Services, where: CollectionQuery, document: Document) -> dict[str, Any]:
    collection = _to_write(services.engine, where.collection)
    result, generation = direct.put(collection, services.engine.embedder, document)
    _open(services.engine, where.collection)
    return asdict(result) | {"generation": generation}


def _upload(services: Services, where: CollectionQuery, files: list[UploadFile]) -> dict[str, Any]:
    collection = _to_write(services.engine, where.collection)
    sent = [(file.filename or "", file.file) for file in files]
    results, generation = direct.add_files(collection, services.engine.embedder, sent)
    if generation is not None:
        _open(services.engine, where.collection)
    return {"results": [asdict(result) for result in results], "generation": generation}


def _delete(services: Services, where: CollectionQuery, id: str) -> dict[str, Any]:
    engine = chosen(services.engine, where.collection)
    generation = direct.remove(engine.collection, id)
    engine.index()
    return {"document_id": id, "status": "removed", "generation": generation}


def _to_write(engine: Engine, name: str | None) -> Collection:
    """The collection, which the first write makes."""
    if name is None:
        return engine.collection
    folder = engine.settings.indexes / check_name(name)
    # A link could lead out of the folder of indexes.
    return find(engine.settings.indexes, name) if folder.is_symlink() else Collection(folder)


def _open(engine: Engine, name: str | None) -> None:
    """Opens the new generation, so that no question has to wait for it."""
    chosen(engine, name).index()
