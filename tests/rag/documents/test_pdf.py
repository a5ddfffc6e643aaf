"""PDFs drawn glyph by glyph: reading order, pages, paragraphs and the gate."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from rag.documents.formats import PDF
from rag.errors import UnreadableDocument
from tests.conftest import ARTICLES
from tests.files import arabic_pdf, assembled, laid_out, left_to_right, pdf

LINES = [
    "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح 1,200 أسير قبل نهاية مايو",
    "2023. وأضاف أن ملايين الإصابات الآن في الأرقام الأولى لا تعلق على هذا.",
]
TEXT = " ".join(LINES)


def load(content):
    loaded = PDF.load(content, id="a.pdf", origin="")
    (document,) = loaded.documents
    return document, {note.code: note.message for note in loaded.notes}


def drawn(order, **options):
    return pdf([[order(laid_out(line, **options)) for line in LINES]])


PRODUCERS = {
    "from left to right": drawn(lambda line: sorted(line, key=lambda glyph: glyph[1])),
    "from right to left": drawn(list),
    "without ligatures": drawn(lambda line: sorted(line, key=lambda g: g[1]), ligatures=False),
    "without spaces": drawn(lambda line: sorted(line, key=lambda g: g[1]), spaces=False),
    "in any order": drawn(lambda line: random.Random(5).sample(line, len(line))),
    "presentation forms": drawn(
        lambda line: [
            ({"لا": "ﻻ", "لأ": "ﻷ", "لإ": "ﻹ", "لآ": "ﻵ"}.get(t, t), x, w) for t, x, w in line
        ]
    ),
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_arabic_is_read_in_order_whatever_drew_it(producer):
    document, notes = load(PRODUCERS[producer])
    assert document.text == TEXT
    assert (document.language, document.pages, notes) == ("ar", (0,), {})


def test_pages_are_kept_and_found_by_offset():
    pages = [
        [left_to_right(f"Chapter {word}."), left_to_right("It ends.")]
        for word in ("One", "Two", "Three")
    ]
    document, _ = load(pdf(pages, title="A report"))
    assert document.title == "A report"
    assert len(document.pages) == 3
    for number, word in enumerate(("One", "Two", "Three"), 1):
        start = document.text.index(f"Chapter {word}")
        assert document.pages[number - 1] == start
        assert document.page_at(start) == document.page_at(start + 9) == number
    assert document.page_at(0) == 1


def test_signs_beyond_the_first_plane_are_kept():
    document, _ = load(
        pdf([[left_to_right("All is well 😀 today")], [laid_out("السلام عليكم 😀😀 جميعا")]])
    )
    assert document.text == "All is well 😀 today\n\nالسلام عليكم 😀😀 جميعا"


def test_heads_feet_and_page_numbers_are_left_out():
    pages = [
        [
            left_to_right("Yearly report of the ministry"),
            left_to_right(f"The {word} chapter speaks of water."),
            left_to_right(f"- {number} -"),
        ]
        for number, word in enumerate(("first", "second", "third", "fourth"), 1)
    ]
    document, notes = load(pdf(pages))
    assert "Yearly" not in document.text
    assert "- 2 -" not in document.text
    assert "The second chapter" in document.text
    assert "page_headers" in notes


def test_a_sentence_that_goes_on_over_the_page_stays_whole():
    first = left_to_right("The ministry said that the agreement, which was signed in May 2023,")
    document, _ = load(pdf([[first], [left_to_right("will hold for seven years.")]]))
    assert "May 2023, will hold" in document.text
    assert document.text[document.pages[1] :].startswith("will hold")


def test_pages_whose_fonts_name_no_letters_are_left_out_and_told():
    good = [sorted(laid_out(line), key=lambda glyph: glyph[1]) for line in LINES]
    bad = [
        [("\ue001" if n % 2 else text, x, w) for n, (text, x, w) in enumerate(line)]
        for line in good
    ]
    document, notes = load(pdf([good, bad, good]))
    assert "pages 2" in notes["pages_left_out"]
    assert document.pages[1] == document.pages[2] or document.text[document.pages[1] :].strip()
    assert "\ue001" not in document.text
    with pytest.raises(UnreadableDocument, match="does not come out as it is read") as caught:
        load(pdf([bad]))
    assert caught.value.reason == "poor_extraction"
    assert "character recognition" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf([[]]), "empty"),
        (b"%PDF-1.7\nnonsense", "damaged"),
        (arabic_pdf(LINES)[:400], "damaged"),
    ],
)
def test_what_holds_no_text_is_told(content, reason):
    with pytest.raises(UnreadableDocument) as caught:
        load(content)
    assert caught.value.reason == reason
    assert caught.value.hint


def test_a_locked_file_is_told():
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [] /Count 0 >>",
        f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'00' * 32}> /U <{'11' * 32}> >>",
    ]
    content = assembled(objects).replace(
        b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 3 0 R /ID [<00><00>]"
    )
    with pytest.raises(UnreadableDocument, match="password") as caught:
        load(content)
    assert caught.value.reason == "encrypted"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("article", sorted(ARTICLES.glob("*.txt")), ids=lambda path: path.name[:3])
def test_a_page_printed_by_a_browser(article, columns, tmp_path):
    text = article.read_text(encoding="utf-8")
    body = "".join(f"<p>{row}</p>" for row in text.split("\n") if row.strip())
    style = f"body {{ font-family: 'DejaVu Sans'; columns: {columns}; text-align: justify }}"
    (tmp_path / "a.html").write_text(
        f"<html dir=rtl><meta charset=utf-8><style>{style}</style>{body}</html>", encoding="utf-8"
    )
    command = "chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer".split()
    subprocess.run(
        [*command, f"--print-to-pdf={tmp_path / 'a.pdf'}", str(tmp_path / "a.html")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    document, _ = load((tmp_path / "a.pdf").read_bytes())
    words, found = text.split(), set(document.text.split())
    assert sum(word in found for word in words) >= 0.95 * len(words)
