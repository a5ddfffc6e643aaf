"""What ``Loader`` promises, of every implementation."""

from __future__ import annotations

import hashlib

import pytest

from rag.documents import LOADERS
from rag.errors import UnreadableDocument
from rag.protocols import Loader

TEXT = "# عنوان Title\n\nقال الرئيس شيئًا.\r\nThen he left. ﷺ 😀\n"


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.media_type)
def loader(request):
    return request.param


def test_the_text_is_kept_as_it_was(loader):
    assert isinstance(loader, Loader)
    document = loader.load(TEXT.encode(), id="ar/a", origin="file:///somewhere/ar/a")
    assert document.text == TEXT
    assert document.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (document.id, document.origin) == ("ar/a", "file:///somewhere/ar/a")
    assert document.media_type == loader.media_type
    assert "عنوان Title" in document.title
    assert document.language in ("ar", "en")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00", b"caf\xe9", b"a\x00b"])
def test_what_cannot_be_read_is_named_with_its_reason(loader, content):
    with pytest.raises(UnreadableDocument, match=r"^odd\.file: \w") as caught:
        loader.load(content, id="odd.file", origin="")
    assert caught.value.hint


def test_suffixes_are_told_apart():
    suffixes = [suffix for loader in LOADERS for suffix in loader.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
