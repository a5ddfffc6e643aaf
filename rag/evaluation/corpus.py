"""Whether a collection holds what the gold spans of a question file point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.errors import RagError
from rag.evaluation.questions import FactQuestion, Gold
from rag.types import Document, DocumentSummary, Language

_NAMED = 5


class CorpusMismatch(RagError):
    """The collection lacks gold documents, or holds other versions of them."""

    code = "corpus_mismatch"
    exit_code = 65


class Library(Protocol):
    """What holds the stored documents: an engine, or a passage index."""

    def documents(self, *, offset: int = 0, limit: int | None = None) -> list[DocumentSummary]:
        """What is stored."""
        ...

    def document(self, id: str) -> Document:
        """One stored document."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A question whose gold span is not in the collection, and why."""

    question_id: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldCheck:
    """``documents`` maps the file's documents to stored ids; ``problems`` in the file's order.

    ``languages`` are those of the documents by the file's names.
    """

    documents: Mapping[str, str]
    languages: Mapping[str, Language]
    problems: tuple[Problem, ...]

    def require(self) -> None:
        """Raises CorpusMismatch naming every document concerned."""
        if not self.problems:
            return
        concerned: dict[tuple[str, str], list[str]] = defaultdict(list)
        for problem in self.problems:
            ids = concerned[problem.document, problem.reason]
            if problem.question_id not in ids:
                ids.append(problem.question_id)
        lines = [
            f"{document!r}: {reason} ({_listed(ids)})"
            for (document, reason), ids in concerned.items()
        ]
        raise CorpusMismatch(
            "the collection does not hold what the questions were written for:\n"
            + "\n".join(lines),
            hint="ingest these articles, or name the collection that holds them",
        )


def check(questions: Sequence[FactQuestion], library: Library) -> GoldCheck:
    """Compares each gold span with the stored text.

    A document is found by the hash of its text, else by its id, where either name may have more
    leading folders than the other ("articles/x.txt" in the file, "x.txt" in the collection).
    """
    stored = sorted(library.documents(), key=lambda summary: summary.id)
    by_hash = {summary.sha256: summary.id for summary in reversed(stored)}
    written = {summary.id: summary.language for summary in stored}
    found: dict[str, str] = {}
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for question in questions:
        for gold in question.gold:
            if gold.document not in found:
                id = by_hash.get(gold.document_sha256 or "") or named(gold.document, stored)
                if id is None:
                    problems.append(_problem(question, gold, "is not in the collection"))
                    continue
                found[gold.document] = id
                texts[gold.document] = library.document(id).text
            if gold.span is None:
                continue
            there = texts[gold.document][gold.span.start : gold.span.end]
            if there != gold.quote:
                problems.append(
                    _problem(
                        question,
                        gold,
                        f"has {there!r} at {gold.start}:{gold.end}, not {gold.quote!r}",
                    )
                )
    return GoldCheck(
        documents=found,
        languages={name: written[id] for name, id in found.items()},
        problems=tuple(problems),
    )


def named(name: str, stored: Sequence[DocumentSummary]) -> str | None:
    """The id a name stands for, where either may have more leading folders than the other."""
    ids = [summary.id for summary in stored]
    if name in ids:
        return name
    # The longest common path is the closest; ids are sorted, so equal ones are settled too.
    close = [id for id in ids if name.endswith(f"/{id}") or id.endswith(f"/{name}")]
    return max(close, key=lambda id: min(len(id), len(name)), default=None)


def _problem(question: FactQuestion, gold: Gold, reason: str) -> Problem:
    return Problem(question_id=question.id, document=gold.document, reason=reason)


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ("question " if len(ids) == 1 else "questions ") + ", ".join(ids[:_NAMED]) + more
