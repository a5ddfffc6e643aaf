"""Arabic PDFs as publishers make them: set by a typesetter, or drawn by programs that cannot shape.

Each page is made from a text that is known, in an Arabic book face and in one of fixed width, and what
is read is that text, word for word, or the file is refused.
"""

from __future__ import annotations

import io
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import arabic_reshaper
import pytest
import regex
import typst
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from rag.documents.formats import PDF
from rag.errors import UnreadableDocument

SPEC = find_spec("fontpkg_amiri")
assert SPEC is not None
assert SPEC.origin is not None
FONTS = Path(SPEC.origin).parent / "files"
FACES = ("Amiri", "DejaVu Sans Mono")  # the second one comes with the typesetter

PLAIN = (
    "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح 1,200 أسير قبل نهاية مايو 2023، وأضاف أن "
    "ملايين الإصابات الآن في الأرقام الأولى لا تعلق على هذا الاتفاق الذي وقع قبل عام."
)
TEXTS = {
    "lam and alef": PLAIN,
    "Arabic digits": "بلغ عدد السكان ١٬٢٠٠٬٥٠٠ نسمة في عام ٢٠٢٣، بزيادة قدرها ٣٫٥٪ على ما كان عليه في عام ١٩٩٨.",
    "mixed": "وأعلنت شركة Microsoft عن إصدار Windows 11 في 5 أكتوبر 2021، وقالت إن 60% من الأجهزة (أي 1,200 جهاز) "
    "تدعمه، وإن «التحديث» مجاني.",
    "vocalised": "كَتَبَ المُعَلِّمُ الدَّرْسَ ثُمَّ قَرَأَهُ الطُّلّابُ، وَالحَمْدُ لله رَبِّ العالَمين.",
    "tatweel": "الســـلام عليكم ورحمة الله، هذا كتـــاب جديـــد عن تاريـــخ المدينة القديمة.",
    "English": "The minister said on 5 May 2023 that the talks with مكتب الرئيس in Kyiv were over.",
}


def typeset(paragraphs, *, face, columns=1, header="", size="width: 400pt, height: 500pt"):
    """Justified paragraphs, as a book or a newspaper has them."""
    language = "en" if paragraphs[0][0].isascii() else "ar"
    numbers = '"1"' if header else "none"
    setup = (
        f"#set page({size}, columns: {columns}, header: [{header}], numbering: {numbers})\n"
        f'#set text(font: "{face}", lang: "{language}", size: 11pt)\n'
        "#set par(justify: true)\n"
    )
    source = setup + "\n\n".join(paragraphs)
    return typst.compile(source.encode(), font_paths=[str(FONTS)])


def read(content):
    loaded = PDF.load(content, id="a.pdf", origin="")
    (document,) = loaded.documents
    return document, {note.code: note.message for note in loaded.notes}


def words(text):
    """The words, with the marks over a letter in the one order that stands for all of them."""
    return unicodedata.normalize("NFC", text).split()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_typeset_paragraph_is_read_word_for_word(kind, face):
    document, notes = read(typeset([TEXTS[kind]], face=face))
    assert words(document.text) == words(TEXTS[kind])
    assert document.language == ("en" if kind == "English" else "ar")
    assert notes == {}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("columns", [1, 2])
def test_columns_are_read_one_after_the_other(columns, face):
    paragraphs = [text for kind, text in TEXTS.items() if kind != "English"] * 2
    document, _ = read(typeset(paragraphs, face=face, columns=columns))
    assert words(document.text) == words(" ".join(paragraphs))


@pytest.mark.parametrize("face", FACES)
def test_an_english_paragraph_in_an_arabic_article_is_read_from_the_left(face):
    english = (
        "The Ostrel bridge reopened after seven years and 12.4 million euros, Anna Korst said "
        "on Monday, 3 June 2024, at the opening"
    )
    document, notes = read(typeset([PLAIN, english, TEXTS["tatweel"]], face=face))
    assert words(document.text) == words(f"{PLAIN} {english} {TEXTS['tatweel']}")
    assert notes == {}


@pytest.mark.parametrize("face", FACES)
def test_a_running_header_and_page_numbers_are_left_out(face):
    # Turned on by some words each time, so that no line but the header's comes again.
    said = PLAIN.split()
    paragraphs = [" ".join(said[3 * n :] + said[: 3 * n]) for n in range(10)]
    content = typeset(
        paragraphs, face=face, header="صحيفة النهار الجديد", size="width: 300pt, height: 280pt"
    )
    document, notes = read(content)
    assert len(document.pages) >= 3
    assert words(document.text) == words(" ".join(paragraphs))
    assert "page_headers" in notes


# Programs that draw letters one by one: the older ones, and those of web services.

LINES = (
    "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح 1,200 أسير قبل نهاية مايو",
    "٢٠٢٣، وأضاف أن ملايين الإصابات الآن في الأرقام الأولى لا تعلق على هذا.",
    "وأعلنت شركة Microsoft عن إصدار Windows 11 في 5 أكتوبر 2021 (أي بعد عام).",
    "وقالت «الوكالة» إن الاتفاق الذي وقع في 12:30 من يوم أمس لا يزال قائما.",
)
_LEFT_TO_RIGHT = regex.compile(
    r"[0-9A-Za-z٠-٩][0-9A-Za-z٠-٩.,٬:%]*(?: [0-9A-Za-z][0-9A-Za-z.,]*)*|\X"
)
_MIRRORED = str.maketrans("()«»", ")(»«")


def visual(line):
    """The line as it is seen from left to right, numbers and Latin names as they are."""
    pieces = _LEFT_TO_RIGHT.findall(line)
    return "".join(
        piece.translate(_MIRRORED) if len(piece) == 1 else piece for piece in reversed(pieces)
    )


def unchanged(line):
    return line


def drawn(shape, order):
    pdfmetrics.registerFont(TTFont("Amiri", str(FONTS / "Amiri-Regular.ttf")))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 800))
    canvas.setFont("Amiri", 12)
    for number, line in enumerate(LINES):
        canvas.drawRightString(560, 760 - 20 * number, order(shape(line)))
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize(
    "shape", [arabic_reshaper.reshape, unchanged], ids=["joined forms", "lone letters"]
)
def test_lines_drawn_in_visual_order_are_read_in_logical_order(shape):
    document, notes = read(drawn(shape, visual))
    assert words(document.text) == words(" ".join(LINES))
    assert not regex.search(r"[\ufb50-\ufdff\ufe70-\ufeff]", document.text)
    assert notes == {}


@pytest.mark.parametrize(
    "shape", [arabic_reshaper.reshape, unchanged], ids=["joined forms", "lone letters"]
)
def test_letters_drawn_the_wrong_way_round_are_refused(shape):
    """What its reader sees is backwards too: there is nothing in it that may be quoted."""
    with pytest.raises(UnreadableDocument, match="in the order they are drawn") as caught:
        read(drawn(shape, unchanged))
    assert caught.value.reason == "poor_extraction"
    assert "character recognition" in caught.value.hint
