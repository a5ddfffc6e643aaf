"""Files made to hurt: each ends within its limits with a reason, and the next file is read.

The quick ones run every time; those that burn their whole allowance are marked slow.
"""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path

import pytest

from rag.documents import load
from rag.documents.formats import CSV, EPUB, FEED, HTML, JSON, JSON_LINES, PDF, WORD
from rag.documents.sandbox import Limits, shared
from rag.documents.values import REASONS, Refusal
from tests.files import W, assembled, chapter, epub, outcome, paragraph, tarred, word, zipped

WORDS = "قال الرئيس إن كييف تأمل. "
MEBIBYTE = 1024 * 1024


def xml_bomb(root):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY e0 "x">{entities}]><{root}>&e9;</{root}>'
    )


def external(root):
    return f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "file:///etc/passwd">]><{root}>&x;</{root}>'


def stream_pdf(content, filters="/FlateDecode", **more):
    """A PDF whose page is drawn by this packed content."""
    extra = "".join(f"/{key} {value} " for key, value in more.items())
    return assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
            f"<< /Length {len(content)} /Filter {filters} {extra}>>\nstream\n{content.decode('latin-1')}\nendstream",
        ]
    )


def page_tree(kids):
    return assembled(
        ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count 100000 >>",
         "<< /Type /Page /Parent 2 0 R >>"]
    )  # fmt: skip


def packed(size, times=1):
    content = b" " * size
    for _ in range(times):
        content = zlib.compress(content, 9)
    return content


