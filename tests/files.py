"""Small real files in every format that is read, made for the tests."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from typing import TypeVar
from xml.sax.saxutils import escape

from rag.documents.values import Refusal

T = TypeVar("T")

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ARTICLE = (
    "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح 1,200 أسير قبل نهاية مايو.",
    "وأضاف أن المفاوضات التي جرت في إسطنبول لم تنته بعد، وأن الوفد سيعود من هناك غدًا.",
    "The spokesman said on Monday that 60% of the talks were over.",
)


def outcome(read: Callable[..., T], *arguments: object) -> T | Refusal:
    """What a reader gives, or why it refuses."""
    try:
        return read(*arguments)
    except Refusal as refusal:
        return refusal


def zipped(parts: dict[str, str | bytes], *, first: str = "") -> bytes:
    """A zip of these parts; ``first`` is stored as it is before them, as an EPUB's kind is."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if first:
            archive.writestr(zipfile.ZipInfo("mimetype"), first)
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred(parts: dict[str, bytes], *, links: dict[str, str] | None = None) -> bytes:
    """A .tar.gz of these files, with symbolic links to what is named."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, goal in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, goal
            archive.addfile(entry)
    return target.getvalue()


def word(body: str, *, title: str = "", styles: str = "", **parts: str) -> bytes:
    """A .docx whose body is this XML."""
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
    }
    if styles:
        files["word/styles.xml"] = f"<w:styles {W}>{styles}</w:styles>"
    if title:
        files["docProps/core.xml"] = (
            '<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{escape(title)}</dc:title></cp:coreProperties>"
        )
    for name, content in parts.items():
        files[f"word/{name}.xml"] = content
    return zipped(files)


def paragraph(text: str, properties: str = "", run: str = "") -> str:
    """A paragraph of one run, in Word's XML."""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr>"
        f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def epub(chapters: dict[str, str], *, title: str = "كتاب", date: str = "", **parts: str) -> bytes:
    """An EPUB with a table of contents and these chapters."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>{escape(title)}</dc:title><dc:date>{date}</dc:date></metadata>"
        f'<manifest>{items}<item id="nav" href="nav.xhtml" properties="nav" '
        'media-type="application/xhtml+xml"/></manifest>'
        f'<spine><itemref idref="nav"/>{spine}</spine></package>'
    )
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": '<container xmlns="urn:x"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": opf,
        "OEBPS/nav.xhtml": "<html><body><nav><ol><li>Contents</li></ol></nav></body></html>",
    }
    files |= {f"OEBPS/{name}": content for name, content in chapters.items()}
    files |= {name.replace("__", "/"): content for name, content in parts.items()}
    return zipped(files, first="application/epub+zip")


def chapter(*paragraphs: str) -> str:
    """A chapter in XHTML, with what trips HTML parsers: an empty title."""
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
    )


# PDF, glyph by glyph: what a glyph stands for, and where it stands.

Placed = tuple[str, float, float]  # text, x, width
WIDTH, SIZE = 6.0, 12.0
LIGATURES = ("لا", "لأ", "لإ", "لآ")


def glyphs_of(word: str, *, ligatures: bool) -> list[str]:
    """The glyphs of a word: lam and alef are drawn as one."""
    glyphs: list[str] = []
    for character in word:
        if ligatures and glyphs and glyphs[-1] + character in LIGATURES:
            glyphs[-1] += character
        else:
            glyphs.append(character)
    return glyphs


def laid_out(
    text: str, *, right: float = 550.0, ligatures: bool = True, spaces: bool = True
) -> list[Placed]:
    """A line that runs right to left, in reading order: Latin words and numbers the other way."""
    placed: list[Placed] = []
    x = right
    for number, word in enumerate(text.split(" ")):
        if number:
            x -= WIDTH
            if spaces:
                placed.append((" ", x, WIDTH))
        core = word.rstrip(".،؟!:")
        glyphs = glyphs_of(core, ligatures=ligatures)
        arabic = any("\u0620" <= character <= "\u064a" for character in word)
        width = WIDTH * len(glyphs)
        for place, glyph in enumerate(glyphs):
            left = x - (place + 1) * WIDTH if arabic else x - width + place * WIDTH
            placed.append((glyph, left, WIDTH))
        x -= width
        for mark in word[len(core) :]:
            x -= WIDTH
            placed.append((mark, x, WIDTH))
    return placed


def left_to_right(text: str, *, left: float = 50.0) -> list[Placed]:
    """A line of Latin text."""
    return [(character, left + n * WIDTH, WIDTH) for n, character in enumerate(text)]


def pdf(
    pages: list[list[list[Placed]]], *, title: str = "", leading: float = 16.0, bare: bool = False
) -> bytes:
    """A PDF of pages of lines of glyphs, in the order they are given.

    Its font draws each glyph as a box, so nothing but the table of meanings tells what it stands
    for; ``bare`` leaves that table out.
    """
    names = sorted({text for page in pages for line in page for text, _, _ in line})
    code = {text: number for number, text in enumerate(names, 1)}
    mapping = "".join(f"<{code[text]:02x}> <{_utf16(text)}>\n" for text in names)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /x def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(names)} beginbfchar\n{mapping}endbfchar endcmap end end"
    )
    box = "500 0 0 0 480 700 d1 20 0 460 700 re f"
    procs = " ".join(f"/g{number} 5 0 R" for number in range(1, len(names) + 1))
    differences = " ".join(f"/g{number}" for number in range(1, len(names) + 1))
    meanings = "" if bare else "/ToUnicode 4 0 R"
    kids = " ".join(f"{7 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [.001 0 0 .001 0 0] "
        f"/FirstChar 1 /LastChar {len(names)} /Widths [{' '.join(['500'] * len(names))}] {meanings} "
        f"/Encoding << /Type /Encoding /Differences [1 {differences}] >> /CharProcs << {procs} >> "
        "/Resources << >> >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        f"<< /Length {len(box)} >>\nstream\n{box}\nendstream",
        f"<< /Title <feff{_utf16(title)}> >>",
    ]
    for number, page in enumerate(pages):
        stream = "\n".join(["BT /F 12 Tf", *_commands(page, code, leading), "ET"])
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 842] "
            f"/Resources << /Font << /F 3 0 R >> >> /Contents {8 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return assembled(objects, info=6)


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex()


def _commands(page: list[list[Placed]], code: dict[str, int], leading: float) -> list[str]:
    """What draws the lines: glyphs that follow each other without a gap in one go."""
    commands = []
    for number, line in enumerate(page):
        y = 780 - leading * number
        runs: list[tuple[float, list[str]]] = []
        end = None
        for text, x, width in line:
            if x != end:
                runs.append((x, []))
            runs[-1][1].append(f"{code[text]:02x}")
            end = x + width
        commands += [f"1 0 0 1 {x:.2f} {y:.2f} Tm <{''.join(codes)}> Tj" for x, codes in runs]
    return commands


def assembled(objects: list[str], *, info: int = 0) -> bytes:
    """A PDF file of these objects, with its table of places."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    named = f"/Info {info} 0 R " if info else ""
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {named}>>\nstartxref\n{table}\n%%EOF".encode()
    return bytes(out)


def arabic_pdf(lines: list[str], **options: object) -> bytes:
    """One page of Arabic lines, its glyphs drawn from left to right as most programs do."""
    return pdf([[sorted(laid_out(line), key=lambda glyph: glyph[1]) for line in lines]], **options)  # type: ignore[arg-type]
