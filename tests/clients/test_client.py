"""Our own client: the values of the engine over HTTP, patience, and errors by their class."""

import inspect
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

from rag.client import (
    AnswerPart,
    AsyncClient,
    Cited,
    Client,
    Done,
    PassageRead,
    StageReached,
    Written,
    requests,
)
from rag.conversation import Turn
from rag.engine import Engine
from rag.errors import (
    IndexDamaged,
    InvalidFilter,
    InvalidParameter,
    InvalidQuestion,
    Unavailable,
    UnknownCollection,
    UnknownDocument,
    UsageError,
)
from rag.settings import Settings
from tests.api.fakes import served, until_ready
from tests.clients.dialogues import FOLLOW_UPS, QUESTIONS
from tests.conftest import ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture
def client(address):
    with Client(address) as client:
        yield client


def same(over_http, own):
    """Whether two answers differ in nothing but their ids and times."""
    return replace(over_http, id=own.id, timings_ms=own.timings_ms) == own


@pytest.mark.parametrize("language", QUESTIONS)
def test_answers_are_the_engines(client, seed_engine, language):
    over_http, own = client.ask(QUESTIONS[language]), seed_engine.ask(QUESTIONS[language])
    assert over_http.citations
    assert same(over_http, own)
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
    assert client.count_documents() == len(listed)
    for one in listed:
        assert client.document(one.id) == replace(seed_engine.document(one.id), origin="")


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_stream_tells_typed_events_and_ends_with_the_answer(client, seed_engine, language):
    events = list(client.stream(QUESTIONS[language], 4))
    assert events[0] == StageReached(stage="retrieving")
    passages = [event for event in events if isinstance(event, PassageRead)]
    assert len(passages) == 4
    assert all(passage.title and passage.start < passage.end for passage in passages)
    answer = seed_engine.ask(QUESTIONS[language], 4)
    assert isinstance(events[-1], Done)
    assert same(events[-1].answer, answer)
    assert [event.citation for event in events if isinstance(event, Cited)] == [*answer.citations]
    parts = [event.delta for event in events if isinstance(event, AnswerPart)]
    assert "".join(parts) == answer.answer


