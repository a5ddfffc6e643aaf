"""What ``Embedder`` promises, of every implementation."""

from __future__ import annotations

import numpy as np
import pytest

from rag import catalogue
from rag.contextual import ContextualModel
from rag.embedding.contextual import ContextualEmbedder
from rag.embedding.static import StaticEmbedder
from rag.protocols import Embedder
from tests.rag.index.fakes import HashingEmbedder

PIECES = catalogue.MODELS / catalogue.PIECES
NETWORK = catalogue.MODELS / catalogue.BILINGUAL
TEXTS = [
    "كم عدد الأسرى؟",
    "How many prisoners?",
    "Zelensky زيلينسكي 1,200 ١٢٠٠",
    "a",
    "word " * 700,
    "😀 ﷺ \u200f",
]


def sentence_transformer():
    pytest.importorskip("sentence_transformers")
    from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(str(PIECES))


MAKERS = {
    "hashing": HashingEmbedder,
    "static": lambda: StaticEmbedder(PIECES),
    "contextual": lambda: ContextualEmbedder(ContextualModel(NETWORK)),
    "sentence-transformers": sentence_transformer,
}


@pytest.fixture(
    scope="module",
    params=[
        "hashing",
        "static",
        "contextual",
        pytest.param("sentence-transformers", marks=pytest.mark.models),
    ],
)
def made(request):
    return request.param, MAKERS[request.param]()


@pytest.mark.parametrize("method", ["embed_queries", "embed_passages"])
def test_rows_are_unit_vectors_in_the_order_of_the_texts(made, method):
    embed = getattr(made[1], method)
    vectors = embed(TEXTS)
    assert isinstance(made[1], Embedder)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), made[1].dim), np.float32)
    assert vectors.flags.c_contiguous
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(embed(TEXTS[::-1]), vectors[::-1], atol=1e-5)
    for text, row in zip(TEXTS, vectors, strict=True):
        assert np.allclose(embed([text])[0], row, atol=1e-5)


@pytest.mark.parametrize("method", ["embed_queries", "embed_passages"])
def test_no_text_gives_no_rows_and_an_empty_text_gives_zeros(made, method):
    embed = getattr(made[1], method)
    assert embed([]).shape == (0, made[1].dim)
    assert embed([]).dtype == np.float32
    assert not embed(["", "word"])[0].any()


def test_the_fingerprint_is_of_the_model_not_of_the_object(made):
    again = MAKERS[made[0]]()
    assert again.fingerprint == made[1].fingerprint
    assert made[1].name


@pytest.mark.models
def test_both_ways_to_run_the_piece_model_give_equal_vectors(pieces):
    other = sentence_transformer()
    assert np.allclose(pieces.embed_passages(TEXTS), other.embed_passages(TEXTS), atol=1e-5)
