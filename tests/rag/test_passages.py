from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.passages import LONGEST, cut, passage_id
from rag.sentences import split
from tests.strategies import document, texts

ARTICLES = sorted(Path(__file__).parents[2].joinpath("seeds", "articles").glob("*.txt"))


def check(text):
    passages, sentences = cut(document(text)), split(text)
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.id == passage_id("a.txt", passage.start, passage.end)
        assert any(character.isalnum() for character in passage.text)
        inside = [s for s in sentences if s.start < passage.end and passage.start < s.end]
        assert all(sentence.kind != "related" for sentence in inside)
        assert len(passage.text) <= LONGEST or len(inside) == 1
    for left, right in pairwise(passages):
        assert left.end <= right.start
    for sentence in sentences:
        span = sentence.trimmed(text)
        if sentence.kind != "related" and any(map(str.isalnum, text[span.start : span.end])):
            assert any(p.start <= span.start and span.end <= p.end for p in passages)


@given(texts)
@settings(deadline=None)
def test_passages_are_slices_that_cover_every_sentence(text):
    check(text)


@given(st.lists(texts, min_size=5, max_size=25).map(lambda parts: " كلمة.\n".join(parts)))
@settings(deadline=None, max_examples=30)
def test_passages_of_long_documents(text):
    check(text)


@pytest.mark.parametrize("file", ARTICLES, ids=lambda file: file.stem)
def test_passages_of_the_articles(file):
    text = file.read_text(encoding="utf-8")
    check(text)
    assert all("اقرأ أيض" not in p.text and "مصر تدعو" not in p.text for p in cut(document(text)))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "…", "!؟", "\ufeff", "اقرأ أيضًا: خبر آخر"])
def test_a_document_without_words_has_no_passages(text):
    assert cut(document(text)) == ()


def test_a_heading_opens_a_passage():
    passages = cut(document("قال الرئيس شيئًا.\nعنوان جديد\nوأضاف شيئًا آخر."))
    assert [p.text for p in passages] == ["قال الرئيس شيئًا.", "عنوان جديد\nوأضاف شيئًا آخر."]


def test_a_single_sentence_may_be_longer_than_the_longest_passage():
    text = "كلمة " * 400
    (passage,) = cut(document(text))
    assert passage.text == text.strip()


def test_language_is_told_for_each_passage():
    text = "قال الرئيس شيئًا مهمًا. " * 25 + "\n" + "The president said something. " * 25
    assert {p.language for p in cut(document(text))} == {"ar", "en"}


def test_the_same_text_gives_the_same_ids():
    text = ARTICLES[0].read_text(encoding="utf-8")
    assert [p.id for p in cut(document(text))] == [p.id for p in cut(document(text))]
