"""The tests of the store sync thousands of times: in memory where the system has such a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")
_NEEDED = 256 * 2**20  # bytes
IN_MEMORY = (
    str(_MEMORY)
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _NEEDED
    else None
)


@pytest.fixture
def tmp_path():
    folder = Path(tempfile.mkdtemp(prefix="sanad-test-", dir=IN_MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
