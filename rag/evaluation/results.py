"""What a run gives: a row for each question, and the figures of each slice of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from rag.evaluation import metrics
from rag.evaluation.metrics import mean, percentile, ratio
from rag.types import AbstentionCode, AnswerStatus, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The outcome of one question.

    ``language`` is that of the question. ``rank`` is that of the first passage with a gold span,
    from 1. Figures that need a gold span are None for unanswerable questions.
    """

    id: str
    question: str
    language: Language
    tags: tuple[str, ...]
    unanswerable: bool
    accepted: tuple[str, ...]
    status: AnswerStatus
    answer: str | None
    abstention: AbstentionCode | None
    confidence: float
    rank: int | None
    citations: int
    citations_correct: int
    citations_dropped: int
    quotes_unverified: int
    exact_match: float | None
    token_f1: float | None
    citation_recall: float | None
    fact_cited: float | None
    latency_ms: float

    @property
    def abstained(self) -> bool:
        """Whether no answer was given."""
        return self.status == "abstained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The figures of a slice; None where there is nothing to measure, never NaN.

    hit, MRR, EM, F1, citation recall, ``fact_cited`` and ``answer_rate`` are means over the
    answerable questions, and an abstention counts 0 in all that need an answer.
    ``citation_precision`` is over the citations shown. ``fact_cited`` is citation recall that
    also accepts a quote holding an accepted answer outside the gold spans: an upper bound.
    """

    questions: int
    answerable: int
    unanswerable: int
    answered: int
    hit_at_1: float | None
    hit_at_k: float | None
    mrr: float | None
    answer_rate: float | None
    exact_match: float | None
    token_f1: float | None
    citation_precision: float | None
    citation_recall: float | None
    fact_cited: float | None
    abstention_precision: float | None
    abstention_recall: float | None
    citations: int
    citations_dropped: int
    quotes_verified: int
    quotes_unverified: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


COUNTS = frozenset(
    {
        "questions", "answerable", "unanswerable", "answered",
        "citations", "citations_dropped", "quotes_verified", "quotes_unverified",
    }
)  # fmt: skip
TIMES = frozenset({"latency_p50_ms", "latency_p95_ms"})
METRICS: tuple[str, ...] = tuple(field.name for field in fields(Metrics))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run: rows in the order of the question file, slices from the whole to the single tags."""

    k: int
    rows: tuple[Row, ...]
    slices: Mapping[str, Metrics]
    index_generation: str
    index_fingerprint: str
    embedder_fingerprint: str


def summarise(rows: Sequence[Row], k: int) -> Metrics:
    """The figures of these rows."""
    answerable = [row for row in rows if not row.unanswerable]
    abstained = [row.abstained for row in rows]
    unanswerable = [row.unanswerable for row in rows]
    shown = sum(row.citations for row in rows)
    unverified = sum(row.quotes_unverified for row in rows)
    return Metrics(
        questions=len(rows),
        answerable=len(answerable),
        unanswerable=len(rows) - len(answerable),
        answered=len(rows) - sum(abstained),
        hit_at_1=mean(metrics.hit_at_k(row.rank, 1) for row in answerable),
        hit_at_k=mean(metrics.hit_at_k(row.rank, k) for row in answerable),
        mrr=mean(metrics.reciprocal_rank(row.rank) for row in answerable),
        answer_rate=ratio(sum(not row.abstained for row in answerable), len(answerable)),
        exact_match=mean(row.exact_match for row in answerable if row.exact_match is not None),
        token_f1=mean(row.token_f1 for row in answerable if row.token_f1 is not None),
        citation_precision=metrics.citation_precision(
            sum(row.citations_correct for row in rows), shown
        ),
        citation_recall=mean(
            row.citation_recall for row in answerable if row.citation_recall is not None
        ),
        fact_cited=mean(row.fact_cited for row in answerable if row.fact_cited is not None),
        abstention_precision=metrics.abstention_precision(abstained, unanswerable),
        abstention_recall=metrics.abstention_recall(abstained, unanswerable),
        citations=shown,
        citations_dropped=sum(row.citations_dropped for row in rows),
        quotes_verified=shown - unverified,
        quotes_unverified=unverified,
        latency_p50_ms=percentile((row.latency_ms for row in rows), 0.5),
        latency_p95_ms=percentile((row.latency_ms for row in rows), 0.95),
    )
