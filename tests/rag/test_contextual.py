"""The bilingual network: what embeds and what scores spans is one and the same session."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from rag.catalogue import BILINGUAL, MODELS
from rag.contextual import (
    GRAPH,
    QUESTION,
    STRIDE,
    WINDOW,
    ContextualModel,
    windows,
)
from rag.errors import ModelDamaged
from rag.model_files import CHECKSUMS, TOKENIZER
from rag.protocols import SpanModel
from tests.strategies import texts

SHIPPED = MODELS / BILINGUAL
TOKENS = Tokenizer.from_file(str(SHIPPED / TOKENIZER))
INPUTS = ["input_ids", "token_type_ids"]
ASKED = "How many prisoners were released?"
TEXTS = [
    "Kyiv hopes to free 1,200 prisoners.",
    "تأمل كييف في إطلاق سراح 1200 أسير.",
    "",
    "زيلينسكي said: نأمل الإفراج عنهم 😀",
    "word " * 700,
    "Kyiv hopes to free 1,200 prisoners.",
]
WORDS = "the president of war and water on a day in may with two men".split()


def prose(pieces):
    """A text of so many pieces, each a word of its own."""
    return " ".join(WORDS[n * n % len(WORDS)] for n in range(pieces))


def equal(one, other):
    """Whether two SpanScores are the same to the last bit."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("spans", "starts", "ends")
    )


@pytest.fixture
def own():
    """A model of one's own, which has scored nothing yet."""
    return ContextualModel(SHIPPED)


# Vectors.


def test_rows_are_unit_vectors_of_float32(network):
    vectors = network.vectors([text for text in TEXTS if text])
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS) - 1, network.dim), np.float32)
    assert vectors.flags.c_contiguous
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(vectors[0], vectors[-1])


def test_no_text_gives_no_row(network):
    vectors = network.vectors([])
    assert (vectors.shape, vectors.dtype) == ((0, network.dim), np.float32)


@pytest.mark.parametrize("text", ["", " \n", "\u064b", "ـــ", "\ufeff", "\u200f"])
def test_a_text_without_pieces_gives_zeros(network, text):
    assert not network.vectors([text]).any()
    assert not network.vectors([text, "word"])[0].any()


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, max_size=5))
def test_a_vector_depends_on_its_text_alone(network, found):
    vectors = network.vectors(found)
    assert np.array_equal(network.vectors(found[::-1])[::-1], vectors)
    for text, row in zip(found, vectors, strict=True):
        assert np.array_equal(network.vectors([text])[0], row)
        length = np.linalg.norm(row)
        assert length == 0 or length == pytest.approx(1, abs=1e-6)


def test_a_lone_surrogate_counts_as_an_unknown_character(network):
    lone, unknown = "قال \ud800 كييف \udfff", "قال \ufffd كييف \ufffd"
    assert np.array_equal(*network.vectors([lone, unknown]))
    assert equal(*network.score(lone, [lone, unknown]))


def test_a_text_of_3000_pieces_is_the_mean_of_its_windows_by_length(network):
    words = prose(3000).split()
    found = windows(len(words), WINDOW)
    parts = network.vectors([" ".join(words[window.first : window.last]) for window in found])
    whole = np.array([window.last - window.first for window in found]) @ parts
    (vector,) = network.vectors([" ".join(words)])
    assert len(found) == 15
    assert vector == pytest.approx(whole / np.linalg.norm(whole), abs=1e-6)


# Scores.


