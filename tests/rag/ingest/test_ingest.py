"""What `sanad ingest` does to the store: dry runs, pruning, standard input, columns, errors."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest

from rag import cli
from rag.engine import Engine
from rag.index.collection import Collection
from rag.settings import Settings
from tests.files import zipped

pytestmark = pytest.mark.usefixtures("own_folder")

AR = "سقط المطر في القاهرة أمس، وارتفع منسوب النيل مترين."
EN = "The river rose by two metres, and the bridge was closed."


@pytest.fixture
def articles(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "ar.txt").write_text(AR, encoding="utf-8")
    (folder / "en.txt").write_text(EN, encoding="utf-8")
    return folder


@pytest.fixture
def ingest(capfd):
    """Runs the command with the fast embedder: (exit code, report or error, stderr)."""

    def run(*arguments):
        code = cli.main(["ingest", "--json", "--embedder", "sanad-static-v1", *map(str, arguments)])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        said = out or err.strip().splitlines()[-1]
        return code, json.loads(said), err

    return run


def stored(folder=Path("indexes/default")):
    index = Collection(folder).open()
    found = {
        summary.id: (summary.title, summary.source, index.document(summary.id).text)
        for summary in index.documents()
    }
    index.close()
    return found


def tree(folder):
    """Every byte under a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def counts(report):
    names = ("added", "changed", "unchanged", "removed", "duplicates", "failed", "skipped")
    return {name: len(report[name]) for name in names if report[name]}


def test_a_dry_run_says_what_the_run_then_does_and_writes_nothing(articles, ingest, tmp_path):
    code, planned, _ = ingest("--dry-run", articles)
    assert (code, counts(planned), planned["dry_run"]) == (0, {"added": 2}, True)
    assert not (tmp_path / "indexes").exists()
    ingest(articles)
    (articles / "ar.txt").write_text(f"{AR}\n\nوتوقفت الدراسة.", encoding="utf-8")
    (articles / "copy.txt").write_text(EN, encoding="utf-8")
    (articles / "new.txt").write_text("خبر جديد من دمشق.", encoding="utf-8")
    (articles / "twin.txt").write_text("خبر جديد من دمشق.", encoding="utf-8")
    (articles / "bad.txt").write_bytes(b"\x00\xff\x00")
    (articles / "rows.csv").write_text("id,text\n7,صف أول\n", encoding="utf-8")
    before = tree(tmp_path / "indexes")
    _, planned, _ = ingest("--dry-run", "--prune", articles)
    assert tree(tmp_path / "indexes") == before
    assert counts(planned) == {
        "added": 2,
        "changed": 1,
        "unchanged": 1,
        "duplicates": 2,
        "failed": 1,
    }
    _, done, _ = ingest("--prune", articles)
    for what in ("added", "changed", "unchanged", "removed", "duplicates", "failed", "skipped"):
        assert planned[what] == done[what], what
    _, planned, _ = ingest("--dry-run", articles)
    assert counts(planned) == {"unchanged": 4, "duplicates": 2, "failed": 1}


def test_a_dry_run_takes_no_lock(articles, ingest):
    ingest(articles)
    with Collection(Path("indexes/default"))._writing(None):
        assert ingest("--dry-run", articles)[0] == 0
        code, error, _ = ingest(articles)
        assert (code, error["error"]["code"]) == (75, "locked")
        assert str(os.getpid()) in error["error"]["message"]


def test_prune_removes_what_vanished_and_only_when_asked(articles, ingest):
    (articles / "rows.csv").write_text("id,text\n1,صف أول\n2,second row\n", encoding="utf-8")
    (articles / "a.zip").write_bytes(zipped({"x.txt": "من داخل الأرشيف", "y.txt": "Inside too"}))
    assert counts(ingest(articles)[1]) == {"added": 6}
    (articles / "ar.txt").unlink()
    (articles / "rows.csv").write_text("id,text\n2,second row\n", encoding="utf-8")
    (articles / "a.zip").write_bytes(zipped({"y.txt": "Inside too"}))
    planned = ingest("--dry-run", articles)[1]
    assert (
        planned["removed"] == ingest(articles)[1]["removed"] == ["rows.csv#1"]
    )  # changed, not gone
    assert len(stored()) == 5
    _, report, _ = ingest("--prune", articles)
    assert sorted(report["removed"]) == ["a.zip/x.txt", "ar.txt"]
    assert set(stored()) == {"en.txt", "rows.csv#2", "a.zip/y.txt"}
    (articles / "a.zip").unlink()
    assert ingest("--prune", articles)[1]["removed"] == ["a.zip/y.txt"]
    for path in articles.iterdir():
        path.unlink()
    code, report, _ = ingest("--prune", articles)
    assert (code, sorted(report["removed"]), stored()) == (0, ["en.txt", "rows.csv#2"], {})


