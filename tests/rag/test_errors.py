import ast
import re
from pathlib import Path

import pytest

from rag import errors
from rag.arguments import parser
from rag.errors import RagError

ROOT = Path(__file__).parents[2]
EXIT_CODES = {1, 2, 65, 69, 75, 78}


def classes(kind=RagError):
    return [kind, *(found for child in kind.__subclasses__() for found in classes(child))]


def test_codes_are_stable_names_and_unique():
    ours = [kind for kind in classes() if kind.__module__ == "rag.errors"]
    codes = [kind.code for kind in ours]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_exit_codes_are_the_documented_ones(kind):
    assert kind.exit_code in EXIT_CODES
    assert kind.__doc__
    assert str(kind.exit_code) in parser().format_help()


def test_the_tree_at_the_top_shows_every_class():
    shown = set(re.findall(r"[├└]── (\w+)", errors.__doc__)) | {"RagError"}
    assert shown == {kind.__name__ for kind in classes() if kind.__module__ == "rag.errors"}


def test_the_hint_stands_below_the_message():
    assert str(RagError("broken")) == "broken"
    assert str(RagError("broken", hint="mend it")) == "broken\n  → mend it"


def hints():
    """Every text passed as ``hint=`` in the sources."""
    for folder in ("rag", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    parts = [
                        part.value
                        for part in ast.walk(node.value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    ]
                    yield path, "".join(parts)


def test_hints_name_commands_that_exist():
    known = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    named = [
        (path, command)
        for path, hint in hints()
        for command in re.findall(r"(?:run: |with: |example: )sanad ([a-z]+)", hint)
    ]
    assert {command for _, command in named} >= {"ingest", "rebuild", "documents"}
    assert not [(path, command) for path, command in named if command not in known]


def test_hints_name_flags_that_exist():
    parsers = (
        "arguments.py",
        "ingest/command.py",
        "evaluation/baselines.py",
        "evaluation/passage_sizes.py",
    )
    places = [ROOT / "rag" / name for name in parsers]
    options = '"--help"' + "".join(path.read_text(encoding="utf-8") for path in places)
    for path, hint in hints():
        for flag in re.findall(r"--[a-z-]+", hint):
            assert f'"{flag}"' in options, (path, hint)
