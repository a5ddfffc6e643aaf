"""`sanad mcp` as a child process, spoken to by the official client."""

import json
import os
import sys

import pytest

from tests.clients.dialogues import ANSWER, QUESTIONS
from tests.conftest import ROOT

mcp = pytest.importorskip("mcp")
pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(seed_index):
    parameters = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "rag", "mcp", "--indexes", str(seed_index)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    async with mcp.Client(parameters, read_timeout_seconds=60) as client:
        yield client


async def called(client, tool, **given):
    result = await client.call_tool(tool, given)
    return result.is_error, result.content[0].text


async def test_three_tools_that_only_read(client):
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"search", "ask", "open_document"}
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


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("ask", {"question": "؟"}, "no words"),
        ("search", {"question": "من؟", "k": 0}, "k is 0"),
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
