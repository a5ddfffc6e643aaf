from __future__ import annotations

import csv
import dataclasses
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.formats import CSV, JSON, JSON_LINES
from rag.documents.records import extract_csv, extract_json, extract_lines
from rag.documents.values import Refusal
from tests.files import ARTICLE
from tests.strategies import texts

RECORDS = [
    {
        "id": "a",
        "title": "عنوان",
        "text": ARTICLE[0],
        "date": "15 مايو 2023",
        "url": "https://example.org/1",
    },
    {"id": "b", "title": "Title", "text": ARTICLE[2], "date": "05/06/2023", "url": ""},
]


def as_csv(records, delimiter=",", **options):
    target = io.StringIO()
    writer = csv.DictWriter(target, list(records[0]), delimiter=delimiter, **options)
    writer.writeheader()
    writer.writerows(records)
    return target.getvalue().encode()


def as_lines(records):
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


@pytest.mark.parametrize(
    ("loader", "content"),
    [
        (CSV, as_csv(RECORDS)),
        (CSV, as_csv(RECORDS, ";")),
        (CSV, as_csv(RECORDS, "\t")),
        (CSV, b"\xef\xbb\xbf" + as_csv(RECORDS, quoting=csv.QUOTE_ALL)),
        (JSON, json.dumps(RECORDS).encode()),
        (JSON, json.dumps({"count": 2, "articles": RECORDS}, ensure_ascii=False).encode("utf-16")),
        (JSON_LINES, as_lines(RECORDS)),
        (JSON_LINES, as_lines(RECORDS).replace(b"\n", b"\r\n\r\n")),
    ],
)
def test_one_document_a_row(loader, content):
    loaded = loader.load(content, id="t", origin="file:///t")
    assert [d.id for d in loaded.documents] == ["t#a", "t#b"]
    assert [d.origin for d in loaded.documents] == ["file:///t#a", "file:///t#b"]
    assert [d.text for d in loaded.documents] == [ARTICLE[0], ARTICLE[2]]
    assert [d.title for d in loaded.documents] == ["عنوان", "Title"]
    assert [d.published for d in loaded.documents] == ["2023-05-15", None]
    assert [d.source for d in loaded.documents] == ["https://example.org/1", "t"]
    assert [d.language for d in loaded.documents] == ["ar", "en"]
    assert [note.code for note in loaded.notes] == ["date"]
    assert loaded.failures == ()


def test_arabic_names_of_fields_in_windows_1256():
    content = as_csv([{"العنوان": "أول", "النص": ARTICLE[0]}]).decode().encode("cp1256")
    extraction = extract_csv(content)
    assert extraction.documents[0].text == ARTICLE[0]
    assert extraction.documents[0].title == "أول"
    assert [note.code for note in extraction.notes] == ["encoding"]


def test_other_fields_may_be_named():
    loader = dataclasses.replace(JSON_LINES, options=(("text", "نبذة"), ("id", "n")))
    loaded = loader.load(
        as_lines([{"نبذة": "نص المقال هنا", "n": 7, "text": "no"}]), id="t", origin=""
    )
    assert [(d.id, d.text) for d in loaded.documents] == [("t#7", "نص المقال هنا")]


def test_bad_rows_are_told_and_the_others_read():
    content = (
        b'{"text": "good one"}\n{"text": ""}\n[1]\n{broken\n{"title": "x"}\n{"text": "good two"}\n'
    )
    loaded = JSON_LINES.load(content, id="t.jsonl", origin="")
    assert [d.id for d in loaded.documents] == ["t.jsonl#1", "t.jsonl#6"]
    said = sorted(str(failure.message) for failure in loaded.failures)
    assert [text.split(":")[0] for text in said] == [f"t.jsonl#{n}" for n in (2, 3, 4, 5)]
    assert "line 4 is not JSON" in said[2]
    assert "its fields are 'title'" in said[3]


def test_a_row_with_too_many_cells_is_told():
    extraction = extract_csv(b"id,text\n1,one\n2,two,three\n\n3,four\n")
    assert [d.text for d in extraction.documents] == ["one", "four"]
    assert extraction.failures[0].message == "3 cells where the first row has 2"


def test_rows_without_an_id_go_by_address_then_number():
    extraction = extract_lines(
        as_lines([{"text": "one", "url": "https://e.org/1"}, {"text": "two"}])
    )
    assert [d.key for d in extraction.documents] == ["https://e.org/1", "2"]


def test_html_in_a_field_is_read_as_a_reader_sees_it():
    record = {
        "title": {"rendered": "T"},
        "content": {"rendered": "<p>أول</p><p style='display:none'>x</p><p>ثان</p>"},
    }
    extraction = extract_json(json.dumps([record]).encode())
    assert (extraction.documents[0].text, extraction.documents[0].title) == ("أول\n\nثان", "T")
    assert [note.code for note in extraction.notes] == ["markup"]


@pytest.mark.parametrize(
    ("extract", "content", "reason", "message"),
    [
        (
            extract_csv,
            b"a,b\n1,2\n",
            "no_text_field",
            "expected text, body or content, found 'a', 'b'",
        ),
        (extract_csv, b'id,text\n1,"open\n', "damaged", "not a table: line 2"),
        (extract_json, b"[1, 2", "damaged", "not JSON"),
        (extract_json, b"3", "wrong_kind", "neither a record nor a list"),
        (extract_json, b'[{"a": 1}]', "no_text_field", "its fields are 'a'"),
        (extract_json, b'{"a": [{"b": 1}]}', "no_text_field", "its fields are 'b'"),
    ],
)
def test_files_without_articles_are_told(extract, content, reason, message):
    with pytest.raises(Refusal, match=message) as caught:
        extract(content)
    assert caught.value.reason == reason
    assert caught.value.hint


words = texts.filter(
    lambda t: any(c.isalnum() for c in t) and "<" not in t and not t.startswith("\ufeff")
)


@given(st.lists(words, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_texts_of_rows_are_never_changed(parts):
    records = [{"text": text} for text in parts]
    for extract, content in (
        (extract_lines, as_lines(records)),
        (extract_json, json.dumps(records).encode()),
        (extract_csv, as_csv(records, quoting=csv.QUOTE_ALL)),
    ):
        assert [d.text for d in extract(content).documents] == parts
