"""The examples OpenAPI shows, in both languages, made from the same values as real replies."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from typing import Any

from fastapi.openapi.models import Example
from pydantic import BaseModel
from pydantic_core import to_json

from rag.citations import utf16_offset
from rag.index.collections import CollectionSummary
from rag.messages import abstention, note
from rag.output import answer_to_dict, document_to_dict, hit_to_dict, summary_to_dict
from rag.types import (
    Answer,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    IndexState,
    Language,
    Passage,
    Position,
    Speaker,
)

_TEXTS: dict[Language, tuple[str, str, str, str, str]] = {
    # id, title, text, question, answer
    "ar": (
        "أخبار/تبادل-الأسرى.txt",
        "كييف تستأنف تبادل الأسرى",
        "كييف تستأنف تبادل الأسرى\n\nتسعى كييف إلى إطلاق سراح 1200 أوكراني محتجزين لدى موسكو.",
        "كم أوكرانيًّا تسعى كييف إلى إطلاق سراحهم؟",
        "1200",
    ),
    "en": (
        "news/prisoner-exchange.txt",
        "Kyiv resumes prisoner exchanges",
        "Kyiv resumes prisoner exchanges\n\nKyiv seeks to free 1,200 Ukrainians held by Moscow.",
        "How many Ukrainians does Kyiv seek to free?",
        "1,200",
    ),
}
_NAMES: dict[Language, str] = {"ar": "Arabic", "en": "English"}
_UNKNOWN: dict[Language, str] = {
    "ar": "ما عاصمة اليابان؟",
    "en": "What is the capital of Japan?",
}
_FOLLOW_UP: dict[Language, str] = {"ar": "ومتى؟", "en": "And when?"}
_STATE = IndexState(generation="g000001", fingerprint="5b1f0c2a9d3e")


def ok(model: type[BaseModel], examples: dict[str, Example]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of a reply that succeeds."""
    content = {"application/json": {"examples": examples}}
    return {200: {"model": model, "description": "Success", "content": content}}


