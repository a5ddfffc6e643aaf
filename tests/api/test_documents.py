from urllib.parse import quote

import pytest

from api.schemas import DocumentBody, ListingBody
from tests.api.fakes import TEXTS, FakeEngine, opened

pytestmark = pytest.mark.anyio


async def test_documents_are_listed_in_pages(client):
    content = (await client.get("/v1/documents?offset=1&limit=1")).json()
    assert ListingBody.model_validate(content).model_dump() == content
    assert (content["total"], content["offset"], content["limit"]) == (3, 1, 1)
    assert [document["id"] for document in content["documents"]] == [sorted(TEXTS)[1]]
    everything = (await client.get("/v1/documents")).json()
    assert [document["id"] for document in everything["documents"]] == sorted(TEXTS)
    assert (await client.get("/v1/documents?offset=9")).json()["documents"] == []


@pytest.mark.parametrize("safe", ["", "/"])
@pytest.mark.parametrize("id", TEXTS)
async def test_a_document_is_read_by_its_id(client, id, safe):
    reply = await client.get(f"/v1/documents/{quote(id, safe=safe)}")
    content = reply.json()
    assert reply.status_code == 200
    assert DocumentBody.model_validate(content).model_dump() == content
    assert (content["id"], content["text"]) == (id, TEXTS[id])
    assert content["span"] is None
    assert "/srv/secret" not in reply.text


async def test_a_part_is_counted_in_code_points(client):
    id = "أخبار/أسرى #1؟.txt"
    text = TEXTS[id]
    start = text.index("🕊") + 1
    reply = await client.get(f"/v1/documents/{quote(id)}?start={start}&end={len(text)}")
    span = reply.json()["span"]
    assert span["quote"] == text[start:]
    assert span["start_utf16"] == start + 1


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("start=1", "invalid_parameter", "end"),
        ("end=1", "invalid_parameter", "start"),
        ("start=3&end=3", "invalid_parameter", "start"),
        ("start=4&end=3", "invalid_parameter", "start"),
        ("start=0&end=1000", "invalid_parameter", "end"),
        ("start=-1&end=3", "invalid_request", "start"),
        ("start=a&end=3", "invalid_request", "start"),
        ("start=0&end=3&x=1", "invalid_request", "x"),
    ],
)
async def test_parts_outside_the_text_are_refused(client, query, code, param):
    reply = await client.get(f"/v1/documents/plain.txt?{query}")
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize(
    "id", ["nothing", "لا شيء", "../../etc/passwd", "%2e%2e%2fx", "%00", "%ff", "a" * 5000, "", "/"]
)
async def test_unknown_documents_are_not_found(client, id):
    reply = await client.get(f"/v1/documents/{id}")
    assert reply.status_code == 404
    error = reply.json()["error"]
    assert error["code"] in {"unknown_document", "not_found"}
    assert len(error["message"]) <= 600


async def test_without_an_index_the_list_is_empty_and_no_path_is_told():
    async with opened(FakeEngine(empty=True)) as client:
        assert (await client.get("/v1/documents")).json()["total"] == 0
        reply = await client.get("/v1/documents/a.txt")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "no_index")
    assert "/srv" not in reply.text
