"""`sanad mcp` as a child process, spoken to by the official client."""

import json
import os
import shutil
import sys

import pytest

from rag.engine import Engine
from rag.ingest import direct
from rag.settings import Settings
from tests.clients.dialogues import ANSWER, QUESTIONS
from tests.conftest import ROOT

mcp = pytest.importorskip("mcp")
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def indexes(seed_index, tmp_path_factory):
    """The seed articles as the usual collection, and another beside it."""
    folder = tmp_path_factory.mktemp("copy") / "indexes"
    shutil.copytree(seed_index, folder)
    texts = {
        "2024": "The river Nalo rose by two metres.",
        "2025": "ارتفع منسوب نهر نالو مترين.",
    }
    engine = Engine(Settings(indexes=folder, collection="floods"))
    documents = [direct.document(id, text, published=f"{id}-05-01") for id, text in texts.items()]
    engine.collection.ingest(documents, engine.embedder)
    return folder


@pytest.fixture
async def client(indexes):
    parameters = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "rag", "mcp", "--indexes", str(indexes)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    async with mcp.Client(parameters, read_timeout_seconds=60) as client:
        yield client


async def called(client, tool, **given):
    result = await client.call_tool(tool, given)
    return result.is_error, result.content[0].text


async def test_tools_that_only_read(client):
    tools = (await client.list_tools()).tools
    names = {"search", "ask", "open_document", "list_collections"}
    assert {tool.name for tool in tools} == names
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint


async def test_answers_open_where_they_are_quoted_from(client):
    for question in QUESTIONS.values():
        failed, text = await called(client, "ask", question=question)
        assert not failed
        answer = json.loads(text)
        assert ANSWER in answer["answer"]
        cited = answer["citations"][0]
        place = {"start": cited["start"], "end": cited["end"]}
        _, text = await called(client, "open_document", id=cited["document_id"], **place)
        assert json.loads(text)["text"] == cited["quote"]
        _, text = await called(client, "search", question=question, k=2)
        assert len(json.loads(text)["passages"]) == 2


async def test_filters_and_collections_can_be_named(client):
    _, text = await called(client, "list_collections")
    names = [one["name"] for one in json.loads(text)["collections"]]
    assert names == ["default", "floods"]
    asked = {"question": "Nalo نالو", "collection": "floods"}
    for more, ids in [({}, {"2024", "2025"}), ({"where": ["published>=2025"]}, {"2025"})]:
        _, text = await called(client, "search", **asked, **more)
        assert {one["document_id"] for one in json.loads(text)["passages"]} == ids
    asked["question"] = "How far did the river Nalo rise?"
    _, text = await called(client, "ask", **asked, where=["language=en"])
    cited = json.loads(text)["citations"]
    assert {one["document_id"] for one in cited} == {"2024"}
    _, text = await called(client, "open_document", id="2025", collection="floods")
    assert json.loads(text)["text"] == "ارتفع منسوب نهر نالو مترين."
    failed, text = await called(client, "open_document", id="2025")
    assert failed


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("ask", {"question": "؟"}, "لا كلمات في السؤال"),
        ("ask", {"question": "?", "language": "en"}, "no words"),
        ("search", {"question": "من؟", "k": 0}, "k is 0"),
        ("search", {"question": "من؟", "where": ["published>soon"]}, "2025-01-31"),
        ("ask", {"question": "من؟", "collection": "nowhere"}, "nowhere"),
        ("open_document", {"id": "nothing.txt"}, "nothing.txt"),
        (
            "open_document",
            {"id": "articles/000_bf9d928c021a1d38.txt", "start": 9, "end": 5},
            "start 9",
        ),
    ],
)
async def test_errors_are_told_as_results(client, tool, given, told):
    failed, text = await called(client, tool, **given)
    assert failed
    assert told in text
    assert "Traceback" not in text
