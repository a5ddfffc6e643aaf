"""What ``Loader`` promises, of every implementation."""

from __future__ import annotations

import hashlib
import json

import pytest

from rag.documents import LOADERS
from rag.documents.formats import (
    CSV,
    EPUB,
    FEED,
    HTML,
    JSON,
    JSON_LINES,
    MARKDOWN,
    PDF,
    PLAIN,
    WORD,
)
from rag.documents.values import REASONS
from rag.errors import UnreadableDocument
from rag.passages import cut
from rag.protocols import Loader
from tests.files import chapter, epub, laid_out, paragraph, pdf, word

TEXT = "# عنوان Title\n\nقال الرئيس شيئًا.\r\nThen he left. ﷺ 😀\n"
SENTENCE = "قال الرئيس شيئًا وغادر 😀"
RECORD = {"title": "عنوان Title", "text": SENTENCE}
SAMPLES = {
    PLAIN: TEXT.encode(),
    MARKDOWN: TEXT.encode(),
    HTML: f"<title>عنوان Title</title><p>{SENTENCE}</p>".encode(),
    WORD: word(paragraph(SENTENCE), title="عنوان Title"),
    PDF: pdf([[laid_out("قال الرئيس شيئا وغادر")]], title="عنوان Title"),
    EPUB: epub({"a.xhtml": chapter(SENTENCE)}, title="عنوان Title"),
    CSV: f'title,text\nعنوان Title,"{SENTENCE}"\n'.encode(),
    JSON: json.dumps([RECORD]).encode(),
    JSON_LINES: json.dumps(RECORD).encode(),
    FEED: f"<rss><channel><item><title>عنوان Title</title><description>{SENTENCE}</description>"
    "</item></channel></rss>".encode(),
}  # fmt: skip


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.name)
def loader(request):
    return request.param


def test_a_file_gives_documents(loader):
    assert isinstance(loader, Loader)
    loaded = loader.load(SAMPLES[loader], id="ar/a", origin="file:///somewhere/ar/a")
    (document,) = loaded.documents
    assert "قال الرئيس" in document.text
    assert document.sha256 == hashlib.sha256(document.text.encode()).hexdigest()
    assert (document.id.split("#")[0], document.origin.split("#")[0]) == (
        "ar/a",
        "file:///somewhere/ar/a",
    )
    assert document.media_type == loader.media_type
    assert "عنوان Title" in document.title
    assert document.language == "ar"
    assert all(0 <= page <= len(document.text) for page in document.pages)
    assert list(document.pages) == sorted(document.pages)
    assert (loaded.notes, loaded.failures) == ((), ())


@pytest.mark.parametrize("loader", [PLAIN, MARKDOWN], ids=lambda loader: loader.name)
def test_plain_text_is_kept_as_it_was(loader):
    (document,) = loader.load(TEXT.encode(), id="a", origin="").documents
    assert document.text == TEXT


def test_passages_are_slices_of_what_was_extracted(loader):
    (document,) = loader.load(SAMPLES[loader], id="a", origin="").documents
    passages = cut(document)
    assert passages
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert (document.page_at(passage.start) == 1) == (loader is PDF)


def test_reading_twice_gives_the_same(loader):
    first, second = (loader.load(SAMPLES[loader], id="a", origin="") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00", b"caf\xe9", b"a\x00b"])
def test_what_cannot_be_read_is_named_with_its_reason(loader, content):
    with pytest.raises(UnreadableDocument, match=r"^odd\.file: \w") as caught:
        loader.load(content, id="odd.file", origin="")
    assert caught.value.hint
    assert caught.value.reason in REASONS - {"crashed", "unavailable"}


def test_suffixes_are_told_apart():
    suffixes = [suffix for loader in LOADERS for suffix in loader.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
