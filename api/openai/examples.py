"""The examples OpenAPI shows of the chat routes, made by the code that makes real replies."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.models import Example
from pydantic import BaseModel

from api.asking import Reached
from api.examples import ANSWERED, ok
from api.openai.incoming import Asked
from api.openai.outgoing import Chunks, Reply, UiParts, completion
from api.openai.schemas import MODEL, CompletionBody
from rag.types import Answer, Language

_BASE = "http://127.0.0.1:8765"
_CREATED = 1_767_225_600
_NAMES: dict[Language, str] = {"ar": "Arabic", "en": "English"}
_LEANING: dict[Language, str] = {"ar": "ومتى؟", "en": "And when?"}


def _reply(prefix: str, **more: Any) -> Reply:  # noqa: ANN401
    return Reply("annotations", _BASE, f"{prefix}-4f0c", created=_CREATED, **more)


def _completion(answer: Answer) -> dict[str, Any]:
    return completion(_reply("chatcmpl"), Asked(answer.question, (), answer.question), answer)


def _chat(question: str, *earlier: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    roles = ("user", "assistant")
    said = [*earlier, question]
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
    return {"model": MODEL, "messages": messages} | more


def _ui(question: str) -> dict[str, Any]:
    part = {"type": "text", "text": question}
    return {"id": "chat-1", "messages": [{"id": "m1", "role": "user", "parts": [part]}]}


CHATS: dict[str, Example] = {
    f"A question in {_NAMES[language]}": Example(value=_chat(answer.question))
    for language, answer in ANSWERED.items()
} | {
    f"A follow-up in {_NAMES[language]}, streamed": Example(
        value=_chat(_LEANING[language], answer.question, str(answer.answer), stream=True)
    )
    for language, answer in ANSWERED.items()
}
UI: dict[str, Example] = {
    f"A question in {_NAMES[language]}": Example(value=_ui(answer.question))
    for language, answer in ANSWERED.items()
}


def models(body: type[BaseModel], content: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of a list of models or of one."""
    return ok(body, {"The model": Example(value=content)})


def completions() -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of a completion, whole and streamed."""
    whole = {
        f"Answered in {_NAMES[language]}": Example(value=_completion(answer))
        for language, answer in ANSWERED.items()
    }
    described = ok(CompletionBody, whole)
    streams = {
        f"Answered in {_NAMES[language]}": Example(value=_streamed(answer))
        for language, answer in ANSWERED.items()
    }
    described[200]["content"]["text/event-stream"] = {
        "schema": {"type": "string", "description": "Where `stream` is true: chunks as events."},
        "examples": streams,
    }
    return described


def ui_stream() -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the AI SDK's stream."""
    examples = {}
    for language, answer in ANSWERED.items():
        parts = UiParts(_reply("msg"))
        events = [*parts.opening(), *parts.events(Reached("reading", ())), *parts.events(answer)]
        examples[f"Answered in {_NAMES[language]}"] = Example(value=b"".join(events).decode())
    stream = {
        "schema": {"type": "string", "description": "The parts of one message as events."},
        "examples": examples,
    }
    header = {"description": "Always v1.", "schema": {"type": "string"}}
    return {
        200: {
            "description": "Success",
            "content": {"text/event-stream": stream},
            "headers": {"x-vercel-ai-ui-message-stream": header},
        }
    }


def _streamed(answer: Answer) -> str:
    chunks = Chunks(_reply("chatcmpl", usage=True), answer.question, answer.question_language)
    return b"".join([*chunks.opening(), *chunks.events(answer)]).decode()
