"""What an extractor gives back, in plain values that cross a process boundary as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rag.errors import UnreadableDocument
from rag.types import Note

# Why a file or record gave no document. Stable: scripts and tests may compare with them.
REASONS = frozenset(
    {
        "unreadable",  # the file system refused
        "not_regular",  # a pipe, a device, a folder
        "bad_name",  # a name that is not UTF-8
        "duplicate_id",  # two sources with one id
        "too_large",  # more bytes than a file may have
        "not_text",  # binary content where text was expected
        "encoding",  # bytes that no known encoding explains well enough
        "empty",  # nothing to read in it
        "wrong_kind",  # content of another kind than anything that is read
        "damaged",  # the format's own rules are broken
        "encrypted",  # a password is needed
        "unsafe",  # a construct that is refused: a DTD, a nested archive, a traversing name
        "bad_record",  # one row or entry of a file
        "no_field",  # a column or field that was named is not there
        "no_text_field",  # a table or list of records without a field that holds the text
        "poor_extraction",  # a PDF whose letters do not come out as they are read
        # Of addresses (rag.network):
        "bad_address",  # not one that can be read in one way only
        "bad_scheme",  # neither http nor https
        "bad_host",
        "bad_port",
        "credentials",  # a user name in it
        "not_public",  # leads to this machine or a private network
        "redirects",  # too many
        "certificate",  # does not prove the host's name
        "status",  # the server answered something else than 200
        "unreachable",
        # Of limits and workers:
        "cpu_limit",
        "time_limit",
        "memory_limit",
        "output_limit",
        "crashed",  # the parser ended without an answer
        "unavailable",  # no worker could be started
    }
)


class Refusal(Exception):
    """Why bytes are no document; the file's name is added where it is known."""

    def __init__(self, reason: str, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.hint = hint

    def named(self, name: str) -> UnreadableDocument:
        """The error people see."""
        return UnreadableDocument(f"{name}: {self.message}", hint=self.hint, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """One document as extracted; ``key`` tells it from the others of its file."""

    text: str
    title: str = ""
    published: str | None = None
    url: str | None = None
    key: str | None = None
    pages: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A row or entry that gave no document."""

    key: str
    message: str


@dataclass(slots=True, kw_only=True)
class Extraction:
    """All that one file gave."""

    documents: list[Extracted] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    failures: list[BadRecord] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def note(self, code: str, message: str) -> None:
        """Adds something worth telling."""
        self.notes.append(Note(code=code, message=message))

    def add(self, document: Extracted) -> None:
        """Adds one of several documents; a second of the same key is a bad record."""
        key = document.key or ""
        if key in self.keys:
            self.failures.append(BadRecord(key=key, message="the same id as an earlier record"))
            return
        self.keys.add(key)
        self.documents.append(document)

    def as_json(self) -> dict[str, Any]:
        """For the way back from a worker."""
        return {
            # Not asdict, which copies deeply and takes ten times as long over many records.
            "documents": [
                {name: getattr(document, name) for name in Extracted.__slots__}
                for document in self.documents
            ],
            "notes": [asdict(note) for note in self.notes],
            "failures": [asdict(failure) for failure in self.failures],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Extraction:
        """The reverse of :meth:`as_json`; raises KeyError or TypeError for anything else."""
        return cls(
            documents=[
                Extracted(
                    **{
                        **document,
                        "pages": tuple(document["pages"]),
                        "tags": tuple(document["tags"]),
                    }
                )
                for document in content["documents"]
            ],
            notes=[Note(**note) for note in content["notes"]],
            failures=[BadRecord(**failure) for failure in content["failures"]],
        )
