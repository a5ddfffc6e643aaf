import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.catalogue import EVIDENCE
from rag.engine import retrieval_weights
from rag.index.memory import MemoryIndex
from rag.question import LONGEST_QUESTION, understand
from rag.retrieval import (
    FEATURES,
    READ,
    Retriever,
    Weights,
    margin,
    reciprocal_rank_fusion,
)
from rag.types import Hit, SpanScores
from tests.strategies import document

TOPICS = {
    "rain.txt": "سقط المطر على القاهرة أمس وغمرت المياه الشوارع.",
    "match.txt": "فاز المنتخب المغربي على نظيره الإسباني بركلات الترجيح.",
    "storm.txt": "The storm flooded the streets of Manila and closed schools.",
    "vaccine.txt": "Scientists announced a new malaria vaccine in Ghana.",
}


def ranking(*ids):
    return [Hit(passage_id=id, score=0.0, rank=rank, retriever="x") for rank, id in enumerate(ids)]


def test_fusion_gives_the_values_of_the_paper():
    fused = reciprocal_rank_fusion([ranking("a", "b"), ranking("b", "c")])
    assert [hit.passage_id for hit in fused] == ["b", "a", "c"]
    assert [hit.score for hit in fused] == pytest.approx([1 / 61 + 1 / 62, 1 / 61, 1 / 62])
    assert [hit.rank for hit in fused] == [0, 1, 2]
    assert {hit.retriever for hit in fused} == {"fused"}


@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        ([], []),
        ([[], []], []),
        ([ranking("b", "a"), ranking("a", "b")], ["a", "b"]),  # equal scores by id
        ([ranking("a", "b", "c"), []], ["a", "b", "c"]),
    ],
)
def test_fusion_of_little(rankings, expected):
    assert [hit.passage_id for hit in reciprocal_rank_fusion(rankings)] == expected


rankings = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True).map(lambda r: ranking(*r)))


@given(rankings)
def test_fusion_ranks_everything_once_whatever_the_order_of_rankings(given_rankings):
    fused = reciprocal_rank_fusion(given_rankings)
    assert [hit.rank for hit in fused] == list(range(len(fused)))
    assert {hit.passage_id for hit in fused} == {h.passage_id for r in given_rankings for h in r}
    assert [hit.score for hit in fused] == sorted((hit.score for hit in fused), reverse=True)
    backwards = {h.passage_id: h.score for h in reciprocal_rank_fusion(given_rankings[::-1])}
    assert {hit.passage_id: hit.score for hit in fused} == pytest.approx(backwards)


logits = st.floats(-30, 30, width=32)


@given(st.lists(st.tuples(logits, logits), max_size=12))
def test_the_margin_is_of_the_best_end_at_or_after_each_start(found):
    starts, ends = np.array(found, dtype=np.float32).reshape(-1, 2).T
    spans = np.zeros((len(found), 2), dtype=np.int32)
    sums = [starts[i] + ends[j] for i in range(len(found)) for j in range(i, len(found))]
    best = float(max(sums, default=np.float32(-np.inf)))
    assert margin(SpanScores(spans, starts, ends)) == max(-2.0, min(2.0, best / 10))


@pytest.mark.parametrize("count", [len(FEATURES) - 1, len(FEATURES) + 1])
def test_weights_of_another_number_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} retrieval weights"):
        Weights(features=(1.0,) * count, margin=1.0)


@pytest.fixture(scope="module")
def retriever(embedder, pieces, network):
    return Retriever(embedder, pieces, network, retrieval_weights(EVIDENCE))


