"""Connections that send or take too slowly, over real sockets: each is ended, the others go on."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import pytest

from api import connections, middleware
from api.server import _listening
from tests.api.fakes import QUESTIONS, FakeEngine, served, until_ready

LIMIT = 1.0  # seconds, in place of those that are served with
SLACK = 20  # for a busy machine
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def address(engine, monkeypatch):
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", LIMIT)
    monkeypatch.setattr(connections, "SECONDS_TO_TAKE", LIMIT)
    monkeypatch.setattr(middleware, "SECONDS_FOR_A_BODY", LIMIT)
    monkeypatch.setattr(middleware, "SECONDS_FOR_A_WRITE", LIMIT)
    with served(engine) as address:
        until_ready(address)
        yield address


@contextmanager
def connected(address):
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SLACK) as connection:
        yield connection


def until_closed(connection):
    """All that comes until the other side ends the connection."""
    content = b""
    try:
        while part := connection.recv(65_536):
            content += part
    except ConnectionResetError:
        pass
    return content


def replies(content):
    """(status, body as JSON) of the replies in what came."""
    found = []
    while content:
        head, _, rest = content.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        told = dict(line.lower().split(": ", 1) for line in lines[1:])
        length = int(told["content-length"])
        found.append((int(lines[0].split()[1]), json.loads(rest[:length]), told))
        content = rest[length:]
    return found


def dripped(connection, content, seconds):
    """Sends a byte at a time until all is sent, the time is over or nobody takes it any more."""
    ends = time.monotonic() + seconds
    try:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
            if time.monotonic() > ends:
                return
    except OSError:
        pass


@pytest.mark.parametrize(
    ("slowly", "status"),
    [
        (b"", None),
        (b"G", 408),
        (b"POST /v1/ask HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 2000, 408),
        (b"\r\n" * 2000, 408),
    ],
    ids=["nothing", "a letter", "a header", "empty lines"],
)
def test_a_head_that_does_not_come_ends_the_connection(address, slowly, status):
    with connected(address) as connection:
        began = time.monotonic()
        sender = threading.Thread(target=dripped, args=(connection, slowly, SLACK))
        sender.start()
        content = until_closed(connection)
        assert LIMIT * 0.9 <= time.monotonic() - began < SLACK
        sender.join()
    if status is None:
        assert content == b""
        return
    ((given, body, headers),) = replies(content)
    assert given == status
    assert headers["connection"] == "close"
    assert body["error"]["code"] == "header_timeout"
    assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("trickle", [b"GET /livez HTTP/1.1\r\nX: ", b"\r\n" * 500])
def test_the_request_after_a_reply_has_no_more_time(address, trickle):
    """The idle time of a kept connection must not begin anew with each byte."""
    with connected(address) as connection:
        connection.sendall(GET)
        assert b"alive" in connection.recv(65_536)
        began = time.monotonic()
        dripped(connection, trickle + b"a" * 500, SLACK)
        until_closed(connection)
        assert time.monotonic() - began < SLACK


@pytest.mark.parametrize(
    "route", ["POST /v1/ask", "PUT /v1/documents/a", "POST /v1/documents"]
)  # read whole, written, and passed on as it comes
def test_a_body_that_does_not_come_ends_the_connection(address, engine, route):
    kind = (
        "multipart/form-data; boundary=b" if route == "POST /v1/documents" else "application/json"
    )
    head = f"{route} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 5000\r\n\r\n"
    with connected(address) as connection:
        connection.sendall(head.encode())
        sender = threading.Thread(target=dripped, args=(connection, FORM + b"-" * 4000, SLACK))
        sender.start()
        content = until_closed(connection)
        sender.join()
    ((status, body, headers),) = replies(content)
    assert (status, body["error"]["code"], headers["connection"]) == (408, "body_timeout", "close")
    assert engine.asked == []


def test_a_body_nobody_reads_holds_no_connection(address):
    """Refused before it is read: what is left of it neither keeps the connection nor is a request."""
    head = b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    with connected(address) as connection:
        connection.sendall(head + b"Content-Length: 900000\r\n\r\n" + b"x" * 100_000)
        dripped(connection, b"y" * 5000, SLACK)
        ((status, body, _),) = replies(until_closed(connection))
        assert (status, body["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/1.1\r\n" + b"X-A: " + b"a" * 80_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
        b"GET /" + b"a" * 80_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n" + b"X-A: " + b"a" * 300_000,
    ],
    ids=["one header", "10,000 headers", "an address", "no end"],
)
def test_a_long_head_is_refused(address, head):
    with connected(address) as connection:
        sender = threading.Thread(target=_sent, args=(connection, head))
        sender.start()
        content = until_closed(connection)
        sender.join()
    if content:  # a reset may overtake it where more was sent than is read
        ((status, body, _),) = replies(content)
        assert (status, body["error"]["code"]) == (431, "headers_too_large")
    assert httpx.get(f"{address}/livez", trust_env=False).status_code == 200


def _sent(connection, content):
    with suppress(OSError):
        connection.sendall(content)


def test_what_is_no_http_is_refused_in_the_shape_of_all_errors(address):
    with connected(address) as connection:
        connection.sendall("مرحبا\r\n\r\n".encode())
        ((status, body, _),) = replies(until_closed(connection))
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "invalid_http", None)


def test_a_slow_answer_and_a_patient_client_are_not_cut(address, engine):
    """Longer than any limit here: the limits are of connections, not of answers."""
    engine.release.clear()
    with connected(address) as connection:
        body = json.dumps({"question": QUESTIONS["ar"]}, ensure_ascii=False).encode()
        connection.sendall(
            b"POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            + b"GET /liv"  # the next request is begun, and waits
        )
        time.sleep(3 * LIMIT)
        engine.release.set()
        reply = connection.recv(65_536)
        assert reply.startswith(b"HTTP/1.1 200")
        connection.sendall(b"ez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"alive" in connection.recv(65_536)


def test_requests_sent_together_are_all_answered(address):
    with connected(address) as connection:
        connection.sendall(GET * 2000 + GET[:-4] + b"\r\nConnection: close\r\n\r\n")
        found = replies(until_closed(connection))
    assert [status for status, _, _ in found] == [200] * 2001


def test_a_reply_that_is_not_taken_ends_the_connection(address, engine):
    id = "long.txt"
    engine.stored[id] = _long(engine)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # of what lies untaken
        slow.settimeout(SLACK)
        slow.connect(_place(address))
        slow.sendall(b"GET /v1/documents/long.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(4 * LIMIT)
        assert len(until_closed(slow)) < len(engine.stored[id].text.encode())
    with httpx.Client(base_url=address, trust_env=False, timeout=SLACK) as client:
        assert client.get("/v1/documents/long.txt").json()["text"] == engine.stored[id].text


def _long(engine):
    from dataclasses import replace

    return replace(engine.stored["plain.txt"], id="long.txt", text="سند " * 1_000_000)


def test_a_hundred_slow_connections_keep_nobody_waiting(address):
    with httpx.Client(base_url=address, trust_env=False, timeout=SLACK) as client:
        slow = [socket.create_connection(_place(address)) for _ in range(100)]
        try:
            for connection in slow:
                connection.sendall(b"POST /v1/ask HTTP/1.1\r\nX: ")
            question = {"question": QUESTIONS["en"]}
            assert client.post("/v1/ask", json=question).status_code == 200
            for connection in slow:
                connection.settimeout(SLACK)
                assert b"header_timeout" in until_closed(connection)
        finally:
            for connection in slow:
                connection.close()
        assert client.post("/v1/ask", json=question).status_code == 200


def test_more_connections_than_are_served_are_told_to_come_again(address, monkeypatch):
    """Over the limit a request is refused with a time to wait; what is open goes on being served."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(connections, "MOST_REFUSED", 5)
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", SLACK)
    with httpx.Client(base_url=address, trust_env=False, timeout=SLACK) as client:
        assert client.get("/livez").status_code == 200  # the first of the twenty, kept open
        open_ones = [socket.create_connection(_place(address), timeout=SLACK) for _ in range(19)]
        try:
            for connection in open_ones:  # each is accepted before the next one is opened
                connection.sendall(GET)
                assert b"alive" in connection.recv(65_536)
            with connected(address) as connection:
                connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
                ((status, body, headers),) = replies(until_closed(connection))
            assert (status, body["error"]["code"]) == (503, "too_many_connections")
            assert "20" in body["error"]["message"]
            assert headers["retry-after"].isdigit()
            with connected(address) as connection:  # whoever looks after the process may ask
                connection.sendall(GET)
                assert b"alive" in connection.recv(65_536)
            question = {"question": QUESTIONS["ar"]}
            assert client.post("/v1/ask", json=question).status_code == 200
        finally:
            for connection in open_ones:
                connection.close()
        _until(lambda: _asked(address) == 200)


