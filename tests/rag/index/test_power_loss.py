"""Every moment of every change at which the power may fail, and what is then on the disk.

The promise: what was acknowledged is there, what was not is there wholly or not at all, and a
compacted collection holds no byte of what was deleted. Each sync of the store is needed for that: the
tests take them out one after the other, and each time the promise must break.
"""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil

import pytest

from rag.errors import IndexDamaged, IndexProblem, NoIndex, RagError
from rag.index import files
from rag.index.collection import Collection
from tests.rag.index.disk import MODES, OPERATIONS, Disk
from tests.rag.index.fakes import HashingEmbedder, NoModel, answers, articles, content
from tests.strategies import document

CANARY = "ZANZIBARQUARTZ"
TRACES = (
    CANARY.encode(),
    CANARY.lower().encode(),  # as a term
    HashingEmbedder().embed_queries([f"{CANARY} left Kyiv."]).tobytes(),
)
SEEDS = 3
SOAK_SEEDS = 100


def added(collection):
    collection.ingest(
        [*articles()[:2], document(f"{CANARY} left Kyiv.", "c.txt")], HashingEmbedder()
    )


def changed(collection):
    texts = {"ar/water.txt": "عاد الماء إلى المدينة في مايو.", "new.txt": "Kyiv has water again."}
    collection.ingest([document(text, id) for id, text in texts.items()], HashingEmbedder())


SCENARIO = [
    added,
    changed,
    Collection.rebuild,
    lambda collection: collection.delete(["c.txt"]),
    Collection.compact,
]


def state(collection):
    """All that an index says; None where there is none."""
    try:
        index = collection.open(HashingEmbedder())
    except NoIndex:
        return None
    try:
        return content(index), answers(index)
    finally:
        index.close()


def played(root, monkeypatch, without=frozenset()):
    """The scenario on a disk that remembers."""
    root.mkdir()
    disk = Disk(root, without)
    collection = Collection(root / "default")
    before = None
    for number, action in enumerate(SCENARIO):
        shadow = root.with_name(f"{root.name}-shadow")
        if before is not None:
            shutil.copytree(collection.folder, shadow)
        action(Collection(shadow))
        after = state(Collection(shadow))
        shutil.rmtree(shadow)
        disk.allowed = ([before, after], False)
        with disk.watching(monkeypatch):
            action(collection)
        disk.allowed = ([after], number == len(SCENARIO) - 1)
        disk.point("acknowledged")
        assert state(collection) == after
        before = after
    return disk


def violations(disk, folder, seeds):
    """What is wrong after each crash that differs from those before."""
    seen = set()
    for point in disk.points:
        for mode in MODES:
            for seed in range(seeds if mode == "torn" else 1):
                left = point.state(mode, random.Random(f"{point.label} {seed}"))
                digest = hashlib.sha256(repr((sorted(left.items()), mode, point.allowed)).encode())
                if digest.digest() in seen:
                    continue
                seen.add(digest.digest())
                if wrong := violation(left, point.allowed, folder, go_on=mode != "torn"):
                    yield f"{mode} at {point.label!r}: {wrong}"
    disk.cases = len(seen)


def violation(left, allowed, folder, *, go_on):
    states, compacted = allowed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, data in left.items():
        (folder / path).mkdir() if data is None else (folder / path).write_bytes(data)
        if compacted and data is not None and any(trace in data for trace in TRACES):
            return f"{path} still holds what was deleted"
    collection = Collection(folder / "default")
    try:
        found = state(collection)
        if found not in states:
            return "neither the state before nor the one after"
        if go_on and found is not None:
            collection.ingest([], HashingEmbedder())
            if state(collection) not in states or collection.pending():
                return "the next writer changed it"
    except IndexDamaged as error:
        # Before anything was acknowledged there may be documents that no index was made of.
        if None not in states or "no published index" not in str(error):
            return str(error)
    return None


@pytest.fixture(scope="module")
def syncs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        disk = played(tmp_path_factory.mktemp("syncs") / "disk", patch)
    return sorted(set(disk.syncs))


def test_no_crash_loses_or_mixes_anything(tmp_path, monkeypatch):
    disk = played(tmp_path / "disk", monkeypatch)
    assert list(violations(disk, tmp_path / "after", SEEDS)) == []
    assert disk.cases > 150  # states of the disk that differ


@pytest.mark.soak
def test_no_crash_of_a_great_many_loses_anything(tmp_path, monkeypatch):
    disk = played(tmp_path / "disk", monkeypatch)
    assert list(violations(disk, tmp_path / "after", SOAK_SEEDS)) == []
    assert disk.cases > 1500  # states of the disk that differ


def test_each_sync_is_needed(tmp_path, monkeypatch, syncs):
    assert len(syncs) >= 8
    superfluous = []
    for number, role in enumerate(syncs):
        disk = played(tmp_path / f"disk{number}", monkeypatch, frozenset([role]))
        if next(violations(disk, tmp_path / "after", 8), None) is None:
            superfluous.append(role)
    assert superfluous == []


class Step:
    """Counts the store's operations, and lets one of them fail as a disk does."""

    def __init__(self, monkeypatch, at=None, number=errno.ENOSPC):
        self.count, self.at, self.number, self.failed = 0, at, number, ""
        for name in OPERATIONS:
            monkeypatch.setattr(files, name, self._counted(name, getattr(files, name)))

    def _counted(self, name, real):
        def operation(path, *arguments):
            self.count += 1
            if self.count - 1 == self.at:
                self.failed = f"{name} {path.name}"
                if name == "write_file":
                    path.write_bytes(arguments[0][: len(arguments[0]) // 2])
                raise OSError(self.number, os.strerror(self.number), str(path))
            real(path, *arguments)

        return operation


ACTIONS = {
    "ingest": changed,
    "delete": lambda collection: collection.delete(["c.txt"]),
    "rebuild": Collection.rebuild,
    "compact": Collection.compact,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_step_leaves_the_old_state_or_the_new(
    tmp_path, monkeypatch, action, number
):
    made = Collection(tmp_path / "made")
    added(made)
    shutil.copytree(made.folder, tmp_path / "new")
    before = state(made)
    with monkeypatch.context() as patch:
        steps = Step(patch)
        ACTIONS[action](Collection(tmp_path / "new"))
    after = state(Collection(tmp_path / "new"))
    told = 0
    for at in range(steps.count):
        folder = tmp_path / str(at)
        shutil.copytree(made.folder, folder)
        collection, failed = Collection(folder), None
        with monkeypatch.context() as patch:
            step = Step(patch, at, number)
            try:
                ACTIONS[action](collection)
            except RagError as error:
                failed = error
        now = state(collection)
        if failed is None:  # it was published, and what could not be collected is left to the next
            assert now == after, step.failed
        else:
            told += 1
            assert isinstance(failed, IndexProblem), step.failed
            assert str(folder) in failed.message, step.failed
            assert failed.hint
            if number == errno.ENOSPC:
                assert "no space left" in failed.message
                assert "bytes)" in failed.message or "write_file" not in step.failed
            assert now in (before, after), step.failed
            if now == before and not step.failed.startswith("sync_folder"):
                assert not list(folder.glob(".*")), step.failed
        ACTIONS[action](collection) if action != "delete" else collection.ingest([], NoModel())
        assert state(collection) == after
        assert not collection.pending()
        assert not list(folder.glob(".*"))
        assert len(list(folder.glob("gen-*"))) <= 2
    assert told >= steps.count // 3
