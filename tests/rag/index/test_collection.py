"""What a collection does with documents: add, change, move, repeat, delete."""

from __future__ import annotations

import shutil

import pytest

from rag.documents import load
from rag.engine import Engine
from rag.errors import IndexMismatch, NoIndex, UnknownDocument
from rag.index.collection import Collection
from rag.settings import Settings
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, answers, articles, content
from tests.strategies import document


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    for id, text in ARTICLES.items():
        (folder / id).parent.mkdir(parents=True, exist_ok=True)
        (folder / id).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def collection(tmp_path):
    return Collection(tmp_path / "indexes" / "default")


def ingest(collection, *paths, embedder=None):
    return collection.ingest(load(list(paths)).documents, embedder or HashingEmbedder())


def stored(collection):
    index = collection.open()
    try:
        return content(index)
    finally:
        index.close()


def test_ingesting_again_embeds_and_publishes_nothing(collection, files):
    first = ingest(collection, files)
    assert set(first.added) == set(ARTICLES)
    assert first.embedded_passages == len(collection.open())
    written = (collection.folder / "truth.sqlite3").stat().st_mtime_ns
    again = ingest(collection, files, embedder=NoModel())
    assert (collection.folder / "truth.sqlite3").stat().st_mtime_ns == written
    assert set(again.unchanged) == set(ARTICLES)
    assert (again.added, again.changed, again.embedded_passages) == ((), (), 0)
    assert again.generation == first.generation


def test_a_changed_document_embeds_only_what_changed(collection, tmp_path):
    paragraphs = [f"# Part {n}\n\n" + f"Sentence number {n} of it. " * 20 for n in range(5)]
    file = tmp_path / "long.txt"
    file.write_text("\n\n".join(paragraphs), encoding="utf-8")
    count = ingest(collection, file).embedded_passages
    paragraphs[2] = paragraphs[2].replace("Sentence", "جملة")
    file.write_text("\n\n".join(paragraphs), encoding="utf-8")
    spy = HashingEmbedder()
    report = ingest(collection, file, embedder=spy)
    assert report.changed == ("long.txt",)
    assert 0 < len(spy.texts) == report.embedded_passages < count
    assert all("جملة" in text for text in spy.texts)
    assert stored(collection) == {"long.txt": "\n\n".join(paragraphs)}


def test_what_is_deleted_is_found_no_more(collection, files):
    ingest(collection, files)
    report = collection.delete(["en/kyiv.txt", "en/kyiv.txt"])
    assert report.removed == ("en/kyiv.txt",)
    index = collection.open()
    assert set(content(index)) == set(ARTICLES) - {"en/kyiv.txt"}
    assert not any(hit.passage_id.startswith("en/kyiv") for hit in index.matching({"kyiv": 1}, 9))
    assert ingest(collection, files).added == ("en/kyiv.txt",)


def test_deleting_an_unknown_document_changes_nothing(collection, files):
    before = ingest(collection, files).generation
    with pytest.raises(UnknownDocument, match=r"'nowhere\.txt'"):
        collection.delete(["en/kyiv.txt", "nowhere.txt"])
    assert set(stored(collection)) == set(ARTICLES)
    assert collection.open().state.generation == before
    assert not collection.pending()


def test_the_same_text_elsewhere_is_reported_not_stored_twice(collection, files):
    shutil.copy(files / "en/kyiv.txt", files / "en/copy.txt")
    report = ingest(collection, files)
    assert report.duplicates == (("en/kyiv.txt", "en/copy.txt"),)
    assert len(stored(collection)) == len(ARTICLES)


def test_a_copy_is_stored_when_what_it_repeats_changes_after_it(collection, files):
    """``a`` is read first and still repeats the old ``b``: its text must not be lost."""
    (files / "a.txt").write_text(ARTICLES["en/kyiv.txt"], encoding="utf-8")
    shutil.move(files / "en/kyiv.txt", files / "b.txt")
    ingest(collection, files / "b.txt")
    assert ingest(collection, files).duplicates == (("a.txt", "b.txt"),)
    (files / "b.txt").write_text("Something else now.", encoding="utf-8")
    report = ingest(collection, files)
    assert (report.added, report.changed, report.duplicates) == (("a.txt",), ("b.txt",), ())
    assert stored(collection)["a.txt"] == ARTICLES["en/kyiv.txt"]
    assert ingest(collection, files, embedder=NoModel()).duplicates == ()


