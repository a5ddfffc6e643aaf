"""Windows of a text against what they are made of, with the shipped vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import catalogue, late_interaction
from rag.embedding.static import StaticEmbedder
from rag.late_interaction import WINDOW, window_score, window_words
from rag.question import understand

QUESTIONS = ("كم مسيّرة أُسقطت ليلة الأحد؟", "How many drones were shot down?", "متى", "Kyiv")
WORDS = (
    "القوات drones أسقطت مدينة on Sunday night 57 طائرة مسيّرة الجيش report ، . يوم الأحد".split()
)
texts = st.lists(st.sampled_from(WORDS), max_size=160).map(" ".join)


@pytest.fixture(scope="module")
def embedder():
    return StaticEmbedder(catalogue.MODELS / catalogue.PIECES)


def content(embedder, question):
    asked = embedder.pieces(question)
    return asked, late_interaction.content_words(asked, understand(question).terms)


@given(question=st.sampled_from(QUESTIONS), text=texts)
@settings(max_examples=60, deadline=None)
def test_the_best_window_is_the_one_found_by_trying_all(embedder, question, text):
    asked, words = content(embedder, question)
    pieces = embedder.pieces(text)
    for found, vectors, weights, rows in (
        (window_score(asked, pieces), asked.vectors, asked.weights, pieces.vectors),
        (window_words(words, pieces), words.vectors, words.weights, pieces.word_vectors),
    ):
        starts = range(0, max(1, len(rows) - WINDOW + 10), 10)
        best = [
            np.maximum((vectors @ rows[at : at + WINDOW].T).max(axis=1), 0)
            for at in starts
            if len(rows) and len(weights)
        ]
        tried = [one**2 if rows is pieces.vectors else one for one in best]
        total = weights.sum() if rows is pieces.vectors else 1.0
        assert found == pytest.approx(
            max((weights @ one / total for one in tried), default=0.0), abs=1e-5
        )
        assert -1e-6 <= found <= 1 + 1e-5


@given(question=st.sampled_from(QUESTIONS), text=texts, more=texts)
@settings(max_examples=40, deadline=None)
def test_more_text_never_takes_a_window_away(embedder, question, text, more):
    asked, words = content(embedder, question)
    short, long = embedder.pieces(text), embedder.pieces(f"{text} {more}")
    assert window_score(asked, long) >= window_score(asked, short) - 1e-6
    assert window_words(words, long) >= window_words(words, short) - 1e-6


def test_words_that_stand_together_count_for_more_than_words_apart(embedder):
    asked, words = content(embedder, "Where were the drones shot down on Sunday?")
    filler = " ".join(["The weather report mentions rain and wind in the hills."] * 12)
    together = embedder.pieces(f"{filler} The drones were shot down on Sunday. {filler}")
    apart = embedder.pieces(f"Drones. {filler} They were shot down. {filler} It was a Sunday.")
    assert window_score(asked, together) > window_score(asked, apart)
    assert window_words(words, together) > window_words(words, apart)
    whole = [
        late_interaction.score(asked.weights, late_interaction.best_matches(asked, one))
        for one in (together, apart)
    ]
    assert whole[0] == pytest.approx(whole[1], abs=0.03)  # alike, taken as wholes
