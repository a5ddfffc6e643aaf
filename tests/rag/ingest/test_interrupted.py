"""Ctrl-C, kill -9 and --watch on real processes with the real default model."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from rag.index.collection import Collection
from rag.settings import PREFIX

ROOT = Path(__file__).parents[3]
AR = "قالت البلدية إن منسوب النهر ارتفع {n} سنتيمترا في الحي رقم {n}، وأُغلق الجسر القديم أمام المارة."
EN = "The council said that the river rose by {n} centimetres in district {n} and closed the old bridge."


def corpus(folder, count):
    """Articles of a few passages each, half of them Arabic."""
    folder.mkdir(exist_ok=True)
    for n in range(count):
        line = (AR if n % 2 else EN).format(n=n)
        text = "\n\n".join(f"{line} {part}." for part in range(20))
        (folder / f"{n:04}.txt").write_text(text, encoding="utf-8")
    return folder


def sanad(*arguments, cwd, **given):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return subprocess.Popen(
        [sys.executable, "-m", "rag", *map(str, arguments)],
        env=environment | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=cwd,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | given,
    )


def finished(*arguments, cwd):
    with sanad(*arguments, cwd=cwd) as running:
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    return json.loads(out)


def committed(cwd):
    """Documents and passages in the truth, published or not."""
    path = cwd / "indexes/default/truth.sqlite3"
    if not path.is_file():
        return 0, 0
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as truth:
        try:
            (documents,) = truth.execute("SELECT count(*) FROM documents").fetchone()
            (passages,) = truth.execute("SELECT count(*) FROM passages").fetchone()
        except sqlite3.OperationalError:  # not made yet
            return 0, 0
    truth.close()
    return documents, passages


def until_committed(cwd, running, least=1):
    deadline = time.monotonic() + 60
    while committed(cwd)[0] < least:
        assert running.poll() is None, running.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A corpus, and how many passages it has."""
    folder = tmp_path_factory.mktemp("whole")
    corpus(folder / "in", 90)
    report = finished("ingest", "--json", "--embedder", "sanad-static-v1", "in", cwd=folder)
    return folder / "in", report["embedded_passages"]


@pytest.mark.slow
def test_after_ctrl_c_what_was_read_is_published_and_the_rest_follows(whole, tmp_path):
    folder, passages = whole
    with sanad("ingest", "--json", folder, cwd=tmp_path) as running:
        until_committed(tmp_path, running)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"the same command goes on from there" in err
    assert b"Traceback" not in err
    first = json.loads(out)
    assert first["interrupted"]
    assert 0 < len(first["added"]) < 90
    index = Collection(tmp_path / "indexes/default").open()
    assert index.count_documents() == len(first["added"])  # published, not only kept
    index.close()
    second = finished("ingest", "--json", folder, cwd=tmp_path)
    assert first["embedded_passages"] + second["embedded_passages"] == passages
    assert sorted(second["unchanged"]) == sorted(first["added"])
    assert len(second["added"]) == 90 - len(first["added"])


@pytest.mark.slow
def test_after_kill_9_nothing_committed_is_embedded_again(whole, tmp_path):
    folder, passages = whole
    done = 0
    for kill in range(2):
        with sanad("ingest", "--json", folder, cwd=tmp_path) as running:
            until_committed(tmp_path, running, least=done + 1)
            time.sleep(0.1 * kill)
            running.kill()
            running.communicate(timeout=60)
        now = committed(tmp_path)[0]
        assert now > done
        done = now
        if done > 40:  # a quick machine would read the rest before it can be killed again
            break
    documents, kept = committed(tmp_path)
    assert 0 < documents < 90
    report = finished("ingest", "--json", folder, cwd=tmp_path)
    assert report["embedded_passages"] == passages - kept
    assert (len(report["unchanged"]), len(report["added"])) == (documents, 90 - documents)
    assert not Collection(tmp_path / "indexes/default").pending()
    assert Collection(tmp_path / "indexes/default").verify().documents == 90


