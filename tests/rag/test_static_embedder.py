import hashlib
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from rag.catalogue import MODELS, PIECES
from rag.embedding.static import WEIGHTS, StaticEmbedder
from rag.errors import ModelDamaged
from rag.model_files import CHECKSUMS, TOKENIZER
from tests.strategies import texts

SHIPPED = MODELS / PIECES


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(SHIPPED, copy)
    return copy


def seal(folder):
    """Records the files as they are, so that only what they hold can be wrong."""
    names = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / CHECKSUMS).write_text(json.dumps(sums), encoding="utf-8")


def test_a_copy_is_the_same_model(folder, pieces):
    copy = StaticEmbedder(folder)
    assert copy.fingerprint.split("@")[1] == pieces.fingerprint.split("@")[1]
    assert np.array_equal(copy.embed_queries(["سلام"]), pieces.embed_queries(["سلام"]))


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, "modules.json"])
def test_one_flipped_bit_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelDamaged, match=f"model: {name} has sha256 .*, expected ") as caught:
        StaticEmbedder(folder)
    assert "reinstall" in caught.value.hint


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, CHECKSUMS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelDamaged, match=name):
        StaticEmbedder(folder)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelDamaged, match=f"none: {CHECKSUMS}"):
        StaticEmbedder(tmp_path / "none")


@pytest.mark.parametrize(
    "content", ["", "[]", "3", "null", "{}", '{"model.safetensors": "x"}', "\ufeff{"]
)
def test_checksums_that_are_none_are_refused(folder, content):
    (folder / CHECKSUMS).write_text(content, encoding="utf-8")
    with pytest.raises(ModelDamaged, match=f"model: {CHECKSUMS} cannot be used"):
        StaticEmbedder(folder)


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04N.", b"\xff" * 64])
def test_a_foreign_file_is_refused(folder, name, content):
    (folder / name).write_bytes(content)
    seal(folder)
    with pytest.raises(ModelDamaged, match=f"model: (not a static embedding model|{name})"):
        StaticEmbedder(folder)


WRONG = {
    "another name": lambda w: {"rows": w["embeddings"], "weights": w["weights"]},
    "floats": lambda w: w | {"embeddings": w["embeddings"].astype(np.float32)},
    "double scales": lambda w: w | {"weights": w["weights"].astype(np.float64)},
    "one row": lambda w: w | {"embeddings": w["embeddings"][0]},
    "few scales": lambda w: w | {"weights": w["weights"][:-1]},
    "few rows": lambda w: {"embeddings": w["embeddings"][:100], "weights": w["weights"][:100]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_weights_of_another_shape_are_refused(folder, change):
    weights = change(load_file(folder / WEIGHTS))
    (folder / WEIGHTS).unlink()
    save_file({k: np.ascontiguousarray(v) for k, v in weights.items()}, folder / WEIGHTS)
    seal(folder)
    with pytest.raises(ModelDamaged, match=r"^model: "):
        StaticEmbedder(folder)


ODD = [
    "",
    " ",
    "\u064b",
    "한국어",
    "😀" * 5,
    "\x00\x01",
    "\ud800",
    "a\udfffb",
    "ﷺ",
    "\U000e0041",
    "ـ" * 50,
]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_gives_a_row_that_is_a_unit_or_zero(pieces, text):
    for vectors in (pieces.embed_queries([text]), pieces.embed_passages([text])):
        assert vectors.shape == (1, pieces.dim)
        assert np.isfinite(vectors).all()
        length = np.linalg.norm(vectors)
        assert length == 0 or length == pytest.approx(1, abs=1e-5)
    assert len(pieces.pieces(text).weights) == len(pieces.pieces(text).spans)


def test_no_text_gives_no_row(pieces):
    assert pieces.embed_queries([]).shape == (0, pieces.dim)


def test_a_very_long_text_and_a_very_long_word(pieces):
    vectors = pieces.embed_passages(["كلمة word " * 50_000, "و" * 200_000])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=6))
def test_a_batch_equals_its_single_texts(pieces, found):
    batch = pieces.embed_passages(found)
    assert (batch.dtype, batch.flags.c_contiguous) == (np.float32, True)
    for row, text in zip(batch, found, strict=True):
        assert np.array_equal(row, pieces.embed_passages([text])[0])


def test_batches_longer_than_one_round_keep_order(pieces):
    many = [f"number {n}" for n in range(1100)]
    batch = pieces.embed_passages(many)
    assert np.array_equal(
        batch[[0, 511, 512, 1099]], pieces.embed_passages([many[n] for n in (0, 511, 512, 1099)])
    )


@settings(max_examples=60, deadline=None)
@given(texts)
def test_pieces_have_spans_inside_the_text(pieces, text):
    found = pieces.pieces(text)
    for spans, vectors, weights in (
        (found.spans, found.vectors, found.weights),
        (found.word_spans, found.word_vectors, found.word_weights),
    ):
        assert len(spans) == len(vectors) == len(weights)
        assert (spans >= 0).all()
        assert (spans <= len(text)).all()
        assert (spans[:, 0] <= spans[:, 1]).all()
    assert len(found.word_spans) <= len(found.spans)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("كِتَابٌ جَدِيدٌ", "كتاب جديد"),
        ("كتـــاب", "كتاب"),
        ("إسرائيل وأوكرانيا وآسيا", "اسرائيل واوكرانيا واسيا"),
        ("مدرسة", "مدرسه"),
        ("مستشفى", "مستشفي"),
        ("١٢٠٠ أسير", "1200 أسير"),
        ("۱۲۰۰ أسير", "1200 أسير"),
        ("ﻛﺘﺎﺏ", "كتاب"),
        ("KYIV Drones", "kyiv drones"),
        ("Café", "Cafe\u0301"),
    ],
)
def test_spellings_of_one_text_have_one_vector(pieces, one, two):
    vectors = pieces.embed_queries([one, two])
    assert np.linalg.norm(vectors[0]) > 0.99
    assert vectors[0] == pytest.approx(vectors[1], abs=1e-6)


def test_the_two_languages_meet(pieces):
    arabic, english, other = pieces.embed_queries(
        ["الحرب في أوكرانيا", "the war in Ukraine", "football cup"]
    )
    assert arabic @ english > arabic @ other


@pytest.mark.models
def test_sentence_transformers_gives_equal_vectors(pieces):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(SHIPPED), device="cpu", local_files_only=True)
    asked = ["كم عدد الأسرى؟", "How many drones?", "١٢٠٠ إلى Kyiv", "كِتَابٌ", "word " * 600]
    theirs = model.encode(asked, convert_to_numpy=True, show_progress_bar=False)
    assert theirs == pytest.approx(pieces.embed_queries(asked), abs=1e-5)
