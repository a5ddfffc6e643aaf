import json
import unicodedata
from urllib.parse import quote

import pytest

from api.schemas import CollectionsBody, DocumentBody
from rag.engine import Engine
from rag.settings import Settings
from tests.api.fakes import QUESTIONS, TEXTS, FakeEngine, opened
from tests.rag.test_filtered import TOLD

pytestmark = pytest.mark.anyio

FILTERS = ["published>=2025-01-01", "author.name!=سارة"]
BAD = ["", "published", "published>=soon", "language=fr", "tags=", "a" * 600, "x==1", ".=1"]
NAMES = [
    "../etc",
    "..",
    ".",
    "",
    "a/b",
    "a" * 65,
    "أخبار/قديمة",
    "أخبار\u202e",
    "أخبار\u200f",
    "-x",
    "_x",
    "a b",
    "a\n",
    "a.",
    "%2e%2e",
    "a\x00",
]


@pytest.fixture
def engine():
    engine = FakeEngine()
    engine.others["news"] = FakeEngine(engine.settings)
    return engine


async def test_collections_are_listed(client):
    content = (await client.get("/v1/collections")).json()
    assert CollectionsBody.model_validate(content).model_dump() == content
    assert [one["name"] for one in content["collections"]] == ["default", "news"]
    assert content["default"] == "default"
    assert set(content["collections"][0]) >= {"documents", "passages", "embedder", "generation"}


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize("route", ["/v1/ask", "/v1/search"])
async def test_a_request_names_its_collection_and_filters(client, engine, route, language):
    body = {"question": QUESTIONS[language], "where": FILTERS, "collection": "news"}
    reply = await client.post(route, json=body)
    assert reply.status_code == 200, reply.text
    assert engine.asked == []
    assert engine.others["news"].asked[0][2]["where"] == tuple(FILTERS)
    content = reply.json()
    for found in content.get("citations") or content["passages"]:
        assert found["url"].endswith("&collection=news")
        assert (await client.get(found["url"])).status_code == 200


async def test_without_filters_or_a_collection_nothing_changes(client, engine):
    reply = await client.post("/v1/ask", json={"question": "who?", "where": [], "collection": None})
    assert reply.status_code == 200
    assert engine.asked == [("who?", None, {})]
    assert "collection" not in reply.json()["citations"][0]["url"]


async def test_documents_of_another_collection(client, engine):
    id = next(iter(TEXTS))
    del engine.others["news"].stored[id]
    assert (await client.get("/v1/documents?collection=news")).json()["total"] == len(TEXTS) - 1
    assert (await client.get(f"/v1/documents/{quote(id)}?collection=news")).status_code == 404
    assert (await client.get(f"/v1/documents/{quote(id)}")).status_code == 200
    filters = "&".join(f"where={quote(one)}" for one in FILTERS)
    assert (await client.get(f"/v1/documents?collection=news&{filters}")).status_code == 200
    assert engine.others["news"].listed_where == tuple(FILTERS)


@pytest.mark.parametrize("where", BAD)
async def test_a_bad_filter_is_named(client, engine, where):
    replies = [
        await client.post("/v1/ask", json={"question": "who?", "where": ["tags=a", where]}),
        await client.post("/v1/search", json={"question": "who?", "where": [where]}),
        await client.get("/v1/documents", params={"where": where}),
    ]
    for reply in replies:
        assert reply.status_code == 422
        error = reply.json()["error"]
        assert (error["code"], error["param"]) == ("invalid_filter", "where")
        assert error["type"] == "invalid_request_error"
        assert "published>=" in error["message"]
        assert len(error["message"]) <= 600
    assert engine.asked == []


async def test_what_is_no_list_of_filters_is_an_invalid_request(client):
    for where in ("tags=a", 1, {"tags": "a"}, [1], [None]):
        reply = await client.post("/v1/ask", json={"question": "who?", "where": where})
        assert reply.status_code == 400, where
        assert reply.json()["error"]["code"] == "invalid_request"
    for filters in (["tags=a"] * 21, ["tags=\ud800"]):
        content = json.dumps({"question": "who?", "where": filters})
        reply = await client.post(
            "/v1/ask", content=content, headers={"Content-Type": "application/json"}
        )
        assert (reply.status_code, reply.json()["error"]["code"]) == (422, "invalid_filter")


@pytest.mark.parametrize("name", NAMES)
async def test_names_that_lead_elsewhere_are_refused(client, engine, name):
    replies = [
        await client.post("/v1/ask", json={"question": "who?", "collection": name}),
        await client.post("/v1/search", json={"question": "who?", "collection": name}),
        await client.get("/v1/documents", params={"collection": name}),
        await client.get("/v1/documents/plain.txt", params={"collection": name}),
    ]
    for reply in replies:
        assert reply.status_code == 400
        error = reply.json()["error"]
        assert (error["code"], error["param"]) == ("invalid_parameter", "collection")
    assert engine.asked == []