@pytest.mark.parametrize("text", TEXTS[:2])
def test_scores_and_vectors_are_what_the_graph_gives(network, text):
    session = onnxruntime.InferenceSession(SHIPPED / GRAPH, providers=["CPUExecutionProvider"])
    cls, sep = TOKENS.token_to_id("[CLS]"), TOKENS.token_to_id("[SEP]")
    asked, read = (TOKENS.encode(t, add_special_tokens=False).ids for t in (ASKED, text))

    def run(name, ids, types):
        given = np.array([ids]), np.array([types])
        return session.run([name], dict(zip(INPUTS, given, strict=True)))[0][0]

    types = [0] * (len(asked) + 2) + [1] * (len(read) + 1)
    logits = run("logits", [cls, *asked, sep, *read, sep], types)
    (scores,) = network.score(ASKED, [text])
    margins = logits[len(asked) + 2 : -1] - logits[0]  # [CLS] stands for no answer
    assert np.column_stack([scores.starts, scores.ends]) == pytest.approx(margins, abs=1e-3)
    vector = run("vectors", [cls, *read, sep], [0] * (len(read) + 2))
    assert network.vectors([text])[0] == pytest.approx(vector, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(texts, texts)
def test_there_is_one_score_a_piece_with_offsets_into_the_original(network, question, text):
    (scores,) = network.score(question, [text])
    pieces = TOKENS.encode(text, add_special_tokens=False)
    assert scores.spans.tolist() == [list(span) for span in pieces.offsets]
    assert len(scores.starts) == len(scores.ends) == len(scores.spans)
    assert (scores.starts.dtype, scores.ends.dtype) == (np.float32, np.float32)
    assert np.isfinite([scores.starts, scores.ends]).all()
    assert (scores.spans[:, 0] <= scores.spans[:, 1]).all()
    assert ((scores.spans >= 0) & (scores.spans <= len(text))).all()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("قال كتـــاب", ["قال", "كتـــاب"]),
        ("كِتَابٌ 😀 قال", ["كِتَاب", "😀", "قال"]),
        ("👨\u200d👩\u200d👧 free", ["👨\u200d👩\u200d👧", "free"]),
        ("1,200 PRISONERS", ["1", ",", "200", "PRISONERS"]),
        ("a [SEP] b [CLS]", ["a", "[", "SEP", "]", "b", "[", "CL", "S", "]"]),  # text is text
    ],
)
def test_spans_are_those_of_the_text_as_it_was_written(network, text, pieces):
    (scores,) = network.score(ASKED, [text])
    assert [text[start:end] for start, end in scores.spans] == pieces


@pytest.mark.parametrize("question", ["", "؟", ASKED])
def test_a_text_without_pieces_has_no_scores(network, question):
    empty, other = network.score(question, ["ـ", "Kyiv"])
    assert (empty.spans.shape, empty.spans.dtype) == ((0, 2), np.int32)
    assert (empty.starts.shape, empty.ends.shape) == ((0,), (0,))
    assert len(other.starts) == 1
    assert network.score(question, []) == []


@pytest.mark.parametrize("pieces", [WINDOW - 1, WINDOW, WINDOW + 1, 700, 1111])
def test_a_long_text_is_judged_where_each_piece_stands_deepest(network, pieces):
    words = prose(pieces).split()
    (scores,) = network.score(ASKED, [" ".join(words)])
    assert len(scores.starts) == pieces
    found = windows(pieces, WINDOW)
    parts = network.score(ASKED, [" ".join(words[w.first : w.last]) for w in found])
    for piece in range(pieces):
        deepest, place = max(
            (
                (part, piece - window.first)
                for part, window in zip(parts, found, strict=True)
                if window.first <= piece < window.last
            ),
            key=lambda item: min(item[1], len(item[0].starts) - 1 - item[1]),
        )
        assert scores.starts[piece] == deepest.starts[place]
        assert scores.ends[piece] == deepest.ends[place]
    head = min(STRIDE, pieces)  # nothing but the first window reaches here
    assert np.array_equal(scores.starts[:head], parts[0].starts[:head])


def test_the_end_of_an_endless_question_is_not_read(network):
    words = prose(QUESTION + 50)
    head = " ".join(words.split()[:QUESTION])
    assert equal(network.score(words, TEXTS[:1])[0], network.score(head, TEXTS[:1])[0])


