"""Whether questions can be answered now, known without asking the disk."""

from __future__ import annotations

import asyncio
import logging

from rag.engine import Engine
from rag.errors import RagError

log = logging.getLogger(__name__)

RECHECK_SECONDS = 5.0


class Readiness:
    """``reason`` is the code of what is in the way, None when ready."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.reason: str | None = "starting"

    async def watch(self) -> None:
        """Warms the engine, then looks again for ever: a rebuilt index needs no restart."""
        while True:
            await self.check()
            await asyncio.sleep(RECHECK_SECONDS)

    async def check(self) -> None:
        """Warms the engine in a thread; where it is warm this only looks for a newer generation."""
        before, reason, told = self.reason, None, ""
        try:
            await asyncio.to_thread(self._engine.warm)
        except RagError as error:
            reason, told = error.code, str(error)
        except Exception:  # the watch must outlive whatever it finds
            reason = "internal"
            if before != reason:
                log.exception("not_ready", extra={"code": reason})
        self.reason = reason
        if reason is None and before is not None:
            log.info("ready")
        elif told and reason != before:
            log.error("not_ready", extra={"code": reason, "reason": told})
