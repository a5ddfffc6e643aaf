"""Settings in, an app out; nothing is built at import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import FastAPI

from api import errors
from api.dependencies import Services
from api.docs import docs_router
from api.gate import Gate
from api.middleware import BodyLimit, Heads, RequestContext
from api.openapi import with_whole_examples
from api.readiness import Readiness
from api.routes import ask, chat, collections, documents, evaluate, health, search, writes
from api.routes.page import page_router
from api.writing import Writing
from rag import __version__
from rag.engine import Engine
from rag.index.collection import Collection
from rag.settings import Settings

_ABOUT = """\
Questions in Arabic or English, answered from your articles with verified citations.

أسئلة بالعربية أو الإنجليزية، تُجاب من مقالاتك مع اقتباسات مُتحقَّق منها.

Every error has the same shape, `{"error": {"message", "type", "param", "code"}}`, with a stable
`code`. A request's `X-Request-ID` (letters, digits, `.`, `_`, `-`, at most 64) is sent back;
where it is missing one is made.
"""


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The service over one engine, by default the engine of these settings."""
    served = Engine(settings) if engine is None else engine

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        writes = Gate("writes", workers=1, queue=settings.queue)
        services = Services(
            settings=settings,
            engine=served,
            questions=Gate("questions", workers=settings.workers, queue=settings.queue),
            reads=Gate("reads", workers=settings.workers, queue=settings.queue),
            parsing=Gate("parsing", workers=2, queue=settings.queue),
            writing=Writing(writes, partial(_open, served)),
            readiness=Readiness(served),
        )
        app.state.services = services
        # The port opens at once; /readyz tells when the models are loaded.
        watch = asyncio.create_task(services.readiness.watch())
        try:
            yield
        finally:
            services.readiness.reason = "stopping"
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            services.questions.close()
            services.reads.close()
            services.parsing.close()
            writes.close()

    app = FastAPI(
        title="Sanad",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = (
        ask.router,
        chat.router,
        search.router,
        documents.router,
        writes.router,
        collections.router,
        evaluate.router,
        health.router,
        docs_router(),
        page_router(),
    )
    for router in routers:
        app.include_router(router)
    errors.install(app, [route for router in routers for route in router.routes])
    with_whole_examples(app, routers)
    app.add_middleware(BodyLimit)
    app.add_middleware(Heads)
    app.add_middleware(RequestContext)  # the last added is the outermost
    return app


def _open(engine: Engine, collection: Collection) -> None:
    """Opens what was just published, so that no question has to wait for it."""
    engine.for_collection(collection.folder.name).index()
