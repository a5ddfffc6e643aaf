"""An endpoint of OpenAI's chat API as what is measured; what it sends is read with care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import regex

from rag.errors import InvalidParameter
from rag.evaluation.connection import Connection
from rag.evaluation.corpus import Library, named
from rag.evaluation.remote import DOCUMENT_URL, reply_of
from rag.evaluation.targets import Quoted, Reply
from rag.messages import ABSTENTIONS
from rag.types import DocumentSummary

_MARK = regex.compile(
    r"\s*\[{1,2}(?:ID:\s*)?(\p{Nd}{1,3}(?:\s*[,،;؛]\s*\p{Nd}{1,3})*)\]{1,2}(?:\([^()\s]*\))?"
)
_NUMBER = regex.compile(r"\p{Nd}+")


def chat(
    address: str,
    model: str,
    key: str | None = None,
    *,
    library: Library | None = None,
    refusal: str | None = None,
) -> ChatTarget:
    """A model behind an endpoint of OpenAI's chat API, such as http://127.0.0.1:8000/v1.

    An address that goes on to /chat/completions is taken without. ``library`` holds the documents it
    answers from, where they are at hand; ``refusal`` is a regular expression of the sentence by which
    it declines.
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
    return ChatTarget(Connection(address, key), model, library, declines)


class ChatTarget:
    """A model behind OpenAI's chat API.

    Where a Sanad answers, its answer object is read. Else citations are read from
    ``message.context.citations``, ``message.annotations`` or the lists ``citations`` and
    ``sources``, and where the answer carries marks such as [1] or [١], only
    those it names count. A source without a span stands for its whole document.
    """

    def __init__(
        self,
        connection: Connection,
        model: str,
        library: Library | None,
        declines: regex.Pattern[str] | None,
    ) -> None:
        self._connection = connection
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
            "address": self._connection.address,
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
        found = self._connection.call("POST", "/chat/completions", body)
        try:
            if isinstance(found["sanad"], dict):  # our own endpoint: the answer object lies beside
                return reply_of(found["sanad"])
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        try:
            message = found["choices"][0]["message"]
            text = message.get("content") or ""
            context = message.get("context") or {}
            refused = bool(message.get("refusal")) or context.get("status") == "abstained"
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise self._connection.strange(f"not a chat completion: {error!r}") from error
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
        if url and DOCUMENT_URL in url:
            parts = urlsplit(url)
            id = id or unquote(parts.path.partition(DOCUMENT_URL)[2])
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
