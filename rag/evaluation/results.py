"""What a run gives: a row for each question, and the figures of each slice of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from rag.evaluation import metrics, selective
from rag.evaluation.metrics import Place, mean, percentile
from rag.evaluation.significance import Interval, Pair, intervals
from rag.types import AbstentionCode, AnswerStatus, Language, Span

NDCG_DEPTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A citation as it was shown; without a span a whole document, without a quote only named."""

    document_id: str
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    correct: bool = False

    @property
    def place(self) -> Place:
        """Where it points."""
        whole = self.start is None or self.end is None
        span = None if whole else Span(start=self.start or 0, end=self.end or 0)
        return Place(document_id=self.document_id, span=span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The first gold span in its article, with the text around it, for reports."""

    document_id: str
    start: int
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The outcome of one question.

    ``language`` is that of the question, ``languages`` those of question and gold text
    ("ar-en"), ``answer_languages`` those of question and first citation.
    ``rank`` is that of the first passage with a gold span, from 1; ``gains`` are those of the
    ranking and ``ideal`` of the best there can be (:func:`metrics.gains`), None where the target
    ranks nothing. ``parity`` tells whether the same question in the other language was treated the
    same. ``quotes_checked`` of the citations could be compared with a stored document, and of the
    ``values_checked`` numbers, dates, amounts and names in the answer ``values_unstated`` stand in
    none of the quotes shown with it. Figures that need a gold span are None for unanswerable questions.
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
    confidence: float | None
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
    quotes_checked: int = 0
    values_checked: int = 0
    values_unstated: int = 0
    pair: str | None = None
    languages: str | None = None
    answer_languages: str | None = None
    gains: tuple[int, ...] | None = None
    ideal: tuple[int, ...] = ()
    squad_exact_match: float | None = None
    squad_f1: float | None = None
    mlqa_exact_match: float | None = None
    mlqa_f1: float | None = None
    parity: float | None = None
    shown: tuple[Shown, ...] = ()
    expected: Expected | None = None

    @property
    def abstained(self) -> bool:
        """Whether no answer was given."""
        return self.status == "abstained"

    @property
    def right(self) -> bool:
        """Whether an answer was given that its citations bear; without one it counts as wrong."""
        if self.abstained or self.unanswerable:
            return False
        return bool(self.fact_cited if self.citation_recall is None else self.citation_recall)

    @property
    def cluster(self) -> str:
        """What the question is drawn with: the same one in the other language."""
        return f"pair {self.pair}" if self.pair else f"id {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The figures of a slice; None where there is nothing to measure, never NaN.

    hit, recall, MRR, nDCG, EM, F1, citation recall, ``fact_cited`` and ``answer_rate`` are means
    over the answerable questions, and an abstention counts 0 in all that need an answer.
    ``citation_precision`` is over the citations shown, ``citation_precision_alce`` its mean over
    questions, 0 for an answerable one without a citation. ``fact_cited`` is citation recall that
    also accepts a quote holding an accepted answer outside the gold spans: an upper bound.
    ``no_answer_auroc`` is of confidence telling answerable from unanswerable questions;
    ``auroc``, ``aurc`` and ``calibration_error`` are of the answers given, right or wrong.
    ``parity`` is over questions asked in both languages.
    """

    questions: int
    answerable: int
    unanswerable: int
    answered: int
    hit_at_1: float | None
    hit_at_k: float | None
    recall_at_k: float | None
    mrr: float | None
    ndcg_at_10: float | None
    answer_rate: float | None
    exact_match: float | None
    token_f1: float | None
    squad_exact_match: float | None
    squad_f1: float | None
    mlqa_exact_match: float | None
    mlqa_f1: float | None
    citation_precision: float | None
    citation_precision_alce: float | None
    citation_recall: float | None
    fact_cited: float | None
    quote_exactness: float | None
    values_stated: float | None = None
    abstention_precision: float | None
    abstention_recall: float | None
    no_answer_auroc: float | None
    auroc: float | None
    aurc: float | None
    calibration_error: float | None
    parity: float | None
    citations: int
    citations_dropped: int
    quotes_verified: int
    quotes_unverified: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None


COUNTS = frozenset(
    {
        "questions", "answerable", "unanswerable", "answered",
        "citations", "citations_dropped", "quotes_verified", "quotes_unverified",
    }
)  # fmt: skip
TIMES = frozenset({"latency_p50_ms", "latency_p95_ms", "latency_p99_ms"})
METRICS: tuple[str, ...] = tuple(field.name for field in fields(Metrics))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run: rows in the order of the question file, slices from the whole to the single tags.

    ``intervals`` are those of the figures that are shares or means, by slice and metric;
    ``manifest`` holds all that decides the figures (:mod:`rag.evaluation.provenance`).
    """

    k: int
    rows: tuple[Row, ...]
    slices: Mapping[str, Metrics]
    index_generation: str
    index_fingerprint: str
    embedder_fingerprint: str
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)


def _mean_of(name: str) -> Callable[[Row, int], Pair | None]:
    def part(row: Row, _: int) -> Pair | None:
        value: float | None = getattr(row, name)
        return None if value is None else (value, 1)

    return part


def _ranked(figure: Callable[[Row, int], float | None]) -> Callable[[Row, int], Pair | None]:
    def part(row: Row, k: int) -> Pair | None:
        if row.unanswerable or row.gains is None or not row.ideal:
            return None
        return (figure(row, k) or 0.0, 1)

    return part


def _alce_precision(row: Row, _: int) -> Pair | None:
    if row.unanswerable and not row.citations:
        return None
    return (row.citations_correct / row.citations if row.citations else 0.0, 1)


# Each question's part in a figure, as (part, whole): the figure is the sum of the parts over that
# of the wholes. None where the question has no say in it.
SHARES: Mapping[str, Callable[[Row, int], Pair | None]] = {
    "hit_at_1": _ranked(lambda row, _: metrics.hit_at_k(row.rank, 1)),
    "hit_at_k": _ranked(lambda row, k: metrics.hit_at_k(row.rank, k)),
    "recall_at_k": _ranked(lambda row, k: metrics.recall_at_k(row.gains or (), row.ideal, k)),
    "mrr": _ranked(lambda row, _: metrics.reciprocal_rank(row.rank)),
    "ndcg_at_10": _ranked(lambda row, _: metrics.ndcg_at_k(row.gains or (), row.ideal, NDCG_DEPTH)),
    "answer_rate": lambda row, _: None if row.unanswerable else (float(not row.abstained), 1),
    "exact_match": _mean_of("exact_match"),
    "token_f1": _mean_of("token_f1"),
    "squad_exact_match": _mean_of("squad_exact_match"),
    "squad_f1": _mean_of("squad_f1"),
    "mlqa_exact_match": _mean_of("mlqa_exact_match"),
    "mlqa_f1": _mean_of("mlqa_f1"),
    "citation_precision": lambda row, _: (row.citations_correct, row.citations),
    "citation_precision_alce": _alce_precision,
    "citation_recall": _mean_of("citation_recall"),
    "fact_cited": _mean_of("fact_cited"),
    "quote_exactness": lambda row, _: (
        row.quotes_checked - row.quotes_unverified,
        row.quotes_checked,
    ),
    "values_stated": lambda row, _: (row.values_checked - row.values_unstated, row.values_checked),
    "abstention_precision": lambda row, _: (
        float(row.abstained and row.unanswerable),
        float(row.abstained),
    ),
    "abstention_recall": lambda row, _: (
        float(row.abstained and row.unanswerable),
        float(row.unanswerable),
    ),
    "parity": _mean_of("parity"),
}


def parts_of(rows: Sequence[Row], metric: str, k: int) -> list[Pair]:
    """Each row's part in a figure of SHARES, (0, 0) where it has none."""
    return [SHARES[metric](row, k) or (0.0, 0.0) for row in rows]


def figure(rows: Sequence[Row], metric: str, k: int) -> float | None:
    """A figure of SHARES over these rows."""
    parts = parts_of(rows, metric, k)
    whole = sum(whole for _, whole in parts)
    return sum(part for part, _ in parts) / whole if whole else None


def summarise(rows: Sequence[Row], k: int) -> Metrics:
    """The figures of these rows."""
    answerable = sum(not row.unanswerable for row in rows)
    shown = sum(row.citations for row in rows)
    unverified = sum(row.quotes_unverified for row in rows)
    known = [(row.confidence, row) for row in rows if row.confidence is not None]
    given = [(confidence, row.right) for confidence, row in known if not row.abstained]
    sure, right = [one for one, _ in given], [one for _, one in given]
    times = [row.latency_ms for row in rows]
    return Metrics(
        questions=len(rows),
        answerable=answerable,
        unanswerable=len(rows) - answerable,
        answered=sum(not row.abstained for row in rows),
        **{metric: figure(rows, metric, k) for metric in SHARES},
        no_answer_auroc=selective.auroc(
            [confidence for confidence, _ in known], [not row.unanswerable for _, row in known]
        ),
        auroc=selective.auroc(sure, right),
        aurc=selective.aurc(sure, right),
        calibration_error=selective.calibration_error(sure, right),
        citations=shown,
        citations_dropped=sum(row.citations_dropped for row in rows),
        quotes_verified=sum(row.quotes_checked for row in rows) - unverified,
        quotes_unverified=unverified,
        latency_p50_ms=percentile(times, 0.5),
        latency_p95_ms=percentile(times, 0.95),
        latency_p99_ms=percentile(times, 0.99),
    )


def intervals_of(rows: Sequence[Row], k: int) -> dict[str, Interval]:
    """The intervals of the figures of SHARES that have one."""
    clusters = [row.cluster for row in rows]
    return intervals({metric: parts_of(rows, metric, k) for metric in SHARES}, clusters)


def with_parity(rows: Sequence[Row]) -> list[Row]:
    """The rows with ``parity``: 1 where both languages abstain or cite a common place.

    Questions linked by ``pair`` are compared where they are asked in more than one language.
    """
    linked: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.pair is not None:
            linked[row.pair].append(row)
    parity = {
        row.id: float(mean(_alike(row, other) for other in others) or 0)
        for some in linked.values()
        for row in some
        if (others := [other for other in some if other.language != row.language])
    }
    return [replace(row, parity=parity.get(row.id)) for row in rows]


def _alike(one: Row, other: Row) -> float:
    if one.abstained or other.abstained:
        return float(one.abstained and other.abstained)
    return float(
        any(mine.place.overlaps(theirs.place) for mine in one.shown for theirs in other.shown)
    )
