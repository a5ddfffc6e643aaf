"""Everything that can go wrong, as one tree.

RagError
├── UsageError            the request itself is wrong (a length, a number, an unknown name)
│   ├── InvalidQuestion
│   ├── InvalidParameter
│   ├── InvalidFilter
│   ├── UnknownDocument
│   └── UnknownCollection
├── ConfigurationError    settings that cannot be used
├── MissingExtra          an optional package is not installed
├── NoDocuments           nothing to ingest where something was expected
├── UnreadableDocument    one source could not be read (collected in a report, not fatal)
├── IndexProblem
│   ├── NoIndex           there is no index yet
│   ├── IndexDamaged      a file does not match its checksum or cannot be parsed
│   ├── IndexMismatch     built with another embedder or format than the settings ask for
│   └── IndexLocked       another process is writing
├── ModelDamaged          shipped or named model files are missing, foreign or damaged
└── Unavailable           not ready, or too busy: try again

``code`` is stable and part of the contract, ``hint`` is the next thing to do, ``exit_code`` is
what the command line returns, ``retryable`` whether the same request may succeed later.
"""

from __future__ import annotations

from typing import ClassVar, Self


class RagError(Exception):
    """Base of all errors a caller may handle; ``str(error)`` is the message for people."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", parameter: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message


class UsageError(RagError):
    """The caller asked for something that cannot be; nothing was changed."""

    code = "usage"
    exit_code = 2


class InvalidQuestion(UsageError):
    """The question is empty, too long or not text."""

    code = "invalid_question"


class InvalidParameter(UsageError):
    """A parameter is out of its range or of the wrong kind."""

    code = "invalid_parameter"


class InvalidFilter(UsageError):
    """A filter on metadata that cannot be read."""

    code = "invalid_filter"


class UnknownDocument(UsageError):
    """No document of that id is in the collection."""

    code = "unknown_document"

    @classmethod
    def of(cls, id: str) -> Self:
        """The error for this id."""
        return cls(
            f"no document {id!r}",
            hint="list what is there with: sanad documents list",
            parameter="id",
        )


class UnknownCollection(UsageError):
    """No collection of that name is in the folder of indexes."""

    code = "unknown_collection"


class ConfigurationError(RagError):
    """Settings that are unknown, contradict each other or name something that is not there."""

    code = "configuration"
    exit_code = 78


class MissingExtra(ConfigurationError):
    """A feature needs an optional package."""

    code = "missing_extra"


class NoDocuments(RagError):
    """Nothing that can be ingested was found."""

    code = "no_documents"
    exit_code = 65


class UnreadableDocument(RagError):
    """One source could not be read; the others are not affected.

    ``reason`` is a stable word for the kind of failure (:data:`rag.documents.values.REASONS`).
    """

    code = "unreadable_document"
    exit_code = 65

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        parameter: str | None = None,
        reason: str = "unreadable",
    ) -> None:
        super().__init__(message, hint=hint, parameter=parameter)
        self.reason = reason


class IndexProblem(RagError):
    """Something is wrong with the index on disk."""

    code = "index"
    exit_code = 65


class NoIndex(IndexProblem):
    """The collection has not been created yet."""

    code = "no_index"


class IndexDamaged(IndexProblem):
    """A file of the index is not what the manifest says it is."""

    code = "index_damaged"


class IndexMismatch(IndexProblem):
    """The index was built by something else than what would now read it."""

    code = "index_mismatch"


class IndexLocked(IndexProblem):
    """Another process is writing to the collection."""

    code = "locked"
    exit_code = 75
    retryable = True


class ModelDamaged(RagError):
    """A model's files are missing, damaged or not in a format that is safe to load."""

    code = "model_damaged"
    exit_code = 65


class Unavailable(RagError):
    """The service is starting, stopping or busy."""

    code = "unavailable"
    exit_code = 69
    retryable = True
