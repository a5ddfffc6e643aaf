"""More files made to hurt, by what is inside a .docx and a .pdf; as in test_hostile."""

from __future__ import annotations

import io
import time
import zipfile
import zlib

import pytest

from rag.documents.formats import PDF, WORD
from rag.documents.values import Refusal
from tests.files import ARTICLE, W, assembled, outcome, paragraph, word, zipped
from tests.rag.documents import test_hostile
from tests.rag.documents.test_hostile import check, stream_pdf

RELS = "_rels/.rels"
BOX = "/MediaBox [0 0 600 800]"


def related(target, mode=""):
    return (
        f'<Relationships><Relationship Type="http://x/officeDocument" Target="{target}" {mode}/>'
        "</Relationships>"
    )


def stored_as(method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * (60 * test_hostile.MEBIBYTE))
    return target.getvalue()


def twice():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("word/document.xml", f"<d {W}><body>x</body></d>")
    return target.getvalue()


def lying(content):
    """The table of a zip says that its parts are small."""
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 24] + (10).to_bytes(4, "little") + content[at + 28 :]


def styles(rows):
    return f"<w:styles {W}>" + "".join(rows) + "</w:styles>"


def based(name, on):
    return f'<w:style w:styleId="{name}"><w:basedOn w:val="{on}"/></w:style>'


def page(content, **more):
    """A PDF of one page that is drawn by this content; ``more`` are further objects from 5 on."""
    resources = more.pop("resources", "")
    packed = zlib.compress(content).decode("latin-1")
    return assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R {more.pop('box', BOX)} /Contents 4 0 R /Resources << {resources} >> >>",
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed}\nendstream",
            *more.pop("objects", ()),
        ]
    )


def stream(content, extra=""):
    return f"<< /Length {len(content)} {extra} >>\nstream\n{content}\nendstream"


def nested_tree(levels):
    kids = [
        f"<< /Type /Pages /Parent {n + 1} 0 R /Kids [{n + 3} 0 R] /Count 1 >>"
        for n in range(levels)
    ]
    leaf = f"<< /Type /Page /Parent {levels + 1} 0 R {BOX} >>"
    return assembled(["<< /Type /Catalog /Pages 2 0 R >>", *kids, leaf])


CATALOG = "<< /Type /Catalog /Pages 2 0 R {} >>"
NO_PAGES = "<< /Type /Pages /Kids [] /Count 0 >>"
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>"
CMAP = "begincmap\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n" + (
    "100 beginbfrange\n" + "<0000> <FFFF> <0000>\n" * 100 + "endbfrange\n"
) * 200 + "endcmap"  # fmt: skip
FONT = "/Font << /F << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 5 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X >>] >> >>"