FIRE = {
    "ar": ("كم شخصًا قُتل في حريق مصنع درفال؟", "تسعة"),
    "en": ("How many people died in the Dorvale factory fire?", "7"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The address of a service that starts with nothing, and its engine; the tests write to it."""
    engine = Engine(Settings(indexes=tmp_path_factory.mktemp("indexes")))
    with served(engine, indexes=engine.settings.indexes) as address:
        until_ready(address)
        yield address, engine


@pytest.fixture
def fires(written):
    """A client of a collection with an agency's article and a union's, beside another collection."""
    address, engine = written
    with Client(address, collection="fires") as client:
        client.put(
            "agency/1",
            "Fire at Dorvale factory\nA fire broke out at the Dorvale factory on Friday.\n"
            "Local officials said the blaze killed 7 people.",
            published="2024-03-02",
            tags=["fire", "agency"],
            metadata={"author": {"name": "سارة"}},
        )
        client.put(
            "union/1",
            "حريق مصنع درفال\nاندلع حريق في مصنع درفال يوم الجمعة.\n"
            "وقالت نقابة العمال إن تسعة أشخاص قُتلوا في الحريق.",
            published="2024-03-03",
            tags=["fire"],
        )
        yield client, engine.for_collection("fires")


@pytest.mark.parametrize("language", FIRE)
def test_sources_that_differ_are_values_too(fires, language):
    client, engine = fires
    question, value = FIRE[language]
    answer = client.ask(question)
    assert answer.disagreement
    assert any(value in side.value for side in answer.disagreement)
    assert same(answer, engine.ask(question))


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ([], ["agency/1", "union/1"]),
        (["author.name=ساره"], ["agency/1"]),
        (("published>=2024-03-03",), ["union/1"]),
        (["language=ar", "tags=fire"], ["union/1"]),
        (["title~nothing"], []),
    ],
)
async def test_filters_are_passed_on_by_every_call(fires, written, where, ids):
    client, engine = fires
    assert [one.id for one in client.documents(where=where)] == ids
    assert client.count_documents(where=where) == len(ids)
    question = FIRE["en"][0]
    found = client.search(question, where=where)
    assert found == engine.search(question, where=where)
    assert {passage.document_id for passage, _ in found} == set(ids)
    answer = client.ask(question, where=where)
    assert same(answer, engine.ask(question, where=where))
    assert {cited.document_id for cited in answer.citations} <= set(ids)
    *_, done = client.stream(question, where=where)
    assert same(done.answer, answer)
    async with AsyncClient(written[0], collection="fires") as other:
        assert await other.documents(where=where) == client.documents(where=where)
        assert await other.search(question, where=where) == found
        assert same(await other.ask(question, where=where), answer)


def test_a_collection_is_meant_by_every_call(fires, written):
    inside, _ = fires
    with Client(written[0]) as client:
        assert client.documents() == []
        assert client.for_collection(None) is client
        client = client.for_collection("fires")
        assert client.documents() == inside.documents()
        assert client.document("union/1") == inside.document("union/1")
        assert client.search(FIRE["ar"][0], 1) == inside.search(FIRE["ar"][0], 1)
        summary = next(one for one in client.collections() if one.name == "fires")
        assert (summary.documents, summary.problem) == (2, None)
        with pytest.raises(UnknownCollection, match="nowhere"):
            client.for_collection("nowhere").ask(FIRE["ar"][0])


async def test_documents_are_written_and_removed(written, tmp_path):
    address, _ = written
    async with AsyncClient(address) as client:
        stored = await client.put("أخبار/1", "ارتفع منسوب النهر مترين.", title="فيضان")
        assert (stored.document_id, stored.status) == ("أخبار/1", "added")
        again = await client.put("أخبار/1", "ارتفع منسوب النهر مترين.", title="فيضان")
        assert again.status == "unchanged"
        one = await client.document("أخبار/1")
        assert (one.text, one.title) == ("ارتفع منسوب النهر مترين.", "فيضان")
        page = tmp_path / "page.txt"
        page.write_text("The river rose by two metres.", encoding="utf-8")
        good, bad = await client.upload([page, ("broken.pdf", b"no pdf")])
        assert good == Written(
            name="page.txt", document_id="page.txt", status="added", reason=None,
            generation=good.generation,
        )  # fmt: skip
        assert (bad.name, bad.document_id, bad.status) == ("broken.pdf", None, "failed")
        assert bad.reason
        assert await client.count_documents() == 2
        for id in ("أخبار/1", "page.txt"):
            assert (await client.delete(id)).startswith("gen-")
        assert await client.documents() == []
        with pytest.raises(UnknownDocument):
            await client.delete("page.txt")


async def test_the_async_client_gives_the_same(address, client):
    async with AsyncClient(address) as other:
        assert same(await other.ask(QUESTIONS["ar"]), client.ask(QUESTIONS["ar"]))
        assert await other.search(QUESTIONS["en"], 2) == client.search(QUESTIONS["en"], 2)
        listed = await other.documents(limit=1)
        assert (await other.document(listed[0].id)).id == listed[0].id
        events = [event async for event in other.stream(QUESTIONS["ar"])]
        assert isinstance(events[0], StageReached)
        assert isinstance(events[-1], Done)
        assert any(isinstance(event, Cited) for event in events)
        assert await other.collections() == client.collections()
        with pytest.raises(InvalidQuestion):
            await other.ask("؟")
        with pytest.raises(InvalidQuestion):
            [event async for event in other.stream("؟")]


REQUESTS = [
    "ask", "search", "documents", "count_documents", "document", "put", "upload", "delete",
    "collections",
]  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_help_shows_what_a_method_takes(kind, name):
    build, method = getattr(requests, name), getattr(kind(), name)
    assert inspect.signature(method) == inspect.signature(build)
    assert method.__doc__ == build.__doc__


def test_importing_the_client_loads_no_index():
    script = "import sys, rag.client; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"faiss", "tantivy", "onnxruntime", "fastapi"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda c: c.ask("؟"), InvalidQuestion),
        (lambda c: c.ask("من؟", 0), InvalidParameter),
        (lambda c: c.document("nothing.txt"), UnknownDocument),
        (lambda c: c.documents(limit=0), UsageError),
        (lambda c: c.documents(where=["published>soon"]), InvalidFilter),
        (lambda c: c.search("من؟", where=["tags"]), InvalidFilter),
        (lambda c: c.for_collection("a/b").ask("من؟"), InvalidParameter),
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


ANSWERED = b'event: status\ndata: {"stage": "reading"}\n\nevent: new\ndata: 1\n\n'
BROKEN = b'event: error\ndata: {"error": {"message": "sanad rebuild", "code": "index_damaged"}}\n\n'


@pytest.mark.parametrize(
    ("rest", "kind", "told"),
    [(b"", Unavailable, "ended before"), (BROKEN, IndexDamaged, "sanad rebuild")],
)
async def test_a_stream_that_ends_early_is_an_error(rest, kind, told):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=ANSWERED + rest))
    events = []
    with pytest.raises(kind, match=told):
        events.extend(Client(transport=transport).stream("من؟"))
    other = AsyncClient(transport=transport).stream("من؟")
    assert await anext(other) == StageReached(stage="reading")
    with pytest.raises(kind, match=told):
        await anext(other)


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
