"""What decides the figures of a run, so that they can be repeated."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import __version__
from rag.evaluation.questions import QuestionFile

if TYPE_CHECKING:
    from rag.engine import Engine

_PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "tantivy", "tokenizers")
_SHIPPED = Path(__file__).parents[1]


def manifest(file: QuestionFile, settings: Mapping[str, Any], asked: int) -> dict[str, Any]:
    """The code, the libraries, the question file and the settings of a run."""
    return {
        "sanad": __version__,
        "code_sha256": code_sha256(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "question_file": {
            "name": file.path.name,
            "sha256": file.sha256,
            "questions": asked,
            "drafts": sum(question.draft for _, question in file.questions),
        },
        "settings": dict(settings),
    }


def of_engine(engine: Engine) -> dict[str, Any]:
    """The models of an engine: what reads, and the checksums of the weights that were shipped."""
    return {
        "reader": engine.reader_fingerprint,
        "calibration": engine.calibration_fingerprint,
        "weights": weights_sha256(),
    }


def code_sha256() -> str:
    """One hash over all modules of the package, by path."""
    digest = hashlib.sha256()
    for path in sorted(_SHIPPED.rglob("*.py")):
        digest.update(f"{path.relative_to(_SHIPPED).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def weights_sha256() -> dict[str, str]:
    """The recorded checksum of every file of the shipped models, and that of the fitted weights."""
    models = _SHIPPED / "models"
    found: dict[str, str] = {}
    for path in sorted(models.glob("*/checksums.json")):
        recorded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        found |= {f"{path.parent.name}/{name}": hash for name, hash in sorted(recorded.items())}
    for path in sorted(models.glob("*.json")):
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """The paths at which two manifests differ, such as "settings.k"."""
    found: list[str] = []
    for name in sorted({*first, *second}):
        one, other = first.get(name), second.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += [f"{name}.{inner}" for inner in differing(one, other)]
        elif one != other:
            found.append(name)
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def shown(manifest: Mapping[str, Any], path: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The manifest as rows of name and value, for people."""
    rows: list[tuple[str, str]] = []
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            rows += shown(value, (*path, name))
        else:
            rows.append((".".join((*path, name)), "-" if value is None else str(value)))
    return rows
