"""Targets at the other end of a connection; what they send is read with care."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import httpx
import regex

from rag.errors import ConfigurationError, InvalidParameter, Unavailable, UnknownDocument
from rag.evaluation.corpus import Library, named
from rag.evaluation.metrics import Place
from rag.evaluation.targets import Quoted, Reply
from rag.messages import ABSTENTIONS
from rag.types import AbstentionCode, Document, DocumentSummary, IndexState, Span

_SECONDS = 120.0
_TRIES = 5
_LONGEST_WAIT = 30.0  # seconds, whatever Retry-After says
_PAGE = 200
_MARK = regex.compile(
    r"\s*\[{1,2}(?:ID:\s*)?(\p{Nd}{1,3}(?:\s*[,،;؛]\s*\p{Nd}{1,3})*)\]{1,2}(?:\([^()\s]*\))?"
)
_NUMBER = regex.compile(r"\p{Nd}+")
_DOCUMENT_URL = "/v1/documents/"
_CODES = frozenset(get_args(AbstentionCode))


def sanad(address: str, key: str | None = None, *, collection: str | None = None) -> SanadTarget:
    """The service at an address such as http://127.0.0.1:8765; its own collection if none is named."""
    return SanadTarget(_client(address, key), address, collection)


def chat(
    address: str,
    model: str,
    key: str | None = None,
    *,
    library: Library | None = None,
    refusal: str | None = None,
) -> ChatTarget:
    """A model behind an endpoint of OpenAI's chat API, such as http://127.0.0.1:8000/v1.

    An address that goes on to /chat/completions is taken without. ``library`` holds the documents it answers from, where they are at hand; ``refusal`` is a
    regular expression of the sentence by which it declines.
    """
    try:
        declines = regex.compile(refusal) if refusal else None
    except regex.error as error:
        raise InvalidParameter(
            f"--refusal is {refusal!r}, which is no regular expression: {error}",
            hint="for example --refusal 'I do not know|لا أعلم'",
            parameter="refusal",
        ) from error
    address = address.rstrip("/").removesuffix("/chat/completions")
    return ChatTarget(_client(address, key), address, model, library, declines)


def key_from(variable: str | None) -> str | None:
    """The key held by an environment variable; raises ConfigurationError where it is not set."""
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ConfigurationError(
            f"--key-variable names {variable!r}, which is not set",
            hint=f"put the key into it first: export {variable}=…",
        )
    return key


def _client(address: str, key: str | None) -> httpx.Client:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidParameter(
            f"--target is {address!r}, which is no address: it begins with neither http:// nor https://",
            hint="http://127.0.0.1:8765 for a Sanad service, openai:http://127.0.0.1:8000/v1 for a chat endpoint",
            parameter="target",
        )
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=address.rstrip("/"), headers=headers, timeout=_SECONDS)


def _call(client: httpx.Client, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """The reply's JSON; waits and asks again where the service says it is busy."""
    place = f"{str(client.base_url).rstrip('/')}{path}"
    for attempt in range(_TRIES):
        try:
            reply = client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{client.base_url}: {error or type(error).__name__}",
                hint="check the address and that the service runs",
            ) from error
        if reply.status_code not in (429, 503) or attempt == _TRIES - 1:
            break
        time.sleep(_wait(reply.headers.get("retry-after"), attempt))
    if reply.status_code == 404 and method == "GET":
        raise UnknownDocument(f"{place}: {_told(reply) or 'nothing there'}")
    if not reply.is_success:
        raise Unavailable(
            f"{place}: {reply.status_code} {_told(reply)}",
            hint="check the address, the key (--key-variable) and the model (--model)",
        )
    try:
        return reply.json()
    except ValueError as error:
        raise Unavailable(f"{place}: the reply is not JSON", hint="check the address") from error


