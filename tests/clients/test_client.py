"""Our own client: the values of the engine over HTTP, patience, and errors by their class."""

import httpx
import pytest

from rag.client import AsyncClient, Client
from rag.conversation import Turn
from rag.errors import InvalidParameter, InvalidQuestion, Unavailable, UnknownDocument, UsageError
from rag.types import Answer
from tests.clients.dialogues import FOLLOW_UPS, QUESTIONS

pytestmark = pytest.mark.anyio


@pytest.fixture
def client(address):
    with Client(address) as client:
        yield client


@pytest.mark.parametrize("language", QUESTIONS)
def test_answers_are_the_engines(client, seed_engine, language):
    over_http, own = client.ask(QUESTIONS[language]), seed_engine.ask(QUESTIONS[language])
    assert isinstance(over_http, Answer)
    assert over_http.citations == own.citations
    assert (over_http.status, over_http.answer, over_http.index) == (
        own.status,
        own.answer,
        own.index,
    )
    for cited in over_http.citations:
        assert client.document(cited.document_id).text[cited.start : cited.end] == cited.quote


def test_an_abstention_has_its_reason(client):
    answer = client.ask("What is the boiling point of ethanol?")
    assert answer.status == "abstained"
    assert answer.abstention.code == "not_in_sources"


@pytest.mark.parametrize("language", FOLLOW_UPS)
def test_history_is_understood(client, language):
    (asked, answered), follow_up, word = FOLLOW_UPS[language]
    answer = client.ask(follow_up, history=[Turn("user", asked), Turn("assistant", answered)])
    assert answer.resolved_question
    assert word in answer.citations[0].quote


def test_search_and_documents_are_the_engines(client, seed_engine):
    for question in QUESTIONS.values():
        assert client.search(question, 3) == seed_engine.search(question, 3)
    listed = client.documents()
    assert listed == seed_engine.documents()
    assert client.documents(offset=1, limit=1) == listed[1:2]
    one = seed_engine.document(listed[0].id)
    assert client.document(one.id).text == one.text


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_stream_ends_with_the_answer(client, language):
    events = list(client.stream(QUESTIONS[language], 4))
    names = [event.name for event in events]
    assert names[0] == "status"
    assert names.count("passage") == 4
    assert names[-1] == "done"
    citations = [event.data for event in events if event.name == "citation"]
    assert citations == events[-1].data["citations"]


async def test_the_async_client_gives_the_same(address, client):
    async with AsyncClient(address) as other:
        answer = await other.ask(QUESTIONS["ar"])
        assert answer.citations == client.ask(QUESTIONS["ar"]).citations
        assert await other.search(QUESTIONS["en"], 2) == client.search(QUESTIONS["en"], 2)
        listed = await other.documents(limit=1)
        assert (await other.document(listed[0].id)).id == listed[0].id
        names = [event.name async for event in other.stream(QUESTIONS["ar"])]
        assert (names[0], names[-1]) == ("status", "done")
        assert "citation" in names
        with pytest.raises(InvalidQuestion):
            await other.ask("؟")
        with pytest.raises(InvalidQuestion):
            [event async for event in other.stream("؟")]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda c: c.ask("؟"), InvalidQuestion),
        (lambda c: c.ask("من؟", 0), InvalidParameter),
        (lambda c: c.document("nothing.txt"), UnknownDocument),
        (lambda c: c.documents(limit=0), UsageError),
        (lambda c: list(c.stream("")), InvalidQuestion),
    ],
)
def test_refusals_are_the_engines_errors(client, call, kind):
    with pytest.raises(kind) as raised:
        call(client)
    assert raised.value.message


BUSY = {"error": {"message": "busy", "type": "x", "param": None, "code": "busy"}}


def busy_for(times, sent):
    def answer(request):
        sent.append(request)
        if len(sent) <= times:
            return httpx.Response(503, json=BUSY, headers={"Retry-After": "0"})
        return httpx.Response(200, json={"question": "q", "passages": []})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(("times", "fine"), [(0, True), (3, True), (4, False)])
async def test_a_busy_service_is_asked_again_a_few_times(times, fine):
    sent = []
    client = Client(transport=busy_for(times, sent), key="sanad_x")
    if fine:
        assert client.search("q") == []
    else:
        with pytest.raises(Unavailable, match="busy"):
            client.search("q")
    assert len(sent) == min(times, 3) + 1
    assert sent[0].headers["authorization"] == "Bearer sanad_x"
    again = []
    async with AsyncClient(transport=busy_for(times, again)) as other:
        if fine:
            assert await other.search("q") == []
        else:
            with pytest.raises(Unavailable, match="busy"):
                await other.search("q")
    assert len(again) == len(sent)


def test_a_service_that_is_not_there_is_said_plainly():
    with (
        Client("http://127.0.0.1:9", retries=0) as client,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1:9") as raised,
    ):
        client.ask("من؟")
    assert "sanad serve" in raised.value.hint


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"detail": "x"}', b'{"error": {"message": 1}}']
)
def test_something_else_at_the_address_is_said_plainly(body):
    transport = httpx.MockTransport(lambda _: httpx.Response(404, content=body))
    with pytest.raises(Unavailable, match="status 404"):
        Client(transport=transport).search("q")


def test_fields_of_a_newer_service_are_passed_over():
    passage = {
        "n": 1, "passage_id": "p", "document_id": "d", "text": "t", "start": 0, "end": 1,
        "language": "ar", "score": 1.0, "retriever": "fused", "url": "/x", "new": 1,
    }  # fmt: skip
    reply = httpx.Response(200, json={"question": "q", "passages": [passage], "more": 2})
    ((found, hit),) = Client(transport=httpx.MockTransport(lambda _: reply)).search("q")
    assert (found.id, hit.rank) == ("p", 0)
