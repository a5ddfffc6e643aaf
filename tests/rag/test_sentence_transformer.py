import sys
import types
from dataclasses import asdict
from typing import ClassVar

import numpy as np
import pytest

from rag import catalogue
from rag.embedding.sentence_transformer import (
    KNOWN_PREFIXES,
    Prefixes,
    SentenceTransformerEmbedder,
)
from rag.errors import ConfigurationError, MissingExtra
from rag.settings import Settings


class Tensor(np.ndarray):
    """Enough of a tensor to be hashed."""

    def double(self):
        return self.astype(np.float64)


class Model:
    """Remembers how it was made and what it was asked to encode; a text's vector is its length."""

    made: ClassVar[list] = []

    def __init__(self, name, **given):
        if name == "broken":
            raise OSError("no such model\nread the documentation of forty pages")
        if name == "silent":
            raise ValueError
        self.name, self.given, self.seen = name, given, []
        self.weights = np.ones((2, 3)).view(Tensor)
        Model.made.append(self)

    max_seq_length = 512
    tokenizer = types.SimpleNamespace(get_vocab=lambda: {"ا": 0, "a": 1})
    pooling = types.SimpleNamespace(pooling_mode="mean")

    def named_children(self):
        return [("1", self.pooling)]

    def get_embedding_dimension(self):
        return 3

    def state_dict(self):
        return {"w": self.weights}

    def encode(self, texts, **given):
        assert given["normalize_embeddings"]
        assert not given["show_progress_bar"]
        self.seen += texts
        return np.asfortranarray(np.ones((len(texts), 3))) / np.sqrt(3)


@pytest.fixture(autouse=True)
def _small_model(monkeypatch):
    library = types.ModuleType("sentence_transformers")
    library.SentenceTransformer = Model
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    monkeypatch.setattr(Model, "made", [])


@pytest.mark.parametrize("name", KNOWN_PREFIXES)
def test_known_models_get_their_prefixes(name):
    embedder = SentenceTransformerEmbedder(name)
    embedder.embed_queries(["q"])
    embedder.embed_passages(["p"])
    known = KNOWN_PREFIXES[name]
    assert Model.made[0].seen == [f"{known.query}q", f"{known.passage}p"]
    assert known.query


def test_e5_wants_both_and_bge_only_the_query():
    assert asdict(KNOWN_PREFIXES["intfloat/multilingual-e5-base"]) == {
        "query": "query: ",
        "passage": "passage: ",
    }
    assert KNOWN_PREFIXES["BAAI/bge-base-en-v1.5"].passage == ""


def test_an_unknown_model_gets_none():
    SentenceTransformerEmbedder("some/model").embed_queries(["q"])
    assert Model.made[0].seen == ["q"]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, ["query: q", "passage: p"]),
        ({"query_prefix": "Q "}, ["Q q", "passage: p"]),
        ({"query_prefix": "", "passage_prefix": ""}, ["q", "p"]),
    ],
)
def test_settings_replace_known_prefixes(given, seen):
    settings = Settings(embedder="intfloat/multilingual-e5-base", **given)
    embedder = catalogue.embedder(settings)
    embedder.embed_queries(["q"])
    embedder.embed_passages(["p"])
    assert Model.made[0].seen == seen


@pytest.mark.parametrize("allowed", [True, False])
def test_nothing_is_downloaded_or_run_unless_allowed(allowed):
    catalogue.embedder(Settings(embedder="some/model", allow_download=allowed))
    given = Model.made[0].given
    assert given["local_files_only"] is not allowed
    assert given["trust_remote_code"] is False
    assert given["model_kwargs"] == {"use_safetensors": True}


def test_rows_are_float32_and_contiguous():
    embedder = SentenceTransformerEmbedder("some/model")
    rows = embedder.embed_passages(["a", "b"])
    assert (rows.dtype, rows.shape, rows.flags.c_contiguous) == (np.float32, (2, 3), True)
    assert embedder.embed_queries([]).shape == (0, 3)


def test_the_fingerprint_follows_weights_and_prefixes(monkeypatch):
    one = SentenceTransformerEmbedder("folder/model").fingerprint
    assert one.startswith("model@")
    assert SentenceTransformerEmbedder("other/model").fingerprint == one
    assert SentenceTransformerEmbedder("model", prefixes=Prefixes(query="q")).fingerprint != one
    monkeypatch.setattr(Model, "state_dict", lambda self: {"w": 2 * self.weights})
    assert SentenceTransformerEmbedder("folder/model").fingerprint != one


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("max_seq_length", 128),
        ("tokenizer", types.SimpleNamespace(get_vocab=lambda: {"ا": 1, "a": 0})),
        (
            "tokenizer",
            types.SimpleNamespace(get_vocab=lambda: {"ا": 0, "a": 1}, do_lower_case=True),
        ),
        ("pooling", types.SimpleNamespace(pooling_mode="cls")),
        ("pooling", types.SimpleNamespace(pooling_mode="mean", activation_function="Tanh()")),
    ],
    ids=["length", "pieces", "case", "pooling", "activation"],
)
def test_the_fingerprint_follows_what_else_decides_a_vector(monkeypatch, what, other):
    """The very weights make other vectors with another pooling or tokenizer."""
    one = SentenceTransformerEmbedder("model").fingerprint
    assert SentenceTransformerEmbedder("model").fingerprint == one
    monkeypatch.setattr(Model, what, other)
    assert SentenceTransformerEmbedder("model").fingerprint != one


@pytest.mark.parametrize(
    ("name", "reason"), [("broken", "no such model"), ("silent", "ValueError")]
)
def test_a_model_that_cannot_be_loaded_is_told_in_a_line(name, reason):
    with pytest.raises(ConfigurationError) as caught:
        SentenceTransformerEmbedder(name)
    assert caught.value.message == f"the embedder {name!r} could not be loaded: {reason}"
    assert "SANAD_ALLOW_DOWNLOAD=1" in caught.value.hint


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match="needs sentence-transformers") as caught:
        catalogue.embedder(Settings(embedder="some/model"))
    assert "sanad[models]" in caught.value.hint


def test_the_embedded_models_need_none_of_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert catalogue.embedder(Settings()).name == catalogue.BILINGUAL
    assert catalogue.embedder(Settings(embedder=catalogue.PIECES)) is catalogue.piece_embedder()