def test_a_moved_file_keeps_its_id_and_its_vectors(collection, files):
    ingest(collection, files)
    (files / "en/kyiv.txt").rename(files / "en/moved.txt")
    report = ingest(collection, files, embedder=NoModel())
    assert "en/kyiv.txt" in report.unchanged
    (files / "en/moved.txt").write_text("Now another text.", encoding="utf-8")
    assert ingest(collection, files).changed == ("en/kyiv.txt",)
    assert stored(collection)["en/kyiv.txt"] == "Now another text."


def test_the_same_name_in_another_folder_is_another_article(collection, tmp_path):
    texts = {"one": "Kyiv\r\nspoke. كِييف \u200f", "two": "London\tspoke. ﷺ é e\u0301"}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "news.txt").write_bytes(text.encode())
        ingest(collection, tmp_path / name)
    assert stored(collection) == {"news.txt": texts["one"], "two/news.txt": texts["two"]}
    assert {d.source for d in collection.open().documents()} == {"news.txt", "two/news.txt"}
    assert ingest(collection, tmp_path / "two", embedder=NoModel()).unchanged == ("two/news.txt",)


def test_many_small_transactions_store_everything(collection, monkeypatch):
    monkeypatch.setattr("rag.index.changes._DOCUMENTS_A_COMMIT", 2)
    seen = []
    collection.ingest(articles(), HashingEmbedder(), lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert stored(collection) == ARTICLES
    monkeypatch.setattr("rag.index.changes._CHARACTERS_A_COMMIT", 1)
    assert len(collection.ingest(articles(), NoModel()).unchanged) == 5


def test_a_truth_ahead_of_its_manifest_is_published_by_the_next_ingest(collection, monkeypatch):
    collection.ingest(articles()[:2], HashingEmbedder())
    with monkeypatch.context() as patch:
        patch.setattr(Collection, "_publish", lambda *_: 1 / 0)  # killed just before
        with pytest.raises(ZeroDivisionError):
            collection.ingest(articles()[2:], HashingEmbedder())
    assert collection.pending()
    assert len(stored(collection)) == 2
    report = collection.ingest(articles(), NoModel())
    assert len(report.unchanged) == 5
    assert not collection.pending()
    assert stored(collection) == ARTICLES


def test_another_embedder_is_refused_with_both_names(collection):
    collection.ingest(articles(), HashingEmbedder("first"))
    for attempt in (
        lambda: collection.open(HashingEmbedder("second")),
        lambda: collection.ingest([], HashingEmbedder("second")),
    ):
        with pytest.raises(IndexMismatch, match=r"first@16.*second@16"):
            attempt()
    assert stored(collection) == ARTICLES


@pytest.mark.parametrize("action", ["open", "rebuild"])
def test_where_nothing_was_stored_there_is_no_index(collection, action):
    with pytest.raises(NoIndex, match="default"):
        getattr(collection, action)()
    assert collection.latest() is None
    assert not collection.pending()
    assert collection.ingest(articles(), HashingEmbedder()).generation


def test_an_index_opened_earlier_answers_as_before_until_it_is_closed(collection):
    collection.ingest(articles(), HashingEmbedder())
    opened = collection.open()
    before, held = answers(opened), opened.state.generation
    for round in range(4):
        text = ARTICLES["en/kyiv.txt"] + f"Round {round}."
        collection.ingest([document(text, "en/kyiv.txt")], HashingEmbedder())
    collection.delete(["en/water.txt", "ar/kyiv.txt"])
    assert answers(opened) == before
    assert content(opened) == ARTICLES
    assert (collection.folder / held).is_dir()
    opened.close()
    collection.delete(["ar/water.txt"])
    assert not (collection.folder / held).exists()
    assert len(list(collection.folder.glob("gen-*"))) == 2


def test_the_engine_moves_to_the_newest_generation_and_frees_the_old(tmp_path, files):
    engine = Engine(Settings(indexes=tmp_path / "indexes"))
    engine.ingest([files])
    held = engine.index().state.generation
    for id in ("en/kyiv.txt", "ar/water.txt", "ar/kyiv.txt"):
        engine.delete([id])
        assert engine.count_documents() == len(engine.documents())
        assert engine.index().matching({"town": 1.0}, 5)
    assert not (engine.collection.folder / held).exists()
