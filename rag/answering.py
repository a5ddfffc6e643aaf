"""The page to read first: a question becomes an answer with citations, or an abstention.

validate → understand → retrieve → read → decide → compare → cite → check. Every answer is drawn from one generation
of the index; nothing is cited that was not compared with the stored document.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.agreement import Comparison, Stand
from rag.citations import Cited, cite
from rag.errors import InvalidParameter
from rag.languages import language_of, phrase_language
from rag.messages import abstention, note
from rag.protocols import PassageIndex, Reader
from rag.quantities.guard import unstated, whole_values
from rag.question import understand, validate
from rag.reading.answers import whole_words
from rag.retrieval import Retriever
from rag.types import (
    AbstentionCode,
    Answer,
    Citation,
    Evidence,
    Hit,
    IndexState,
    Language,
    Note,
    Passage,
    Position,
    Span,
    Speaker,
    Stage,
)

K_DEFAULT = 8
K_MOST = 50
MOST_CITATIONS = 3
Watch = Callable[[Stage, Sequence[tuple[Passage, Hit]]], None]
# What is left of the confidence in an answer with a value that its citations do not state.
_UNSTATED = 0.5
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
    asked = understand(question)
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
    comparison: Comparison | None = None,
    watch: Watch = unwatched,
) -> Answer:
    """The answer with verified citations, or an abstention with its reason.

    ``comparison`` finds where sources differ; without one nothing is compared. ``language`` is that
    of messages to the reader, the question's own where it is not given. ``watch`` is told each stage
    before it begins, "reading" with the passages that will be read; what it raises ends the work.
    Raises InvalidQuestion and InvalidParameter before any model work.
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
    passages = {passage.id: passage for passage, _ in hits}
    best = evidence[0].probability if evidence else 0.0
    written = passages[evidence[0].passage_id].language if evidence else asked.language
    least = thresholds.least(asked.language, written)
    if not evidence or best < least:
        related = bool(evidence) and best >= least * _RELATED
        code: AbstentionCode = "low_confidence" if related else "not_in_sources"
        return abstain(text, code, best, index.state, timings, language=language)
    stands: list[Stand] = []
    if comparison is not None:
        stands = comparison.stands(asked, evidence, passages, index)
    sides = _all_sides(_supporting(evidence, thresholds), stands)
    cited = cite([_uncut(_one_side(item, stands), passages) for item in sides], index)
    if cited.dropped and cited.citations:
        # What leads now may be less sure than what was dropped, or in the other language, and what
        # was compared with the one dropped was not compared with it.
        stands = []
        lead = cited.citations[0]
        best, least = lead.score, thresholds.least(asked.language, lead.language)
    if not cited.citations or best < least:
        return abstain(text, "unverifiable", best, index.state, timings, cited.dropped, language)
    first = cited.citations[0]
    short = _short(first)
    missing = unstated(short, [first.quote]) if short != first.quote else ()
    if missing:
        best *= _UNSTATED
        if best < least:
            return abstain(
                text, "unverifiable", best, index.state, timings, cited.dropped, language,
                unstated_values=len(missing),
            )  # fmt: skip
    differing = _positions(stands, cited)
    reader_language = language or asked.language
    told: Note | None = note("unstated_values", reader_language) if missing else None
    if differing:
        best *= stands[0].weight / sum(stand.weight for stand in stands)
        told = note("sources_differ", reader_language, [side.value for side in differing])
    timings["total"] = _ms(time.perf_counter() - began)
    return Answer(
        id=_new_id(),
        question=text,
        question_language=asked.language,
        status="answered",
        answer=short,
        answer_language=phrase_language(short, first.language),
        answer_kind="extracted",
        abstention=None,
        confidence=round(best, 4),
        citations=cited.citations,
        index=index.state,
        timings_ms=timings,
        dropped_citations=cited.dropped,
        disagreement=differing or None,
        note=told,
        unstated_values=len(missing),
    )


def _short(citation: Citation) -> str:
    """The short answer in the citation; all of its quote where none is told."""
    if citation.answer_start is None or citation.answer_end is None:
        return citation.quote
    start = citation.start
    return citation.quote[citation.answer_start - start : citation.answer_end - start]


def _one_side(item: Evidence, stands: Sequence[Stand]) -> Evidence:
    """The evidence with its own value as the answer, where the answer runs on into another's."""
    held = [
        place
        for stand in stands
        for one, place in zip(stand.evidence, stand.places, strict=True)
        if one is item and item.answer is not None and item.answer.contains(place)
    ]
    return replace(item, answer=held[0]) if len(held) > 1 else item


def _uncut(item: Evidence, passages: Mapping[str, Passage]) -> Evidence:
    """The evidence with a short answer that cuts no amount: not the 12 of «12 ألفًا»."""
    passage = passages.get(item.passage_id)
    if (
        item.answer is None
        or passage is None
        or not Span(start=passage.start, end=passage.end).contains(item.quote)
    ):
        return item
    at = item.quote.start
    text = passage.text[at - passage.start : item.quote.end - passage.start]
    local = Span(start=item.answer.start - at, end=item.answer.end - at)
    whole = whole_values(text, local)
    whole = whole_words(text, whole.start, whole.end)
    if whole == local:
        return item
    return replace(item, answer=Span(start=at + whole.start, end=at + whole.end))


def _all_sides(supporting: Sequence[Evidence], stands: Sequence[Stand]) -> list[Evidence]:
    """What is cited anyway, and at least one sentence for every value that sources give."""
    sides = list(supporting)
    for stand in stands:
        if not any(item in sides for item in stand.evidence):
            sides.append(stand.evidence[0])
    return sides


def _positions(stands: Sequence[Stand], cited: Cited) -> tuple[Position, ...]:
    """The different values with the citations that state them; none where fewer than two are cited."""
    found = []
    for stand in stands:
        stating = [
            (citation, place, who)
            for item, place, who in zip(stand.evidence, stand.places, stand.speakers, strict=True)
            for citation in cited.citations
            if citation.document_id == item.document_id
            and citation.start <= place.start
            and place.end <= citation.end
        ]
        if not stating:
            continue
        first, place, _ = stating[0]
        dates = [citation.published for citation, _, _ in stating if citation.published]
        found.append(
            Position(
                value=first.quote[place.start - first.start : place.end - first.start],
                citations=tuple(dict.fromkeys(citation.n for citation, _, _ in stating)),
                speaker=next((_speaker(c, who) for c, _, who in stating if who is not None), None),
                published=max(dates, default=None),
            )
        )
    return tuple(found) if len(found) > 1 else ()


def _speaker(citation: Citation, who: Span) -> Speaker:
    text = citation.quote[who.start - citation.start : who.end - citation.start]
    return Speaker(text=text, start=who.start, end=who.end, document_id=citation.document_id)


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
    unstated_values: int = 0,
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
        unstated_values=unstated_values,
    )


def _new_id() -> str:
    return f"ans_{uuid.uuid4().hex}"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
