"""The likeliest sentences are read again, and what their readings say is averaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.passages import cut
from rag.reading.closer import CLOSER, score_closely
from rag.reading.places import sentences_of
from rag.reading.spans import best_span
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
PLACES = [
    Span(start=0, end=8),
    Span(start=9, end=25),
    Span(start=26, end=30),
    Span(start=31, end=43),
]


def test_scores_are_means_over_the_text_the_neighbours_and_the_sentence_alone():
    scores = score_closely(Words(), "?", [TEXT], [PLACES])[0]
    # Words of the text 8; with neighbours 5, 6, 6 and 3; alone 2, 3, 1 and 2.
    expected = (
        [(8 + 5 + 2) / 3] * 2 + [(8 + 6 + 3) / 3] * 3 + [(8 + 6 + 1) / 3] + [(8 + 3 + 2) / 3] * 2
    )
    assert scores.starts == pytest.approx(expected)
    assert scores.ends == pytest.approx([-one for one in expected])


def test_only_the_best_sentences_of_all_texts_are_read_again():
    model = Words()
    other = "nine ten. eleven."
    found = score_closely(
        model, "?", [other, TEXT], [[Span(start=0, end=9), Span(start=10, end=17)], PLACES], most=1
    )
    # Margins are 0 everywhere: the first of equal ones. With its neighbour it is the whole text.
    assert model.read == [other, TEXT, "nine ten."]
    assert found[0].starts == pytest.approx([2.5, 2.5, 3])
    assert found[1].starts == pytest.approx([8] * 8)


def test_a_text_of_one_sentence_is_read_once():
    model = Words()
    score_closely(model, "?", ["one two. "], [[Span(start=0, end=8)]])
    assert model.read == ["one two. "]


def test_scores_stay_where_a_sentence_alone_has_other_pieces():
    scores = score_closely(Words(shift=1), "?", [TEXT], [PLACES])[0]
    assert scores.starts.tolist() == [8] * 8


@pytest.mark.parametrize(("question", "text"), ASKED)
def test_the_network_reads_the_same_pieces_in_a_sentence_and_in_its_text(network, question, text):
    whole = network.score(question, [text])[0]
    before = whole.starts.copy()
    some = places(text)
    closer = score_closely(network, question, [text], [some])[0]
    assert np.array_equal(whole.starts, before)  # what the network remembers is not changed
    assert np.array_equal(closer.spans, whole.spans)
    for place in some:
        alone = network.score(question, [text[place.start : place.end]])[0]
        here = (whole.spans[:, 0] >= place.start) & (whole.spans[:, 1] <= place.end)
        assert np.array_equal(alone.spans + place.start, whole.spans[here])
    assert not np.allclose(closer.starts, whole.starts)


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [(*ASKED[0], "خمس سنوات"), (*ASKED[1], "three hours"), (*ASKED[2], "خمس سنوات")],
)
def test_what_is_read_again_answers(network, question, text, answer):
    some = places(text)
    scores = score_closely(network, question, [text], [some])[0]
    span, _ = max((best_span(scores, text, place) for place in some), key=lambda found: found[1])
    assert answer in text[span.start : span.end]


@given(st.lists(texts, max_size=3), st.sampled_from(["متى؟", "How many?"]))
def test_any_texts_keep_their_pieces(network, written, question):
    passages = [passage for text in written for passage in cut(document(text))]
    given_texts = [passage.text for passage in passages]
    some = [[place.local for place in sentences_of(passage)] for passage in passages]
    whole = network.score(question, given_texts)
    closer = score_closely(network, question, given_texts, some)
    for one, two in zip(whole, closer, strict=True):
        assert np.array_equal(one.spans, two.spans)
        assert one.starts.shape == two.starts.shape
        assert np.isfinite(two.starts).all()
        assert np.isfinite(two.ends).all()


def test_how_many_are_read_again_is_bounded():
    model = Words()
    long = " ".join(f"{number} is." for number in range(50))
    some, at = [], 0
    for part in long.split(". "):
        some.append(Span(start=at, end=at + len(part.rstrip(".")) + 1))
        at = some[-1].end + 1
    score_closely(model, "?", [long], [some])
    assert len(model.read) == 1 + 2 * CLOSER
