"""What a generation is made of: parts of neighbouring passages, and which texts are copies.

Each part has a file of vectors and segments of terms. A change writes anew the parts it touches;
the next generation gets links to the files of the others, which are compared with the manifest
first. A part with a removed passage is always written anew, so that nothing of that is in the next
generation. What answers is the same whatever the parts are.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.duplicates import BANDS, COPIES_VERSION, GONE, NEW, decide, sharing, sketch
from rag.errors import IndexDamaged
from rag.folding import FOLDING_VERSION
from rag.index import files, lexical, manifest, vectors
from rag.index.files import sha256_of
from rag.index.manifest import Manifest
from rag.index.truth import Truth
from rag.terms import TERMS_VERSION, index_terms

PARTS = "parts.json"
VECTORS = "vectors"
TERMS = "terms"
GROUPS = "groups.json"
COPIES = "copies.bin"
# Passages of a part. Removing one writes as many again; each part costs every query a look-up.
LARGEST = 16_384
_LAYOUT = f"1/{COPIES_VERSION}"  # nothing is taken over from another
_COPIES = np.dtype([("number", "<i8"), ("first", "<i8"), ("keys", "<u4", (BANDS,))])
_MANY = 100  # texts that are gone, from which on it is faster to compare all again
_NO_LINKS = (errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP)

Row = tuple[int, str, NDArray[np.float32]]  # passage number, its terms in one string, vector
Files = dict[str, tuple[int, str]]  # size and sha256 by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The passages from ``first`` to ``last``, by number, and what tantivy says of their segments."""

    name: str
    first: int
    last: int
    count: int
    segments: tuple[dict[str, Any], ...]

    @property
    def vectors(self) -> str:
        """The name of the file of vectors."""
        return f"{VECTORS}/{self.name}.faiss"


def listed(content: bytes) -> list[Part]:
    """The parts that the file PARTS lists."""
    return [
        Part(**{**one, "segments": tuple(one["segments"])}) for one in json.loads(content)["parts"]
    ]


class Previous:
    """A published generation of which parts may go into the next one."""

    def __init__(self, folder: Path, described: Manifest) -> None:
        """Reads what it is made of; raises IndexDamaged, also where it is of another version."""
        self.described, self._folder = described, folder
        self.place = folder / described.generation
        if PARTS not in described.files:
            raise self._unusable()
        content = self.read(PARTS)
        made = (described.folding, described.terms, json.loads(content)["layout"])
        if made != (FOLDING_VERSION, TERMS_VERSION, _LAYOUT):
            raise self._unusable()
        self.parts = listed(content)
        self.copies = np.frombuffer(self.read(COPIES), dtype=_COPIES)

    def _unusable(self) -> IndexDamaged:
        return IndexDamaged(
            f"{self.described.generation}: made by another version", hint="run: sanad rebuild"
        )

    def read(self, name: str) -> bytes:
        """The bytes of a file; raises IndexDamaged where they are not those of the manifest."""
        return manifest.verified_bytes(self._folder, self.described, name)

    def verified(self, part: Part) -> list[str]:
        """The files of a part, compared with the manifest; raises IndexDamaged."""
        names = [part.vectors, *self._terms_of(part)]
        manifest.verify(self._folder, self.described, names)
        return names

    def _terms_of(self, part: Part) -> list[str]:
        terms = [name for name in self.described.files if name.startswith(f"{TERMS}/")]
        return [name for one in part.segments for name in lexical.files_of(one, terms)]

    def rows(self, part: Part, removed: NDArray[np.int64]) -> Iterator[Row]:
        """The passages of a part but those removed; raises IndexDamaged."""
        manifest.verify(self._folder, self.described, self._terms_of(part))
        numbers, found = vectors.rows_of(vectors.from_bytes(self.read(part.vectors)))
        stay = ~np.isin(numbers, removed)
        meta = self.read(f"{TERMS}/{lexical.META}")
        terms = lexical.rows(self.place / TERMS, meta, part.segments)
        for expected, vector, stays, (number, text) in zip(
            numbers.tolist(), found, stay, terms, strict=True
        ):
            if number != expected:
                raise IndexDamaged(f"{part.name}: terms of other passages than its vectors")
            if stays:
                yield number, text, vector


@dataclass(frozen=True, slots=True)
class _Planned:
    """What becomes one part (more than one where it is too large): old parts, then new passages."""

    parts: tuple[Part, ...]
    count: int
    stays: bool = False  # one part of which nothing was removed
    new: bool = False


def _plan(parts: Sequence[Part], removed: NDArray[np.int64], new: int) -> list[_Planned]:
    """Which parts stay and which are written anew, so that small ones do not add up.

    Neighbours become one part while the first is less than twice as large: a passage is written
    again at most about log2(LARGEST) times however small the changes are.
    """
    planned: list[_Planned] = []
    for part in parts:
        lost = np.searchsorted(removed, part.last, "right") - np.searchsorted(removed, part.first)
        planned.append(_Planned((part,), part.count - int(lost), stays=not lost))
    planned.append(_Planned((), new, new=True))
    done: list[_Planned] = []
    for one in planned:
        if not one.count:
            continue
        last = one
        while done and done[-1].count < 2 * last.count and done[-1].count + last.count <= LARGEST:
            before = done.pop()
            last = _Planned(before.parts + last.parts, before.count + last.count, new=last.new)
        done.append(last)
    return done


