"""The question file: JSON lines, each a question with accepted answers and where they stand.

docs/evaluation.md describes the fields for people who write such files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag import validation
from rag.errors import InvalidQuestion, RagError
from rag.evaluation.metrics import tokens
from rag.question import validate
from rag.types import LANGUAGES, Language, Span

ALL = "all"
TAG_PREFIX = "tag:"
# Languages of question and text.
PAIRS = tuple(f"{asked}-{written}" for asked in LANGUAGES for written in LANGUAGES)


def _one_word(name: str) -> str:
    if not name or any(character.isspace() for character in name):
        raise ValueError(f"{name!r} holds white space" if name else "is empty")
    return name


_Name = Annotated[str, AfterValidator(_one_word), Field(json_schema_extra={"pattern": r"^\S+$"})]


class InvalidQuestionFile(RagError):
    """A question file that cannot be used; names the file, the line, the field and the reason."""

    code = "invalid_question_file"
    exit_code = 65


def _has_words(answer: str) -> str:
    if not tokens(answer):
        raise ValueError(f"{answer!r} holds no letter or digit")
    return answer


def _askable(question: str) -> str:
    try:
        validate(question, "en")  # told to whoever wrote the file, with what else is wrong in it
    except InvalidQuestion as error:
        raise ValueError(error.message) from error
    return question


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Gold(_Line):
    """Where a document states the answer: ``text[start:end] == quote``, in code points.

    ``document`` is a path below the folder the articles came from, or the id of a stored document;
    ``document_sha256`` is the hash of the document's text in UTF-8. Without a span the whole
    document is relevant, as in the judgements of retrieval collections, with ``relevance`` as grade.
    """

    document: str = Field(min_length=1)
    document_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    start: Annotated[int, Field(ge=0)] | None = None
    end: int | None = None
    quote: str | None = None
    relevance: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _fits(self) -> Gold:
        missing = [name for name in ("start", "end", "quote") if getattr(self, name) is None]
        if missing and len(missing) < 3:
            raise ValueError(f"start, end and quote go together, {missing[0]} is missing")
        if self.start is None or self.end is None or self.quote is None:
            return self
        if self.end <= self.start:
            raise ValueError(f"end is {self.end}, expected more than start ({self.start})")
        if len(self.quote) != self.end - self.start:
            raise ValueError(
                f"quote has {len(self.quote)} characters, "
                f"start and end span {self.end - self.start}"
            )
        return self

    @property
    def span(self) -> Span | None:
        """The place in the document; None where all of it is meant."""
        if self.start is None or self.end is None:
            return None
        return Span(start=self.start, end=self.end)


class FactQuestion(_Line):
    """One line; an unanswerable question has neither ``answers`` nor ``gold``.

    ``answers`` are all spellings accepted, in either language; ``gold`` all places that state it.
    ``pair`` is shared by the same question in the other language. A ``draft`` was proposed by a
    program and is not asked until a person takes the mark away.
    """

    id: _Name
    question: Annotated[str, AfterValidator(_askable)]
    language: Language
    unanswerable: bool = False
    answers: tuple[Annotated[str, AfterValidator(_has_words)], ...] = ()
    gold: tuple[Gold, ...] = ()
    tags: tuple[_Name, ...] = ()
    pair: _Name | None = None
    draft: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> FactQuestion:
        if self.unanswerable:
            for field in ("answers", "gold"):
                if getattr(self, field):
                    raise ValueError(f"{field}: an unanswerable question has none")
        elif not self.answers and not self.gold:
            raise ValueError("an answerable question needs at least one of answers and gold")
        return self

    def line(self) -> str:
        """The question as a line of the file, without what has its default value."""
        return self.model_dump_json(exclude_defaults=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A line that cannot be used and why; ``line`` counts from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFile:
    """A file as it was read: the questions with their lines, the faulty lines, the file's hash."""

    path: Path
    sha256: str
    questions: tuple[tuple[int, FactQuestion], ...]
    faults: tuple[Fault, ...]


def read(path: Path) -> QuestionFile:
    """Every line of the file, good or faulty; blank lines are skipped.

    Raises InvalidQuestionFile where the file cannot be read at all.
    """
    try:
        content = path.read_bytes()
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except OSError as error:
        raise InvalidQuestionFile(
            f"{path}: cannot be read: {error.strerror}", hint="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidQuestionFile(
            f"{path}: not UTF-8 at byte {error.start}", hint="save the file as UTF-8"
        ) from error
    questions: list[tuple[int, FactQuestion]] = []
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    # Not splitlines(): JSON strings may hold U+2028 and others that it takes for line ends.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            question = FactQuestion.model_validate_json(line)
        except ValidationError as error:
            faults.append(Fault(line=number, reason=reason_of(error)))
            continue
        if question.id in lines:
            reason = f"id: {question.id!r} is also on line {lines[question.id]}"
            faults.append(Fault(line=number, reason=reason))
        lines.setdefault(question.id, number)
        questions.append((number, question))
    return QuestionFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        questions=tuple(questions),
        faults=tuple(faults),
    )


def load(path: Path) -> tuple[FactQuestion, ...]:
    """The questions in the order of the file, drafts left out.

    Raises InvalidQuestionFile, with the reasons for up to five faulty lines.
    """
    return accepted(read(path))


def accepted(file: QuestionFile) -> tuple[FactQuestion, ...]:
    """The questions to ask; raises InvalidQuestionFile for faulty lines and where there are none."""
    if file.faults:
        faults = [f"{file.path}:{fault.line}: {fault.reason}" for fault in file.faults]
        more = f"\n({len(faults) - 5} more)" if len(faults) > 5 else ""
        raise InvalidQuestionFile("\n".join(faults[:5]) + more, hint=what_it_may_be(file))
    if not file.questions:
        raise nothing_in(file)
    questions = tuple(question for _, question in file.questions if not question.draft)
    if not questions:
        raise InvalidQuestionFile(
            f"{file.path}: all of its {len(file.questions)} questions are drafts",
            hint='read them, and take "draft": true off those that are right',
        )
    return questions


def what_it_may_be(file: QuestionFile) -> str:
    """What to do about faulty lines: other formats are imported."""
    foreign = ("not JSON", "id: is missing")
    if not file.questions and all(fault.reason.startswith(foreign) for fault in file.faults):
        return (
            "question files hold one JSON object a line; tables, SQuAD and others are imported: "
            "sanad facts import FORMAT FILE --output facts.jsonl"
        )
    return f"fields: {', '.join(FactQuestion.model_fields)}"


def nothing_in(file: QuestionFile) -> InvalidQuestionFile:
    """The error for a file without any line."""
    return InvalidQuestionFile(
        f"{file.path}: holds no question",
        hint="write one JSON object a line, for example "
        '{"id": "en-1", "question": "…", "language": "en", "answers": ["…"]}',
    )


def reason_of(error: ValidationError) -> str:
    """The first reason, with the field it is about."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        # Each line is a text of its own to the parser, so that its line is always the first.
        told = str(first["ctx"]["error"]).replace(" at line 1 column", ", column")
        return f"not JSON: {told}"
    field = ".".join(str(part) for part in first["loc"])
    reason = validation.reason(first)
    return f"{field}: {reason}" if field else reason


def slices_of(questions: Sequence[FactQuestion]) -> tuple[str, ...]:
    """The names a bar may use: all, the languages, their pairs, each tag."""
    tags = sorted({tag for question in questions for tag in question.tags})
    return (ALL, *LANGUAGES, *PAIRS, *(TAG_PREFIX + tag for tag in tags))
