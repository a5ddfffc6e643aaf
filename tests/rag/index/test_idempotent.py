"""Fifty files ingested again and again, and renamed: nothing is embedded twice, nothing moves."""

from __future__ import annotations

import pytest

from rag.engine import Engine
from rag.settings import Settings
from tests.rag.index.fakes import HashingEmbedder, NoModel, content

FILES = 50


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(FILES):
        text = f"Article {number} about Kyiv. مقال رقم {number} عن كييف.\n\nThe end of {number}.\n"
        (folder / f"{number:02}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setattr(Engine, "embedder", HashingEmbedder())
    return Engine(Settings(indexes=tmp_path / "indexes"))


def state(engine):
    index = engine.index()
    passages = sorted(
        hit.passage_id for hit in index.nearest(HashingEmbedder().embed_queries(["Kyiv"])[0], 1000)
    )
    return content(index), passages, index.state, len(index), index.count_documents()


def test_the_same_files_again_change_and_embed_nothing(engine, folder, monkeypatch):
    assert len(engine.ingest([folder])[1].added) == FILES
    before = state(engine)
    monkeypatch.setattr(Engine, "embedder", NoModel())
    for _ in range(2):
        report = engine.ingest([folder])[1]
        assert len(report.unchanged) == FILES
        assert (report.added, report.changed, report.removed, report.embedded_passages) == (
            (),
            (),
            (),
            0,
        )
        assert report.generation == before[2].generation
    monkeypatch.setattr(Engine, "embedder", HashingEmbedder())
    assert state(engine) == before


def test_renamed_files_keep_their_documents(engine, folder, monkeypatch):
    engine.ingest([folder])
    before = state(engine)
    for number in range(0, FILES, 5):
        (folder / f"{number:02}.txt").rename(folder / f"renamed-{number}.txt")
    (folder / "deeper").mkdir()
    (folder / "01.txt").rename(folder / "deeper" / "01.txt")
    monkeypatch.setattr(Engine, "embedder", NoModel())
    report = engine.ingest([folder])[1]
    assert len(report.unchanged) == FILES
    assert (report.added, report.changed, report.duplicates) == ((), (), ())
    monkeypatch.setattr(Engine, "embedder", HashingEmbedder())
    assert state(engine) == before
    # What is told stays true of where the bytes now are: a change there is one of the same document.
    (folder / "renamed-5.txt").write_text("Now other words about Kyiv.", encoding="utf-8")
    assert engine.ingest([folder])[1].changed == ("05.txt",)
