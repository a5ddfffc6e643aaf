"""Replies as OpenAI's chat completions and as the AI SDK's message stream."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import regex

from api.asking import DONE, Reached, event
from api.openai.composition import Message, compose
from api.openai.incoming import Asked
from api.openai.schemas import MODEL
from api.openai.tasks import Task
from rag.output import answer_to_dict, citation_to_dict
from rag.settings import CitationStyle
from rag.terminal import printable
from rag.types import Answer, Citation, Language, Stage

_TOKEN = regex.compile(r"\w+|[^\w\s]")
_PIECE = regex.compile(r"\s*\S+(?:\s+\S+){0,3}\s*")  # a few words at a time
UI_HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}

_STAGES: Mapping[Stage, Mapping[Language, str]] = {
    "retrieving": {"ar": "البحث في المقالات", "en": "Searching the articles"},
    "reading": {"ar": "قراءة المقاطع", "en": "Reading the passages"},
    "answering": {"ar": "التحقق من الاقتباسات", "en": "Verifying the quotations"},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request is replied to; ``base`` is the service's address, for links."""

    style: CitationStyle
    base: str
    id: str
    collection: str | None = None
    usage: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    def link(self, citation: Citation) -> str:
        """Where a person opens a citation: the web page, at the place in the article."""
        place = {"document": citation.document_id, "start": citation.start, "end": citation.end}
        named = {} if self.collection is None else {"collection": self.collection}
        return f"{self.base}/#{urlencode(place | named)}"

    def model(self) -> str:
        """The model as it was asked for."""
        return MODEL if self.collection is None else f"{MODEL}/{self.collection}"

    def message(self, answer: Answer) -> Message:
        """The text of the reply."""
        return compose(answer, self.style, self.link)

    def annotations(self, answer: Answer, message: Message) -> list[dict[str, Any]]:
        """OpenAI's annotations on the first mark of each citation."""
        cited = {citation.n: citation for citation in answer.citations}
        return [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": mark.start,
                    "end_index": mark.end,
                    "title": printable(cited[mark.n].title),
                    "url": self.link(cited[mark.n]),
                },
            }
            for mark in message.marks
        ]


def usage(read: str, written: str) -> dict[str, int]:
    """Words and marks; what a client adds up, though nothing is billed."""
    prompt, completion = len(_TOKEN.findall(read)), len(_TOKEN.findall(written))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def completion(reply: Reply, asked: Asked, answer: Answer) -> dict[str, Any]:
    """The whole reply as one object."""
    message = reply.message(answer)
    # Without a stream there are no events: annotations are what Open WebUI reads then.
    annotated = reply.style in ("annotations", "openwebui")
    return _completion(
        reply,
        message.text,
        reply.annotations(answer, message) if annotated else [],
        usage(asked.read, message.text),
        answer,
    )


def task_completion(reply: Reply, task: Task) -> dict[str, Any]:
    """The reply to a helper prompt as one object."""
    return _completion(reply, task.reply, [], usage("", task.reply), None)


def _completion(
    reply: Reply,
    text: str,
    annotations: list[dict[str, Any]],
    used: dict[str, int],
    answer: Answer | None,
) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None, "annotations": annotations}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model(),
        "system_fingerprint": answer.index.fingerprint if answer else None,
        "choices": [choice],
        "usage": used,
        "sanad": answer_to_dict(answer) if answer else None,
    }


