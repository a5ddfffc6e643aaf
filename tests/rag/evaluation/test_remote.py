"""Targets over real sockets: the service itself, and a chat endpoint that answers from a script."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rag.errors import ConfigurationError, InvalidParameter, Unavailable, UnknownDocument
from rag.evaluation import chat_endpoint, remote
from rag.evaluation.connection import key_from
from rag.evaluation.corpus import CorpusMismatch
from rag.evaluation.questions import FactQuestion
from rag.evaluation.run import run
from rag.evaluation.targets import Quoted
from rag.messages import ABSTENTIONS
from rag.output import answer_to_dict
from tests.api.fakes import QUESTIONS, FakeEngine, served, until_ready


@contextmanager
def endpoint(*replies):
    """Answers requests in turn with (status, headers, content); the last one again and again."""
    waiting, asked = list(replies), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["content-length"])
            asked.append((self.path, dict(self.headers), json.loads(self.rfile.read(length))))
            status, headers, content = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(text, **message):
    return (200, {}, {"choices": [{"message": {"content": text, **message}}]})


def test_the_address_of_the_call_itself_is_taken_too():
    with endpoint(completion("Kyiv")) as (address, asked):
        chat_endpoint.chat(f"{address}/chat/completions/", "m").ask("Where?", 8)
        assert [path for path, *_ in asked] == ["/v1/chat/completions"]
    with endpoint((404, {}, {"error": {"message": "no model 'm'"}})) as (address, _):
        with pytest.raises(Unavailable) as caught:
            chat_endpoint.chat(address, "m").ask("Where?", 8)
        assert caught.value.message == f"{address}/chat/completions: 404 no model 'm'"


def ask(reply, library=None, refusal=None):
    with endpoint(reply) as (address, _):
        return chat_endpoint.chat(address, "m", library=library, refusal=refusal).ask("Who?", 8)


@pytest.fixture
def service():
    engine = FakeEngine()
    with served(engine) as address:
        until_ready(address)
        yield address, engine


def questions(engine):
    found = []
    for language, quote in (("ar", "1200"), ("en", "1,200")):
        document = next(one for one in engine.stored.values() if one.language == language)
        start = document.text.index(quote)
        gold = {
            "document": document.id,
            "document_sha256": document.sha256,
            "start": start,
            "end": start + len(quote),
            "quote": quote,
        }
        found.append(
            FactQuestion.model_validate(
                {
                    "id": language,
                    "question": QUESTIONS[language],
                    "language": language,
                    "answers": (quote,),
                    "gold": (gold,),
                }
            )
        )
    return found


def test_a_service_is_measured_over_its_socket(service):
    address, engine = service
    report = run(remote.sanad(address), questions(engine), 8, concurrency=2)
    figures = report.slices["all"]
    assert (figures.citation_recall, figures.quotes_verified, figures.quotes_unverified) == (
        1,
        2,
        0,
    )
    assert report.index_generation == "g1"
    assert report.manifest["target"] == {"kind": "sanad", "address": address}
    assert figures.hit_at_k == 0  # the fake's passages hold only the first five letters


def test_documents_of_a_service_come_whole(service):
    address, engine = service
    target = remote.sanad(address)
    assert [one.id for one in target.documents()] == sorted(engine.stored)
    for id, document in engine.stored.items():
        assert target.document(id).text == document.text
    with pytest.raises(UnknownDocument):
        target.document("gone.txt")


def test_gold_that_the_service_lacks_stops_before_the_first_question(service):
    address, engine = service
    gone = questions(engine)[0].model_copy(update={"id": "x"})
    gone = gone.model_copy(
        update={
            "gold": (gone.gold[0].model_copy(update={"document": "g", "document_sha256": None}),)
        }
    )
    with pytest.raises(CorpusMismatch):
        run(remote.sanad(address), [gone], 8)
    assert engine.asked == []


def test_no_service_is_told_with_its_address():
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        remote.sanad("http://127.0.0.1:9").warm()


@pytest.mark.parametrize("address", ["localhost:80", "ftp://x", "http://", ""])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidParameter, match="--target is"):
        remote.sanad(address)


def test_a_busy_endpoint_is_asked_again():
    busy = (503, {"retry-after": "0"}, {"error": {"message": "busy"}})
    with endpoint(busy, busy, completion("Seven")) as (address, asked):
        assert chat_endpoint.chat(address, "m", "secret").ask("Who?", 8).answer == "Seven"
    assert len(asked) == 3
    path, headers, body = asked[0]
    assert (path, headers["authorization"]) == ("/v1/chat/completions", "Bearer secret")
    assert body["messages"] == [{"role": "user", "content": "Who?"}]
    assert (body["model"], body["temperature"], body["stream"]) == ("m", 0, False)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((401, {}, {"error": {"message": "no key"}}), "401 no key"),
        ((200, {}, b"<html>"), "not JSON"),
        ((200, {}, {"choices": []}), "not a chat completion"),
        ((200, {}, []), "not a chat completion"),
    ],
)
def test_what_is_no_completion_is_told(reply, told):
    with pytest.raises(Unavailable, match=told):
        ask(reply)


@pytest.mark.parametrize(
    "reply",
    [
        completion(""),
        completion(None, refusal="I will not"),
        completion(ABSTENTIONS["not_in_sources"]["ar"]),
        completion("x", context={"status": "abstained", "confidence": 0.1}),
        completion("I do not know."),
    ],
)
def test_declining_is_an_abstention(reply):
    assert ask(reply, refusal="do not know").status == "abstained"


@pytest.mark.parametrize(
    ("text", "answer", "numbers"),
    [
        ("سبعة [٢] [[3]](x).", "سبعة.", [2, 3]),
        ("Seven [1][3].", "Seven.", [1, 3]),
        ("Seven [2, 3].", "Seven.", [2, 3]),
        ("سبعة [١، ٢]", "سبعة", [1, 2]),
        ("In [2023] seven [2]", "In [2023] seven", [2]),
        ("Seven [9]", "Seven", [1, 2, 3]),  # a mark that names nothing chooses nothing
    ],
)
def test_marks_name_the_sources_that_count(text, answer, numbers):
    sources = [f"https://a.example/{n}" for n in (1, 2, 3)]
    content = {"choices": [{"message": {"content": text}}], "citations": sources}
    reply = ask((200, {}, content))
    assert reply.answer == answer
    assert [one.document_id for one in reply.citations] == [sources[n - 1] for n in numbers]


def test_without_marks_all_annotations_count():
    one = {"type": "url_citation", "url_citation": {"url": "https://a.example/1", "title": "A"}}
    reply = ask(completion("Seven.", annotations=[one]))
    assert reply.citations == (Quoted(document_id="https://a.example/1"),)


def test_an_address_of_ours_is_a_place():
    engine = FakeEngine()
    document = next(one for one in engine.stored.values() if one.language == "ar")
    from rag.types import document_url

    url = "http://host" + document_url(document.id, 5, 9)
    reply = ask(completion("x [1]", annotations=[{"url": url}]), library=engine)
    assert reply.citations == (Quoted(document_id=document.id, start=5, end=9),)


def test_the_fields_of_our_own_citations_are_read():
    cited = {"n": 4, "document_id": "plain.txt", "start": 0, "end": 7, "quote": "Nothing"}
    other = {"n": 5, "document_id": "plain.txt", "start": 8, "end": 12, "quote": "much"}
    reply = ask(completion("No [4]", context={"citations": [cited, other], "confidence": 0.5}))
    assert reply.citations == (Quoted(document_id="plain.txt", start=0, end=7, quote="Nothing"),)
    assert reply.confidence == 0.5


@pytest.mark.parametrize(
    "source",
    [
        {"title": "Exchange 🕊", "content": "Kyiv seeks to free 1,200 Ukrainians."},
        {"snippet": "Kyiv seeks to free 1,200 Ukrainians."},
        "Kyiv seeks to free 1,200 Ukrainians.",
    ],
)
def test_words_and_titles_are_found_in_the_documents_at_hand(source):
    engine = FakeEngine()
    (cited,) = ask(completion("x", sources=[source]), library=engine).citations
    text = engine.stored[cited.document_id].text
    assert text[cited.start : cited.end] == cited.quote == "Kyiv seeks to free 1,200 Ukrainians."


@pytest.mark.parametrize(
    "source",
    [
        None,
        7,
        [],
        {},
        {"url": 3},
        {"start": -1, "end": 0},
        {"url": "/v1/documents/x?start=a&end=9"},
    ],
)
def test_strange_sources_break_nothing(source):
    reply = ask(completion("x", annotations=[source], context={"confidence": "high"}))
    assert reply.status == "answered"
    assert reply.confidence is None
    assert all(one.start is None for one in reply.citations)


def test_an_endpoint_is_measured_without_ranking_or_confidence():
    engine = FakeEngine()
    quote = "Kyiv seeks to free 1,200 Ukrainians."
    with endpoint(completion("1,200 [1]", sources=[quote])) as (address, _):
        target = chat_endpoint.chat(address, "m", library=engine)
        report = run(target, questions(engine), 8)
    figures = report.slices["en"]
    assert (figures.citation_recall, figures.exact_match, figures.quotes_verified) == (1, 1, 1)
    assert figures.hit_at_k is figures.aurc is figures.no_answer_auroc is None
    assert report.slices["ar"].citation_recall == 0
    assert report.manifest["target"]["model"] == "m"


def test_without_documents_at_hand_quotes_cannot_be_compared():
    engine = FakeEngine()
    with endpoint(completion("1,200 [1]", sources=["Kyiv seeks"])) as (address, _):
        figures = run(chat_endpoint.chat(address, "m"), questions(engine), 8).slices["all"]
    assert (figures.citations, figures.quotes_verified, figures.quotes_unverified) == (2, 0, 0)
    assert figures.quote_exactness is None


def test_keys_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("A_KEY", "secret")
    assert key_from("A_KEY") == "secret"
    assert key_from(None) is None
    with pytest.raises(ConfigurationError, match="'NO_KEY', which is not set"):
        key_from("NO_KEY")
    for wrong in ("مفتاح", "a\nb"):
        monkeypatch.setenv("A_KEY", wrong)
        with pytest.raises(ConfigurationError, match="'A_KEY', which holds characters"):
            key_from("A_KEY")


def test_a_refusal_that_is_no_expression_is_refused():
    with pytest.raises(InvalidParameter, match="no regular expression"):
        chat_endpoint.chat("http://127.0.0.1:9/v1", "m", refusal="(")


def test_a_password_in_the_address_is_not_kept():
    target = remote.sanad("http://me:secret@127.0.0.1:9")
    assert target.describe()["address"] == "http://127.0.0.1:9"
    with pytest.raises(Unavailable) as raised:
        target.ask("Who?", 8)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "ftp://a",
        "http://",
        "http://[",
        "http://a:99999",
        "http://a:x",
    ],
)
def test_what_is_no_address_is_refused(address):
    for target in (remote.sanad, lambda address: chat_endpoint.chat(address, "m")):
        with pytest.raises(InvalidParameter, match="no address"):
            target(address)


def test_the_answer_object_of_our_own_endpoint_is_read():
    own = answer_to_dict(FakeEngine().ask("How many will Kyiv free?"))
    reply = ask((200, {}, completion("Long text [1]")[2] | {"sanad": own}))
    assert (reply.answer, reply.confidence, reply.state.generation) == (own["answer"], 0.9, "g1")
    assert reply.citations[0].quote == own["citations"][0]["quote"]
    other = ask((200, {}, completion("Long text")[2] | {"sanad": {"status": "frob"}}))
    assert other.answer == "Long text"


@pytest.mark.parametrize(
    ("said", "stated"), [("1,200 [1]", 1), ("ألف ومئتان [١]", 1), ("9,999 [1]", 0)]
)
def test_what_an_endpoint_makes_up_is_told_by_its_own_quotes(said, stated):
    engine = FakeEngine()
    quote = "Kyiv seeks to free 1,200 Ukrainians."
    with endpoint(completion(said, sources=[quote])) as (address, _):
        report = run(chat_endpoint.chat(address, "m", library=engine), questions(engine), 8)
    assert report.slices["all"].values_stated == stated
