"""The few file operations the store makes, each as durable as it can be made."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    if error.errno in (errno.EEXIST, errno.ENOTDIR) and not Path(where).is_dir():
        return ConfigurationError(
            f"{where!r} is there and is no folder", hint="name another folder"
        )
    return IndexProblem(
        f"{where!r}: {reason}", hint="check the disk and the path, then run the same command again"
    )


def no_space(where: object, size: int | None = None) -> IndexProblem:
    """The disk is full; what was published before still answers. ``size`` is what was to fit."""
    needed = "" if size is None else f" ({size} bytes)"
    return IndexProblem(
        f"no space left to write {str(where)!r}{needed}",
        hint="what was stored before still answers; make room, then run the same command again",
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raises an OSError from inside as a RagError that names the path and what to do."""
    try:
        yield
    except OSError as error:
        raise problem(error, path) from error


# Everything the store does to the disk by itself goes through these eight, called by this module's
# name: the tests put a disk in their place that fails, or loses what was not synced.


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, with names that survive a power loss."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Writes a whole file; it may be lost until it and its folder are synced."""
    with path.open("wb") as file:
        file.write(content)


def sync_file(path: Path) -> None:
    """Makes the bytes of a file survive a power loss."""
    _sync(path)


def sync_folder(folder: Path) -> None:
    """Makes the names in ``folder``, new, changed and gone, survive a power loss."""
    _sync(folder)


def rename(path: Path, to: Path) -> None:
    """Gives a file or folder another name, in place of a file that has it."""
    path.replace(to)


def link(path: Path, to: Path) -> None:
    """Gives a file that was synced another name as well."""
    to.hardlink_to(path)


def unlink(path: Path) -> None:
    """Removes a file, if it is there."""
    path.unlink(missing_ok=True)


def remove_tree(folder: Path) -> None:
    """Removes a folder and all in it."""
    shutil.rmtree(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    """Writes a new file and syncs it; the folder is the caller's to sync."""
    try:
        write_file(path, content)
    except OSError as error:
        if error.errno in _FULL:
            raise no_space(path, len(content)) from error
        raise
    sync_file(path)
    if (size := path.stat().st_size) != len(content):
        raise OSError(errno.EIO, f"{size} of {len(content)} bytes arrived", str(path))


def replace_synced(path: Path, content: bytes) -> None:
    """Writes beside, syncs, renames over ``path``, syncs the folder: old or new, never half."""
    beside = path.with_name(f".{path.name}.tmp")
    try:
        write_synced(beside, content)
        # All that the new content speaks of has its name on the disk before it is spoken of.
        sync_folder(path.parent)
        rename(beside, path)
    except (OSError, RagError):
        with suppress(OSError):
            unlink(beside)
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
        remove_tree(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
