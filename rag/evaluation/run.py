"""Asks every question and compares what comes back with the gold spans."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from rag.answering import check_k
from rag.errors import Unavailable, UnknownDocument
from rag.evaluation import metrics
from rag.evaluation.corpus import Library, check
from rag.evaluation.metrics import Place
from rag.evaluation.questions import ALL, TAG_PREFIX, FactQuestion, slices_of
from rag.evaluation.results import Metrics, Report, Row, summarise
from rag.protocols import Embedder
from rag.types import Answer, Citation, Document, Hit, Passage, Span


class Answering(Library, Protocol):
    """What can be evaluated: an engine, or anything that answers like one."""

    @property
    def embedder(self) -> Embedder:
        """The embedder in use."""
        ...

    def warm(self) -> None:
        """Loads what the first question would otherwise wait for."""
        ...

    def ask(self, question: str, k: int | None = None) -> Answer:
        """The answer, or an abstention."""
        ...

    def search(self, question: str, k: int | None = None) -> list[tuple[Passage, Hit]]:
        """The k best passages."""
        ...


def evaluate(
    engine: Answering,
    questions: Sequence[FactQuestion],
    k: int,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Searches and asks each question in turn; latencies are those of ``ask`` alone.

    Raises InvalidParameter for k and CorpusMismatch before anything is asked, and Unavailable
    where the collection changes meanwhile: a report is about one generation.
    """
    check_k(k)
    gold = check(questions, engine)
    gold.require()
    engine.warm()
    quotes = _Quotes(engine)
    rows: list[Row] = []
    states = []
    for question in questions:
        # Asked first: what a search reads is remembered, and the answer would seem faster than it is.
        began = time.perf_counter()
        answer = engine.ask(question.question, k)
        latency_ms = (time.perf_counter() - began) * 1000
        ranking = [_passage_place(passage) for passage, _ in engine.search(question.question, k)]
        if answer.index not in states:
            states.append(answer.index)
        if len(states) > 1:
            raise Unavailable(
                f"the collection changed from {states[0].generation!r} to "
                f"{states[1].generation!r} while it was evaluated",
                hint="run the evaluation again when nothing is being ingested",
            )
        rows.append(_row(question, gold.documents, ranking, answer, quotes, latency_ms))
        if progress is not None:
            progress(len(rows), len(questions))
    return Report(
        k=k,
        rows=tuple(rows),
        slices=_slices(questions, rows, k),
        index_generation=states[0].generation if states else "none",
        index_fingerprint=states[0].fingerprint if states else "none",
        embedder_fingerprint=engine.embedder.fingerprint,
    )


class _Quotes:
    """Compares quotes with the stored documents again, each document read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._documents: dict[str, Document | None] = {}

    def verifies(self, citation: Citation) -> bool:
        id = citation.document_id
        if id not in self._documents:
            try:
                self._documents[id] = self._library.document(id)
            except UnknownDocument:
                self._documents[id] = None
        document = self._documents[id]
        return (
            document is not None
            and document.sha256 == citation.document_sha256
            and 0 <= citation.start < citation.end
            and document.text[citation.start : citation.end] == citation.quote
        )


def _row(
    question: FactQuestion,
    documents: Mapping[str, str],
    ranking: Sequence[Place],
    answer: Answer,
    quotes: _Quotes,
    latency_ms: float,
) -> Row:
    gold = [
        Place(document_id=documents[item.document], span=Span(start=item.start, end=item.end))
        for item in question.gold
    ]
    correct = metrics.citations_correct([_citation_place(c) for c in answer.citations], gold)
    fact = correct > 0 or any(
        metrics.states(citation.quote, question.answers) for citation in answer.citations
    )
    answerable = not question.unanswerable
    return Row(
        id=question.id,
        question=question.question,
        language=question.language,
        tags=question.tags,
        unanswerable=question.unanswerable,
        accepted=question.answers,
        status=answer.status,
        answer=answer.answer,
        abstention=answer.abstention.code if answer.abstention else None,
        confidence=answer.confidence,
        rank=metrics.rank_of_gold(ranking, gold),
        citations=len(answer.citations),
        citations_correct=correct,
        citations_dropped=answer.dropped_citations,
        quotes_unverified=sum(not quotes.verifies(citation) for citation in answer.citations),
        exact_match=metrics.exact_match(answer.answer, question.answers) if answerable else None,
        token_f1=metrics.token_f1(answer.answer, question.answers) if answerable else None,
        citation_recall=metrics.citation_recall(correct) if answerable else None,
        fact_cited=float(fact) if answerable else None,
        latency_ms=round(latency_ms, 2),
    )


def _slices(questions: Sequence[FactQuestion], rows: Sequence[Row], k: int) -> dict[str, Metrics]:
    def belongs(row: Row, name: str) -> bool:
        if name.startswith(TAG_PREFIX):
            return name.removeprefix(TAG_PREFIX) in row.tags
        return name in (ALL, row.language)

    return {
        name: summarise([row for row in rows if belongs(row, name)], k)
        for name in slices_of(questions)
    }


def _passage_place(passage: Passage) -> Place:
    return Place(document_id=passage.document_id, span=Span(start=passage.start, end=passage.end))


def _citation_place(citation: Citation) -> Place:
    return Place(
        document_id=citation.document_id, span=Span(start=citation.start, end=citation.end)
    )
