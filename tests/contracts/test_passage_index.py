"""What ``PassageIndex`` promises, of every implementation."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import IndexMismatch, UnknownDocument
from rag.filters import described, matches, parse_all
from rag.index.collection import Collection
from rag.index.memory import MemoryIndex
from rag.protocols import PassageIndex
from rag.terms import index_terms
from tests.rag.index.fakes import HashingEmbedder, articles
from tests.strategies import document

FILTERS = (
    "language=ar",
    "language!=ar",
    "published>=2025-03",
    "published<2025-03",
    "tags=أخبار",
    "tags!=news",
    "author.name=سارة",
    "author.name!=سارة",
    "words>100",
    "title~kyiv",
    "id=en/kyiv.txt",
    "missing=x",
)
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


def test_copies_are_one_group_and_their_figures_keep_others_apart(build):
    text = " ".join(article.text for article in articles() if article.id.startswith("ar/"))
    index = build(
        [
            document(text, "b.txt"),
            document(f"{text}\n(وكالات)", "a.txt"),
            document(text.replace("1200", "1300"), "c.txt"),
        ]
    )
    assert index.groups() == {"b.txt": "b.txt", "a.txt": "b.txt"}  # the first stored names it
    assert build(articles()).groups() == {}


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


def told(document, **fields):
    return replace(document, **fields)


def catalogued():
    """The articles, each with something told about it."""
    given = [
        {
            "published": "2025-03-09",
            "tags": ("أخبار", "kyiv"),
            "metadata": {"author": {"name": "سارة"}},
        },
        {"published": "2025-01-31", "metadata": {"words": 120, "author": {"name": "Omar"}}},
        {"title": "Kyiv today", "tags": ("news",), "metadata": {"words": "99", "list": [1, [2]]}},
        {"published": "2024-12-31", "pages": (0, 7), "metadata": {"عدد": 3.5, "null": None}},
        {"tags": ("News", "أخبار"), "metadata": {"author": {"name": "ساره"}, "words": 101}},
    ]
    return [told(article, **fields) for article, fields in zip(articles(), given, strict=True)]


def ids_of(hits):
    return [hit.passage_id for hit in hits]


def assert_alike(one, other, *, complete):
    """Equal but for the last digits, which may order equal scores otherwise."""
    assert len(one) == len(other)
    assert np.allclose([hit.score for hit in one], [hit.score for hit in other], atol=1e-5)
    if complete:
        assert set(ids_of(one)) == set(ids_of(other))


def test_what_is_told_of_documents_comes_back(build):
    index = build(catalogued())
    for stored in catalogued():
        found = index.document(stored.id)
        assert found == stored
        assert json.dumps(found.metadata) == json.dumps(stored.metadata)
    assert index.document("ar/water.txt").page_at(7) is None
    assert index.document("en/water.txt").page_at(7) == 2


@pytest.mark.parametrize("filters", [[one] for one in FILTERS] + [["language=en", "words>100"]])
def test_a_filtered_index_is_the_index_of_what_passes(build, filters):
    whole, made = build(catalogued()), parse_all(filters)
    passing = [one for one in catalogued() if matches(made, described(one))]
    view, alone = whole.where(made), build(passing)
    assert isinstance(view, PassageIndex)
    assert view.state == whole.state
    assert view.documents() == alone.documents()
    assert view.documents(offset=1, limit=1) == alone.documents(offset=1, limit=1)
    assert view.count_documents() == len(passing)
    for text in (*QUESTIONS, "Kyiv كييف water"):
        for k in (1, 2, 100):
            near = view.nearest(query(text), k)
            assert_alike(near, alone.nearest(query(text), k), complete=k == 100)
            assert len(near) == min(k, len(alone))
            assert len(view.matching(weighted(text), k)) == len(alone.matching(weighted(text), k))
        assert set(ids_of(view.matching(weighted(text), 100))) == set(
            ids_of(alone.matching(weighted(text), 100))
        )
    shown = ids_of(alone.nearest(query("Kyiv"), 100))
    assert view.passages(shown) == alone.passages(shown)
    for id in {one.id for one in catalogued()} - {one.id for one in passing}:
        with pytest.raises(UnknownDocument):
            view.document(id)
        hidden = next(p for p in ids_of(whole.nearest(query("Kyiv"), 100)) if p.startswith(id))
        with pytest.raises(KeyError):
            view.passages([hidden])


def test_filters_narrow_a_filtered_index_further(build):
    whole = build(catalogued())
    assert whole.where([]).documents() == whole.documents()
    view = whole.where(parse_all(["language=en"])).where(parse_all(["words>100"]))
    assert [one.id for one in view.documents()] == ["en/mixed.txt"]
    assert [one.id for one in whole.where(parse_all(["words>100"])).documents()] == [
        "ar/water.txt",
        "en/mixed.txt",
    ]


def test_terms_are_as_rare_as_in_the_whole(build):
    whole = build(catalogued())
    view = whole.where(parse_all(["language=ar"]))
    assert len(view) == len(whole)
    assert view.document_frequency("kyiv") == whole.document_frequency("kyiv") > 0
    scores = {hit.passage_id: hit.score for hit in whole.matching(weighted("كييف 1200"), 100)}
    for hit in view.matching(weighted("كييف 1200"), 100):
        assert hit.score == pytest.approx(scores[hit.passage_id], rel=1e-6)


def test_k_results_come_back_where_k_exist_however_far_down(build):
    """One of a hundred passes, and all others are nearer."""
    near = [document(f"Kyiv hopes to free prisoners {n}.", f"{n}.txt") for n in range(100)]
    far = told(document("Kyiv town water pipes are old.", "far.txt"), tags=("far",))
    index = build([*near, far])
    view = index.where(parse_all(["tags=far"]))
    assert [id.partition("#")[0] for id in ids_of(view.nearest(query("Kyiv prisoners"), 3))] == [
        "far.txt"
    ]
    assert [
        id.partition("#")[0] for id in ids_of(view.matching(weighted("Kyiv prisoners"), 3))
    ] == ["far.txt"]


words = st.lists(
    st.sampled_from("Kyiv كييف water ماء town May مايو 1200".split()), min_size=1, max_size=8
)
collections = st.lists(
    st.tuples(words, st.sets(st.sampled_from("abc")), st.integers(0, 3)), min_size=1, max_size=12
)


@given(collections, st.sampled_from(["tags=a", "tags!=a", "n>=2", "n<1", "language=ar", "tags~b"]))
@settings(max_examples=25, deadline=None)
def test_search_with_a_filter_is_search_over_what_passes(made, expression):
    documents = [
        told(
            document(f"{' '.join(text)} n{number}.", f"{number}.txt"),
            tags=tuple(sorted(tags)),
            metadata={"n": n},
        )
        for number, (text, tags, n) in enumerate(made)
    ]
    filters = parse_all([expression])
    passing = [one for one in documents if matches(filters, described(one))]
    with TemporaryDirectory() as folder:
        Collection(Path(folder) / "all").ingest(documents, HashingEmbedder())
        index = Collection(Path(folder) / "all").open()
        view, memory = (
            index.where(filters),
            MemoryIndex(documents, HashingEmbedder()).where(filters),
        )
        alone = MemoryIndex(passing, HashingEmbedder())
        for text in ("Kyiv مايو", "water 1200"):
            for k in (1, 3, 50):
                near = view.nearest(query(text), k)
                for oracle in (memory, alone):
                    assert_alike(near, oracle.nearest(query(text), k), complete=k == 50)
            found = ids_of(view.matching(weighted(text), 50))
            assert set(found) == set(ids_of(alone.matching(weighted(text), 50)))
            assert set(found) == set(ids_of(memory.matching(weighted(text), 50)))
        index.close()


def test_a_hundred_questions_rank_the_same_each_time(embedder, tmp_path):
    chance = random.Random(14)
    vocabulary = " ".join(article.text for article in articles()).split()
    documents = [
        document(" ".join(chance.choices(vocabulary, k=30)) + ".", f"{n}.txt") for n in range(60)
    ]
    Collection(tmp_path).ingest(documents, embedder)
    asked = [" ".join(chance.choices(vocabulary, k=5)) for _ in range(100)]
    rankings = []
    for threads, together in ((1, False), (2, False), (2, True)):
        faiss.omp_set_num_threads(threads)
        vectors = (
            embedder.embed_queries(asked)
            if together
            else [embedder.embed_queries([one])[0] for one in asked]
        )
        index = Collection(tmp_path).open(embedder)
        rankings.append(
            [
                [
                    [(hit.passage_id, round(hit.score, 4)) for hit in hits]
                    for hits in (index.nearest(vector, 10), index.matching(weighted(text), 10))
                ]
                for text, vector in zip(asked, vectors, strict=True)
            ]
        )
        index.close()
    faiss.omp_set_num_threads(1)
    first, *others = rankings
    for other in others:
        for one, again in zip(first, other, strict=True):
            for before, after in zip(one, again, strict=True):
                # A text embedded among others may differ in the last digit that is kept.
                assert [id for id, _ in before] == [id for id, _ in after]
                assert np.allclose([s for _, s in before], [s for _, s in after], atol=2e-4)
