from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given, settings

from rag import documents
from rag.documents import formats, load
from rag.documents.encodings import decode
from rag.documents.formats import MARKDOWN, PLAIN
from rag.documents.plain import first_line
from rag.documents.values import Refusal
from rag.errors import NoDocuments
from rag.protocols import Loader
from tests.strategies import grapheme_starts, texts

ARABIC = "قال الرئيس شيئًا.\nThen he left."


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.txt").write_text(ARABIC, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("loader", [PLAIN, MARKDOWN])
def test_loaders_fit_the_protocol(loader):
    assert isinstance(loader, Loader)
    (document,) = loader.load(ARABIC.encode(), id="a.txt", origin="file:///a.txt").documents
    assert document.text == ARABIC
    assert document.sha256 == hashlib.sha256(ARABIC.encode()).hexdigest()
    assert (document.id, document.source, document.media_type) == (
        "a.txt",
        "a.txt",
        loader.media_type,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_read(encoding):
    assert decode(ARABIC.encode(encoding)).text == ARABIC


def test_big_endian_utf_16_is_read():
    assert decode(("\ufeff" + ARABIC).encode("utf-16-be")).text == ARABIC


@given(texts)
@settings(deadline=None, max_examples=50)
def test_text_is_kept_as_it_was_written(text):
    if text.strip() and not text.startswith("\ufeff"):
        assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"abc\xff", "not UTF-8: byte 0xff at offset 3"),
        (b"\xef\xbb\xbfabc\xff", "not UTF-8: byte 0xff at offset 6"),
        ("سلام".encode("cp1256"), "not UTF-8: byte 0xd3 at offset 0"),
        ("سلام".encode()[:-1], "not UTF-8: byte 0xd9 at offset 6"),
        (b"a\xed\xa0\x80", "not UTF-8: byte 0xed at offset 1"),
        (b"\xff\xfea\x00b", "not UTF-16: byte 0x62 at offset 4"),
        (b"\xfe\xff\xd8\x00", "not UTF-16: byte 0xd8 at offset 2"),
        (b"a\x00b", "holds NUL characters"),
        ("a".encode("utf-32"), "holds NUL characters"),
        (b"", "holds no text"),
        (b" \n\t ", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
    ],
)
def test_bytes_that_are_no_text_are_refused(content, message):
    with pytest.raises(Refusal, match=f"^{message}") as caught:
        decode(content)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n  قال الرئيس  \nشيئًا", "قال الرئيس"),
        ("***\n\nعنوان", "عنوان"),
        ("a\tb\x01c", "a b c"),
        ("\ufeffعنوان", "\ufeffعنوان"),
        ("…", ""),
        ("كلمة " * 40, "كلمة " * 17 + "كلمة…"),
        ("س" * 100, "س" * 90 + "…"),
        ("e\u0301" * 100, "e\u0301" * 90 + "…"),
    ],
)
def test_first_line_is_the_title(text, title):
    assert first_line(text) == title


@given(texts)
@settings(deadline=None)
def test_titles_are_one_short_line(text):
    title = first_line(text)
    assert not set(title) & set("\r\n\t\v\u2028\x85")
    assert len(grapheme_starts(title)) <= 93


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# عنوان\nنص", "عنوان"),
        ("intro\r\n# Title #\r\ntext", "Title"),
        ("## second\ntext", "## second"),
        ("#\n\ntext", "text"),
        ("#tag\ntext", "#tag"),
        ("# \n# Real", "Real"),
    ],
)
def test_markdown_titles(text, title):
    (document,) = MARKDOWN.load(text.encode(), id="a.md", origin="").documents
    assert document.title == title


def test_ids_are_paths_below_the_folder(folder):
    deep = folder / "أخبار" / "اليوم"
    deep.mkdir(parents=True)
    (deep / "مقال ١.txt").write_text(ARABIC, encoding="utf-8")
    (deep / "B.MD").write_text("# T\nx", encoding="utf-8")
    report = load([folder])
    assert [d.id for d in report.documents] == [
        "good.txt",
        "أخبار/اليوم/B.MD",
        "أخبار/اليوم/مقال ١.txt",
    ]
    assert report.documents[1].title == "T"
    assert all(d.origin.startswith("file:///") for d in report.documents)
    assert load([deep / "مقال ١.txt"]).documents[0].id == "مقال ١.txt"


