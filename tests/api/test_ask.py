import pytest

from api.schemas import AnswerBody, SearchBody
from tests.api.fakes import QUESTIONS, FakeEngine, opened

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_an_answer_has_the_documented_shape_and_a_citation_that_opens(client, language):
    reply = await client.post("/v1/ask", json={"question": QUESTIONS[language]})
    assert reply.status_code == 200
    content = reply.json()
    assert set(content) == set(AnswerBody.model_fields)
    assert AnswerBody.model_validate(content).model_dump() == content
    assert content["question_language"] == content["answer_language"] == language
    assert content["abstention"] is None
    cited = content["citations"][0]
    document = (await client.get(cited["url"])).json()
    assert document["id"] == cited["document_id"]
    assert document["text"][cited["start"] : cited["end"]] == cited["quote"]
    wanted = ("start", "end", "quote", "start_utf16", "end_utf16")
    assert document["span"] == {name: cited[name] for name in wanted}
    units = document["text"].encode("utf-16-le")
    quoted = units[2 * cited["start_utf16"] : 2 * cited["end_utf16"]].decode("utf-16-le")
    assert quoted == cited["quote"]


async def test_arabic_travels_as_itself(client):
    reply = await client.post("/v1/ask", json={"question": QUESTIONS["ar"]})
    assert QUESTIONS["ar"].encode() in reply.content
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("language", "word"), [("ar", "مقالات"), ("en", "articles")])
async def test_without_documents_the_service_is_ready_and_abstains(language, word):
    async with opened(FakeEngine(empty=True)) as client:
        assert (await client.get("/readyz")).status_code == 200
        content = (await client.post("/v1/ask", json={"question": QUESTIONS[language]})).json()
    assert content["status"] == "abstained"
    assert content["abstention"]["code"] == "no_documents"
    assert word in content["abstention"]["message"]
    assert content["answer"] is None


async def test_only_what_was_given_reaches_the_engine(client, engine):
    await client.post("/v1/ask", json={"question": "  Who?  "})
    await client.post("/v1/ask", json={"question": "من؟", "k": 3, "language": "ar"})
    await client.post("/v1/ask", json={"question": "Who?", "k": None, "language": None})
    assert engine.asked == [("Who?", None, {}), ("من؟", 3, {"language": "ar"}), ("Who?", None, {})]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_search_lists_passages_best_first(client, language):
    reply = await client.post("/v1/search", json={"question": QUESTIONS[language], "k": 2})
    content = reply.json()
    assert SearchBody.model_validate(content).model_dump() == content
    assert [passage["n"] for passage in content["passages"]] == [1, 2]
    for passage in content["passages"]:
        document = (await client.get(passage["url"])).json()
        assert document["span"]["quote"] == passage["text"]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_question_may_be_as_long_as_allowed(client, language):
    word = {"ar": "س", "en": "w"}[language]
    assert (await client.post("/v1/ask", json={"question": word * 2000})).status_code == 200
    assert (await client.post("/v1/ask", json={"question": word * 2001})).status_code == 400


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
async def test_content_types_that_say_json_are_taken(client, kind):
    body = '{"question": "من؟"}'.encode()
    reply = await client.post("/v1/ask", content=body, headers={"Content-Type": kind})
    assert reply.status_code == 200
