"""Deleting for good, copying while somebody writes, opening what an older version wrote."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexDamaged, IndexMismatch, InvalidParameter, NoIndex, RagError
from rag.filters import parse_all
from rag.folding import FOLDING_VERSION
from rag.index import files
from rag.index.collection import Collection
from rag.index.truth import FORMAT
from rag.passages import FIRST_PASSAGES_VERSION, PASSAGES_VERSION
from rag.terms import TERMS_VERSION, index_terms
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, answers, articles, content
from tests.rag.index.test_processes import WRITER, round_of, started, version
from tests.strategies import document

FIXTURE = Path(__file__).parent / "format-1"
FIRST_RELEASE = Path(__file__).parent / "format-3"  # what the newest release writes
CANARIES = 10
BACKUPS = 2


@pytest.fixture
def collection(tmp_path):
    return Collection(tmp_path / "indexes" / "default")


def said(collection):
    index = collection.open(HashingEmbedder())
    try:
        return content(index), answers(index)
    finally:
        index.close()


def canary(number, word="quartz"):
    """A document with marks in every field, and all byte strings that must not outlive it."""
    secret = word + "".join("bcdfghjkmp"[int(digit)] for digit in str(number))
    arabic = f"الكناري{'ابتثجحخدذر'[number % 10]}{'سشصضطظعغفق'[number // 10 % 10]}"
    text = f"The {secret} was seen in Kyiv. شوهد {arabic} في كييف."
    made = replace(
        document(text, f"canaries/{number}.txt"),
        title=f"Title {secret}",
        source=f"https://news.example/{secret}",
        tags=(f"tag-{secret}",),
        metadata={"author": {"name": f"Author {secret}"}, "مدينة": arabic},
    )
    vector = HashingEmbedder(dim=64).embed_queries([text])
    traces = {secret.encode(), arabic.encode(), vector.tobytes(), f"canaries/{number}.txt".encode()}
    return made, traces | {arabic.encode("utf-16-le"), json.dumps(arabic).encode()}


def bytes_with(folder, traces):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(trace in path.read_bytes().lower() for trace in traces)
    )


def lowered(traces):
    return {trace.lower() for trace in traces}


@pytest.mark.parametrize("count", [CANARIES, pytest.param(100, marks=pytest.mark.soak)])
def test_no_byte_of_what_was_deleted_is_left_after_compacting(collection, count):
    embedder = HashingEmbedder(dim=64)
    made = [canary(number) for number in range(count)]
    traces = lowered(set().union(*(found for _, found in made)))
    fill = [document(f"Article {n} about water in the town. " * 40, f"{n}.txt") for n in range(60)]
    collection.ingest([*fill[:30], *(one for one, _ in made), *fill[30:]], embedder)
    found = bytes_with(collection.folder, traces)
    # The test looks where it should; terms are folded into an automaton, so they are asked for.
    assert {Path(name).suffix for name in found} >= {".sqlite3", ".faiss"}
    terms = [term for one, _ in made for term in index_terms(one.text) if "quartz" in term]
    assert len(terms) == count
    ids = [one.id for one, _ in made]
    changed = [
        replace(one, text=f"Nothing {n}.", sha256="0" * 64) for n, one in enumerate(fill[:2])
    ]
    collection.ingest(changed, embedder)
    collection.delete(ids)
    index = collection.open(embedder)
    for (one, _), term in zip(made, terms, strict=True):
        vector = embedder.embed_queries([one.text])[0]
        hits = [*index.nearest(vector, 100), *index.matching({term: 1.0}, 9)]
        assert index.document_frequency(term) == 0
        assert not {hit.passage_id.partition("#")[0] for hit in hits} & set(ids)
    before = content_of(index)
    index.close()
    report = collection.compact()
    assert bytes_with(collection.folder, traces) == []
    assert report.held == ()
    assert report.bytes_after < report.bytes_before
    assert len(list(collection.folder.glob("gen-*"))) == 1
    assert not list(collection.folder.glob("*-journal"))
    index = collection.open(embedder)
    assert content_of(index) == before
    index.close()
    assert collection.compact().generation == report.generation


def content_of(index):
    return {summary.id: index.document(summary.id).text for summary in index.documents()}


def test_a_held_generation_is_named_and_goes_with_its_reader(collection):
    made, traces = canary(1)
    collection.ingest([*articles(), made], HashingEmbedder())
    held = collection.open()
    collection.delete([made.id])
    report = collection.compact()
    assert report.held == (held.state.generation,)
    assert held.document(made.id) == made  # it reads on undisturbed
    assert held.matching({"quartzc": 1.0}, 3)
    held.close()
    assert collection.compact().held == ()
    assert bytes_with(collection.folder, lowered(traces)) == []


def test_compacting_publishes_what_was_not_published(collection, monkeypatch):
    collection.ingest(articles()[:2], HashingEmbedder())
    with monkeypatch.context() as patch:
        patch.setattr(Collection, "_publish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collection.ingest(articles(), HashingEmbedder())
    collection.compact()
    assert said(collection)[0] == ARTICLES
    assert not collection.pending()


def test_there_is_nothing_to_compact_or_copy_before_the_first_ingest(collection, tmp_path):
    for action in (collection.compact, lambda: collection.backup(tmp_path / "b")):
        with pytest.raises(NoIndex):
            action()
    assert not (tmp_path / "b").exists()


def test_a_backup_is_a_collection_that_can_be_put_back(collection, tmp_path):
    collection.ingest(articles(), HashingEmbedder())
    before = said(collection)
    made = collection.backup(tmp_path / "backups" / "monday")
    assert (made.documents, made.generation) == (len(ARTICLES), "gen-000001")
    copy = Collection(tmp_path / "backups" / "monday")
    assert said(copy) == before
    assert copy.verify() == made
    collection.delete(["en/kyiv.txt"])
    shutil.rmtree(collection.folder)
    shutil.copytree(copy.folder, collection.folder)
    assert said(collection) == before
    assert collection.ingest(articles(), NoModel()).unchanged
    collection.rebuild()
    assert said(collection) == before
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == ["monday"]


def test_a_backup_never_takes_the_place_of_anything(collection, tmp_path):
    collection.ingest(articles(), HashingEmbedder())
    target = tmp_path / "there"
    target.mkdir()
    with pytest.raises(InvalidParameter, match="there already"):
        collection.backup(target)
    assert list(target.iterdir()) == []


def test_a_backup_never_lies_where_it_would_go_with_a_collection(collection, tmp_path):
    """Deleting the collection, or putting a copy in its place, would take the backup along."""
    collection.ingest(articles(), HashingEmbedder())
    other = Collection(collection.folder.parent / "other")
    other.ingest(articles(), HashingEmbedder())
    made = collection.backup(tmp_path / "made")
    (tmp_path / "link").symlink_to(collection.folder)
    before = sorted(collection.folder.rglob("*"))
    for inside in (
        collection.folder / "copy",
        collection.folder / made.generation / "copy",
        collection.folder / "new" / ".." / "copy",
        other.folder / "x" / "copy",
        tmp_path / "made" / "copy",
        tmp_path / "link" / "copy",
        collection.folder.parent / "nowhere" / ".." / collection.folder.name / "copy",
    ):
        with pytest.raises(InvalidParameter, match="inside the collection") as refused:
            collection.backup(inside)
        assert refused.value.parameter == "target"
        assert "outside of it" in refused.value.hint
    assert sorted(collection.folder.rglob("*")) == before
    assert collection.backup(collection.folder.parent / "beside") == made  # a collection of its own


def test_a_damaged_collection_gives_no_backup(collection, tmp_path, monkeypatch):
    collection.ingest(articles(), HashingEmbedder())
    with monkeypatch.context() as patch:
        patch.setattr(files, "sync_file", refuse)
        with pytest.raises(RagError, match="no room"):
            collection.backup(tmp_path / "target")
    connection = sqlite3.connect(collection.folder / "truth.sqlite3")
    with connection:
        connection.execute("UPDATE documents SET text = 'Other words.' WHERE id = 'en/kyiv.txt'")
    connection.close()
    with pytest.raises(IndexDamaged, match=r"en/kyiv\.txt"):
        collection.backup(tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["indexes"]


def refuse(path):
    raise OSError(5, "no room", str(path))


@pytest.mark.parametrize("count", [BACKUPS, pytest.param(20, marks=pytest.mark.soak)])
def test_backups_made_while_another_process_writes_hold_one_generation_each(tmp_path, count):
    collection = Collection(tmp_path / "default")
    collection.ingest(version(0), HashingEmbedder())
    writer = started(WRITER, collection.folder, 1)
    try:
        writer.stdout.readline()
        for number in range(count):
            time.sleep(0.2)
            made = collection.backup(tmp_path / f"backup{number}")
            copy = Collection(tmp_path / f"backup{number}")
            index = copy.open(HashingEmbedder())
            assert round_of(index) + 1 == made.sequence  # all articles of one round
            index.close()
            copy.ingest([], HashingEmbedder())  # also what was committed and not published
            index = copy.open(HashingEmbedder())
            assert round_of(index) + 1 >= made.sequence
            index.close()
        assert writer.stdout.readline()  # the writer goes on
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()


# another format


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A collection of format 1, written by the version before filters; its rules of cutting."""
    monkeypatch.setattr("rag.index.collection.PASSAGES_VERSION", FIRST_PASSAGES_VERSION)
    shutil.copytree(FIXTURE, tmp_path / "old")
    return Collection(tmp_path / "old")


