"""Makes the PDFs of this folder, each with a program that people make Arabic PDFs with.

Not part of the tests, which read the files as they are. It needs what it imports, LibreOffice,
Chromium, Node with pdfkit, jspdf, pdf-lib, @pdf-lib/fontkit, @react-pdf/renderer and the fonts
Amiri, Cairo, Tajawal, Almarai, Noto Sans Arabic, Noto Kufi Arabic, IBM Plex Sans Arabic, DejaVu Sans.

    python make.py FONTS OUTPUT [PRODUCER…]
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
TEXTS: dict[str, list[str]] = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
FILES = {
    "Amiri": "Amiri-Regular.ttf",
    "Cairo": "Cairo[slnt,wght].ttf",
    "Tajawal": "Tajawal-Regular.ttf",
    "Almarai": "Almarai-Regular.ttf",
    "Noto Sans Arabic": "NotoSansArabic[wdth,wght].ttf",
    "Noto Kufi Arabic": "NotoKufiArabic[wght].ttf",
    "IBM Plex Sans Arabic": "IBMPlexSansArabic-Regular.ttf",
    "DejaVu Sans": "DejaVuSans.ttf",
}
# What each program sets: (text, font).
PLAN = {
    "chromium": [("harbour", "Amiri"), ("company", "Noto Sans Arabic"), ("history", "Cairo"), ("interview", "DejaVu Sans")],
    "libreoffice": [("harbour", "Amiri"), ("company", "DejaVu Sans"), ("council", "IBM Plex Sans Arabic"), ("interview", "Tajawal")],
    "typst": [("company", "Amiri"), ("history", "DejaVu Sans"), ("council", "Cairo"), ("prices", "Noto Kufi Arabic")],
    "qt": [("harbour", "Amiri"), ("company", "Noto Sans Arabic"), ("history", "DejaVu Sans"), ("prices", "Tajawal")],
    "weasyprint": [("harbour", "Cairo"), ("company", "Amiri"), ("history", "DejaVu Sans"), ("interview", "Almarai")],
    "cairo": [("harbour", "Amiri"), ("council", "DejaVu Sans"), ("prices", "IBM Plex Sans Arabic")],
    "fpdf2": [("harbour", "Amiri"), ("company", "DejaVu Sans"), ("council", "Tajawal"), ("interview", "IBM Plex Sans Arabic")],
    "matplotlib": [("harbour", "DejaVu Sans"), ("history", "Amiri")],
    "reportlab": [("harbour", "DejaVu Sans"), ("company", "Amiri"), ("prices", "DejaVu Sans"), ("council", "Amiri")],
    "jspdf": [("history", "Amiri"), ("garden", "Amiri")],
    "pdfkit": [("garden", "Amiri")],
    "pdf-lib": [("garden", "DejaVu Sans")],
    "react-pdf": [("harbour", "Amiri"), ("company", "DejaVu Sans"), ("prices", "Tajawal")],
    # What is spoiled, as it is met: none of these may be quoted.
    "backwards": [("harbour", "DejaVu Sans"), ("interview", "Amiri")],
    "backwards-lone": [("prices", "DejaVu Sans")],
    "unnamed": [("harbour", "DejaVu Sans"), ("council", "Amiri")],
    "half-named": [("prices", "DejaVu Sans")],
    "private": [("company", "DejaVu Sans"), ("garden", "Amiri")],
    "western": [("harbour", "DejaVu Sans"), ("interview", "Amiri")],
    "shifted": [("prices", "DejaVu Sans"), ("garden", "Amiri")],
    "torn": [("council", "DejaVu Sans")],
}  # fmt: skip
Make = Callable[[list[str], str, Path], bytes]


def lines(paragraphs: list[str], width: int = 62) -> list[str]:
    """The paragraphs broken into lines, for programs that only draw lines."""
    made: list[str] = []
    for paragraph in paragraphs:
        made.append("")
        for word in paragraph.split():
            if made[-1] and len(made[-1]) + len(word) >= width:
                made.append("")
            made[-1] = f"{made[-1]} {word}".strip()
    return made


def html(paragraphs: list[str], font: str) -> str:
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    style = f"body {{ font: 12pt '{font}', 'DejaVu Sans'; text-align: justify; width: 400pt }}"
    return f"<!DOCTYPE html><html lang=ar dir=rtl><meta charset=utf-8><title>t</title><style>{style}</style>{body}</html>"


def chromium(paragraphs: list[str], font: str, _fonts: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        page, out = Path(folder, "a.html"), Path(folder, "a.pdf")
        page.write_text(html(paragraphs, font), encoding="utf-8")
        flags = "--headless --no-sandbox --disable-gpu --no-pdf-header-footer".split()
        subprocess.run(["chromium", *flags, f"--print-to-pdf={out}", str(page)], check=True, capture_output=True)  # fmt: skip
        return out.read_bytes()


def libreoffice(paragraphs: list[str], font: str, _fonts: Path) -> bytes:
    spaces = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(
        f'xmlns:{short}="{spaces}{name}:1.0"'
        for short, name in (
            ("office", "office"),
            ("style", "style"),
            ("text", "text"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    body = "".join(
        f'<text:p text:style-name="P">{escape(paragraph)}</text:p>' for paragraph in paragraphs
    )
    flat = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:version="1.2" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>'
        '<style:style style:name="P" style:family="paragraph">'
        '<style:paragraph-properties style:writing-mode="rl-tb" fo:text-align="justify" fo:margin-bottom="8pt"/>'
        f'<style:text-properties style:font-name-complex="{font}" style:font-name="{font}" '
        f'fo:font-family="{font}" style:font-family-complex="{font}" style:font-size-complex="12pt" '
        'style:language-complex="ar" style:country-complex="JO"/></style:style></office:automatic-styles>'
        f"<office:body><office:text>{body}</office:text></office:body></office:document>"
    )
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        source = Path(folder, "a.fodt")
        source.write_text(flat, encoding="utf-8")
        command = [os.environ.get("SOFFICE", "soffice"), "--headless", "--convert-to", "pdf"]
        subprocess.run([*command, "--outdir", folder, str(source)], check=True, capture_output=True)
        return Path(folder, "a.pdf").read_bytes()


def typeset(paragraphs: list[str], font: str, fonts: Path) -> bytes:
    import typst

    setup = '#set page(width: 440pt, height: 600pt)\n#set par(justify: true)\n#set text(lang: "ar", size: 11pt, '
    source = (
        setup + f'font: ("{font}", "DejaVu Sans"))\n' + "\n\n".join(p.replace("*", "\\*") for p in paragraphs)
    )  # fmt: skip
    return typst.compile(source.encode(), font_paths=[str(fonts)])


def qt(paragraphs: list[str], font: str, fonts: Path) -> bytes:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QMarginsF
    from PySide6.QtGui import QFontDatabase, QGuiApplication, QPageSize, QPdfWriter, QTextDocument

    QGuiApplication.instance() or QGuiApplication([])
    for file in fonts.glob("*.ttf"):
        QFontDatabase.addApplicationFont(str(file))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "a.pdf")
        writer = QPdfWriter(str(out))
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(40, 40, 40, 40))
        document = QTextDocument()
        document.setHtml(html(paragraphs, font).replace("<p>", "<p dir=rtl>"))
        document.print_(writer)
        del writer
        return out.read_bytes()


def weasyprint(paragraphs: list[str], font: str, _fonts: Path) -> bytes:
    import weasyprint

    return weasyprint.HTML(string=html(paragraphs, font)).write_pdf()


def cairo(paragraphs: list[str], font: str, _fonts: Path) -> bytes:
    import ctypes
    import io

    import cairocffi

    pango = ctypes.CDLL("libpango-1.0.so.0")
    drawing = ctypes.CDLL("libpangocairo-1.0.so.0")
    gobject = ctypes.CDLL("libgobject-2.0.so.0")
    pointer = ctypes.c_void_p
    drawing.pango_cairo_create_layout.restype = pointer
    pango.pango_font_description_from_string.restype = pointer
    out = io.BytesIO()
    surface = cairocffi.PDFSurface(out, 500, 600)
    context = cairocffi.Context(surface)
    own = pointer(int(cairocffi.ffi.cast("uintptr_t", context._pointer)))
    layout = pointer(drawing.pango_cairo_create_layout(own))
    described = pointer(pango.pango_font_description_from_string(f"{font} 12".encode()))
    pango.pango_layout_set_font_description(layout, described)
    pango.pango_layout_set_width(layout, 400 * 1024)
    pango.pango_layout_set_justify(layout, 1)
    text = "\n\n".join(paragraphs).encode()
    pango.pango_layout_set_text(layout, text, len(text))
    context.move_to(50, 50)
    drawing.pango_cairo_show_layout(own, layout)
    gobject.g_object_unref(layout)
    surface.finish()
    return out.getvalue()


def fpdf2(paragraphs: list[str], font: str, fonts: Path) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.add_font("f", "", fonts / FILES[font])
    pdf.set_font("f", size=12)
    pdf.set_text_shaping(use_shaping_engine=True, direction="rtl", script="arab", language="ara")
    for paragraph in paragraphs:
        pdf.multi_cell(0, text=paragraph, align="R")
        pdf.ln(4)
    return bytes(pdf.output())


def matplotlib(paragraphs: list[str], font: str, fonts: Path) -> bytes:
    import io

    import matplotlib as mpl

    mpl.use("pdf")
    from matplotlib import font_manager, pyplot

    mpl.rcParams["pdf.fonttype"] = 42
    file = fonts / FILES[font]
    font_manager.fontManager.addfont(file)
    figure = pyplot.figure(figsize=(6.5, 8))
    for number, line in enumerate(lines(paragraphs)):
        properties = font_manager.FontProperties(fname=file, size=11)
        figure.text(0.95, 0.95 - 0.03 * number, line, ha="right", fontproperties=properties)
    out = io.BytesIO()
    figure.savefig(out, format="pdf")
    return out.getvalue()


def reportlab(
    paragraphs: list[str], font: str, fonts: Path, *, bidi: bool = True, joined: bool = True
) -> bytes:
    import io

    from arabic_reshaper import reshape
    from bidi.algorithm import get_display
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont(font, str(fonts / FILES[font])))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(500, 600))
    canvas.setFont(font, 12)
    for number, line in enumerate(lines(paragraphs)):
        shown = reshape(line) if joined else line
        canvas.drawRightString(460, 560 - 20 * number, get_display(shown) if bidi else shown)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def in_node(program: str) -> Make:
    def make(paragraphs: list[str], font: str, fonts: Path) -> bytes:
        given = {
            "program": program,
            "paragraphs": paragraphs,
            "lines": lines(paragraphs),
            "font": str((fonts / FILES[font]).resolve()),
        }
        script = str(HERE / "make.mjs")
        done = subprocess.run(["node", script], input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True)  # fmt: skip
        return done.stdout

    return make


def spoiled(change: Callable[[str], str | None]) -> Make:
    """The text of a good file whose font names its letters wrongly, or not at all."""

    def make(paragraphs: list[str], font: str, fonts: Path) -> bytes:
        from fpdf import FPDF

        pdf = FPDF()
        pdf.set_compression(False)
        pdf.add_page()
        pdf.add_font("f", "", fonts / FILES[font])
        pdf.set_font("f", size=12)
        pdf.set_text_shaping(
            use_shaping_engine=True, direction="rtl", script="arab", language="ara"
        )
        for line in lines(paragraphs):
            pdf.cell(0, 8, text=line, align="R", new_x="LMARGIN", new_y="NEXT")
        return re.sub(
            rb"(<[0-9A-F]{4}>) <((?:[0-9A-F]{4})+)>(?= *\n)", renamed, bytes(pdf.output())
        )

    def renamed(found: re.Match[bytes]) -> bytes:
        letters = bytes.fromhex(found[2].decode()).decode("utf-16-be")
        given = [change(letter) if letter > "\u0600" else letter for letter in letters]
        if None in given:
            return b" " * len(found[0])
        name = "".join(filter(None, given)).encode("utf-16-be").hex().upper().encode()
        return b"%b <%b>" % (found[1], name)

    return make


def western(letter: str) -> str:
    return letter.encode("cp1256", "replace").decode("latin-1")


def torn(paragraphs: list[str], font: str, fonts: Path) -> bytes:
    return reportlab([" ".join(word) for word in paragraphs], font, fonts, joined=False)


MAKERS: dict[str, Make] = {
    "chromium": chromium,
    "libreoffice": libreoffice,
    "typst": typeset,
    "qt": qt,
    "weasyprint": weasyprint,
    "cairo": cairo,
    "fpdf2": fpdf2,
    "matplotlib": matplotlib,
    "reportlab": reportlab,
    "jspdf": in_node("jspdf"),
    "pdfkit": in_node("pdfkit"),
    "pdf-lib": in_node("pdf-lib"),
    "react-pdf": in_node("react-pdf"),
    "backwards": partial(reportlab, bidi=False),
    "backwards-lone": partial(reportlab, bidi=False, joined=False),
    "unnamed": spoiled(lambda _: None),
    "half-named": spoiled(lambda letter: None if ord(letter) % 2 else letter),
    "private": spoiled(lambda letter: chr(0xE000 + ord(letter) % 256)),
    "western": spoiled(western),
    "shifted": spoiled(lambda letter: chr(ord(letter) + 1)),
    "torn": torn,
}


def main(fonts: Path, output: Path, wanted: list[str]) -> None:
    output.mkdir(exist_ok=True)
    for producer in wanted or PLAN:
        for text, font in PLAN[producer]:
            content = MAKERS[producer](TEXTS[text], font, fonts)
            name = f"{producer}-{text}.pdf"
            (output / name).write_bytes(content)
            print(name, font, len(content))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