WORDS = {
    "quadratic": zipped({"word/document.xml": f'<!DOCTYPE a [<!ENTITY e "{"x" * 100_000}">]><a>{"&e;" * 5000}</a>'}),
    "a DTD from elsewhere": zipped({"word/document.xml": '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>'}),
    "a DTD in UTF-16": zipped({"word/document.xml": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'.encode("utf-16")}),
    "a part outside": zipped({RELS: related("../../../../../etc/passwd"), "word/document.xml": "<a/>"}),
    "a part on the web": zipped({RELS: related("http://127.0.0.1/document.xml", 'TargetMode="External"')}),
    "a part that is its own table": zipped({RELS: related(RELS)}),
    "styles in a ring": word(paragraph("x", '<w:pStyle w:val="a"/>'), styles=styles([based("a", "b"), based("b", "a")])),
    "a chain of styles": word(paragraph("x", '<w:pStyle w:val="s0"/>'), styles=styles(based(f"s{n}", f"s{n + 1}") for n in range(20_000))),
    "fields in fields": word("<w:p>" + '<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 50_000 + "</w:p>"),
    "attributes": word("<w:p " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"),
    "one long text": word(paragraph("x" * 12_000_000)),
    "packed with lzma": stored_as(zipfile.ZIP_LZMA),
    "packed with bzip2": stored_as(zipfile.ZIP_BZIP2),
    "one part twice": twice,
    "a table that lies": lying(zipped({"word/document.xml": b"<a>" + b" " * 1_000_000})),
    "a locked file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
}  # fmt: skip

PDFS = {
    "pages of pages": nested_tree(5000),
    "a form that draws itself": page(b"/F Do", resources="/XObject << /F 5 0 R >>", objects=[stream("/F Do " * 50, FORM)]),
    "letters mapped often": page(b"BT /F 9 Tf (x) Tj ET", resources=FONT, objects=[stream(CMAP)]),
    "a boundless page": page(b"BT ET", box="/MediaBox [0 0 1e38 1e38]"),
    "a page of no numbers": page(b"BT ET", box="/MediaBox [nan inf -inf null]"),
    "a boundless matrix": page(b"BT 1e38 0 0 1e38 1e38 1e38 Tm (x) Tj ET " * 2000),
    "rows of two thousand million": stream_pdf(zlib.compress(b"x" * 1000), DecodeParms="<< /Predictor 12 /Columns 2147483647 /Colors 255 >>"),
    "runs": stream_pdf(b"\x81x" * 500_000, "/RunLengthDecode"),
    "an endless image": page(b"/F Do", resources="/XObject << /F 5 0 R >>", objects=[stream("x", "/Type /XObject /Subtype /Image /Width 1000000 /Height 1000000 /BitsPerComponent 8 /ColorSpace /DeviceRGB")]),
    "a lock nobody knows": assembled([CATALOG.format(""), NO_PAGES]).replace(b"/Root", b"/Encrypt << /Filter /X /V 99 /R 99 >> /Root"),
    "a table before itself": assembled([CATALOG.format(""), NO_PAGES]).replace(b"/Root", b"/Prev 9 /Root"),
    "a stream of objects in a ring": assembled([CATALOG.format(""), "<< /Type /Pages /Kids [9 0 R] /Count 1 >>", stream("9 0 << >>", "/Type /ObjStm /N 1000000 /First 4 /Extends 3 0 R")]),
    "a program to start": assembled([CATALOG.format("/OpenAction << /S /Launch /F (/bin/sh) >>"), NO_PAGES]),
    "a form with entities": assembled([CATALOG.format("/AcroForm << /XFA 3 0 R /Fields [] >>"), NO_PAGES, stream('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')]),
    "ten thousand fonts": page(b"BT (x) Tj ET", resources="/Font << " + " ".join(f"/F{n} << /Type /Font /Subtype /Type1 /BaseFont /X{n} >>" for n in range(10_000)) + " >>"),
    "a name of a megabyte": page(b"BT /" + b"a" * 1_000_000 + b" 9 Tf (x) Tj ET"),
}  # fmt: skip


# These use up what a parser may have, and it ends: fifty forms in each of pdfium's forty levels.
BURNING = {"a form that draws itself"}


@pytest.mark.parametrize(
    ("kind", "name"), [(WORD, name) for name in WORDS] + [(PDF, name) for name in PDFS]
)
def test_it_ends_with_a_text_or_a_reason(kind, name):
    content = (WORDS if kind is WORD else PDFS)[name]
    started = time.monotonic()
    found = check(kind, content() if callable(content) else content)
    assert time.monotonic() - started < 30
    if isinstance(found, Refusal) and name not in BURNING:
        assert found.reason not in ("crashed", "unavailable", "time_limit", "cpu_limit"), found
    assert WORD.extract(word(paragraph("x"))).documents[0].text == "x"  # the next file is read


def test_the_files_of_these_tests_would_be_read_without_what_hurts():
    """So that none is refused for a mistake of the test's own."""
    assert WORD.extract(word(paragraph(ARTICLE[0]))).documents[0].text == ARTICLE[0]
    assert not isinstance(outcome(PDF.extract, page(b"BT ET")), Refusal) or outcome(
        PDF.extract, page(b"BT ET")
    ).reason in ("empty", "poor_extraction")


def test_there_are_as_many_hostile_files_as_promised():
    made = [*test_hostile.QUICK, *test_hostile.HEAVY]
    count = {kind: sum(name.startswith(kind) for name in made) for kind in ("html", "word", "pdf")}
    assert count["html"] >= 20
    assert count["word"] + len(WORDS) >= 20
    assert count["pdf"] + len(PDFS) >= 25
    assert len(made) - sum(count.values()) + len(test_hostile.ARCHIVES) >= 15
