"""What ``Reader`` promises, of every implementation."""

from __future__ import annotations

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import catalogue
from rag.index.memory import MemoryIndex
from rag.protocols import Reader
from rag.settings import Settings
from rag.types import Evidence, Span
from tests.rag import tiny_models
from tests.rag.index.fakes import HashingEmbedder
from tests.strategies import document, grapheme_starts, texts

QUESTIONS = ("How many drones were shot down?", "متى غادر الرئيس؟", "من قال؟", "12 😀")
ARTICLES = (
    "The weather was mild. Air defence shot down 57 drones over Kyiv. Schools reopened.",
    "قال الرئيس إنّ الكِتَابُ في المدرســـة.\n\nغادر الوفد كييف يوم الاثنين 3 مايو.",
    "# عنوان\n\n👨\u200d👩\u200d👧 👍🏽 🇸🇦🇺🇦 \u06dd٢٣٤ e\u0301te\u0301 ﷺ. نعم؟ لا!",
    "word " * 900,
    "… — !",
)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]{2}")


def extractive(tmp_path_factory):
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("reader")
    return catalogue.reader(Settings(reader=tiny_models.save(folder, "bert")))


MAKERS = {
    "evidence": lambda _: catalogue.reader(Settings()),
    "extractive": extractive,
}


@pytest.fixture(
    scope="module", params=["evidence", pytest.param("extractive", marks=pytest.mark.models)]
)
def reader(request, tmp_path_factory):
    return MAKERS[request.param](tmp_path_factory)


@pytest.fixture(scope="module")
def read(reader):
    embedder = HashingEmbedder()

    def over(question, given_texts, order=lambda passages: passages):
        index = MemoryIndex([document(t, f"{n}.txt") for n, t in enumerate(given_texts)], embedder)
        hits = index.nearest(embedder.embed_queries(["word"])[0], 100)
        passages = index.passages(sorted(hit.passage_id for hit in hits))
        return reader.read(question, order(passages), index), index

    return over


def check_legal(evidence, index):
    """Every span lies where it should and cuts no word and no grapheme."""
    for item in evidence:
        passage = index.passages([item.passage_id])[0]
        assert passage.document_id == item.document_id
        text = index.document(item.document_id).text
        whole = Span(start=passage.start, end=passage.end)
        assert whole.contains(item.quote)
        assert text[item.quote.start : item.quote.end].strip()
        spans = [item.quote]
        if item.answer is not None:
            assert item.quote.contains(item.answer)
            spans.append(item.answer)
        starts = grapheme_starts(text)
        for span in spans:
            assert span.start < span.end
            assert {span.start, span.end} <= starts
            for place in (span.start, span.end):
                assert not _WORD.match(text[max(0, place - 1) : place + 1])


def test_it_fits_the_protocol(reader):
    assert isinstance(reader, Reader)
    assert reader.fingerprint


@pytest.mark.parametrize("question", QUESTIONS)
def test_spans_are_legal_in_articles(read, question):
    evidence, index = read(question, ARTICLES)
    assert evidence
    check_legal(evidence, index)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(texts, min_size=1, max_size=2), st.sampled_from(QUESTIONS))
def test_spans_are_legal_in_any_text(read, given_texts, question):
    check_legal(*read(question, given_texts))


@pytest.mark.parametrize("question", QUESTIONS)
def test_evidence_is_most_probable_first(read, question):
    evidence, _ = read(question, ARTICLES)
    assert all(isinstance(item, Evidence) and 0 <= item.probability <= 1 for item in evidence)
    probabilities = [item.probability for item in evidence]
    assert probabilities == sorted(probabilities, reverse=True)
    keys = [(-item.score, item.document_id, item.quote.start) for item in evidence]
    assert keys == sorted(keys)


def test_a_sentence_comes_once(read):
    evidence, _ = read(QUESTIONS[0], ARTICLES)
    quotes = [(item.document_id, item.quote) for item in evidence]
    assert len(set(quotes)) == len(quotes)
    assert sum(id == "0.txt" for id, _ in quotes) == 3


def test_nothing_to_read_is_no_evidence(read):
    assert read(QUESTIONS[0], [])[0] == []
    assert read(QUESTIONS[0], ["… — !"])[0] == []


def test_the_order_of_passages_does_not_matter(read):
    one, _ = read(QUESTIONS[0], ARTICLES)
    other, _ = read(QUESTIONS[0], ARTICLES, lambda passages: passages[::-1])
    assert [item.quote for item in one] == [item.quote for item in other]
    assert [e.probability for e in one] == pytest.approx([e.probability for e in other])


def test_equal_sentences_are_ordered_by_document(read):
    evidence, _ = read(QUESTIONS[0], [ARTICLES[0]] * 3, lambda passages: passages[::-1])
    best = evidence[0].quote
    same = [item.document_id for item in evidence if item.quote == best]
    assert same == ["0.txt", "1.txt", "2.txt"]