async def test_every_route_takes_a_name_of_any_script(tmp_path):
    """Written, listed, asked, chatted with, opened through its own addresses and emptied."""
    engine = Engine(Settings(indexes=tmp_path, threshold=0.0))
    name, typed = "أخبار", unicodedata.normalize("NFD", "أخبار")
    async with opened(engine, indexes=tmp_path) as client:
        params = {"collection": typed}
        body = {"text": "ارتفع منسوب النهر مترين يوم الأحد.", "title": "فيضان"}
        put = await client.put("/v1/documents/فيضان/1", params=params, json=body)
        assert put.status_code == 200, put.text
        assert [path.name for path in tmp_path.iterdir()] == [name]
        listed = (await client.get("/v1/collections")).json()["collections"]
        assert [(one["name"], one["documents"]) for one in listed] == [(name, 1)]
        assert (await client.get("/v1/documents", params=params)).json()["total"] == 1
        models = (await client.get("/v1/models")).json()["data"]
        assert f"sanad/{name}" in {one["id"] for one in models}
        question = "كم ارتفع منسوب النهر؟"
        answer = await client.post("/v1/ask", json={"question": question, "collection": typed})
        found = await client.post("/v1/search", json={"question": question, "collection": name})
        for one in (*answer.json()["citations"], *found.json()["passages"]):
            assert one["url"].isascii()
            opened_there = (await client.get(one["url"])).json()
            assert opened_there["id"] == "فيضان/1"
        said = await client.post(
            "/v1/chat/completions",
            json={"model": f"sanad/{typed}", "messages": [{"role": "user", "content": question}]},
        )
        assert said.status_code == 200, said.text
        assert "مترين" in said.json()["choices"][0]["message"]["content"]
        near = await client.put("/v1/documents/a", params={"collection": "اخبار"}, json=body)
        assert (near.status_code, near.json()["error"]["code"]) == (400, "invalid_parameter")
        assert name in near.json()["error"]["message"]
        gone = await client.delete("/v1/documents/فيضان/1", params=params)
        assert gone.json()["status"] == "removed"


async def test_an_unknown_collection_is_not_found(client, engine):
    replies = [
        await client.post("/v1/ask", json={"question": "who?", "collection": "nowhere"}),
        await client.post("/v1/search", json={"question": "who?", "collection": "nowhere"}),
        await client.get("/v1/documents?collection=nowhere"),
        await client.get("/v1/documents/plain.txt?collection=nowhere"),
    ]
    for reply in replies:
        error = reply.json()["error"]
        assert (reply.status_code, error["code"]) == (404, "unknown_collection")
        assert error["param"] == "collection"


async def test_the_real_engine_answers_from_what_passes(tmp_path):
    """Two collections of two languages, real models, every reply checked against the documents."""
    engine = Engine(Settings(indexes=tmp_path, threshold=0.0))
    engine.collection.ingest(TOLD, engine.embedder)
    Engine(Settings(indexes=tmp_path, collection="news")).collection.ingest(
        TOLD[:1], engine.embedder
    )
    async with opened(engine, indexes=tmp_path) as client:
        listed = (await client.get("/v1/collections")).json()["collections"]
        assert [(one["name"], one["documents"]) for one in listed] == [("default", 3), ("news", 1)]
        cases = [
            ({}, {"ar.txt", "en.txt", "water.txt"}),
            ({"where": ["language=ar"]}, {"ar.txt"}),
            ({"where": ["author.name!=سارة", "published>=2025"]}, {"en.txt"}),
            ({"collection": "news"}, {"en.txt"}),
            ({"collection": "news", "where": ["language=ar"]}, set()),
        ]
        for given, ids in cases:
            for question in QUESTIONS.values():
                found = await client.post("/v1/search", json={"question": question, **given})
                assert {one["document_id"] for one in found.json()["passages"]} == ids
                answer = (await client.post("/v1/ask", json={"question": question, **given})).json()
                cited = {one["document_id"] for one in answer["citations"]}
                assert cited <= ids
                assert bool(cited) is bool(ids)
                for citation in answer["citations"]:
                    document = (await client.get(citation["url"])).json()
                    assert document["span"]["quote"] == citation["quote"]
                if not ids:
                    assert answer["abstention"]["code"] == "not_in_sources"
        document = (await client.get("/v1/documents/en.txt")).json()
        assert DocumentBody.model_validate(document).model_dump() == document
        assert document["metadata"] == {"author": {"name": "Sara"}}
        assert (document["tags"], document["pages"]) == (["war"], [0, 53])
        reply = await client.get("/v1/documents/ar.txt?collection=news")
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_document")