OLD = {**ARTICLES, "en/mixed.txt": ARTICLES["en/mixed.txt"] + "A later version.\n"}


def test_the_format_before_is_read_as_it_is(old):
    before = {path: path.read_bytes() for path in old.folder.rglob("*") if path.is_file()}
    index = old.open(HashingEmbedder())
    assert content(index) == OLD
    stored = index.document("ar/kyiv.txt")
    assert (stored.title, stored.published) == ("AR/KYIV.TXT", "2025-11-02")
    assert (stored.pages, stored.tags, stored.metadata) == ((), (), {})

    view = index.where(parse_all(["language=ar", "published>=2025-11"]))
    assert [one.id for one in view.documents()] == ["ar/kyiv.txt", "ar/water.txt"]
    assert view.matching({"#1200": 1.0}, 5)
    assert index.where(parse_all(["author.name=x"])).count_documents() == 0
    index.close()
    assert old.verify().documents == len(OLD)
    assert {path: path.read_bytes() for path in old.folder.rglob("*") if path.is_file()} == before


def test_the_first_change_brings_it_to_this_format(old):
    reader = old.open(HashingEmbedder())
    before = answers(reader)
    told = replace(reader.document("en/kyiv.txt"), tags=("kyiv",), metadata={"a": 1}, pages=(0,))
    assert old.ingest([told], NoModel()).changed == ("en/kyiv.txt",)
    assert answers(reader) == before  # one that was open all the while
    assert reader.document("en/kyiv.txt").tags == ()
    reader.close()
    index = old.open(HashingEmbedder())
    assert content(index) == OLD
    assert index.document("en/kyiv.txt") == told
    assert index.document("ar/kyiv.txt").published == "2025-11-02"
    index.close()
    connection = sqlite3.connect(old.folder / "truth.sqlite3")
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    connection.close()


