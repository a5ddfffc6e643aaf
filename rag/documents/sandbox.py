"""Workers that parse untrusted files: child processes with little memory, time and reach.

A :class:`Sandbox` keeps one or two children warm, hands each one file at a time, and replaces a
child that overran a limit or crashed; the next file is not affected. What a child may not do is
set in :mod:`rag.documents.worker`; what it may use up is told here.

Bytes travel through files in a folder made for each job, so that neither side ever waits for the
other to read; the pipes carry one short line each way. The answer is JSON, never pickle.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.documents.values import Extraction, Refusal

MEBIBYTE = 1024 * 1024
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from rag.documents.worker import main; main(json.loads(sys.argv[2]))"
)
# Limits that the system itself holds a worker to, where it can.
GUARDS = frozenset({"memory", "cpu", "files", "network"})
_HINT = "split the file or save it in a simpler format, then ingest it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may use up. Measured: ordinary files stay a hundred times below.

    ``files`` is how many jobs a child does before a fresh one takes its place.
    """

    memory: int = 1024 * MEBIBYTE  # address space, the interpreter's own included
    cpu_seconds: int = 20
    wall_seconds: float = 25.0
    start_seconds: float = 30.0
    written: int = 64 * MEBIBYTE  # the largest file it may write
    files: int = 500


