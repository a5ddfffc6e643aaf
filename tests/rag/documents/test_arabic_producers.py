"""Arabic PDFs of thirteen programs, read against what they were made from; and files spoiled on purpose.

The files, their texts and what made them: ``tests/corpora/arabic_pdfs``.
"""

from __future__ import annotations

import difflib
import json
import unicodedata
from functools import cache

import pytest
import regex

from rag.documents import pdf
from rag.documents.values import Refusal
from tests.conftest import ROOT
from tests.files import outcome

FOLDER = ROOT / "tests" / "corpora" / "arabic_pdfs"
TEXTS = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))
FILES = sorted(FOLDER.glob("*.pdf"))
PROGRAMS = {
    "cairo", "chromium", "fpdf2", "jspdf", "libreoffice", "matplotlib", "pdf-lib", "pdfkit", "qt",
    "react-pdf", "reportlab", "typst", "weasyprint",
}  # fmt: skip
SPOILED = {
    "backwards", "backwards-lone", "half-named", "private", "shifted", "torn", "unnamed", "western",
}  # fmt: skip
FAITHFUL = 0.95  # of the words, in their order: a page below it must not be quoted
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:[.,٬٫/:-][\p{L}\p{N}]+)*")


def named(path):
    """The program, and the text that it set."""
    program, _, text = path.stem.rpartition("-")
    return program, text


def words(text):
    return WORD.findall(unicodedata.normalize("NFC", text))


def share(found, truth):
    """How many of the words are there, in their order."""
    blocks = difflib.SequenceMatcher(None, truth, found, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(truth)


@cache
def read(path):
    """The share of the words that is read, and whether the gate lets the page pass."""
    content, truth = path.read_bytes(), words(" ".join(TEXTS[named(path)[1]]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "faults", lambda _: ())
        raw = outcome(pdf.extract, content)
    passed = outcome(pdf.extract, content)
    if isinstance(passed, Refusal):
        assert passed.reason == "poor_extraction"
        assert passed.hint
    text = "" if isinstance(raw, Refusal) else raw.documents[0].text
    return share(words(text), truth), not isinstance(passed, Refusal)


def test_there_are_as_many_files_of_as_many_programs_as_promised():
    programs = [named(path)[0] for path in FILES]
    assert set(programs) == PROGRAMS | SPOILED
    assert sum(program in PROGRAMS for program in programs) >= 40
    assert sum(path.stat().st_size for path in FILES) < 2_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_is_read_word_for_word_or_refused(path):
    recall, passed = read(path)
    if named(path)[0] in SPOILED:
        assert not passed
    else:
        assert passed
        assert recall >= FAITHFUL


def test_the_gate_and_the_reading_are_as_good_as_promised():
    outcomes = {path: read(path) for path in FILES}
    bad = {path for path, (recall, _) in outcomes.items() if recall < FAITHFUL}
    refused = {path for path, (_, passed) in outcomes.items() if not passed}
    assert len(bad & refused) / len(refused) >= 0.95  # precision
    assert len(bad & refused) / len(bad) >= 0.95  # recall
    recalls = [recall for recall, passed in outcomes.values() if passed]
    assert sum(recalls) / len(recalls) >= 0.99
