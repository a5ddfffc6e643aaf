from types import SimpleNamespace

import pytest

from api.evaluation import MOST_QUESTIONS, EvaluationBody
from rag.evaluation.results import METRICS
from tests.api.fakes import QUESTIONS, FakeEngine, opened

pytestmark = pytest.mark.anyio


@pytest.fixture
def engine():
    engine = FakeEngine()
    engine.embedder = SimpleNamespace(fingerprint="e1")
    return engine


def asked(engine, language, quote, **change):
    document = next(one for one in engine.stored.values() if one.language == language)
    start = document.text.index(quote)
    gold = {
        "document": document.id,
        "document_sha256": document.sha256,
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }
    question = {
        "id": language,
        "question": QUESTIONS[language],
        "language": language,
        "answers": [quote],
        "gold": [gold],
        "tags": ["number"],
        "pair": "freed",
    }
    return question | change


async def test_figures_come_for_both_languages(client, engine):
    questions = [asked(engine, "ar", "1200"), asked(engine, "en", "1,200")]
    reply = await client.post("/v1/evaluate", json={"questions": questions, "k": 3})
    content = reply.json()
    assert reply.status_code == 200, content
    assert EvaluationBody.model_validate(content).model_dump() == content
    assert list(content["slices"]) == ["all", "ar", "en", "ar-ar", "en-en", "tag:number"]
    assert set(content["slices"]["all"]) == set(METRICS)
    assert content["slices"]["ar"]["citation_recall"] == 1
    assert content["slices"]["all"]["quotes_unverified"] == 0
    assert content["slices"]["all"]["parity"] == 0  # each language cites a document of its own
    assert content["rows"] is None
    assert content["k"] == 3


async def test_rows_come_where_they_are_asked_for(client, engine):
    body = {"questions": [asked(engine, "ar", "1200")], "rows": True}
    (row,) = (await client.post("/v1/evaluate", json=body)).json()["rows"]
    assert (row["id"], row["status"], row["citations_correct"]) == ("ar", "answered", 1)


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"questions": []}, "invalid_request", "questions"),
        ({"questions": [{}] * (MOST_QUESTIONS + 1)}, "invalid_request", "100"),
        ({"k": 0}, "invalid_parameter", "k is 0"),
        ({"frob": 1}, "invalid_request", "frob"),
    ],
)
async def test_what_cannot_be_measured_is_refused(client, engine, change, code, told):
    body = {"questions": [asked(engine, "ar", "1200")]} | change
    reply = await client.post("/v1/evaluate", json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)
    assert told in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"language": "fr"}, "language: is 'fr', expected 'ar' or 'en'"),
        ({"answers": [], "gold": []}, "at least one of answers and gold"),
        ({"gold": [{"document": "gone.txt"}]}, "'gone.txt' is not in the collection"),
        ({"draft": True}, "is a draft"),
    ],
)
async def test_a_faulty_question_is_named(client, engine, change, told):
    body = {"questions": [asked(engine, "ar", "1200") | change]}
    reply = await client.post("/v1/evaluate", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["message"]


async def test_an_id_may_stand_once(client, engine):
    body = {"questions": [asked(engine, "ar", "1200")] * 2}
    reply = await client.post("/v1/evaluate", json=body)
    assert "'ar' stands twice" in reply.json()["error"]["message"]


async def test_without_documents_every_question_is_declined():
    engine = FakeEngine(empty=True)
    engine.embedder = SimpleNamespace(fingerprint="e1")
    question = {"id": "1", "question": "Who?", "language": "en", "unanswerable": True}
    async with opened(engine) as client:
        reply = await client.post("/v1/evaluate", json={"questions": [question]})
    assert reply.json()["slices"]["en"]["abstention_recall"] == 1
