import asyncio
import json
import logging
import time

import pytest

from api.gate import Gate
from api.logs import JsonLines
from rag.errors import IndexDamaged, IndexMismatch, ModelDamaged
from tests.api.fakes import QUESTIONS, opened

pytestmark = pytest.mark.anyio


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - threads set what is waited for
            await asyncio.sleep(0.005)


async def test_alive_before_ready(engine):
    async with opened(engine) as client:
        services = client._transport.app.state.services
        services.readiness.reason = "starting"
        reply = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "starting")
    assert reply.headers["retry-after"]


@pytest.mark.parametrize("kind", [IndexDamaged, IndexMismatch, ModelDamaged, ZeroDivisionError])
async def test_readiness_names_what_is_in_the_way_and_recovers(engine, kind):
    engine.warm_error = kind("/srv/secret")
    async with opened(engine) as client:
        reply = await client.get("/readyz")
        assert reply.status_code == 503
        assert reply.json()["error"]["code"] == getattr(kind, "code", "internal")
        assert "/srv" not in reply.text
        engine.warm_error = None
        await client._transport.app.state.services.readiness.check()
        assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_the_loop_is_free_while_questions_are_answered(engine):
    engine.release.clear()
    async with opened(engine, workers=2, queue=2) as client:
        waiting = [
            asyncio.create_task(client.post("/v1/ask", json={"question": QUESTIONS[language]}))
            for language in ("ar", "en", "ar", "en")
        ]
        await until(lambda: len(engine.asked) == 2)
        began = time.perf_counter()
        for _ in range(20):
            assert (await client.get("/livez")).status_code == 200
        assert time.perf_counter() - began < 2
        # Documents can still be opened, and what does not fit the queue is sent away at once.
        assert (await client.get("/v1/documents")).status_code == 200
        reply = await client.post("/v1/search", json={"question": "من؟"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "busy")
        assert int(reply.headers["retry-after"]) > 0
        assert len(engine.asked) == 2
        engine.release.set()
        assert [reply.status_code for reply in await asyncio.gather(*waiting)] == [200] * 4
        assert (await client.post("/v1/ask", json={"question": "من؟"})).status_code == 200


async def test_a_call_nobody_waits_for_keeps_its_place_until_its_thread_is_free(engine):
    engine.release.clear()
    gate = Gate("test", workers=1, queue=0)
    task = asyncio.create_task(gate.run(lambda: engine.ask("who?")))
    await until(lambda: engine.asked)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate._inside == 1
    engine.release.set()
    await until(lambda: gate._inside == 0)
    assert await gate.run(lambda: 7) == 7
    gate.close()


async def test_one_log_line_a_request_without_the_words_of_the_question(client, caplog):
    caplog.set_level(logging.INFO)
    await client.post("/v1/ask", json={"question": QUESTIONS["ar"]}, headers={"X-Request-ID": "r1"})
    await client.get("/v1/documents/plain.txt?start=0&end=3")
    await client.get("/nowhere/secret")
    records = [record for record in caplog.records if record.name == "api.access"]
    assert [(r.route, r.method, r.status) for r in records] == [
        ("/v1/ask", "POST", 200),
        ("/v1/documents/{id:path}", "GET", 200),
        (None, "GET", 404),
    ]
    assert QUESTIONS["ar"] not in caplog.text
    assert "plain.txt" not in str([record.__dict__ for record in records])


def test_a_log_line_is_one_line_of_json():
    record = logging.makeLogRecord({"msg": "a\nb\x1b[0m", "levelname": "INFO", "code": "سطر\n"})
    text = JsonLines().format(record)
    assert text.isascii()
    assert "\n" not in text
    line = json.loads(text)
    assert set(line) == {"ts", "level", "event", "request_id", "code"}
    assert (line["event"], line["code"], line["level"]) == ("a\nb\x1b[0m", "سطر\n", "info")
