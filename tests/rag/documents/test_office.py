"""One article in each language as LibreOffice writes it: Word, HTML, EPUB and plain text say the same."""

from __future__ import annotations

import pytest

from rag.documents import load
from rag.documents.plain import stated_title
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "corpora" / "office"
TITLES = {
    "bridge": "The Ostrel bridge reopens after seven years",
    "council": "قرارات المجلس البلدي",
}


@pytest.mark.parametrize("suffix", ["docx", "html", "epub", "txt"])
@pytest.mark.parametrize("name", TITLES)
def test_an_article_is_the_same_in_every_format(name, suffix):
    report = load([FOLDER / f"{name}.{suffix}"])
    (document,) = report.documents
    written = (FOLDER / f"{name}.txt").read_text(encoding="utf-8-sig")
    assert document.text.split() == written.split()
    assert document.language == {"bridge": "en", "council": "ar"}[name]
    assert report.failures == ()


@pytest.mark.parametrize("suffix", ["docx", "html", "epub", "txt"])
@pytest.mark.parametrize("name", TITLES)
def test_a_title_that_a_program_made_up_is_none(name, suffix):
    (document,) = load([FOLDER / f"{name}.{suffix}"]).documents
    assert document.title == TITLES[name]


@pytest.mark.parametrize(
    "title",
    [
        "Document retention policy",
        "Documents of the court",
        "مستندات المحكمة",
        "Untitled: a life of the painter Anna Korst",
        "Unknown soldiers",
        "The title deeds",
        "Doctors strike",
    ],
)
def test_titles_that_begin_like_made_up_ones_are_kept(title):
    assert stated_title(f" {title}\n") == title


@pytest.mark.parametrize(
    "title",
    [
        "Document1",
        "document",
        "Doc2",
        "Untitled",
        "untitled-3",
        "Unknown Title",
        "Microsoft Word - report",
        "مستند١",
        "بلا عنوان",
        "report final.docx",
        "تقرير.pdf",
    ],
)
def test_made_up_titles_are_left_out(title):
    assert stated_title(title) == ""