def test_question_and_text_are_read_together(network):
    assert isinstance(network, SpanModel)
    one, other = (network.score(asked, TEXTS[:1])[0] for asked in (ASKED, "من وقع الاتفاقية؟"))
    assert not np.array_equal(one.starts, other.starts)


def test_what_is_remembered_equals_what_is_worked_out(network, own, monkeypatch):
    monkeypatch.setattr(own, "_remembered", 3)
    fresh = own.score(ASKED, TEXTS)
    assert len(own._scored) == 3
    for order in (1, -1):
        again = own.score(ASKED, TEXTS[::order])[::order]
        elsewhere = network.score(ASKED, TEXTS[::order])[::order]
        assert all(map(equal, fresh, again))
        assert all(map(equal, fresh, elsewhere))
    (alone,) = own.score(ASKED, TEXTS[1:2])
    assert equal(alone, fresh[1])


# Sharing.


def test_four_threads_get_what_one_gets(network, own):
    jobs = [(f"{ASKED} {n % 3}", TEXTS[n % 4 :]) for n in range(16)]

    def work(model, job):
        question, given_texts = job
        return model.vectors([question, *given_texts]), model.score(question, given_texts)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: work(own, job), jobs))
    for job, (vectors, scores) in zip(jobs, together, strict=True):
        expected = work(network, job)
        assert np.array_equal(vectors, expected[0])
        assert all(map(equal, scores, expected[1]))


def test_the_number_of_workers_changes_nothing(network):
    alone = ContextualModel(SHIPPED, workers=1)
    assert np.array_equal(alone.vectors(TEXTS), network.vectors(TEXTS))
    assert all(map(equal, alone.score(ASKED, TEXTS), network.score(ASKED, TEXTS)))


# Windows.


@given(st.integers(0, 5000), st.integers(STRIDE + 1, 512) | st.just(WINDOW))
def test_windows_cover_everything_and_overlap(pieces, longest):
    found = windows(pieces, longest)
    assert {piece for w in found for piece in range(w.first, w.last)} == set(range(pieces))
    assert all(0 < window.last - window.first <= longest for window in found)
    assert all(window.last - window.first == longest for window in found[:-1])
    for one, other in pairwise(found):
        assert other.first == one.first + STRIDE
        assert one.last - other.first == longest - STRIDE


# Files.


@pytest.fixture
def folder(tmp_path):
    """The shipped model under another name, its files as links until they are written."""
    copy = tmp_path / "model"
    copy.mkdir()
    for path in SHIPPED.iterdir():
        (copy / path.name).symlink_to(path)
    return copy


