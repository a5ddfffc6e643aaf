"""The few file operations the store makes, each as durable as it can be made."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import ConfigurationError, IndexProblem, RagError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def problem(error: OSError, path: Path) -> RagError:
    """What an operating-system error means for the person who runs the command."""
    where, reason = error.filename or str(path), error.strerror or str(error)
    if error.errno in _REFUSED:
        return ConfigurationError(
            f"{where!r}: {reason}", hint="check the permissions, or name another folder of indexes"
        )
    if error.errno in _FULL:
        return no_space(where)
    return IndexProblem(
        f"{where!r}: {reason}", hint="check the disk and the path, then run the same command again"
    )


def no_space(where: object) -> IndexProblem:
    """The disk is full; what was published before still answers."""
    return IndexProblem(
        f"no space left to write {str(where)!r}",
        hint="what was stored before still answers; make room, then run the same command again",
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raises an OSError from inside as a RagError that names the path and what to do."""
    try:
        yield
    except OSError as error:
        raise problem(error, path) from error


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
    try:
        write_synced(beside, content)
        sync_folder(path.parent)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """The hash of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hold(folder: Path) -> int:
    """A handle that keeps ``folder`` from :func:`remove_unless_held` until it is closed.

    The hold dies with its process. Raises FileNotFoundError for a folder that is gone or going.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), folder.stat()):
            raise FileNotFoundError(errno.ENOENT, "was replaced", str(folder))
    except BlockingIOError as error:
        os.close(handle)
        raise FileNotFoundError(errno.ENOENT, "is being removed", str(folder)) from error
    except OSError:
        os.close(handle)
        raise
    return handle


def remove_unless_held(folder: Path) -> bool:
    """Removes a folder and all in it; False, and nothing is removed, while someone holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
