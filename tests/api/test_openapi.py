import re

import pytest

from api.errors import DOCUMENTED
from api.schemas import AnswerBody, DocumentBody, ErrorBody, ListingBody, SearchBody

pytestmark = pytest.mark.anyio

ARABIC, LATIN = re.compile(r"[\u0620-\u064a]"), re.compile("[a-z]")
BODIES = {
    ("/v1/ask", "post"): AnswerBody,
    ("/v1/search", "post"): SearchBody,
    ("/v1/documents", "get"): ListingBody,
    ("/v1/documents/{id}", "get"): DocumentBody,
}


@pytest.fixture
async def schema(client):
    return (await client.get("/openapi.json")).json()


async def test_every_route_is_described(schema):
    assert set(schema["paths"]) == {*(path for path, _ in BODIES), "/livez", "/readyz"}
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]


@pytest.mark.parametrize(("path", "method"), BODIES)
async def test_examples_are_valid_and_in_both_languages(schema, path, method):
    operation = schema["paths"][path][method]
    answered = operation["responses"]["200"]["content"]["application/json"]
    assert answered["schema"]["$ref"].endswith(BODIES[path, method].__name__)
    sets = [answered["examples"]]
    if "requestBody" in operation:
        sets.append(operation["requestBody"]["content"]["application/json"]["examples"])
    for examples in sets:
        assert any(
            ARABIC.search(str(example["value"]))
            for name, example in examples.items()
            if "Arabic" in name
        )
        assert any("English" in name for name in examples)
    for example in answered["examples"].values():
        model = BODIES[path, method].model_validate(example["value"], strict=True)
        assert model.model_dump() == example["value"]


async def test_request_examples_are_answered(schema, client):
    for path in ("/v1/ask", "/v1/search"):
        body = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            assert (await client.post(path, json=example["value"])).status_code == 200


@pytest.mark.parametrize(("path", "method"), BODIES)
async def test_errors_are_documented_with_examples(schema, path, method):
    responses = schema["paths"][path][method]["responses"]
    assert "422" not in responses
    wanted = {"post": {"400", "413", "415", "500", "503"}, "get": {"400", "500", "503"}}[method]
    assert wanted <= set(responses)
    for status, response in responses.items():
        content = response.get("content", {}).get("application/json", {})
        if status not in {"200", "default"}:
            assert content["schema"]["$ref"].endswith("ErrorBody")
            for code, example in content["examples"].items():
                error = ErrorBody.model_validate(example["value"]).error
                assert (error.code, DOCUMENTED[code].status) == (code, int(status))
    assert "Retry-After" in responses["503"]["headers"]


async def test_limits_are_in_the_schema(schema):
    asked = schema["components"]["schemas"]["AskRequest"]
    assert asked["additionalProperties"] is False
    assert asked["properties"]["question"]["maxLength"] == 2000
    assert {"type": "integer", "minimum": 1, "maximum": 50} in asked["properties"]["k"]["anyOf"]


async def test_the_docs_page_needs_no_network(client):
    page = await client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "//" not in page.text
    assert "<script>" not in page.text
    for address in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        reply = await client.get(f"/{address}")
        assert reply.status_code == 200
        assert reply.headers["content-type"].partition(";")[0] in {"text/css", "text/javascript"}
        if address.endswith(".css"):
            assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import", reply.text)
