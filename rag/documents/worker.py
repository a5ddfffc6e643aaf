"""The child in which untrusted files are parsed: limits first, then one job after another.

On Linux a filter in the kernel refuses network, programs, new processes and looking into other
processes (x86-64 and arm64). Everywhere an audit hook refuses the same to Python code. Memory,
processor time and file size are bounded by the operating system where it has such limits.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

from rag.documents.formats import extractor
from rag.documents.values import Refusal

_REFUSED_EVENTS = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "os.kill",
    "os.startfile", "pty.", "ftplib.", "urllib.", "http.", "webbrowser.",
)  # fmt: skip

# System calls refused, by the numbers of each architecture.
_CALLS = {
    "x86_64": (
        0xC000003E,
        # socket connect sendto bind listen clone fork vfork execve kill ptrace rt_sigqueueinfo mount
        (41, 42, 44, 49, 50, 56, 57, 58, 59, 62, 101, 129, 165,
         # tkill tgkill unshare rt_tgsigqueueinfo perf_event_open setns process_vm_readv process_vm_writev bpf execveat
         200, 234, 272, 297, 298, 308, 310, 311, 321, 322,
         # pidfd_send_signal io_uring_setup pidfd_open clone3 pidfd_getfd
         424, 425, 434, 435, 438),
    ),
    "aarch64": (
        0xC00000B7,
        # mount unshare ptrace kill tkill tgkill rt_sigqueueinfo socket bind listen connect sendto clone execve
        (40, 97, 117, 129, 130, 131, 138, 198, 200, 201, 203, 206, 220, 221,
         # rt_tgsigqueueinfo perf_event_open setns process_vm_readv process_vm_writev bpf execveat
         240, 241, 268, 270, 271, 280, 281,
         # pidfd_send_signal io_uring_setup pidfd_open clone3 pidfd_getfd
         424, 425, 434, 435, 438),
    ),
}  # fmt: skip


def confine(limits: dict[str, Any]) -> list[str]:
    """Takes away what parsing does not need; what could be taken away, since systems differ."""
    guards = []
    try:
        import resource
    except ImportError:  # not a Unix system: the wall clock of the parent remains
        pass
    else:
        for name, what, amount in (
            ("memory", resource.RLIMIT_AS, limits["memory"]),
            ("files", resource.RLIMIT_FSIZE, limits["written"]),
            ("", resource.RLIMIT_CORE, 0),
            ("", resource.RLIMIT_NOFILE, 64),
        ):
            if _lower(what, amount) and name:
                guards.append(name)
        guards.append("cpu")
    if _filter_system_calls():
        guards.append("network")
    sys.addaudithook(_refuse)
    return guards


def _lower(what: int, amount: int) -> bool:
    import resource

    most = resource.getrlimit(what)[1]
    amount = amount if most == resource.RLIM_INFINITY else min(amount, most)
    try:
        resource.setrlimit(what, (amount, amount))
    except (ValueError, OSError):  # macOS knows RLIMIT_AS and does not take it
        return False
    return True


def _allow_seconds(seconds: int) -> None:
    """Processor time for the next job; the signal at its end is not caught."""
    try:
        import resource
    except ImportError:
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, most))


def _filter_system_calls() -> bool:
    """Whether the kernel took the filter."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    architecture, refused = _CALLS[platform.machine()]

    def statement(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    kill, refuse, allow = 0x80000000, 0x00050000 | 1, 0x7FFF0000  # EPERM
    program = [
        statement(load, 4),  # the architecture
        statement(equal, architecture, 1, 0),
        statement(give, kill),
        statement(load, 0),  # the number of the call
        statement(at_least, 0x40000000, 0, 1),  # the x32 numbers
        statement(give, refuse),
    ]
    for number in refused:
        program += [statement(equal, number, 0, 1), statement(give, refuse)]
    program.append(statement(give, allow))
    code = b"".join(program)
    # struct sock_fprog: how many statements, padding, where they are
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("H6xQ", len(program), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(described, len(described))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    no_new_privileges, seccomp, with_filter = 38, 22, 2
    zero = ctypes.c_ulong(0)
    if prctl(no_new_privileges, ctypes.c_ulong(1), zero, zero, zero):
        return False
    pointer = ctypes.c_void_p(ctypes.addressof(holder))
    return not prctl(seccomp, ctypes.c_ulong(with_filter), pointer, zero, zero)


def _refuse(event: str, _: object) -> None:
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(f"{event} is not allowed here")


def main(limits: dict[str, Any]) -> None:
    """Jobs from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a parser prints is no answer
    answers.write(f"ready {' '.join(sorted(confine(limits)))}\n")
    answers.flush()
    folder = None
    for line in sys.stdin:
        job = json.loads(line)
        folder = Path(job["folder"])
        os.chdir(folder)
        _allow_seconds(limits["cpu_seconds"])
        (folder / "output").write_bytes(_encoded(_do(job, folder)))
        os.chdir("/")
        answers.write("done\n")
        answers.flush()
    # The parent has gone, perhaps without a chance to clear up behind itself.
    shutil.rmtree(os.environ["HOME"], ignore_errors=True)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def _do(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    try:
        content = (folder / "input").read_bytes()
        if job["do"].startswith("unpack:"):
            from rag.documents import archive

            return {"members": archive.unpack(job["do"].removeprefix("unpack:"), folder)}
        return _bounded(extractor(job["do"])(content, **job["options"]).as_json(), job["largest"])
    except Refusal as refusal:
        return _refused(refusal.reason, refusal.message, refusal.hint)
    except MemoryError:
        return _refused(
            "memory_limit",
            "needs more memory than a file may use",
            "split the file, or leave it out",
        )
    except RecursionError:
        return _refused(
            "unsafe", "nested too deeply", "save it in a simpler format, then ingest it again"
        )
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.ENOSPC):
            return _refused("output_limit", "unpacks to more than is taken", "split the file")
        return _refused("damaged", f"cannot be read: {error.strerror}", "save it again")
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is told, not guessed at
        return _refused(
            "damaged",
            f"cannot be parsed: {type(error).__name__}: {str(error)[:200]}",
            "open it in the program it comes from and save it again",
        )


def _bounded(answer: dict[str, Any], largest: int) -> dict[str, Any]:
    if sum(len(document["text"].encode()) for document in answer["documents"]) > largest:
        raise Refusal(
            "output_limit",
            f"holds more than the {largest} bytes of text a file may give",
            hint="split the file, or leave it out",
        )
    if failed := answer["failures"] if not answer["documents"] else []:
        raise Refusal(
            "bad_record",
            f"none of its {len(failed)} records can be read: {failed[0]['message']}",
            hint="mend the file, then ingest it again",
        )
    if not answer["documents"]:
        raise Refusal("empty", "holds no text", hint="leave the file out")
    return answer


def _refused(reason: str, message: str, hint: str) -> dict[str, Any]:
    return {"refused": {"reason": reason, "message": message, "hint": hint}}


def _encoded(answer: dict[str, Any]) -> bytes:
    # Lone surrogates cannot be stored; escaped, they would come back as such.
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", errors="replace")
