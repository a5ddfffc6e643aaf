"""Archives: what is refused as a whole, what one by one, and that no name leads anywhere."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest

from rag.documents import archive, load
from rag.documents.archive import Package, unpack
from rag.documents.values import Refusal
from tests.files import outcome, tarred, zipped

TEXT = "قال الرئيس إن كييف تأمل في إطلاق سراح الأسرى.".encode()

OUTSIDE = [
    "../evil.txt", "../../../../tmp/evil.txt", "a/../../evil.txt", "/etc/evil.txt", "//evil.txt",
    "..\\evil.txt", "a\\..\\..\\evil.txt", "C:\\evil.txt", "C:evil.txt", "\\\\host\\evil.txt",
    "./../evil.txt", "a/b/../../../evil.txt",
]  # fmt: skip
ODD = ["a\x1b[31m.txt", "a\n.txt", "x" * 600 + ".txt"]
NESTED = ["inner.zip", "inner.tar.gz", "inner.TGZ", "b/inner.7z", "x.tar"]


def unpacked(content, tmp_path, kind="zip"):
    (tmp_path / "input").write_bytes(content)
    return unpack(kind, tmp_path)


@pytest.mark.parametrize(("kind", "pack"), [("zip", zipped), ("tar", tarred)])
@pytest.mark.parametrize(
    ("names", "reason"), [(OUTSIDE, "unsafe"), (ODD, "bad_name"), (NESTED, "unsafe")]
)
def test_such_names_are_refused_one_by_one(kind, pack, names, reason, tmp_path):
    members = unpacked(pack({**dict.fromkeys(names, TEXT), "good.txt": TEXT}), tmp_path, kind)
    assert [member.get("refused", {}).get("reason") for member in members] == [reason] * len(
        names
    ) + [None]
    assert {path.name for path in tmp_path.iterdir()} == {"input", str(members[-1]["file"])}
    assert members[-1]["name"] == "good.txt"


def test_links_and_devices_are_refused(tmp_path):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        for kind in (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.FIFOTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
        ):
            entry = tarfile.TarInfo(f"{kind!r}.txt")
            entry.type, entry.linkname = kind, "/etc/passwd"
            made.addfile(entry)
    members = unpacked(target.getvalue(), tmp_path, "tar")
    assert {member["refused"]["reason"] for member in members} == {"unsafe"}
    assert len(members) == 5


def test_a_link_in_a_zip_is_refused(tmp_path):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        entry = zipfile.ZipInfo("link.txt")
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, "/etc/passwd")
    (member,) = unpacked(target.getvalue(), tmp_path)
    assert "a link or device" in member["refused"]["message"]


def test_two_entries_of_one_name(tmp_path):
    members = unpacked(tarred({"a.txt": TEXT, "./a.txt": TEXT}), tmp_path, "tar")
    assert members[1]["refused"]["reason"] == "duplicate_id"


def test_a_locked_entry_is_told(tmp_path):
    content = bytearray(zipped({"a.txt": TEXT}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    (member,) = unpacked(bytes(content), tmp_path)
    assert member["refused"]["reason"] == "encrypted"


@pytest.mark.parametrize(("kind", "pack"), [("zip", zipped), ("tar", tarred)])
def test_more_than_is_allowed_is_refused_as_a_whole(kind, pack, tmp_path, monkeypatch):
    with pytest.raises(Refusal, match="times its own size"):
        unpacked(pack({f"{n}.txt": bytes(1024 * 1024) for n in range(3)}), tmp_path, kind)
    monkeypatch.setattr(archive, "MOST_ENTRIES", 3)
    with pytest.raises(Refusal, match="more than 3 entries"):
        unpacked(pack({f"{n}.txt": TEXT for n in range(4)}), tmp_path, kind)


def test_a_large_entry_is_refused_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_FILE", 100)
    members = unpacked(zipped({"a.txt": TEXT * 9, "b.txt": TEXT}), tmp_path)
    assert [member.get("refused", {}).get("reason") for member in members] == ["too_large", None]


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("cut", [10, 40, 90])
def test_a_damaged_archive_is_told(kind, cut, tmp_path):
    content = (zipped if kind == "zip" else tarred)({"a.txt": TEXT, "b.txt": TEXT * 3})
    found = outcome(unpacked, content[:-cut], tmp_path, kind)
    # A tar that was cut in the padding behind its last entry is whole.
    assert found.reason == "damaged" if isinstance(found, Refusal) else kind == "tar"


def test_a_damaged_entry_is_told_and_the_others_read(tmp_path):
    content = bytearray(zipped({"a.txt": TEXT, "b.txt": TEXT}))
    content[content.index(b"a.txt") + 8] ^= 0xFF
    (tmp_path / "x.zip").write_bytes(bytes(content))
    report = load([tmp_path])
    assert [document.id for document in report.documents] == ["x.zip/b.txt"]
    assert report.failures[0].error.reason == "damaged"
    assert report.failures[0].source.endswith("x.zip/a.txt")


def test_a_zip_inside_a_zip_is_not_opened(tmp_path):
    inner = zipped({"a.txt": TEXT})
    (tmp_path / "x.zip").write_bytes(zipped({"inner.zip": inner, "b.txt": inner, "c.txt": TEXT}))
    report = load([tmp_path])
    assert [document.id for document in report.documents] == ["x.zip/c.txt"]
    assert {failure.error.reason for failure in report.failures} == {"unsafe", "wrong_kind"}


@pytest.mark.parametrize("away", [200, -7])
def test_a_part_said_to_lie_before_the_file_is_damaged(away):
    """Found by fuzzing: zipfile then seeks a negative place and raises ValueError."""
    content = bytearray(zipped({"word/document.xml": "قال الرئيس."}))
    at = content.rindex(b"PK\x05\x06") + 16  # where the end record says the list of parts begins
    (start,) = struct.unpack_from("<L", content, at)
    struct.pack_into("<L", content, at, start + away)
    with pytest.raises(Refusal) as caught:
        Package(bytes(content)).read("word/document.xml")
    assert (caught.value.reason, bool(caught.value.hint)) == ("damaged", True)


def test_parts_that_unpack_to_far_more_are_refused():
    package = Package(zipped({"word/document.xml": bytes(30 * 1024 * 1024)}))
    with pytest.raises(Refusal, match="unpack to more than"):
        package.read("word/document.xml")
