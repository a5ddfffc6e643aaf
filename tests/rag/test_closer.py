"""The sentences that may answer are read again, and what their readings say is averaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.passages import cut
from rag.reading.closer import Sentence, read_again
from rag.reading.places import sentences_of
from rag.reading.spans import best_span, inside
from rag.types import Span, SpanScores
from tests.strategies import document, texts

ARABIC = (
    "وصل الوزير إلى عمّان صباح الأحد. بحث مع نظيره ملف المياه ثلاث ساعات. "
    "ووقّع الجانبان اتفاقًا مدته خمس سنوات. وغادر الوزير مساءً."
)
ENGLISH = (
    "The minister reached Amman on Sunday morning. He spoke about water for three hours. "
    "Both sides signed an agreement for five years. He left in the evening."
)
ASKED = [("كم سنة مدة الاتفاق؟", ARABIC), ("How long did they talk?", ENGLISH),
         ("how many years is the agreement", ARABIC), ("متى وصل الوزير؟", ENGLISH)]  # fmt: skip


def places(text: str) -> list[Span]:
    return [place.local for passage in cut(document(text)) for place in sentences_of(passage)]


class Words:
    """Reads a text word by word; each word's scores are the number of words it was read among."""

    fingerprint = "words"

    def __init__(self, *, shift: int = 0) -> None:
        self.shift = shift  # moves the pieces of every text but the longest
        self.read: list[str] = []

    def score(self, question: str, texts: list[str]) -> list[SpanScores]:
        self.read += texts
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> SpanScores:
        spans, at = [], 0
        for word in text.split(" "):
            spans.append((at, at + len(word)))
            at += len(word) + 1
        given = np.array(spans, dtype=np.int32).reshape(-1, 2)
        if len(text) < max(map(len, self.read)):
            given[:, 1] -= self.shift
        many = np.full(len(spans), len(spans), dtype=np.float32)
        return SpanScores(given, many, -many)


TEXT = "one two. three four five. six. seven eight."
PLACES = (
    Span(start=0, end=8),
    Span(start=9, end=25),
    Span(start=26, end=30),
    Span(start=31, end=43),
)


def of(model, question, text, some):
    """Every sentence of a text that the model has read."""
    scores = model.score(question, [text])[0]
    return [Sentence(text, tuple(some), number, scores) for number in range(len(some))]


def test_scores_are_means_over_the_text_the_neighbours_and_the_sentence_alone():
    model = Words()
    found = read_again(model, "?", of(model, "?", TEXT, PLACES))
    # Words of the text 8; with neighbours 5, 6, 6 and 3; alone 2, 3, 1 and 2.
    for scores, words, near, alone in zip(
        found, (2, 3, 1, 2), (5, 6, 6, 3), (2, 3, 1, 2), strict=True
    ):
        assert scores.starts == pytest.approx([(8 + near + alone) / 3] * words)
        assert scores.ends == pytest.approx([-(8 + near + alone) / 3] * words)
    assert [one.spans[0, 0] for one in found] == [place.start for place in PLACES]


def test_a_sentence_is_read_with_its_neighbours_and_alone():
    model = Words()
    sentences = of(model, "?", TEXT, PLACES)
    read_again(model, "?", sentences[1:2])
    assert model.read == [TEXT, "one two. three four five. six.", "three four five."]


def test_what_has_been_read_is_not_read_again():
    model = Words()
    read_again(model, "?", of(model, "?", "one two. ", [Span(start=0, end=8)]))
    assert model.read == ["one two. "]
    pair = "nine ten. eleven. "
    read_again(model, "?", of(model, "?", pair, [Span(start=0, end=9), Span(start=10, end=17)]))
    assert model.read == ["one two. ", pair, "nine ten.", "eleven."]


def test_a_reading_with_other_pieces_does_not_count():
    model = Words(shift=1)
    for scores in read_again(model, "?", of(model, "?", TEXT, PLACES)):
        assert set(scores.starts.tolist()) <= {8.0}


def test_no_sentence_no_reading():
    model = Words()
    assert read_again(model, "?", []) == []


@pytest.mark.parametrize(("question", "text"), ASKED)
def test_the_network_reads_the_same_pieces_in_a_sentence_and_in_its_text(network, question, text):
    sentences = of(network, question, text, places(text))
    before = sentences[0].scores.starts.copy()
    for one, scores in zip(sentences, read_again(network, question, sentences), strict=True):
        # What the network remembers is not changed.
        assert np.array_equal(one.scores.starts, before)
        here = inside(one.scores.spans, one.place)
        assert np.array_equal(scores.spans, one.scores.spans[here])
        alone = network.score(question, [text[one.place.start : one.place.end]])[0]
        assert np.array_equal(alone.spans + one.place.start, scores.spans)
        assert not np.allclose(scores.starts, one.scores.starts[here])


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [(*ASKED[0], "خمس سنوات"), (*ASKED[1], "three hours"), (*ASKED[2], "خمس سنوات")],
)
def test_what_is_read_again_answers(network, question, text, answer):
    sentences = of(network, question, text, places(text))
    read = zip(sentences, read_again(network, question, sentences), strict=True)
    span, _ = max((best_span(again, text, one.place) for one, again in read), key=lambda it: it[1])
    assert answer in text[span.start : span.end]


@given(texts, st.sampled_from(["متى؟", "How many?"]))
def test_pieces_of_any_text_stay_where_they_are(network, written, question):
    for passage in cut(document(written)):
        some = [place.local for place in sentences_of(passage)]
        sentences = of(network, question, passage.text, some)
        for one, scores in zip(sentences, read_again(network, question, sentences), strict=True):
            here = inside(one.scores.spans, one.place)
            assert np.array_equal(scores.spans, one.scores.spans[here])
            assert scores.starts.shape == scores.ends.shape == here.shape
            assert np.isfinite([scores.starts, scores.ends]).all()
