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
from api.dependencies import JSON_ONLY, Services, ServicesDep, rendered
from api.errors import BODY_CODES, INDEX_CODES, documented
from api.schemas import CollectionQuery, DeletedBody, PutBody, PutRequest, UploadBody
from rag.index.collection import Collection
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
    )
    return rendered(await services.writes.run(partial(_put, services, where, document)))


@router.delete(
    "/v1/documents/{id:path}",
    summary="Remove a document",
    dependencies=[_FROM_HERE],
    responses=examples.ok(DeletedBody, examples.DELETED)
    | documented(
        "invalid_request", "cross_site", "unknown_document", "no_index", "locked", *INDEX_CODES
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
    collection = _collection(services, where)
    result, generation = direct.put(collection, services.engine.embedder, document)
    _open(services, collection)
    return asdict(result) | {"generation": generation}


def _upload(services: Services, where: CollectionQuery, files: list[UploadFile]) -> dict[str, Any]:
    collection = _collection(services, where)
    sent = [(file.filename or "", file.file) for file in files]
    results, generation = direct.add_files(collection, services.engine.embedder, sent)
    _open(services, collection)
    return {"results": [asdict(result) for result in results], "generation": generation}


def _delete(services: Services, where: CollectionQuery, id: str) -> dict[str, Any]:
    collection = _collection(services, where)
    generation = direct.remove(collection, id)
    _open(services, collection)
    return {"document_id": id, "status": "removed", "generation": generation}


def _collection(services: Services, where: CollectionQuery) -> Collection:
    served = services.engine.collection
    if where.collection is None or where.collection == served.folder.name:
        return served
    return Collection(served.folder.parent / where.collection)


def _open(services: Services, collection: Collection) -> None:
    """Opens the new generation, so that no question has to wait for it."""
    if collection is services.engine.collection and collection.latest_sequence() is not None:
        services.engine.index()