class Sandbox:
    """A pool of workers, safe to share between threads; each call waits for a free one."""

    def __init__(self, *, workers: int = 2, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._room = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self.started = 0  # children, for tests and metrics

    def extract(
        self, extractor: str, content: bytes, *, largest: int, **options: str
    ) -> Extraction:
        """What ``module:function`` makes of the bytes; raises Refusal with what went wrong.

        ``options`` are the extractor's own; ``largest`` bounds the text that comes back, in bytes of UTF-8.
        """
        with _job_folder() as folder:
            (folder / "input").write_bytes(content)
            job = {"do": extractor, "largest": largest, "options": options}
            # JSON needs up to twice the bytes of the text: quotes and line ends are escaped.
            answer = self._run(folder, job, 2 * largest + MEBIBYTE)
        try:
            return Extraction.from_json(answer)
        except (KeyError, TypeError) as error:
            raise _crashed("gave an answer that is none") from error

    def unpack(self, kind: str, content: bytes, folder: Path) -> list[dict[str, Any]]:
        """An archive's files, written to ``folder`` under numbers; their names are data.

        Each item has ``name``, ``file`` (the number) or ``refused`` (a Refusal's fields).
        """
        (folder / "input").write_bytes(content)
        answer = self._run(folder, {"do": f"unpack:{kind}"}, 4 * MEBIBYTE)
        members = answer.get("members")
        if not isinstance(members, list):
            raise _crashed("gave an answer that is none")
        return members

    def _run(self, folder: Path, job: dict[str, Any], largest: int) -> dict[str, Any]:
        with self._room:
            worker = self._take()
            try:
                answer = worker.run(folder, job, largest)
            except BaseException:
                worker.stop()
                raise
            if worker.jobs >= self.limits.files:
                worker.stop()
            else:
                with self._lock:
                    self._idle.append(worker)
        if refused := answer.get("refused"):
            raise Refusal(refused["reason"], refused["message"], hint=refused["hint"])
        return answer

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive():
                    return worker
                worker.stop()
            self.started += 1
        return _Worker(self.limits)

    def guards(self) -> frozenset[str]:
        """What a worker here is kept from by the system, of :data:`GUARDS`; raises Refusal."""
        with self._room:
            worker = self._take()
            with self._lock:
                self._idle.append(worker)
            return worker.guards

    def close(self) -> None:
        """Ends every idle worker."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.stop()


class _Worker:
    """One child process."""

    def __init__(self, limits: Limits) -> None:
        self.jobs = 0
        self._limits = limits
        self._home = tempfile.mkdtemp(prefix="sanad-worker-")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, fixed arguments
                [
                    sys.executable,
                    "-I",
                    "-c",
                    _START,
                    json.dumps(_import_path()),
                    json.dumps(asdict(limits)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._home,
                env=_environment(self._home),
                start_new_session=True,
            )
        except OSError as error:
            shutil.rmtree(self._home, ignore_errors=True)
            raise _unavailable(error.strerror or str(error)) from error
        said = self._answer(limits.start_seconds)
        if not said or not said.startswith(b"ready"):
            self.stop()
            raise _unavailable("it did not start")
        self.guards = frozenset(said.decode("ascii", errors="replace").split()[1:])

    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def run(self, folder: Path, job: dict[str, Any], largest: int) -> dict[str, Any]:
        """The answer to one job; raises Refusal where the child overran a limit or crashed."""
        self.jobs += 1
        request = json.dumps({**job, "folder": str(folder)}).encode() + b"\n"
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        with contextlib.suppress(BrokenPipeError):  # a dead child is told below
            self._process.stdin.write(request)
            self._process.stdin.flush()
        said = self._answer(self._limits.wall_seconds)
        if said is None:
            raise Refusal(
                "time_limit",
                f"took more than {self._limits.wall_seconds:g} seconds to parse",
                hint=_HINT,
            )
        if said != b"done\n":
            raise self._ended()
        output = folder / "output"
        try:
            with output.open("rb") as file:
                raw = file.read(largest + 1)
            if len(raw) > largest:
                raise Refusal("output_limit", "holds more text than is taken", hint=_HINT)
            answer: dict[str, Any] = json.loads(raw)
        except (OSError, ValueError, RecursionError) as error:
            raise _crashed("gave an answer that is none") from error
        if not isinstance(answer, dict):
            raise _crashed("gave an answer that is none")
        return answer

    def _answer(self, seconds: float) -> bytes | None:
        """One line from the child; empty where it ended, None where it said nothing in time."""
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        stream = self._process.stdout.fileno()
        until = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n") and len(line) < 64:
            left = until - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                return None
            piece = os.read(stream, 64)
            if not piece:
                return b""
            line += piece
        return line

    def _ended(self) -> Refusal:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return _crashed("stopped answering")
        if code == -signal.SIGXCPU:
            seconds = self._limits.cpu_seconds
            return Refusal(
                "cpu_limit", f"took more than {seconds} seconds of processor time", hint=_HINT
            )
        if code == -signal.SIGXFSZ:
            return Refusal("output_limit", "holds more than is taken", hint=_HINT)
        if code < 0:
            return _crashed(f"ended by signal {-code}, as where memory runs out")
        return _crashed(f"ended with code {code}")

    def stop(self) -> None:
        """Ends the child and everything it may have started, and removes its folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        shutil.rmtree(self._home, ignore_errors=True)


@contextlib.contextmanager
def _job_folder() -> Any:  # noqa: ANN401 - a generator made a context manager
    folder = Path(tempfile.mkdtemp(prefix="sanad-file-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _import_path() -> list[str]:
    """Where this process finds its modules; the child runs elsewhere, so each place in full."""
    return [str(Path(place).resolve()) for place in sys.path]


def _environment(home: str) -> dict[str, str]:
    """Nothing of ours: no keys, no proxies, no search path."""
    return {
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _crashed(how: str) -> Refusal:
    return Refusal("crashed", f"the parser {how}; the file may be damaged", hint=_HINT)


def _unavailable(why: str) -> Refusal:
    return Refusal(
        "unavailable", f"no process to parse it in: {why}", hint="check with: sanad doctor"
    )


_shared: Sandbox | None = None
_shared_lock = threading.Lock()


def _forget() -> None:
    """In a forked child: the workers are its parent's, and so is the lock's state."""
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def shared() -> Sandbox:
    """The sandbox of this process, made on first use and closed at its end."""
    global _shared  # noqa: PLW0603 - one pool for the process, made when it is first needed
    with _shared_lock:
        if _shared is None:
            _shared = Sandbox()
            atexit.register(_shared.close)
        return _shared
