"""What is wrong in a question file, line by line, and what would mend it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.evaluation import metrics
from rag.evaluation.corpus import Library, named
from rag.evaluation.importing import locate
from rag.evaluation.questions import FactQuestion, Gold, QuestionFile
from rag.folding import fold, fold_with_origins
from rag.languages import language_of
from rag.quantities.guard import unstated
from rag.quantities.values import values_in
from rag.types import Document, DocumentSummary

_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|\"[^\"]*\"")
_Mend = Callable[[FactQuestion], FactQuestion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong in a line: an ``error`` stops an evaluation, a ``warning`` bends its figures.

    ``fix`` says what would mend it; ``mend`` does it, where there is only one way.
    """

    line: int
    id: str | None
    code: str
    severity: Literal["error", "warning"]
    message: str
    fix: str | None = None
    mend: _Mend | None = None


def check_file(file: QuestionFile, library: Library | None) -> list[Finding]:
    """Every finding by line; without a library the documents are not looked at."""
    found = [
        Finding(
            line=fault.line,
            id=None,
            code="duplicate_id" if "is also on line" in fault.reason else "invalid",
            severity="error",
            message=fault.reason,
        )
        for fault in file.faults
    ]
    found += _repeated(file) + _pairs(file)
    shelf = None if library is None else _Shelf(library)
    for line, question in file.questions:
        found += _language(line, question)
        for place, gold in enumerate(question.gold):
            found += _answers(line, question, gold)
            if shelf is not None:
                found += shelf.gold(line, question, place, gold)
    return sorted(found, key=lambda one: (one.line, one.severity, one.code))


def mended(file: QuestionFile, findings: Sequence[Finding]) -> list[FactQuestion]:
    """The questions with every fix applied that has only one way."""
    mends: dict[int, list[_Mend]] = defaultdict(list)
    for one in findings:
        if one.mend is not None:
            mends[one.line].append(one.mend)
    questions = []
    for line, question in file.questions:
        fixed = question
        for mend in mends[line]:
            fixed = mend(fixed)
        questions.append(fixed)
    return questions


def _repeated(file: QuestionFile) -> list[Finding]:
    first: dict[tuple[str, str], tuple[int, FactQuestion]] = {}
    found = []
    for line, question in file.questions:
        key = (question.language, " ".join(fold(question.question).split()))
        if key not in first:
            first[key] = (line, question)
            continue
        there, other = first[key]
        at_odds = other.unanswerable != question.unanswerable
        found.append(
            Finding(
                line=line,
                id=question.id,
                code="duplicate_question",
                severity="error" if at_odds else "warning",
                message=f"asks what {other.id!r} on line {there} asks"
                + (", and only one of them is unanswerable" if at_odds else ""),
                fix="take one of the two out, or put their answers and places together",
            )
        )
    return found


def _pairs(file: QuestionFile) -> list[Finding]:
    linked: dict[str, list[tuple[int, FactQuestion]]] = defaultdict(list)
    for line, question in file.questions:
        if question.pair is not None:
            linked[question.pair].append((line, question))
    found = []
    for pair, some in linked.items():
        languages = {question.language for _, question in some}
        if len(languages) > 1:
            continue
        line, question = some[0]
        found.append(
            Finding(
                line=line,
                id=question.id,
                code="pair_in_one_language",
                severity="warning",
                message=f"pair {pair!r} has no question in the other language",
                fix="add the question in the other language, or take pair out",
            )
        )
    return found


def _language(line: int, question: FactQuestion) -> list[Finding]:
    # What a question quotes may be in the other language.
    seen = language_of(_QUOTED.sub(" ", question.question), question.language)
    if seen == question.language:
        return []
    return [
        Finding(
            line=line,
            id=question.id,
            code="wrong_language",
            severity="warning",
            message=f"language is {question.language!r}, the question is in {seen!r}",
            fix=f'"language": "{seen}"',
            mend=lambda one: one.model_copy(update={"language": seen}),
        )
    ]


def _answers(line: int, question: FactQuestion, gold: Gold) -> list[Finding]:
    """Whether a place states an accepted answer, where the two are in one language."""
    if gold.quote is None or not question.answers:
        return []
    quote = gold.quote
    same = [one for one in question.answers if language_of(one) == language_of(quote)]
    digits = [one for one in question.answers if any(c.isdigit() for c in one)]
    if not same and not digits:
        return []
    alike = [one for one in dict.fromkeys((*same, *digits)) if _share(one, quote)]
    if alike and not all(_differs(one, quote) for one in alike):
        return []
    if alike:
        return [
            Finding(
                line=line,
                id=question.id,
                code="answer_differs",
                severity="warning",
                message=f"the gold span {quote!r} states another value than {', '.join(map(repr, alike))}",
                fix=f"put {quote!r} into answers, or point gold at the place that states the answer",
            )
        ]
    return [
        Finding(
            line=line,
            id=question.id,
            code="answer_not_in_span",
            severity="warning",
            message=f"no accepted answer shares a word with the gold span {quote!r}",
            fix=f"add {quote!r} to answers, or point gold at the place that states the answer",
        )
    ]


