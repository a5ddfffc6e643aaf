"""Damaged, missing, foreign and unwritable files: named, never answered from, never a traceback."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from rag.errors import (
    ConfigurationError,
    IndexDamaged,
    IndexMismatch,
    IndexProblem,
    RagError,
)
from rag.index import collection as module
from rag.index import lexical, manifest
from rag.index.collection import Collection
from rag.index.truth import Truth
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, answers, articles, content
from tests.strategies import document


@pytest.fixture(scope="module")
def two_generations(tmp_path_factory):
    made = Collection(tmp_path_factory.mktemp("made") / "default")
    made.ingest(articles()[:3], HashingEmbedder())
    made.ingest(articles(), HashingEmbedder())
    return made.folder


@pytest.fixture
def collection(two_generations, tmp_path):
    shutil.copytree(two_generations, tmp_path / "default")
    return Collection(tmp_path / "default")


def said(collection):
    index = collection.open(HashingEmbedder())
    try:
        assert content(index)
        return answers(index)
    finally:
        index.close()


def replace_bytes(path, content):
    """In a new file: tantivy's threads may still map the old one, and truncating that kills."""
    beside = path.with_name("damaged")
    beside.write_bytes(content)
    beside.replace(path)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    replace_bytes(path, data)


def flip_first(path):
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    replace_bytes(path, data)


def truncate(path):
    replace_bytes(path, path.read_bytes()[:-1])


def empty(path):
    replace_bytes(path, b"")


