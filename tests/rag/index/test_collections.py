"""Collections side by side: listed, told when damaged, deleted whole."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from rag.errors import IndexLocked, NoIndex, UnknownCollection
from rag.index import collections, files
from rag.index.collection import Collection
from tests.rag.index.fakes import HashingEmbedder, NoModel, articles, content


@pytest.fixture
def indexes(tmp_path):
    for count, name in enumerate(("b", "a", "C-1_x"), 1):
        Collection(tmp_path / name).ingest(articles()[:count], HashingEmbedder())
    (tmp_path / "README.md").write_text("not a collection", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_collections_are_listed_by_name_with_what_they_hold(indexes):
    listed = collections.listed(indexes)
    assert [(one.name, one.documents) for one in listed] == [("C-1_x", 3), ("a", 2), ("b", 1)]
    for one in listed:
        index = Collection(indexes / one.name).open()
        assert (one.passages, one.generation) == (len(index), index.state.generation)
        assert (one.embedder, one.problem) == ("hashing", None)
        index.close()
    assert collections.listed(indexes / "nowhere") == []


def test_a_damaged_collection_is_listed_with_its_problem(indexes):
    next((indexes / "a").glob("manifest-*")).write_text("{", encoding="utf-8")
    next((indexes / "b").glob("manifest-*")).unlink()
    problems = {one.name: (one.problem, one.documents) for one in collections.listed(indexes)}
    assert problems == {"C-1_x": (None, 3), "a": ("index_damaged", None), "b": ("no_index", None)}


def test_a_collection_that_may_not_be_looked_into_is_not_passed_over(indexes, monkeypatch):
    stat = Path.stat

    def refused(path, **given):
        if path.parent == indexes / "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **given)

    monkeypatch.setattr(Path, "stat", refused)
    monkeypatch.setattr(Path, "iterdir", _refusing(Path.iterdir, indexes / "a"))
    problems = {one.name: one.problem for one in collections.listed(indexes)}
    assert problems == {"C-1_x": None, "a": "configuration", "b": None}


def _refusing(listing, folder):
    def listed(path):
        if path == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listing(path)

    return listed


def test_a_deleted_collection_is_gone_and_the_others_are_not(indexes):
    held = Collection(indexes / "a").open()
    collections.delete(indexes, "a")
    assert not (indexes / "a").exists()
    assert not list(indexes.glob(".deleted-*"))
    assert [one.name for one in collections.listed(indexes)] == ["C-1_x", "b"]
    assert len(content(held)) == 2  # a reader that has it open reads on
    held.close()
    with pytest.raises(UnknownCollection, match="'a'"):
        collections.delete(indexes, "a")
    with pytest.raises(NoIndex):
        Collection(indexes / "a").open()
    assert (
        Collection(indexes / "a").ingest(articles(), HashingEmbedder()).generation == "gen-000001"
    )


def test_a_collection_that_is_written_is_not_deleted(indexes):
    with Collection(indexes / "a").locked(), pytest.raises(IndexLocked, match="pid"):
        collections.delete(indexes, "a")
    assert len(collections.listed(indexes)) == 3


def test_a_writer_that_waited_for_a_deleted_collection_writes_nowhere(indexes, monkeypatch):
    """It opened the lock file before the folder was taken away, and got the lock after."""
    from rag.index import collection as module

    real = module.fcntl.flock

    def flock(*arguments):
        monkeypatch.undo()
        collections.delete(indexes, "a")
        return real(*arguments)

    monkeypatch.setattr(module.fcntl, "flock", flock)
    with pytest.raises(IndexLocked, match="just deleted"):
        Collection(indexes / "a").ingest(articles(), NoModel())
    assert not (indexes / "a").exists()


def test_what_a_killed_deletion_left_is_removed_by_the_next(indexes, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(files, "remove_tree", killed)
        with pytest.raises(Killed):
            collections.delete(indexes, "a")
    assert [one.name for one in collections.listed(indexes)] == ["C-1_x", "b"]
    assert list(indexes.glob(".deleted-a-*"))
    collections.delete(indexes, "b")
    assert not list(indexes.glob(".deleted-*"))
