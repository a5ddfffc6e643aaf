"""Tables and lists of records (.csv, .tsv, .json, .jsonl): one document a row.

The field with the text is ``text``, ``body`` or ``content``, or one of the other names below, in
either language; a loader may be given other names (``text="..."``). A row is told from the others
by its id, else its address, else its number: rows without either count as new when one is put
in before them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rag.documents.dates import iso_date
from rag.documents.encodings import Decoded, decode
from rag.documents.html import has_markup, plain_text, web_address
from rag.documents.plain import first_line, one_line
from rag.documents.values import BadRecord, Extracted, Extraction, Refusal
from rag.errors import InvalidParameter
from rag.metadata import check_metadata, check_tags

# Each field's usual names, the likeliest first.
FIELDS: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "body", "content", "article", "full_text", "fulltext", "article_text", "article_body",
        "articlebody", "content_html", "html", "description", "paragraph", "passage", "context",
        "نص", "النص", "المحتوى", "محتوى", "المقال", "نص المقال", "الخبر",
    ),
    "title": ("title", "headline", "name", "subject", "العنوان", "عنوان"),
    "date": (
        "date", "published", "published_at", "publish_date", "pubdate", "pub_date", "date_published",
        "datepublished", "publication_date", "created_at", "timestamp", "التاريخ", "تاريخ", "تاريخ النشر",
    ),
    "id": ("id", "_id", "guid", "uuid", "article_id", "doc_id", "docid", "رقم", "المعرف"),
    "url": ("url", "link", "href", "permalink", "source_url", "canonical_url", "الرابط", "رابط"),
    "tags": ("tags", "keywords", "labels", "categories", "الوسوم", "وسوم", "الكلمات المفتاحية"),
}  # fmt: skip
_LISTS = (
    "articles",
    "documents",
    "items",
    "data",
    "results",
    "records",
    "rows",
    "posts",
    "entries",
)
_LONGEST_KEY = 300
_LONGEST_FIELD = 4000  # characters; longer is another text, not something told about this one
_LARGEST_CELL = 32 * 1024 * 1024


def extract_csv(content: bytes, **names: str) -> Extraction:
    """One document a row; the first row names the columns."""
    csv.field_size_limit(_LARGEST_CELL)
    decoded = decode(content)
    text = decoded.text.lstrip("\ufeff")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    extraction = _begun(decoded)
    try:
        header = [one_line(name) for name in next(rows)]
        _require_text(header, names)
        _require_named(header, names)
        records: list[tuple[str, object]] = []
        for number, row in enumerate(rows, 1):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(header):
                told = f"{len(row)} cells where the first row has {len(header)}"
                extraction.failures.append(BadRecord(key=str(number), message=told))
                continue
            records.append((str(number), dict(zip(header, row, strict=False))))
    except (csv.Error, StopIteration) as error:
        raise Refusal(
            "damaged",
            f"not a table: line {rows.line_num}: {error}",
            hint="check the quotes and save it again as CSV in UTF-8",
        ) from error
    return _documents(records, extraction, names)


def extract_json(content: bytes, **names: str) -> Extraction:
    """A list of records, an object that holds one, or one record."""
    decoded = decode(content)
    try:
        whole = json.loads(decoded.text.lstrip("\ufeff"))
    except RecursionError:
        raise
    except ValueError as error:
        raise Refusal(
            "damaged",
            f"not JSON: {error}",
            hint="check it with: python -m json.tool FILE (for one record a line: name it .jsonl)",
        ) from error
    records = _list_in(whole)
    return _documents(
        ((str(n), record) for n, record in enumerate(records, 1)), _begun(decoded), names
    )


def extract_lines(content: bytes, **names: str) -> Extraction:
    """One JSON record a line; a line that is none is a bad record, the others are read."""
    decoded = decode(content)
    extraction = _begun(decoded)

    def records() -> Iterator[tuple[str, object]]:
        for number, line in enumerate(decoded.text.lstrip("\ufeff").split("\n"), 1):
            if not line.strip():
                continue
            try:
                yield str(number), json.loads(line)
            except (ValueError, RecursionError) as error:
                told = f"line {number} is not JSON: {error}"
                extraction.failures.append(BadRecord(key=str(number), message=told))

    return _documents(records(), extraction, names)


def _begun(decoded: Decoded) -> Extraction:
    extraction = Extraction()
    if decoded.note:
        extraction.note("encoding", decoded.note)
    return extraction


def _delimiter(text: str) -> str:
    """The one that parts the first line into the most cells; commas where there is no telling."""
    first = text.partition("\n")[0]
    return max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))


def _list_in(whole: object) -> list[Any]:
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        named = [whole[name] for name in _LISTS if isinstance(whole.get(name), list)]
        lists = named or [
            v for v in whole.values() if isinstance(v, list) and v and isinstance(v[0], dict)
        ]
        if lists and _value(_lowered(whole), "text", {}) is None:
            return list(lists[0])
        return [whole]
    raise Refusal(
        "wrong_kind",
        "JSON that is neither a record nor a list of records",
        hint="make it a list of objects with a text field",
    )


def _names(field: str, names: dict[str, str]) -> tuple[str, ...]:
    return (names[field].lower(),) if field in names else FIELDS[field]


def _require_text(header: Iterable[str], names: dict[str, str]) -> None:
    present = {name.lower() for name in header}
    wanted = _names("text", names)
    if not present & set(wanted):
        shown = ", ".join(sorted(repr(name) for name in header)[:20])
        expected = wanted[0] if "text" in names else "text, body or content"
        raise Refusal(
            "no_text_field",
            f"no field for the text: expected {expected}, found {shown}",
            hint="name it: sanad ingest --map text=FIELD",
        )


def _require_named(fields: Iterable[str], names: dict[str, str]) -> None:
    """Raises Refusal where a field that was named is not there."""
    shown = sorted(fields)
    present = {name.lower() for name in shown}
    for field, name in names.items():
        if name.lower() not in present:
            listed = ", ".join(repr(one[:40]) for one in shown[:20])
            raise Refusal(
                "no_field",
                f"no field {name!r}, which was named for the {field}; its fields are {listed}",
                hint=f"name one of them: --map {field}=NAME",
            )


def _lowered(record: dict[str, Any]) -> dict[str, Any]:
    return {str(key).strip().lower(): value for key, value in record.items()}


def _value(lower: dict[str, Any], field: str, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """The first value there is under a field's names, of a record with names in small letters."""
    for name in _names(field, names):
        if name not in lower:
            continue
        value = lower[name]
        if isinstance(value, dict):  # as WordPress writes: {"rendered": "…"}
            value = value.get("rendered") or value.get("text") or value.get("value")
        if isinstance(value, list):
            value = "\n\n".join(part for part in value if isinstance(part, str))
        if value not in (None, ""):
            return value
    return None


