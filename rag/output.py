"""Values as plain data for JSON: the same fields over HTTP and with ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from rag.types import Answer, Citation, Document, DocumentSummary, Hit, Passage, document_url

_NO_GROUPS: Mapping[str, str] = {}


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """The answer object; ``abstention`` is null when there is an answer, ``disagreement`` without one."""
    content = _fields(answer)
    content["abstention"] = asdict(answer.abstention) if answer.abstention else None
    content["citations"] = [citation_to_dict(cited) for cited in answer.citations]
    content["index"] = asdict(answer.index)
    content["note"] = asdict(answer.note) if answer.note else None
    if answer.disagreement is not None:
        content["disagreement"] = [
            asdict(side) | {"citations": list(side.citations)} for side in answer.disagreement
        ]
    content["timings_ms"] = dict(answer.timings_ms)
    return content


def citation_to_dict(citation: Citation) -> dict[str, Any]:
    """One citation, as it stands in the answer object."""
    return _fields(citation) | {"url": citation.url}


def hit_to_dict(passage: Passage, hit: Hit) -> dict[str, Any]:
    """A passage found, with its place in the document and in the ranking (from 1)."""
    return {
        "n": hit.rank + 1,
        "passage_id": passage.id,
        "document_id": passage.document_id,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "language": passage.language,
        "score": hit.score,
        "retriever": hit.retriever,
        "url": document_url(passage.document_id, passage.start, passage.end),
    }


def document_to_dict(document: Document, groups: Mapping[str, str] = _NO_GROUPS) -> dict[str, Any]:
    """A document with its text and its copies, without the place its bytes came from."""
    content = _fields(document)
    del content["origin"]
    group = groups.get(document.id)
    copies = sorted(id for id, of in groups.items() if of == group and id != document.id)
    return content | {"characters": len(document.text), "group": group, "copies": copies}


def summary_to_dict(
    summary: DocumentSummary, groups: Mapping[str, str] = _NO_GROUPS
) -> dict[str, Any]:
    """A document of a listing; those of one ``group`` are copies of one article."""
    return asdict(summary) | {"group": groups.get(summary.id)}


def _fields(value: Answer | Citation | Document) -> dict[str, Any]:
    """The fields without ``asdict``'s deep copies, which cost more than the rest of a reply."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
