"""A small engine with the methods of rag.engine.Engine, and ways to serve it."""

import hashlib
import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager

import httpx
import uvicorn

from api.app import create_app
from api.server import configuration
from rag.citations import utf16_offset
from rag.errors import NoIndex, UnknownCollection, UnknownDocument
from rag.index.collections import CollectionSummary
from rag.languages import language_of
from rag.messages import abstention
from rag.settings import Settings
from rag.types import Answer, Citation, Document, DocumentSummary, Hit, IndexState, Passage

TEXTS = {
    "أخبار/أسرى #1؟.txt": "تبادل الأسرى 🕊\nتسعى كييف إلى إطلاق سراح 1200 أوكراني.",
    "news/50% off? #1.txt": "Exchange 🕊\nKyiv seeks to free 1,200 Ukrainians.",
    "plain.txt": "Nothing much.",
}
QUESTIONS = {"ar": "كم أوكرانيًّا تسعى كييف إلى إطلاق سراحهم؟", "en": "How many will Kyiv free?"}


class FakeEngine:
    """Quotes the second line of the document in the question's language; keeps what it was asked."""

    def __init__(self, settings=None, *, empty=False):
        self.settings = settings or Settings()
        self.asked = []
        self.others = {}  # engines of other collections, by name
        self.finished = 0
        self.warm_error = None
        self.ask_error = None
        self.release = threading.Event()  # what ask waits for while it is held
        self.release.set()
        self.stored = {} if empty else {id: _document(id, text) for id, text in TEXTS.items()}

    def warm(self):
        if self.warm_error:
            raise self.warm_error

    def ask(self, question, k=None, *, watch=lambda *_: None, **given):
        self.asked.append((question, k, given))
        watch("retrieving", ())
        assert self.release.wait(10)
        watch("reading", self._found(2))
        watch("answering", ())
        if self.ask_error:
            raise self.ask_error
        self.finished += 1
        language = language_of(question)
        state = IndexState(generation="g1", fingerprint="f1")
        common = {
            "id": "ans_1",
            "question": question,
            "question_language": language,
            "index": state,
        }
        if not self.stored:
            return Answer(
                **common,
                status="abstained",
                answer=None,
                answer_language=None,
                answer_kind=None,
                abstention=abstention("no_documents", language),
                confidence=0.0,
                citations=(),
            )
        cited = _citation(next(d for d in self.stored.values() if d.language == language))
        return Answer(
            **common,
            status="answered",
            answer=cited.quote,
            answer_language=language,
            answer_kind="extracted",
            abstention=None,
            confidence=0.9,
            citations=(cited,),
            timings_ms={"total": 1.0},
        )

    def for_collection(self, name):
        if name not in self.others:
            raise UnknownCollection(f"no collection {name!r}", parameter="collection")
        return self.others[name]

    def collections(self):
        engines = {"default": self, **self.others}
        return [
            CollectionSummary(
                name=name,
                documents=len(engine.stored),
                passages=3,
                embedder="fake",
                generation="g1",
            )
            for name, engine in sorted(engines.items())
        ]

    def search(self, question, k=None, **given):
        self.asked.append((question, k, given))
        return self._found(k)

    def _found(self, k):
        passages = [
            Passage(
                id=f"{document.id}#0-5",
                document_id=document.id,
                start=0,
                end=5,
                text=document.text[:5],
                language=document.language,
            )
            for document in self.stored.values()
        ]
        return [
            (
                passage,
                Hit(passage_id=passage.id, score=1.0 - rank / 10, rank=rank, retriever="fused"),
            )
            for rank, passage in enumerate(passages[: k or 8])
        ]

    def documents(self, *, offset=0, limit=None, where=()):
        self.listed_where = where
        listed = sorted(self.stored)[offset : None if limit is None else offset + limit]
        return [_summary(self.stored[id]) for id in listed]

    def count_documents(self, *, where=()):
        return len(self.stored)

    def groups(self):
        return {}

    def document(self, id):
        if not self.stored:
            raise NoIndex("no index in '/srv/secret/indexes'", hint="sanad ingest PATH")
        if id not in self.stored:
            raise UnknownDocument(f"no document {id!r}", parameter="id")
        return self.stored[id]


def _document(id, text):
    return Document(
        id=id,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=text.partition("\n")[0],
        source=id,
        language=language_of(text),
        origin=f"/srv/secret/{id}",
    )


def _summary(document):
    shared = ("id", "sha256", "title", "source", "language", "media_type", "published")
    values = {name: getattr(document, name) for name in shared}
    return DocumentSummary(**values, characters=len(document.text), passages=1)


def _citation(document):
    start, end = document.text.index("\n") + 1, len(document.text)
    return Citation(
        n=1,
        document_id=document.id,
        document_sha256=document.sha256,
        title=document.title,
        source=document.source,
        published=None,
        quote=document.text[start:end],
        start=start,
        end=end,
        start_utf16=utf16_offset(document.text, start),
        end_utf16=utf16_offset(document.text, end),
        answer_start=None,
        answer_end=None,
        language=document.language,
        verified=True,
        score=0.9,
    )


@asynccontextmanager
async def opened(engine, **settings):
    """A client of the app inside its lifespan, ready unless the engine cannot be warmed."""
    app = create_app(Settings(**settings), engine)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        await app.state.services.readiness.check()
        yield client


@contextmanager
def served(engine, **settings):
    """The address of the app on a real socket, served by uvicorn in a thread."""
    server = uvicorn.Server(configuration(create_app(Settings(**settings), engine)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def until_ready(address):
    """Waits for /readyz; the bound is for slow machines."""
    deadline = time.monotonic() + 60
    while (reply := httpx.get(f"{address}/readyz", trust_env=False)).status_code != 200:
        assert time.monotonic() < deadline, reply.text
        time.sleep(0.05)
