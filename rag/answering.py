"""The page to read first: a question becomes an answer with citations, or an abstention.

validate → understand → retrieve → read → decide → cite. Every answer is drawn from one generation
of the index; nothing is cited that was not compared with the stored document.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from rag.citations import cite
from rag.errors import InvalidParameter
from rag.languages import language_of
from rag.messages import abstention
from rag.protocols import PassageIndex, Reader
from rag.question import understand, validate
from rag.retrieval import Retriever
from rag.types import AbstentionCode, Answer, Evidence, Hit, IndexState, Language, Passage

K_DEFAULT = 8
K_MOST = 50
MOST_CITATIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When to answer; probabilities that the best sentence answers the question.

    Below ``answer`` there is no answer; below ``related`` not even the subject is in the sources.
    ``support`` is the share of the best probability that further evidence needs to be cited too.
    """

    answer: float = 0.5
    related: float = 0.15
    support: float = 0.25


def check_k(k: object) -> int:
    """K as a number from 1 to K_MOST; raises InvalidParameter."""
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= K_MOST:
        raise InvalidParameter(
            f"k is {k!r}, expected a whole number from 1 to {K_MOST}", parameter="k"
        )
    return k


def search(
    question: str, index: PassageIndex, retriever: Retriever, k: int = K_DEFAULT
) -> list[tuple[Passage, Hit]]:
    """The k best passages without an answer."""
    check_k(k)
    asked = understand(validate(question))
    return retriever.retrieve(asked, index, k) if len(index) else []


def answer(
    question: str,
    index: PassageIndex,
    retriever: Retriever,
    reader: Reader,
    thresholds: Thresholds,
    k: int = K_DEFAULT,
    *,
    language: Language | None = None,
) -> Answer:
    """The answer with verified citations, or an abstention with its reason.

    ``language`` is that of messages to the reader, the question's own where it is not given.
    Raises InvalidQuestion and InvalidParameter before any model work.
    """
    check_k(k)
    began = time.perf_counter()
    text = validate(question)
    if not len(index):
        return abstain(text, "no_documents", 0.0, index.state, {}, language=language)
    asked = understand(text)
    hits = retriever.retrieve(asked, index, k)
    retrieved = time.perf_counter()
    evidence = reader.read(text, [passage for passage, _ in hits], index)
    read = time.perf_counter()
    timings = {
        "retrieve": _ms(retrieved - began),
        "read": _ms(read - retrieved),
        "total": _ms(read - began),
    }
    best = evidence[0].probability if evidence else 0.0
    if best < thresholds.answer:
        code: AbstentionCode = "low_confidence" if best >= thresholds.related else "not_in_sources"
        return abstain(text, code, best, index.state, timings, language=language)
    cited = cite(_supporting(evidence, thresholds), index)
    if cited.dropped and cited.citations:
        best = cited.citations[0].score  # what leads now may be less sure than what was dropped
    if not cited.citations or best < thresholds.answer:
        return abstain(text, "unverifiable", best, index.state, timings, cited.dropped, language)
    first = cited.citations[0]
    short = first.quote
    if first.answer_start is not None and first.answer_end is not None:
        short = first.quote[first.answer_start - first.start : first.answer_end - first.start]
    timings["total"] = _ms(time.perf_counter() - began)
    return Answer(
        id=_new_id(),
        question=text,
        question_language=asked.language,
        status="answered",
        answer=short,
        answer_language=language_of(short, first.language),
        answer_kind="extracted",
        abstention=None,
        confidence=round(best, 4),
        citations=cited.citations,
        index=index.state,
        timings_ms=timings,
        dropped_citations=cited.dropped,
    )


def _supporting(evidence: Sequence[Evidence], thresholds: Thresholds) -> list[Evidence]:
    """The best evidence and what is nearly as probable, at most MOST_CITATIONS."""
    floor = evidence[0].probability * thresholds.support
    others = [item for item in evidence[1:] if item.probability >= floor]
    return [evidence[0], *others][:MOST_CITATIONS]


def abstain(
    text: str,
    code: AbstentionCode,
    confidence: float,
    state: IndexState,
    timings: dict[str, float],
    dropped: int = 0,
    language: Language | None = None,
) -> Answer:
    """An answer that says why there is none."""
    detected = language_of(text)
    return Answer(
        id=_new_id(),
        question=text,
        question_language=detected,
        status="abstained",
        answer=None,
        answer_language=None,
        answer_kind=None,
        abstention=abstention(code, language or detected),
        confidence=round(confidence, 4),
        citations=(),
        index=state,
        timings_ms=timings,
        dropped_citations=dropped,
    )


def _new_id() -> str:
    return f"ans_{uuid.uuid4().hex}"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