def zero_tail(path):
    data = path.read_bytes()
    replace_bytes(path, data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


@pytest.mark.parametrize("harm", [flip, flip_first, truncate, empty, zero_tail, Path.unlink])
def test_every_damaged_file_is_named_and_rebuild_gives_the_same_answers(collection, harm):
    before = said(collection)
    described = collection.latest()
    assert len(described.files) > 5
    for name in described.files:
        described = collection.latest()
        path = collection.folder / described.generation / name
        if path.suffix == ".json":  # named by content, so other files have new names now
            names = {path.name}
        else:
            names = {other for other in described.files if other.endswith(path.suffix)}
            path = collection.folder / described.generation / min(names)
        harm(path)
        with pytest.raises(IndexDamaged, match=path.name) as caught:
            collection.open(NoModel())
        assert "sanad rebuild" in caught.value.hint
        collection.rebuild()
        assert said(collection) == before


def damages(folder, described, chance, share):
    """(what, harm) of random damage to the files of a generation, in the contract's proportions."""
    place = folder / described.generation
    paths = [place / name for name in described.files]
    (mine,) = place.glob("vectors/*.faiss")
    (older,) = {path for path in folder.glob("gen-*/vectors/*.faiss") if path.name != mine.name}

    def flipped(path):
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        replace_bytes(path, data)

    def cut(path):
        replace_bytes(path, path.read_bytes()[: chance.randrange(path.stat().st_size)])

    def zeroed(path):
        data = path.read_bytes()
        kept = chance.randrange(len(data))
        if any(data[kept:]):
            replace_bytes(path, data[:kept] + bytes(len(data) - kept))
        else:
            flipped(path)

    def swapped(path):
        replace_bytes(mine, older.read_bytes())

    for harm, count in ((flipped, 300), (cut, 100), (zeroed, 50), (swapped, 20), (Path.unlink, 10)):
        for _ in range(round(count * share)):
            path = chance.choice([path for path in paths if path.stat().st_size])
            yield path if harm is not swapped else mine, harm


@pytest.mark.parametrize("share", [1 / 8, pytest.param(1, marks=pytest.mark.soak)])
def test_random_damage_is_always_detected_at_opening(collection, tmp_path, share):
    shutil.copytree(collection.folder, tmp_path / "good")
    described = collection.latest()
    found = 0
    for path, harm in damages(collection.folder, described, random.Random(3), share):
        good = path.read_bytes()
        harm(path)
        with pytest.raises(IndexDamaged, match=re.escape(path.name)) as caught:
            collection.open(NoModel())
        error = caught.value
        assert error.exit_code == 65
        assert "sanad rebuild" in error.hint
        if path.exists():
            expected = described.files[
                path.relative_to(collection.folder / described.generation).as_posix()
            ][1]
            assert expected[:16] in error.message
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
            assert actual[:16] in error.message or f"{path.stat().st_size} bytes" in error.message
        replace_bytes(path, good)
        found += 1
    assert found >= round(480 * share) - 2
    assert said(collection)


@pytest.mark.parametrize("harm", [flip, flip_first, truncate, empty, zero_tail])
def test_a_damaged_manifest_is_named_and_rebuild_replaces_it(collection, harm):
    before = said(collection)
    path = manifest.path_of(collection.folder, collection.latest_sequence())
    harm(path)
    with pytest.raises(IndexDamaged, match=path.name) as caught:
        collection.open()
    assert "sanad rebuild" in caught.value.hint
    collection.rebuild()
    assert said(collection) == before
    assert len(list(collection.folder.glob("manifest-*"))) == 1


def test_any_flipped_bit_of_a_manifest_is_damage_not_another_format(collection):
    path = manifest.path_of(collection.folder, collection.latest_sequence())
    good = path.read_bytes()
    for place in range(0, len(good), 3):
        data = bytearray(good)
        data[place] ^= 2
        path.write_bytes(data)
        with pytest.raises(IndexDamaged):
            collection.open()


def test_without_its_derived_files_a_collection_is_made_anew(collection):
    before = said(collection)
    for path in collection.folder.iterdir():
        if path.name.startswith("gen-"):
            shutil.rmtree(path)
        elif path.name != "truth.sqlite3":
            path.unlink()
    collection.rebuild()
    assert said(collection) == before


@pytest.mark.parametrize("harm", [empty, flip_first, Path.unlink])
def test_a_lost_truth_is_never_replaced_by_an_empty_one(collection, harm):
    harm(collection.folder / "truth.sqlite3")
    for action in (
        collection.open,
        collection.rebuild,
        lambda: collection.ingest(articles(), HashingEmbedder()),
        lambda: collection.delete(["en/kyiv.txt"]),
    ):
        with pytest.raises(IndexDamaged, match=r"truth\.sqlite3") as caught:
            action()
        assert "backup" in caught.value.hint


def test_an_older_truth_is_told_from_its_index_and_can_be_gone_on_from(collection):
    old = (collection.folder / "truth.sqlite3").read_bytes()
    collection.ingest([document("Something new.", "new.txt")], HashingEmbedder())
    (collection.folder / "truth.sqlite3").write_bytes(old)
    with pytest.raises(IndexDamaged, match=r"ends at change 2.*change 3") as caught:
        collection.open()
    assert "sanad rebuild" in caught.value.hint
    collection.rebuild()
    index = collection.open()
    assert content(index) == ARTICLES
    index.close()
    collection.delete(["en/kyiv.txt"])
    assert "en/kyiv.txt" not in content(collection.open())


def test_a_newer_manifest_format_is_refused_by_readers_and_writers(collection):
    newer = dataclasses.replace(collection.latest(), format=manifest.FORMAT + 1)
    manifest.write(collection.folder, newer)
    before = sorted(collection.folder.rglob("*"))
    for action in (
        collection.open,
        collection.rebuild,
        lambda: collection.ingest([document("Something new.", "new.txt")], HashingEmbedder()),
    ):
        with pytest.raises(IndexMismatch, match="format 3, this version reads up to 2"):
            action()
    assert sorted(collection.folder.rglob("*")) == before


def test_another_version_of_the_terms_asks_for_a_rebuild(collection, monkeypatch):
    monkeypatch.setattr(module, "TERMS_VERSION", "another")
    with pytest.raises(IndexMismatch, match="another") as caught:
        collection.open(HashingEmbedder())
    assert caught.value.hint == "run: sanad rebuild"


def test_what_a_crash_left_behind_is_collected(collection):
    for name in ("gen-000099", "gen-000002-7", "gen-000001-1"):
        (collection.folder / name / "terms").mkdir(parents=True)
        (collection.folder / name / "vectors.faiss").write_bytes(b"half")
    (collection.folder / ".manifest-000000000009.json.tmp").write_bytes(b"{")
    mine = collection.folder / "gen-of-someone"
    mine.mkdir()
    collection.delete(["en/kyiv.txt"])
    names = {path.name for path in collection.folder.iterdir()}
    assert names == {
        "gen-000002",
        "gen-000003",
        "gen-of-someone",
        "lock",
        "manifest-000000000002.json",
        "manifest-000000000003.json",
        "truth.sqlite3",
    }


@pytest.mark.parametrize("where", ["terms", "truth"])
def test_a_disk_full_for_others_leaves_the_old_generation_answering(collection, monkeypatch, where):
    """What tantivy and SQLite write by themselves; the store's own steps: test_power_loss.py."""
    before, names = said(collection), sorted(collection.folder.rglob("*"))
    with monkeypatch.context() as patch:
        if where == "terms":

            def refused(*_):
                raise ValueError("An IO error occurred: 'No space left on device'")

            patch.setattr(lexical.tantivy, "Document", refused)
        else:
            patch.setattr(Truth, "sequence", limited(Truth.sequence))
        with pytest.raises(IndexProblem, match=r"(?i)no space left") as caught:
            collection.ingest([document("New. " * 9000, "new.txt")], HashingEmbedder())
    assert "still answers" in caught.value.hint
    assert said(collection) == before
    assert sorted(collection.folder.rglob("*")) == names
    collection.ingest([document("New. " * 9000, "new.txt")], HashingEmbedder())
    assert set(content(collection.open())) == {*ARTICLES, "new.txt"}
    assert not collection.pending()


def limited(function):
    """Lets the database grow no further."""

    def sequence(self):
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count={pages}")
        return function(self)

    return sequence


def test_a_database_in_use_is_not_called_damaged(collection, monkeypatch):
    monkeypatch.setattr("rag.index.truth._PATIENCE", 0.05)
    other = sqlite3.connect(collection.folder / "truth.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(RagError, match="in use") as caught:
            collection.open()
        assert caught.value.retryable
    finally:
        other.close()
    assert said(collection)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read_is_read_and_refuses_writing(collection):
    before = said(collection)
    everything = [collection.folder, *collection.folder.rglob("*")]
    try:
        for path in everything:
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert said(collection) == before
        for action in (collection.rebuild, lambda: collection.delete(["en/kyiv.txt"])):
            with pytest.raises(ConfigurationError, match=r"lock.*denied"):
                action()
        with pytest.raises(ConfigurationError, match="denied"):
            Collection(collection.folder / "new").ingest(articles(), HashingEmbedder())
        collection.folder.chmod(0o000)
        with pytest.raises(ConfigurationError, match="denied"):
            collection.open()
    finally:
        for path in everything:
            path.chmod(0o755)


def test_a_file_where_the_folder_should_be_is_a_clear_error(tmp_path):
    (tmp_path / "default").write_text("", encoding="utf-8")
    with pytest.raises(RagError, match="default"):
        Collection(tmp_path / "default").ingest(articles(), HashingEmbedder())
    with pytest.raises(RagError, match="default"):
        Collection(tmp_path / "default").open()
