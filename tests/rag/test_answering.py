import re
from dataclasses import replace

import pytest
import regex
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rag.agreement import Comparison
from rag.answering import MOST_CITATIONS, Thresholds, answer, search
from rag.catalogue import EVIDENCE
from rag.engine import retrieval_weights
from rag.errors import InvalidParameter, InvalidQuestion
from rag.evaluation.questions import load
from rag.evaluation.run import evaluate
from rag.index.memory import MemoryIndex
from rag.messages import ABSTENTIONS
from rag.reading.evidence import EvidenceReader, EvidenceWeights
from rag.retrieval import Retriever
from rag.sentences import split
from rag.types import Evidence, Span
from tests.conftest import ROOT, SEEDS
from tests.strategies import ARABIC_WORDS, ENGLISH_WORDS, document, grapheme_starts, texts

ALWAYS = Thresholds(otherwise=0.0, support=1.0)
NEVER = Thresholds(otherwise=1.01)
AR = "كم أسيرًا أوكرانيًّا عاد إلى كييف؟"
EN = "How many Ukrainian prisoners returned to Kyiv?"
NEWS = "أعلن زيلينسكي عودة 1200 أسير إلى كييف يوم الأحد.\n\nRussia shot down 57 drones near Kyiv on Sunday."


@pytest.fixture(scope="module")
def parts(embedder, pieces, network):
    """The retriever and the reader as the engine builds them."""
    return (
        Retriever(embedder, pieces, network, retrieval_weights(EVIDENCE)),
        EvidenceReader(pieces, network, EvidenceWeights.load(EVIDENCE)),
    )


