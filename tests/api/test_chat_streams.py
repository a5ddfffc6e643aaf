"""The AI SDK's message stream and the stream of /v1/ask."""

import json
from urllib.parse import quote, urlencode

import pytest

from api.schemas import AnswerBody, CitationBody
from rag.conversation import Turn
from rag.errors import IndexDamaged
from tests.api.fakes import QUESTIONS, FakeEngine, opened

pytestmark = pytest.mark.anyio
LANGUAGES = ("ar", "en")
UI = "/v1/chat/ui"


def ui(*texts, **more):
    roles = ("user", "assistant")
    messages = [
        {
            "id": f"m{n}",
            "role": roles[n % 2],
            "parts": [{"type": "step-start"}, {"type": "text", "text": text}],
        }
        for n, text in enumerate(texts)
    ]
    return {"id": "chat", "messages": messages, "trigger": "submit-message"} | more


def parts(reply):
    assert reply.status_code == 200, reply.text
    assert reply.headers["x-vercel-ai-ui-message-stream"] == "v1"
    blocks = reply.text.strip().split("\n\n")
    assert blocks.pop() == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_parts_of_a_message_come_in_order(client, language):
    found = parts(await client.post(UI, json=ui(QUESTIONS[language])))
    kinds = [part["type"] for part in found if part["type"] != "text-delta"]
    assert kinds[0] == "start"
    assert kinds[-5:] == ["text-start", "text-end", "source-url", "data-citation", "finish"]
    assert set(kinds[1:-5]) == {"data-status"}
    text = "".join(part["delta"] for part in found if part["type"] == "text-delta")
    citation = CitationBody.model_validate(found[-2]["data"])
    assert citation.quote in text
    place = {"document": citation.document_id, "start": citation.start, "end": citation.end}
    assert found[-3]["url"] == f"http://test/#{urlencode(place)}"
    assert found[-1]["finishReason"] == "stop"
    assert found[-1]["messageMetadata"]["sanad"]["status"] == "answered"


async def test_earlier_messages_reach_the_engine(client, engine):
    await client.post(UI, json=ui(QUESTIONS["ar"], "1200", "ومتى؟"))
    question, _, given = engine.asked[-1]
    assert question == "ومتى؟"
    assert given["history"] == (Turn("user", QUESTIONS["ar"]), Turn("assistant", "1200"))


async def test_an_error_in_the_middle_is_an_error_part(client, engine):
    engine.ask_error = IndexDamaged("/srv/secret")
    found = parts(await client.post(UI, json=ui(QUESTIONS["ar"])))
    assert found[-1]["type"] == "error"
    assert "sanad verify" in found[-1]["errorText"]
    assert "/srv" not in str(found)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.parts"),
        ({"messages": [{"role": "assistant", "parts": []}]}, "messages"),
        ({"messages": [{"role": "user", "parts": [{"type": "file", "url": "x"}]}]}, "messages"),
        ({"messages": [{"role": "user", "parts": "من؟"}]}, None),
    ],
)
async def test_bad_messages_are_refused(client, engine, body, param):
    reply = await client.post(UI, json=body)
    if param is None:  # text instead of parts is understood
        assert reply.status_code == 200
        return
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
    assert engine.asked == []


async def test_titles_for_the_ai_sdk_are_not_looked_up(client, engine):
    prompt = (
        "Generate a short title for this conversation, only the title, within 80 characters.\n"
        "user: متى سيطرت روسيا على باخموت؟"
    )
    found = parts(await client.post(UI, json=ui(prompt)))
    text = "".join(part.get("delta", "") for part in found)
    assert text == "سيطرت روسيا على باخموت"
    assert engine.asked == []


def named(reply):
    """The (event, data) pairs of a stream of /v1/ask."""
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = []
    for block in reply.text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_asking_can_be_watched(client, language):
    body = {"question": QUESTIONS[language]}
    whole = (await client.post("/v1/ask", json=body)).json()
    found = named(await client.post("/v1/ask", json=body | {"stream": True}))
    assert [name for name, _ in found] == [
        *("status", "status", "passage", "passage", "status", "answer", "citation", "done"),
    ]
    assert [data["stage"] for name, data in found if name == "status"] == [
        *("retrieving", "reading", "answering"),
    ]
    for name, data in found:
        if name == "passage":
            assert set(data) == {"document_id", "title", "start", "end", "score"}
            document = (await client.get(f"/v1/documents/{quote(data['document_id'])}")).json()
            assert document["title"] == data["title"]
    deltas = "".join(data["delta"] for name, data in found if name == "answer")
    done = AnswerBody.model_validate(found[-1][1]).model_dump()
    assert done == whole
    assert deltas == done["answer"]
    assert [data for name, data in found if name == "citation"] == done["citations"]


async def test_without_an_answer_only_the_reason_comes():
    async with opened(FakeEngine(empty=True)) as client:
        found = named(await client.post("/v1/ask", json={"question": "من؟", "stream": True}))
    assert [name for name, _ in found if name not in ("status", "passage")] == ["done"]
    assert found[-1][1]["abstention"]["code"] == "no_documents"


async def test_an_error_while_asking_is_an_error_event(client, engine):
    engine.ask_error = IndexDamaged("/srv/secret")
    found = named(await client.post("/v1/ask", json={"question": "من؟", "stream": True}))
    name, data = found[-1]
    assert name == "error"
    assert data["error"]["code"] == "index_damaged"
    assert set(data["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_question_may_come_with_its_history(client, engine, stream):
    history = [{"role": "user", "content": QUESTIONS["ar"]}, {"role": "assistant", "content": "1"}]
    body = {"question": "ومتى؟", "history": history, "stream": stream}
    assert (await client.post("/v1/ask", json=body)).status_code == 200
    assert engine.asked[-1][2]["history"] == [Turn("user", QUESTIONS["ar"]), Turn("assistant", "1")]


@pytest.mark.parametrize(
    ("history", "param"),
    [
        ("من؟", "history"),
        ([{"role": "system", "content": "x"}], "history.0.role"),
        ([{"role": "user"}], "history.0.content"),
        ([{"role": "user", "content": "x", "name": "y"}], "history.0.name"),
    ],
)
async def test_a_bad_history_is_refused(client, history, param):
    reply = await client.post("/v1/ask", json={"question": "من؟", "history": history})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
