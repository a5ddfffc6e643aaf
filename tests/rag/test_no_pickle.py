"""No pickle, and nothing else that runs what it reads: in the sources, and while tests run."""

from __future__ import annotations

import ast
import os
import pickle
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SOURCES = [
    path
    for folder in ("rag", "api")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "training" not in path.parts  # makes the models; nothing that runs imports it
]
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "yaml",
}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    ("torch", "load"),
    ("numpy", "load"),
    ("np", "load"),
    ("faiss", "read_index"),
    ("faiss", "write_index"),
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_can_run_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not MODULES & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in MODULES
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS, node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            value = node.func.value
            owner = value.id if isinstance(value, ast.Name) else ""
            assert (owner, node.func.attr) not in METHODS, node.lineno
        elif isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "trust_remote_code"):
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False


def test_the_suite_notices_a_pickle(unpickled):
    pickle.loads(pickle.dumps(os.getcwd))
    assert unpickled
    unpickled.clear()


def test_a_whole_run_reads_no_pickle(tmp_path):
    """Ingest, ask, rebuild, compact and back up, in a process where reading a pickle is fatal."""
    script = """
import sys
def refuse(event, _):
    if event == "pickle.find_class":
        raise SystemExit("a pickle was read")
sys.addaudithook(refuse)
from rag.cli import main
for command in (["ingest", sys.argv[1]], ["ask", "who?"], ["rebuild"], ["compact"], ["backup", sys.argv[3]]):
    assert main([*command, "--indexes", sys.argv[2]]) == 0, command
"""
    done = subprocess.run(
        [sys.executable, "-c", script, ROOT / "seeds" / "articles", tmp_path / "i", tmp_path / "b"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
