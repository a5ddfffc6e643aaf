"""What a generation is made of; written last, checked first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexMismatch, RagError
from rag.folding import FOLDING_VERSION
from rag.index import files
from rag.index.files import problem, sha256_of
from rag.passages import FIRST_PASSAGES_VERSION
from rag.terms import TERMS_VERSION

FORMAT = 2
_PREFIX = "manifest-"
_NAME = re.compile(rf"{_PREFIX}([0-9]{{12}})\.json")
_REBUILD = "your documents are safe; run: sanad rebuild"


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
    passaging: str = FIRST_PASSAGES_VERSION
    documents: int
    passages: int
    files: dict[str, tuple[int, str]]
    checksum: str = ""

    def fingerprint(self) -> str:
        """Short hash of all that decides an answer."""
        return self._hash()[:12]

    def _hash(self) -> str:
        return _hash_of(asdict(self))


def _hash_of(content: dict[str, Any]) -> str:
    """The hash of all fields but the checksum; every format, older or newer, is sealed this way."""
    sealed = {**content, "checksum": ""}
    return hashlib.sha256(json.dumps(sealed, sort_keys=True).encode()).hexdigest()


def path_of(folder: Path, sequence: int) -> Path:
    """Where the manifest of a sequence lies."""
    return folder / f"{_PREFIX}{sequence:012d}.json"


def write(folder: Path, manifest: Manifest) -> None:
    """Publishes a generation: after this returns it survives a crash."""
    sealed = replace(manifest, checksum=manifest._hash())
    content = json.dumps(asdict(sealed), sort_keys=True, indent=1).encode()
    files.replace_synced(path_of(folder, manifest.sequence), content)


def list_sequences(folder: Path) -> list[int]:
    """Sequences with a manifest, newest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise problem(error, folder) from error
    return sorted(
        (int(found[1]) for name in names if (found := _NAME.fullmatch(name))), reverse=True
    )


def read(folder: Path, sequence: int) -> Manifest:
    """The manifest of a sequence; raises IndexDamaged or, for a newer format, IndexMismatch."""
    path = path_of(folder, sequence)
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        intact = content["checksum"] == _hash_of(content)
    except PermissionError as error:
        raise problem(error, path) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(f"{path.name}: cannot be read: {error}", hint=_REBUILD) from error
    if not intact:
        raise IndexDamaged(f"{path.name}: does not match its own checksum", hint=_REBUILD)
    if content["format"] > FORMAT:
        raise IndexMismatch(
            f"{path.name}: format {content['format']}, this version reads up to {FORMAT}",
            hint="use the newer sanad that wrote it",
        )
    content["files"] = {name: (size, hash) for name, (size, hash) in content["files"].items()}
    return Manifest(**content)


def verify(folder: Path, manifest: Manifest, names: Iterable[str]) -> None:
    """Compares files with the manifest; raises IndexDamaged naming the file and both hashes."""
    for name in names:
        path = folder / manifest.generation / name
        try:
            size = path.stat().st_size
            actual = sha256_of(path) if size == manifest.files[name][0] else f"{size} bytes"
        except OSError as error:
            raise _unreadable(error, path, manifest) from error
        _compare(name, actual, manifest)


def verified_bytes(folder: Path, manifest: Manifest, name: str) -> bytes:
    """The bytes of a file, which are those that were hashed; raises IndexDamaged."""
    path = folder / manifest.generation / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(error, path, manifest) from error
    _compare(name, hashlib.sha256(content).hexdigest(), manifest)
    return content


def _unreadable(error: OSError, path: Path, manifest: Manifest) -> RagError:
    if isinstance(error, PermissionError):
        return problem(error, path)
    return IndexDamaged(f"{manifest.generation}/{path.name}: {error.strerror}", hint=_REBUILD)


def _compare(name: str, actual: str, manifest: Manifest) -> None:
    size, expected = manifest.files[name]
    if actual != expected:
        raise IndexDamaged(
            f"{manifest.generation}/{name}: is {actual[:16]}, the manifest says {expected[:16]} "
            f"({size} bytes)",
            hint=_REBUILD,
        )
