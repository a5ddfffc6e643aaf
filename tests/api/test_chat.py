"""OpenAI's chat completions as frontends use them, on a small engine."""

import asyncio
import json
import logging
import re
from urllib.parse import parse_qsl, quote, urlencode

import httpx
import pytest

from api.openai.schemas import CompletionBody, ModelsBody
from rag.conversation import Turn
from rag.errors import IndexDamaged
from tests.api.fakes import QUESTIONS, FakeEngine, opened, served, until_ready
from tests.api.test_health import until

pytestmark = pytest.mark.anyio
URL = "/v1/chat/completions"
MARK = re.compile(r"\[(\d+)\]", re.ASCII)
LANGUAGES = ("ar", "en")


def chat(question, *earlier, **more):
    roles = ("user", "assistant")
    said = [*earlier, question]
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
    return {"model": "sanad", "messages": messages} | more


def events(text):
    """The data of a stream, with [DONE] as None."""
    blocks = text.split("\n\n")
    assert blocks.pop() == ""
    found = [block.removeprefix("data: ") for block in blocks]
    return [None if data == "[DONE]" else json.loads(data) for data in found]


async def streamed(client, body):
    reply = await client.post(URL, json=body | {"stream": True})
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["x-accel-buffering"] == "no"
    return events(reply.text)


