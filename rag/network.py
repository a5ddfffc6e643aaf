"""The one way to the network: a fetcher for addresses that people name, guarded against the rest.

Only http and https; a host is resolved once and connected to at the very address that was checked;
every address that is not on the public internet is refused, also inside IPv6 (mapped, NAT64, 6to4);
each redirect is checked as the first address was. No proxy, no cookies, no credentials.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from queue import Empty, SimpleQueue
from urllib.parse import quote, urljoin, urlsplit

from rag import __version__
from rag.errors import RagError

MOST_BYTES = 10 * 1024 * 1024
SECONDS = 20.0  # for everything: resolving, all redirects, the whole body
MOST_REDIRECTS = 3
LONGEST_URL = 2000

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]

_ACCEPT = "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, */*;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_HTTP_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024  # below it stand mail, file and login services, which must not be spoken to
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
# What ipaddress of Python 3.11 takes for global and is not.
_NOT_GLOBAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.88.99.0/24", "192.0.0.0/24", "2001::/23", "2002::/16", "3fff::/20", "2001:db8::/32"),
    )
)
# What no address holds: white space, controls, bytes that are no UTF-8, and \ which some readers
# take for /.
_ODD = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\u3000\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class FetchRefused(RagError):
    """An address that is not fetched, or one that could not be; ``reason`` is a stable word."""

    code = "fetch_refused"
    exit_code = 65

    def __init__(self, url: str, reason: str, message: str, *, hint: str) -> None:
        super().__init__(f"{url[:200]}: {message}", hint=hint)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body with what its server said of it; ``url`` is where it came from in the end."""

    url: str
    content: bytes
    media_type: str
    charset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked address of a page: ``host`` is in ASCII, ``path`` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The address written one way."""
        usual = {"http": 80, "https": 443}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == usual else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def is_address(text: str) -> bool:
    """Whether a text names something on the network rather than a file here."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text) is not None


