"""BM25 with tantivy over terms made by :mod:`rag.terms`; it never sees raw text."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tantivy

from rag.errors import IndexDamaged, IndexProblem

_FIELD = "terms"
_NUMBER = "number"
# Terms hold no white space, so this tokenizer only takes the list apart again.
_TOKENIZER = "whitespace"
_HEAP = 64_000_000  # bytes; tantivy refuses less than 15 MB a thread


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_FIELD, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_unsigned_field(_NUMBER, stored=False, indexed=True, fast=True)
    return builder.build()


def build(folder: Path, rows: Iterable[tuple[int, Iterable[str]]]) -> None:
    """Writes a new index of (passage number, terms) rows into an empty folder."""
    index = tantivy.Index(_schema(), path=str(folder))
    index.config_reader(reload_policy="manual")  # nothing reads while this writes
    # One thread: the same rows give the same segments, and ingest has other work for the cores.
    writer = index.writer(_HEAP, 1)
    try:
        for number, terms in rows:
            document = tantivy.Document()
            document.add_text(_FIELD, " ".join(terms))
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


def _opened(folder: Path) -> tuple[tantivy.Index, tantivy.Searcher]:
    """The index of a folder, which need not be writable, and its one searcher."""
    if os.access(folder, os.W_OK):
        return _searched(tantivy.Index.open(str(folder)))
    # Opening makes a lock file, so it is given a folder of links; the files stay mapped after.
    with tempfile.TemporaryDirectory(prefix="sanad-") as links:
        for path in folder.iterdir():
            if not path.name.endswith(".lock"):
                (Path(links) / path.name).symlink_to(path.resolve())
        return _searched(tantivy.Index.open(links))


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
            raise IndexDamaged(
                f"{folder.name}: {error}", hint="your documents are safe; run: sanad rebuild"
            ) from error
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