def check_promises(given, documents):
    """What holds of every answer, whatever was asked of whatever text."""
    assert [citation.n for citation in given.citations] == list(range(1, len(given.citations) + 1))
    sides = given.disagreement or ()
    assert len(given.citations) <= MOST_CITATIONS + max(0, len(sides) - 1)
    assert (given.disagreement is None) == (len(sides) == 0) == (len(sides) < 2)
    for side in sides:
        assert side.citations
        assert side.value in given.citations[side.citations[0] - 1].quote
        if side.speaker:
            told = documents[side.speaker.document_id].text[side.speaker.start : side.speaker.end]
            assert told == side.speaker.text
    assert given.dropped_citations == 0
    for citation in given.citations:
        text = documents[citation.document_id].text
        assert text[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
        assert citation.verified
        encoded = text.encode("utf-16-le")
        there = encoded[2 * citation.start_utf16 : 2 * citation.end_utf16]
        assert there == citation.quote.encode("utf-16-le")
        starts = grapheme_starts(text)
        spans = [(citation.start, citation.end)]
        if citation.answer_start is not None:
            spans.append((citation.answer_start, citation.answer_end))
            assert citation.start <= citation.answer_start < citation.answer_end <= citation.end
        for start, end in spans:
            if regex.match(r"\s(?=\p{M}|\p{GCB=Extend})", text, pos=max(start - 1, 0)):
                continue  # a mark upon white space: the white space is trimmed off
            assert {start, end} <= starts
            for edge in (start, end):
                inside_a_word = regex.fullmatch(
                    r"[\p{L}\p{M}\p{N}]{2}", text[max(edge - 1, 0) : edge + 1]
                )
                assert not inside_a_word, (text, start, end)
    if given.status == "answered":
        first = given.citations[0]
        text = documents[first.document_id].text
        start = first.start if first.answer_start is None else first.answer_start
        end = first.end if first.answer_end is None else first.answer_end
        assert given.answer == text[start:end]
        assert given.abstention is None
    else:
        assert given.answer is None
        assert not given.citations
        assert given.abstention.message


def words_of(text):
    return regex.findall(r"[\p{L}\p{M}\d]+", text)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_citation_is_what_the_document_says(parts, embedder, pieces, data):
    documents = {
        f"{n}.txt": document(text, f"{n}.txt")
        for n, text in enumerate(data.draw(st.lists(texts, min_size=1, max_size=3)))
    }
    index = MemoryIndex(tuple(documents.values()), embedder)
    inside = [word for d in documents.values() for word in words_of(d.text)] or ["x"]
    asked = data.draw(
        st.lists(
            st.sampled_from(inside) | st.sampled_from(ARABIC_WORDS + ENGLISH_WORDS),
            min_size=1,
            max_size=8,
        )
    )
    opening = data.draw(st.sampled_from(["كم ", "من ", "متى ", "How many ", "Who ", "When ", ""]))
    question = opening + " ".join(asked)
    assume(regex.search(r"[\p{L}\d]", question))
    given = answer(question, index, *parts, ALWAYS, comparison=Comparison(pieces))
    check_promises(given, documents)


@pytest.mark.parametrize("question", [AR, EN])
def test_an_answer_and_its_fields(parts, embedder, question):
    stored = document(NEWS)
    index = MemoryIndex([stored], embedder)
    given = answer(question, index, *parts, ALWAYS)
    check_promises(given, {"a.txt": stored})
    assert given.status == "answered"
    assert given.answer_kind == "extracted"
    assert given.question == question
    assert given.index == index.state
    assert re.fullmatch(r"ans_[0-9a-f]{32}", given.id)
    assert set(given.timings_ms) == {"retrieve", "read", "total"}
    assert 0 <= given.confidence <= 1


def test_the_same_question_has_the_same_answer(parts, embedder):
    index = MemoryIndex([document(NEWS), document(NEWS[::-1], "b.txt")], embedder)
    one, two = (answer(EN, index, *parts, ALWAYS) for _ in range(2))
    assert replace(one, id="", timings_ms={}) == replace(two, id="", timings_ms={})


class Offering:
    """A reader that offers what it is given."""

    fingerprint = "offering"

    def __init__(self, *offered):
        self.offered = offered

    def read(self, question, passages, index):
        return list(self.offered)


def offer(passage, probability, start=0, end=None, answer=None):
    end = passage.end - passage.start if end is None else end
    return Evidence(
        document_id=passage.document_id,
        passage_id=passage.id,
        quote=Span(start=passage.start + start, end=passage.start + end),
        answer=answer,
        score=0.0,
        probability=probability,
    )


ABSTAINING = {
    "no_documents": (lambda passage: [], Thresholds(), True),
    "not_in_sources": (lambda passage: [], Thresholds(), False),
    "low_confidence": (lambda passage: [offer(passage, 0.2)], Thresholds(), False),
    "unverifiable": (lambda passage: [offer(passage, 0.9, end=10**6)], Thresholds(), False),
}


@pytest.mark.parametrize("code", ABSTAINING)
@pytest.mark.parametrize(
    ("question", "override", "language"),
    [(AR, None, "ar"), (EN, None, "en"), (AR, "en", "en"), (EN, "ar", "ar")],
)
def test_every_abstention_is_told_in_the_readers_language(
    parts, embedder, code, question, override, language
):
    offered, limits, empty = ABSTAINING[code]
    index = MemoryIndex([] if empty else [document(NEWS)], embedder)
    passage = None if empty else search(EN, index, parts[0])[0][0]
    reader = Offering(*offered(passage))
    given = answer(question, index, parts[0], reader, limits, language=override)
    assert (given.status, given.abstention.code) == ("abstained", code)
    assert given.abstention.message == ABSTENTIONS[code][language]
    assert given.dropped_citations == (code == "unverifiable")
    assert (given.answer, given.answer_language, given.answer_kind) == (None, None, None)


def test_what_is_left_after_a_drop_must_be_sure_enough_itself(parts, embedder):
    index = MemoryIndex([document(NEWS)], embedder)
    first, second = (passage for passage, _ in search(EN, index, parts[0])[:1] * 2)
    wrong = offer(first, 0.9, end=10**6)
    for probability, status in ((0.4, "abstained"), (0.6, "answered")):
        reader = Offering(wrong, offer(second, probability))
        given = answer(EN, index, parts[0], reader, Thresholds())
        assert (given.status, given.confidence) == (status, probability)
        assert given.dropped_citations == 1


TWO = {"ar": document(NEWS.split("\n")[0], "ar.txt"), "en": document(NEWS.split("\n")[2], "en.txt")}
LIMITS = Thresholds(answer={"ar-ar": 0.3, "ar-en": 0.8, "en-ar": 0.5, "en-en": 0.1}, otherwise=0.99)


@pytest.fixture(scope="module")
def both(parts, embedder):
    """One article in each language, and the passage of each."""
    index = MemoryIndex(list(TWO.values()), embedder)
    found = search(EN, index, parts[0], 50)
    assert len(found) == len(TWO)
    return index, {passage.language: passage for passage, _ in found}


@pytest.mark.parametrize(
    ("question", "text", "least"),
    [(AR, "ar", 0.3), (AR, "en", 0.8), (EN, "ar", 0.5), (EN, "en", 0.1)],
)
def test_each_pair_of_languages_has_a_threshold_of_its_own(parts, both, question, text, least):
    index, passages = both
    outcomes = {
        least + 0.01: ("answered", None),
        least - 0.01: ("abstained", "low_confidence"),
        least / 3 + 0.01: ("abstained", "low_confidence"),
        least / 3 - 0.01: ("abstained", "not_in_sources"),
    }
    for probability, outcome in outcomes.items():
        reader = Offering(offer(passages[text], probability))
        given = answer(question, index, parts[0], reader, LIMITS)
        assert (given.status, given.abstention and given.abstention.code) == outcome
    own = Thresholds(otherwise=0.6)
    for probability, status in ((0.61, "answered"), (0.59, "abstained")):
        reader = Offering(offer(passages[text], probability))
        assert answer(question, index, parts[0], reader, own).status == status


def test_what_leads_after_a_drop_meets_the_threshold_of_its_own_languages(parts, both):
    index, passages = both
    for first, second, status in (("en", "ar", "abstained"), ("ar", "en", "answered")):
        wrong = offer(passages[first], 0.6, end=10**6)
        reader = Offering(wrong, offer(passages[second], 0.4))
        given = answer(EN, index, parts[0], reader, LIMITS)
        assert (given.status, given.dropped_citations) == (status, 1)


def test_support_decides_what_else_is_cited(parts, embedder):
    # Five articles that are not copies of one: each has its own figure.
    texts = [f"{n + 2} hours ago. {NEWS} It was {n + 2} degrees there." for n in range(5)]
    index = MemoryIndex([document(text, f"{n}.txt") for n, text in enumerate(texts)], embedder)
    passages = [passage for passage, _ in search(EN, index, parts[0])]
    reader = Offering(*(offer(p, 0.8 / (n + 1)) for n, p in enumerate(passages)))
    # The first bears 44 % of the probability of all, the first two 66 %.
    for support, count in ((0.0, 1), (0.4, 1), (0.5, 2), (0.7, 3), (1.0, MOST_CITATIONS)):
        given = answer(EN, index, parts[0], reader, Thresholds(support=support))
        assert len(given.citations) == count


@pytest.mark.parametrize("k", [0, -1, 51, 10**9, True, 1.0, "8", None])
def test_k_out_of_range_is_refused_before_any_work(k):
    for call in (
        lambda: answer(EN, None, None, None, Thresholds(), k),
        lambda: search(EN, None, None, k),
    ):
        with pytest.raises(InvalidParameter, match="expected a whole number from 1 to 50"):
            call()


def test_a_bad_question_is_refused_before_any_work():
    for call in (lambda: answer("؟", None, None, None, NEVER), lambda: search("", None, None)):
        with pytest.raises(InvalidQuestion):
            call()


# On the seed articles.

RELATED_QUESTIONS = [
    "إلى ماذا تدعو مصر في غزة؟",
    "ما المسار الذي أكدت مصر أهميته؟",
    "أين تريد مصر نشر قوة دولية؟",
    "غزة",
    "What did Egypt call for in Gaza?",
    "Who called for an international force in Gaza?",
    "Egypt political track importance",
]


@pytest.mark.parametrize("question", RELATED_QUESTIONS)
def test_nothing_is_answered_from_a_read_also_line(seed_engine, parts, question):
    related = {}
    for summary in seed_engine.documents():
        text = seed_engine.document(summary.id).text
        related[summary.id] = [s for s in split(text) if s.kind == "related"]
    assert any("غزة" in text_of(seed_engine, id, s) for id, spans in related.items() for s in spans)
    given = answer(question, seed_engine.index(), *parts, ALWAYS, 50)
    assert given.citations
    for citation in given.citations:
        assert "غزة" not in citation.quote
        assert not [
            line
            for line in related[citation.document_id]
            if line.start < citation.end and citation.start < line.end
        ]


def text_of(engine, id, sentence):
    return engine.document(id).text[sentence.start : sentence.end]


# Bars a little below what was measured, so that a change for the worse is seen.
LEAST = {
    "ar": {"hit_at_k": 0.97, "hit_at_1": 0.9, "citation_recall": 0.88, "citation_precision": 0.7},
    "en": {"hit_at_k": 0.97, "hit_at_1": 0.85, "citation_recall": 0.8, "citation_precision": 0.57},
    "tag:off-topic": {"abstention_recall": 1.0},
    "tag:related-link": {"abstention_recall": 1.0},
}


@pytest.fixture(scope="module")
def report(seed_engine):
    return evaluate(seed_engine, load(SEEDS / "facts.jsonl"), 8)


@pytest.mark.parametrize("name", LEAST)
def test_the_seed_questions_are_answered_well_enough(report, name):
    figures = report.slices[name]
    missed = {
        metric: getattr(figures, metric)
        for metric, least in LEAST[name].items()
        if getattr(figures, metric) < least
    }
    assert not missed


def test_every_quote_shown_for_the_seed_questions_verifies(report):
    assert report.slices["all"].quotes_unverified == 0
    assert report.slices["all"].citations_dropped == 0
    assert report.slices["all"].citations > 90


def test_no_seed_question_is_special_cased():
    """Neither code nor data of the package names what the seed questions are about."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("rag", "api")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".json", ".toml") and path.name != "tokenizer.json"
    )
    for name in ("Umerov", "أوميروف", "Pokrovsk", "بوكروفسك", "Istanbul", "إسطنبول"):
        assert name not in sources