def target(url: str) -> Target:
    """The parts of an address, each checked; raises FetchRefused.

    Stricter than browsers: what two readers could understand in two ways is refused.
    """
    if len(url) > LONGEST_URL:
        raise _refused(url, "bad_address", f"longer than {LONGEST_URL} characters")
    if _ODD.search(url):
        raise _refused(url, "bad_address", "has white space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, "bad_address", str(error)) from error
    if parts.scheme not in ("http", "https"):
        raise _refused(url, "bad_scheme", f"{parts.scheme or 'no scheme'!r} is not http or https")
    if "@" in parts.netloc:
        raise _refused(url, "credentials", "has a user name or password before the host")
    if "%" in parts.netloc or not parts.hostname:
        raise _refused(url, "bad_host", f"no host that can be read in {parts.netloc!r}")
    port = {"http": 80, "https": 443}[parts.scheme] if port is None else port
    if port not in _HTTP_PORTS and port < _FIRST_FREE_PORT:
        raise _refused(url, "bad_port", f"port {port} is not one that web pages are served from")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._')}" if parts.query else ""
    host = _host(url, parts.hostname, bracketed="[" in parts.netloc)
    return Target(scheme=parts.scheme, host=host, port=port, path=path + query)


def _host(url: str, host: str, *, bracketed: bool) -> str:
    """The host in ASCII: a name, or an address in the one form that cannot be misread."""
    if bracketed:
        with suppress(ValueError):
            return str(IPv6Address(host))
        raise _refused(url, "bad_host", f"[{host}] is not an IPv6 address")
    try:
        ascii_host = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise _refused(url, "bad_host", f"{host!r} is not a host name") from error
    if _NUMBER.fullmatch(ascii_host.rpartition(".")[2]):
        # Decimal, hexadecimal, octal and short forms: some readers take them for other addresses.
        with suppress(ValueError):
            return str(IPv4Address(ascii_host))
        raise _refused(url, "bad_host", f"{host!r} is not an IPv4 address of four numbers")
    if not _HOST.fullmatch(ascii_host):
        raise _refused(url, "bad_host", f"{host!r} is not a full host name")
    return ascii_host


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, looking inside those that carry another."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_V6:
            return False
    if any(address in network for network in _NOT_GLOBAL if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def resolve(host: str) -> list[str]:
    """The addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches addresses within the limits of this module.

    ``resolver`` gives a host's addresses; ``also`` are addresses that are let through although
    they are not public, for tests against a server on this machine.
    """

    def __init__(self, resolver: Resolver = resolve, *, also: frozenset[str] = frozenset()) -> None:
        self._resolver = resolver
        self._also = frozenset(map(ipaddress.ip_address, also))
        self.seconds = SECONDS

    def fetch(self, url: str) -> Fetched:
        """The body behind an address, redirects followed; raises FetchRefused."""
        until = time.monotonic() + self.seconds
        at = target(url)
        for _ in range(MOST_REDIRECTS + 1):
            found = self._once(at, until)
            if isinstance(found, Fetched):
                return found
            at = target(urljoin(at.url, found))
        raise _refused(url, "redirects", f"redirects more than {MOST_REDIRECTS} times")

    def _once(self, at: Target, until: float) -> Fetched | str:
        """The body, or where a redirect leads."""
        addresses = self._addresses(at, until)
        connection = http.client.HTTPConnection(at.host, at.port)
        try:
            with _within(at, until) as watch:
                watch.connect(connection, addresses)
                if at.scheme == "https":
                    watch.secure(connection)
                connection.request("GET", at.path, headers=_headers(at))
                with connection.getresponse() as response:
                    return _answer(at, response)
        finally:
            connection.close()

    def _addresses(self, at: Target, until: float) -> list[Address]:
        """What may be connected to; raises FetchRefused where any of it is not public."""
        found = [ipaddress.ip_address(one) for one in self._resolved(at, until)]
        for address in found:
            if address not in self._also and not is_public(address):
                raise _refused(
                    at.url,
                    "not_public",
                    f"{at.host!r} is at {address}, which is not on the public internet",
                )
        if not found:
            raise _unreachable(at, "the host has no address")
        return found

    def _resolved(self, at: Target, until: float) -> Sequence[str]:
        with suppress(ValueError):
            return [str(ipaddress.ip_address(at.host))]
        # The system's resolver takes no timeout: a thread waits for it, and is left behind if need be.
        answer: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolver(at.host))
            except OSError as error:
                answer.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            said = answer.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            raise _too_slow(at) from None
        if isinstance(said, OSError):
            raise _unreachable(at, f"the host is not known: {said.strerror or said}") from said
        return said


class _Watch:
    """Cuts a connection when its time is up, whatever it is waiting for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = max(0.001, seconds)
        self._timer = threading.Timer(self._seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.over = False

    def connect(self, connection: http.client.HTTPConnection, addresses: Sequence[Address]) -> None:
        """Connects to the first that answers of the very addresses that were checked."""
        self._timer.start()
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            place = (str(address), connection.port)
            try:
                self._socket = socket.create_connection(place, timeout=self._seconds / left)
                break
            except OSError:
                if left == 1:
                    raise
        assert self._socket is not None  # noqa: S101 - the last failure was raised
        self._socket.settimeout(self._seconds)
        connection.sock = self._socket

    def secure(self, connection: http.client.HTTPConnection) -> None:
        """Speaks TLS from here on; the certificate must be that of the host."""
        context = ssl.create_default_context()
        assert self._socket is not None  # noqa: S101 - connected before
        self._socket = context.wrap_socket(self._socket, server_hostname=connection.host)
        connection.sock = self._socket

    def stop(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def _within(at: Target, until: float) -> Iterator[_Watch]:
    """A watch over one request; tells what goes wrong on the network in our words."""
    watch = _Watch(until - time.monotonic())
    try:
        yield watch
    except FetchRefused as error:
        if watch.over:  # what was cut looks like a body that ended too early
            raise _too_slow(at) from error
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        if watch.over or isinstance(error, TimeoutError):
            raise _too_slow(at) from error
        if isinstance(error, ssl.SSLError):
            raise _insecure(at, error) from error
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _unreachable(at, told) from error
    finally:
        watch.stop()


def _headers(at: Target) -> dict[str, str]:
    usual = {"http": 80, "https": 443}[at.scheme]
    host = f"[{at.host}]" if ":" in at.host else at.host
    return {
        "Host": host if at.port == usual else f"{host}:{at.port}",
        "User-Agent": f"sanad/{__version__}",
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip, identity",
        "Connection": "close",
    }


def _answer(at: Target, response: http.client.HTTPResponse) -> Fetched | str:
    """The body, or where a redirect leads; raises FetchRefused for any other answer."""
    if response.status in _REDIRECTS and (place := response.getheader("Location")):
        # http.client reads headers as Latin-1; servers write addresses in UTF-8.
        return place.encode("latin-1").decode("utf-8", errors="replace")
    if response.status != _OK:
        raise _refused(
            at.url,
            "status",
            f"the server answered {response.status} {response.reason[:80]}",
            hint="open the address in a browser; it may have moved, or need a login",
        )
    return Fetched(
        url=at.url,
        content=_body(at, response),
        media_type=response.headers.get_content_type(),
        charset=response.headers.get_content_charset(),
    )


def _body(at: Target, response: http.client.HTTPResponse) -> bytes:
    """The body, unpacked, counted as it comes and as it unpacks."""
    packing = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip"):
        raise _refused(at.url, "encoding", f"packed as {packing[:40]!r}, which was not asked for")
    unpack = None if packing == "identity" else zlib.decompressobj(16 + zlib.MAX_WBITS)
    body, came = bytearray(), 0
    while piece := response.read(65_536):
        came += len(piece)
        try:
            body += piece if unpack is None else unpack.decompress(piece, MOST_BYTES + 1)
        except zlib.error as error:
            raise _unreachable(at, f"the body cannot be unpacked: {error}") from error
        if len(body) > MOST_BYTES or came > MOST_BYTES:
            raise _refused(at.url, "too_large", f"more than the {MOST_BYTES} bytes a page may have")
    if response.length or (unpack is not None and not unpack.eof):
        raise _unreachable(at, "the connection ended before the body did")
    return bytes(body)


def _refused(url: str, reason: str, message: str, *, hint: str = "") -> FetchRefused:
    usual = "name a public http or https address, or save the page and ingest the file"
    return FetchRefused(url, reason, message, hint=hint or usual)


def _unreachable(at: Target, told: str) -> FetchRefused:
    hint = "check the address and the connection, then ingest it again"
    return FetchRefused(at.url, "unreachable", f"cannot be fetched: {told}", hint=hint)


def _insecure(at: Target, error: ssl.SSLError) -> FetchRefused:
    """What an error of TLS means: a certificate that proves nothing, or no TLS at all."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = (
            "open it in a browser; where its authority is your own, name the file of its "
            "certificate in SSL_CERT_FILE; or save the page and ingest the file"
        )
        told = f"its certificate cannot be trusted: {error.verify_message}"
        return FetchRefused(at.url, "certificate", told, hint=hint)
    reason = (error.reason or "the connection was closed").replace("_", " ").lower()
    return _unreachable(at, f"no TLS could be agreed on: {reason}")


def _too_slow(at: Target) -> FetchRefused:
    hint = "try again later, or save the page and ingest the file"
    return FetchRefused(at.url, "time_limit", f"took more than {SECONDS:g} seconds", hint=hint)