def _wait(stated: str | None, attempt: int) -> float:
    try:
        seconds = float(stated) if stated else 0.5 * 2**attempt
    except ValueError:  # a date
        seconds = 0.5 * 2**attempt
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _told(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return reply.text[:300]


def _strange(address: str, what: str) -> Unavailable:
    return Unavailable(
        f"{address}: {what}", hint="check that the address is one of the kind that --target names"
    )


class SanadTarget:
    """A Sanad service over HTTP; also the library of the documents it answers from."""

    def __init__(self, client: httpx.Client, address: str, collection: str | None = None) -> None:
        weakref.finalize(self, client.close)
        self._client = client
        self._address = address
        self._named = {} if collection is None else {"collection": collection}

    @property
    def library(self) -> Library:
        """The service's documents."""
        return self

    def describe(self) -> Mapping[str, Any]:
        """Its address, and the collection where one was named."""
        return {"kind": "sanad", "address": _without_user(self._address), **self._named}

    def warm(self) -> None:
        """Asks whether the service is ready; raises Unavailable, also where it is no Sanad."""
        try:
            _call(self._client, "GET", "/readyz")
        except UnknownDocument as error:
            raise Unavailable(
                f"{_without_user(self._address)} is not a Sanad service: it has no /readyz",
                hint="give the address without a path, such as http://127.0.0.1:8765; a chat endpoint is "
                "--target openai:http://127.0.0.1:8000/v1 --model NAME",
            ) from error

    def _asking(self, question: str, k: int) -> dict[str, object]:
        return {"question": question, "k": k, **self._named}

    def ask(self, question: str, k: int) -> Reply:
        """The service's answer."""
        found = _call(self._client, "POST", "/v1/ask", self._asking(question, k))
        try:
            return _reply(found)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _strange(self._address, f"not an answer of Sanad: {error!r}") from error

    def search(self, question: str, k: int) -> list[Place]:
        """The service's passages."""
        found = _call(self._client, "POST", "/v1/search", self._asking(question, k))
        try:
            return [
                Place(
                    document_id=str(one["document_id"]),
                    span=Span(start=int(one["start"]), end=int(one["end"])),
                )
                for one in found["passages"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise _strange(self._address, f"not passages of Sanad: {error!r}") from error

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What is stored there."""
        listed: list[DocumentSummary] = []
        while limit is None or len(listed) < limit:
            asked = {"offset": offset + len(listed), "limit": _PAGE, **self._named}
            page = _call(self._client, "GET", f"/v1/documents?{urlencode(asked)}")
            try:
                names = DocumentSummary.__dataclass_fields__
                some = [
                    DocumentSummary(**{name: one[name] for name in names})
                    for one in page["documents"]
                ]
            except (KeyError, TypeError) as error:
                raise _strange(self._address, f"not a listing of Sanad: {error!r}") from error
            listed += some
            if len(some) < _PAGE:
                break
        return listed[:limit]

    def document(self, id: str) -> Document:
        """One stored document; raises UnknownDocument."""
        place = _DOCUMENT_URL + quote(id, safe="")
        found = _call(
            self._client, "GET", f"{place}?{urlencode(self._named)}" if self._named else place
        )
        names = ("id", "text", "sha256", "title", "source", "language", "media_type", "published")
        try:
            return Document(**{name: found[name] for name in names})
        except (KeyError, TypeError) as error:
            raise _strange(self._address, f"not a document of Sanad: {error!r}") from error


def _reply(found: dict[str, Any]) -> Reply:
    abstention = found["abstention"] or {}
    status = found["status"]
    if status not in ("answered", "abstained"):
        raise ValueError(f"status is {status!r}")
    code = abstention.get("code")
    return Reply(
        status=status,
        answer=None if found["answer"] is None else str(found["answer"]),
        abstention=code if code in _CODES else None,
        confidence=float(found["confidence"]),
        citations=tuple(
            Quoted(
                document_id=str(one["document_id"]),
                sha256=str(one["document_sha256"]),
                start=int(one["start"]),
                end=int(one["end"]),
                quote=str(one["quote"]),
            )
            for one in found["citations"]
        ),
        dropped=int(found.get("dropped_citations", 0)),
        state=IndexState(
            generation=str(found["index"]["generation"]),
            fingerprint=str(found["index"]["fingerprint"]),
        ),
    )


class ChatTarget:
    """A model behind OpenAI's chat API.

    Where a Sanad answers, its answer object is read. Else citations are read from
    ``message.context.citations``, ``message.annotations`` or the lists ``citations`` and
    ``sources``, and where the answer carries marks such as [1] or [١], only
    those it names count. A source without a span stands for its whole document.
    """

    def __init__(
        self,
        client: httpx.Client,
        address: str,
        model: str,
        library: Library | None,
        declines: regex.Pattern[str] | None,
    ) -> None:
        weakref.finalize(self, client.close)
        self._client = client
        self._address = address
        self._model = model
        self._library = library
        self._declines = declines

    @property
    def library(self) -> Library | None:
        """The documents it is taken to answer from."""
        return self._library

    def describe(self) -> Mapping[str, Any]:
        """Its address and model."""
        refusal = self._declines.pattern if self._declines else None
        return {
            "kind": "openai",
            "address": _without_user(self._address),
            "model": self._model,
            "refusal": refusal,
        }

    def warm(self) -> None:
        """Nothing: what to load is the endpoint's affair."""

    def search(self, question: str, k: int) -> None:  # noqa: ARG002 - a chat tells no ranking
        """Nothing: a chat tells no ranking."""
        return

    def ask(self, question: str, k: int) -> Reply:  # noqa: ARG002 - the endpoint's affair
        """The endpoint's answer at temperature 0."""
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": question}],
            "temperature": 0,
            "stream": False,
        }
        found = _call(self._client, "POST", "/chat/completions", body)
        try:
            if isinstance(found["sanad"], dict):  # our own endpoint: the answer object lies beside
                return _reply(found["sanad"])
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        try:
            message = found["choices"][0]["message"]
            text = message.get("content") or ""
            context = message.get("context") or {}
            refused = bool(message.get("refusal")) or context.get("status") == "abstained"
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise _strange(self._address, f"not a chat completion: {error!r}") from error
        confidence = context.get("confidence") if isinstance(context, dict) else None
        if refused or not str(text).strip() or self._declined(str(text)):
            return Reply(status="abstained", answer=None, confidence=_share(confidence))
        cited = _cited(found, message, str(text))
        return Reply(
            status="answered",
            answer=_MARK.sub("", str(text)).strip(),
            confidence=_share(confidence),
            citations=tuple(self._resolver.resolve(one) for one in cited),
        )

    def _declined(self, text: str) -> bool:
        known = (sentence for by in ABSTENTIONS.values() for sentence in by.values())
        if any(sentence in text for sentence in known):
            return True
        return self._declines is not None and self._declines.search(text) is not None

    @cached_property
    def _resolver(self) -> _Resolver:
        return _Resolver(self._library, self._library.documents() if self._library else [])


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _cited(found: dict[str, Any], message: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """The citations of a completion, each as fields; those its marks name, where it has marks."""
    context = message.get("context")
    places: list[object] = [
        context.get("citations") if isinstance(context, dict) else None,
        message.get("annotations"),
        *(holder.get(name) for name in ("citations", "sources") for holder in (message, found)),
    ]
    listed = next((place for place in places if isinstance(place, list) and place), [])
    entries = [_fields(one) for one in listed]
    named_numbers = {int(one) for mark in _MARK.findall(text) for one in _NUMBER.findall(mark)}
    chosen = [
        one
        for number, one in enumerate(entries, start=1)
        if (one["n"] if isinstance(one.get("n"), int) else number) in named_numbers
    ]
    return chosen or entries


def _fields(entry: object) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"url": entry} if "://" in entry else {"quote": entry}
    if not isinstance(entry, dict):
        return {}
    inner = entry.get(str(entry.get("type")))
    return {**entry, **inner} if isinstance(inner, dict) else entry


@dataclass(frozen=True, slots=True)
class _Resolver:
    """From what an endpoint calls a source to the stored document it means."""

    library: Library | None
    stored: list[DocumentSummary]

    def resolve(self, entry: dict[str, Any]) -> Quoted:
        """The citation, by its id and span, its address, its name or its words; as named if unknown."""
        url = _text(entry, "url", "source_url", "link")
        text = _text(entry, "quote", "cited_text", "content", "snippet", "text")
        start, end = _number(entry, "start", "start_char"), _number(entry, "end", "end_char")
        id = _text(entry, "document_id", "doc_id", "file_id")
        if url and _DOCUMENT_URL in url:
            parts = urlsplit(url)
            id = id or unquote(parts.path.partition(_DOCUMENT_URL)[2])
            asked = parse_qs(parts.query)
            if start is None or end is None:
                start, end = _first(asked, "start"), _first(asked, "end")
        name = id or url or _text(entry, "title", "name", "filename") or text or "?"
        known = self._known(entry, name)
        if start is not None and end is not None and 0 <= start < end:
            return Quoted(document_id=known or name, start=start, end=end, quote=text)
        return self._by_words(known, text) or Quoted(document_id=known or name, quote=None)

    def _known(self, entry: dict[str, Any], name: str) -> str | None:
        if found := named(name, self.stored):
            return found
        titles = {_text(entry, "title", "name", "filename"), name}
        for summary in self.stored:
            if summary.title in titles or summary.source in titles:
                return summary.id
        return None

    def _by_words(self, known: str | None, text: str | None) -> Quoted | None:
        """The place of words that stand in a document exactly so."""
        if self.library is None or not text or not text.strip():
            return None
        for id in [known] if known else [summary.id for summary in self.stored]:
            start = self.library.document(id).text.find(text)
            if start >= 0:
                return Quoted(document_id=id, start=start, end=start + len(text), quote=text)
        return None


def _text(entry: dict[str, Any], *names: str) -> str | None:
    return next((entry[n] for n in names if isinstance(entry.get(n), str) and entry[n]), None)


def _number(entry: dict[str, Any], *names: str) -> int | None:
    return next((entry[n] for n in names if type(entry.get(n)) is int), None)


def _first(asked: dict[str, list[str]], name: str) -> int | None:
    value = asked.get(name, [""])[0]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def _without_user(address: str) -> str:
    """The address without a user's name and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
