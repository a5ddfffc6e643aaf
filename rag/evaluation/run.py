"""Asks every question and compares what comes back with the gold spans."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from rag.answering import K_MOST, check_k
from rag.errors import InvalidParameter, Unavailable, UnknownDocument
from rag.evaluation import metrics
from rag.evaluation.corpus import GoldCheck, Library, check
from rag.evaluation.metrics import Place
from rag.evaluation.questions import ALL, PAIRS, TAG_PREFIX, FactQuestion, Gold
from rag.evaluation.results import (
    NDCG_DEPTH,
    Expected,
    Metrics,
    Report,
    Row,
    Shown,
    intervals_of,
    summarise,
    with_parity,
)
from rag.evaluation.targets import Answering, LocalTarget, Quoted, Reply, Target
from rag.languages import language_of
from rag.quantities.guard import claimed, unstated
from rag.types import LANGUAGES, Document, IndexState, Language

MOST_AT_ONCE = 64
_AROUND = 120  # characters shown before and after a gold span


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
    return run(LocalTarget(engine), questions, k, progress=progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A question that was asked: its row, and the state of the index that answered."""

    row: Row
    state: IndexState | None


def run(
    target: Target,
    questions: Sequence[FactQuestion],
    k: int,
    *,
    concurrency: int = 1,
    progress: Callable[[int, int], None] | None = None,
    before: Mapping[str, Done] | None = None,
    keep: Callable[[Done], None] | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> Report:
    """The report on a target, ``concurrency`` questions at once.

    ``before`` are questions an earlier run has asked; ``keep`` is given each one asked now, in the
    order they finish. Raises as :func:`evaluate` does.
    """
    check_k(k)
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise InvalidParameter(
            f"concurrency is {concurrency}, expected 1 to {MOST_AT_ONCE}", parameter="concurrency"
        )
    library = target.library
    gold = _as_named(questions) if library is None else check(questions, library)
    gold.require()
    target.warm()
    judge = _Judge(target, gold, k, library)
    finished = dict(before or {})
    missing = [question for question in questions if question.id not in finished]
    states: list[IndexState] = []
    for done in finished.values():
        _same_state(states, done.state)
    for done in _in_any_order(judge.ask, missing, concurrency):
        finished[done.row.id] = done
        _same_state(states, done.state)
        if keep is not None:
            keep(done)
        if progress is not None:
            progress(len(finished), len(questions))
    rows = with_parity([finished[question.id].row for question in questions])
    about = target.describe()
    return report_of(
        rows,
        k,
        state=states[0] if states else IndexState(generation="none", fingerprint="none"),
        embedder=str(about.get("embedder", "unknown")),
        manifest={**(manifest or {}), "target": dict(about)},
    )


def report_of(
    rows: Sequence[Row],
    k: int,
    *,
    state: IndexState,
    embedder: str,
    manifest: Mapping[str, Any],
) -> Report:
    """The figures of these rows."""
    members = _members(rows)
    return Report(
        k=k,
        rows=tuple(rows),
        slices=_figures(members, k),
        intervals={name: intervals_of(some, k) for name, some in members.items()},
        index_generation=state.generation,
        index_fingerprint=state.fingerprint,
        embedder_fingerprint=embedder,
        manifest={
            **manifest,
            "index": {"generation": state.generation, "fingerprint": state.fingerprint},
        },
    )


def _in_any_order(
    ask: Callable[[FactQuestion], Done], questions: Sequence[FactQuestion], concurrency: int
) -> Iterator[Done]:
    """Each question asked; with one at a time in order and in this thread."""
    if concurrency == 1:
        yield from map(ask, questions)
        return
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="evaluate")
    try:
        waiting: set[Future[Done]] = {pool.submit(ask, question) for question in questions}
        for future in as_completed(waiting):
            yield future.result()
    finally:
        # Also where somebody pressed Ctrl-C: what has not begun is not begun.
        pool.shutdown(wait=True, cancel_futures=True)


