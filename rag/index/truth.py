"""The truth of a collection: one SQLite database of documents, passages and their vectors.

Rows are never changed in place. A document that is replaced or deleted gets ``removed`` set to the
sequence that removed it, and stays until no published generation reads it any more; so a reader
at sequence N sees exactly ``added <= N < removed`` while a writer goes on.

SQLite before 3.51.3 can corrupt a WAL database when two connections write and checkpoint at once,
so the rollback journal is used, with ``synchronous=FULL``.

SQLite keeps no checksums: each document has a seal, the hash of its row and that of its passages.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import (
    ConfigurationError,
    IndexDamaged,
    IndexLocked,
    IndexMismatch,
    IndexProblem,
    RagError,
    UnknownDocument,
)
from rag.filters import FIELDS
from rag.index.files import no_space
from rag.passages import FIRST_PASSAGES_VERSION, passage_id
from rag.types import Document, DocumentSummary, Passage

NAME = "truth.sqlite3"
FORMAT = 3

_SEALS = """
CREATE TABLE seals (
    document INTEGER PRIMARY KEY REFERENCES documents (number) ON DELETE CASCADE,
    told TEXT NOT NULL, passages TEXT NOT NULL
) STRICT;
"""
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, origin TEXT NOT NULL, sha256 TEXT NOT NULL, title TEXT NOT NULL,
    source TEXT NOT NULL, language TEXT NOT NULL, media_type TEXT NOT NULL, published TEXT,
    text TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER,
    pages TEXT NOT NULL DEFAULT '[]', tags TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{{}}'
) STRICT;
CREATE INDEX documents_id ON documents (id);
CREATE UNIQUE INDEX documents_live ON documents (id) WHERE removed IS NULL;
CREATE INDEX documents_sha256 ON documents (sha256);
CREATE INDEX documents_origin ON documents (origin);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, language TEXT NOT NULL, vector BLOB NOT NULL
) STRICT;
CREATE INDEX passages_document ON passages (document);
CREATE TABLE log (
    sequence INTEGER NOT NULL, at TEXT NOT NULL DEFAULT (datetime('now')),
    action TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
{_SEALS}
"""

# From each format to the next one.
_MIGRATIONS = {
    1: """
ALTER TABLE documents ADD COLUMN pages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE documents ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
""",
    2: _SEALS
    + f"""
INSERT INTO meta SELECT 'passaging', '{FIRST_PASSAGES_VERSION}' FROM meta WHERE key = 'embedder';
""",
}
_FIRST_WITH_JSON, _FIRST_WITH_SEALS = 2, 3
_DOCUMENT = "id, text, sha256, title, source, language, media_type, published, origin"
_JSON = ("pages", "tags", "metadata")  # columns that hold JSON
_WITHOUT = {"pages": "'[]' AS pages", "tags": "'[]' AS tags", "metadata": "'{}' AS metadata"}
_LOCATED = (
    'SELECT p.number, p.document, d.id, p."start", p."end", p.language FROM passages p '
    "JOIN documents d ON d.number = p.document"
)
_VECTORED = _LOCATED.replace(" FROM", ", p.vector FROM", 1)
# What a seal is the hash of, as bytes: a flipped bit may leave what is no text.
_SEALED = (
    "id", "origin", "sha256", "title", "source", "language", "media_type", "published", "added",
    *_JSON,
)  # fmt: skip
_SEALED_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in _SEALED)
_SEALED_PASSAGES = 'SELECT "start", "end", CAST(language AS BLOB), vector FROM passages'
_AGAIN = (
    "sanad ingest the article again; without it, restore the folder from a backup, or: "
    "sanad documents delete ID --yes"
)
_RESTORE = (
    "restore the folder from a backup; without one, delete the folder and ingest the articles again"
)
_FORGOTTEN_A_COMMIT = 200  # documents
_PATIENCE = 30  # seconds to wait for another connection's commit
_LIVE = "d.added <= :at AND (d.removed IS NULL OR d.removed > :at)"


