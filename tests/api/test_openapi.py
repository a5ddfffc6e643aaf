import json
import re

import pytest

from api.errors import DOCUMENTED
from api.evaluation import EvaluationBody
from api.openai.schemas import CompletionBody, ModelBody, ModelsBody
from api.schemas import (
    AnswerBody,
    CollectionsBody,
    DeletedBody,
    DocumentBody,
    ErrorBody,
    ListingBody,
    PutBody,
    SearchBody,
    UploadBody,
)

pytestmark = pytest.mark.anyio

ARABIC, LATIN = re.compile(r"[\u0620-\u064a]"), re.compile("[a-z]")
BODIES = {
    ("/v1/ask", "post"): AnswerBody,
    ("/v1/search", "post"): SearchBody,
    ("/v1/chat/completions", "post"): CompletionBody,
    ("/v1/evaluate", "post"): EvaluationBody,
    ("/v1/documents", "get"): ListingBody,
    ("/v1/documents", "post"): UploadBody,
    ("/v1/documents/{id}", "put"): PutBody,
    ("/v1/documents/{id}", "delete"): DeletedBody,
    ("/v1/documents/{id}", "get"): DocumentBody,
    ("/v1/collections", "get"): CollectionsBody,
}
# Routes whose replies are in no language, or are streams.
OTHERS = {"/livez", "/readyz", "/v1/models", "/v1/models/{id}", "/v1/chat/ui"}


@pytest.fixture
async def schema(client):
    return (await client.get("/openapi.json")).json()


async def test_every_route_is_described(schema):
    assert set(schema["paths"]) == {*(path for path, _ in BODIES), *OTHERS}
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
    sent = operation.get("requestBody", {}).get("content", {})
    if "application/json" in sent:  # of files there are no examples
        sets.append(sent["application/json"]["examples"])
    for examples in sets if path != "/v1/collections" else []:  # names are ASCII
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
    for path in ("/v1/ask", "/v1/search", "/v1/chat/completions", "/v1/chat/ui"):
        body = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            assert (await client.post(path, json=example["value"])).status_code == 200


@pytest.mark.parametrize(("path", "method"), BODIES)
async def test_errors_are_documented_with_examples(schema, path, method):
    responses = schema["paths"][path][method]["responses"]
    wanted = {"500", "503"} | ({"400", "413", "415"} if method in ("post", "put") else set())
    if path in ("/v1/ask", "/v1/search"):
        wanted |= {"422"}
    assert wanted <= set(responses)
    for status, response in responses.items():
        content = response.get("content", {}).get("application/json", {})
        if status not in {"200", "default"}:
            assert content["schema"]["$ref"].endswith("ErrorBody")
            for code, example in content["examples"].items():
                error = ErrorBody.model_validate(example["value"]).error
                assert (error.code, DOCUMENTED[code].status) == (code, int(status))
    assert "Retry-After" in responses["503"]["headers"]


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/models", ModelsBody), ("/v1/models/{id}", ModelBody)]
)
async def test_models_are_described_as_they_are_listed(schema, client, path, body):
    described = schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    example = described["examples"]["The model"]["value"]
    assert (await client.get(path.format(id="sanad"))).json() == example
    assert body.model_validate(example, strict=True).model_dump() == example


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions", "/v1/chat/ui"])
async def test_streams_are_described_with_examples_in_both_languages(schema, path):
    content = schema["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"]
    assert content["schema"]["type"] == "string"
    assert any(ARABIC.search(str(example)) for example in content["examples"].values())
    assert len(content["examples"]) == 2
    for example in content["examples"].values():
        for block in example["value"].strip().split("\n\n"):
            data = block.split("\n")[-1].removeprefix("data: ")
            assert data == "[DONE]" or json.loads(data)


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
