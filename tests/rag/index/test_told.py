"""What is told about documents: kept, changed without embedding, read from records, checked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rag.documents import load
from rag.engine import Engine
from rag.errors import InvalidParameter
from rag.filters import parse_all
from rag.index.changes import record_files
from rag.index.collection import Collection
from rag.ingest.prune import vanished
from rag.settings import Settings
from tests.rag.index.fakes import HashingEmbedder, NoModel, articles, content
from tests.strategies import document


@pytest.fixture
def collection(tmp_path):
    return Collection(tmp_path / "indexes" / "default")


def only(collection, *filters):
    index = collection.open()
    try:
        return [summary.id for summary in index.where(parse_all(filters)).documents()]
    finally:
        index.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "عنوان"},
        {"source": "https://news.example/1"},
        {"published": "2025-02-28"},
        {"language": "en"},
        {"tags": ("أخبار",)},
        {"metadata": {"author": {"name": "سارة"}}},
        {"pages": (0, 9)},
    ],
    ids=str,
)
def test_another_title_or_tag_is_a_new_version_without_embedding(collection, fields):
    first = collection.ingest(articles(), HashingEmbedder())
    held = collection.open()
    before = held.document("ar/kyiv.txt")
    report = collection.ingest([replace(before, **fields)], NoModel())
    assert (report.changed, report.embedded_passages) == (("ar/kyiv.txt",), 0)
    assert report.generation != first.generation
    after = collection.open().document("ar/kyiv.txt")
    assert after == replace(before, **fields)
    assert held.document("ar/kyiv.txt") == before  # a reader keeps to its generation
    held.close()
    again = collection.ingest([after], NoModel())
    assert (again.unchanged, again.generation) == (("ar/kyiv.txt",), report.generation)


def test_filters_see_what_their_generation_holds(collection):
    collection.ingest(articles(), HashingEmbedder())
    held = collection.open()
    tagged = replace(held.document("en/kyiv.txt"), tags=("new",))
    assert only(collection, "tags=new") == []
    collection.ingest([tagged], NoModel())
    assert only(collection, "tags=new") == ["en/kyiv.txt"]
    assert held.where(parse_all(["tags=new"])).count_documents() == 0
    held.close()


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"metadata": ["a"]}, "is list, expected an object"),
        ({"metadata": {"a": float("nan")}}, "JSON"),
        ({"metadata": {"a": {1, 2}}}, "JSON"),
        ({"metadata": {1: "a"}}, "not text"),
        ({"metadata": {"a": "x" * 70_000}}, "at most 65536"),
        ({"metadata": {"a": "\ud800"}}, "JSON"),
        ({"metadata": json.loads('{"a":' * 20 + "1" + "}" * 20)}, "16 deep"),
        ({"tags": "news"}, "str, expected a list"),
        ({"tags": ("a", "")}, "1 to 200"),
        ({"tags": (7,)}, "1 to 200"),
        ({"tags": ("x" * 201,)}, "1 to 200"),
        ({"tags": ("a",) * 101}, "101 of them"),
        ({"tags": ("\udfff",)}, "UTF-8"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_changed(collection, fields, match):
    collection.ingest(articles()[:1], HashingEmbedder())
    documents = [articles()[1], replace(articles()[2], **fields)]
    with pytest.raises(InvalidParameter, match=match) as caught:
        collection.ingest(documents, NoModel())
    assert str(caught.value).encode()
    assert list(content(collection.open())) == ["ar/kyiv.txt"]
    assert not collection.pending()


def test_tags_are_kept_trimmed_and_once(collection):
    collection.ingest([replace(articles()[0], tags=(" a  b ", "c", "a b"))], HashingEmbedder())
    assert collection.open().document("ar/kyiv.txt").tags == ("a b", "c")


RECORDS = [
    {"id": "a", "text": "Kyiv hopes to free 1,200 prisoners.", "date": "2025-11-02",
     "tags": ["World", "حرب"], "author": {"name": "سارة"}, "words": 6},
    {"id": "b", "نص": "عاد الماء إلى المدينة في مايو.", "الوسوم": "ماء، مدينة", "desk": "الدوحة"},
    {"id": "c", "text": "The pipes are old.", "description": "x" * 5000, "words": 4, "none": None},
]  # fmt: skip


def write(file, records):
    file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records), "utf-8")


def test_the_other_fields_of_a_record_are_its_metadata(tmp_path, collection):
    write(tmp_path / "news.jsonl", RECORDS)
    loaded = load([tmp_path / "news.jsonl"])
    assert [told.note.code for told in loaded.notes] == ["metadata"]
    collection.ingest(loaded.documents, HashingEmbedder())
    index = collection.open()
    first = index.document("news.jsonl#a")
    assert (first.tags, first.published) == (("World", "حرب"), "2025-11-02")
    assert first.metadata == {"author": {"name": "سارة"}, "words": 6}
    second = index.document("news.jsonl#b")
    assert (second.tags, second.metadata) == (("ماء", "مدينة"), {"desk": "الدوحة"})
    assert index.document("news.jsonl#c").metadata == {"words": 4}
    assert only(collection, "author.name=ساره") == ["news.jsonl#a"]
    assert only(collection, "words>4", "tags=world") == ["news.jsonl#a"]
    assert only(collection, "desk~دوحة") == ["news.jsonl#b"]


def engine_of(tmp_path, monkeypatch):
    engine = Engine(Settings(indexes=tmp_path / "indexes"))
    monkeypatch.setattr(Engine, "embedder", HashingEmbedder())
    return engine


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_row_that_vanished_from_its_file_is_removed(tmp_path, monkeypatch, suffix):
    file, engine = tmp_path / "files" / f"news.{suffix}", engine_of(tmp_path, monkeypatch)
    file.parent.mkdir()
    (file.parent / "beside.txt").write_text("Another file about water.", encoding="utf-8")
    texts = [f"Article number {n} about Kyiv." for n in range(4)]

    def put(kept):
        if suffix == "csv":
            lines = ["id,text", *(f"{n},{texts[n]}" for n in kept)]
            file.write_text("\n".join(lines), encoding="utf-8")
        else:
            write(file, [{"id": n, "text": texts[n]} for n in kept])
        return engine.ingest([file.parent])[1]

    assert len(put([0, 1, 2, 3]).added) == 5
    report = put([0, 2, 3])
    assert report.removed == (f"news.{suffix}#1",)
    assert (report.added, report.changed, report.embedded_passages) == ((), (), 0)
    assert f"news.{suffix}#1" not in content(engine.index())
    assert put([0, 2, 3]).removed == ()
    assert put([1, 0, 2, 3]).added == (f"news.{suffix}#1",)


def test_rows_without_ids_move_up_without_being_embedded_again(tmp_path, monkeypatch):
    file, engine = tmp_path / "news.csv", engine_of(tmp_path, monkeypatch)
    texts = [f"Article number {n} about Kyiv." for n in range(5)]
    file.write_text("\n".join(["text", *texts]), encoding="utf-8")
    engine.ingest([file])
    del texts[1]
    file.write_text("\n".join(["text", *texts]), encoding="utf-8")
    report = engine.ingest([file])[1]
    assert report.removed == ("news.csv#5",)
    assert report.embedded_passages == 0
    assert list(content(engine.index()).values()) == texts


def test_a_row_that_repeated_the_one_removed_takes_its_place(tmp_path, monkeypatch):
    file, engine = tmp_path / "news.jsonl", engine_of(tmp_path, monkeypatch)
    same = "Kyiv hopes to free 1,200 prisoners."
    write(
        file, [{"id": "a", "text": same}, {"id": "b", "text": same}, {"id": "c", "text": "Else."}]
    )
    assert engine.ingest([file])[1].duplicates == (("news.jsonl#b", "news.jsonl#a"),)
    write(file, [{"id": "b", "text": same}, {"id": "c", "text": "Else."}])
    report = engine.ingest([file])[1]
    assert (report.removed, report.added) == (("news.jsonl#a",), ("news.jsonl#b",))
    assert report.embedded_passages == 0
    assert content(engine.index())["news.jsonl#b"] == same


def test_nothing_is_removed_for_a_file_that_was_not_read_wholly(tmp_path, monkeypatch):
    file, engine = tmp_path / "news.jsonl", engine_of(tmp_path, monkeypatch)
    write(file, RECORDS)
    engine.ingest([file])
    file.write_text(json.dumps(RECORDS[0]) + "\n{half a line", encoding="utf-8")
    read, report = engine.ingest([file])
    assert read.failures
    assert report.removed == ()
    file.write_text("no,text\n1,2", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Another file.", encoding="utf-8")
    assert engine.ingest([file, tmp_path / "b.txt"])[1].removed == ()
    assert len(content(engine.index())) == 4


def gone_below(engine, folder):
    return list(vanished(engine.collection.origins(), [folder]))


def test_files_that_vanished_from_a_folder_stay_until_somebody_says_so(tmp_path, monkeypatch):
    folder, engine = tmp_path / "files", engine_of(tmp_path, monkeypatch)
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c 100%.txt"):
        (folder / name).write_text(f"The article {name} about Kyiv.", encoding="utf-8")
    write(folder / "rows.jsonl", RECORDS)
    engine.ingest([folder])
    (folder / "a.txt").unlink()
    (folder / "c 100%.txt").unlink()
    assert engine.ingest([folder])[1].removed == ()
    assert gone_below(engine, folder) == ["a.txt", "c 100%.txt"]
    assert gone_below(engine, tmp_path / "elsewhere") == []
    engine.delete(gone_below(engine, tmp_path))
    (folder / "rows.jsonl").unlink()
    gone = gone_below(engine, folder)
    assert gone == ["rows.jsonl#a", "rows.jsonl#b", "rows.jsonl#c"]
    assert set(content(engine.index())) == {"b.txt", *gone}


def test_what_lies_in_an_archive_is_not_gone(tmp_path, monkeypatch):
    import zipfile

    engine = engine_of(tmp_path, monkeypatch)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("news.txt", "Kyiv hopes to free 1,200 prisoners.")
    engine.ingest([tmp_path / "all.zip"])
    assert gone_below(engine, tmp_path) == []
    (tmp_path / "all.zip").unlink()
    assert gone_below(engine, tmp_path) == ["all.zip/news.txt"]


def test_feeds_forget_and_the_store_does_not(tmp_path):
    feed = replace(
        document("An entry.", "f.xml#1"),
        origin="file:///f.xml#1",
        media_type="application/feed+xml",
    )
    row = replace(document("A row.", "t.csv#1"), origin="file:///t.csv#1", media_type="text/csv")
    assert record_files([feed, row]) == ["file:///t.csv"]
    collection = Collection(tmp_path / "c")
    collection.ingest([feed, row], HashingEmbedder())
    other = replace(document("Another.", "x"), origin="file:///x")
    report = collection.ingest([other], HashingEmbedder(), whole=["file:///f.xml", "file:///t.csv"])
    assert report.removed == ("t.csv#1",)
