"""The guarded fetcher: what it refuses, and what it does with a server that it is let through to."""

from __future__ import annotations

import ast
import gzip
import http.server
import ipaddress
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag import network
from rag.documents.values import REASONS
from rag.network import Fetcher, FetchRefused, is_public, target

ROOT = Path(__file__).parents[2]
# What the stub resolver says of names; nothing here is ever asked of a real one.
NAMES = {
    "private.example": ["10.0.0.7"],
    "meta.example": ["169.254.169.254"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:192.168.0.1"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "sixtofour.example": ["2002:7f00:1::"],
    "none.example": [],
    "xn--mgbh0fb.example": ["192.168.1.1"],
    "xn--mgbh0fb.xn--kgbechtv": ["172.16.0.9"],
}

# (address, reason) — sixty that must not be fetched.
HOSTILE = [
    ("http://127.0.0.1/", "not_public"),
    ("http://127.1.2.3:8080/", "not_public"),
    ("http://localhost/", "bad_host"),
    ("http://localhost.localdomain/", "unreachable"),
    ("http://2130706433/", "bad_host"),
    ("http://0x7f000001/", "bad_host"),
    ("http://0x7f.0.0.1/", "bad_host"),
    ("http://0177.0.0.1/", "bad_host"),
    ("http://017700000001/", "bad_host"),
    ("http://127.1/", "bad_host"),
    ("http://127.0.1/", "bad_host"),
    ("http://127.0.0.01/", "bad_host"),
    ("http://127.0.0.1./", "not_public"),
    ("http://0/", "bad_host"),
    ("http://0.0.0.0/", "not_public"),
    ("http://1.2.3.4.5/", "bad_host"),
    ("http://256.1.1.1/", "bad_host"),
    ("http://example.0x7f/", "bad_host"),
    ("http://①②⑦.⓪.⓪.①/", "not_public"),
    ("http://127。0。0。1/", "not_public"),
    ("http://١٢٧.٠.٠.١/", "unreachable"),
    ("http://10.0.0.1/", "not_public"),
    ("http://172.16.5.4/", "not_public"),
    ("http://192.168.1.1/", "not_public"),
    ("http://100.64.0.1/", "not_public"),
    ("http://169.254.169.254/latest/meta-data/", "not_public"),
    ("http://198.18.0.1/", "not_public"),
    ("http://192.88.99.1/", "not_public"),
    ("http://224.0.0.1/", "not_public"),
    ("http://240.0.0.1/", "not_public"),
    ("http://255.255.255.255/", "not_public"),
    ("http://[::1]/", "not_public"),
    ("http://[::]/", "not_public"),
    ("http://[::ffff:127.0.0.1]/", "not_public"),
    ("http://[::ffff:7f00:1]/", "not_public"),
    ("http://[::127.0.0.1]/", "not_public"),
    ("http://[64:ff9b::7f00:1]/", "not_public"),
    ("http://[64:ff9b:1::7f00:1]/", "not_public"),
    ("http://[2002:7f00:1::]/", "not_public"),
    ("http://[2002:a9fe:a9fe::1]/", "not_public"),
    ("http://[2001:0:7f00:1::]/", "not_public"),
    ("http://[fe80::1]/", "not_public"),
    ("http://[fe80::1%25eth0]/", "bad_host"),
    ("http://[fc00::1]/", "not_public"),
    ("http://[fec0::1]/", "not_public"),
    ("http://[ff02::1]/", "not_public"),
    ("http://[2001:db8::1]/", "not_public"),
    ("http://[::1/", "bad_address"),
    ("http://exa\udcffmple.org/", "bad_address"),
    ("http://example.org/\udcff", "bad_address"),
    ("http://user@example.org/", "credentials"),
    ("http://user:pass@127.0.0.1/", "credentials"),
    ("http://example.org@127.0.0.1/", "credentials"),
    ("http://127.0.0.1:6666\\@example.org/", "bad_address"),
    ("http://example.org\\@127.0.0.1/", "bad_address"),
    ("http://exa mple.org/", "bad_address"),
    ("http://example.org/\r\nX-Evil: 1", "bad_address"),
    ("http://example.org%2f@127.0.0.1/", "credentials"),
    ("http://127.0.0.1%00.example.org/", "bad_host"),
    ("http:///etc/passwd", "bad_host"),
    ("file:///etc/passwd", "bad_scheme"),
    ("gopher://127.0.0.1:6379/_INFO", "bad_scheme"),
    ("ftp://example.org/", "bad_scheme"),
    ("dict://127.0.0.1:11211/stat", "bad_scheme"),
    ("data:text/html,x", "bad_scheme"),
    ("javascript:alert(1)", "bad_scheme"),
    ("//example.org/", "bad_scheme"),
    ("http://example.org:25/", "bad_port"),
    ("http://example.org:22/", "bad_port"),
    ("http://example.org:99999/", "bad_address"),
    ("http://example.org/" + "a" * 2000, "bad_address"),
    ("http://private.example/", "not_public"),
    ("https://meta.example/", "not_public"),
    ("https://mixed.example/", "not_public"),
    ("http://six.example/", "not_public"),
    ("http://mapped.example/", "not_public"),
    ("http://nat64.example/", "not_public"),
    ("http://sixtofour.example/", "not_public"),
    ("http://none.example/", "unreachable"),
    ("http://مثال.example/", "not_public"),
    ("http://مثال.إختبار/", "not_public"),
]


def stub(host):
    if host not in NAMES:
        raise socket.gaierror(-2, "Name or service not known")
    return NAMES[host]


@pytest.fixture
def _no_connections(monkeypatch):
    def refused(*given, **_):
        raise AssertionError(f"connected to {given}")

    monkeypatch.setattr(socket, "create_connection", refused)


@pytest.mark.usefixtures("_no_connections")
@pytest.mark.parametrize(("url", "reason"), HOSTILE)
def test_what_must_not_be_fetched_is_refused_before_any_connection(url, reason):
    with pytest.raises(FetchRefused) as caught:
        Fetcher(stub).fetch(url)
    assert (caught.value.reason, caught.value.exit_code) == (reason, 65)
    assert caught.value.hint
    assert len(caught.value.message) < 400


def test_there_are_enough_of_them():
    assert len({url for url, _ in HOSTILE}) == len(HOSTILE) >= 60
    assert {reason for _, reason in HOSTILE} <= REASONS


@given(st.integers(0, 2**32 - 1))
@example(int(ipaddress.IPv4Address("127.0.0.1")))
@example(int(ipaddress.IPv4Address("8.8.8.8")))
def test_an_address_inside_another_counts_as_itself(number):
    inner = ipaddress.IPv4Address(number)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)
    sixtofour = ipaddress.IPv6Address(0x2002 << 112 | number << 80)
    assert is_public(mapped) == is_public(nat64) == is_public(sixtofour) == is_public(inner)
    assert not is_public(ipaddress.IPv6Address(number))
    if not inner.is_global:
        assert not is_public(inner)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(text):
    for url in (text, f"http://{text}", f"https://example.org/{text}"):
        try:
            found = target(url)
        except FetchRefused:
            continue
        assert found.scheme in ("http", "https")
        assert found.url.isascii()
        assert not set(found.url) & set(" \\\r\n\t@") or "@" not in found.url.split("/")[2]
        assert target(found.url) == found


