import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.catalogue import MODELS
from rag.errors import ModelDamaged
from rag.index.memory import MemoryIndex
from rag.reading.evidence import ANSWER_FEATURES, FEATURES, EvidenceReader, EvidenceWeights, softmax
from tests.strategies import document, texts

FITTED = MODELS / "evidence.json"
QUESTION = "How many drones were shot down over Kyiv?"


@pytest.fixture(scope="module")
def reader(embedder):
    return EvidenceReader(embedder, EvidenceWeights.load(FITTED))


def read(reader, embedder, question, *given_texts):
    index = MemoryIndex([document(t, f"{n}.txt") for n, t in enumerate(given_texts)], embedder)
    passages = [index.passages([id])[0] for id in index._ids]
    return reader.read(question, passages, index), index


def test_the_shipped_weights_fit():
    weights = EvidenceWeights.load(FITTED)
    for name in ("same", "cross"):
        assert len(weights.rank[name]) == len(FEATURES)
        assert len(weights.answers[name]) == len(ANSWER_FEATURES)
        assert np.isfinite([*weights.rank[name], *weights.answers[name]]).all()


def without(key):
    return lambda stored: stored.pop(key)


DAMAGE = {
    "no rank": without("rank"),
    "no answers": without("answers"),
    "no features": without("features"),
    "another feature": lambda s: s["features"].append("luck"),
    "features in another order": lambda s: s["features"].reverse(),
    "no row across languages": lambda s: s["rank"].pop("cross"),
    "a short row": lambda s: s["rank"]["same"].pop(),
    "a long row": lambda s: s["answers"]["same"].append(1.0),
    "a word in a row": lambda s: s["rank"].update(same=["x"] * len(FEATURES)),
    "a row that is none": lambda s: s["rank"].update(same=3),
    "rows as a list": lambda s: s.update(answers=[1, 2]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_weights_of_another_shape_are_refused_by_name(tmp_path, damage):
    stored = json.loads(FITTED.read_text(encoding="utf-8"))
    damage(stored)
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ModelDamaged, match=r"^weights\.json: ") as caught:
        EvidenceWeights.load(path)
    assert caught.value.hint == "reinstall sanad"


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"\xff", b'{"features": 3}'])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "weights.json"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"^weights\.json: "):
        EvidenceWeights.load(path)
    with pytest.raises(ModelDamaged, match=r"none\.json"):
        EvidenceWeights.load(tmp_path / "none.json")


def test_the_sentence_that_says_it_comes_first(reader, embedder):
    text = "The weather was mild. Air defence shot down 57 drones over Kyiv. Schools reopened."
    evidence, _ = read(reader, embedder, QUESTION, text)
    first = evidence[0]
    assert text[first.quote.start : first.quote.end] == "Air defence shot down 57 drones over Kyiv."
    assert text[first.answer.start : first.answer.end] == "57"


def test_evidence_is_ordered_and_its_probability_too(reader, embedder):
    evidence, _ = read(
        reader, embedder, QUESTION, "A fell. B rose.\n\nKyiv drones.", "57 over Kyiv."
    )
    assert [e.score for e in evidence] == sorted((e.score for e in evidence), reverse=True)
    probabilities = [e.probability for e in evidence]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= probability <= 1 for probability in probabilities)


def test_nothing_to_read_is_no_evidence(reader, embedder):
    assert read(reader, embedder, QUESTION)[0] == []
    assert read(reader, embedder, QUESTION, "… — !")[0] == []


def test_the_order_of_passages_does_not_matter(reader, embedder):
    _, index = read(reader, embedder, QUESTION, "Kyiv fell. 57 drones.", "Drones over Kyiv: 12.")
    passages = index.passages(index._ids)
    one, two = (reader.read(QUESTION, order, index) for order in (passages, passages[::-1]))
    assert [item.quote for item in one] == [item.quote for item in two]
    assert [e.probability for e in one] == pytest.approx([e.probability for e in two])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(texts, min_size=1, max_size=2),
    st.sampled_from([QUESTION, "متى غادر؟", "من قال؟", "12"]),
)
def test_every_span_is_legal(reader, embedder, found, question):
    evidence, index = read(reader, embedder, question, *found)
    for item in evidence:
        passage = index.passages([item.passage_id])[0]
        assert passage.document_id == item.document_id
        assert passage.start <= item.quote.start < item.quote.end <= passage.end
        if item.answer is not None:
            assert item.quote.start <= item.answer.start < item.answer.end <= item.quote.end
        assert 0 <= item.probability <= 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_softmax_adds_up_to_1_and_keeps_order(scores):
    shares = softmax(np.array(scores))
    assert shares.sum() == pytest.approx(1)
    assert shares[np.argmax(scores)] == shares.max()