def test_one_bad_file_among_good_ones_is_reported(folder):
    (folder / "bad.txt").write_bytes(b"\xff\xff")
    (folder / "empty.md").write_bytes(b"")
    (folder / "z.txt").write_text("last", encoding="utf-8")
    report = load([folder])
    assert [d.id for d in report.documents] == ["good.txt", "z.txt"]
    assert [failure.source for failure in report.failures] == [
        str(folder / "bad.txt"),
        str(folder / "empty.md"),
    ]
    assert "byte 0xff at offset 0" in str(report.failures[0].error)


def test_other_kinds_are_skipped_and_hidden_files_left_out(folder):
    for name in ("a.xyz", "b", ".hidden.txt"):
        (folder / name).write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "a.txt").write_bytes(b"x")
    report = load([folder])
    assert [d.id for d in report.documents] == ["good.txt"]
    assert report.skipped == (str(folder / "a.xyz"), str(folder / "b"))
    assert report.failures == ()


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(NoDocuments, match="neither a file nor a folder"):
        load([tmp_path / "nowhere"])


def test_an_empty_folder_gives_nothing(tmp_path):
    assert load([tmp_path]) == documents.LoadReport((), (), ())


def test_a_huge_file_is_refused_unread(folder, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST_FILE", 10)
    monkeypatch.setattr(formats, "LARGEST_FILE", 10)
    (failure,) = load([folder]).failures
    assert "more than the 10 a file may have" in str(failure.error)


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied"), OSError(5, "Input/output error"), OSError("odd")],
)
def test_a_file_that_cannot_be_read_is_reported(folder, monkeypatch, error):
    def refuse(_):
        raise error

    monkeypatch.setattr(type(folder), "read_bytes", refuse)
    (failure,) = load([folder]).failures
    assert f"cannot be read: {error.strerror or error}" in str(failure.error)


def test_a_folder_that_cannot_be_listed_is_reported(folder, monkeypatch):
    (folder / "closed").mkdir()
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = load([folder])
    assert [d.id for d in report.documents] == ["good.txt"]
    assert [f.source for f in report.failures] == [str(folder / "closed")]
    assert "cannot be listed: Permission denied" in str(report.failures[0].error)


def test_links_are_followed_only_to_files(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "far.txt").write_text("far away", encoding="utf-8")
    (folder / "link.txt").symlink_to(other / "far.txt")
    (folder / "folder").symlink_to(other)
    (folder / "loop").symlink_to(folder)
    (folder / "broken.txt").symlink_to(other / "nothing.txt")
    report = load([folder])
    assert [d.id for d in report.documents] == ["good.txt", "link.txt"]
    assert [f.source for f in report.failures] == [str(folder / "broken.txt")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.txt")
    (failure,) = load([folder]).failures
    assert "not a regular file" in str(failure.error)


def test_a_name_that_is_not_utf_8_is_reported(folder):
    try:
        (folder / os.fsdecode(b"\xff.txt")).write_bytes(b"text")
    except OSError:
        pytest.skip("this file system only takes UTF-8 names")
    report = load([folder])
    assert [d.id for d in report.documents] == ["good.txt"]
    assert "the name is not UTF-8" in str(report.failures[0].error)
    str(report).encode()


def test_two_files_of_one_id_do_not_replace_each_other(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.txt").write_text(name, encoding="utf-8")
    report = load([tmp_path / "a", tmp_path / "b"])
    assert [d.text for d in report.documents] == ["a"]
    assert "another file has already been read as 'same.txt'" in str(report.failures[0].error)


def test_a_folder_named_twice_is_read_once(folder):
    report = load([folder, folder])
    assert len(report.documents) == 1
    assert report.failures == ()
