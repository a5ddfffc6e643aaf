"""The page to read first: a question becomes an answer with citations, or an abstention.

validate → understand → retrieve → read → decide → cite. Every answer is drawn from one generation
of the index; nothing is cited that was not compared with the stored document.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.citations import cite
from rag.errors import InvalidParameter
from rag.languages import language_of
from rag.messages import abstention
from rag.protocols import PassageIndex, Reader
from rag.question import understand, validate
from rag.retrieval import Retriever
from rag.types import AbstentionCode, Answer, Evidence, Hit, IndexState, Language, Passage, Stage

K_DEFAULT = 8
K_MOST = 50
MOST_CITATIONS = 3
Watch = Callable[[Stage, Sequence[tuple[Passage, Hit]]], None]
# Of the least probability to answer: under it the sources have nothing on the subject.
_RELATED = 1 / 3


def unwatched(stage: Stage, hits: Sequence[tuple[Passage, Hit]]) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When to answer; probabilities that the sentences cited answer the question.

    Below ``answer`` there is no answer: the fitted value is for the languages of question and text
    ("ar-en"), since one probability does not mean the same error rate across languages as inside
    one; ``otherwise`` is for languages without one. Below a third of it not even the subject is in
    the sources. ``support`` is the share of all evidence's probability that the citations bear: the
    surer the first, the fewer follow.
    """

    answer: Mapping[str, float] = field(default_factory=dict)
    otherwise: float = 0.5
    support: float = 0.9

    def least(self, question: Language, text: Language) -> float:
        """The least probability to answer a question in one language from a text in another."""
        return self.answer.get(f"{question}-{text}", self.otherwise)


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
    watch: Watch = unwatched,
) -> Answer:
    """The answer with verified citations, or an abstention with its reason.

    ``language`` is that of messages to the reader, the question's own where it is not given.
    ``watch`` is told each stage before it begins, "reading" with the passages that will be read;
    what it raises ends the work. Raises InvalidQuestion and InvalidParameter before any model work.
    """
    check_k(k)
    began = time.perf_counter()
    text = validate(question)
    if not len(index):
        return abstain(text, "no_documents", 0.0, index.state, {}, language=language)
    watch("retrieving", ())
    asked = understand(text)
    hits = retriever.retrieve(asked, index, k)
    watch("reading", hits)
    retrieved = time.perf_counter()
    evidence = reader.read(text, [passage for passage, _ in hits], index)
    watch("answering", ())
    read = time.perf_counter()
    timings = {
        "retrieve": _ms(retrieved - began),
        "read": _ms(read - retrieved),
        "total": _ms(read - began),
    }
    best = evidence[0].probability if evidence else 0.0
    written = {passage.id: passage.language for passage, _ in hits}
    least = thresholds.least(
        asked.language, written[evidence[0].passage_id] if evidence else asked.language
    )
    if not evidence or best < least:
        related = bool(evidence) and best >= least * _RELATED
        code: AbstentionCode = "low_confidence" if related else "not_in_sources"
        return abstain(text, code, best, index.state, timings, language=language)
    cited = cite(_supporting(evidence, thresholds), index)
    if cited.dropped and cited.citations:
        # What leads now may be less sure than what was dropped, or in the other language.
        lead = cited.citations[0]
        best, least = lead.score, thresholds.least(asked.language, lead.language)
    if not cited.citations or best < least:
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
    """The best evidence, and more while what is cited bears too small a share, at most three."""
    total = sum(item.probability for item in evidence) or 1.0
    cited: list[Evidence] = []
    for item in evidence[:MOST_CITATIONS]:
        if cited and sum(one.probability for one in cited) / total >= thresholds.support:
            break
        cited.append(item)
    return cited


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
