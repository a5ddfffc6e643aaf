"""What the pages for people say is true of the code: commands, links, settings, routes, outputs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from api.app import create_app
from api.evaluation import MOST_QUESTIONS
from api.middleware import MOST_BYTES
from rag import naming, network
from rag.answering import K_MOST
from rag.arguments import parser
from rag.conversation import MOST_TURNS
from rag.engine import Engine
from rag.evaluation.calibrate import LEAST_QUESTIONS
from rag.evaluation.significance import RESAMPLES
from rag.index import parts
from rag.output import answer_to_dict
from rag.passages import CUTTING
from rag.question import LONGEST_QUESTION
from rag.settings import PREFIX, Settings
from rag.terminal import answer_lines

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "CHANGELOG.md",
        "docs/chat-frontends.md",
        "docs/evaluation.md",
        "docs/passages.md",
        "indexes/README.md",
        "benchmarks/README.md",
        "rag/models/README.md",
        "tests/quality/README.md",
    )
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"```(\w*)\n(.*?)\n```", re.DOTALL)
_SHARE = re.compile(r"(\d+)%$", re.MULTILINE)
_COMMAND = re.compile(r"(?:\w+=\S+ )*sanad (?P<rest>[^#|;]*)")


def blocks(page, kind):
    """The fenced blocks of a kind, without the marks."""
    return [text for found, text in _FENCED.findall(page) if found == kind]


def commands():
    """Every ``sanad …`` in a block for a shell, with the page it is in."""
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "console"):
            for line in block.replace("\\\n", " ").splitlines():
                if found := _COMMAND.fullmatch(line.partition("  #")[0].removeprefix("$ ")):
                    yield page.name, found["rest"].strip()


@pytest.mark.parametrize(("page", "command"), list(commands()))
def test_every_command_is_understood(page, command, capsys):
    options, unknown = parser().parse_known_args(shlex.split(command))
    assert (unknown, capsys.readouterr().err) == ([], "")
    assert options.command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page):
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://", "#")):
            assert (page.parent / link.partition("#")[0]).exists(), link


def test_every_place_on_the_map_is_there():
    rows = re.findall(r"^\| (`.*`) \| ", README.partition("## The map")[2], re.MULTILINE)
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`([^`]+)`", row)
        first = Path(named[0])
        for name in named:
            beside = (ROOT / name, ROOT / "rag" / name, ROOT / first.parent / name)
            assert any(path.exists() for path in beside), name


def test_the_table_of_settings_has_every_key_with_its_default():
    table = README.partition("### Settings")[2].partition("\n\nAnother embedder")[0]
    told = {}
    for keys, values in re.findall(r"^\| (`[^|]+)\|([^|]*)\|", table, re.MULTILINE):
        names, said = (re.findall(r"`([^`]+)`|\b(\d+)\b", cell) for cell in (keys, values))
        said = [one or other for one, other in said] or ["in words"] * len(names)
        told |= dict(zip((name for name, _ in names), said, strict=True))
    assert told.keys() == Settings.model_fields.keys()
    for name, field in Settings.model_fields.items():
        if field.default not in (None, {}):
            assert told[name] == str(field.default).lower(), name


def test_the_variables_that_are_named_are_settings():
    for page in PAGES:
        for name in re.findall(rf"\b{PREFIX}([A-Z_]+)=", page.read_text(encoding="utf-8")):
            assert name.lower() in Settings.model_fields


@pytest.mark.parametrize(
    ("told", "file"),
    [
        (r"`seeds/facts.jsonl`: (\d+) questions", "seeds/facts.jsonl"),
        (r"wrote (\d+) more questions", "seeds/unseen.jsonl"),
        (r"of (\d+) cases by hand", "tests/corpora/disagreements.jsonl"),
        (r"two articles, (\d+) questions with gold spans", "seeds/facts.jsonl"),
        (r"gold spans, (\d+) more by somebody else", "seeds/unseen.jsonl"),
    ],
)
def test_what_is_counted_is_there(told, file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert int(re.search(told, README)[1]) == len([line for line in lines if line.strip()])


LIMITS = [
    ("docs/chat-frontends.md", r"more than ([\d,]+) characters", LONGEST_QUESTION),
    ("docs/chat-frontends.md", r"The last (\d+) messages are looked at", MOST_TURNS),
    ("docs/chat-frontends.md", r"Bodies are at most (\d+) MiB", MOST_BYTES // 2**20),
    ("docs/evaluation.md", r"takes up to (\d+) questions", MOST_QUESTIONS),
    ("docs/evaluation.md", r"over questions, ([\d,]+) draws", RESAMPLES),
    ("docs/evaluation.md", r"with fewer than (\d+) it refuses", LEAST_QUESTIONS),
    ("docs/passages.md", r"first line end beyond\s+(\d+) code points", CUTTING.target),
    ("docs/passages.md", r"would bring it over (\d+)", CUTTING.longest),
    ("README.md", r"passages read for one answer \(1–(\d+)\)", K_MOST),
    ("README.md", r"each redirect checked, (\d+) MB", network.MOST_BYTES // 2**20),
    ("README.md", r"each redirect checked, 10 MB, (\d+) seconds", network.SECONDS),
    ("README.md", r"each of up to ([\d,]+) passages", parts.LARGEST),
    ("README.md", r"behind the first, (\d+) characters", naming.LONGEST),
]


@pytest.mark.parametrize(("page", "told", "limit"), LIMITS)
def test_every_limit_that_is_told_is_the_one_that_holds(page, told, limit):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert int(re.search(told, text)[1].replace(",", "")) == limit


def test_every_make_target_that_is_told_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for target in re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (page.name, target)


def test_every_route_is_told():
    told = README + (ROOT / "docs" / "chat-frontends.md").read_text(encoding="utf-8")
    for path in create_app(Settings()).openapi()["paths"]:
        assert path.removesuffix("/{id}") in told, path


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture(scope="module")
def seeds(indexes):
    """An engine over the two articles, as ``make demo`` ingests them."""
    engine = Engine(Settings(indexes=indexes, collection="demo"))
    engine.ingest([ROOT / "seeds" / "articles"])
    return engine


def test_every_file_of_a_collection_is_told(seeds):
    told = (ROOT / "indexes" / "README.md").read_text(encoding="utf-8")
    folder = seeds.collection.folder
    names = {path.name for path in [*folder.iterdir(), *folder.glob("gen-*/*")]}
    assert len(names) > 8
    for name in names:
        assert f"`{re.split('[-0-9]', name)[0]}" in told, name


def assert_near(lines, told):
    """Equal but for the confidence, which differs a little between processors."""
    got = "\n".join(lines)
    sure, said = ([int(share) for share in _SHARE.findall(text)] for text in (got, told))
    assert _SHARE.sub("%", got) == _SHARE.sub("%", told.rstrip("\n"))
    assert sure == pytest.approx(said, abs=3)


def test_the_output_of_make_demo_is_what_it_prints(seeds):
    (shown,) = blocks(README.partition("What `make demo` prints")[2], "text")
    parts = re.split(r"^> (.+)\n\n", shown, flags=re.MULTILINE)[1:]
    questions = parts[::2]
    asked = (ROOT / "Makefile").read_text(encoding="utf-8").partition("for question in")[2]
    assert questions == re.findall(r'^\t\t"(.+)"', asked.partition("; do")[0], re.MULTILINE)
    for question, told in zip(questions, parts[1::2], strict=True):
        assert_near(answer_lines(seeds.ask(question)), told)


def test_the_reply_over_http_is_what_comes(seeds):
    told = json.loads(blocks(README.partition("The reply, indented here")[2], "json")[0])
    got = answer_to_dict(seeds.ask(told["question"]))
    assert got.keys() == told.keys()
    for own in ("id", "timings_ms", "index"):  # of this run and this collection
        del told[own], got[own]
    (cited,), (quoted,) = got["citations"], told["citations"]
    for one, other, name in ((got, told, "confidence"), (cited, quoted, "score")):
        assert one.pop(name) == pytest.approx(other.pop(name), abs=0.03)
    assert got == told


def test_the_answers_where_sources_differ_are_what_it_prints(indexes, tmp_path):
    first, second = blocks(README.partition("### Where sources differ")[2], "console")[:2]
    rows = re.search(r"<<'END'\n(.*\n)END\n", first, re.DOTALL)[1]
    (tmp_path / "fire.jsonl").write_text(rows, encoding="utf-8")
    engine = Engine(Settings(indexes=indexes, collection="fire"))
    engine.ingest([tmp_path / "fire.jsonl"])
    for block in (first, second):
        question, told = re.search(
            r'\$ sanad ask --collection fire "(.+)"\n(.+)', block, re.DOTALL
        ).groups()
        assert_near(answer_lines(engine.ask(question)), told)


def test_the_figures_are_those_of_the_baseline_and_of_the_model_that_ships(seeds):
    shown = blocks(README.partition("## How good is it")[2], "console")[0]
    stored = json.loads((ROOT / "tests/quality/facts.baseline.json").read_text(encoding="utf-8"))
    names = {
        "hit_at_1": "hit@1",
        "mrr": "MRR",
        "token_f1": "token F1",
        "parity": "parity of languages",
    }
    for key, value in stored["figures"].items():
        row = names.get(key, key.replace("_", " "))
        found = re.search(rf"^{re.escape(row)} +[\d.]+ +[\d.]+ +([\d.]+)", shown, re.MULTILINE)
        assert found, key
        assert found[1] == f"{value:.3f}", key
    assert shown.endswith(f"embedder {seeds.embedder.fingerprint}")