class Truth:
    """One connection, guarded by a lock; every method is one short transaction."""

    def __init__(self, path: Path, *, create: bool = False, migrate: bool = False) -> None:
        """Opens it; ``create`` where there is none, ``migrate`` to the format of this version.

        An older format is read as it is, so that readers never write.
        """
        if not create and not path.is_file():
            raise IndexDamaged(f"{path.name} is missing", hint=_RESTORE)
        self._path = path
        self._lock = RLock()
        with _explained(self._path):
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        # What a flipped bit makes of a title may be no text; its seal tells, and it can be replaced.
        self._connection.text_factory = _decoded
        try:
            with _explained(self._path):
                self._open(create=create, migrate=migrate)
        except RagError:
            self._connection.close()
            raise

    def _open(self, *, create: bool, migrate: bool) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode=DELETE")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA secure_delete=ON")
        run("PRAGMA trusted_schema=OFF")
        # A transaction that outgrows the cache would lock readers out until it ends; so it does
        # not spill, and they wait for the commit alone.
        run("PRAGMA cache_spill=OFF")
        if create and not run("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            script = f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={FORMAT}; COMMIT;"
            self._connection.executescript(script)
        (found,) = run("PRAGMA user_version").fetchone()
        if not found:
            raise IndexDamaged(f"{NAME}: holds no collection", hint=_RESTORE)
        if found > FORMAT:
            raise IndexMismatch(
                f"{NAME}: format {found}, this version reads up to {FORMAT}",
                hint="use the newer sanad that wrote it",
            )
        self._sealed = True
        if found < FORMAT and migrate:
            with self.transaction():
                for format in range(found, FORMAT):
                    for statement in filter(str.strip, _MIGRATIONS[format].split(";")):
                        run(statement)
                for (number,) in run("SELECT number FROM documents").fetchall():
                    self._seal(number)
                run(f"PRAGMA user_version={FORMAT}")
            found = FORMAT
        if migrate:  # which documents a generation has is told without reading their texts
            run("CREATE INDEX IF NOT EXISTS documents_span ON documents (added, removed)")
        self._json = _JSON if found >= _FIRST_WITH_JSON else tuple(_WITHOUT.values())
        self._sealed = found >= _FIRST_WITH_SEALS

    def close(self) -> None:
        """Closes the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, for the statements inside."""
        with self._lock, _explained(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, parameters: dict[str, object]) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, _explained(self._path):
            return self._connection.execute(query, parameters).fetchall()

    # meta

    def get(self, key: str) -> str | None:
        """A value of the collection itself."""
        rows = self._rows("SELECT value FROM meta WHERE key = :key", {"key": key})
        return str(rows[0][0]) if rows else None

    def set(self, key: str, value: str) -> None:
        """Sets a value; call inside a transaction."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def sequence(self) -> int:
        """The number of the last committed change; 0 for a new collection."""
        return int(self.get("sequence") or 0)

    # writing, inside a transaction

    def add(
        self, document: Document, passages: Sequence[Passage], vectors: NDArray[np.float32], at: int
    ) -> None:
        """Stores a document with its passages and their vectors, alive from sequence ``at``."""
        cursor = self._connection.execute(
            f"INSERT INTO documents ({_DOCUMENT}, added, {', '.join(_JSON)}) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                document.id,
                document.text,
                document.sha256,
                document.title,
                document.source,
                document.language,
                document.media_type,
                document.published,
                document.origin,
                at,
                *(_json_text(getattr(document, name)) for name in _JSON),
            ),
        )
        number = cursor.lastrowid
        self._connection.executemany(
            'INSERT INTO passages (document, "start", "end", language, vector) VALUES (?,?,?,?,?)',
            [
                (number, passage.start, passage.end, passage.language, vector.tobytes())
                for passage, vector in zip(passages, vectors, strict=True)
            ],
        )
        if number is not None:
            self._seal(number)
        self._log(at, "add", document.id)

    def _seal(self, number: int) -> None:
        """Keeps the hashes of a document as it now is."""
        self._connection.execute(
            "INSERT OR REPLACE INTO seals VALUES (?, ?, ?)",
            (number, self._told_hash(number), self._passages_hash(number)),
        )

    def remove(self, id: str, at: int) -> bool:
        """Marks the live document of that id removed at ``at``; whether there was one."""
        cursor = self._connection.execute(
            "UPDATE documents SET removed = ? WHERE id = ? AND removed IS NULL", (at, id)
        )
        if cursor.rowcount:
            self._log(at, "remove", id)
        return cursor.rowcount > 0

    def move(self, id: str, origin: str) -> None:
        """Records that the live document's bytes now lie elsewhere; its content is unchanged."""
        rows = self._rows(
            "SELECT number FROM documents WHERE id = :id AND removed IS NULL", {"id": id}
        )
        for (number,) in rows:
            intact = not self._told_altered(number)
            self._connection.execute(
                "UPDATE documents SET origin = ? WHERE number = ?", (origin, number)
            )
            if intact:  # what is damaged is not sealed anew
                self._connection.execute(
                    "UPDATE seals SET told = ? WHERE document = ?",
                    (self._told_hash(number), number),
                )

    def _log(self, at: int, action: str, id: str) -> None:
        self._connection.execute(
            "INSERT INTO log (sequence, action, document) VALUES (?,?,?)", (at, action, id)
        )

    def forget(self, before: int) -> None:
        """Deletes rows that no generation from ``before`` on reads."""
        # In parts, since a transaction keeps all pages that it changes in memory.
        rows = self._rows("SELECT number FROM documents WHERE removed <= :it", {"it": before})
        for some in _lists_of([number for (number,) in rows], _FORGOTTEN_A_COMMIT):
            with self.transaction():
                self._connection.execute(f"DELETE FROM documents WHERE number IN ({some})")

    def vacuum(self) -> None:
        """Writes the file anew, without the bytes of what was deleted, their log included."""
        with self.transaction():
            self._connection.execute(
                "DELETE FROM log WHERE document NOT IN (SELECT id FROM documents)"
            )
        with self._lock, _explained(self._path):
            # All pages change in one transaction: more than a cache should hold.
            self._connection.execute("PRAGMA cache_spill=ON")
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA cache_spill=OFF")

    def copy_to(self, path: Path) -> None:
        """A copy of the last committed state in a new file, whoever writes meanwhile."""
        with self._lock, _explained(path):
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                # In one step, under one read lock: a copy in parts starts again at every commit.
                self._connection.backup(copy)
            finally:
                copy.close()

    # reading

    def live(self, column: str, value: str) -> list[DocumentSummary]:
        """Live documents with a given id, origin or sha256, at the newest sequence."""
        if column not in ("id", "origin", "sha256"):
            raise ValueError(f"column {column!r}: expected id, origin or sha256")
        return self._summaries(f"d.removed IS NULL AND d.{column} = :value", {"value": value})

    def origin_of(self, id: str) -> str:
        """Where the live document's bytes came from; empty where unknown."""
        rows = self._rows(
            "SELECT origin FROM documents WHERE id = :id AND removed IS NULL", {"id": id}
        )
        return str(rows[0][0]) if rows else ""

    def _summaries(self, where: str, parameters: dict[str, object]) -> list[DocumentSummary]:
        rows = self._rows(
            "SELECT d.id, d.sha256, d.title, d.source, d.language, d.media_type, d.published, "
            "length(d.text), (SELECT count(*) FROM passages p WHERE p.document = d.number) "
            f"FROM documents d WHERE {where}",
            parameters,
        )
        return [
            DocumentSummary(
                id=row[0],
                sha256=row[1],
                title=row[2],
                source=row[3],
                language=row[4],
                media_type=row[5],
                published=row[6],
                characters=row[7],
                passages=row[8],
            )
            for row in rows
        ]

    def documents(
        self, at: int, offset: int = 0, limit: int | None = None
    ) -> list[DocumentSummary]:
        """Documents alive at a sequence, by id."""
        return self._summaries(
            f"{_LIVE} ORDER BY d.id LIMIT :limit OFFSET :offset",
            {"at": at, "limit": -1 if limit is None else limit, "offset": offset},
        )

    def count(self, at: int) -> tuple[int, int]:
        """(documents, passages) alive at a sequence."""
        (documents,) = self._rows(f"SELECT count(*) FROM documents d WHERE {_LIVE}", {"at": at})[0]
        (passages,) = self._rows(
            f"SELECT count(*) FROM passages p JOIN documents d ON d.number = p.document WHERE {_LIVE}",
            {"at": at},
        )[0]
        return int(documents), int(passages)

    def document(self, id: str, at: int) -> Document:
        """The whole document alive at a sequence; raises UnknownDocument and IndexDamaged."""
        found = self._rows(
            f"SELECT d.number FROM documents d WHERE d.id = :id AND {_LIVE}", {"id": id, "at": at}
        )
        if not found:
            raise UnknownDocument.of(id)
        ((number,),) = found
        if self._told_altered(number):
            raise IndexDamaged(
                f"{NAME}: what is stored about {id!r} is not what was ingested", hint=_AGAIN
            )
        rows = self._rows(
            f"SELECT {_DOCUMENT}, {', '.join(self._json)} FROM documents WHERE number = :it",
            {"it": number},
        )
        names = (*_DOCUMENT.split(", "), *_JSON)
        return _document(dict(zip(names, rows[0], strict=True)))

    def described(self, at: int, *, metadata: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        """(number, what filters look at) of documents alive at a sequence, by id.

        ``metadata`` says whether that is needed too.
        """
        names = (*FIELDS, "metadata") if metadata else FIELDS
        have = [name if name not in _JSON else self._json[_JSON.index(name)] for name in names]
        rows = self._rows(
            f"SELECT d.number, {', '.join(have)} FROM documents d WHERE {_LIVE} ORDER BY d.id",
            {"at": at},
        )
        for number, *values in rows:
            yield (
                number,
                {
                    name: _parsed(value) if name in _JSON else value
                    for name, value in zip(names, values, strict=True)
                },
            )

    def numbers_in(self, documents: Sequence[int]) -> NDArray[np.int64]:
        """The numbers of these documents' passages, in order."""
        found = [np.empty(0, dtype=np.int64)]
        for some in _lists_of(documents):
            query = f"SELECT number FROM passages WHERE document IN ({some})"
            found.append(self._numbers(query, {}))
        return np.sort(np.concatenate(found))

    def current(self, id: str) -> Document:
        """The whole live document, at the newest sequence; raises UnknownDocument."""
        return self.document(id, self.sequence())

    def records_of(self, file: str, media_types: Sequence[str]) -> list[tuple[str, str]]:
        """(id, origin) of live documents that are records of the file of this origin."""
        marks = ",".join("?" * len(media_types))
        with self._lock, _explained(self._path):
            return self._connection.execute(
                # A range, since LIKE takes % and _ of a name for patterns; "$" comes after "#". The
                # plus signs keep to the index of origins: any other is read from end to end.
                "SELECT id, origin FROM documents WHERE +removed IS NULL "
                f"AND origin >= ? AND origin < ? AND media_type IN ({marks}) ORDER BY +id",
                (f"{file}#", f"{file}$", *media_types),
            ).fetchall()

    def origins(self) -> list[tuple[str, str]]:
        """(id, origin) of all live documents, by id."""
        return self._rows("SELECT id, origin FROM documents WHERE removed IS NULL ORDER BY id", {})

    def ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Passage ids by number."""
        return {row[0]: passage_id(*row[2:5]) for row in self._located(numbers)}

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number, with their text cut out of the stored document."""
        rows = self._located(numbers)
        texts = {document: self.text_of(document) for document in {row[1] for row in rows}}
        return {row[0]: _passage(row, texts[row[1]]) for row in rows}

    def _located(self, numbers: Sequence[int]) -> list[tuple]:  # type: ignore[type-arg]
        """(number, document, document id, start, end, language) of passages."""
        found = []
        for some in _lists_of(numbers):
            found += self._rows(f"{_LOCATED} WHERE p.number IN ({some})", {})
        return found

    def text_of(self, number: int) -> str:
        """The text of the document of this number."""
        # Cut in Python: SQLite's substr counts from the start of the text for every passage.
        rows = self._rows("SELECT text FROM documents WHERE number = :it", {"it": number})
        return str(rows[0][0])

    def number_of(self, document_id: str, start: int, end: int, at: int) -> int | None:
        """The number of the passage with these offsets alive at a sequence."""
        rows = self._rows(
            "SELECT p.number FROM passages p JOIN documents d ON d.number = p.document "
            f'WHERE d.id = :id AND p."start" = :start AND p."end" = :end AND {_LIVE}',
            {"id": document_id, "start": start, "end": end, "at": at},
        )
        return int(rows[0][0]) if rows else None

    def altered(self, at: int) -> list[str]:
        """Documents alive at a sequence that are no longer what was stored, by id.

        Raises IndexDamaged where the database itself is damaged.
        """
        ((said, *_),) = self._rows("PRAGMA integrity_check(1)", {})
        rows = self._rows(
            f"SELECT d.number, d.id FROM documents d WHERE {_LIVE} ORDER BY d.id", {"at": at}
        )
        altered = [id for number, id in rows if not self._intact(number)]
        if said != "ok" and not altered:
            raise IndexDamaged(f"{NAME}: {said}", hint=_RESTORE)
        return altered

    def intact(self, id: str) -> bool:
        """Whether text, passages and what is told of the live document are as they were stored."""
        rows = self._rows(
            "SELECT number FROM documents WHERE id = :id AND removed IS NULL", {"id": id}
        )
        return all(self._intact(number) for (number,) in rows)

    def _intact(self, number: int) -> bool:
        ((text, expected),) = self._rows(
            "SELECT CAST(text AS BLOB), CAST(sha256 AS BLOB) FROM documents WHERE number = :it",
            {"it": number},
        )
        if hashlib.sha256(text).hexdigest().encode() != expected or self._told_altered(number):
            return False
        sealed = self._seal_of("passages", number)
        return sealed is None or sealed == self._passages_hash(number)

    def _told_altered(self, number: int) -> bool:
        sealed = self._seal_of("told", number)
        return sealed is not None and sealed != self._told_hash(number)

    def _seal_of(self, kind: str, number: int) -> str | None:
        """One hash of a document's seal; None where it was stored before there were seals."""
        if not self._sealed:
            return None
        rows = self._rows(f"SELECT {kind} FROM seals WHERE document = :it", {"it": number})
        return str(rows[0][0]) if rows else None

    def _told_hash(self, number: int) -> str:
        query = f"SELECT {_SEALED_BYTES} FROM documents WHERE number = :it"
        return _hash_of(self._rows(query, {"it": number}))

    def _passages_hash(self, number: int) -> str:
        query = f"{_SEALED_PASSAGES} WHERE document = :it ORDER BY number"
        return _hash_of(self._rows(query, {"it": number}))

    def numbers(self, at: int) -> NDArray[np.int64]:
        """The numbers of the documents alive at a sequence, in order."""
        return self._numbers(f"SELECT d.number FROM documents d WHERE {_LIVE}", {"at": at})

    def changed(self, since: int, at: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of documents alive at ``since`` but not ``at``, and of those the other way round."""
        spans: dict[str, object] = {"since": since, "at": at}
        gone = self._numbers(
            "SELECT number FROM documents "
            "WHERE added <= :since AND removed > :since AND removed <= :at",
            spans,
        )
        new = self._numbers(
            f"SELECT d.number FROM documents d WHERE d.added > :since AND {_LIVE}", spans
        )
        return gone, new

    def _numbers(self, query: str, parameters: dict[str, object]) -> NDArray[np.int64]:
        with self._lock, _explained(self._path):
            rows = self._connection.execute(query, parameters)
            return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64))

    def document_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Document ids by number."""
        found: dict[int, str] = {}
        for some in _lists_of(numbers):
            query = f"SELECT number, id FROM documents WHERE number IN ({some})"
            found.update(self._rows(query, {}))
        return found

    def passages_in(
        self, documents: Iterable[int], dim: int
    ) -> Iterator[tuple[int, Passage, NDArray[np.float32]]]:
        """(number, passage, vector) of all passages of these documents, one document after another."""
        for document in documents:
            for number, passage, blob in self._passages_of(int(document)):
                if len(blob) != dim * 4:
                    raise IndexDamaged(f"{NAME}: vectors are not {dim} wide", hint=_RESTORE)
                yield number, passage, np.frombuffer(blob, dtype=np.float32)

    def text_with(self, sha256: str) -> str:
        """The text of a stored document, live or not, that has this hash."""
        query = "SELECT text FROM documents WHERE sha256 = :it LIMIT 1"
        return str(self._rows(query, {"it": sha256})[0][0])

    def spans(self, id: str) -> list[tuple[int, int, str]]:
        """(start, end, language) of the live document's passages, in order."""
        return self._rows(
            'SELECT p."start", p."end", p.language FROM passages p '
            "JOIN documents d ON d.number = p.document "
            "WHERE d.id = :id AND d.removed IS NULL ORDER BY p.number",
            {"id": id},
        )

    def stored_vectors(self, id: str, sha256: str, dim: int) -> dict[str, NDArray[np.float32]]:
        """Vectors by text of the passages of the live document, and of any that has this hash."""
        return {
            passage.text: np.frombuffer(vector, dtype=np.float32)
            for (document,) in self._rows(
                "SELECT number FROM documents WHERE id = :id AND removed IS NULL "
                "UNION SELECT number FROM documents WHERE sha256 = :sha256",
                {"id": id, "sha256": sha256},
            )
            for _, passage, vector in self._passages_of(document)
            if len(vector) == dim * 4
        }

    def _passages_of(self, document: int) -> Iterator[tuple[int, Passage, bytes]]:
        text = self.text_of(document)
        rows = self._rows(f"{_VECTORED} WHERE p.document = :it ORDER BY p.number", {"it": document})
        for row in rows:
            yield row[0], _passage(row, text), row[6]


def _lists_of(numbers: Sequence[int], most: int = 500) -> Iterator[str]:
    """The numbers as lists for an ``IN (…)``, ``most`` in each."""
    for first in range(0, len(numbers), most):
        yield ",".join(str(int(number)) for number in numbers[first : first + most])


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def _hash_of(rows: Sequence[tuple[object, ...]]) -> str:
    """The hash of values, each with its kind and length, so that none runs into the next."""
    parts: list[bytes] = []
    for row in rows:
        for value in row:
            content = value if isinstance(value, bytes) else str(value).encode()
            parts += (f"{type(value).__name__} {len(content)} ".encode(), content)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError as error:
        raise IndexDamaged(f"{NAME}: {error}", hint=_RESTORE) from error


def _document(values: dict[str, Any]) -> Document:
    pages, tags, metadata = (_parsed(values.pop(name)) for name in _JSON)
    return Document(**values, pages=tuple(pages), tags=tuple(tags), metadata=metadata)


def _passage(row: tuple, text: str) -> Passage:  # type: ignore[type-arg]
    _, _, id, start, end, language = row[:6]
    return Passage(
        id=passage_id(id, start, end),
        document_id=id,
        start=start,
        end=end,
        text=text[start:end],
        language=language,
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raises an SQLite error from inside as a RagError that names the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _problem(error, path) from error


def _problem(error: sqlite3.Error, path: Path) -> RagError:
    """What an SQLite error means for the person who runs the command."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says which kind of it
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return IndexLocked(
            f"{path.name} was in use for more than {_PATIENCE} seconds", hint="try again"
        )
    if code == sqlite3.SQLITE_FULL:
        return no_space(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ConfigurationError(
            f"{str(path)!r}: {error}",
            hint="check the permissions of the file and its folder, or name another folder",
        )
    if code == sqlite3.SQLITE_IOERR:
        return IndexProblem(f"{str(path)!r}: {error}", hint="check the disk, then try again")
    return IndexDamaged(f"{path.name}: {error}", hint=_RESTORE)