def asked(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of an answer, whole or streamed."""
    described = ok(model, ANSWERS)
    described[200]["content"]["text/event-stream"] = {
        "schema": {"type": "string", "description": "Where `stream` is true."},
        "examples": STREAMED,
    }
    return described


def _stream(language: Language) -> str:
    answer = answer_to_dict(ANSWERED[language])
    cited = answer["citations"][0]
    place = {name: cited[name] for name in ("document_id", "title", "start", "end")}
    events = [
        ("status", {"stage": "retrieving"}),
        ("status", {"stage": "reading"}),
        ("passage", place | {"score": 0.87}),
        ("status", {"stage": "answering"}),
        ("answer", {"delta": answer["answer"]}),
        ("citation", cited),
        ("done", answer),
    ]
    lines = (f"event: {name}\ndata: {to_json(data).decode()}\n\n" for name, data in events)
    return "".join(lines)


def _document(language: Language) -> Document:
    id, title, text, _, _ = _TEXTS[language]
    digest = sha256(text.encode()).hexdigest()
    return Document(id=id, text=text, sha256=digest, title=title, source=id, language=language)


def _quote(language: Language) -> tuple[int, int]:
    text = _TEXTS[language][2]
    return text.index("\n\n") + 2, len(text)


def _answer(language: Language) -> Answer:
    document, (start, end) = _document(language), _quote(language)
    question, short = _TEXTS[language][3:]
    at = document.text.index(short)
    citation = Citation(
        n=1,
        document_id=document.id,
        document_sha256=document.sha256,
        title=document.title,
        source=document.source,
        published=None,
        quote=document.text[start:end],
        start=start,
        end=end,
        start_utf16=utf16_offset(document.text, start),
        end_utf16=utf16_offset(document.text, end),
        answer_start=at,
        answer_end=at + len(short),
        language=language,
        verified=True,
        score=0.94,
    )
    return Answer(
        id="ans_0f8c1b7e5d2a4c3b9e6f7a8d1c2b3a4f",
        question=question,
        question_language=language,
        status="answered",
        answer=short,
        answer_language=language,
        answer_kind="extracted",
        abstention=None,
        confidence=0.94,
        citations=(citation,),
        index=_STATE,
        timings_ms={"retrieve": 2.1, "read": 3.4, "total": 5.6},
    )


def _abstained(language: Language) -> dict[str, Any]:
    return answer_to_dict(
        Answer(
            id="ans_7a2d9c4e1f6b4d8a8c3e5f7b9d1a2c4e",
            question=_UNKNOWN[language],
            question_language=language,
            status="abstained",
            answer=None,
            answer_language=None,
            answer_kind=None,
            abstention=abstention("not_in_sources", language),
            confidence=0.02,
            citations=(),
            index=_STATE,
            timings_ms={"retrieve": 1.9, "read": 2.8, "total": 4.7},
        )
    )


_TOLLS: dict[Language, tuple[str, tuple[tuple[str, str, str, str, str], ...]]] = {
    # question, then for each side: id, published, sentence, value, speaker
    "ar": (
        "كم شخصًا قُتل في حريق مصنع درفال؟",
        (
            ("درفال-1.txt", "2024-03-02", "قالت الشرطة إن سبعة أشخاص قُتلوا في حريق مصنع درفال.", "سبعة", "الشرطة"),
            ("درفال-2.txt", "2024-03-03", "قالت النقابة إن تسعة أشخاص قُتلوا في حريق مصنع درفال.", "تسعة", "النقابة"),
        ),
    ),
    "en": (
        "How many people died in the Dorvale factory fire?",
        (
            ("dorvale-1.txt", "2024-03-02", "Police said 7 people died in the Dorvale factory fire.", "7", "Police"),
            ("dorvale-2.txt", "2024-03-03", "The union said 9 people died in the Dorvale factory fire.", "9", "The union"),
        ),
    ),
}  # fmt: skip


def _differing(language: Language) -> dict[str, Any]:
    question, told = _TOLLS[language]
    citations, sides = [], []
    for n, (id, published, text, value, who) in enumerate(told, 1):
        at, by = text.index(value), text.index(who)
        citations.append(
            Citation(
                n=n,
                document_id=id,
                document_sha256=sha256(text.encode()).hexdigest(),
                title=text,
                source=id,
                published=published,
                quote=text,
                start=0,
                end=len(text),
                start_utf16=0,
                end_utf16=utf16_offset(text, len(text)),
                answer_start=at,
                answer_end=at + len(value),
                language=language,
                verified=True,
                score=round(0.9 / n, 2),
            )
        )
        speaker = Speaker(text=who, start=by, end=by + len(who), document_id=id)
        sides.append(Position(value=value, citations=(n,), speaker=speaker, published=published))
    return answer_to_dict(
        Answer(
            id="ans_3b1f0c2a9d3e4f5a8b7c6d5e4f3a2b1c",
            question=question,
            question_language=language,
            status="answered",
            answer=sides[0].value,
            answer_language=language,
            answer_kind="extracted",
            abstention=None,
            confidence=0.6,
            citations=tuple(citations),
            index=_STATE,
            timings_ms={"retrieve": 2.1, "read": 3.4, "total": 6.2},
            disagreement=tuple(sides),
            note=note("sources_differ", language, [side.value for side in sides]),
        )
    )


def _found(language: Language) -> dict[str, Any]:
    document, (start, end) = _document(language), _quote(language)
    passage = Passage(
        id=f"{document.id}#{start}-{end}",
        document_id=document.id,
        start=start,
        end=end,
        text=document.text[start:end],
        language=language,
    )
    hit = Hit(passage_id=passage.id, score=0.87, rank=0, retriever="fused")
    return {"question": _TEXTS[language][3], "passages": [hit_to_dict(passage, hit)]}


def _listing(language: Language) -> dict[str, Any]:
    document = _document(language)
    summary = DocumentSummary(
        id=document.id,
        sha256=document.sha256,
        title=document.title,
        source=document.source,
        language=language,
        media_type=document.media_type,
        published=None,
        characters=len(document.text),
        passages=1,
    )
    return {"total": 1, "offset": 0, "limit": 50, "documents": [summary_to_dict(summary)]}


def _read(language: Language) -> dict[str, Any]:
    document, (start, end) = _document(language), _quote(language)
    quoted = {
        "start": start,
        "end": end,
        "quote": document.text[start:end],
        "start_utf16": utf16_offset(document.text, start),
        "end_utf16": utf16_offset(document.text, end),
    }
    return document_to_dict(document) | {"span": quoted}


_BOTH: tuple[Language, ...] = ("ar", "en")


def _named(values: dict[Language, Any], suffix: str = "") -> dict[str, Example]:
    return {
        f"{_NAMES[language]}{suffix}": Example(value=value) for language, value in values.items()
    }


_NEWS = CollectionSummary(
    name="news",
    documents=2,
    passages=10,
    embedder="sanad-bilingual-v1",
    generation="gen-000001",
)
COLLECTIONS = {
    "Collections": Example(value={"collections": [asdict(_NEWS)], "default": _NEWS.name})
}
ASK = (
    _named({language: {"question": _TEXTS[language][3]} for language in _BOTH})
    | _named(
        {language: {"question": _UNKNOWN[language], "k": 5} for language in _BOTH},
        ", not in the sources",
    )
    | _named(
        {
            language: {
                "question": _TEXTS[language][3],
                "where": [f"language={language}", "published>=2025-01-01"],
            }
            for language in _BOTH
        },
        ", filtered",
    )
)
ASK |= _named(
    {
        language: {
            "question": _FOLLOW_UP[language],
            "history": [{"role": "user", "content": _TEXTS[language][3]}],
            "stream": True,
        }
        for language in _BOTH
    },
    ", a follow-up, streamed",
)
SEARCH = _named({language: {"question": _TEXTS[language][3], "k": 5} for language in _BOTH})
IDS = _named({language: _TEXTS[language][0] for language in _BOTH})
ANSWERED: dict[Language, Answer] = {language: _answer(language) for language in _BOTH}
ANSWERS = _named({language: answer_to_dict(ANSWERED[language]) for language in _BOTH}) | _named(
    {language: _abstained(language) for language in _BOTH}, ", not in the sources"
)
STREAMED = _named({language: _stream(language) for language in _BOTH})
ANSWERS |= _named({language: _differing(language) for language in _BOTH}, ", sources differ")
FOUND = _named({language: _found(language) for language in _BOTH})
LISTINGS = _named({language: _listing(language) for language in _BOTH})
DOCUMENTS = _named({language: _read(language) for language in _BOTH})


def _put(language: Language) -> dict[str, Any]:
    _, title, text, _, _ = _TEXTS[language]
    return {"text": text, "title": title, "published": "2025-11-16"}


def _result(language: Language, *, failed: bool = False) -> dict[str, Any]:
    id = _TEXTS[language][0].rpartition("/")[2]
    if failed:
        told = f"{id}: holds no text; leave the file out"
        failed_with = {"status": "failed", "reason": told, "code": "empty"}
        return {"name": id, "document_id": None, **failed_with}
    return {"name": id, "document_id": id, "status": "added", "reason": None, "code": None}


def _uploaded(language: Language) -> dict[str, Any]:
    return {"results": [_result(language)], "generation": _STATE.generation}


PUTS = _named({language: _put(language) for language in _BOTH})
STORED = _named(
    {
        language: _result(language)
        | {"name": _TEXTS[language][0], "document_id": _TEXTS[language][0]}
        | {"generation": _STATE.generation}
        for language in _BOTH
    }
)
UPLOADED = _named({language: _uploaded(language) for language in _BOTH}) | _named(
    {
        language: {"results": [_result(language, failed=True)], "generation": None}
        for language in _BOTH
    },
    ", not readable",
)
DELETED = _named(
    {
        language: {
            "document_id": _TEXTS[language][0],
            "status": "removed",
            "generation": _STATE.generation,
        }
        for language in _BOTH
    }
)
