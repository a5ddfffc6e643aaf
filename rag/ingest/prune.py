"""Which stored documents no longer have the file they came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rag.documents import origin_of


def vanished(
    origins: Mapping[str, str],
    named: Sequence[Path],
    seen: Collection[str] = (),
    whole: Collection[str] = (),
) -> Iterator[str]:
    """Ids, of ``origins`` by id, of documents under the named files and folders that are gone.

    Gone is a document whose file (or the archive it lay in) no longer exists, and one whose file
    was read just now without any failure (it is in ``whole``) and no longer holds it (its origin
    is not in ``seen``). What could not be read or looked at is not gone.
    """
    roots = [origin_of(path) for path in named]
    for id, origin in origins.items():
        if origin in seen or not any(_is_under(origin, root) for root in roots):
            continue
        file = _file_of(origin)
        if file is None or file.as_uri() in whole:
            yield id


def _is_under(origin: str, root: str) -> bool:
    return origin == root or origin.startswith((f"{root.rstrip('/')}/", f"{root}#"))


def _file_of(origin: str) -> Path | None:
    """The file that holds a document: its own or the archive around it; None where there is none."""
    place = Path(unquote(urlsplit(origin).path))
    for path in (place, *place.parents):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return path  # out of reach is not gone
        return path if path == place or path.is_file() else None
    return None