@dataclass(frozen=True, slots=True)
class Chunks:
    """The same reply as a stream of chunks."""

    reply: Reply
    read: str
    language: Language = "en"

    def opening(self) -> list[bytes]:
        """Who speaks."""
        return [self._chunk({"role": "assistant", "content": ""})]

    def events(self, news: Reached | Answer) -> Sequence[bytes]:
        """The chunks of a stage, which only Open WebUI has a place for, or of the answer."""
        if isinstance(news, Answer):
            return list(self._answer(news))
        if self.reply.style != "openwebui":
            return []
        return [self._status(_STAGES[news.stage][self.language], done=False)]

    def task(self, task: Task) -> Iterator[bytes]:
        """The reply to a helper prompt."""
        yield self._chunk({"content": task.reply})
        yield from self._ending(task.reply, None)

    def failed(self, error: dict[str, Any]) -> list[bytes]:
        """An error in the middle; clients raise it, and nothing of it stands in the text."""
        return [event(error)]

    def _answer(self, answer: Answer) -> Iterator[bytes]:
        message = self.reply.message(answer)
        if self.reply.style == "openwebui":
            yield self._status(_STAGES["answering"][self.language], done=True)
            for citation in answer.citations:
                yield self._chunk({}, event=_source(citation, self.reply.link(citation)))
        for piece in pieces(message.text):
            yield self._chunk({"content": piece})
        if self.reply.style == "annotations" and message.marks:
            yield self._chunk({"annotations": self.reply.annotations(answer, message)})
        yield from self._ending(message.text, answer)

    def _ending(self, text: str, answer: Answer | None) -> Iterator[bytes]:
        told = {"sanad": answer_to_dict(answer)} if answer else {}
        yield self._chunk({}, finish="stop", **told)
        if self.reply.usage:
            yield event(self._shared() | {"choices": [], "usage": usage(self.read, text)})
        yield DONE

    def _status(self, text: str, *, done: bool) -> bytes:
        data = {"description": text, "done": done, "hidden": done}
        return self._chunk({}, event={"type": "status", "data": data})

    def _shared(self) -> dict[str, Any]:
        return {
            "id": self.reply.id,
            "object": "chat.completion.chunk",
            "created": self.reply.created,
            "model": self.reply.model(),
        }

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:  # noqa: ANN401
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        unknown = {"usage": None} if self.reply.usage else {}
        return event(self._shared() | {"choices": [choice]} | unknown | more)


def pieces(text: str) -> list[str]:
    """The text cut between words; joined, the pieces are the text."""
    return _PIECE.findall(text)


def _source(citation: Citation, url: str) -> dict[str, Any]:
    """A citation as Open WebUI's source event.

    It joins sources of one ``metadata.source`` and numbers them as they come, so each citation has
    one of its own; were it an address, it would be shown in place of the title.
    """
    place = f"{citation.document_id}@{citation.start}-{citation.end}"
    title = printable(citation.title)
    about = {"source": place, "name": title, "source_url": url, "url": url, "verified": True}
    return {
        "type": "source",
        "data": {
            "source": {"id": place, "name": title, "url": url},
            "document": [citation.quote],
            "metadata": [about],
            "distances": [citation.score],
        },
    }


@dataclass(frozen=True, slots=True)
class UiParts:
    """The reply as the AI SDK's message stream."""

    reply: Reply

    def opening(self) -> list[bytes]:
        """The message begins."""
        return [event({"type": "start", "messageId": self.reply.id})]

    def events(self, news: Reached | Answer) -> Sequence[bytes]:
        """A stage as passing data; the answer as text, sources and its citation objects."""
        if isinstance(news, Reached):
            status = {"type": "data-status", "data": {"stage": news.stage}, "transient": True}
            return [event(status)]
        message = self.reply.message(news)
        parts = [*self._text(message.text)]
        if self.reply.style != "none":
            parts += [part for cited in news.citations for part in self._citation(cited)]
        content = answer_to_dict(news)
        told = {name: content[name] for name in _METADATA}
        return [*map(event, [*parts, self._finish(told)]), DONE]

    def task(self, task: Task) -> Iterator[bytes]:
        """The reply to a helper prompt."""
        yield from map(event, [*self._text(task.reply), self._finish({})])
        yield DONE

    def failed(self, error: dict[str, Any]) -> list[bytes]:
        """An error in the middle."""
        return [event({"type": "error", "errorText": error["error"]["message"]}), DONE]

    def _text(self, text: str) -> Iterator[dict[str, Any]]:
        yield {"type": "text-start", "id": "answer"}
        for piece in pieces(text):
            yield {"type": "text-delta", "id": "answer", "delta": piece}
        yield {"type": "text-end", "id": "answer"}

    def _citation(self, citation: Citation) -> Iterator[dict[str, Any]]:
        id = f"citation-{citation.n}"
        yield {
            "type": "source-url",
            "sourceId": id,
            "url": self.reply.link(citation),
            "title": printable(citation.title),
        }
        content = citation_to_dict(citation)
        yield {"type": "data-citation", "id": id, "data": content}

    def _finish(self, told: dict[str, Any]) -> dict[str, Any]:
        finish: dict[str, Any] = {"type": "finish", "finishReason": "stop"}
        return finish | ({"messageMetadata": {"sanad": told}} if told else {})


_METADATA = ("id", "status", "confidence", "question_language", "abstention", "resolved_question")
