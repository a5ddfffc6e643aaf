"""What a generation is made of; written last, checked first."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexMismatch
from rag.folding import FOLDING_VERSION
from rag.index.files import replace_synced, sha256_of
from rag.passages import PASSAGES_VERSION
from rag.terms import TERMS_VERSION

FORMAT = 1
_PREFIX = "manifest-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One generation: its truth sequence, its files and everything that shaped its content."""

    format: int = FORMAT
    sequence: int
    generation: str
    embedder: str
    embedder_fingerprint: str
    dim: int
    folding: str = FOLDING_VERSION
    terms: str = TERMS_VERSION
    passaging: str = PASSAGES_VERSION
    documents: int
    passages: int
    files: dict[str, tuple[int, str]]
    checksum: str = ""

    def fingerprint(self) -> str:
        """Short hash of all that decides an answer."""
        return self._hash()[:12]

    def _hash(self) -> str:
        content = asdict(replace(self, checksum=""))
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def path_of(folder: Path, sequence: int) -> Path:
    """Where the manifest of a sequence lies."""
    return folder / f"{_PREFIX}{sequence:012d}.json"


def write(folder: Path, manifest: Manifest) -> None:
    """Publishes a generation: after this returns it survives a crash."""
    sealed = replace(manifest, checksum=manifest._hash())
    content = json.dumps(asdict(sealed), sort_keys=True, indent=1).encode()
    replace_synced(path_of(folder, manifest.sequence), content)


def list_sequences(folder: Path) -> list[int]:
    """Sequences with a manifest, newest first."""
    found = []
    for path in folder.glob(f"{_PREFIX}*.json"):
        number = path.stem.removeprefix(_PREFIX)
        if number.isdigit():
            found.append(int(number))
    return sorted(found, reverse=True)


def read(folder: Path, sequence: int) -> Manifest:
    """The manifest of a sequence; raises IndexDamaged or, for a newer format, IndexMismatch."""
    path = path_of(folder, sequence)
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stated = content.get("format")
        if isinstance(stated, int) and stated > FORMAT:
            raise IndexMismatch(
                f"{path.name}: format {stated}, this version reads up to {FORMAT}",
                hint="use the newer sanad that wrote it",
            )
        content["files"] = {name: (int(a), str(b)) for name, (a, b) in content["files"].items()}
        manifest = Manifest(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(
            f"{path.name}: cannot be read: {error}",
            hint="your documents are safe; run: sanad rebuild",
        ) from error
    if manifest.checksum != manifest._hash():
        raise IndexDamaged(
            f"{path.name}: does not match its own checksum",
            hint="your documents are safe; run: sanad rebuild",
        )
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Compares every file with the manifest; raises IndexDamaged naming file and both hashes."""
    for name, (size, expected) in manifest.files.items():
        path = folder / manifest.generation / name
        try:
            actual_size = path.stat().st_size
            actual = sha256_of(path) if actual_size == size else f"{actual_size} bytes"
        except OSError as error:
            actual = error.strerror or "unreadable"
        if actual != expected:
            raise IndexDamaged(
                f"{manifest.generation}/{name}: is {actual[:16]}, the manifest says {expected[:16]} "
                f"({size} bytes)",
                hint="your documents are safe; run: sanad rebuild",
            )
