"""From evidence to citations: each quotation is read from the stored document and compared.

A citation that does not verify is dropped and counted; it is never repaired by guessing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import UnknownDocument
from rag.languages import sentence_language
from rag.protocols import PassageIndex
from rag.types import Citation, Document, Evidence, Span


@dataclass(frozen=True, slots=True)
class Cited:
    """Verified citations, numbered from 1, and how many did not verify."""

    citations: tuple[Citation, ...]
    dropped: int


def utf16_offset(text: str, offset: int) -> int:
    """The same place counted in UTF-16 code units, as browsers count."""
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def cite(evidence: Sequence[Evidence], index: PassageIndex) -> Cited:
    """Citations for the evidence, in its order; overlapping evidence of a document is cited once."""
    made: list[Citation] = []
    dropped = 0
    for item in evidence:
        if any(_overlaps(citation, item) for citation in made):
            continue
        citation = _verified(item, index, len(made) + 1)
        if citation is None:
            dropped += 1
        else:
            made.append(citation)
    return Cited(tuple(made), dropped)


def _overlaps(citation: Citation, item: Evidence) -> bool:
    return (
        citation.document_id == item.document_id
        and citation.start < item.quote.end
        and item.quote.start < citation.end
    )


def _verified(item: Evidence, index: PassageIndex, n: int) -> Citation | None:
    """The citation, or None where the spans do not point at what was ingested."""
    try:
        document = index.document(item.document_id)
        passage = index.passages([item.passage_id])[0]
    except (UnknownDocument, KeyError):
        return None
    whole = Span(start=passage.start, end=passage.end)
    if passage.document_id != document.id or not _holds(whole, item.quote):
        return None
    if item.answer is not None and not _holds(item.quote, item.answer):
        return None
    quote = document.text[item.quote.start : item.quote.end]
    # The passage was cut from the document and hashed with it at ingest: all must still agree.
    if passage.text[item.quote.start - passage.start : item.quote.end - passage.start] != quote:
        return None
    if hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest() != document.sha256:
        return None
    return _citation(item, document, quote, n)


def _holds(outer: Span, inner: Span) -> bool:
    """Whether ``inner`` is a span of at least one character inside ``outer``."""
    return inner.start < inner.end and outer.contains(inner)


def _citation(item: Evidence, document: Document, quote: str, n: int) -> Citation:
    start = utf16_offset(document.text, item.quote.start)
    return Citation(
        n=n,
        document_id=document.id,
        document_sha256=document.sha256,
        title=document.title,
        source=document.source,
        published=document.published,
        quote=quote,
        start=item.quote.start,
        end=item.quote.end,
        start_utf16=start,
        end_utf16=start + utf16_offset(quote, len(quote)),
        answer_start=item.answer.start if item.answer else None,
        answer_end=item.answer.end if item.answer else None,
        language=sentence_language(quote, document.language),
        verified=document.text[item.quote.start : item.quote.end] == quote,
        score=round(item.probability, 4),
        page=document.page_at(item.quote.start),
    )
