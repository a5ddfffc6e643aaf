"""BM25 with tantivy over terms made by :mod:`rag.terms`; it never sees raw text.

Segments are written one part of the passages after the other, each as an index of its own, and
then listed together in one ``meta.json``. So a later index can have the files of the segments that
did not change, and no segment holds what was deleted: tantivy counts deleted rows in the statistics
BM25 is made of until it merges them away.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from rag.errors import IndexDamaged, IndexProblem
from rag.index import files

META = "meta.json"
_MANAGED = ".managed.json"  # tantivy's note of the files it may delete

_FIELD = "terms"
_NUMBER = "number"
# Terms hold no white space, so this tokenizer only takes the list apart again.
_TOKENIZER = "whitespace"
_HEAP = 64_000_000  # bytes; tantivy refuses less than 15 MB a thread
_ROWS_AT_ONCE = 1024
_REBUILD = "your documents are safe; run: sanad rebuild"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # Stored, since making the terms of a text again takes twenty times as long as reading them.
    builder.add_text_field(_FIELD, stored=True, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_unsigned_field(_NUMBER, stored=False, indexed=True, fast=True)
    return builder.build()


def add(folder: Path, rows: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
    """Writes segments of (passage number, terms in one string) rows beside those in a folder.

    Returns what :func:`seal` lists them by.
    """
    index = _created(folder)
    # One thread: the same rows give the same segments, and ingest has other work for the cores.
    writer = index.writer(_HEAP, 1)
    try:
        for number, terms in rows:
            document = tantivy.Document()
            document.add_text(_FIELD, terms)
            document.add_unsigned(_NUMBER, number)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
    except ValueError as error:  # how tantivy reports what the system refused
        raise IndexProblem(
            f"{folder.name}: {error}",
            hint="what was stored before still answers; check the disk, then run the same command "
            "again",
        ) from error
    segments: list[dict[str, Any]] = _meta(folder)["segments"]
    return segments


def seal(folder: Path, segments: Sequence[dict[str, Any]]) -> None:
    """Makes one index of segments whose files are in the folder."""
    _created(folder)
    content = {**_meta(folder), "segments": list(segments), "opstamp": 0}
    files.write_synced(folder / META, json.dumps(content).encode())


def files_of(segment: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Which of these paths are files of a segment."""
    stem = str(segment["segment_id"]).replace("-", "")
    return [name for name in names if Path(name).name.partition(".")[0] == stem]


def rows(
    folder: Path, meta: bytes, segments: Sequence[dict[str, Any]]
) -> Iterator[tuple[int, str]]:
    """The (passage number, terms) rows that segments of a folder were made of.

    ``meta`` is what its META holds; raises IndexDamaged.
    """
    content = {**json.loads(meta), "segments": list(segments)}
    names = [path.name for path in folder.iterdir()]
    own = {name for segment in segments for name in files_of(segment, names)}
    try:
        with _linked(folder, own) as links:  # gone before the first row: the files stay mapped
            (links / META).write_text(json.dumps(content), encoding="utf-8")
            _, searcher = _searched(tantivy.Index.open(str(links)))
        for place, segment in enumerate(segments):
            for first in range(0, segment["max_doc"], _ROWS_AT_ONCE):
                end = min(first + _ROWS_AT_ONCE, segment["max_doc"])
                found = [tantivy.DocAddress(place, row) for row in range(first, end)]
                numbers = searcher.fast_field_values(_NUMBER, found)
                for number, address in zip(numbers, found, strict=True):
                    yield int(number or 0), str(searcher.doc(address).get_first(_FIELD) or "")
    except (ValueError, OSError) as error:
        raise IndexDamaged(f"{folder.name}: {error}", hint=_REBUILD) from error


def _created(folder: Path) -> tantivy.Index:
    """A new index in a folder that may hold the files of others."""
    for name in (META, _MANAGED):
        (folder / name).unlink(missing_ok=True)
    index = tantivy.Index(_schema(), path=str(folder))
    index.config_reader(reload_policy="manual")  # nothing reads while this writes
    return index


def _meta(folder: Path) -> dict[str, Any]:
    """What tantivy wrote about its segments; it does not go on with them."""
    content: dict[str, Any] = json.loads((folder / META).read_bytes())
    (folder / _MANAGED).unlink(missing_ok=True)
    return content


def _opened(folder: Path) -> tuple[tantivy.Index, tantivy.Searcher]:
    """The index of a folder, which need not be writable, and its one searcher."""
    if os.access(folder, os.W_OK):
        return _searched(tantivy.Index.open(str(folder)))
    # Opening makes a lock file, so it is given a folder of links; the files stay mapped after.
    own = {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}
    with _linked(folder, own) as links:
        return _searched(tantivy.Index.open(str(links)))


@contextmanager
def _linked(folder: Path, names: Set[str]) -> Iterator[Path]:
    """A folder of links to files of another."""
    with tempfile.TemporaryDirectory(prefix="sanad-") as links:
        for name in names:
            (Path(links) / name).symlink_to((folder / name).resolve())
        yield Path(links)


def _searched(index: tantivy.Index) -> tuple[tantivy.Index, tantivy.Searcher]:
    # Left to itself tantivy polls the folder, and reads it again, for as long as it is open.
    index.config_reader(reload_policy="manual")
    return index, index.searcher()


class LexicalIndex:
    """A built folder, opened for search; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index, self._searcher = _opened(folder)
        except (ValueError, OSError) as error:
            raise IndexDamaged(f"{folder.name}: {error}", hint=_REBUILD) from error
        self._schema = self._index.schema

    def document_frequency(self, term: str) -> int:
        """How many passages hold the term."""
        return int(self._searcher.doc_freq(_FIELD, term))

    def only(self, numbers: Sequence[int]) -> tantivy.Query:
        """What restricts :meth:`search` to these passages; it adds nothing to a score."""
        among = tantivy.Query.term_set_query(self._schema, _NUMBER, numbers)
        return tantivy.Query.const_score_query(among, 0.0)

    def search(
        self, terms: Mapping[str, float], k: int, only: tantivy.Query | None = None
    ) -> list[tuple[int, float]]:
        """(passage number, BM25 score), best first; ties that reach over k are all returned.

        Terms are as rare as they are in the whole index, also where ``only`` restricts it.
        """
        total = self._searcher.num_docs
        wanted = min(k, total)
        if not terms or not wanted:
            return []
        query = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(self._schema, _FIELD, term, "freq"), weight
                    ),
                )
                for term, weight in terms.items()
            ]
        )
        if only is not None:
            must = tantivy.Occur.Must
            query = tantivy.Query.boolean_query([(must, query), (must, only)])
        asked = min(total, wanted + 8)
        while True:
            hits = self._searcher.search(query, limit=asked, count=False).hits
            done = len(hits) < asked or asked == total
            if done or hits[-1][0] < hits[wanted - 1][0]:
                numbers = self._searcher.fast_field_values(_NUMBER, [place for _, place in hits])
                return [
                    (int(number), float(score))
                    for number, (score, _) in zip(numbers, hits, strict=True)
                    if number is not None
                ]
            asked = min(total, asked * 2)