def write(
    place: Path, truth: Truth, at: int, dim: int, previous: Previous | None
) -> tuple[Files, int]:
    """Writes and syncs the files of a generation into an empty folder; they, and its passages.

    What ``previous`` holds is taken over where nothing changed; raises IndexDamaged where its
    files are not those of its manifest.
    """
    for folder in (place, place / TERMS, place / VECTORS):
        folder.mkdir()
    if previous is None:
        gone, new = np.empty(0, dtype=np.int64), truth.numbers(at)
    else:
        gone, new = truth.changed(previous.described.sequence, at)
    removed = truth.numbers_in(gone.tolist())
    added = len(truth.numbers_in(new.tolist()))
    parts: list[Part] = []
    kept: Files = {}
    for planned in _plan(previous.parts if previous else (), removed, added):
        if planned.stays and previous:
            parts += planned.parts
            kept |= _take_over(place, previous, planned.parts[0])
            continue
        rows = [previous.rows(part, removed) for part in planned.parts if previous]
        if planned.new:
            rows.append(_rows_of(truth, new, dim))
        parts += _write_parts(place, chain.from_iterable(rows), dim)
    lexical.seal(place / TERMS, [segment for part in parts for segment in part.segments])
    copies = _copies(truth, previous, gone, new)
    contents = {
        PARTS: json.dumps({"layout": _LAYOUT, "parts": [asdict(part) for part in parts]}).encode(),
        GROUPS: json.dumps(_groups(truth, copies), ensure_ascii=False).encode(),
        COPIES: copies.tobytes(),
    }
    for name, content in contents.items():
        files.write_synced(place / name, content)
    written = {f"{TERMS}/{lexical.META}", *contents, *(part.vectors for part in parts)}
    return _described(place, kept, written), sum(part.count for part in parts)


def _described(place: Path, kept: Files, synced: set[str]) -> Files:
    """Syncs what tantivy wrote and the folders; sizes and hashes of all files."""
    described = dict(kept)
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_file() and name not in described and not name.endswith(".lock"):
            if name not in synced:
                files.sync_file(path)
            described[name] = (path.stat().st_size, sha256_of(path))
    # The names in the collection's own folder are synced with the manifest.
    for changed in (place / TERMS, place / VECTORS, place):
        files.sync_folder(changed)
    return dict(sorted(described.items()))


def _take_over(place: Path, previous: Previous, part: Part) -> Files:
    """Gives the new generation the files of a part."""
    taken = {}
    for name in previous.verified(part):
        try:
            files.link(previous.place / name, place / name)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            files.write_synced(place / name, previous.read(name))
        taken[name] = previous.described.files[name]
    return taken


def _rows_of(truth: Truth, documents: NDArray[np.int64], dim: int) -> Iterator[Row]:
    for number, passage, vector in truth.passages_in(documents, dim):
        yield number, " ".join(index_terms(passage.text)), vector


def _write_parts(place: Path, rows: Iterator[Row], dim: int) -> Iterator[Part]:
    """Writes rows in parts as large as they may be."""
    for row in rows:
        yield _write_part(place, chain([row], islice(rows, LARGEST - 1)), dim)


def _write_part(place: Path, rows: Iterator[Row], dim: int) -> Part:
    numbers = np.empty(LARGEST, dtype=np.int64)
    found = np.empty((LARGEST, dim), dtype=np.float32)
    count = 0

    def terms() -> Iterator[tuple[int, str]]:
        nonlocal count
        for number, text, vector in rows:
            numbers[count], found[count] = number, vector
            count += 1
            yield number, text

    segments = lexical.add(place / TERMS, terms())
    part = Part(
        name=str(segments[0]["segment_id"]).replace("-", ""),
        first=int(numbers[0]),
        last=int(numbers[count - 1]),
        count=count,
        segments=tuple(segments),
    )
    files.write_synced(place / part.vectors, vectors.to_bytes(numbers[:count], found[:count]))
    return part


def _copies(
    truth: Truth, previous: Previous | None, gone: NDArray[np.int64], new: NDArray[np.int64]
) -> NDArray[Any]:
    """For each document with words, by number, what it is compared by and what it is a copy of."""
    before = np.empty(0, _COPIES) if previous is None else previous.copies
    leaves = np.isin(before["number"], gone)
    left, stay = before[leaves], before[~leaves]
    fresh = np.empty(len(new), _COPIES)
    count = 0
    for number in new.tolist():
        if made := sketch(truth.text_of(number)):
            fresh[count] = (number, NEW, made.bands())
            count += 1
    table = np.concatenate([stay, fresh[:count]])
    numbers, keys = table["number"], np.ascontiguousarray(table["keys"])
    first = np.searchsorted(numbers, table["first"])
    first[np.isin(table["first"], left["number"])] = GONE
    first[len(stay) :] = NEW
    rows = set(range(len(stay), len(table)))
    left = left[left["first"] == left["number"]]
    if len(left) > _MANY:
        first[:] = NEW
        rows = set(range(len(table)))
    else:
        for one in left:
            behind = int(np.searchsorted(numbers, one["number"])) - 1
            rows.update(sharing(keys, behind, one["keys"]))
    decide(keys, first, rows, lambda row: truth.text_of(int(numbers[row])))
    table["first"] = numbers[first]
    return table


def _groups(truth: Truth, copies: NDArray[Any]) -> dict[str, str]:
    """The group of each document that has copies, by id."""
    found = copies[copies["first"] != copies["number"]]
    pairs = list(zip(found["number"].tolist(), found["first"].tolist(), strict=True))
    ids = truth.document_ids(sorted({number for pair in pairs for number in pair}))
    groups: dict[str, str] = {}
    for number, first in pairs:
        groups[ids[first]] = groups[ids[number]] = ids[first]
    return groups
