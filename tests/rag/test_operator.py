"""What an operator types wrong, in both scripts: each refusal names the value, what was expected and what to do."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile

import pytest

from rag.index import collections
from rag.index.collection import Collection
from rag.types import document_url
from tests.rag.index.fakes import HashingEmbedder, articles

pytestmark = pytest.mark.usefixtures("own_folder")

TEXT = "ارتفع منسوب النهر مترين يوم الأحد."


@pytest.fixture
def indexes(tmp_path, monkeypatch):
    """A folder of indexes with the collection «أخبار», beside a folder of articles and other files."""
    monkeypatch.setenv("SANAD_EMBEDDER", "sanad-static-v1")
    (tmp_path / "مقالات").mkdir()
    (tmp_path / "مقالات" / "أ.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "rows.csv").write_text(f"العنوان,المتن\nفيضان,{TEXT}\n", encoding="utf-8")
    (tmp_path / "فارغ.txt").write_text("", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "أرشيف.zip", "w") as archive:
        archive.writestr("../هروب.txt", "x y")
    Collection(tmp_path / "فهارس" / "أخبار").ingest(articles(), HashingEmbedder())
    return tmp_path / "فهارس"


WRONG = {
    "an empty path": (["ingest", ""], 2, ["''", ". for this folder"]),
    "no such path": (["ingest", "لا-شيء"], 65, ["'لا-شيء'", "check the path"]),
    "an empty file": (["ingest", "فارغ.txt"], 65, ["فارغ.txt", "no text"]),
    "an archive that leads out": (["ingest", "أرشيف.zip"], 65, ["../هروب.txt", "unpack it yourself"]),
    "prune without a folder": (["ingest", "--prune", "-"], 2, ["--prune", "'-'", "name the folder"]),
    "watch a file": (["ingest", "--watch", "rows.csv"], 2, ["'rows.csv'", "not a folder"]),
    "an unknown field": (["ingest", "--map", "نص=المتن", "rows.csv"], 2, ["'نص=المتن'", "text, title"]),
    "a field twice": (["ingest", "--map", "text=المتن", "--map", "text=العنوان", "rows.csv"], 2, ["'المتن'", "'العنوان'", "leave one"]),
    "an unknown column": (["ingest", "--map", "text=النص", "rows.csv"], 65, ["النص", "'العنوان'", "--map text="]),
    "a name that is a folder": (["ingest", "-", "--name", ".."], 2, ["'..'", "--name article.html"]),
    "a name with a space": (["ask", "من؟", "--collection", "أخبار قديمة"], 2, ["'أخبار قديمة'", "letters and digits of any script"]),
    "a name that leads out": (["compact", "--collection", "../أخبار"], 2, ["'../أخبار'", "any script"]),
    "nearly the name": (["ingest", "مقالات", "--collection", "اخبار"], 2, ["'اخبار'", "'أخبار'", "--collection أخبار"]),
    "nearly the name, to read": (["documents", "show", "x", "--collection", "اخبار"], 65, ["اخبار", "--collection أخبار"]),
    "nearly the name, to delete": (["collections", "delete", "اخبار", "--yes"], 2, ["'اخبار'", "'أخبار'"]),
    "no such collection": (["rebuild", "--collection", "غائبة"], 65, ["غائبة", "sanad ingest"]),
    "no such document": (["documents", "delete", "غائب.txt", "--yes", "--collection", "أخبار"], 2, ["'غائب.txt'", "documents list"]),
    "a backup inside": (["backup", "فهارس/أخبار/نسخة", "--collection", "أخبار"], 2, ["فهارس/أخبار/نسخة", "inside the collection", "outside of it"]),
    "a backup in the place of another": (["backup", "مقالات", "--collection", "أخبار"], 2, ["'مقالات'", "there already", "expected a new folder"]),
    "a backup below a file": (["backup", "rows.csv/copy", "--collection", "أخبار"], 78, ["rows.csv", "name another folder"]),
    "a backup nobody could open": (["backup", "فهارس/نسخة قديمة", "--collection", "أخبار"], 2, ["فهارس/نسخة قديمة", "among the collections"]),
    "a backup taken for another": (["backup", "فهارس/اخبار", "--collection", "أخبار"], 2, ["فهارس/اخبار", "among the collections"]),
    "a long name of a backup": (["backup", "ن" * 300, "--collection", "أخبار"], 65, ["ننن", "too long"]),
    "a backup in a ring of links": (["backup", "حلقة/نسخة", "--collection", "أخبار"], 78, ["حلقة", "no folder"]),
    "a restore of nothing": (["restore", "مقالات"], 2, ["'مقالات'", "sanad backup made"]),
    "a restore over a collection": (["restore", "فهارس/أخبار", "--collection", "أخبار"], 2, ["'أخبار' already", "collections delete أخبار"]),
    "a restore taken for another": (["restore", "فهارس/أخبار", "--collection", "اخبار"], 2, ["'اخبار'", "'أخبار'"]),
    "a day that is none": (["search", "من؟", "--where", "published>=غدا"], 2, ["published>=غدا", "2025-01-31"]),
    "a filter that is none": (["documents", "list", "--where", "منشور"], 2, ["'منشور'", "FIELD"]),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_each_mistake_is_named_with_what_to_do(sanad, indexes, tmp_path, monkeypatch, why):
    arguments, expected, named = WRONG[why]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    (tmp_path / "حلقة").symlink_to(tmp_path / "حلقة")
    before = sorted(tmp_path.rglob("*"))
    code, out, err = sanad(*arguments, indexes=indexes)
    assert (code, out) == (expected, ""), err
    for words in named:
        assert words in err
    assert "Traceback" not in err
    assert sorted(tmp_path.rglob("*")) == before
    code, out, told = sanad(*arguments, "--json", indexes=indexes)
    assert (code, out) == (expected, "")
    assert json.loads(told)["error"]["hint"]


def test_an_empty_folder_is_named(sanad, indexes, tmp_path):
    (tmp_path / "مجلد").mkdir()
    code, _, err = sanad("ingest", "مجلد", indexes=indexes)
    assert (code, "'مجلد'" in err) == (65, True)


def test_a_damaged_backup_is_not_restored_and_can_be_put_right(sanad, indexes, tmp_path):
    Collection(indexes / "أخبار").backup(tmp_path / "نسخة")
    next((tmp_path / "نسخة").glob("gen-*/vectors/*")).write_bytes(b"x")
    target = ("restore", tmp_path / "نسخة", "--collection", "ثانية")
    code, _, err = sanad(*target, indexes=indexes)
    assert code == 65
    assert f"sanad rebuild --indexes {tmp_path} --collection نسخة" in err
    assert sorted(path.name for path in indexes.iterdir()) == ["أخبار"]
    assert sanad("rebuild", "--collection", "نسخة", indexes=tmp_path)[0] == 0
    assert sanad(*target, indexes=indexes)[0] == 0
    assert Collection(indexes / "ثانية").verify().documents == len(articles())


def test_one_arabic_name_on_every_command(sanad, indexes, tmp_path):
    """From the first ingest to the last delete, as an operator would go."""
    shared = ("--collection", "وكالة-٢٠٢٥")

    def done(*arguments):
        code, out, err = sanad(*arguments, *shared, indexes=indexes)
        assert code == 0, err
        return out

    assert "would add أ.txt" in done("ingest", "--dry-run", tmp_path / "مقالات")
    assert "added 1" in done("ingest", tmp_path / "مقالات")
    assert "مترين" in done("ask", "كم ارتفع منسوب النهر؟")
    assert "مترين" in done("search", "منسوب النهر")
    assert "أ.txt" in done("documents", "list")
    assert TEXT in done("documents", "show", "أ.txt")
    assert "match their checksums" in done("verify")
    done("rebuild")
    done("backup", tmp_path / "نسخة")
    done("documents", "delete", "أ.txt", "--yes")
    done("compact")
    assert "bad" not in done("doctor")
    _, out, _ = sanad("collections", "list", indexes=indexes)
    assert [line for line in out.splitlines() if line[0] != " "] == ["أخبار", shared[1]]
    done("collections", "delete", shared[1], "--yes")
    assert "1 documents" in done("restore", tmp_path / "نسخة")
    assert TEXT in done("documents", "show", "أ.txt")


def test_a_restored_collection_is_what_was_backed_up(indexes, tmp_path):
    collection = Collection(indexes / "أخبار")
    made = collection.backup(tmp_path / "نسخة")
    collection.delete(["en/kyiv.txt"])
    collections.delete(indexes, "أخبار")
    assert collections.restore(tmp_path / "نسخة", collection) == made == collection.verify()
    index = collection.open(HashingEmbedder())
    assert index.count_documents() == len(articles())
    index.close()


@pytest.mark.parametrize("lost", ["gone", "empty"])
def test_a_collection_that_lost_its_documents_is_still_seen(sanad, indexes, lost):
    """It is listed with its problem, told as damaged on every command, and can be deleted."""
    truth = indexes / "أخبار" / "truth.sqlite3"
    truth.unlink()
    if lost == "empty":
        truth.touch()
    code, out, _ = sanad("collections", "list", "--json", indexes=indexes)
    (listed,) = json.loads(out)["collections"]
    assert (listed["name"], listed["problem"], listed["documents"]) == (
        "أخبار",
        "index_damaged",
        None,
    )
    for command in (["rebuild"], ["compact"], ["verify"], ["documents", "delete", "x", "--yes"]):
        code, _, err = sanad(*command, "--collection", "أخبار", indexes=indexes)
        assert code == 65
        assert "truth.sqlite3" in err
        assert "backup" in err
    code, _, err = sanad("collections", "delete", "أخبار", "--yes", indexes=indexes)
    assert (code, list(indexes.iterdir())) == (0, []), err


def test_a_collection_named_twice_is_deleted_once(sanad, indexes):
    code, out, err = sanad("collections", "delete", "أخبار", "أخبار", "--yes", indexes=indexes)
    assert (code, out) == (0, "removed 1\n"), err


@pytest.mark.parametrize(
    "id", ["../x", "a/./b", "a/../../b", "list.jsonl#a/../b", "..", "a/b", "أ/ب"]
)
def test_no_client_resolves_an_id_away(id):
    """Browsers take `..` in an address as the folder above."""
    import httpx

    path = httpx.URL("http://x").join(document_url(id, 1, 2)).raw_path.decode()
    assert path == document_url(id, 1, 2) or id == ".."


def test_a_killed_backup_leaves_a_name_that_is_no_collection(indexes):
    """It is written beside, under a name that no list shows."""
    shutil.copytree(indexes / "أخبار", indexes / ".copy.1.tmp")
    assert [one.name for one in collections.listed(indexes)] == ["أخبار"]
    assert Collection(indexes / "اخبار").namesake() == "أخبار"
