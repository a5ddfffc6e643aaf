"""What ``PassageIndex`` promises, of every implementation."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import IndexMismatch, UnknownDocument
from rag.index.collection import Collection
from rag.index.memory import MemoryIndex
from rag.protocols import PassageIndex
from rag.terms import index_terms
from tests.rag.index.fakes import HashingEmbedder, articles
from tests.strategies import document

QUESTIONS = (
    "How many prisoners does Kyiv hope to free?",
    "كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟",
    "منذ متى المدينة بلا ماء؟",
    "Why is there no water in the town?",
    "متى التبادل؟",
)


@pytest.fixture(params=["memory", "stored"])
def build(request, tmp_path):
    opened = []

    def built(documents, embedder=None):
        embedder = embedder or HashingEmbedder()
        if request.param == "memory":
            return MemoryIndex(documents, embedder)
        folder = tmp_path / str(len(opened))
        Collection(folder).ingest(documents, embedder)
        opened.append(Collection(folder).open(embedder))
        return opened[-1]

    yield built
    for index in opened:
        index.close()


@pytest.fixture
def index(build):
    return build(articles())


def weighted(text):
    return dict.fromkeys(index_terms(text), 1.0)


def query(text):
    return HashingEmbedder().embed_queries([text])[0]


def test_it_fits_the_protocol(index):
    assert isinstance(index, PassageIndex)
    assert index.state.generation
    assert index.state.fingerprint


@pytest.mark.parametrize("k", [-1, 0, 1, 2, 3, 5, 100])
def test_rankings_hold_at_most_k_hits_best_first(index, k):
    for hits, retriever in (
        (index.nearest(query("Kyiv"), k), "dense"),
        (index.matching(weighted("Kyiv كييف water"), k), "lexical"),
    ):
        assert len(hits) <= max(k, 0)
        assert [hit.rank for hit in hits] == list(range(len(hits)))
        assert [hit.retriever for hit in hits] == [retriever] * len(hits)
        assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))
        assert len({hit.passage_id for hit in hits}) == len(hits)
        index.passages([hit.passage_id for hit in hits])
    assert len(index.nearest(query("Kyiv"), k)) == min(max(k, 0), len(index))


@pytest.mark.parametrize("count", [1, 7, 60])
def test_equal_scores_are_ordered_by_passage_id_also_at_the_cut(build, count):
    """The same passage in many articles, between others that score lower."""
    same = "Kyiv hopes to free prisoners in May. كييف تأمل."
    documents = [
        document(f"{same}\n\n# {number}\n\nthing{number} else", f"{number}.txt")
        for number in range(count)
    ]
    index = build(documents)
    for search in (
        lambda k: index.nearest(query(same), k),
        lambda k: index.matching(weighted(same), k),
    ):
        expected = [hit.passage_id for hit in search(len(index))]
        tied = sum(hit.score == search(1)[0].score for hit in search(len(index)))
        assert tied == count
        assert expected[:tied] == sorted(expected[:tied])
        for k in {1, 2, count // 2, count}:
            assert [hit.passage_id for hit in search(k)] == expected[:k]


@pytest.mark.parametrize("width", [1, 15, 17])
def test_a_vector_of_another_width_is_refused_naming_both(index, width):
    with pytest.raises(IndexMismatch, match=rf"{width},\).* 16"):
        index.nearest(np.ones(width, dtype=np.float32), 3)


@pytest.mark.parametrize("terms", [{}, {"nowhere": 1.0}, {"": 1.0}])
def test_no_match_no_hit(index, terms):
    assert index.matching(terms, 5) == []


def test_weights_count(index):
    towards = index.matching({"kyiv": 5.0, "town": 0.1}, 1)[0]
    away = index.matching({"kyiv": 0.1, "town": 5.0}, 1)[0]
    assert towards.passage_id.startswith("en/kyiv.txt#")
    assert away.passage_id.startswith("en/water.txt#")


def test_document_frequency_counts_passages(index):
    assert index.document_frequency("nowhere") == 0
    for term in index_terms("Kyiv كييف 1200"):
        assert index.document_frequency(term) == len(index.matching({term: 1.0}, 100))


@pytest.mark.parametrize("id", ["", "en/kyiv.txt", "en/kyiv.txt#0-1", "x#0-9", "#", "a#-1-٣"])
def test_unknown_ids_are_named(index, id):
    with pytest.raises(KeyError) as caught:
        index.passages([id])
    assert caught.value.args == (id,)
    with pytest.raises(UnknownDocument, match="no document"):
        index.document(f"{id}?")


def test_a_passage_has_one_spelling_of_its_id(index):
    id = index.nearest(query("Kyiv"), 1)[0].passage_id
    name, _, offsets = id.rpartition("#")
    for other in (f"{name}#0{offsets}", f"{name}#{offsets} ", f"{name}#{offsets}" + "0" * 5000):
        with pytest.raises(KeyError):
            index.passages([other])


def test_passages_come_in_the_order_asked_for_and_lie_in_their_documents(index):
    ids = [hit.passage_id for hit in index.nearest(query("Kyiv"), 100)]
    for order in (ids, ids[::-1], [ids[0], ids[0]], []):
        assert [passage.id for passage in index.passages(order)] == order
    for passage in index.passages(ids):
        text = index.document(passage.document_id).text
        assert text[passage.start : passage.end] == passage.text


def test_documents_come_back_as_they_were(index):
    for stored in articles():
        assert index.document(stored.id) == stored
    listed = index.documents()
    assert [summary.id for summary in listed] == sorted(stored.id for stored in articles())
    assert sum(summary.passages for summary in listed) == len(index)
    assert index.documents(offset=1, limit=2) == listed[1:3]
    assert index.documents(offset=9) == []
    assert index.count_documents() == len(listed)


@pytest.mark.parametrize("documents", [[], [document("…\n", "empty.txt")]])
def test_an_index_without_passages_finds_nothing(build, documents):
    index = build(documents)
    assert len(index) == 0
    assert index.nearest(query("Kyiv"), 5) == []
    assert index.matching({"kyiv": 1.0}, 5) == []
    assert index.document_frequency("kyiv") == 0
    assert index.count_documents() == len(documents)


def test_the_implementations_rank_alike(embedder, tmp_path):
    documents = articles()
    documents += [
        document(f"{text}\nNumber {n} رقم {n}", f"{n}/{id}")
        for n in range(8)
        for id, text in ((article.id, article.text) for article in articles())
    ]
    memory = MemoryIndex(documents, embedder)
    Collection(tmp_path).ingest(documents, embedder)
    stored = Collection(tmp_path).open(embedder)
    for text in QUESTIONS:
        (vector,) = embedder.embed_queries([text])
        one, other = memory.nearest(vector, 10), stored.nearest(vector, 10)
        assert [hit.passage_id for hit in one] == [hit.passage_id for hit in other]
        assert np.allclose([hit.score for hit in one], [hit.score for hit in other], atol=1e-5)
        terms = weighted(text)
        one, other = memory.matching(terms, 1000), stored.matching(terms, 1000)
        assert one[0].passage_id == other[0].passage_id
        assert {hit.passage_id for hit in one} == {hit.passage_id for hit in other}
        for term in terms:
            assert memory.document_frequency(term) == stored.document_frequency(term)
    stored.close()