def test_prune_keeps_what_could_not_be_read_what_moved_and_what_lies_elsewhere(
    articles, ingest, tmp_path
):
    other = tmp_path / "articles-2"
    other.mkdir()
    (other / "o.txt").write_text("خبر من مجلد آخر", encoding="utf-8")
    (articles / "rows.json").write_text(
        '[{"id": 1, "text": "صف"}, {"id": 2, "text": "row"}]', encoding="utf-8"
    )
    ingest(articles, other)
    (other / "o.txt").unlink()
    (articles / "rows.json").write_text('[{"id": 1, "text": "صف"', encoding="utf-8")
    (articles / "en.txt").rename(articles / "renamed.txt")
    _, report, _ = ingest("--prune", articles)
    assert report["removed"] == []
    assert counts(report) == {"unchanged": 2, "failed": 1}
    assert {"o.txt", "rows.json#1", "rows.json#2", "en.txt"} <= set(stored())
    assert ingest("--prune", articles)[1]["removed"] == []  # the new place was remembered


def test_a_copy_under_the_same_name_is_not_said_to_be_a_copy_of_itself(articles, ingest, tmp_path):
    ingest(articles)
    other = tmp_path / "other"
    other.mkdir()
    (other / "ar.txt").write_text(AR, encoding="utf-8")
    (other / "b.txt").write_text(EN, encoding="utf-8")
    code, report, err = ingest(other)
    assert (code, counts(report)) == (0, {"duplicates": 2})
    assert "left out, the same text is stored from another place: ar.txt" in err
    assert "left out, the same text is en.txt: b.txt" in err


def test_a_copy_of_what_is_pruned_takes_its_place(articles, ingest):
    ingest(articles)
    (articles / "zz.txt").write_text(EN, encoding="utf-8")
    (articles / "en.txt").unlink()
    _, planned, _ = ingest("--prune", "--dry-run", articles)
    _, report, _ = ingest("--prune", articles)
    assert planned["unchanged"] == report["unchanged"] == ["ar.txt", "en.txt"]
    assert stored()["en.txt"][2] == EN


def test_other_columns_are_kept_as_metadata(tmp_path, ingest):
    (tmp_path / "rows.csv").write_text("id,text,كاتب\n1,خبر من دمشق,ليلى\n", encoding="utf-8")
    ingest(tmp_path / "rows.csv")
    index = Collection(Path("indexes/default")).open()
    assert dict(index.document("rows.csv#1").metadata) == {"كاتب": "ليلى"}
    index.close()


def test_a_title_that_changed_is_changed_without_embedding(tmp_path, ingest):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "1", "title": "قديم", "text": AR}), encoding="utf-8")
    ingest(rows)
    rows.write_text(json.dumps({"id": "1", "title": "جديد", "text": AR}), encoding="utf-8")
    _, report, _ = ingest(rows)
    assert (counts(report), report["embedded_passages"]) == ({"changed": 1}, 0)
    assert stored()["rows.jsonl#1"][0] == "جديد"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "headline,story,when,ref\nعنوان,{ar},2024-05-01,k1\nTitle,{en},2024-05-02,k2\n"),
        ("rows.json", '{{"items": [{{"headline": "عنوان", "story": "{ar}", "when": "2024-05-01", "ref": "k1"}}, {{"headline": "Title", "story": "{en}", "when": "2024-05-02", "ref": "k2"}}]}}'),
        ("rows.jsonl", '{{"headline": "عنوان", "story": "{ar}", "when": "2024-05-01", "ref": "k1"}}\n{{"headline": "Title", "story": "{en}", "when": "2024-05-02", "ref": "k2"}}\n'),
    ],
)  # fmt: skip
def test_columns_are_mapped(tmp_path, ingest, name, content):
    (tmp_path / name).write_text(
        content.format(ar=AR.replace("،", ""), en=EN.replace(",", "")), encoding="utf-8"
    )
    maps = (
        "--map",
        "title=headline",
        "--map",
        "text=STORY",
        "--map",
        "date=when",
        "--map",
        "id=ref",
    )
    assert counts(ingest(*maps, tmp_path / name)[1]) == {"added": 2}
    found = stored()
    assert found[f"{name}#k1"][0] == "عنوان"
    assert found[f"{name}#k2"] == ("Title", name, EN.replace(",", ""))
    code, error, _ = ingest("--map", "title=عنوان رئيسي", "--map", "text=story", tmp_path / name)
    assert (code, error["error"]["code"]) == (65, "no_documents")
    assert "no field 'عنوان رئيسي'" in error["error"]["message"]
    assert "'headline'" in error["error"]["message"]
    assert error["error"]["hint"] == "name one of them: --map title=NAME"