@pytest.mark.slow
def test_a_terminal_sees_rate_and_time_left_and_a_second_ctrl_c_ends_at_once(whole, tmp_path):
    folder, _ = whole
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    shown = b""
    with sanad("ingest", "--json", folder, cwd=tmp_path, stderr=terminal) as running:
        os.close(terminal)
        deadline = time.monotonic() + 60
        while not re.search(rb"\d+/90 \[.*<.*documents/s", shown):
            assert time.monotonic() < deadline, shown
            if select.select([controller], [], [], 1)[0]:
                shown += os.read(controller, 4096)
        running.send_signal(signal.SIGINT)
        while b"again to stop at once" not in shown:
            shown += os.read(controller, 4096)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    os.close(controller)
    assert (running.returncode, out) == (130, b"")
    finished("ingest", "--json", folder, cwd=tmp_path)


class Watching:
    """A running `sanad ingest --watch`, its rounds as they come."""

    def __init__(self, *arguments, cwd):
        self.process = sanad(
            "ingest", "--watch", "--json", "--embedder", "sanad-static-v1", *arguments, cwd=cwd
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def round(self):
        assert select.select([self.process.stdout], [], [], 30)[0], "no round within 30 seconds"
        return json.loads(self.process.stdout.readline())


def test_watching_follows_what_is_added_changed_renamed_and_deleted(tmp_path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "قديم.txt").write_text("خبر قديم عن النهر.", encoding="utf-8")
    (folder / "gone.txt").write_text("Gone before the watch began.", encoding="utf-8")
    finished("ingest", "--json", "--embedder", "sanad-static-v1", "in", cwd=tmp_path)
    (folder / "gone.txt").unlink()
    with Watching("in", cwd=tmp_path) as watching:
        assert watching.round()["unchanged"] == ["قديم.txt"]
        (folder / "sub" / "new.txt").write_text("A new report on the bridge.", encoding="utf-8")
        (folder / ".hidden.txt").write_text("hidden", encoding="utf-8")
        assert watching.round()["added"] == ["sub/new.txt"]
        (folder / "قديم.txt").write_text("خبر محدث عن النهر.", encoding="utf-8")
        assert watching.round()["changed"] == ["قديم.txt"]
        (folder / "sub" / "new.txt").rename(folder / "moved.txt")
        report = watching.round()
        assert (report["removed"], report["unchanged"]) == ([], ["sub/new.txt"])
        (folder / "تالف.json").write_text("{", encoding="utf-8")
        assert watching.round()["failed"][0]["reason"] == "damaged"
        (folder / "قديم.txt").unlink()
        assert watching.round()["removed"] == ["قديم.txt"]
        watching.process.send_signal(signal.SIGINT)
        _, err = watching.process.communicate(timeout=30)
        assert watching.process.returncode == 130
        assert b"Traceback" not in err
    index = Collection(tmp_path / "indexes/default").open()
    assert {summary.id for summary in index.documents()} == {"gone.txt", "sub/new.txt"}
    index.close()


def test_watching_keeps_an_article_as_long_as_a_copy_of_its_file_is_there(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    ferry = "The Corin ferry carries 80 cars across the strait."
    (folder / "a.txt").write_text(ferry, encoding="utf-8")
    with Watching("in", cwd=tmp_path) as watching:
        assert watching.round()["added"] == ["a.txt"]
        (folder / "b.txt").write_text(ferry, encoding="utf-8")
        assert watching.round()["duplicates"] == [["b.txt", "a.txt"]]
        (folder / "a.txt").unlink()
        report = watching.round()
        assert (report["removed"], report["embedded_passages"]) == ([], 0)
        assert texts_of(tmp_path) == {"a.txt": ferry}
        (folder / "c.txt").write_text(ferry, encoding="utf-8")
        assert watching.round()["duplicates"] == [["c.txt", "a.txt"]]
        (folder / "b.txt").write_text("It was sold in May.", encoding="utf-8")
        watching.round()
        assert sorted(texts_of(tmp_path).values()) == ["It was sold in May.", ferry]


def texts_of(folder):
    index = Collection(folder / "indexes/default").open()
    try:
        return {one.id: index.document(one.id).text for one in index.documents()}
    finally:
        index.close()


def test_watching_waits_for_a_writer_elsewhere(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with Watching("in", cwd=tmp_path) as watching:
        assert watching.round()["added"] == []  # an empty folder may be watched
        collection = Collection(tmp_path / "indexes/default")
        with collection._writing(None):
            (folder / "a.txt").write_text("خبر عاجل من دمشق.", encoding="utf-8")
            assert not select.select([watching.process.stdout], [], [], 3)[0]
        assert watching.round()["added"] == ["a.txt"]