def _same_state(states: list[IndexState], state: IndexState | None) -> None:
    if state is None or state in states:
        return
    states.append(state)
    if len(states) > 1:
        raise Unavailable(
            f"the collection changed from {states[0].generation!r} to "
            f"{states[1].generation!r} while it was evaluated",
            hint="run the evaluation again when nothing is being ingested",
        )


def _as_named(questions: Sequence[FactQuestion]) -> GoldCheck:
    """Gold documents under the names of the file, where nobody can tell what is stored."""
    golds = [gold for question in questions for gold in question.gold]
    return GoldCheck(
        documents={gold.document: gold.document for gold in golds},
        languages={gold.document: language_of(gold.quote) for gold in golds if gold.quote},
        problems=(),
    )


@dataclass(slots=True)
class _Judge:
    """Asks one question and compares the reply with the gold spans; used by several threads."""

    target: Target
    gold: GoldCheck
    k: int
    library: Library | None
    _read: dict[str, Document | None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def ask(self, question: FactQuestion) -> Done:
        # Asked first: what a search reads is remembered, and the answer would seem faster than it is.
        began = time.perf_counter()
        reply = self.target.ask(question.question, self.k)
        latency_ms = (time.perf_counter() - began) * 1000
        ranking = self.target.search(question.question, min(max(self.k, NDCG_DEPTH), K_MOST))
        return Done(row=self._row(question, ranking, reply, latency_ms), state=reply.state)

    def _document(self, id: str) -> Document | None:
        with self._lock:
            if id not in self._read and self.library is not None:
                try:
                    self._read[id] = self.library.document(id)
                except UnknownDocument:
                    self._read[id] = None
            return self._read.get(id)

    def _verifies(self, citation: Quoted) -> bool:
        """Compares a quote with the stored document again."""
        document = self._document(citation.document_id)
        return (
            document is not None
            and citation.sha256 in (None, document.sha256)
            and citation.start is not None
            and citation.end is not None
            and 0 <= citation.start < citation.end
            and document.text[citation.start : citation.end] == citation.quote
        )

    def _row(
        self,
        question: FactQuestion,
        ranking: Sequence[Place] | None,
        reply: Reply,
        latency_ms: float,
    ) -> Row:
        places = [self._place(item) for item in question.gold]
        graded = [
            (place, item.relevance) for place, item in zip(places, question.gold, strict=True)
        ]
        shown = [
            Shown(
                document_id=cited.document_id,
                start=cited.start,
                end=cited.end,
                quote=cited.quote,
                correct=any(cited.place.contains(place) for place in places),
            )
            for cited in reply.citations
        ]
        correct = sum(one.correct for one in shown)
        fact = correct > 0 or any(
            metrics.states(one.quote, question.answers) for one in shown if one.quote
        )
        checked = [] if self.library is None else [one for one in reply.citations if one.quote]
        answered = bool(question.answers)
        claims, unstated_values = _claims(reply)
        return Row(
            id=question.id,
            question=question.question,
            language=question.language,
            tags=question.tags,
            pair=question.pair,
            languages=self._languages(question),
            answer_languages=self._answer_languages(question, reply),
            unanswerable=question.unanswerable,
            accepted=question.answers,
            status=reply.status,
            answer=reply.answer,
            abstention=reply.abstention,
            confidence=reply.confidence,
            rank=metrics.rank_of_gold((ranking or [])[: self.k], places),
            gains=None if ranking is None else tuple(metrics.gains(ranking, graded)),
            ideal=tuple(metrics.ideal_gains(graded)),
            citations=len(shown),
            citations_correct=correct,
            citations_dropped=reply.dropped,
            quotes_checked=len(checked),
            quotes_unverified=sum(not self._verifies(one) for one in checked),
            values_checked=claims,
            values_unstated=unstated_values,
            **(_words(reply.answer, question.answers) if answered else _NO_WORDS),
            citation_recall=metrics.citation_recall(correct) if places else None,
            fact_cited=None if question.unanswerable else float(fact),
            latency_ms=round(latency_ms, 2),
            shown=tuple(shown),
            expected=self._expected(question.gold),
        )

    def _place(self, gold: Gold) -> Place:
        return Place(document_id=self.gold.documents[gold.document], span=gold.span)

    def _languages(self, question: FactQuestion) -> str | None:
        """The languages of question and text; None where the gold is in both or unknown."""
        written: set[Language] = {
            self.gold.languages[gold.document]
            for gold in question.gold
            if gold.document in self.gold.languages
        }
        return f"{question.language}-{written.pop()}" if len(written) == 1 else None

    def _answer_languages(self, question: FactQuestion, reply: Reply) -> str | None:
        first = self._document(reply.citations[0].document_id) if reply.citations else None
        # As the reader sees it: the language the question is in, whatever the file says.
        asked = language_of(question.question)
        return None if first is None else f"{asked}-{first.language}"

    def _expected(self, gold: Sequence[Gold]) -> Expected | None:
        for item in gold:
            if item.span is None or item.quote is None:
                continue
            id = self.gold.documents[item.document]
            document = self._document(id)
            text = "" if document is None else document.text
            return Expected(
                document_id=id,
                start=item.span.start,
                before=_before(text, item.span.start),
                quote=item.quote,
                after=_after(text, item.span.end),
            )
        return None


def _claims(reply: Reply) -> tuple[int, int]:
    """How many values and names the answer holds, and how many of them no quote states."""
    quotes = [one.quote for one in reply.citations if one.quote]
    if not reply.answer or not quotes:
        return 0, 0
    return claimed(reply.answer), len(unstated(reply.answer, quotes))


def _before(text: str, start: int) -> str:
    """Up to 120 characters before a place, from the beginning of a word where one is near."""
    first = max(start - _AROUND, 0)
    if first and not text[first - 1].isspace():
        gap = _GAP.search(text, first, min(first + _LONG_WORD, start))
        first = first if gap is None else gap.end()
    return text[first:start]


def _after(text: str, end: int) -> str:
    """Up to 120 characters behind a place, to the end of a word where one is near."""
    last = min(end + _AROUND, len(text))
    if last < len(text) and not text[last].isspace():
        gaps = list(_GAP.finditer(text, max(last - _LONG_WORD, end), last))
        last = gaps[-1].start() if gaps else last
    return text[end:last]


_GAP = re.compile(r"\s+")
_LONG_WORD = 30  # characters; what is longer is cut

_NO_WORDS: Mapping[str, float | None] = dict.fromkeys(
    (
        "exact_match",
        "token_f1",
        "squad_exact_match",
        "squad_f1",
        "mlqa_exact_match",
        "mlqa_f1",
    )
)


def _words(answer: str | None, accepted: Sequence[str]) -> Mapping[str, float | None]:
    """The figures of the answer's words, cut in three ways."""
    return {
        "exact_match": metrics.exact_match(answer, accepted),
        "token_f1": metrics.token_f1(answer, accepted),
        "squad_exact_match": metrics.exact_match(answer, accepted, metrics.squad_tokens),
        "squad_f1": metrics.token_f1(answer, accepted, metrics.squad_tokens),
        "mlqa_exact_match": metrics.mlqa_exact_match(answer, accepted),
        "mlqa_f1": metrics.mlqa_f1(answer, accepted),
    }


def _members(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each slice: all, the languages, the pairs of languages and the tags there are."""
    members = {ALL: list(rows)}
    for language in LANGUAGES:
        members[language] = [row for row in rows if row.language == language]
    for pair in PAIRS:
        if some := [row for row in rows if row.languages == pair]:
            members[pair] = some
    for tag in sorted({tag for row in rows for tag in row.tags}):
        members[TAG_PREFIX + tag] = [row for row in rows if tag in row.tags]
    return members


def _figures(members: Mapping[str, Sequence[Row]], k: int) -> dict[str, Metrics]:
    return {name: summarise(some, k) for name, some in members.items()}
