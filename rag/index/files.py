"""The few file operations the store makes, each as durable as it can be made."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes renames and new names in ``folder`` survive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Makes the bytes of a file written by someone else survive a power loss."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    """Writes a new file and syncs it; the folder is the caller's to sync."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_synced(path: Path, content: bytes) -> None:
    """Writes beside, syncs, renames over ``path``, syncs the folder: old or new, never half."""
    beside = path.with_name(f".{path.name}.tmp")
    write_synced(beside, content)
    sync_folder(path.parent)
    beside.replace(path)
    sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """The hash of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