def content_of(chunks):
    deltas = [choice["delta"] for chunk in chunks if chunk for choice in chunk.get("choices", [])]
    return "".join(delta.get("content", "") for delta in deltas)


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
async def test_there_is_one_model(client, path):
    listed = (await client.get(path)).json()
    assert listed["object"] == "list"
    (model,) = listed["data"]
    assert (model["id"], model["object"], model["owned_by"]) == ("sanad", "model", "sanad")
    assert isinstance(model["created"], int)
    assert (await client.get(f"{path}/sanad")).json() == model
    reply = await client.get(f"{path}/gpt-4")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("path", [URL, "/chat/completions"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_reply_is_what_clients_parse(client, path, language):
    reply = await client.post(path, json=chat(QUESTIONS[language]))
    assert reply.status_code == 200
    content = reply.json()
    assert CompletionBody.model_validate(content, strict=True).model_dump() == content
    (choice,) = content["choices"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    message = choice["message"]
    cited = content["sanad"]["citations"]
    assert cited[0]["quote"] in message["content"]
    assert [int(n) for n in MARK.findall(message["content"])] == [1]
    used = content["usage"]
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]
    assert min(used.values()) > 0


@pytest.mark.parametrize("language", LANGUAGES)
async def test_annotations_stand_on_the_marks_and_open_the_quotation(client, language):
    content = (await client.post(URL, json=chat(QUESTIONS[language]))).json()
    message = content["choices"][0]["message"]
    for cited, annotation in zip(
        content["sanad"]["citations"], message["annotations"], strict=True
    ):
        assert annotation["type"] == "url_citation"
        about = annotation["url_citation"]
        marked = message["content"][about["start_index"] : about["end_index"]]
        assert marked == f"[{cited['n']}]"
        assert about["title"] == cited["title"]
        page, place = about["url"].split("#")
        assert page == "http://test/"
        named = dict(parse_qsl(place))
        assert named.pop("document") == cited["document_id"]
        path = f"/v1/documents/{quote(cited['document_id'], safe='')}"
        document = (await client.get(path, params=named)).json()
        assert document["span"]["quote"] == cited["quote"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_stream_has_the_order_that_clients_need(client, language):
    body = chat(QUESTIONS[language])
    whole = (await client.post(URL, json=body)).json()["choices"][0]["message"]
    chunks = await streamed(client, body | {"stream_options": {"include_usage": True}})
    assert chunks.pop() is None
    assert len({(c["id"], c["created"], c["model"], c["object"]) for c in chunks}) == 1
    assert chunks[0]["object"] == "chat.completion.chunk"
    usage = chunks.pop()
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] > 0
    assert all(chunk["usage"] is None for chunk in chunks)
    kinds = []
    for chunk in chunks:
        (choice,) = chunk["choices"]
        assert choice["index"] == 0
        kind = "finish" if choice["finish_reason"] else next(iter(choice["delta"]))
        if kind not in kinds:
            kinds.append(kind)
    assert kinds == ["role", "content", "annotations", "finish"]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert content_of(chunks) == whole["content"]
    assert chunks[-2]["choices"][0]["delta"]["annotations"] == [
        a | {"url_citation": a["url_citation"]} for a in whole["annotations"]
    ]
    assert chunks[-1]["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert chunks[-1]["sanad"]["citations"]


async def test_without_asking_for_it_no_usage_is_sent(client):
    chunks = await streamed(client, chat(QUESTIONS["ar"]))
    assert all("usage" not in chunk for chunk in chunks if chunk)


async def test_every_other_collection_is_a_model(client, engine):
    other = FakeEngine()
    engine.others["news"] = other
    listed = (await client.get("/v1/models")).json()
    assert ModelsBody.model_validate(listed, strict=True).model_dump() == listed
    ids = [model["id"] for model in listed["data"]]
    assert ids[0] == "sanad"
    assert "sanad/news" in ids
    assert (await client.get("/v1/models/sanad/news")).json() == listed["data"][
        ids.index("sanad/news")
    ]
    for missing in ("sanad/nothing", "sanad/%2e%2e%2f", "other/news"):
        reply = await client.get(f"/v1/models/{missing}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
    given = chat(QUESTIONS["ar"], model="sanad/news", citations="markdown", where=["language=ar"])
    content = (await client.post(URL, json=given)).json()
    assert content["model"] == "sanad/news"
    assert "&collection=news)" in content["choices"][0]["message"]["content"]
    assert [known["where"] for _, _, known in other.asked] == [("language=ar",)]
    assert not engine.asked


@pytest.mark.parametrize("language", LANGUAGES)
async def test_markdown_puts_links_and_sources_into_the_text(client, language):
    content = (await client.post(URL, json=chat(QUESTIONS[language], citations="markdown"))).json()
    message = content["choices"][0]["message"]
    assert message["annotations"] == []
    (cited,) = content["sanad"]["citations"]
    place = {"document": cited["document_id"], "start": cited["start"], "end": cited["end"]}
    link = f"http://test/#{urlencode(place)}"
    assert f"[[1]]({link})" in message["content"]
    heading = {"ar": "المصادر:", "en": "Sources:"}[language]
    assert message["content"].endswith(f"{heading}\n\n1. [{cited['title']}]({link})")
    assert not re.search(r"[\s()]", link.removeprefix("http://test"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_openwebui_gets_source_events_before_the_text(client, language):
    chunks = await streamed(client, chat(QUESTIONS[language], citations="openwebui"))
    sent = [chunk.get("event", {}).get("type") for chunk in chunks if chunk]
    text = [bool(c["choices"][0]["delta"].get("content")) for c in chunks if c]
    assert sent.index("source") < text.index(True)
    assert all("annotations" not in c["choices"][0]["delta"] for c in chunks if c)
    (source,) = [c["event"]["data"] for c in chunks if c and sent[chunks.index(c)] == "source"]
    cited = chunks[-2]["sanad"]["citations"][0]
    assert source["document"] == [cited["quote"]]
    (about,) = source["metadata"]
    assert not about["source"].startswith("http")
    assert about["source"] == f"{cited['document_id']}@{cited['start']}-{cited['end']}"
    assert all(-1 <= distance <= 1 for distance in source["distances"])
    statuses = [c["event"]["data"] for c in chunks if c and "status" in str(c.get("event"))]
    statuses = [data for data in statuses if "description" in data]
    assert [data["done"] for data in statuses] == [False, False, False, True]
    arabic = {bool(re.search("[\u0620-\u064a]", data["description"])) for data in statuses}
    assert arabic == {language == "ar"}


async def test_none_sends_neither_marks_nor_annotations(client):
    body = chat(QUESTIONS["ar"], citations="none")
    message = (await client.post(URL, json=body)).json()["choices"][0]["message"]
    assert message["annotations"] == []
    assert not MARK.search(message["content"])
    assert "1200" in message["content"]


async def test_the_server_decides_where_a_request_does_not(engine):
    public = "https://sanad.example/base/"
    async with opened(engine, citations="markdown", public_url=public) as client:
        content = (await client.post(URL, json=chat(QUESTIONS["en"]))).json()
        assert "](https://sanad.example/base/#document=" in str(content)
        own = (await client.post(URL, json=chat(QUESTIONS["en"], citations="annotations"))).json()
    url = own["choices"][0]["message"]["annotations"][0]["url_citation"]["url"]
    assert url.startswith("https://sanad.example/base/#document=")


@pytest.mark.parametrize(
    ("key", "style"),
    [
        ("Bearer librechat", "markdown"),
        ("bearer  webui ", "none"),
        ("Bearer other", "annotations"),
        ("Basic librechat", "annotations"),
    ],
)
async def test_the_key_a_client_sends_decides_where_its_requests_cannot(engine, key, style):
    styles = {"librechat": "markdown", "webui": "none"}
    headers = {"authorization": key}
    async with opened(engine, citations_by_key=styles) as client:
        own = (await client.post(URL, json=chat(QUESTIONS["ar"]), headers=headers)).json()
        asked = chat(QUESTIONS["ar"], citations="openwebui")
        said = (await client.post(URL, json=asked, headers=headers)).json()
    message = own["choices"][0]["message"]
    assert ("](http" in message["content"]) == (style == "markdown")
    assert bool(message["annotations"]) == (style == "annotations")
    assert bool(MARK.search(message["content"])) == (style != "none")
    assert said["choices"][0]["message"]["annotations"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_collection_that_is_not_there_is_a_model_that_is_not_there(client, stream):
    asked = chat(QUESTIONS["ar"], model="sanad/nothing", stream=stream)
    reply = await client.post(URL, json=asked)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (404, "model_not_found")
    assert error["param"] == "model"
    assert "'sanad/nothing'" in error["message"]
    assert "/v1/models" in error["message"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_abstention_is_told_in_the_language_of_the_question(language):
    async with opened(FakeEngine(empty=True)) as client:
        content = (await client.post(URL, json=chat(QUESTIONS[language]))).json()
        chunks = await streamed(client, chat(QUESTIONS[language]))
    message = content["choices"][0]["message"]
    assert message["content"] == content["sanad"]["abstention"]["message"] == content_of(chunks)
    assert message["annotations"] == []
    assert content["sanad"]["status"] == "abstained"


async def test_what_was_said_before_reaches_the_engine_and_systems_do_not(client, engine):
    body = chat("And when?", QUESTIONS["en"], "1,200 [1]")
    body["messages"].insert(0, {"role": "system", "content": "Answer as a pirate."})
    body["messages"].append({"role": "assistant", "content": "…"})
    assert (await client.post(URL, json=body)).status_code == 200
    question, k, given = engine.asked[-1]
    assert (question, k) == ("And when?", None)
    assert list(given["history"]) == [
        Turn("user", QUESTIONS["en"]),
        Turn("assistant", "1,200 [1]"),
    ]


async def test_parts_are_joined_and_old_images_passed_over(client, engine):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,xx"}}
    part = {"type": "text", "text": "Who is this?"}
    messages = [
        {"role": "user", "content": [part, image]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "{}", "tool_call_id": "1"},
        {"role": "user", "content": [{"type": "text", "text": "How many"}, part | {"text": "?"}]},
    ]
    body = {"messages": messages, "tools": [{"type": "function"}], "tool_choice": "auto"}
    assert (await client.post(URL, json=body)).status_code == 200
    assert engine.asked[-1][0] == "How many\n?"
    assert engine.asked[-1][2]["history"] == (Turn("user", "Who is this?"),)


async def test_what_does_not_matter_is_passed_over(client):
    body = chat(
        QUESTIONS["ar"],
        temperature=0.2,
        max_tokens=5,
        stop=["x"],
        user="u",
        metadata={"a": "b"},
        n=1,
        stream=None,
        response_format={"type": "text"},
        tools=[],
        seed=3,
        logprobs=True,
    )
    assert (await client.post(URL, json=body)).status_code == 200


IMAGE = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "x"}},
]
USER = {"role": "user", "content": "من؟"}
BAD = [
    ({"messages": []}, 400, "invalid_request", "messages"),
    ({}, 400, "invalid_request", "messages"),
    ({"messages": "من؟"}, 400, "invalid_request", "messages"),
    ({"messages": [{"content": "من؟"}]}, 400, "invalid_request", "messages.0.role"),
    ({"messages": [USER | {"role": "robot"}]}, 400, "invalid_request", "messages.0.role"),
    ({"messages": [USER | {"content": 7}]}, 400, "invalid_request", "messages.0.content"),
    ({"messages": [USER | {"content": ["x"]}]}, 400, "invalid_request", "messages.0.content"),
    ({"messages": ["من؟"]}, 400, "invalid_request", "messages.0"),
    ({"messages": [USER | {"role": "system"}]}, 400, "invalid_parameter", "messages"),
    ({"messages": [USER | {"content": ""}]}, 400, "invalid_question", "messages"),
    ({"messages": [USER | {"content": "؟!"}]}, 400, "invalid_question", "messages"),
    ({"messages": [USER | {"content": "س" * 2001}]}, 400, "invalid_question", "messages"),
    ({"messages": [USER | {"content": "من \x00"}]}, 400, "invalid_question", "messages"),
    ({"messages": [USER | {"content": IMAGE}]}, 400, "invalid_parameter", "messages"),
    ({"messages": [USER | {"content": IMAGE[1:]}]}, 400, "invalid_parameter", "messages"),
    ({"messages": [USER], "model": "gpt-4"}, 404, "model_not_found", "model"),
    ({"messages": [USER], "model": 4}, 400, "invalid_request", "model"),
    ({"messages": [USER], "n": 2}, 400, "invalid_parameter", "n"),
    ({"messages": [USER], "n": "x"}, 400, "invalid_request", "n"),
    ({"messages": [USER], "k": 0}, 400, "invalid_parameter", "k"),
    ({"messages": [USER], "stream": "maybe"}, 400, "invalid_request", "stream"),
    ({"messages": [USER], "citations": "footnotes"}, 400, "invalid_request", "citations"),
    ({"messages": [USER], "tool_choice": "required"}, 400, "invalid_parameter", "tool_choice"),
    ({"messages": [USER], "tool_choice": {"type": "function"}}, 400, "invalid_parameter", "tool_choice"),
    ({"messages": [USER], "response_format": {"type": "json_object"}}, 400, "invalid_parameter", "response_format"),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("body", "status", "code", "param"), BAD, ids=range(len(BAD)))
async def test_bad_requests_get_openai_errors(client, engine, body, status, code, param, stream):
    reply = await client.post(URL, json={"stream": stream} | body)
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param)
    assert engine.asked == []


async def test_half_a_character_is_refused(client):
    content = b'{"messages": [{"role": "user", "content": "who \\ud800"}]}'
    reply = await client.post(URL, content=content, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages.0.content")


async def test_a_history_of_ten_thousand_turns_is_read_from_its_end(client, engine):
    body = chat("متى؟", *[f"س {n}" for n in range(10_000)])
    assert len(json.dumps(body, ensure_ascii=False)) < 1_000_000
    assert (await client.post(URL, json=body)).status_code == 200
    assert len(engine.asked[-1][2]["history"]) == 20
    longer = chat("متى؟", *["كلام طويل " * 10] * 10_000)
    assert (await client.post(URL, json=longer)).status_code == 413


async def test_an_error_in_the_middle_is_told_apart_from_the_text(client, engine, caplog):
    engine.ask_error = IndexDamaged("it is in '/srv/secret/file'")
    chunks = await streamed(client, chat(QUESTIONS["ar"]))
    assert content_of(chunks[:-1]) == ""
    assert chunks[-1]["error"]["code"] == "index_damaged"
    assert set(chunks[-1]["error"]) == {"message", "type", "param", "code"}
    assert "/srv/secret" not in str(chunks)
    engine.ask_error = KeyError("/srv/secret/file")
    chunks = await streamed(client, chat(QUESTIONS["ar"]))
    assert chunks[-1]["error"]["code"] == "internal"
    assert "/srv/secret" not in str(chunks)
    assert "/srv/secret/file" in caplog.text


class Broken(FakeEngine):
    def ask(self, question, k=None, **given):
        raise IndexDamaged("sha256 mismatch")


@pytest.mark.parametrize("path", [URL, "/v1/ask", "/v1/chat/ui"])
async def test_what_is_wrong_from_the_start_has_its_status(path):
    bodies = {
        URL: chat("من؟", stream=True),
        "/v1/ask": {"question": "من؟", "stream": True},
        "/v1/chat/ui": {"messages": [{"role": "user", "parts": [{"type": "text", "text": "من؟"}]}]},
    }
    async with opened(Broken()) as client:
        reply = await client.post(path, json=bodies[path])
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "index_damaged")


async def test_a_full_queue_refuses_streams_with_503(engine):
    engine.release.clear()
    async with opened(engine, workers=1, queue=0) as client:
        waiting = asyncio.create_task(client.post(URL, json=chat(QUESTIONS["ar"], stream=True)))
        await until(lambda: engine.asked)
        reply = await client.post(URL, json=chat("من؟", stream=True))
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "busy")
        engine.release.set()
        assert (await waiting).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (URL, chat(QUESTIONS["ar"], stream=True)),
        (URL, chat(QUESTIONS["ar"])),
        ("/v1/ask", {"question": QUESTIONS["en"], "stream": True}),
        ("/v1/ask", {"question": QUESTIONS["en"]}),
        ("/v1/chat/ui", {"messages": [{"role": "user", "parts": [{"type": "text", "text": "من؟"}]}]}),
    ],
)  # fmt: skip
async def test_work_ends_when_the_caller_goes(engine, caplog, path, body):
    caplog.set_level(logging.INFO, "api.access")

    def logged():
        return [record for record in caplog.records if record.name == "api.access"]

    engine.release.clear()
    with served(engine, workers=1, queue=1) as address:
        until_ready(address)
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            running = asyncio.create_task(client.post(path, json=body))
            await until(lambda: engine.asked)
            waits = asyncio.create_task(client.post(path, json=body))
            await asyncio.sleep(0.5)  # until the second one waits behind the first
            for task in (running, waits):
                task.cancel()
            await asyncio.gather(running, waits, return_exceptions=True)
            await until(lambda: [r.route for r in logged()].count(path) == 2)
            engine.release.set()
            # The one that ran ended at its next stage; the one that waited was never begun.
            reply = await client.post("/v1/ask", json={"question": "من؟"}, timeout=10)
            assert reply.status_code == 200
    assert len(engine.asked) == 2
    assert engine.finished == 1