@pytest.mark.parametrize("action", ["rebuild", "compact", "delete", "backup"])
def test_every_command_takes_the_format_before(old, tmp_path, action):
    def done():
        if action == "delete":
            return old.delete(["en/mixed.txt"])
        return old.backup(tmp_path / "copy") if action == "backup" else getattr(old, action)()

    done()
    left = {id: text for id, text in OLD.items() if action != "delete" or id != "en/mixed.txt"}
    assert said(old)[0] == left
    if action == "backup":
        assert said(Collection(tmp_path / "copy"))[0] == OLD


@pytest.mark.parametrize("action", ["open", "verify", "ingest", "rebuild", "compact", "backup"])
def test_what_0_1_0_wrote_is_read(tmp_path, action):
    """A store as the first release leaves it: manifests of format 2 over a truth of format 3.

    Where folding, terms or passages are other ones by now, it says so and a rebuild takes it over.
    """
    shutil.copytree(FIRST_RELEASE, tmp_path / "old")
    old, embedder = Collection(tmp_path / "old"), HashingEmbedder()
    described = old.latest()
    written_by = (described.folding, described.terms, described.passaging)
    if written_by != (FOLDING_VERSION, TERMS_VERSION, PASSAGES_VERSION):
        with pytest.raises(IndexMismatch) as caught:
            old.open(embedder)
        assert "sanad rebuild" in caught.value.hint
        old.rebuild(lambda: embedder)
    if action == "ingest":
        assert old.ingest([document("Of today.", "new.txt")], embedder).added == ("new.txt",)
        old.delete(["new.txt"])
    elif action == "backup":
        old.backup(tmp_path / "copy")
        old = Collection(tmp_path / "copy")
    elif action in ("verify", "rebuild", "compact"):
        getattr(old, action)()
    index = old.open(embedder)
    try:
        assert content(index) == OLD
        told = index.document("ar/kyiv.txt")
        assert (told.title, told.published, told.tags) == ("عنوان", "2025-11-02", ("حرب", "war"))
        assert (told.metadata, told.pages) == ({"author": {"name": "سارة"}}, (0, 5))
        assert index.where(parse_all(["author.name=سارة"])).count_documents() == 1
        assert index.altered_documents() == []
    finally:
        index.close()


