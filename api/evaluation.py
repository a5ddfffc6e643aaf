"""What POST /v1/evaluate takes and gives, with its examples and the work behind it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, get_type_hints

from fastapi.openapi.models import Example
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, create_model
from pydantic_core import to_json

from api.schemas import IndexBody, K, Request
from rag.engine import Engine
from rag.errors import InvalidParameter
from rag.evaluation.corpus import check
from rag.evaluation.questions import FactQuestion, reason_of
from rag.evaluation.report import to_dict
from rag.evaluation.results import Metrics, Report, Row
from rag.evaluation.run import evaluate, report_of
from rag.types import IndexState, Language

MOST_QUESTIONS = 100


def _question(value: object) -> FactQuestion:
    # As a line of a file: lists are tuples there, and the reasons are the same.
    try:
        return FactQuestion.model_validate_json(to_json(value))
    except ValidationError as error:
        raise ValueError(reason_of(error)) from error


class EvaluateRequest(Request):
    """Questions with their facts, as in a question file."""

    questions: list[Annotated[FactQuestion, BeforeValidator(_question)]] = Field(
        min_length=1,
        max_length=MOST_QUESTIONS,
        description=f"At most {MOST_QUESTIONS}; a worker is busy until all are asked.",
    )
    k: K = None
    rows: bool = Field(default=False, description="Whether to tell the outcome of each question.")


_FIGURES: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(Metrics).items()}
FiguresBody = create_model(
    "FiguresBody",
    __doc__="The figures of a slice; null where there is nothing to measure.",
    **_FIGURES,
)


class EvaluationBody(BaseModel):
    """The figures of all questions, of each language, pair of languages and tag."""

    k: int
    index: IndexBody
    embedder_fingerprint: str
    slices: dict[str, FiguresBody]  # type: ignore[valid-type]
    intervals: dict[str, dict[str, list[float]]] = Field(
        description="Low and high ends, 95 %, of the figures that are shares or means."
    )
    rows: list[dict[str, Any]] | None = Field(description="Null unless asked for.")


def measured(engine: Engine, asked: EvaluateRequest) -> dict[str, Any]:
    """The reply; raises InvalidParameter for questions that cannot be asked of this collection."""
    ids = [question.id for question in asked.questions]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise InvalidParameter(f"the id {twice[0]!r} stands twice", parameter="questions")
    if drafts := [question.id for question in asked.questions if question.draft]:
        raise InvalidParameter(
            f"{drafts[0]!r} is a draft", hint="accept it first", parameter="questions"
        )
    if problems := check(asked.questions, engine).problems:
        first = problems[0]
        raise InvalidParameter(
            f"question {first.question_id!r}: {first.document!r} {first.reason}",
            parameter="questions",
        )
    k = engine.settings.k if asked.k is None else asked.k
    return _body(evaluate(engine, asked.questions, k), rows=asked.rows)


def _body(report: Report, *, rows: bool) -> dict[str, Any]:
    content = to_dict(report)
    found = {name: content[name] for name in EvaluationBody.model_fields}
    return found if rows else found | {"rows": None}


_TEXTS: dict[Language, tuple[str, str, str, str]] = {
    "ar": (
        "أخبار/تبادل-الأسرى.txt",
        "تسعى كييف إلى إطلاق سراح 1200 أوكراني محتجزين لدى موسكو.",
        "كم أوكرانيًّا تسعى كييف إلى إطلاق سراحهم؟",
        "1200",
    ),
    "en": (
        "news/prisoner-exchange.txt",
        "Kyiv seeks to free 1,200 Ukrainians held by Moscow.",
        "How many Ukrainians does Kyiv seek to free?",
        "1,200",
    ),
}
_NAMES: dict[Language, str] = {"ar": "Arabic", "en": "English"}


def _asked(language: Language) -> dict[str, Any]:
    document, text, question, quote = _TEXTS[language]
    start = text.index(quote)
    gold = {
        "document": document,
        "document_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }
    return {
        "questions": [
            {
                "id": f"{language}-1",
                "question": question,
                "language": language,
                "answers": [quote],
                "gold": [gold],
                "pair": "exchange",
            }
        ]
    }


def _replied(language: Language) -> dict[str, Any]:
    _, _, question, quote = _TEXTS[language]
    row = Row(
        id=f"{language}-1",
        question=question,
        language=language,
        languages=f"{language}-{language}",
        tags=(),
        unanswerable=False,
        accepted=(quote,),
        status="answered",
        answer=quote,
        abstention=None,
        confidence=0.94,
        rank=1,
        gains=(1,),
        ideal=(1,),
        citations=1,
        citations_correct=1,
        citations_dropped=0,
        quotes_checked=1,
        quotes_unverified=0,
        exact_match=1.0,
        token_f1=1.0,
        citation_recall=1.0,
        fact_cited=1.0,
        latency_ms=12.3,
    )
    state = IndexState(generation="g000001", fingerprint="5b1f0c2a9d3e")
    report = report_of([row], 8, state=state, embedder="sanad-bilingual-v1@1", manifest={})
    return _body(report, rows=True)


EVALUATE = {name: Example(value=_asked(language)) for language, name in _NAMES.items()}
EVALUATED = {name: Example(value=_replied(language)) for language, name in _NAMES.items()}
