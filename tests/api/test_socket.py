"""Over real sockets: what the in-process transport cannot show."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from api.server import check_host, serve
from rag import catalogue
from rag.errors import ConfigurationError
from rag.settings import Settings
from tests.api.fakes import TEXTS, served, until_ready

MODELS = [
    Path(catalogue.MODELS) / name
    for name in ("sanad-bilingual-v1", "sanad-static-v1", "evidence.json")
]
LONE = '{"question": "من \\ud800"}'.encode()
FACTS = {
    "ar": ("كم عدد الأوكرانيين الذين تسعى كييف إلى إطلاق سراحهم؟", "1200"),
    "en": ("How many Ukrainians does Kyiv seek to free from Russian captivity?", "1200"),
}


@pytest.mark.skipif(
    not all(path.exists() for path in MODELS), reason="the embedded models are not built yet"
)
def test_both_languages_are_answered_from_the_seed_articles(seed_engine):
    with served(seed_engine) as address, httpx.Client(base_url=address, trust_env=False) as client:
        until_ready(address)
        listed = client.get("/v1/documents").json()
        assert listed["total"] == len(listed["documents"]) > 0
        for language, (question, fact) in FACTS.items():
            reply = client.post("/v1/ask", json={"question": question}, timeout=60)
            assert reply.status_code == 200, reply.text
            answer = reply.json()
            assert answer["question_language"] == language
            assert answer["status"] == "answered"
            assert fact in answer["citations"][0]["quote"]
            for cited in answer["citations"]:
                document = client.get(cited["url"]).json()
                assert document["span"]["quote"] == cited["quote"]
                assert document["sha256"] == cited["document_sha256"]
            found = client.post("/v1/search", json={"question": question, "k": 3}).json()
            assert 1 <= len(found["passages"]) <= 3


def test_ids_bodies_and_limits_over_a_socket(engine):
    with served(engine) as address, httpx.Client(base_url=address, trust_env=False) as client:
        until_ready(address)
        for id in TEXTS:
            assert client.get(f"/v1/documents/{quote(id, safe='')}").json()["id"] == id
        assert client.get("/v1/documents/%ff%fe").status_code == 404
        headers = {"Content-Type": "application/json"}
        sent = client.post("/v1/ask", content=iter([b"w" * 65_536] * 17), headers=headers)
        assert (sent.status_code, sent.headers["connection"]) == (413, "close")
        assert client.post("/v1/ask", content=LONE, headers=headers).status_code == 400
        assert client.post("/v1/ask", json={"question": "من؟"}).status_code == 200


def test_a_stated_length_is_refused_before_the_body_comes(engine):
    with served(engine) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        connection.putrequest("POST", "/v1/ask")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        reply = connection.getresponse()
        assert reply.status == 413
        assert json.loads(reply.read())["error"]["code"] == "body_too_large"
        connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_addresses_others_can_reach_need_insecure(host):
    with pytest.raises(ConfigurationError, match="there is no authentication"):
        check_host(host, insecure=False)
    check_host(host, insecure=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_served(host):
    check_host(host, insecure=False)


@pytest.mark.parametrize("path", ["/", "/livez", "/docs", "/openapi.json", "/v1/documents"])
def test_head_is_answered_with_the_headers_of_get(engine, path):
    with served(engine) as address, httpx.Client(base_url=address, trust_env=False) as client:
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "content-security-policy"):
            assert head.headers[name] == got.headers[name]
        assert client.get("/livez").status_code == 200  # over the same connection
        missing = client.head("/v1/documents/none")
        assert (missing.status_code, missing.content) == (404, b"")


def test_a_host_that_is_none_is_told_as_one(monkeypatch):
    monkeypatch.setattr("api.logs.configure", lambda: None)
    with pytest.raises(ConfigurationError, match=r"cannot listen on 'no\.such\.invalid'") as raised:
        serve(Settings(host="no.such.invalid"), insecure=True)
    assert "--host" in raised.value.hint


def test_a_taken_port_is_said_plainly(monkeypatch):
    monkeypatch.setattr("api.logs.configure", lambda: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            told = f"cannot listen on '127.0.0.1' port {port}: Address already in use\n"
            with pytest.raises(ConfigurationError, match=told):
                serve(Settings(port=port))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_serve_tells_its_address_logs_json_and_ends_cleanly(tmp_path):
    code = (
        "import sys; from pathlib import Path; from api.server import serve; "
        "from rag.settings import Settings; serve(Settings(indexes=Path(sys.argv[1]), port=0))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        first = process.stderr.readline()
        assert first.startswith("Sanad answers at http://127.0.0.1:")
        address = first.split()[3]
        reply = httpx.get(
            f"{address}/livez", headers={"X-Request-ID": "r-1"}, trust_env=False, timeout=30
        )
        assert reply.json() == {"status": "alive"}
        assert "server" not in reply.headers
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    assert stdout == ""
    lines = [json.loads(line) for line in stderr.splitlines()]
    request = next(line for line in lines if line["event"] == "request")
    assert (request["request_id"], request["route"], request["status"]) == ("r-1", "/livez", 200)