def test_arabic_addresses_are_written_one_way():
    assert target("https://مثال.إختبار/أخبار?س=1#x").url == (
        "https://xn--mgbh0fb.xn--kgbechtv/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1?%D8%B3=1"
    )
    assert target("HTTP://Example.ORG:80").url == "http://example.org/"
    assert target("https://example.org:8443/a%20b").url == "https://example.org:8443/a%20b"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        page = self.pages[self.path.partition("?")[0]]
        page(self) if callable(page) else self.send(*page)

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def serving(pages, tls=None):
    """The port of a server of these pages on this machine, and what it was asked."""

    own = type("Own", (Handler,), {"pages": pages, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), own)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], own.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def here(host):
    """A resolver for which every name is on this machine."""
    return ["127.0.0.1"]


ALLOWED = frozenset({"127.0.0.1"})


def html(text, **headers):
    return 200, {"Content-Type": "text/html; charset=utf-8"} | headers, text.encode()


def test_a_page_comes_with_its_kind_and_where_it_came_from(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving({"/a": html("خبر"), "/b": (302, {"Location": "/a?x=1"}, b"")}) as (port, asked):
        fetched = Fetcher(here, also=ALLOWED).fetch(f"http://news.example:{port}/b")
        assert fetched.content.decode() == "خبر"
        assert (fetched.media_type, fetched.charset) == ("text/html", "utf-8")
        assert fetched.url == f"http://news.example:{port}/a?x=1"
        assert [path for path, _ in asked] == ["/b", "/a?x=1"]
        for _, headers in asked:
            assert headers["Host"] == f"news.example:{port}"
            assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_the_address_that_was_checked_is_the_one_connected_to():
    """A name that moves after it was looked up (DNS rebinding) changes nothing."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    with serving({"/a": html("x")}) as (port, _):
        fetcher = Fetcher(lambda _: answers.pop(0), also=ALLOWED)
        assert fetcher.fetch(f"http://moving.example:{port}/a").content == b"x"
        assert answers == [["10.0.0.1"]]  # asked once
        with pytest.raises(FetchRefused, match=r"10\.0\.0\.1"):
            fetcher.fetch(f"http://moving.example:{port}/a")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("http://10.0.0.1/", "not_public"),
        ("http://169.254.169.254/latest", "not_public"),
        ("//[::1]/", "not_public"),
        ("http://0x7f000001/", "bad_host"),
        ("file:///etc/passwd", "bad_scheme"),
        ("gopher://x.example/", "bad_scheme"),
        ("http://user@news.example/", "credentials"),
        ("http:\\\\10.0.0.1\\", "bad_address"),
        ("http://news.example:22/", "bad_port"),
    ],
)
def test_every_redirect_is_checked(place, reason):
    with serving({"/a": (301, {"Location": place}, b"")}) as (port, _):
        with pytest.raises(FetchRefused) as caught:
            Fetcher(here, also=ALLOWED).fetch(f"http://news.example:{port}/a")
        assert caught.value.reason == reason


def test_three_redirects_are_followed_and_no_fourth():
    pages = {f"/{n}": (302, {"Location": f"/{n + 1}"}, b"") for n in range(4)}
    with serving(pages | {"/4": html("خبر")}) as (port, asked):
        fetcher = Fetcher(here, also=ALLOWED)
        assert fetcher.fetch(f"http://n.example:{port}/1").content.decode() == "خبر"
        with pytest.raises(FetchRefused, match="redirects more than 3 times"):
            fetcher.fetch(f"http://n.example:{port}/0")
        assert [path for path, _ in asked][-1] == "/3"


def endless(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Connection", "close")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"w" * 65_536)
    except OSError:
        handler.close_connection = True


def slow(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"w")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


def silent(handler):
    time.sleep(3)
    handler.close_connection = True


def short(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half of it")
    handler.close_connection = True


LARGE = b"w" * (network.MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (endless, "too_large"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(LARGE)), "too_large"),
        ((200, {"Content-Encoding": "br"}, b"x"), "encoding"),
        ((200, {"Content-Encoding": "gzip"}, b"not gzip"), "unreachable"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"w" * 9999)[:-9]), "unreachable"),
        (slow, "time_limit"),
        (silent, "time_limit"),
        (short, "unreachable"),
        ((404, {}, b"gone"), "status"),
        ((304, {}, b""), "status"),
        ((500, {}, b""), "status"),
    ],
)
def test_limits_hold_whatever_the_server_does(page, reason):
    with serving({"/a": page}) as (port, _):
        fetcher = Fetcher(here, also=ALLOWED)
        fetcher.seconds = 1.0 if reason == "time_limit" else 20.0
        began = time.monotonic()
        with pytest.raises(FetchRefused) as caught:
            fetcher.fetch(f"http://n.example:{port}/a")
        assert caught.value.reason == reason
        assert time.monotonic() - began < 10


def test_a_slow_resolver_is_given_up():
    fetcher = Fetcher(lambda _: time.sleep(5) or ["127.0.0.1"], also=ALLOWED)
    fetcher.seconds = 0.2
    with pytest.raises(FetchRefused) as caught:
        fetcher.fetch("http://slow.example/")
    assert caught.value.reason == "time_limit"


def test_packed_pages_are_unpacked():
    packed = gzip.compress("خبر عاجل".encode())
    with serving({"/a": (200, {"Content-Encoding": "gzip"}, packed)}) as (port, _):
        fetched = Fetcher(here, also=ALLOWED).fetch(f"http://n.example:{port}/a")
    assert fetched.content.decode() == "خبر عاجل"


def test_nothing_else_in_the_library_reaches_the_network():
    """Articles are fetched in one module; two more speak to services that their user names."""
    connecting = {"socket", "ssl", "http.client", "urllib.request", "httpx", "requests", "aiohttp"}
    users = set()
    for path in (ROOT / "rag").rglob("*.py"):
        if "training" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if connecting & set(names):
                users.add(path.relative_to(ROOT).as_posix())
    assert users == {"rag/network.py", "rag/client/__init__.py", "rag/evaluation/connection.py"}
