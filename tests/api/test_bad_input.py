import json

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse

from api.middleware import KnownHosts
from tests.api.fakes import QUESTIONS

pytestmark = pytest.mark.anyio

ROUTES = ["/v1/ask", "/v1/search"]
BODIES = [
    (b'{"question": ""}', "invalid_question", "question"),
    ('{"question": " ؟! ، "}'.encode(), "invalid_question", "question"),
    (b'{"question": 7}', "invalid_question", "question"),
    (b'{"question": null}', "invalid_question", "question"),
    (b'{"question": "who \\u0000 what"}', "invalid_question", "question"),
    ('{"question": "من \\u0000 ماذا"}'.encode(), "invalid_question", "question"),
    (b'{"question": "who \\ud800"}', "invalid_question", "question"),
    ('{"question": "من \\udfff"}'.encode(), "invalid_question", "question"),
    (json.dumps({"question": "س" * 100_000}).encode(), "invalid_question", "question"),
    (b'{"question": "' + b"w" * 1_000_000 + b'"}', "invalid_question", "question"),
    (b'{"question": ' + b"[" * 900 + b"]" * 900 + b"}", "invalid_question", "question"),
    (b'{"question": "who", "k": 0}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": -1}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": 1000000000}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": true}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": 1.5}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": NaN}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": "' + b"9" * 500_000 + b'"}', "invalid_parameter", "k"),
    (b'{"question": "who", "k": ' + b"9" * 4_000 + b"}", "invalid_parameter", "k"),
    (b'{"question": "who", "k": ' + b"9" * 5_000 + b"}", "invalid_json", None),
    (b'{"question": "who", "qestion": 1}', "invalid_request", "qestion"),
    ('{"question": "من", "سؤال": 1}'.encode(), "invalid_request", "سؤال"),
    (b'{"question": "who", "\\ud800": 1}', "invalid_request", None),
    (b'{"k": 3}', "invalid_request", "question"),
    (b"{}", "invalid_request", "question"),
    (b"[]", "invalid_request", None),
    (b"null", "invalid_request", None),
    (b'"who?"', "invalid_request", None),
    (b"", "invalid_request", None),
    (b"{", "invalid_json", None),
    (b"{'question': 'who'}", "invalid_json", None),
    (b"\xff\xfe\x00", "invalid_json", None),
    (b'{"question": "\xe9"}', "invalid_json", None),
    (b"[" * 200_000, "invalid_json", None),
    (b'{"a":' * 100_000, "invalid_json", None),
]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("body", "code", "param"), BODIES, ids=range(len(BODIES)))
async def test_bad_bodies_get_a_clear_error(client, engine, route, body, code, param):
    reply = await client.post(route, content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400, reply.text
    error = json.loads(reply.content.decode("utf-8"))["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert error["type"] == "invalid_request_error"
    assert 0 < len(error["message"]) <= 600
    assert "Traceback" not in error["message"]
    assert engine.asked == []


@pytest.mark.parametrize("value", ["fr", "AR", "", 1, ["ar"]])
async def test_an_unknown_language_is_refused(client, value):
    reply = await client.post("/v1/ask", json={"question": QUESTIONS["ar"], "language": value})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", "language")
    assert "'ar' or 'en'" in error["message"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "json", ";"]
)
async def test_what_is_not_json_is_refused(client, route, kind):
    headers = {"Content-Type": kind} if kind else {}
    reply = await client.post(route, content=b'{"question": "who"}', headers=headers)
    assert reply.status_code == 415
    assert reply.json()["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("route", [*ROUTES, "/nowhere"])
async def test_long_bodies_are_refused_before_they_are_parsed(client, route):
    body = b'{"question": "' + b"w" * 1_048_576 + b'"}'

    async def chunks():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    headers = {"Content-Type": "application/json"}
    for content in (body, chunks()):
        reply = await client.post(route, content=content, headers=headers)
        assert reply.status_code == 413
        assert reply.json()["error"]["code"] == "body_too_large"


async def test_a_body_that_never_ends_is_given_up(client, monkeypatch):
    monkeypatch.setattr("api.middleware.SECONDS_FOR_A_BODY", 0.05)

    async def chunks():
        yield b'{"question": '
        await anyio.sleep(5)

    with anyio.fail_after(3):
        reply = await client.post(
            "/v1/ask", content=chunks(), headers={"Content-Type": "application/json"}
        )
    assert reply.status_code == 408
    assert reply.json()["error"]["code"] == "body_timeout"


async def test_a_length_that_is_stated_too_small_does_not_help(client):
    async def chunks():
        for _ in range(20):
            yield b"w" * 65_536

    headers = {"Content-Type": "application/json", "Content-Length": "10"}
    reply = await client.post("/v1/ask", content=chunks(), headers=headers)
    assert reply.status_code == 413


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("offset=" + "9" * 5_000, "offset"),
        ("offset=99999999999999999999", "offset"),
        ("offset=%00", "offset"),
        ("page=2", "page"),
        ("صفحة=2", "صفحة"),
    ],
)
async def test_bad_pages_are_refused(client, query, param):
    reply = await client.get(f"/v1/documents?{query}")
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", param)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8765", 200),
        ("127.0.0.1", 200),
        ("[::1]:8765", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("", 421),
    ],
)
async def test_only_the_names_of_this_machine_are_answered_to(host, status):
    guarded = KnownHosts(PlainTextResponse("ok"), frozenset({"localhost", "127.0.0.1", "[::1]"}))
    transport = httpx.ASGITransport(app=guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/", headers={"Host": host})
    assert reply.status_code == status
    if status != 200:
        assert reply.json()["error"]["code"] == "unknown_host"
        assert "expected one of 127.0.0.1" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "given", "told"),
    [
        ("GET", "/nowhere", {}, "nothing at '/nowhere'"),
        ("GET", "/v1/ask", {}, "GET is not possible at '/v1/ask', expected POST"),
        ("GET", "/v1/documents?limit=x", {}, "'limit' is 'x', expected a whole number"),
        ("GET", "/v1/documents?limit=0", {}, "'limit' is '0', expected at least 1"),
        ("POST", "/v1/ask", {"question": None}, "the question is null, expected text"),
        ("POST", "/v1/ask", {"question": 5}, "the question is a number, expected text"),
        ("POST", "/v1/ask", {"question": "من؟", "k": "3"}, "k is '3', expected a whole number"),
        ("POST", "/v1/ask", {"question": "من؟", "where": "x"}, "'where' is 'x', expected a list"),
        ("POST", "/v1/ask", {"question": "من؟", "where": ["a=1"] * 21}, "there are 21 filters"),
        (
            "POST",
            "/v1/ask",
            {"question": "من؟", "stream": "نعم"},
            "is 'نعم', expected true or false",
        ),
        ("POST", "/v1/search", {"query": "من؟"}, "'question' is missing"),
        ("POST", "/v1/chat/completions", {"messages": []}, "expected at least 1 item, found 0"),
        (
            "PUT",
            "/v1/documents/a",
            {"text": "نص\0"},
            "the character U+0000 at 2, which is not text",
        ),
        ("PUT", "/v1/documents/a", {"text": "a", "metadata": 1}, "is 1, expected an object"),
    ],
)
async def test_the_value_and_what_was_expected_are_told_in_words(client, method, path, given, told):
    sent = {"json": given} if given else {}
    reply = await client.request(method, path, **sent)
    assert 400 <= reply.status_code < 500
    message = reply.json()["error"]["message"]
    assert told in message
    for word in ("NoneType", "str,", "int,", "dictionary", "validation", "parse", "Input"):
        assert word not in message
