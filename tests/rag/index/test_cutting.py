"""Collections whose passages were cut by other rules: told apart, refused, cut anew by a rebuild."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rag import passages
from rag.errors import IndexMismatch
from rag.index import changes, manifest, recut
from rag.index import collection as module
from rag.index.collection import Collection
from rag.index.truth import NAME
from rag.passages import FIRST_PASSAGES_VERSION, PASSAGES_VERSION
from rag.types import Passage
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, answers, articles, content
from tests.strategies import document

FIXTURE = Path(__file__).parent / "format-1"
ANOTHER = "another/1"


def cut_by_line(given):
    """Rules of another version: a passage a line."""
    found, start = [], 0
    for line in given.text.splitlines(keepends=True):
        text = line.strip()
        if text:
            at = start + line.index(text)
            found.append(
                Passage(
                    id=passages.passage_id(given.id, at, at + len(text)),
                    document_id=given.id,
                    start=at,
                    end=at + len(text),
                    text=text,
                    language=given.language,
                )
            )
        start += len(line)
    return tuple(found)


@pytest.fixture
def collection(tmp_path):
    made = Collection(tmp_path / "default")
    made.ingest([*articles(), document("One line only.", "one.txt")], HashingEmbedder())
    return made


@pytest.fixture
def another_version(collection, monkeypatch):
    """From here on the rules are others."""
    for place in (changes, recut):
        monkeypatch.setattr(place, "cut", cut_by_line)
    for place in (module, recut):
        monkeypatch.setattr(place, "PASSAGES_VERSION", ANOTHER)


def said(collection):
    index = collection.open(HashingEmbedder())
    try:
        return content(index), answers(index), len(index)
    finally:
        index.close()


def recorded(collection):
    connection = sqlite3.connect(collection.folder / NAME)
    rows = connection.execute("SELECT value FROM meta WHERE key = 'passaging'").fetchall()
    connection.close()
    return [value for (value,) in rows]


@pytest.mark.usefixtures("another_version")
def test_other_rules_are_refused_with_both_versions_and_what_to_do(collection):
    assert recorded(collection) == [PASSAGES_VERSION]
    before = (collection.folder / NAME).read_bytes()
    for action in (
        lambda: collection.open(HashingEmbedder()),
        lambda: collection.ingest(articles(), HashingEmbedder()),
        lambda: collection.preview(articles()),
    ):
        with pytest.raises(IndexMismatch) as caught:
            action()
        assert PASSAGES_VERSION in caught.value.message
        assert ANOTHER in caught.value.message
        assert "sanad rebuild" in caught.value.hint
        assert caught.value.exit_code == 65
    assert (collection.folder / NAME).read_bytes() == before


@pytest.mark.usefixtures("another_version")
def test_a_rebuild_cuts_anew_and_embeds_only_what_is_new(collection, tmp_path):
    spy = HashingEmbedder()
    collection.rebuild(lambda: spy)
    assert spy.texts
    assert "One line only." not in spy.texts  # the same under both rules
    assert recorded(collection) == [ANOTHER]
    assert collection.latest().passaging == ANOTHER
    fresh = Collection(tmp_path / "fresh")
    fresh.ingest([*articles(), document("One line only.", "one.txt")], HashingEmbedder())
    mine, theirs = said(collection), said(fresh)
    assert (mine[0], mine[2]) == (theirs[0], theirs[2])
    assert sorted(map(str, mine[1])) == sorted(map(str, theirs[1]))
    assert collection.verify()
    assert not collection.pending()
    assert len(collection.ingest(articles(), NoModel()).unchanged) == len(ARTICLES)


@pytest.mark.usefixtures("another_version")
def test_a_rebuild_that_is_killed_goes_on_where_it_was(collection, monkeypatch):
    monkeypatch.setattr(recut, "_DOCUMENTS_A_COMMIT", 2)

    class Killed(HashingEmbedder):
        def embed_passages(self, texts):
            if len(self.texts) > 3:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    killed = Killed()
    with pytest.raises(KeyboardInterrupt):
        collection.rebuild(lambda: killed)
    assert recorded(collection) == [PASSAGES_VERSION]
    with pytest.raises(IndexMismatch, match=ANOTHER):
        collection.open(HashingEmbedder())
    spy = HashingEmbedder()
    collection.rebuild(lambda: spy)
    assert spy.texts
    assert killed.texts
    assert not set(spy.texts) & set(killed.texts[:2])  # what was committed is kept
    assert said(collection)[0].keys() == {*ARTICLES, "one.txt"}


@pytest.mark.usefixtures("another_version")
def test_a_rebuild_by_other_rules_needs_the_model_of_the_collection(collection):
    with pytest.raises(IndexMismatch, match=r"hashing@16.*other@16"):
        collection.rebuild(lambda: HashingEmbedder("other"))
    with pytest.raises(IndexMismatch, match=ANOTHER):
        collection.rebuild()


@pytest.mark.usefixtures("another_version")
def test_what_cuts_nothing_goes_on_and_does_not_hide_the_version(collection):
    collection.delete(["one.txt"])
    collection.compact()
    assert collection.latest().passaging == PASSAGES_VERSION
    assert content(collection.open()) == ARTICLES
    with pytest.raises(IndexMismatch, match=ANOTHER):
        collection.open(HashingEmbedder())


@pytest.mark.usefixtures("another_version")
def test_a_damaged_document_is_not_made_whole_by_cutting_it_anew(collection):
    connection = sqlite3.connect(collection.folder / NAME)
    with connection:
        connection.execute("UPDATE documents SET text = 'x' || text WHERE id = 'en/kyiv.txt'")
    connection.close()
    collection.rebuild(HashingEmbedder)
    with pytest.raises(Exception, match=r"en/kyiv\.txt"):
        collection.verify()
    collection.ingest(articles(), HashingEmbedder())
    assert collection.verify()


def test_the_same_rules_need_no_model(collection):
    before = said(collection)

    def never():
        raise AssertionError("asked for a model")

    collection.rebuild(never)
    assert said(collection) == before


@pytest.fixture
def old(tmp_path):
    shutil.copytree(FIXTURE, tmp_path / "old")
    return Collection(tmp_path / "old")


def test_a_collection_from_before_the_version_was_kept_opens_and_is_told_apart_later(
    old, monkeypatch
):
    monkeypatch.setattr(module, "PASSAGES_VERSION", FIRST_PASSAGES_VERSION)
    assert recorded(old) == []
    before = said(old)
    old.ingest([], NoModel())
    old.delete(["en/mixed.txt"])
    assert recorded(old) == ["1/1/500/900"]
    assert said(old)[0].keys() == before[0].keys() - {"en/mixed.txt"}
    monkeypatch.setattr(module, "PASSAGES_VERSION", ANOTHER)
    for action in (lambda: old.open(NoModel()), lambda: old.ingest([], NoModel())):
        with pytest.raises(IndexMismatch, match=r"1/1/500/900.*another"):
            action()


def test_a_manifest_that_names_no_rules_is_of_the_first_ones(old, monkeypatch):
    monkeypatch.setattr(module, "PASSAGES_VERSION", FIRST_PASSAGES_VERSION)
    described = old.latest()
    path = manifest.path_of(old.folder, described.sequence)
    kept = asdict(described)
    del kept["passaging"]
    kept["checksum"] = manifest._hash_of(kept)
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert old.latest() == replace(described, checksum=kept["checksum"])
    assert said(old)
    monkeypatch.setattr(module, "PASSAGES_VERSION", ANOTHER)
    with pytest.raises(IndexMismatch, match=r"1/1/500/900.*another"):
        old.open(NoModel())