QUICK = {
    # HTML
    "html unclosed": (HTML, b"<div><p><b>" + WORDS.encode()),
    "html attributes": (HTML, b"<p " + b" ".join(b"a%d=1" % n for n in range(2000)) + b">x</p>"),
    "html many attributes": (HTML, b"<p " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">x</p>"),
    "html very deep": (HTML, b"<div>" * 200_000 + b"x"),
    "html drawing": (HTML, b'<svg><path d="' + b"M 1 2 " * 50_000 + b'"/></svg><p>x</p>'),
    "html deep": (HTML, b"<div>" * 3000 + b"x"),
    "html deep inline": (HTML, b"<b>" * 3000 + b"x"),
    "html long line": (HTML, WORDS.encode() * 100_000),
    "html entities": (HTML, b"&amp;" * 200_000 + b"x"),
    "html bad entities": (HTML, b"&#xffffffff;&#0;&#xd800;x" * 1000),
    "html comments": (HTML, b"<!--" * 20_000 + b"x"),
    "html brackets": (HTML, b"<" * 100_000),
    "html quotes": (HTML, b"<a href='" * 20_000),
    "html selectors": (HTML, b"<style>" + b"a{display:none}" * 20_000 + b"</style><p>x</p>"),
    "html selector deep": (HTML, b"<style>" + b":not(" * 5000 + b"{display:none}</style><p>x</p>"),
    "html style braces": (HTML, b"<style>" + b"{" * 200_000 + b"</style><p>x</p>"),
    "html json": (HTML, b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><p>x</p>"),
    "html tables": (HTML, b"<table><tr><td>" * 1500 + b"x"),
    "html nul": (HTML, b"<p>\x00x"),
    "html frames": (HTML, b"<frameset><frame src=x></frameset>"),
    # Word
    "word bomb": (WORD, zipped({"word/document.xml": xml_bomb("a")})),
    "word external": (WORD, zipped({"word/document.xml": external("a")})),
    "word styles external": (WORD, zipped({"word/document.xml": f"<d {W}><body>x</body></d>", "word/styles.xml": external("a")})),
    "word deep": (WORD, word("<w:p>" * 5000)),
    "word deep tables": (WORD, word("<w:tbl><w:tr><w:tc>" * 60 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 60)),
    "word zip bomb": (WORD, zipped({"word/document.xml": b" " * (40 * MEBIBYTE)})),
    "word no end": (WORD, word(paragraph("x"))[:-30]),
    "word many parts": (WORD, zipped({**{f"{n}": b"" for n in range(2500)}, "word/document.xml": b"<a/>"})),
    "word traversal": (WORD, zipped({"../../word/document.xml": b"<a/>", "word/document.xml": b"<a/>"})),
    "word binary": (WORD, zipped({"word/document.xml": bytes(range(256)) * 100})),
    # PDF
    "pdf no table": (PDF, b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj"),
    "pdf only a head": (PDF, b"%PDF-1.7\n"),
    "pdf own parent": (PDF, page_tree("2 0 R 2 0 R")),
    "pdf no such page": (PDF, page_tree("99 0 R 98 0 R")),
    "pdf one page often": (PDF, page_tree("3 0 R " * 2000)),
    "pdf endless filters": (PDF, stream_pdf(packed(1000), "[" + "/FlateDecode " * 500 + "]")),
    "pdf wrong length": (PDF, stream_pdf(b"BT", "/None").replace(b"/Length 2", b"/Length 999999999")),
    "pdf deep arrays": (PDF, assembled(["[" * 5000 + "]" * 5000, "<< >>"])),
    "pdf negative numbers": (PDF, page_tree("-1 0 R").replace(b"100000", b"-5")),
    "pdf odd startxref": (PDF, b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF"),
    "pdf javascript": (PDF, assembled(["<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >> /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"])),
    # EPUB, feeds
    "epub external": (EPUB, epub({"a.xhtml": chapter("x")}, **{"META-INF__container.xml": external("container")})),
    "epub traversal": (EPUB, epub({"../../../../etc/passwd": chapter("x")})),
    "epub bomb": (EPUB, epub({"a.xhtml": "x" * (40 * MEBIBYTE)})),
    "feed bomb": (FEED, xml_bomb("rss").encode()),
    "feed external": (FEED, external("rss").encode()),
    "feed parameter entity": (FEED, b'<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><rss/>'),
    "feed deep": (FEED, b"<a>" * 50_000),
    "feed attributes": (FEED, b"<rss " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b"/>"),
    "feed many": (FEED, b"<rss>" + b"<item/>" * 50_000 + b"</rss>"),
    # Tables and records
    "json deep": (JSON, b"[" * 100_000),
    "json deep objects": (JSON, b'{"a":' * 100_000),
    "json big number": (JSON, b"[" + b"9" * 100_000 + b"]"),
    "json infinity": (JSON, b'[{"text": "x y", "date": 1e999}]'),
    "json surrogates": (JSON, b'[{"text": "\\ud800 a"}]'),
    "lines deep": (JSON_LINES, b"[" * 50_000 + b'\n{"text": "x"}'),
    "csv one cell": (CSV, b'text\n"' + b"x" * 1_000_000),
    "csv commas": (CSV, b"text\n" + b"," * 1_000_000),
    "csv columns": (CSV, b"text," * 100_000 + b"\n" + b"x," * 100_000),
    "csv quotes": (CSV, b"text\n" + b'""' * 200_000),
}  # fmt: skip

ARCHIVES = {
    "bomb.zip": zipped({f"{n}.txt": bytes(20 * MEBIBYTE) for n in range(3)}),
    "bomb.tar.gz": tarred({f"{n}.txt": bytes(20 * MEBIBYTE) for n in range(3)}),
    "entries.zip": zipped({f"{n}.txt": b"x" for n in range(2500)}),
    "traversal.zip": zipped({"../../../tmp/sanad-was-here.txt": b"x"}),
    "traversal.tar.gz": tarred({"/tmp/sanad-was-here.txt": b"x"}, links={"a.txt": "/etc/passwd"}),
    "nested.zip": zipped({"a.zip": zipped({"b.txt": "x"})}),
    "cut.zip": zipped({"a.txt": b"x" * 1000})[:60],
    "cut.tar.gz": tarred({"a.txt": b"x" * 1000})[:60],
    "not.zip": b"PK\x03\x04" + bytes(100),
    "not.tar.gz": b"\x1f\x8b" + bytes(100),
}  # fmt: skip


def heavy():
    """The files of the measurements that took a parser more than it should have."""
    attributes = b" ".join(b"a%d=1" % n for n in range(200_000))
    many = "<w:p/>" * 1_500_000
    return {
        "html 200k attributes in a feed": (
            FEED,
            b"<rss><item><description>&lt;p " + attributes + b"&gt;x</description></item></rss>",
        ),
        "html 200k unclosed": (HTML, b"<x-y>" * 200_000 + b"x"),
        "html 1M elements": (HTML, b"<p>x</p>" * 1_000_000),
        "html 24 MB line": (HTML, WORDS.encode() * (24 * MEBIBYTE // len(WORDS.encode()))),
        "word 1.5M paragraphs": (WORD, word(many)),
        "word deep runs": (WORD, word("<w:p>" + "<w:r>" * 190 + "</w:r>" * 190 + "</w:p>")),
        "word 200 MB": (WORD, zipped({"word/document.xml": b"<a>" + b" " * (200 * MEBIBYTE)})),
        "pdf 400 MB stream": (PDF, stream_pdf(packed(400 * MEBIBYTE))),
        "pdf packed twice": (
            PDF,
            stream_pdf(packed(800 * MEBIBYTE, 2), "[/FlateDecode /FlateDecode]"),
        ),
        "pdf 300k pages": (PDF, page_tree("3 0 R " * 300_000).replace(b"100000", b"300000")),
        "pdf endless text": (
            PDF,
            stream_pdf(zlib.compress(b"BT /F 9 Tf " + b"(x) Tj " * 3_000_000 + b"ET")),
        ),
        "json 24 MB of brackets": (JSON, b"[" * (24 * MEBIBYTE)),
        "json many": (JSON, json.dumps([{"text": "x"}] * 500_000).encode()),
        "csv 12M cells": (CSV, b"text\n" + b"x\n" * 6_000_000),
        "feed 1M entries": (
            FEED,
            b"<rss>" + b"<item><title>x</title></item>" * 700_000 + b"</rss>",
        ),
        "epub 20 MB chapter": (
            EPUB,
            epub({"a.xhtml": chapter(*[f"{WORDS} {n}" for n in range(300_000)])}),
        ),
    }


def memory(process, field):
    """One figure of a process's memory, in bytes."""
    rows = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith(field)), 0)


def largest_child():
    """The most memory any worker that still runs has used."""
    return max((memory(idle._process.pid, "VmHWM") for idle in shared()._idle), default=0)


def check(loader, content):
    found = outcome(loader.extract, content)
    if isinstance(found, Refusal):
        assert found.reason in REASONS
        assert found.hint
        assert "Traceback" not in found.message
    else:
        assert found.documents
        assert all("root:" not in document.text for document in found.documents)
    return found


@pytest.mark.parametrize("name", QUICK)
def test_it_ends_with_a_text_or_a_reason(name):
    started = time.monotonic()
    found = check(*QUICK[name])
    assert time.monotonic() - started < 30
    if isinstance(found, Refusal):
        assert found.reason not in ("crashed", "unavailable", "time_limit", "cpu_limit"), found


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_end_with_a_reason(name, tmp_path):
    (tmp_path / name).write_bytes(ARCHIVES[name])
    (tmp_path / "z.txt").write_text("still read", encoding="utf-8")
    report = load([tmp_path])
    assert [document.id for document in report.documents] == ["z.txt"]
    assert report.failures
    assert {failure.error.reason for failure in report.failures} <= {"unsafe", "damaged"}
    assert not Path("/tmp/sanad-was-here.txt").exists()


def test_names_of_files_lead_nowhere(tmp_path):
    (tmp_path / "\u202etxt.exe.html").write_bytes(b"<p>x")
    (tmp_path / "a b;$(x)'.html").write_bytes(b"<p>x")
    (tmp_path / "-rf.html").write_bytes(b"<p>x")
    assert len(load([tmp_path]).documents) == 3


HEAVY = (
    "html 200k attributes in a feed", "html 200k unclosed", "html 1M elements", "html 24 MB line",
    "word 1.5M paragraphs", "word deep runs", "word 200 MB", "pdf 400 MB stream",
    "pdf packed twice", "pdf 300k pages", "pdf endless text", "json 24 MB of brackets",
    "json many", "csv 12M cells", "feed 1M entries", "epub 20 MB chapter",
)  # fmt: skip


@pytest.fixture(scope="module")
def heavy_files():
    files = heavy()
    assert set(files) == set(HEAVY)
    return files


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", HEAVY)
def test_heavy_files_end_within_their_limits(name, heavy_files):
    before, started = memory("self", "VmRSS"), time.monotonic()
    check(*heavy_files[name])
    assert time.monotonic() - started < 30
    assert largest_child() < Limits().memory
    started = time.monotonic()
    assert HTML.extract(b"<p>still read</p>").documents[0].text == "still read"
    assert time.monotonic() - started < 1
    # Of a file that is read, its text may stay here for a while; of the others nothing.
    assert memory("self", "VmRSS") - before < 250 * MEBIBYTE


@pytest.mark.slow
def test_a_batch_with_hostile_files_in_the_middle(tmp_path, heavy_files):
    for number in range(30):
        (tmp_path / f"{number:02}.html").write_bytes(f"<p>{WORDS}{number}</p>".encode())
    hostile = {
        "05.html": QUICK["html very deep"][1],
        "15.docx": heavy_files["word 200 MB"][1],
        "15.pdf": heavy_files["pdf packed twice"][1],
        "16.pdf": heavy_files["pdf 300k pages"][1],
        "20.jsonl": heavy_files["json 24 MB of brackets"][1],
    }
    for name, content in hostile.items():
        (tmp_path / name).write_bytes(content)
    report = load([tmp_path])
    assert len(report.documents) == 29
    assert [Path(failure.source).name for failure in report.failures] == sorted(hostile)
    assert all(failure.error.reason in REASONS for failure in report.failures)
    print({Path(failure.source).name: failure.error.reason for failure in report.failures})
