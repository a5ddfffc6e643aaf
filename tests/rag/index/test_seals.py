"""Flipped bits in the truth itself: in what is told about a document, in its passages and vectors."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexDamaged
from rag.index.collection import Collection
from rag.index.truth import FORMAT, NAME
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, articles, content
from tests.strategies import document

FIXTURE = Path(__file__).parent / "format-1"
TOLD = replace(
    document(ARTICLES["ar/kyiv.txt"], "ar/kyiv.txt"),
    title="عنوان فريد",
    source="https://marked.example/1",
    published="2025-11-02",
    media_type="text/x-marked",
    origin="file:///marked/place.txt",
    pages=(0, 31),
    tags=("marked tag", "وسم فريد"),
    metadata={"marked": {"author": "سارة"}},
)
MARKS = {
    "title": "عنوان فريد",
    "source": "https://marked.example/1",
    "published": "2025-11-02",
    "media_type": "text/x-marked",
    "pages": "[0, 31]",
    "tags": '["marked tag", "وسم فريد"]',
    "metadata": '{"marked": {"author": "سارة"}}',
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    collection = Collection(tmp_path_factory.mktemp("made") / "default")
    collection.ingest([TOLD, *articles()[1:]], HashingEmbedder())
    return collection.folder


@pytest.fixture
def collection(made, tmp_path):
    shutil.copytree(made, tmp_path / "default")
    return Collection(tmp_path / "default")


def flipped(path, place, bit):
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def place_of(path, mark):
    """Where the only occurrence of a value lies in the file."""
    data = path.read_bytes()
    assert data.count(mark) == 1
    return data.index(mark)


@pytest.mark.parametrize("column", MARKS)
def test_any_flipped_bit_of_what_is_told_is_found_and_named(collection, column):
    path = collection.folder / NAME
    mark, good = MARKS[column].encode(), path.read_bytes()
    first = place_of(path, mark)
    for number in range(0, 8 * len(mark), 5):
        path.write_bytes(good)
        flipped(path, first + number // 8, number % 8)
        with pytest.raises(IndexDamaged, match=r"1 stored document.*ar/kyiv\.txt") as caught:
            collection.verify()
        assert caught.value.exit_code == 65
        assert "ingest" in caught.value.hint
        index = collection.open(HashingEmbedder())
        with pytest.raises(IndexDamaged, match=r"ar/kyiv\.txt") as caught:
            index.document("ar/kyiv.txt")
        assert "ingest" in caught.value.hint
        assert index.document("en/kyiv.txt").text == ARTICLES["en/kyiv.txt"]
        index.close()


@pytest.mark.parametrize("bit", [1, 7])  # the highest one leaves what is no UTF-8
@pytest.mark.parametrize("column", [*MARKS, "text", "language"])
def test_ingesting_the_article_again_puts_right_what_was_flipped(collection, column, bit):
    path = collection.folder / NAME
    if column == "language":
        changed(path, "UPDATE documents SET language = 'en' WHERE id = 'ar/kyiv.txt'")
    else:
        mark = MARKS.get(column, TOLD.text).encode()
        flipped(path, place_of(path, mark) + len(mark) // 2, bit)
    with pytest.raises(IndexDamaged, match=r"ar/kyiv\.txt"):
        collection.verify()
    planned = collection.preview([TOLD, *articles()[1:]])
    report = collection.ingest([TOLD, *articles()[1:]], HashingEmbedder())
    assert planned.changed == report.changed == ("ar/kyiv.txt",)
    assert collection.verify().documents == len(ARTICLES)
    index = collection.open(HashingEmbedder())
    assert index.document("ar/kyiv.txt") == TOLD
    assert content(index) == ARTICLES
    index.close()
    assert collection.ingest([TOLD], NoModel()).unchanged == ("ar/kyiv.txt",)


@pytest.mark.parametrize(
    "harm",
    [
        'UPDATE passages SET "start" = "start" + 1 WHERE document = 1',
        'UPDATE passages SET "end" = "end" - 1 WHERE document = 1',
        "UPDATE passages SET language = 'en' WHERE document = 1",
        "UPDATE passages SET vector = zeroblob(length(vector)) WHERE document = 1",
        "DELETE FROM passages WHERE document = 1",
    ],
)
def test_an_altered_passage_is_found_and_made_anew(collection, harm):
    index = collection.open(HashingEmbedder())
    before = index.passages([passage_id(index)])
    index.close()
    changed(collection.folder / NAME, harm)
    with pytest.raises(IndexDamaged, match=r"1 stored document.*ar/kyiv\.txt"):
        collection.verify()
    report = collection.ingest([TOLD], HashingEmbedder())
    assert report.changed == ("ar/kyiv.txt",)
    assert report.embedded_passages > 0  # the stored vectors are not trusted
    assert collection.verify()
    index = collection.open(HashingEmbedder())
    assert index.passages([passage_id(index)]) == before
    index.close()


def passage_id(index):
    (hit, *_) = index.nearest(HashingEmbedder().embed_queries([TOLD.text])[0], 1)
    return hit.passage_id


@pytest.mark.parametrize("column", ["origin", "sha256", "id"])
def test_a_flipped_bit_in_what_the_database_also_keeps_in_order_is_found(collection, column):
    path = collection.folder / NAME
    changed(path, "DELETE FROM log")  # which names it too
    data, mark = path.read_bytes(), getattr(TOLD, column).encode()
    places = [n for n in range(len(data)) if data.startswith(mark, n)]
    assert len(places) >= 2  # the row, and an index of the database
    for place in places:
        path.write_bytes(data)
        flipped(path, place + len(mark) // 2, 0)
        with pytest.raises(IndexDamaged) as caught:
            collection.verify()
        assert caught.value.hint


def changed(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_moved_file_keeps_its_seal_and_damage_stays_damage(collection):
    moved = replace(TOLD, origin="file:///other/place.txt")
    assert collection.ingest([moved], NoModel()).unchanged == ("ar/kyiv.txt",)
    assert collection.verify()
    changed(collection.folder / NAME, "UPDATE documents SET title = 'x' WHERE id = 'en/kyiv.txt'")
    copy = replace(document(ARTICLES["en/kyiv.txt"], "copy.txt"), origin="file:///copy.txt")
    collection.ingest([copy], NoModel())
    with pytest.raises(IndexDamaged, match=r"en/kyiv\.txt"):
        collection.verify()


def test_a_damaged_document_cannot_hide_in_a_backup(collection, tmp_path):
    changed(collection.folder / NAME, "UPDATE documents SET title = 'x' WHERE id = 'en/kyiv.txt'")
    with pytest.raises(IndexDamaged, match=r"en/kyiv\.txt"):
        collection.backup(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.fixture
def unsealed(made, tmp_path):
    """As format 2 was: the same without seals."""
    shutil.copytree(made, tmp_path / "two")
    changed(tmp_path / "two" / NAME, "DROP TABLE seals")
    changed(tmp_path / "two" / NAME, "DELETE FROM meta WHERE key = 'passaging'")
    changed(tmp_path / "two" / NAME, "PRAGMA user_version=2")
    return Collection(tmp_path / "two")


def test_documents_stored_before_there_were_seals_are_accepted_and_sealed_at_the_next_write(
    unsealed,
):
    before = (unsealed.folder / NAME).read_bytes()
    index = unsealed.open(HashingEmbedder())
    assert index.document("ar/kyiv.txt") == TOLD
    index.close()
    assert unsealed.verify()
    assert (unsealed.folder / NAME).read_bytes() == before
    unsealed.delete(["en/mixed.txt"])
    connection = sqlite3.connect(unsealed.folder / NAME)
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    (sealed,) = connection.execute("SELECT count(*) FROM seals").fetchone()
    (stored,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    connection.close()
    assert sealed == stored > 0
    assert unsealed.verify()
    changed(unsealed.folder / NAME, "UPDATE documents SET title = 'x' WHERE id = 'ar/kyiv.txt'")
    with pytest.raises(IndexDamaged, match=r"ar/kyiv\.txt"):
        unsealed.verify()


def test_no_seal_is_left_of_what_was_deleted(collection):
    collection.delete(["ar/kyiv.txt"])
    collection.compact()
    connection = sqlite3.connect(collection.folder / NAME)
    (sealed,) = connection.execute("SELECT count(*) FROM seals").fetchone()
    connection.close()
    assert sealed == len(ARTICLES) - 1
