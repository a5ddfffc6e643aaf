"""A disk that is really full: collections on file systems of a few sizes, from tiny to enough.

What fails at which step is tested with injected errors (test_power_loss.py); here SQLite, FAISS and
tantivy meet a real file system without room. It is mounted in a namespace of the test's own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MOUNTED = ["unshare", "--user", "--map-root-user", "--mount"]

# Prints one line of JSON for each size: what an ingest into a nearly full collection came to.
SWEEP = """
import ctypes, json, os, shutil, sys
from pathlib import Path
from rag.errors import RagError
from rag.index.collection import Collection
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, answers, articles, content
from tests.strategies import document

place = Path(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
NEW = [document(f"{n} Kyiv " + "word " * 150 + f"مايو {n}.", f"new/{n}.txt") for n in range(40)]
NAMES = {*ARTICLES, *(one.id for one in NEW)}


def mount(size, flags=0):
    if libc.mount(b"none", bytes(place), b"tmpfs", flags, f"size={size}".encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def said(collection):
    index = collection.open(HashingEmbedder())
    try:
        return content(index), answers(index)
    finally:
        index.close()


def told(action):
    try:
        action()
    except RagError as error:
        return {"error": error.code, "exit": error.exit_code, "message": str(error)}
    return {"error": None}


def used():
    return sum(path.stat().st_blocks * 512 for path in place.rglob("*"))


for size in map(int, sys.argv[2:]):
    mount("64m")
    collection = Collection(place / "default")
    collection.ingest(articles(), HashingEmbedder())
    before = said(collection)
    mount(used() + 64 * 1024 + size, 32)  # MS_REMOUNT: what it holds, and this much room
    outcome = told(lambda: collection.ingest(NEW, HashingEmbedder()))
    now = said(collection)
    outcome["size"] = size
    outcome["old"] = now == before
    outcome["new"] = set(now[0]) == NAMES
    outcome["left"] = sorted(path.name for path in collection.folder.glob(".*"))
    outcome["generations"] = len(list(collection.folder.glob("gen-*")))
    collection.verify()
    outcome["deleted"] = told(lambda: collection.delete(["en/mixed.txt"]))
    gone = set(said(collection)[0])
    outcome["consistent"] = gone in (
        set(now[0]), set(now[0]) - {"en/mixed.txt"}, NAMES, NAMES - {"en/mixed.txt"}
    )
    mount("64m", 32)
    collection.ingest([*articles(), *NEW], HashingEmbedder())
    collection.verify()
    outcome["later"] = set(said(collection)[0]) == NAMES and not collection.pending()
    print(json.dumps(outcome), flush=True)
    libc.umount(bytes(place))
"""


def can_mount(folder):
    if not shutil.which("unshare"):
        return "unshare is not installed"
    done = subprocess.run(
        [*MOUNTED, "mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr.strip() or "mounting failed"


def swept(folder, sizes):
    done = subprocess.run(
        [*MOUNTED, sys.executable, "-c", SWEEP, str(folder), *map(str, sizes)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


COARSE = [0, 24_000, 48_000, 72_000, 96_000, 2_000_000]
FINE = [*range(0, 160_000, 4096), 2_000_000]  # a page of memory more each time


@pytest.mark.parametrize("sizes", [COARSE, pytest.param(FINE, marks=pytest.mark.soak)], ids=len)
def test_an_ingest_without_room_leaves_the_old_generation_and_the_next_one_succeeds(
    tmp_path, sizes
):
    if reason := can_mount(tmp_path):
        pytest.skip(f"no file system of a limited size can be mounted here: {reason}")
    outcomes = swept(tmp_path, sizes)
    assert [outcome["size"] for outcome in outcomes] == sizes
    for outcome in outcomes:
        if outcome["error"] is None:
            assert outcome["new"], outcome
        else:
            assert (outcome["error"], outcome["exit"]) == ("index", 65), outcome
            assert "no space left" in outcome["message"].lower(), outcome
            assert "still answers" in outcome["message"], outcome
            assert outcome["old"], outcome
        assert outcome["left"] == [], outcome
        assert outcome["generations"] <= 2, outcome
        assert outcome["deleted"]["error"] in (None, "index"), outcome
        assert outcome["consistent"], outcome
        assert outcome["later"], outcome
    assert outcomes[0]["error"]  # the sweep begins without room and ends with enough
    assert outcomes[-1]["error"] is None
