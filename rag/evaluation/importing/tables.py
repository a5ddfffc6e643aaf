"""Tables by hand: a question a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.errors import UnknownDocument
from rag.evaluation.corpus import Library, named
from rag.evaluation.importing.files import bad, text_of
from rag.evaluation.importing.values import Imported, Options, add, id_of, locate, sha256_of
from rag.evaluation.questions import Gold
from rag.languages import language_of


def tables(paths: Sequence[Path], options: Options) -> Imported:
    """Columns: question, and any of id, language, answers (parted by |), document, quote, start, tags, pair, unanswerable."""
    found = Imported()
    for path in paths:
        text = text_of(path)
        first = text.partition("\n")[0]
        mark = max(",;\t", key=lambda one: (first.count(one), one == ","))
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        try:
            if "question" not in {name.strip().lower() for name in rows.fieldnames or ()}:
                raise bad(path, f"no column 'question' among {rows.fieldnames}")
            for row in rows:
                cells = {
                    str(name).strip().lower(): value.strip()
                    for name, value in row.items()
                    if isinstance(value, str)
                }
                _table_row(found, path, rows.line_num, cells, options)
        except csv.Error as error:
            raise bad(path, f"line {rows.line_num}: {error}") from error
    return found


def _table_row(
    found: Imported, path: Path, line: int, cells: Mapping[str, str], options: Options
) -> None:
    question = cells["question"]
    answers = tuple(one.strip() for one in cells.get("answers", "").split("|") if one.strip())
    declined = cells.get("unanswerable", "").lower() in ("1", "true", "yes", "نعم")
    gold: tuple[Gold, ...] = ()
    if not declined and (name := cells.get("document")):
        gold = (_row_gold(found, path, line, name, cells, options),)
    add(
        found,
        id=id_of(cells.get("id") or f"{path.stem}-{line}"),
        question=question,
        language=cells.get("language") or options.language or language_of(question),
        unanswerable=declined,
        answers=answers,
        gold=gold,
        tags=tuple(id_of(tag) for tag in re.split(r"[|,\s]+", cells.get("tags", "")) if tag),
        pair=id_of(cells["pair"]) if cells.get("pair") else None,
    )


def _row_gold(
    found: Imported,
    path: Path,
    line: int,
    name: str,
    cells: Mapping[str, str],
    options: Options,
) -> Gold:
    """The span of the quote in the stored document; the whole document where there is none."""
    quote = cells.get("quote", "")
    stated = cells.get("start", "")
    if stated and not (stated.isascii() and stated.isdigit()):
        raise bad(path, f"line {line}: start is {stated!r}, expected a number of characters")
    text = _stored_text(name, options.library)
    if not quote:
        return Gold(document=name, document_sha256=None if text is None else sha256_of(text))
    if text is None:
        if stated:
            start = int(stated)
            return Gold(document=name, start=start, end=start + len(quote), quote=quote)
        found.left_out["quotes of documents that are not in the collection"] += 1
        return Gold(document=name)
    place = locate(text, quote, int(stated or 0))
    if place is None:
        found.left_out["quotes that are not in their document"] += 1
        return Gold(document=name, document_sha256=sha256_of(text))
    return Gold(
        document=name,
        document_sha256=sha256_of(text),
        start=place,
        end=place + len(quote),
        quote=quote,
    )


def _stored_text(name: str, library: Library | None) -> str | None:
    if library is None:
        return None
    id = named(name, sorted(library.documents(), key=lambda summary: summary.id))
    try:
        return None if id is None else library.document(id).text
    except UnknownDocument:
        return None
