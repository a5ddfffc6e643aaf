"""Pages over TLS from a server on this machine, with certificates made for the test."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
import trustme

from rag.network import Fetcher, FetchRefused
from tests.rag.test_network import ALLOWED, Handler, here, html, serving

NOW = datetime.datetime.now(datetime.UTC)
HOST = "news.example"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    """The authority is one that this machine trusts, named the way OpenSSL lets people name it."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@contextmanager
def serving_tls(pages, certificate):
    """The port of a server of these pages over TLS, and what it was asked."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    with serving(pages, context) as served:
        yield served


def fetcher():
    return Fetcher(here, also=ALLOWED)


@pytest.mark.usefixtures("trusted")
def test_a_page_comes_over_tls_from_a_host_that_proves_its_name(authority):
    for host, certificate in (
        (HOST, authority.issue_cert(HOST)),
        ("www.news.example", authority.issue_cert("*.news.example")),
        (HOST, authority.create_child_ca().issue_cert(HOST)),  # a chain, as public servers send it
    ):
        with serving_tls({"/a": html("خبر")}, certificate) as (port, asked):
            fetched = fetcher().fetch(f"https://{host}:{port}/a")
            assert fetched.content.decode() == "خبر"
            assert fetched.url == f"https://{host}:{port}/a"
            assert asked[0][1]["Host"] == f"{host}:{port}"


@pytest.mark.usefixtures("trusted")
def test_an_arabic_host_proves_its_name_in_ascii(authority):
    certificate = authority.issue_cert("xn--mgbh0fb.xn--kgbechtv")
    with serving_tls({"/a": html("خبر")}, certificate) as (port, _):
        assert fetcher().fetch(f"https://مثال.إختبار:{port}/a").content.decode() == "خبر"


def ended(authority):
    return authority.issue_cert(
        HOST, not_before=NOW - datetime.timedelta(9), not_after=NOW - datetime.timedelta(1)
    )


def to_come(authority):
    return authority.issue_cert(HOST, not_before=NOW + datetime.timedelta(1))


def chain_without_its_middle(authority):
    whole = authority.create_child_ca().issue_cert(HOST)
    return trustme.LeafCert(whole.private_key_pem.bytes(), whole.cert_chain_pems[0].bytes(), [])


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        (lambda authority: authority.issue_cert("other.example"), "other.example|news.example"),
        (lambda authority: authority.issue_cert("127.0.0.1"), "news.example"),
        (ended, "expired"),
        (to_come, "not yet valid"),
        (lambda _: trustme.CA().issue_cert(HOST), "issuer certificate|self-signed"),
        (chain_without_its_middle, "issuer certificate"),
    ],
    ids=["another host", "its address only", "ended", "to come", "unknown", "half a chain"],
)
def test_a_certificate_that_proves_nothing_is_refused_and_told(authority, certificate, told):
    with (
        serving_tls({"/a": html("x")}, certificate(authority)) as (port, asked),
        pytest.raises(FetchRefused, match=told) as caught,
    ):
        fetcher().fetch(f"https://{HOST}:{port}/a")
    assert (caught.value.reason, caught.value.exit_code) == ("certificate", 65)
    assert "certificate" in caught.value.message
    assert "_ssl.c" not in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.hint
    assert asked == []  # nothing was said to it


def test_an_authority_that_nobody_named_is_not_trusted(authority):
    with (
        serving_tls({"/a": html("x")}, authority.issue_cert(HOST)) as (port, asked),
        pytest.raises(FetchRefused) as caught,
    ):
        fetcher().fetch(f"https://{HOST}:{port}/a")
    assert caught.value.reason == "certificate"
    assert asked == []


@pytest.mark.usefixtures("trusted")
def test_private_addresses_stay_refused_whatever_they_prove(authority):
    with serving_tls({"/a": html("x")}, authority.issue_cert(HOST)) as (port, asked):
        with pytest.raises(FetchRefused) as caught:
            Fetcher(here).fetch(f"https://{HOST}:{port}/a")
        assert caught.value.reason == "not_public"
        assert asked == []


@pytest.mark.usefixtures("trusted")
def test_redirects_lead_from_tls_and_to_it_and_each_is_checked(authority):
    certificate = authority.issue_cert(HOST)
    pages = {"/own": html("الخبر")}
    with serving_tls(pages, certificate) as (port, asked), serving(pages) as (plain, asked_plain):
        pages["/down"] = (302, {"Location": f"http://{HOST}:{plain}/own"}, b"")
        pages["/up"] = (302, {"Location": f"https://{HOST}:{port}/own"}, b"")
        pages["/inside"] = (302, {"Location": "http://10.0.0.1/admin"}, b"")
        pages["/elsewhere"] = (302, {"Location": f"https://other.example:{port}/own"}, b"")
        # http is as good an address as https: the source that is kept says which it came from.
        found = fetcher().fetch(f"https://{HOST}:{port}/down")
        assert (found.url, found.content.decode()) == (f"http://{HOST}:{plain}/own", "الخبر")
        found = fetcher().fetch(f"http://{HOST}:{plain}/up")
        assert (found.url, found.content.decode()) == (f"https://{HOST}:{port}/own", "الخبر")
        for path, reason in (("/inside", "not_public"), ("/elsewhere", "certificate")):
            with pytest.raises(FetchRefused) as caught:
                fetcher().fetch(f"https://{HOST}:{port}{path}")
            assert caught.value.reason == reason
        assert [path for path, _ in asked].count("/own") == 1
        assert [path for path, _ in asked_plain] == ["/own", "/up"]


def test_a_server_that_speaks_no_tls_is_told():
    with (
        serving({"/a": html("x")}) as (port, _),
        pytest.raises(FetchRefused, match="no TLS") as caught,
    ):
        fetcher().fetch(f"https://{HOST}:{port}/a")
    assert caught.value.reason == "unreachable"
    assert "_ssl.c" not in caught.value.message


def test_a_handshake_that_never_ends_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []
        thread = threading.Thread(target=lambda: accepted.append(server.accept()), daemon=True)
        thread.start()
        slow = fetcher()
        slow.seconds = 0.5
        began = time.monotonic()
        with pytest.raises(FetchRefused) as caught:
            slow.fetch(f"https://{HOST}:{server.getsockname()[1]}/a")
        assert caught.value.reason == "time_limit"
        assert time.monotonic() - began < 10
        thread.join()
        for connection, _ in accepted:
            connection.close()


def silent_end(handler: Handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half of it")
    handler.close_connection = True


@pytest.mark.usefixtures("trusted")
def test_a_body_that_is_cut_off_is_no_page(authority):
    with (
        serving_tls({"/a": silent_end}, authority.issue_cert(HOST)) as (port, _),
        pytest.raises(FetchRefused, match="ended before") as caught,
    ):
        fetcher().fetch(f"https://{HOST}:{port}/a")
    assert caught.value.reason == "unreachable"
