import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HEAVY = ("torch", "transformers", "sentence_transformers", "scipy", "sklearn", "fastapi", "uvicorn")
OURS = (
    "numpy",
    "faiss",
    "onnxruntime",
    "pydantic",
    "tantivy",
    "tokenizers",
)  # when they are needed

# The order of the stages, as the data flows: a module may import what stands before it, and its own
# folder. Modules on one line do not need each other.
ORDER = """
errors validation
types
folding
naming
filters metadata
protocols messages output settings terminal model_files
languages
quantities sentences
terms passages documents network duplicates
question late_interaction contextual
conversation
embedding
index retrieval
reading
attribution citations roles subjects
agreement
answering catalogue calibration ingest
engine
doctor evaluation client integrations arguments
cli
"""
RANK = {name: rank for rank, line in enumerate(ORDER.split("\n")) for name in line.split()}
FREE = {"rag/__init__.py", "rag/__main__.py"}  # the public names, and the command


def modules_after(code, *arguments, env=None):
    """What a fresh interpreter has imported after running the code."""
    script = f"import sys\n{code}\nprint(' '.join(sorted(m.split('.')[0] for m in sys.modules)), file=sys.__stderr__)"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **(env or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split()), done.stdout


RUN = "from rag.cli import main\nassert main(sys.argv[1:]) == 0"


def test_importing_rag_loads_nothing_heavy():
    loaded, _ = modules_after("import rag\nassert rag.__version__")
    assert not loaded & {*HEAVY, *OURS}


def test_public_names_are_there():
    import rag

    assert {name: getattr(rag, name).__name__ for name in rag.__all__} == {
        n: n for n in rag.__all__
    }
    with pytest.raises(AttributeError, match="'frob'"):
        rag.frob  # noqa: B018


def test_help_loads_neither_numpy_nor_pydantic():
    for arguments in (["--help"], ["ask", "--help"], ["--version"]):
        loaded, out = modules_after(RUN, *arguments)
        assert out
        assert not loaded & {*HEAVY, *OURS, "regex", "argcomplete"}


def test_a_cold_answer_loads_neither_torch_nor_the_service(seed_index):
    loaded, out = modules_after(RUN, "ask", "كم عدد الأسرى؟", "--indexes", str(seed_index))
    assert out
    assert not loaded & set(HEAVY)
    assert {"numpy", "faiss", "onnxruntime", "tantivy", "tokenizers"} <= loaded


def imported(path):
    """The modules of this project that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in ("rag", "api"))


SOURCES = [path for path in sorted((ROOT / "rag").rglob("*.py")) if "training" not in path.parts]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_stage_imports_only_what_comes_before_it(path):
    name = path.relative_to(ROOT)
    stage = Path(name.parts[1]).stem
    if name.as_posix() in FREE:
        return
    for module in imported(path):
        first, _, rest = module.partition(".")
        if first == "api":
            assert name.as_posix() == "rag/cli.py", f"{name} imports {module}"
            continue
        other = rest.split(".")[0]
        if other not in RANK or other == stage:  # a name out of rag itself, or the same folder
            assert other in ("", "__version__", stage), f"{name} imports {module}"
            continue
        assert RANK[other] < RANK[stage], f"{name} imports {module}"


def test_every_stage_has_its_place_in_the_order():
    found = {path.relative_to(ROOT / "rag").parts[0].removesuffix(".py") for path in SOURCES}
    assert found - {"__init__", "__main__"} == set(RANK)


def test_nothing_but_serve_imports_the_service():
    users = {path.name for path in SOURCES if any(m.startswith("api") for m in imported(path))}
    assert users == {"cli.py"}
