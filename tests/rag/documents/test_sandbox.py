"""Workers: what they may not do, what ends them, and that the next file is not affected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rag.documents import sandbox, worker
from rag.documents.formats import HTML
from rag.documents.sandbox import Limits, Sandbox
from rag.documents.values import Extracted, Extraction, Refusal
from tests.conftest import ROOT

GOOD = "<p>قال الرئيس.</p>".encode()
TRICKS = "tests.rag.documents.tricks:"
LARGEST = 1_000_000


@pytest.fixture
def workers():
    made = Sandbox(workers=1, limits=Limits(cpu_seconds=1, wall_seconds=3.0))
    yield made
    made.close()


def extract(workers, what, content=b"", **options):
    return workers.extract(what, content, largest=LARGEST, **options)


def test_one_worker_does_many_files(workers):
    for _ in range(5):
        extraction = extract(workers, HTML.extractor, GOOD)
        assert extraction.documents[0].text == "قال الرئيس."
    assert workers.started == 1


def test_a_worker_is_replaced_after_its_share():
    workers = Sandbox(workers=1, limits=Limits(files=2))
    for _ in range(5):
        extract(workers, HTML.extractor, GOOD)
    assert workers.started == 3
    workers.close()


@pytest.mark.parametrize(
    ("trick", "reason"),
    [
        ("sleep", "time_limit"),
        ("swell", "memory_limit"),
        ("crash", "crashed"),
        ("leave", "crashed"),
        ("flood", "output_limit"),
        ("fill_disk", "output_limit"),
        ("nest", "unsafe"),
        ("fail", "damaged"),
        ("lie", "crashed"),
    ],
)
def test_what_goes_wrong_is_told_and_the_next_file_is_read(workers, trick, reason):
    with pytest.raises(Refusal) as caught:
        extract(workers, TRICKS + trick)
    assert caught.value.reason == reason
    assert caught.value.hint
    assert extract(workers, HTML.extractor, GOOD).documents[0].text == "قال الرئيس."


def test_one_that_computes_for_ever_ends_by_its_seconds_of_processor():
    # A busy machine may take long to give it one; the clock must not be what ends it.
    workers = Sandbox(workers=1, limits=Limits(cpu_seconds=1, wall_seconds=60.0))
    with pytest.raises(Refusal) as caught:
        extract(workers, TRICKS + "spin")
    assert (caught.value.reason, bool(caught.value.hint)) == ("cpu_limit", True)
    assert extract(workers, HTML.extractor, GOOD).documents[0].text == "قال الرئيس."
    workers.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
@pytest.mark.parametrize(
    "trick",
    ["connect", "connect_directly", "run_program", "fork_directly", "open_parent", "kill_parent"],
)
def test_reaching_out_is_refused(workers, trick):
    text = extract(workers, TRICKS + trick).documents[0].text
    assert text in ("PermissionError", "errno 1"), text


def test_a_worker_sees_no_settings_and_prints_nowhere(workers, monkeypatch, capfd):
    monkeypatch.setenv("SANAD_KEY", "secret")
    answer = json.loads(extract(workers, TRICKS + "look_around").documents[0].text)
    assert "secret" not in str(answer["environment"])
    assert answer["working folder"] != str(Path.cwd())
    assert capfd.readouterr() == ("", "")


def test_each_file_has_a_folder_of_its_own_that_goes_away(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        answer = json.loads(extract(workers, TRICKS + "look_around").documents[0].text)
        assert answer["files"] == ["input"]
    workers.close()
    assert list(tmp_path.iterdir()) == []


def test_threads_share_the_workers():
    workers = Sandbox(workers=2)
    found = []

    def work(number):
        content = f"<p>قال {number}</p>".encode()
        found.append(extract(workers, HTML.extractor, content).documents[0].text == f"قال {number}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 12
    assert workers.started <= 2
    workers.close()


def test_no_process_stays_behind(workers):
    extract(workers, HTML.extractor, GOOD)
    (one,) = workers._idle
    pid = one._process.pid
    workers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_parent_leaves_nothing_behind(tmp_path):
    code = (
        "import os, signal, tempfile; tempfile.tempdir = os.environ['WHERE']; "
        "from rag.documents.formats import HTML; HTML.extract(b'<p>x y</p>'); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "WHERE": str(tmp_path)},
        check=False,
    )
    assert done.returncode == -9
    until = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_makes_workers_of_its_own():
    code = (
        "import os; from rag.documents import sandbox; from rag.documents.formats import HTML; "
        "HTML.extract(b'<p>x y</p>'); pid = os.fork(); first = sandbox._shared; "
        "HTML.extract(b'<p>x y</p>'); "
        "assert pid or sandbox._shared is not None; "
        "os._exit(0 if pid == 0 else os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0


def test_a_worker_that_cannot_start_is_told(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/nowhere/python")
    with pytest.raises(Refusal, match="no process to parse it in") as caught:
        extract(Sandbox(), HTML.extractor, GOOD)
    assert caught.value.reason == "unavailable"


def test_extractions_come_back_as_they_were():
    extraction = Extraction(
        documents=[Extracted(text="ن😀\n", title="t", pages=(0, 1), key="k", url="u")]
    )
    extraction.note("hidden_text", "1 part")
    assert Extraction.from_json(json.loads(json.dumps(extraction.as_json()))) == extraction


def test_reading_plain_text_starts_no_worker_and_loads_no_parser():
    code = (
        "import sys, pathlib; from rag.documents import load, sandbox; "
        f"assert load([pathlib.Path({str(ROOT / 'seeds' / 'articles')!r})]).documents; "
        "assert sandbox._shared is None; "
        "assert not {'selectolax', 'pypdfium2', 'xml', 'zipfile', 'csv'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have fewer")
def test_every_guard_is_in_force_here(workers):
    assert workers.guards() == sandbox.GUARDS
    assert workers.started == 1


def test_the_filter_names_each_call_once():
    for _, calls in worker._CALLS.values():
        assert len(calls) == len(set(calls))
