"""What a hostile file might make a parser do; run in workers by the tests of the sandbox."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from rag.documents.values import Extracted, Extraction


def said(text):
    return Extraction(documents=[Extracted(text=text)])


def attempt(what):
    try:
        return said(f"did: {what()}")
    except OSError as error:
        return said(type(error).__name__)


def spin(_):
    while True:
        pass


def sleep(_):
    time.sleep(60)


def swell(_):
    return said(str(len(bytearray(3 * 1024**3))))


def crash(_):
    ctypes.string_at(0)


def leave(_):
    os._exit(3)


def flood(_):
    return said("س" * 2_000_000)


def fill_disk(_):
    with Path("full").open("wb") as file:
        for _ in range(200):
            file.write(bytes(1024 * 1024))


def nest(_):
    return nest(_)


def fail(_):
    raise KeyError("of the parser")


def lie(_):
    os.write(3, b"done\n")
    for number in range(3, 20):
        try:
            os.write(number, b"done\n")
        except OSError:
            continue
    time.sleep(60)


def connect(_):
    return attempt(lambda: socket.socket().connect(("127.0.0.1", 9)))


def _directly(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(ctypes.c_long(number), *arguments)
    return said(f"errno {ctypes.get_errno()}" if done == -1 else f"did: {done}")


def connect_directly(_):
    number = 41 if os.uname().machine == "x86_64" else 198
    return _directly(number, 2, 1, 0)


def run_program(_):
    return attempt(lambda: subprocess.run(["/bin/true"], check=False))


def fork_directly(_):
    return _directly(435, None, ctypes.c_long(0))  # clone3


def open_parent(_):
    return _directly(434, os.getppid(), 0)  # pidfd_open


def kill_parent(_):
    return _directly(62 if os.uname().machine == "x86_64" else 129, os.getppid(), 0)


def look_around(_):
    print("to the output of the parent?")
    return said(
        json.dumps(
            {
                "environment": dict(os.environ),
                "working folder": str(Path.cwd()),
                "files": sorted(path.name for path in Path.cwd().iterdir()),
            }
        )
    )