@pytest.fixture(scope="module")
def index(embedder):
    return MemoryIndex([document(text, id) for id, text in TOPICS.items()], embedder)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("المطر", "rain.txt"),
        ("بالمطر؟", "rain.txt"),
        ("malaria", "vaccine.txt"),
        ("MALARIA VACCINE", "vaccine.txt"),
        ("من فاز بركلات الترجيح؟", "match.txt"),
        ("ماذا أعلن scientists في Ghana؟", "vaccine.txt"),
        ("storm in مانيلا", "storm.txt"),
        ("هل أعلن العلماء لقاحًا للملاريا؟", "vaccine.txt"),
        ("Which football team won on penalties?", "match.txt"),
        (" ".join([TOPICS["storm.txt"]] * 30)[:LONGEST_QUESTION], "storm.txt"),
        (" ".join([TOPICS["rain.txt"]] * 40)[:LONGEST_QUESTION], "rain.txt"),
    ],
)
def test_the_passage_asked_for_is_first(retriever, index, question, expected):
    found = retriever.retrieve(understand(question), index, 4)
    assert found[0][0].document_id == expected


def test_k_and_ranks_and_order(retriever, index):
    asked = understand("What happened in Manila, and in القاهرة?")
    everything = retriever.retrieve(asked, index, 50)
    assert len(everything) == len(TOPICS)
    assert [hit.rank for _, hit in everything] == list(range(len(TOPICS)))
    assert [hit.score for _, hit in everything] == sorted(
        (hit.score for _, hit in everything), reverse=True
    )
    assert all(hit.passage_id == passage.id for passage, hit in everything)
    for k in (1, 2, 3):
        assert retriever.retrieve(asked, index, k) == everything[:k]


def test_of_equal_passages_the_first_by_id_is_found(retriever, embedder):
    names = ["c.txt", "a.txt", "b.txt"]
    for order in (names, names[::-1]):
        index = MemoryIndex([document(TOPICS["rain.txt"], name) for name in order], embedder)
        found = retriever.retrieve(understand("أين سقط المطر؟"), index, 3)
        # They are copies of one article, so the first of them stands for all.
        assert [passage.document_id for passage, _ in found] == ["a.txt"]
        assert len({hit.score for _, hit in found}) == 1


class Reading:
    """The network, and what it was given to read."""

    def __init__(self, network):
        self._network = network
        self.fingerprint = network.fingerprint
        self.read = []

    def score(self, question, given_texts):
        self.read += given_texts
        return self._network.score(question, given_texts)


@pytest.mark.parametrize("step", [1, -1])  # whatever the order of ids
def test_only_the_first_are_read_and_stand_before_the_rest(embedder, pieces, network, step):
    many = [f"Storm number {n} flooded {n * 3} streets of Manila." for n in range(3 * READ)]
    index = MemoryIndex([document(t, f"{50 + n * step}.txt") for n, t in enumerate(many)], embedder)
    reading = Reading(network)
    retriever = Retriever(embedder, pieces, reading, retrieval_weights(EVIDENCE))
    found = retriever.retrieve(understand("Which storm flooded Manila?"), index, 50)
    assert len(found) == len(many)
    assert len(reading.read) == READ
    assert {passage.text for passage, _ in found[:READ]} == set(reading.read)
    scores = [hit.score for _, hit in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("question", ["qqqq", "한국어", "مـ", "12345", "ا"])
def test_words_nobody_wrote_are_no_error(retriever, index, question):
    found = retriever.retrieve(understand(question), index, 2)
    assert len(found) == 2
    assert all(hit.score == hit.score for _, hit in found)


def test_an_index_on_disk_ranks_as_the_one_in_memory(retriever, embedder, seed_engine):
    stored = seed_engine.index()
    documents = [seed_engine.document(summary.id) for summary in seed_engine.documents()]
    memory = MemoryIndex(documents, embedder)
    for question in ("كم عدد الأسرى؟", "How many drones were shot down?", "Istanbul اتفاقيات"):
        asked = understand(question)
        one, two = (retriever.retrieve(asked, place, 10) for place in (stored, memory))
        assert [passage for passage, _ in one] == [passage for passage, _ in two]
        assert [hit.score for _, hit in one] == pytest.approx([h.score for _, h in two], rel=5e-3)
