"""The files of a model folder, read once and compared with their recorded checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from rag.errors import ModelDamaged

CHECKSUMS = "checksums.json"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Contents by name, as they were checked, and a fingerprint that changes with any of them."""

    contents: dict[str, bytes]
    fingerprint: str


def read_verified(folder: Path, needed: Sequence[str]) -> ModelFiles:
    """Every file that ``checksums.json`` records, its sha256 compared; ``needed`` must be there.

    Raises ModelDamaged naming the file and both hashes. The hash guards against accidents, not
    against someone who can rewrite the folder.
    """
    try:
        recorded: dict[str, str] = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        for name in needed:
            if name not in recorded:
                raise ValueError(f"it does not list {name}")  # noqa: TRY301 - one message for all
        listed = sorted(recorded.items())
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelDamaged(
            f"{folder.name}: {CHECKSUMS} cannot be used: {error}",
            hint="reinstall sanad, or name another model",
        ) from error
    contents = {}
    for name, expected in listed:
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise ModelDamaged(
                f"{folder.name}: {name} cannot be read: {error.strerror}", hint="reinstall sanad"
            ) from error
        actual = hashlib.sha256(contents[name]).hexdigest()
        if actual != expected:
            raise ModelDamaged(
                f"{folder.name}: {name} has sha256 {actual[:12]}…, expected {str(expected)[:12]}…",
                hint="the file is damaged or was changed: reinstall sanad",
            )
    digest = hashlib.sha256("".join(f"{name}{value}" for name, value in listed).encode())
    return ModelFiles(contents, f"{folder.name}@{digest.hexdigest()[:12]}")


def read_tokenizer(folder: Path, files: ModelFiles) -> Tokenizer:
    """The folder's tokenizer, whole texts and no padding; raises ModelDamaged."""
    try:
        made = Tokenizer.from_str(files.contents[TOKENIZER].decode("utf-8"))
    except Exception as error:  # tokenizers raises bare Exception for what it cannot parse
        raise ModelDamaged(
            f"{folder.name}: {TOKENIZER}: {error}", hint="reinstall sanad"
        ) from error
    made.no_truncation()
    made.no_padding()
    return made


def encodable(text: str) -> str:
    """The text as a tokenizer can take it; a lone surrogate counts as one unknown character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