def test_a_flood_of_connections_is_let_go_unanswered(address, monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(connections, "MOST_REFUSED", 5)
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", SLACK)
    flood = [socket.create_connection(_place(address), timeout=SLACK) for _ in range(60)]
    try:
        assert [until_closed(connection) for connection in flood[25:]] == [b""] * 35
        for connection in flood[:20]:
            connection.sendall(GET)
            assert b"alive" in connection.recv(65_536)
    finally:
        for connection in flood:
            connection.close()
    _until(lambda: _asked(address) == 200)


def _asked(address):
    return httpx.get(f"{address}/v1/documents", trust_env=False).status_code


def _until(true):
    ends = time.monotonic() + SLACK
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def _place(address):
    host, port = address.removeprefix("http://").split(":")
    return host, int(port)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has it")
def test_accepted_connections_inherit_the_time_to_take_a_reply():
    with (
        _listening("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        given = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert given == connections.SECONDS_TO_TAKE * 1000


def test_the_limits_are_those_that_are_documented(readme):
    assert f"{connections.SECONDS_FOR_A_HEAD} seconds" in readme
    assert f"{middleware.SECONDS_FOR_A_BODY} seconds" in readme
    assert f"{connections.LARGEST_HEAD // 1024} KiB" in readme
    assert f"{connections.MOST_CONNECTIONS} connections" in readme


@pytest.fixture
def readme():
    from tests.conftest import ROOT

    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def engine():
    return FakeEngine()