def test_a_newer_truth_is_refused_and_left_alone(old):
    connection = sqlite3.connect(old.folder / "truth.sqlite3")
    connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    connection.close()
    before = (old.folder / "truth.sqlite3").read_bytes()
    for action in (old.open, old.rebuild, old.compact, lambda: old.ingest(articles(), NoModel())):
        with pytest.raises(IndexMismatch, match=rf"format {FORMAT + 1}.*up to {FORMAT}") as caught:
            action()
        assert "newer sanad" in caught.value.hint
    assert (old.folder / "truth.sqlite3").read_bytes() == before


# another embedder


@pytest.mark.parametrize(
    "change",
    [
        {"embedder_fingerprint": "hashing@17"},
        {"embedder_fingerprint": "another@16", "embedder": "another"},
        {"folding": "0"},
        {"terms": "0"},
        {"passaging": "0"},
    ],
    ids=str,
)
def test_what_decides_a_vector_or_a_term_must_be_the_same(collection, change):
    from rag.index import manifest

    collection.ingest(articles(), HashingEmbedder())
    described = collection.latest()
    manifest.write(collection.folder, replace(described, **change))
    with pytest.raises(IndexMismatch) as caught:
        collection.open(HashingEmbedder())
    (value, *_) = change.values()
    assert value in caught.value.message
    assert caught.value.exit_code == 65
    assert "hashing@16" in caught.value.message or "rebuild" in caught.value.hint


def test_rebuild_needs_neither_model_nor_network(collection):
    """In a process of its own, where every model and every socket is out of reach."""
    collection.ingest(articles(), HashingEmbedder())
    before = said(collection)
    script = """
import socket, sys
from pathlib import Path
from unittest import mock
def refuse(*_, **__):
    raise AssertionError("reached for a model or the network")
socket.socket = refuse
for name in ("onnxruntime", "tokenizers", "torch", "transformers", "sentence_transformers", "safetensors"):
    sys.modules[name] = None
from rag.index.collection import Collection
print(Collection(Path(sys.argv[1])).rebuild())
"""
    for harm in (
        lambda: [shutil.rmtree(path) for path in collection.folder.glob("gen-*")],
        lambda: [path.unlink() for path in collection.folder.glob("manifest-*")],
        lambda: [path.write_bytes(b"") for path in collection.folder.glob("gen-*/*/*.faiss")],
    ):
        harm()
        with pytest.raises(IndexDamaged, match=r".") as caught:
            collection.open(HashingEmbedder())
        assert "sanad rebuild" in caught.value.hint
        done = subprocess.run(
            [sys.executable, "-c", script, str(collection.folder)],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        assert done.returncode == 0, done.stderr
        assert said(collection) == before