@pytest.mark.parametrize("wrong", ["title", "=x", "title=", "colour=red", "نص=x"])
def test_a_mapping_that_is_none_is_a_usage_error(articles, ingest, wrong):
    code, error, _ = ingest("--map", wrong, articles)
    assert (code, error["error"]["param"]) == (2, "map")
    assert "--map title=headline" in error["error"]["hint"]


def test_standard_input(ingest, monkeypatch):
    def given(content, *arguments):
        raw = io.BytesIO(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
        return ingest("-", *arguments)

    page = f"<html><title>عنوان الصفحة</title><body><p>{AR}</p></body></html>".encode()
    assert given(page, "--name", "صفحة.html")[1]["added"] == ["صفحة.html"]
    assert stored()["صفحة.html"][0] == "عنوان الصفحة"
    assert given(page, "--name", "صفحة.html")[1]["unchanged"] == ["صفحة.html"]
    assert given(page.replace(AR.encode(), EN.encode()), "--name", "صفحة.html")[1]["changed"] == [
        "صفحة.html"
    ]
    (one,) = given(AR.encode())[1]["added"]
    (two,) = given("نص آخر".encode())[1]["added"]
    assert one != two  # without a name nothing is replaced
    rows = f'{{"text": "{AR} ثم"}}\n{{"text": "{EN} Then."}}'.encode()
    assert len(given(rows, "--format", "jsonl", "--name", "wire")[1]["added"]) == 2
    code, error, _ = given(b"x", "--format", "exe")
    assert (code, error["error"]["param"]) == (2, "format")
    for name in ("", "a\nb", "\udcff.txt", " a"):
        code, error, _ = given(b"words", "--name", name)
        assert (code, error["error"]["param"]) == (2, "name")
    code, error, _ = given(b"", "--name", "فارغ.txt")
    assert code == 65
    assert "فارغ.txt" in error["error"]["message"]
    assert "command before the pipe" in error["error"]["hint"]
    code, error, _ = given(b"")
    assert "stdin-" not in error["error"]["message"]


def test_options_that_do_not_go_together(articles, ingest):
    for arguments, told in (
        (("--name", "x", articles), "standard input"),
        (("-", "-"), "more than once"),
        (("--watch", "--dry-run", articles), "do not go together"),
        (("--watch", articles / "ar.txt"), "not a folder"),
        (("https://example.org/a",), "--allow-network"),
        (("--watch", "--allow-network", "https://example.org/a"), "not a folder"),
    ):
        code, error, _ = ingest(*arguments)
        assert code == 2
        assert told in json.dumps(error, ensure_ascii=False)
        assert error["error"]["hint"]
    assert not Path("indexes").exists()


def test_links_that_lead_to_themselves_are_one_failure_each(articles, ingest):
    (articles / "round.txt").symlink_to("and-round.txt")
    (articles / "and-round.txt").symlink_to("round.txt")
    (articles / "self").symlink_to("self")
    for arguments in (("--dry-run",), ("--prune",), ()):
        code, report, _ = ingest(*arguments, articles)
        assert (code, len(report["failed"])) == (0, 3)
        assert all(failed["hint"] for failed in report["failed"])
    assert set(stored()) == {"ar.txt", "en.txt"}
    failures = Engine(Settings(embedder="sanad-static-v1")).ingest([articles])[0].failures
    assert len(failures) == 3


def test_every_file_that_failed_is_named_with_reason_and_what_to_do(articles, ingest):
    (articles / "تالف.json").write_text('{"text": ', encoding="utf-8")
    (articles / "صورة.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
    (articles / "empty.txt").write_text(" \n", encoding="utf-8")
    (articles / ".hidden.txt").write_text(AR, encoding="utf-8")
    (articles / "film.mp4").write_bytes(b"\x00")
    code, report, err = ingest(articles)
    assert (code, counts(report)) == (0, {"added": 2, "failed": 3, "skipped": 1})
    for failed in report["failed"]:
        assert Path(failed["source"]).name in failed["message"]
        assert failed["hint"]
        assert failed["source"] in err
    assert {failed["reason"] for failed in report["failed"]} == {"damaged", "wrong_kind", "empty"}
    assert ingest("--strict", articles)[0] == 65
