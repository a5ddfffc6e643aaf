import re

import pytest

from api.errors import DOCUMENTED, STATUS, TOLD, status_of
from api.schemas import ErrorBody
from rag import errors
from rag.errors import RagError, Unavailable, UsageError

pytestmark = pytest.mark.anyio


def tree(kind=RagError):
    """The classes of ``rag.errors``; those of the evaluation are never raised over HTTP."""
    below = [child for child in kind.__subclasses__() if child.__module__ == "rag.errors"]
    return [kind, *(each for child in below for each in tree(child))]


@pytest.mark.parametrize("kind", tree()[1:], ids=lambda kind: kind.__name__)
def test_every_error_class_has_a_status_and_something_to_tell(kind):
    assert any(parent in STATUS for parent in kind.__mro__)
    assert 400 <= status_of(kind) < 600
    assert issubclass(kind, UsageError | Unavailable) or kind.code in TOLD


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.InvalidQuestion, 400),
        (errors.InvalidParameter, 400),
        (errors.UnknownDocument, 404),
        (errors.NoIndex, 404),
        (errors.IndexLocked, 409),
        (errors.IndexDamaged, 503),
        (errors.IndexMismatch, 503),
        (errors.ModelDamaged, 503),
        (errors.Unavailable, 503),
        (errors.RagError, 500),
    ],
)
async def test_the_tree_is_answered_in_one_shape(client, engine, kind, status):
    engine.ask_error = kind("it is in '/srv/secret/file'", hint="look", parameter="x")
    reply = await client.post("/v1/ask", json={"question": "من؟"})
    assert reply.status_code == status
    content = reply.json()
    assert ErrorBody.model_validate(content).model_dump() == content
    assert content["error"]["code"] == kind.code
    assert ("retry-after" in reply.headers) == (status == 503)
    if not issubclass(kind, UsageError | Unavailable):
        assert "/srv/secret" not in reply.text


async def test_what_nobody_foresaw_is_told_without_details(client, engine, caplog):
    engine.ask_error = KeyError("/srv/secret/file")
    reply = await client.post(
        "/v1/ask", json={"question": "who?"}, headers={"X-Request-ID": "a.b-1"}
    )
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "internal"
    assert "secret" not in reply.text
    assert reply.headers["x-request-id"] == "a.b-1"
    assert "/srv/secret/file" in caplog.text
    assert (await client.get("/livez")).status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/v1/ask/", "/v1", "/docs/x.js", "/docs/..%2fapp.py"])
async def test_unknown_routes_are_not_found(client, path):
    reply = await client.get(path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/ask", "POST"),
        ("DELETE", "/v1/ask", "POST"),
        ("OPTIONS", "/v1/search", "POST"),
        ("HEAD", "/v1/search", "POST"),
        ("PUT", "/v1/documents", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/documents/a/b", "DELETE, GET, HEAD, PUT"),
        ("POST", "/livez", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
    ],
)
async def test_other_methods_name_what_is_allowed(client, method, path, allowed):
    reply = await client.request(method, path)
    assert reply.status_code == 405
    assert reply.headers["allow"] == allowed
    if method != "HEAD":  # whose replies have no body
        assert reply.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("given", ["abc", "A.b_c-9", "x" * 64])
async def test_a_request_id_is_echoed(client, given):
    for path in ("/livez", "/nowhere"):
        reply = await client.get(path, headers={"X-Request-ID": given})
        assert reply.headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\tb", "{}", "é"])
async def test_a_bad_request_id_is_replaced(client, given):
    headers = {} if given is None else {"X-Request-ID": given.encode()}
    reply = await client.get("/nowhere", headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-request-id"])


@pytest.mark.parametrize("path", ["/livez", "/v1/documents", "/nowhere", "/openapi.json"])
async def test_replies_forbid_what_they_do_not_need(client, path):
    headers = (await client.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_documented_codes_have_the_status_they_are_sent_with():
    by_code = {kind.code: status_of(kind) for kind in tree()}
    for code, about in DOCUMENTED.items():
        assert by_code.get(code, about.status) == about.status
