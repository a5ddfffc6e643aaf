"""What one document costs the database does not grow with the documents it holds."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from rag.index import truth
from rag.index.collection import Collection
from tests.rag.index.fakes import ARTICLES, HashingEmbedder
from tests.strategies import document


@pytest.fixture
def traced(monkeypatch):
    """Every statement that is run, with its values."""
    statements = []
    connect = sqlite3.connect

    def watched(*given, **named):
        connection = connect(*given, **named)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(truth.sqlite3, "connect", watched)
    return statements


def test_no_table_is_read_through_for_one_document(tmp_path, traced):
    stored = [document(text, id) for id, text in ARTICLES.items()]
    record = replace(
        document("Kyiv hopes. كييف تأمل.", "t.csv#1"), media_type="text/csv", origin="t.csv#1"
    )
    collection = Collection(tmp_path / "facts")
    collection.ingest([*stored, record], HashingEmbedder())
    with collection.writing(HashingEmbedder()) as writer:
        traced.clear()
        writer.put(document("A new article. مقال جديد.", "new.txt"))
        writer.put(replace(stored[0], title="Another title"))
        writer.put(stored[1])
        writer.commit()
        writer.remove_missing_records(["t.csv", *ARTICLES], set())
        run = [one for one in traced if one.startswith(("SELECT", "UPDATE", "DELETE"))]
    asked = sqlite3.connect(tmp_path / "facts" / truth.NAME)
    plans = {one: [row[3] for row in asked.execute(f"EXPLAIN QUERY PLAN {one}")] for one in run}
    assert any("media_type IN" in one for one in plans)
    for one, plan in plans.items():
        assert not [step for step in plan if step.startswith("SCAN")], (one, plan)


@pytest.mark.parametrize("file", ["a.csv", "a%.csv", "a_.csv", "بيانات.csv", "a.csv#1", "a"])
def test_the_records_of_a_file_are_those_whose_origin_names_it(tmp_path, file):
    names = ["a.csv", "a%.csv", "ab.csv", "a_.csv", "a.csv$", 'a.csv"', "A.csv", "بيانات.csv"]
    origins = [f"{name}#{number}" for name in names for number in (1, 2)] + names
    collection = Collection(tmp_path / "facts")
    collection.ingest(
        [
            replace(document(f"Record {n}", origin), media_type="text/csv", origin=origin)
            for n, origin in enumerate(origins)
        ],
        HashingEmbedder(),
    )
    found = truth.Truth(tmp_path / "facts" / truth.NAME)
    expected = sorted((one, one) for one in origins if one.startswith(f"{file}#"))
    assert found.records_of(file, ["text/csv"]) == expected
    assert found.records_of(file, ["application/json"]) == []
    found.close()
