"""What a file is: by its bytes first, by its name second; folders and archives of all kinds."""

from __future__ import annotations

import json

import pytest

from rag.documents import formats, load, load_bytes
from rag.documents.formats import kind_of
from rag.documents.values import Refusal
from rag.errors import UnreadableDocument
from tests.files import ARTICLE, arabic_pdf, chapter, epub, paragraph, tarred, word, zipped

TEXT = "\n".join(ARTICLE).encode()
PAGE = f"<!DOCTYPE html><title>t</title><p>{ARTICLE[0]}</p>".encode()
FILES = {
    "a.txt": TEXT,
    "b.html": PAGE,
    "c.docx": word(paragraph(ARTICLE[0])),
    "d.pdf": arabic_pdf(["قال الرئيس إن كييف تأمل في إطلاق سراح الأسرى"]),
    "e.epub": epub({"a.xhtml": chapter(ARTICLE[1])}),
    "f/g.jsonl": b"\n".join(json.dumps({"text": text}).encode() for text in ARTICLE),
    "f/h.csv": f"id,text\nx,{ARTICLE[2]}\n".encode(),
    "f/i.atom": f"<feed><entry><id>1</id><summary>{ARTICLE[2]}</summary></entry></feed>".encode(),
}
IDS = ["a.txt", "b.html", "c.docx", "d.pdf", "e.epub", "f/g.jsonl#1", "f/g.jsonl#2", "f/g.jsonl#3",
       "f/h.csv#x", "f/i.atom#1"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "read_as"),
    [
        ("a.txt", TEXT, "text"),
        ("a.docx", arabic_pdf(["نص"]), "PDF"),
        ("a.txt", FILES["c.docx"], "Word"),
        ("a.pdf", PAGE, "HTML"),
        ("noname", FILES["d.pdf"], "PDF"),
        ("a.zip", FILES["c.docx"], "Word"),
        ("a.zip", FILES["e.epub"], "EPUB"),
        ("a.txt", b"  <!DOCTYPE HTML><p>x", "HTML"),
        ("a.txt", b"how a file begins: %PDF-1.7, and goes on", "text"),
        ("A.HTML", b"<p>x", "HTML"),
        ("a.tar.gz", tarred({"a.txt": TEXT}), None),
        ("a.zip", zipped({"a.txt": TEXT}), None),
        ("a.xyz", b"\x00\x01", None),
        ("a.png", b"\x89PNG", None),
    ],
)
def test_content_decides_before_the_name(name, content, read_as):
    kind = kind_of(name, content)
    assert (kind.loader.name if kind.loader else None) == read_as
    named = formats.loader_for(formats.suffix_of(name))
    assert bool(kind.note) == bool(kind.loader and kind.loader is not named)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n", "named '.txt' but it is a PNG image"),
        ("a.docx", b"\xd0\xcf\x11\xe0", "an old Office file"),
        ("a.pdf", b"plain", "named '.pdf' but it is not PDF"),
        ("a.docx", b"plain", "not Word"),
        ("a.zip", b"plain", "neither a zip nor a tar archive"),
        ("a.txt", zipped({"a": "b"}), "a zip archive"),
        ("a.html", b"\x1f\x8b\x08", "a tar archive"),
        ("a.pdf", zipped({"a": "b"}), "a zip archive"),
        ("a.csv", b"\x7fELF", "a program"),
    ],
)
def test_content_that_its_name_denies_is_refused(name, content, message):
    with pytest.raises(Refusal, match=message) as caught:
        kind_of(name, content)
    assert caught.value.reason == "wrong_kind"


def test_bytes_that_are_no_file_are_read_too():
    loaded = load_bytes(FILES["d.pdf"], name="upload.docx", id="u", origin="upload:1")
    assert loaded.documents[0].media_type == "application/pdf"
    assert loaded.notes[0].code == "other_kind"
    assert load_bytes(b"x", name="a.xyz", id="u", origin="") is None
    with pytest.raises(UnreadableDocument, match="u: an archive"):
        load_bytes(zipped({"a.txt": "x"}), name="a.zip", id="u", origin="")


def written(folder, files=FILES):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_of_every_kind(tmp_path):
    report = load([written(tmp_path)])
    assert [document.id for document in report.documents] == IDS
    assert (report.failures, report.skipped, report.notes) == ((), (), ())


@pytest.mark.parametrize(("name", "pack"), [("x.zip", zipped), ("x.tar.gz", tarred)])
def test_an_archive_is_read_like_a_folder_of_its_name(tmp_path, name, pack):
    (tmp_path / name).write_bytes(
        pack({**FILES, "z.xyz": b"x", ".hidden.txt": TEXT, "__MACOSX/a.txt": TEXT})
    )
    report = load([tmp_path])
    assert [document.id for document in report.documents] == [f"{name}/{id}" for id in IDS]
    assert report.skipped == (f"{tmp_path / name}/z.xyz",)
    assert all(document.origin.startswith("file:///") for document in report.documents)


def test_one_bad_file_among_good_ones_is_told_by_its_reason(tmp_path):
    bad = {"bad.docx": b"PK\x03\x04word/document.xml", "bad.pdf": b"%PDF-1.7", "bad.html": b"",
           "bad.json": b"[", "bad.csv": b"a\n1", "bad.png": b"\x89PNG", "bad.txt": b"\xff"}  # fmt: skip
    report = load([written(tmp_path, {**FILES, **bad})])
    assert len(report.documents) == len(IDS)
    reasons = {failure.source.split("/")[-1]: failure.error.reason for failure in report.failures}
    assert reasons == {"bad.docx": "damaged", "bad.pdf": "damaged", "bad.html": "empty",
                       "bad.json": "damaged", "bad.csv": "no_text_field", "bad.txt": "encoding"}  # fmt: skip
    assert report.skipped == (str(tmp_path / "bad.png"),)


def test_notes_name_their_file(tmp_path):
    (tmp_path / "a.txt").write_bytes(ARTICLE[0].encode("cp1256"))
    (told,) = load([tmp_path]).notes
    assert told.source == str(tmp_path / "a.txt")
    assert (told.note.code, told.note.message) == (
        "encoding",
        "read as windows-1256, told by its words",
    )


def test_a_file_too_large_is_refused_unread(tmp_path, monkeypatch):
    with (tmp_path / "a.html").open("wb") as file:
        file.truncate(formats.LARGEST_FILE + 1)
    (failure,) = load([tmp_path]).failures
    assert failure.error.reason == "too_large"
