import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from rag import cli
from rag.engine import Engine
from rag.errors import IndexMismatch
from rag.index.collection import Collection
from rag.settings import PREFIX

pytestmark = pytest.mark.usefixtures("own_folder")

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "seeds" / "facts.jsonl"
ARTICLE = "articles/000_bf9d928c021a1d38.txt"
AR = "كم عدد الأسرى الأوكرانيين الذين تسعى كييف إلى إطلاق سراحهم؟"
EN = "How many Ukrainian drones did Russia say it shot down?"


def piped(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def process(*arguments, indexes, **given):
    """A real ``python -m rag``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return subprocess.Popen(
        [sys.executable, "-m", "rag", *arguments, "--indexes", str(indexes)],
        env=environment | {"PYTHONPATH": str(ROOT)},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given},
    )


# Each command, for people and as JSON.


@pytest.mark.parametrize(
    ("question", "label"), [(AR, "المصدر"), (EN, "source")], ids=["arabic", "english"]
)
def test_an_answer_is_shown_with_its_citation(sanad, question, label):
    code, out, err = sanad("ask", question)
    assert (code, err) == (0, "")
    assert "[1] " in out
    assert f"{label}: " in out
    assert ".txt " in out


@pytest.mark.parametrize("question", [AR, EN])
def test_an_answer_as_json_has_the_fields_of_the_contract(sanad, question):
    code, out, err = sanad("ask", question, "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    assert answer["question"] == question
    assert answer["status"] == "answered"
    assert answer["abstention"] is None
    assert answer["index"]["generation"].startswith("gen-")
    first = answer["citations"][0]
    assert first["verified"] is True
    assert first["url"].startswith("/v1/documents/articles/")
    assert first["url"].endswith(f"?start={first['start']}&end={first['end']}")


@pytest.mark.parametrize(
    ("question", "language", "said"),
    [
        (AR, None, "لا جواب: لا توجد مقالات بعد"),
        (EN, None, "no answer: There are no articles yet"),
        (AR, "en", "no answer: There are no articles yet"),
        (EN, "ar", "لا جواب: لا توجد مقالات بعد"),
    ],
)
def test_an_abstention_is_told_in_one_language(sanad, tmp_path, question, language, said):
    chosen = ("--language", language) if language else ()
    code, out, _ = sanad("ask", question, *chosen, indexes=tmp_path / "none")
    assert code == 0
    assert out.startswith(said)


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_strict_turns_an_abstention_into_exit_1(sanad, tmp_path, as_json):
    empty = tmp_path / "none"
    assert sanad("ask", EN, "--strict", *as_json, indexes=empty)[0] == 1
    assert sanad("ask", EN, "--strict", "--threshold", 1, *as_json)[0] == 1
    assert sanad("ask", EN, "--strict", "--threshold", 0, *as_json)[0] == 0


def test_search_shows_k_passages(sanad):
    code, out, err = sanad("search", EN, "-k", 3)
    assert (code, err) == (0, "")
    assert re.findall(r"^\[(\d+)\]", out, re.MULTILINE) == ["1", "2", "3"]
    hits = json.loads(sanad("search", EN, "-k", 3, "--json")[1])["hits"]
    assert [hit["n"] for hit in hits] == [1, 2, 3]
    assert all(hit["url"].startswith("/v1/documents/") for hit in hits)


def test_search_in_nothing_prints_no_data(sanad, tmp_path):
    code, out, err = sanad("search", EN, indexes=tmp_path / "none")
    assert (code, out) == (0, "")
    assert err.endswith("make it with: sanad ingest PATH\nnothing found\n")
    code, out, _ = sanad("search", EN, "--json", indexes=tmp_path / "none")
    assert (code, json.loads(out)) == (0, {"hits": []})


def test_ingest_tells_what_it_did(sanad, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("سقط المطر في القاهرة أمس.", encoding="utf-8")
    target = tmp_path / "ix"
    code, out, err = sanad("ingest", tmp_path / "in", indexes=target)
    assert (code, err) == (0, "")
    assert out.startswith("added 1, changed 0, unchanged 0")
    code, out, _ = sanad("ingest", tmp_path / "in", "--json", indexes=target)
    assert (code, json.loads(out)["unchanged"]) == (0, ["a.txt"])


def test_documents_are_listed_shown_and_deleted(sanad, own_index):
    code, out, _ = sanad("documents", "list", indexes=own_index)
    assert code == 0
    assert out.startswith(f"{ARTICLE}\n")
    listed = json.loads(sanad("documents", "list", "--json", indexes=own_index)[1])["documents"]
    assert listed[0]["id"] == ARTICLE
    stored = (ROOT / "seeds" / ARTICLE).read_text(encoding="utf-8")
    assert sanad("documents", "show", ARTICLE, indexes=own_index)[1] == stored
    shown = json.loads(sanad("documents", "show", ARTICLE, "--json", indexes=own_index)[1])
    assert shown["text"] == stored
    assert "origin" not in shown
    code, out, _ = sanad("documents", "delete", ARTICLE, "--yes", "--json", indexes=own_index)
    assert (code, json.loads(out)["removed"]) == (0, [ARTICLE])
    left = listed[1]["id"]
    assert sanad("documents", "delete", left, "--yes", indexes=own_index)[1].startswith("removed 1")
    code, out, err = sanad("documents", "list", indexes=own_index)
    assert (code, out) == (0, "")
    assert "sanad ingest" in err


def test_listing_leaves_out_and_stops(sanad):
    def ids(*options):
        return [
            d["id"]
            for d in json.loads(sanad("documents", "list", "--json", *options)[1])["documents"]
        ]

    everything = ids()
    assert ids("--limit", 1) == everything[:1]
    assert ids("--offset", 1) == everything[1:]
    assert ids("--offset", 5) == ids("--limit", 0) == []


def test_verify_rebuild_and_doctor_agree_on_a_sound_index(sanad, own_index):
    code, out, _ = sanad("verify", indexes=own_index)
    assert code == 0
    assert "match their checksums" in out
    before = json.loads(sanad("verify", "--json", indexes=own_index)[1])["generation"]
    after = json.loads(sanad("rebuild", "--json", indexes=own_index)[1])["generation"]
    assert after != before
    assert sanad("rebuild", indexes=own_index)[1].startswith("rebuilt gen-")
    code, out, _ = sanad("doctor", indexes=own_index)
    assert code == 0
    assert "bad" not in out
    findings = json.loads(sanad("doctor", "--json", indexes=own_index)[1])["findings"]
    assert {finding["state"] for finding in findings} == {"ok"}


@pytest.fixture
def few_facts(tmp_path):
    """Two questions of the seeds in each language, so that a run is short."""
    lines = FACTS.read_text(encoding="utf-8").splitlines()
    kept = [
        next(line for line in lines if f'"id": "{id}"' in line)
        for id in ("ar-001", "ar-002", "en-001", "en-002")
    ]
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join(kept), encoding="utf-8")
    return path


def test_evaluate_prints_a_table_or_json(sanad, few_facts):
    code, out, err = sanad("evaluate", few_facts)
    assert (code, err) == (0, "")
    assert "Arabic" in out
    report = json.loads(sanad("evaluate", few_facts, "--json")[1])
    assert report["slices"]["ar"]["questions"] == report["slices"]["en"]["questions"] == 2
    assert report["failed_bars"] == []


def test_a_bar_that_is_not_reached_is_exit_1(sanad, few_facts):
    bar = "all.unanswerable>=1"
    code, out, err = sanad("evaluate", few_facts, "--bar", bar)
    assert code == 1
    assert f"below its bar: {bar}" in err
    assert "bar" not in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shell_code(sanad, shell):
    code, out, err = sanad("completion", shell, indexes=None)
    assert (code, err) == (0, "")
    assert "sanad" in out


@pytest.mark.parametrize(
    "command",
    [
        "ask",
        "search",
        "ingest",
        "documents",
        "evaluate",
        "facts",
        "calibrate",
        "serve",
        "verify",
        "rebuild",
        "doctor",
    ],
)
def test_every_command_has_help(sanad, command):
    code, out, err = sanad(command, "--help", indexes=None)
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: sanad {command}")


def test_the_question_can_come_from_a_pipe(sanad, monkeypatch):
    piped(monkeypatch, f"{AR}\n".encode())
    assert json.loads(sanad("ask", "-", "--json")[1])["question"] == AR
    piped(monkeypatch, f"{EN}\n".encode())
    assert json.loads(sanad("search", "-", "--json")[1])["hits"]


# What is wrong is told in one message, with its exit code, and nothing on stdout.

BAD_QUESTIONS = {
    "empty": "",
    "blank": " \n\u00a0",
    "marks": "؟؟ …",
    "a megabyte": "و" * 1_000_000,
    "NUL": "من\x00هو",
    "escape": "who \x1b[2J is it",
    "lone surrogate": "who \ud800 is it",
    "not UTF-8": os.fsdecode(b"who \xff is it"),
}


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize("question", BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_a_question_that_is_no_question_is_exit_2(sanad, command, question):
    code, out, err = sanad(command, question)
    assert (code, out) == (2, "")
    assert err.startswith("error[invalid_question]: ")
    assert "\x1b" not in err
    assert len(err) < 1000
    code, out, err = sanad(command, question, "--json")
    assert (code, out) == (2, "")
    assert json.loads(err)["error"]["param"] == "question"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a\x00b", b"what \xff", b"a" * 1_000_000, "؟".encode() * 9]
)
def test_a_piped_question_that_is_no_question_is_exit_2(sanad, monkeypatch, content):
    piped(monkeypatch, content)
    code, out, err = sanad("ask", "-")
    assert (code, out) == (2, "")
    assert "error[invalid_question]" in err


@pytest.mark.parametrize("letter", ["a", "س"])
def test_of_a_piped_question_no_length_is_told_that_was_not_counted(sanad, monkeypatch, letter):
    piped(monkeypatch, f"{letter * 3} {' ' * 50_000} {letter * 1_000_000}".encode())
    code, out, err = sanad("ask", "-")
    assert (code, out) == (2, "")
    assert "16000" in err  # the bytes that are read at most
    assert "2000" in err


USAGE = {
    "k of zero": ("ask", EN, "-k", "0"),
    "k too high": ("ask", EN, "-k", "1000000000"),
    "k negative": ("search", EN, "-k", "-1"),
    "k no number": ("ask", EN, "-k", "abc"),
    "threshold too high": ("ask", EN, "--threshold", "1.01"),
    "threshold negative": ("ask", EN, "--threshold", "-0.1"),
    "threshold not a number": ("ask", EN, "--threshold", "nan"),
    "unknown language": ("ask", EN, "--language", "fr"),
    "no command": (),
    "unknown command": ("frob",),
    "unknown flag": ("ask", EN, "--frob"),
    "no action": ("documents",),
    "collection out of the folder": ("search", EN, "--collection", "../other"),
    "unknown document": ("documents", "show", "nope"),
    "document that is not UTF-8": ("documents", "show", os.fsdecode(b"\xff")),
    "document that is a path": ("documents", "show", "../../etc/passwd"),
    "deleting an unknown one": ("documents", "delete", "nope", "--yes"),
    "deleting what is not UTF-8": ("documents", "delete", "\udcff", "--yes"),
    "negative offset": ("documents", "list", "--offset", "-1"),
    "endless offset": ("documents", "list", "--offset", "9" * 30),
    "endless limit": ("documents", "list", "--limit", "9" * 30),
    "bar": ("evaluate", FACTS, "--bar", "frob>=1"),
    "port": ("serve", "--port", "65536"),
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage_is_exit_2(sanad, arguments):
    code, out, err = sanad(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error[")
    assert sanad(*arguments, "--json")[:2] == (2, "")


@pytest.mark.parametrize(
    ("arguments", "named", "hint"),
    [
        (("ask", EN, "-k", "abc"), "'abc'", "sanad ask --help"),
        (("ask",), "question", "sanad ask --help"),
        (("ask", "من", "سيطر"), "سيطر", "in quotes"),
        (("search", "who", "said"), "said", "in quotes"),
        (("ask", EN, "--frob"), "--frob", "sanad ask --help"),
        (("documents", "list", "--frob"), "--frob", "sanad documents list --help"),
        (("frob",), "'frob'", "sanad --help"),
    ],
)
def test_what_the_command_line_cannot_understand_is_told_as_everything_else(
    sanad, arguments, named, hint
):
    code, _, err = sanad(*arguments, indexes=None)
    assert code == 2
    message, _, told = err.partition("\n  → ")
    assert message.startswith("error[usage]: ")
    assert named in message
    assert hint in told
    body = json.loads(sanad(*arguments, "--json", indexes=None)[2])["error"]
    assert (body["code"], named in body["message"], hint in body["hint"]) == ("usage", True, True)


def test_what_was_typed_cannot_act_on_the_terminal(sanad):
    code, _, err = sanad("ask", EN, "\x1b]0;owned\x07\u202e")
    assert code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(err)


def test_wrong_flags_name_the_flag_as_it_is_typed(sanad):
    assert "(from -k)" in sanad("ask", EN, "-k", "51")[2]
    err = sanad("ask", EN, "--threshold", "2")[2]
    assert "(from --threshold)" in err
    assert "None" not in err


def test_deleting_needs_a_yes_where_nobody_can_be_asked(sanad, own_index, monkeypatch):
    piped(monkeypatch, b"")
    code, out, err = sanad("documents", "delete", ARTICLE, indexes=own_index)
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert sanad("documents", "show", ARTICLE, indexes=own_index)[0] == 0


def test_a_part_of_the_list_that_holds_nothing_is_not_called_empty(sanad):
    for arguments in (("--offset", "9"), ("--limit", "0")):
        code, out, err = sanad("documents", "list", *arguments)
        assert (code, out) == (0, "")
        assert "none of the 2 documents are shown" in err


def test_a_missing_path_is_exit_65(sanad, tmp_path):
    code, out, err = sanad("ingest", tmp_path / "nowhere", indexes=tmp_path / "ix")
    assert (code, out) == (65, "")
    assert "neither a file nor a folder" in err
    assert not (tmp_path / "ix").exists()


def test_an_empty_folder_is_exit_65(sanad, tmp_path):
    (tmp_path / "in").mkdir()
    code, out, err = sanad("ingest", tmp_path / "in", "--json", indexes=tmp_path / "ix")
    assert (code, out) == (65, "")
    assert json.loads(err)["error"]["code"] == "no_documents"


def test_files_that_cannot_be_read_are_reported_and_the_others_ingested(sanad, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text("The river rose by two metres.", encoding="utf-8")
    (folder / "cp1256.txt").write_bytes("القاهرة مدينة".encode("cp1256"))
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    os.mkfifo(folder / "pipe.txt")
    (folder / os.fsdecode(b"\xff\x1b.txt")).write_text("x y", encoding="utf-8")
    target = tmp_path / "ix"
    code, out, err = sanad("ingest", folder, "--json", indexes=target)
    report = json.loads(out)
    assert (code, report["added"]) == (0, ["good.txt"])
    assert len(report["failed"]) == 4
    assert err.count("not read: ") == 4
    assert "byte 0x" in err
    assert "\x1b" not in err
    assert [Path(name).name for name in report["skipped"]] == ["picture.png"]
    assert sanad("ingest", folder, "--strict", indexes=target)[0] == 65
    assert sanad("ask", "How much did the river rise?", "--threshold", 0, indexes=target)[0] == 0


@pytest.mark.parametrize("command", ["verify", "rebuild"])
def test_no_index_is_exit_65_and_names_the_next_command(sanad, tmp_path, command):
    code, out, err = sanad(command, indexes=tmp_path)
    assert (code, out) == (65, "")
    assert "sanad ingest" in err


def test_no_question_file_is_exit_65(sanad, tmp_path):
    assert sanad("evaluate", tmp_path / "none.jsonl")[0] == 65
    (tmp_path / "bad.jsonl").write_bytes(b'{"id": \xff}')
    assert sanad("evaluate", tmp_path / "bad.jsonl")[0] == 65
    code, out, err = sanad("evaluate", FACTS, indexes=tmp_path)
    assert (code, out) == (65, "")
    assert "is not in the collection" in err


@pytest.mark.parametrize("file", ["vectors/*.faiss", "terms/meta.json"])
def test_a_damaged_index_is_exit_65_and_can_be_rebuilt(sanad, own_index, file):
    damaged = next((own_index / "default").glob(f"gen-*/{file}"))
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    for arguments in (("verify",), ("ask", EN), ("search", EN, "--json")):
        code, out, err = sanad(*arguments, indexes=own_index)
        assert (code, out) == (65, "")
        assert "sanad rebuild" in err
    code, out, _ = sanad("doctor", indexes=own_index)
    assert code == 65
    assert "bad   index: " in out
    assert all(line[:5].strip() in ("ok", "warn", "bad") for line in out.splitlines())
    assert sanad("rebuild", indexes=own_index)[0] == 0
    assert sanad("ask", EN, indexes=own_index)[0] == 0


def test_a_locked_collection_is_exit_75(sanad, own_index):
    with Collection(own_index / "default")._writing(None):
        for arguments in (("rebuild",), ("documents", "delete", ARTICLE, "--yes")):
            code, out, err = sanad(*arguments, indexes=own_index)
            assert (code, out) == (75, "")
            assert f"pid {os.getpid()}" in err
        assert sanad("ask", EN, indexes=own_index)[0] == 0  # readers are never blocked


def test_an_unknown_variable_is_exit_78_and_the_known_are_listed(sanad, monkeypatch):
    monkeypatch.setenv("SANAD_FROB", "1")
    code, out, err = sanad("doctor")
    assert (code, out) == (78, "")
    assert "unknown setting 'frob' (from SANAD_FROB)" in err
    assert "known settings: indexes, collection, embedder" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("frob = 1", "unknown setting 'frob' (from sanad.toml)"),
        ("k = 'many'", "setting 'k' is 'many' (from sanad.toml)"),
        ("k = [1]", "setting 'k'"),
        ("k = ", "sanad.toml is not TOML in UTF-8: Invalid value"),
        ("[sanad]\nk = 1", "unknown setting 'sanad'"),
    ],
)
def test_a_wrong_settings_file_is_exit_78(sanad, tmp_path, line, said):
    (tmp_path / "sanad.toml").write_text(line, encoding="utf-8")
    code, out, err = sanad("doctor")
    assert (code, out) == (78, "")
    assert said in err


def test_a_folder_that_is_a_file_is_told_without_a_traceback(sanad, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    code, out, err = sanad("ingest", ROOT / "seeds", indexes=tmp_path / "file")
    assert (code, out) == (78, "")
    assert "not a folder" in err
    assert "--indexes" in err
    code, out, _ = sanad("doctor", indexes=tmp_path / "file")
    assert code == 65
    assert "is not a folder" in out


def test_another_embedder_than_the_index_has_is_exit_65(sanad, monkeypatch):
    def refuse(self):
        raise IndexMismatch("built with 'a', asked for 'b'", hint="use --embedder a")

    monkeypatch.setattr(Engine, "index", refuse)
    code, out, err = sanad("ask", EN)
    assert (code, out) == (65, "")
    assert "error[index_mismatch]: built with 'a'" in err


@pytest.mark.models
def test_an_embedder_that_is_not_there_is_exit_78(sanad):
    code, out, err = sanad("ask", EN, "--embedder", "no/such-model")
    assert (code, out) == (78, "")
    assert "'no/such-model' could not be loaded" in err


@pytest.mark.models
def test_the_other_embedder_is_named_with_the_one_to_use(sanad):
    folder = ROOT / "rag" / "models" / "sanad-static-v1"
    code, out, err = sanad("ask", EN, "--embedder", folder)
    assert (code, out) == (65, "")
    assert "error[index_mismatch]" in err
    assert "use --embedder sanad-bilingual-v1" in err


def test_a_fault_of_the_program_is_not_hidden(sanad, monkeypatch):
    monkeypatch.setattr(Engine, "search", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sanad("search", EN)


@pytest.mark.parametrize(("command", "kept"), [("ingest", True), ("evaluate", False)])
def test_interrupting_is_exit_130(sanad, monkeypatch, command, kept):
    def interrupted(options, settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, f"_{command}", interrupted)
    code, out, err = sanad(command, ROOT / "seeds")
    assert (code, out) == (130, "")
    assert err.startswith("interrupted")
    assert ("what was committed is kept" in err) == kept


# Real processes.


def test_a_reader_that_goes_away_is_no_error(seed_index):
    with process("documents", "show", ARTICLE, "--json", indexes=seed_index) as running:
        running.stdout.close()
        assert running.wait(30) == 0
        assert running.stderr.read() == b""


def test_bytes_that_are_not_utf8_in_the_arguments(seed_index):
    with process("ask", b"who \xff", "--json", indexes=seed_index) as running:
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (2, b"")
    assert "U+DCFF" in json.loads(err)["error"]["message"]


def test_closed_streams_are_no_fault(seed_index):
    script = '"$@" ask - <&- 2>&1; echo $?; "$@" documents list >&-; echo $?'
    command = [sys.executable, "-m", "rag"]
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command],
        env={"PYTHONPATH": str(ROOT), "SANAD_INDEXES": str(seed_index), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-2:] == ["2", "0"]
    assert "the question is empty" in done.stdout


def test_a_locale_without_arabic_does_not_matter(seed_index):
    done = subprocess.run(
        [sys.executable, "-m", "rag", "ask", AR, "--indexes", str(seed_index)],
        env={"PYTHONPATH": str(ROOT), "LC_ALL": "POSIX"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert "الثقة" in done.stdout.decode()


def on_a_terminal(*arguments, indexes):
    """What reaches a terminal, and the exit code."""
    ours, theirs = pty.openpty()
    with process(
        *arguments, indexes=indexes, stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other side was closed
                break
            if not block:
                break
            shown += block
    os.close(ours)
    return shown.decode(), running.returncode


HOSTILE = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202eevil\u2066 \u200b\ufeff \U000e0041 \x08"


def test_nothing_in_a_document_reaches_a_terminal_raw(tmp_path, sanad):
    folder, target = tmp_path / "in", tmp_path / "ix"
    folder.mkdir()
    text = f"Rain {HOSTILE} fell.\r\nThe river {HOSTILE} rose by two metres.\r\n"
    name = f"a{HOSTILE.replace('/', '')}.txt"
    (folder / name).write_bytes(text.encode())
    assert sanad("ingest", folder, indexes=target)[0] == 0
    assert sanad("documents", "show", name, indexes=target)[1] == text
    unsafe = set(HOSTILE) - set(" [2J]0;ownd31mevil")
    question = "How much did the river rise?"
    for arguments in (("documents", "show", name), ("ask", question, "--threshold", "0")):
        shown, code = on_a_terminal(*arguments, indexes=target)
        assert code == 0
        assert "rose by two metres" in shown
        assert not unsafe & set(shown)
    for arguments in (
        ("documents", "show", name, "--json"),
        ("documents", "list"),
        ("documents", "list", "--json"),
        ("search", "river"),
        ("search", "river", "--json"),
        ("ask", question, "--threshold", "0", "--json"),
        ("ask", f"river {HOSTILE[9:]}"),
        ("documents", "show", f"no {name}"),
        ("documents", "show", f"no {name}", "--json"),
        ("ingest", folder, tmp_path / name),
        ("ingest", folder, "--collection", name),
    ):
        _, out, err = sanad(*arguments, indexes=target)
        assert out or err
        assert not unsafe & set(out + err), arguments


def test_asking_before_deleting(own_index):
    ours, theirs = pty.openpty()
    with process(
        "documents", "delete", ARTICLE, indexes=own_index, stdin=theirs, stderr=subprocess.DEVNULL
    ) as running:
        os.write(ours, b"n\n")
        assert running.wait(30) == 1
        assert running.stdout.read() == b""
    os.close(theirs)
    os.close(ours)


def test_serve_answers_and_stops_cleanly_on_sigterm(seed_index):
    with process("serve", "--port", "0", indexes=seed_index) as running:
        line = running.stderr.readline().decode()
        address = re.search(r"http://127\.0\.0\.1:\d+", line).group()
        try:
            body = json.dumps({"question": EN}).encode()
            request = Request(
                f"{address}/v1/ask", body, {"Content-Type": "application/json"}, method="POST"
            )
            deadline = time.monotonic() + 30
            while True:
                try:
                    answer = json.load(urlopen(request, timeout=30))
                    break
                except OSError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
        assert running.stdout.read() == b""
    assert answer["question"] == EN
    assert answer["citations"]


def test_serve_refuses_an_address_others_can_reach(sanad):
    code, out, err = sanad("serve", "--host", "0.0.0.0")
    assert (code, out) == (78, "")
    assert "--insecure" in err


def test_a_lost_manifest_is_damage_that_rebuild_mends(sanad, own_index):
    for path in (own_index / "default").glob("manifest-*"):
        path.unlink()
    for arguments in (("ask", EN), ("documents", "list"), ("verify",)):
        code, out, err = sanad(*arguments, indexes=own_index)
        assert (code, out) == (65, "")
        assert "sanad rebuild" in err
    assert sanad("doctor", indexes=own_index)[0] == 65
    assert sanad("rebuild", indexes=own_index)[0] == 0
    assert sanad("ask", EN, "--strict", indexes=own_index)[0] == 0


def test_a_stored_text_that_was_changed_is_found_and_can_be_mended(sanad, own_index):
    import sqlite3

    with sqlite3.connect(own_index / "default" / "truth.sqlite3") as database:
        database.execute("UPDATE documents SET text = replace(text, '57', '99')")
    database.close()
    code, out, err = sanad("verify", indexes=own_index)
    assert (code, out) == (65, "")
    assert ARTICLE in err
    assert "documents delete" in err
    assert sanad("doctor", indexes=own_index)[0] == 65
    assert sanad("documents", "delete", ARTICLE, "--yes", indexes=own_index)[0] == 0
    assert sanad("ingest", str(ROOT / "seeds"), indexes=own_index)[0] == 0
    assert sanad("verify", indexes=own_index)[0] == 0


def test_a_collection_that_is_not_there_is_named(sanad, tmp_path):
    code, _, err = sanad("ask", EN, "--collection", "nope", indexes=tmp_path)
    assert code == 0
    assert "nope" in err
    assert "sanad ingest" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_standard_output_is_told_as_such(own_index):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "rag", "ask", EN, "--indexes", str(own_index)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 69
    assert "standard output" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def told(tmp_path, sanad):
    """Indexes with a collection made from records that say more than their text."""
    records = [
        {"id": "a", "text": "Kyiv hopes to free 1,200 prisoners.", "date": "2025-11-02",
         "tags": ["war"], "author": {"name": "سارة"}},
        {"id": "b", "text": "تأمل كييف إطلاق سراح 1200 أسير.", "date": "2024-01-02", "tags": "حرب"},
    ]  # fmt: skip
    file = tmp_path / "news.jsonl"
    file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records), "utf-8")
    code, _, _ = sanad("ingest", file, "--collection", "news", indexes=tmp_path / "told")
    assert code == 0
    return tmp_path / "told"


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (["published>=2025-01-01"], ["news.jsonl#a"]),
        (["author.name=ساره", "tags=war"], ["news.jsonl#a"]),
        (["language=ar"], ["news.jsonl#b"]),
        (["author.name!=سارة"], ["news.jsonl#b"]),
        (["tags~حر", "published<2024"], []),
    ],
)
def test_filters_on_the_command_line(sanad, told, where, ids):
    filters = [part for one in where for part in ("--where", one)]
    common = ("--collection", "news", "--json", *filters)
    code, out, _ = sanad("search", "prisoners أسير", *common, indexes=told)
    assert code == 0
    assert sorted(hit["document_id"] for hit in json.loads(out)["hits"]) == ids
    code, out, _ = sanad("documents", "list", *common, indexes=told)
    assert [one["id"] for one in json.loads(out)["documents"]] == ids
    code, out, _ = sanad("ask", EN, "--threshold", "0", *common, indexes=told)
    answer = json.loads(out)
    assert {cited["document_id"] for cited in answer["citations"]} == set(ids)
    if not ids:
        assert answer["abstention"]["code"] == "not_in_sources"


@pytest.mark.parametrize("command", [("ask", EN), ("search", EN), ("documents", "list")])
def test_a_bad_filter_is_exit_2(sanad, command):
    code, out, err = sanad(*command, "--where", "published>=soon", "--json")
    assert (code, out) == (2, "")
    error = json.loads(err)["error"]
    assert (error["code"], error["param"]) == ("invalid_filter", "where")
    assert "'published>=soon'" in error["message"]
    assert "author.name!=" in error["hint"]


def test_what_is_told_of_a_document_is_shown(sanad, told):
    code, out, _ = sanad(
        "documents", "show", "news.jsonl#a", "--collection", "news", "--json", indexes=told
    )
    content = json.loads(out)
    assert code == 0
    assert (content["published"], content["tags"], content["pages"]) == ("2025-11-02", ["war"], [])
    assert content["metadata"] == {"author": {"name": "سارة"}}
    shown, _ = on_a_terminal(
        "documents", "show", "news.jsonl#a", "--collection", "news", indexes=told
    )
    assert "سارة" in shown
    assert "tags: war" in shown
    assert "Kyiv hopes" in shown


def test_collections_are_listed_and_deleted(sanad, told, seed_index):
    sanad("ingest", ROOT / "seeds" / "articles", "--collection", "b-2", indexes=told)
    code, out, err = sanad("collections", "list", indexes=told)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if not line.startswith(" ")] == ["b-2", "news"]
    code, out, _ = sanad("collections", "list", "--json", indexes=told)
    listed = json.loads(out)["collections"]
    assert [(one["name"], one["documents"]) for one in listed] == [("b-2", 2), ("news", 2)]
    assert {"passages", "embedder", "generation", "problem"} < set(listed[0])
    for names, expected in (
        (["news", "nowhere"], 2),
        (["../told"], 2),
        (["news"], 0),
        (["news"], 2),
    ):
        code, _, err = sanad("collections", "delete", *names, "--yes", indexes=told)
        assert code == expected, err
    code, out, _ = sanad("collections", "delete", "b-2", "--yes", "--json", indexes=told)
    assert json.loads(out) == {"removed": ["b-2"]}
    code, out, err = sanad("collections", "list", indexes=told)
    assert (code, out) == (0, "")
    assert "sanad ingest" in err


def test_a_backup_and_what_is_compacted(sanad, told, tmp_path):
    shared = ("--collection", "news", "--json")
    code, out, _ = sanad("backup", tmp_path / "kept", *shared, indexes=told)
    assert code == 0
    assert json.loads(out)["documents"] == 2
    code, _, err = sanad("backup", tmp_path / "kept", *shared, indexes=told)
    assert (code, json.loads(err)["error"]["param"]) == (2, "target")
    sanad("documents", "delete", "news.jsonl#a", "--yes", *shared, indexes=told)
    held = Collection(told / "news").open()
    sanad("documents", "delete", "news.jsonl#b", "--yes", *shared, indexes=told)
    code, out, err = sanad("compact", *shared, indexes=told)
    assert code == 75
    assert json.loads(out)["held"] == [held.state.generation]
    assert held.state.generation in err
    held.close()
    code, out, _ = sanad("compact", *shared, indexes=told)
    assert (code, json.loads(out)["held"]) == (0, [])
    assert not any(b"1,200" in path.read_bytes() for path in told.rglob("*") if path.is_file())
    code, out, _ = sanad("documents", "list", "--collection", "kept", "--json", indexes=tmp_path)
    assert [one["id"] for one in json.loads(out)["documents"]] == ["news.jsonl#a", "news.jsonl#b"]


@pytest.mark.parametrize("command", [("compact",), ("backup", "x")])
def test_there_is_nothing_to_compact_or_copy(sanad, tmp_path, command):
    code, out, err = sanad(*command, indexes=tmp_path / "none")
    assert (code, out) == (65, "")
    assert "sanad ingest" in err
    assert not (tmp_path / "none").exists()