def write(path, content, *, seal=False):
    """Puts content in place of a link; ``seal`` records its checksum as the right one."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    if seal:
        recorded = json.loads((path.parent / CHECKSUMS).read_text(encoding="utf-8"))
        recorded[path.name] = hashlib.sha256(content).hexdigest()
        write(path.parent / CHECKSUMS, json.dumps(recorded).encode())


def test_a_copy_is_the_same_model_and_another_file_makes_another(folder, network):
    copy = ContextualModel(folder)
    assert (copy.name, copy.fingerprint) == ("model", f"model@{network.fingerprint.split('@')[1]}")
    assert np.array_equal(copy.vectors(TEXTS), network.vectors(TEXTS))
    write(folder / "config.json", b"{}", seal=True)
    assert ContextualModel(folder).fingerprint != copy.fingerprint


RECORDED = sorted(json.loads((SHIPPED / CHECKSUMS).read_text(encoding="utf-8")))


def test_every_file_of_the_model_is_recorded():
    assert {path.name for path in SHIPPED.iterdir()} == {*RECORDED, CHECKSUMS}


@pytest.mark.parametrize("name", RECORDED)
def test_one_flipped_bit_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    write(folder / name, content)
    with pytest.raises(ModelDamaged, match=f"^model: .*{name} has sha256 .*, expected ") as caught:
        ContextualModel(folder)
    assert "reinstall" in caught.value.hint


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_one_flipped_bit_in_the_checksums_is_found(folder, share):
    content = bytearray((folder / CHECKSUMS).read_bytes())
    content[int(len(content) * share)] ^= 1
    write(folder / CHECKSUMS, content)
    with pytest.raises(
        ModelDamaged, match=r"^model: (checksums.json cannot be used|.* has sha256)"
    ) as caught:
        ContextualModel(folder)
    assert "reinstall" in caught.value.hint


@pytest.mark.parametrize("name", [*RECORDED, CHECKSUMS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelDamaged, match=f"^model: .*{name}"):
        ContextualModel(folder)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelDamaged, match=f"^none: .*{CHECKSUMS}"):
        ContextualModel(tmp_path / "none")


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"null", b'["model.onnx"]', b"\xff", b"{"])
def test_checksums_that_are_none_are_refused(folder, content):
    write(folder / CHECKSUMS, content)
    with pytest.raises(ModelDamaged, match=f"^model: .*{CHECKSUMS}"):
        ContextualModel(folder)


@pytest.mark.parametrize("content", [b"{}", b'{"model.onnx": 3}', b'{"model.onnx": "x"}'])
def test_checksums_that_lack_a_file_name_it(folder, content):
    write(folder / CHECKSUMS, content)
    with pytest.raises(
        ModelDamaged, match=r"^model: .*does not list (model\.onnx|tokenizer\.json)"
    ):
        ContextualModel(folder)


def graph(inputs, outputs):
    """A graph that gives its first input under each name; the shapes of the outputs are told."""
    whole = helper.make_graph(
        [helper.make_node("Identity", [inputs[0]], [name]) for name in outputs],
        "foreign",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["rows", "pieces"]) for n in inputs],
        [helper.make_tensor_value_info(n, TensorProto.INT64, s) for n, s in outputs.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(whole, opset_imports=opsets, ir_version=8).SerializeToString()


FLAT = ["rows", "pieces"]
FOREIGN = {
    "other names": (["x"], {"y": FLAT}, r"takes \['x'\] and gives \['y'\], expected \['inp.*'log"),
    "an input less": (INPUTS[:1], {"vectors": FLAT, "logits": FLAT}, "takes .* expected .*'token_"),
    "an input more": ([*INPUTS, "x"], {"vectors": FLAT, "logits": FLAT}, "takes .*'x'.* expected"),
    "no logits": (INPUTS, {"vectors": FLAT}, r"gives \['vectors'\], expected .*'logits'"),
    "no fixed width": (INPUTS, {"vectors": FLAT, "logits": FLAT}, "vectors have the shape"),
    "no width": (INPUTS, {"vectors": ["rows"], "logits": FLAT}, "vectors have the shape"),
}


@pytest.mark.parametrize(("inputs", "outputs", "said"), FOREIGN.values(), ids=FOREIGN)
def test_a_graph_of_another_network_is_refused(folder, inputs, outputs, said):
    write(folder / GRAPH, graph(inputs, outputs), seal=True)
    with pytest.raises(ModelDamaged, match=rf"^model: model\.onnx.* {said}") as caught:
        ContextualModel(folder)
    assert "reinstall" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 64])
def test_a_file_that_is_no_graph_is_refused(folder, content):
    write(folder / GRAPH, content, seal=True)
    with pytest.raises(ModelDamaged, match=r"^model: model\.onnx"):
        ContextualModel(folder)


NO_ENDS = b'{"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}'


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", ""), (b"{}", ""), (b"\xff" * 64, ""), (NO_ENDS, r" has no \[CLS\] and \[SEP\]")],
)
def test_a_foreign_tokenizer_is_refused(folder, content, said):
    write(folder / TOKENIZER, content, seal=True)
    with pytest.raises(ModelDamaged, match=rf"^model: tokenizer\.json{said}"):
        ContextualModel(folder)
