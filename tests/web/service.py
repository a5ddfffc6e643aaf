"""A small service with the interface that the page calls, told by each test what to answer.

The page, its headers and its policy are the real ones; so is the socket.
"""

import asyncio
import hashlib
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import default
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.middleware import RequestContext
from api.routes.page import page_router
from rag.citations import utf16_offset
from rag.languages import language_of
from rag.types import document_url


def event(name, value):
    """One event of a stream, in bytes."""
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def stored(id, text, title=None, *, language=None, source=None, published=None, pages=()):
    """A document as GET /v1/documents/{id} gives it."""
    return {
        "id": id,
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "title": text.partition("\n")[0] if title is None else title,
        "source": id if source is None else source,
        "language": language or language_of(text),
        "media_type": "text/plain",
        "published": published,
        "pages": list(pages),
        "characters": len(text),
        "span": None,
    }


def cited(document, quote, words=None, n=1):
    """A citation of the first place where the quote stands in the document."""
    start = document["text"].index(quote)
    end = start + len(quote)
    answer_start = None if words is None else document["text"].index(words, start)
    return {
        "n": n,
        "document_id": document["id"],
        "document_sha256": document["sha256"],
        "title": document["title"],
        "source": document["source"],
        "published": document["published"],
        "quote": quote,
        "start": start,
        "end": end,
        "start_utf16": utf16_offset(document["text"], start),
        "end_utf16": utf16_offset(document["text"], end),
        "answer_start": answer_start,
        "answer_end": None if words is None else answer_start + len(words),
        "language": document["language"],
        "verified": True,
        "score": 0.9,
        "url": document_url(document["id"], start, end),
    }


def answered(question, text, citations, **given):
    """An answer object with citations."""
    return {
        "id": "ans_1",
        "question": question,
        "question_language": language_of(question),
        "status": "answered",
        "answer": text,
        "answer_language": language_of(text),
        "answer_kind": "extracted",
        "abstention": None,
        "confidence": 0.93,
        "citations": citations,
        "index": {"generation": "gen-000001", "fingerprint": "f"},
        "timings_ms": {"total": 12.0},
        "dropped_citations": 0,
    } | given


def abstained(question, code="not_in_sources", message="The articles do not say."):
    """An answer object without an answer."""
    nothing = {"status": "abstained", "answer": None, "answer_language": None, "answer_kind": None}
    reason = {"abstention": {"code": code, "message": message}, "confidence": 0.1}
    return answered(question, "", []) | nothing | reason


def error(status, code, message, param=None):
    """An error as the service tells it."""
    body = {"error": {"message": message, "type": "x", "param": param, "code": code}}
    return JSONResponse(body, status)


@dataclass
class Service:
    """What is answered, and what was asked."""

    documents: dict = field(default_factory=dict)
    collections: list | None = None
    own: str = "default"  # the collection that is meant where none is named
    passing: int = 1  # documents that pass any filter
    uploads: bool = True
    # Takes the body of a question; gives an answer object to stream, a list of byte chunks to
    # stream, or a Response. A chunk that is a threading.Event is waited for.
    on_ask: object = None
    on_upload: object = None
    asked: list = field(default_factory=list)
    uploaded: list = field(default_factory=list)
    address: str = ""

    def add(self, *documents):
        """Stores documents and gives the last."""
        for document in documents:
            self.documents[document["id"]] = document
        return documents[-1]

    async def reply(self, request):
        """The reply to a question."""
        body = await request.json()
        self.asked.append(body)
        made = self.on_ask(body)
        if isinstance(made, Response):
            return made
        if isinstance(made, dict):
            made = [event("done", made)]
        return StreamingResponse(_streamed(made), media_type="text/event-stream; charset=utf-8")

    async def take(self, request):
        """The reply to sent files."""
        files = _files(request.headers["content-type"], await request.body())
        self.uploaded.append(files)
        if self.on_upload is not None:
            return self.on_upload(files)
        results = [
            {"name": name, "document_id": name, "status": "added", "reason": None}
            for name, _ in files
        ]
        for name, content in files:
            self.add(stored(name, content.decode()))
        return JSONResponse({"results": results, "generation": "gen-000002"})

    def opened(self, id, start, end):
        """A document with the part asked for."""
        document = self.documents.get(id)
        if document is None:
            return error(404, "unknown_document", f"no document {id!r}", "id")
        return JSONResponse(document)


def _files(content_type, body):
    # The standard library reads multipart: the page is tested without the service's parser.
    header = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=default).parsebytes(header + body)
    parts = list(message.iter_parts())
    assert {part.get_param("name", header="content-disposition") for part in parts} <= {"file"}
    return [(part.get_filename(), part.get_payload(decode=True)) for part in parts]


async def _streamed(chunks):
    for chunk in chunks:
        if isinstance(chunk, threading.Event):
            await asyncio.to_thread(chunk.wait, 10)
            continue
        yield chunk
        await asyncio.sleep(0.01)  # each chunk goes out by itself


def _app(service):
    app = FastAPI(openapi_url=None)
    app.include_router(page_router())

    @app.post("/v1/ask")
    async def ask(request: Request):
        return await service.reply(request)

    @app.get("/v1/documents")
    async def documents(
        offset: int = 0,
        limit: int = 50,
        collection: str | None = None,
        where: Annotated[list[str], Query()] = (),
    ):
        listed = list(service.documents.values())[: service.passing if where else None]
        shown = [document | {"passages": 1} for document in listed[offset : offset + limit]]
        return JSONResponse(
            {"total": len(listed), "offset": offset, "limit": limit, "documents": shown}
        )

    @app.get("/v1/documents/{id:path}")
    async def document(id: str, start: int | None = None, end: int | None = None):
        return service.opened(id, start, end)

    @app.post("/v1/documents")
    async def upload(request: Request):
        if not service.uploads:
            return error(405, "method_not_allowed", "POST is not possible here")
        return await service.take(request)

    @app.get("/v1/collections")
    async def collections():
        if service.collections is None:
            return error(404, "not_found", "there is nothing at this address")
        return JSONResponse({"collections": service.collections, "default": service.own})

    @app.get("/openapi.json")
    async def described():
        return JSONResponse({"paths": {"/v1/documents": {"post": {}} if service.uploads else {}}})

    app.add_middleware(RequestContext)
    return app


@contextmanager
def listening(app, port=0):
    """The address of an app served by uvicorn in a thread."""
    config = uvicorn.Config(
        app, http="httptools", ws="none", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def running(port=0):
    """A service on a socket of its own."""
    service = Service()
    with listening(_app(service), port) as address:
        service.address = address
        yield service
