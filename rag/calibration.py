"""Confidence fitted to one collection: kept beside its manifest, used by every answer.

The reader's probability p becomes the logistic function of slope times logit(p) plus offset (Platt:
Probabilistic Outputs for Support Vector Machines, 1999), with one line for questions in the
language of the text and one across languages, and answers are given from one threshold on. The file is untrusted: it is
checked against its own checksum and its ranges each time it is read, and used only with the reader
and the embedder it was fitted with.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import IndexDamaged
from rag.index.files import explained, replace_synced
from rag.languages import language_of
from rag.protocols import PassageIndex, Reader
from rag.types import Evidence, Passage

NAME = "calibration.json"
FORMAT = 1
RELATIONS = ("same", "cross")  # of the language of the question to that of the text
_LARGEST = 1_000_000  # bytes; one that was written here has a few thousand
_SUREST = 30.0  # logits: beyond it floats hold no other probability
_REPAIR = "run: sanad calibrate FACTS, or take it away with: sanad calibrate --reset"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Line(_Strict):
    """The map of one relation; slope 1 and offset 0 leave every probability as it is."""

    slope: float = Field(default=1.0, gt=0, le=100)
    offset: float = Field(default=0.0, ge=-100, le=100)

    def __call__(self, probability: float) -> float:
        """The fitted probability; order is kept."""
        odds = self.slope * logit(probability) + self.offset
        return 1 / (1 + math.exp(-max(-_SUREST, min(_SUREST, odds))))


class Held(_Strict):
    """What was found on questions outside the fitted folds, with its 95 % interval."""

    questions: int = Field(ge=0)
    answered: int = Field(ge=0)
    wrong: int = Field(ge=0)
    coverage: float = Field(ge=0, le=1)
    coverage_interval: tuple[float, float]
    error: float | None = Field(ge=0, le=1)
    error_interval: tuple[float, float] | None


class Calibration(_Strict):
    """A fitted calibration and what it was fitted on."""

    format: int = FORMAT
    threshold: float = Field(ge=0, le=1)
    lines: dict[str, Line]
    error: float = Field(gt=0, lt=1, description="The share of wrong answers that was asked for.")
    questions: int = Field(ge=0)
    question_file_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    reader: str
    embedder: str
    index: str = Field(description="Fingerprint of the index it was fitted on.")
    held_out: dict[str, Held]

    @property
    def fingerprint(self) -> str:
        """A short hash of all that decides an answer."""
        return _hash(self.model_dump(mode="json"))[:12]

    def fits(self, reader: str, embedder: str) -> bool:
        """Whether it was fitted with these."""
        return (self.reader, self.embedder) == (reader, embedder)


def logit(probability: float) -> float:
    """The log-odds of a probability, cut off where it is certain."""
    if probability <= 0:
        return -_SUREST
    if probability >= 1:
        return _SUREST
    return max(-_SUREST, min(_SUREST, math.log(probability / (1 - probability))))


def write(folder: Path, calibration: Calibration) -> None:
    """Keeps it with the collection; after this returns it survives a crash."""
    content = calibration.model_dump(mode="json")
    sealed = json.dumps(content | {"checksum": _hash(content)}, indent=1, sort_keys=True) + "\n"
    with explained(folder):
        replace_synced(folder / NAME, sealed.encode())


def read(folder: Path) -> Calibration | None:
    """The collection's calibration, None without one; raises IndexDamaged for any other file."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise IndexDamaged(f"{NAME}: {error.strerror}", hint=_REPAIR) from error
    if len(content) > _LARGEST:
        raise IndexDamaged(f"{NAME}: is larger than {_LARGEST} bytes", hint=_REPAIR)
    try:
        stored: dict[str, Any] = json.loads(content)
        checksum = stored.pop("checksum")
        if checksum != _hash(stored):
            raise IndexDamaged(f"{NAME}: does not match its own checksum", hint=_REPAIR)
        found = Calibration.model_validate(stored)
        if set(found.lines) != set(RELATIONS) or found.format != FORMAT:
            raise ValueError(f"format {found.format} with lines for {sorted(found.lines)}")  # noqa: TRY301
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = _first(error) if isinstance(error, ValidationError) else str(error)
        raise IndexDamaged(f"{NAME}: cannot be used: {reason}", hint=_REPAIR) from error
    return found


def remove(folder: Path) -> bool:
    """Takes it away; whether there was one."""
    path = folder / NAME
    there = path.exists()
    with explained(path):
        path.unlink(missing_ok=True)
    return there


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """What changes when the file is replaced; None without one."""
    try:
        status = (folder / NAME).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class CalibratedReader:
    """A reader whose probabilities are mapped by a calibration; order and shares stay."""

    def __init__(self, reader: Reader, calibration: Calibration) -> None:
        self.fingerprint = f"{reader.fingerprint}+{calibration.fingerprint}"
        self._reader = reader
        self._lines = calibration.lines

    def read(
        self, question: str, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Evidence]:
        """The reader's evidence; the line is that of the best evidence, as its probability is."""
        evidence = self._reader.read(question, passages, index)
        if not evidence:
            return evidence
        best = evidence[0]
        written = {passage.id: passage.language for passage in passages}[best.passage_id]
        line = self._lines["same" if written == language_of(question) else "cross"]
        ratio = line(best.probability) / best.probability if best.probability > 0 else 0.0
        return [replace(item, probability=min(1.0, item.probability * ratio)) for item in evidence]