def _share(answer: str, quote: str) -> bool:
    return (
        metrics.states(quote, [answer])
        or metrics.states(answer, [quote])
        or metrics.token_f1(answer, [quote]) > 0
        or bool(values_in(answer) and not unstated(answer, [quote]))
    )


def _differs(answer: str, quote: str) -> bool:
    """Whether each states a value the other does not: 12,000 and 99,000."""
    return all(
        any(value.kind != "name" for value in unstated(one, [other]))
        for one, other in ((answer, quote), (quote, answer))
    )


class _Shelf:
    """The stored documents, each read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stored: list[DocumentSummary] = sorted(library.documents(), key=lambda one: one.id)
        self._by_hash = {one.sha256: one.id for one in reversed(self._stored)}
        self._read: dict[str, Document] = {}

    def gold(self, line: int, question: FactQuestion, place: int, gold: Gold) -> list[Finding]:
        """What is wrong with one gold place."""
        id = self._by_hash.get(gold.document_sha256 or "") or named(gold.document, self._stored)
        if id is None:
            return [self._missing(line, question, place, gold)]
        document = self._document(id)
        found = []
        if gold.document_sha256 not in (None, document.sha256):
            found.append(
                _found(
                    line,
                    question,
                    "hash_changed",
                    "warning",
                    f"{gold.document!r} has changed since the question was written",
                    f'"document_sha256": "{document.sha256}"',
                    _replacing(place, {"document_sha256": document.sha256}),
                )
            )
        if gold.span is None or gold.quote is None:
            return found
        if document.text[gold.span.start : gold.span.end] != gold.quote:
            found.append(_moved(line, question, place, gold, document))
        return found

    def _document(self, id: str) -> Document:
        if id not in self._read:
            self._read[id] = self._library.document(id)
        return self._read[id]

    def _missing(self, line: int, question: FactQuestion, place: int, gold: Gold) -> Finding:
        message = f"the document {gold.document!r} is not in the collection"
        holders = [
            one.id
            for one in self._stored
            if gold.quote and len(gold.quote) >= 20 and gold.quote in self._document(one.id).text
        ]
        if len(holders) != 1:
            return _found(
                line,
                question,
                "document_missing",
                "error",
                message,
                "ingest it, or name the collection that holds it",
            )
        document = self._document(holders[0])
        start = locate(document.text, gold.quote or "", gold.start or 0) or 0
        change = {
            "document": document.id,
            "document_sha256": document.sha256,
            "start": start,
            "end": start + len(gold.quote or ""),
        }
        return _found(
            line,
            question,
            "document_missing",
            "error",
            message,
            f"only {document.id!r} holds the quote: {_told(change)}",
            _replacing(place, change),
        )


def _moved(
    line: int, question: FactQuestion, place: int, gold: Gold, document: Document
) -> Finding:
    quote = gold.quote or ""
    there = document.text[gold.start or 0 : gold.end or 0]
    message = f"{document.id!r} has {there!r} at {gold.start}:{gold.end}, not {quote!r}"
    starts = [found.start() for found in re.finditer(re.escape(quote), document.text)]
    if starts:
        start = locate(document.text, quote, gold.start or 0) or 0
        change: dict[str, object] = {"start": start, "end": start + len(quote)}
        several = "" if len(starts) == 1 else f" (the nearest of {len(starts)})"
        return _found(
            line,
            question,
            "quote_moved",
            "error",
            message,
            f"it stands at {start}:{start + len(quote)}{several}",
            _replacing(place, change) if len(starts) == 1 else None,
        )
    alike = _alike(document.text, quote)
    if len(alike) == 1:
        start, end = alike[0]
        change = {"start": start, "end": end, "quote": document.text[start:end]}
        return _found(
            line,
            question,
            "quote_spelt_otherwise",
            "error",
            message,
            f"it is spelt {document.text[start:end]!r} at {start}:{end}",
            _replacing(place, change),
        )
    return _found(
        line,
        question,
        "quote_missing",
        "error",
        message,
        "the document does not hold it: read it again, or mark the question unanswerable",
    )


def _alike(text: str, quote: str) -> list[tuple[int, int]]:
    """Places that equal the quote once both are folded."""
    folded, wanted = fold_with_origins(text), fold(quote).strip()
    if not wanted:
        return []
    return [
        folded.original_span(found.start(), found.end())
        for found in re.finditer(re.escape(wanted), folded.text)
    ]


def _replacing(place: int, change: Mapping[str, object]) -> _Mend:
    """Replaces fields of one gold place."""

    def mend(question: FactQuestion) -> FactQuestion:
        gold = list(question.gold)
        gold[place] = Gold.model_validate({**gold[place].model_dump(), **change})
        return question.model_copy(update={"gold": tuple(gold)})

    return mend


def _told(change: Mapping[str, object]) -> str:
    return ", ".join(f'"{name}": {value!r}' for name, value in change.items())


def _found(
    line: int,
    question: FactQuestion,
    code: str,
    severity: Literal["error", "warning"],
    message: str,
    fix: str,
    mend: _Mend | None = None,
) -> Finding:
    return Finding(
        line=line,
        id=question.id,
        code=code,
        severity=severity,
        message=message,
        fix=fix,
        mend=mend,
    )
