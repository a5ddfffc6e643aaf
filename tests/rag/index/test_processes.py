"""Several processes and threads at once, and processes killed while they write."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from rag.errors import IndexLocked
from rag.index.collection import Collection
from rag.terms import index_terms
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, articles, content
from tests.strategies import document

ROOT = Path(__file__).parents[3]
KILLS = 25
HOLDERS = 20
SECONDS = 20  # of readers beside a writer

# Each round replaces all articles by their next version, then reports what is now promised.
WRITER = """
import sys
from pathlib import Path
from rag.index.collection import Collection
from tests.rag.index.fakes import HashingEmbedder
from tests.rag.index.test_processes import version
collection = Collection(Path(sys.argv[1]))
for round in range(int(sys.argv[2]), 10**9):
    collection.ingest(version(round), HashingEmbedder())
    print(round, flush=True)
"""
HOLDER = """
import sys
from pathlib import Path
from rag.index.collection import Collection
with Collection(Path(sys.argv[1]))._writing(None):
    print("held", flush=True)
    sys.stdin.read()
"""


def version(round):
    return [document(f"{text}\n\nVersion {round}.\n", id) for id, text in ARTICLES.items()]


def started(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed(process):
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate()
    return out


def round_of(index):
    """The one version that all articles of an index are of."""
    found = content(index)
    assert set(found) == set(ARTICLES)
    (only,) = {text.rsplit("Version ")[1] for text in found.values()}
    for term in ("kyiv", "town"):
        passages = index.passages([hit.passage_id for hit in index.matching({term: 1.0}, 9)])
        assert passages
        for passage in passages:
            assert found[passage.document_id][passage.start : passage.end] == passage.text
    return int(only.rstrip(".\n"))


def questions(count):
    """Half of them Arabic, half English."""
    chance = random.Random(count)
    vocabularies = [
        " ".join(text for id, text in ARTICLES.items() if id.startswith(language)).split()
        for language in ("ar/", "en/")
    ]
    return [
        " ".join(chance.choices(words, k=4)) for words in vocabularies for _ in range(count // 2)
    ]


def golden(collection):
    """Document ids, spans and order of the answers to a hundred questions."""
    embedder = HashingEmbedder()
    index = collection.open(embedder)
    try:
        return [
            [
                [hit.passage_id for hit in hits]
                for hits in (
                    index.nearest(embedder.embed_queries([text])[0], 10),
                    index.matching(dict.fromkeys(index_terms(text), 1.0), 10),
                )
            ]
            for text in questions(100)
        ]
    finally:
        index.close()


@pytest.mark.parametrize("kills", [KILLS, pytest.param(200, marks=pytest.mark.soak)])
def test_a_killed_ingest_leaves_the_previous_or_the_new_index(tmp_path, kills):
    collection = Collection(tmp_path / "default")
    collection.ingest(version(0), HashingEmbedder())
    chance, promised = random.Random(7), 0
    for kill in range(kills):
        writer = started(WRITER, collection.folder, promised + 1)
        first = writer.stdout.readline()  # past the imports: killed at work
        time.sleep(chance.uniform(0, 0.15))
        acknowledged = [int(line) for line in (first + killed(writer)).split()]
        index = collection.open(HashingEmbedder())
        now = round_of(index)
        index.close()
        assert acknowledged[-1] <= now <= acknowledged[-1] + 1
        promised = now
        oracle = Collection(tmp_path / f"oracle{kill}")
        oracle.ingest(version(now), HashingEmbedder())
        assert golden(collection) == golden(oracle)
        shutil.rmtree(oracle.folder)
    report = collection.ingest(version(promised), HashingEmbedder())
    assert set(report.unchanged) | set(report.changed) == set(ARTICLES)
    assert round_of(collection.open()) == promised
    assert not collection.pending()
    assert len(list(collection.folder.glob("gen-*"))) == 2


def test_a_second_writer_is_told_who_writes_and_the_lock_dies_with_its_holder(tmp_path):
    collection = Collection(tmp_path / "default")
    collection.ingest(articles(), HashingEmbedder())
    holder = started(HOLDER, collection.folder)
    assert holder.stdout.readline() == "held\n"
    since = time.monotonic()
    for action in (
        lambda: collection.ingest(articles(), NoModel()),
        lambda: collection.delete(["en/kyiv.txt"]),
        collection.rebuild,
    ):
        with pytest.raises(IndexLocked, match=f"pid {holder.pid}") as caught:
            action()
        assert (caught.value.exit_code, caught.value.retryable) == (75, True)
    assert time.monotonic() - since < 1
    assert content(collection.open()) == ARTICLES  # readers are not held up
    killed(holder)
    assert collection.delete(["en/kyiv.txt"]).removed == ("en/kyiv.txt",)
    assert (collection.folder / "lock").read_text(encoding="utf-8") == str(os.getpid())


@pytest.mark.parametrize("holders", [HOLDERS, pytest.param(100, marks=pytest.mark.soak)])
def test_every_killed_holder_leaves_the_lock_free(tmp_path, holders):
    collection = Collection(tmp_path / "default")
    collection.ingest(articles(), HashingEmbedder())
    for _ in range(holders):
        holder = started(HOLDER, collection.folder)
        assert holder.stdout.readline() == "held\n"
        since = time.monotonic()
        with pytest.raises(IndexLocked, match=f"pid {holder.pid}"):
            collection.ingest([], NoModel())
        assert time.monotonic() - since < 5  # on a busy machine; it waits for nothing
        killed(holder)
        collection.ingest([], NoModel())


@pytest.mark.parametrize("seconds", [SECONDS, pytest.param(600, marks=pytest.mark.soak)])
def test_readers_see_one_generation_each_while_a_writer_goes_on(tmp_path, seconds):
    collection = Collection(tmp_path / "default")
    collection.ingest(version(0), HashingEmbedder())
    done, seen, errors = Event(), [set() for _ in range(4)], []

    def read(rounds):
        try:
            while not done.is_set():
                index = collection.open(HashingEmbedder())
                rounds.add((index.manifest.sequence, round_of(index)))
                index.close()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            errors.append(error)

    threads = [Thread(target=read, args=(rounds,)) for rounds in seen]
    for thread in threads:
        thread.start()
    end, round = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        round += 1
        collection.ingest(version(round), HashingEmbedder())
        if round % 4 == 0:
            collection.rebuild()
        if round % 7 == 0:
            collection.compact()
        time.sleep(0.2)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set().union(*seen)) > 3
    assert all(sequence == round + 1 for rounds in seen for sequence, round in rounds)
