"""The question file: JSON lines, each a question with accepted answers and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.errors import InvalidQuestion, RagError
from rag.evaluation.metrics import tokens
from rag.question import validate
from rag.types import LANGUAGES, Language

ALL = "all"
TAG_PREFIX = "tag:"

_Name = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]


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
        validate(question)
    except InvalidQuestion as error:
        raise ValueError(error.message) from error
    return question


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Gold(_Line):
    """Where a document states the answer: ``text[start:end] == quote``, in code points.

    ``document`` is a path below the folder the articles came from; ``document_sha256`` is the hash
    of the document's text in UTF-8.
    """

    document: str = Field(min_length=1)
    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    start: int = Field(ge=0)
    end: int
    quote: str

    @model_validator(mode="after")
    def _fits(self) -> Gold:
        if self.end <= self.start:
            raise ValueError(f"end is {self.end}, expected more than start ({self.start})")
        if len(self.quote) != self.end - self.start:
            raise ValueError(
                f"quote has {len(self.quote)} characters, "
                f"start and end span {self.end - self.start}"
            )
        return self


class FactQuestion(_Line):
    """One line; an unanswerable question has neither ``answers`` nor ``gold``.

    ``answers`` are all spellings accepted, in either language; ``gold`` all places that state it.
    """

    id: _Name
    question: Annotated[str, AfterValidator(_askable)]
    language: Language
    unanswerable: bool
    answers: tuple[Annotated[str, AfterValidator(_has_words)], ...]
    gold: tuple[Gold, ...]
    tags: tuple[_Name, ...]

    @model_validator(mode="after")
    def _consistent(self) -> FactQuestion:
        for field, values in (("answers", self.answers), ("gold", self.gold)):
            if self.unanswerable and values:
                raise ValueError(f"{field}: an unanswerable question has none")
            if not self.unanswerable and not values:
                raise ValueError(f"{field}: an answerable question needs at least one")
        return self


def load(path: Path) -> tuple[FactQuestion, ...]:
    """The questions in the order of the file; blank lines are skipped.

    Raises InvalidQuestionFile, with the reasons for up to five faulty lines.
    """
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except OSError as error:
        raise InvalidQuestionFile(
            f"{path}: cannot be read: {error.strerror}", hint="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidQuestionFile(
            f"{path}: not UTF-8 at byte {error.start}", hint="save the file as UTF-8"
        ) from error
    questions: list[FactQuestion] = []
    lines: dict[str, int] = {}
    faults: list[str] = []
    # Not splitlines(): JSON strings may hold U+2028 and others that it takes for line ends.
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            question = FactQuestion.model_validate_json(line)
        except ValidationError as error:
            faults.append(f"{path}:{number}: {_reason(error)}")
            continue
        if question.id in lines:
            faults.append(
                f"{path}:{number}: id: {question.id!r} is also on line {lines[question.id]}"
            )
        lines.setdefault(question.id, number)
        questions.append(question)
    if faults:
        more = f"\n({len(faults) - 5} more)" if len(faults) > 5 else ""
        raise InvalidQuestionFile(
            "\n".join(faults[:5]) + more, hint=f"fields: {', '.join(FactQuestion.model_fields)}"
        )
    if not questions:
        raise InvalidQuestionFile(f"{path}: holds no question", hint="write one JSON object a line")
    return tuple(questions)


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{field}: {reason}" if field else reason


def slices_of(questions: Sequence[FactQuestion]) -> tuple[str, ...]:
    """The names of the slices a report on these questions has: all, the languages, each tag."""
    tags = sorted({tag for question in questions for tag in question.tags})
    return (ALL, *LANGUAGES, *(TAG_PREFIX + tag for tag in tags))