def _tags(value: object) -> tuple[str, ...]:
    """The tags of a record: a list of texts, or one text with commas between; none otherwise."""
    if isinstance(value, str):
        value = [part.strip() for part in value.replace("،", ",").replace(";", ",").split(",")]
    try:
        return check_tags([tag for tag in value if tag]) if isinstance(value, list) else ()
    except InvalidParameter:
        return ()


def _told(record: dict[str, Any], names: dict[str, str]) -> tuple[dict[str, Any], bool]:
    """The fields that became nothing else, under their own names; whether all could be kept."""
    used = {name for field in FIELDS for name in _used(record, field, names)}
    rest = {
        str(name).strip(): value
        for name, value in record.items()
        if str(name).strip() and str(name).strip().lower() not in used and value not in (None, "")
    }
    short = {
        name: value
        for name, value in rest.items()
        if not isinstance(value, str) or len(value) <= _LONGEST_FIELD
    }
    try:
        return check_metadata(short), len(short) == len(rest)
    except InvalidParameter:
        return {}, False


def _used(record: dict[str, Any], field: str, names: dict[str, str]) -> tuple[str, ...]:
    """The name under which the record has that field's value, if any."""
    lower = _lowered(record)
    return next(((name,) for name in _names(field, names) if lower.get(name) not in (None, "")), ())


def _documents(
    records: Iterable[tuple[str, object]], extraction: Extraction, names: dict[str, str]
) -> Extraction:
    undated = marked = untold = 0
    without: list[str] = []
    fields: set[str] = set()
    for number, record in records:
        if not isinstance(record, dict):
            told = f"a {type(record).__name__} where a record with fields was expected"
            extraction.failures.append(BadRecord(key=number, message=told))
            continue
        lower = _lowered(record)
        fields.update(lower if names else ())
        text = _value(lower, "text", names)
        if not isinstance(text, str) or not any(character.isalnum() for character in text):
            without.append(number)
            shown = ", ".join(repr(str(name)[:40]) for name in list(record)[:8])
            told = f"no text in it; its fields are {shown}"
            extraction.failures.append(BadRecord(key=number, message=told))
            continue
        if has_markup(text):
            text, marked = plain_text(text), marked + 1
        stated = _value(lower, "date", names)
        day = iso_date(stated)
        undated += stated is not None and day is None
        url = web_address(_value(lower, "url", names))
        title = one_line(str(_value(lower, "title", names) or ""))[:500]
        stated_id = _value(lower, "id", names)  # 0 is an id too
        key = one_line(str((url or number) if stated_id is None else stated_id))[:_LONGEST_KEY]
        metadata, kept = _told(record, names)
        untold += not kept
        extraction.add(
            Extracted(
                text=text,
                title=title or first_line(text),
                published=day,
                url=url,
                key=key,
                tags=_tags(lower.get(next(iter(_used(record, "tags", names)), ""))),
                metadata=metadata,
            )
        )
    if fields:
        _require_named(fields, names)
    if not extraction.documents and without:
        raise Refusal(
            "no_text_field",
            f"no record has a text: expected a field text, body or content; {extraction.failures[0].message}",
            hint="name it: sanad ingest --map text=FIELD",
        )
    if undated:
        extraction.note("date", f"{undated} dates that name no certain day left out")
    if untold:
        extraction.note(
            "metadata", f"{untold} records have other fields that are too large to keep"
        )
    if marked:
        extraction.note(
            "markup", f"the text of {marked} records was HTML; read as a reader sees it"
        )
    return extraction
