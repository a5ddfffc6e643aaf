import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.contextual import ScoredWindow, merged
from rag.errors import ConfigurationError, MissingExtra
from rag.index.memory import MemoryIndex
from rag.protocols import SpanModel
from rag.reading.extractive import (
    TEMPERATURE,
    ExtractiveReader,
    TransformersSpanModel,
)
from rag.types import SpanScores
from tests.conftest import ROOT
from tests.contracts.test_reader import check_legal
from tests.rag import tiny_models
from tests.rag.index.fakes import HashingEmbedder
from tests.strategies import document, texts

QUESTION = "كم عدد المسيّرات؟ How many drones?"
TEXT = "Air defence shot down 57 drones over Kyiv. قالت كييف إنّ الكِتَابُ هنا."
KINDS = ("bert", "words", "bytes")
models = pytest.mark.models


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    pytest.importorskip("transformers")
    return {kind: tiny_models.save(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


@pytest.fixture(scope="module")
def loaded(folders):
    return {kind: TransformersSpanModel(folder) for kind, folder in folders.items()}


class Scripted:
    """Every character is a piece, and ``likes`` says how well an answer starts and ends at it."""

    fingerprint = "scripted"

    def __init__(self, likes):
        self.likes = likes

    def score(self, question, texts):
        return [self._scores(text) for text in texts]

    def _scores(self, text):
        places = np.arange(len(text), dtype=np.int32)
        found = np.array([self.likes(place, c) for place, c in enumerate(text)], dtype=np.float32)
        return SpanScores(np.stack([places, places + 1], axis=1), *found.reshape(-1, 2).T)


def read(model, *given_texts):
    documents = [document(text, f"{n}.txt") for n, text in enumerate(given_texts)]
    index = MemoryIndex(documents, HashingEmbedder())
    passages = index.passages(index._ids)
    return ExtractiveReader(model, name="tiny").read(QUESTION, passages, index), index


def direct(model, question, ids, kind):
    """The margins of ids read in one go, without anything of the part under test."""
    import torch

    made = {"bert": tiny_models.bert_tokenizer, "bytes": tiny_models.bytes_tokenizer}[kind]()
    asked = made.encode(question, add_special_tokens=False).ids
    if kind == "bert":
        cls, sep = made.token_to_id("[CLS]"), made.token_to_id("[SEP]")
        row, ahead = [cls, *asked, sep, *ids, sep], len(asked) + 2
        types = {"token_type_ids": torch.tensor([[0] * ahead + [1] * (len(ids) + 1)])}
    else:
        row, ahead, types = [0, *asked, 2, 2, *ids, 2], len(asked) + 3, {}
    with torch.inference_mode():
        out = model._model(input_ids=torch.tensor([row]), **types)
    both = torch.stack([out.start_logits[0], out.end_logits[0]], dim=1).numpy()
    return (both - both[0])[ahead:-1]


# the span model


@models
@pytest.mark.parametrize("kind", KINDS)
def test_each_piece_has_its_span_and_scores(loaded, kind):
    assert isinstance(loaded[kind], SpanModel)
    (scores,) = loaded[kind].score("who?", [TEXT[:42]])
    assert scores.spans.dtype == np.int32
    assert scores.starts.shape == scores.ends.shape == (len(scores.spans),)
    assert scores.starts.dtype == scores.ends.dtype == np.float32
    words = [TEXT[start:end] for start, end in scores.spans]
    assert "".join(words) == TEXT[:42].replace(" ", "")
    assert len(set(scores.starts.tolist())) > 3


@models
@pytest.mark.parametrize(("kind", "text"), [("bert", TEXT), ("bytes", "57 drones. نعم")])
def test_a_short_text_is_read_in_one_go(loaded, kind, text):
    ids = getattr(tiny_models, f"{kind}_tokenizer")().encode(text, add_special_tokens=False).ids
    (scores,) = loaded[kind].score("who?", [text])
    expected = direct(loaded[kind], "who?", ids, kind)
    assert np.allclose(np.stack([scores.starts, scores.ends], axis=1), expected, atol=1e-5)


@models
def test_a_long_text_is_read_in_windows_where_each_piece_stands_deepest(loaded):
    model, question = loaded["bert"], "who?"
    text = " ".join(f"{TEXT} {number}" for number in range(60))
    encoded = tiny_models.bert_tokenizer().encode(text, add_special_tokens=False)
    assert len(encoded.ids) > 1000
    (scores,) = model.score(question, [text])
    assert scores.spans.tolist() == [list(span) for span in encoded.offsets]
    room = 64 - 3 - 2  # of 64 places: the ends and the question
    best, depth = np.zeros((len(encoded.ids), 2)), np.full(len(encoded.ids), -1)
    for first in range(0, len(encoded.ids), room - room // 2):
        ids = encoded.ids[first : first + room]
        margins = direct(model, question, ids, "bert")
        for place, margin in enumerate(margins):
            inside = min(place, len(ids) - 1 - place)
            if inside > depth[first + place]:
                best[first + place], depth[first + place] = margin, inside
        if first + room >= len(encoded.ids):
            break
    assert np.allclose(np.stack([scores.starts, scores.ends], axis=1), best, atol=1e-5)


@models
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_of_any_length_has_one_score_a_piece_in_order(loaded, kind):
    for length in (0, 1, 20, 28, 29, 30, 31, 57, 58, 59, 60, 61, 90, 1200):
        (scores,) = loaded[kind].score("q?", ["a " * length])
        spans = [tuple(span) for span in scores.spans.tolist() if span[0] < span[1]]
        assert spans == [(2 * place, 2 * place + 1) for place in range(length)]


@models
@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_scored_in_order_and_by_themselves(loaded, kind):
    given_texts = [TEXT, "", "قالت كييف", " \n", "word " * 300]
    alone = [loaded[kind].score(QUESTION, [text])[0] for text in given_texts]
    for one, other in zip(loaded[kind].score(QUESTION, given_texts), alone, strict=True):
        assert np.array_equal(one.spans, other.spans)
        assert np.array_equal(one.starts, other.starts)
        assert np.array_equal(one.ends, other.ends)
    assert loaded[kind].score(QUESTION, []) == []
    assert alone[1].spans.shape == (0, 2)
    assert alone[1].starts.shape == alone[1].ends.shape == (0,)


@models
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("question", ["", "؟", "word " * 500, "\ud800\udc00", "كِتَابٌ" * 200])
def test_questions_of_any_length_leave_room_for_the_text(loaded, kind, question):
    (scores,) = loaded[kind].score(question, ["a " * 100])
    assert (scores.spans[:, 0] < scores.spans[:, 1]).sum() == 100
    assert np.isfinite(scores.starts).all()


@models
def test_a_long_question_is_cut_to_half_a_window(loaded):
    model = loaded["bert"]
    (long,) = model.score("word " * 500, [TEXT])
    (half,) = model.score("word " * 32, [TEXT])
    assert np.array_equal(long.starts, half.starts)
    (less,) = model.score("word " * 31, [TEXT])
    assert not np.array_equal(less.starts, half.starts)


@models
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["[CLS] a [SEP] b", "<s> a </s></s> b"])
def test_what_looks_like_a_separator_is_read_as_text(loaded, kind, text):
    (scores,) = loaded[kind].score("who?", [text])
    assert {place for start, end in scores.spans for place in range(start, end)} == {
        place for place, c in enumerate(text) if c != " "
    }


@models
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["a \ud800 b", "\udfff a b", "a\ud800\udc00 b"])
def test_half_a_surrogate_pair_moves_no_offset(loaded, kind, text):
    (scores,) = loaded[kind].score("who?", [text])
    words = [text[start:end].encode(errors="ignore").decode() for start, end in scores.spans]
    assert [word for word in words if word] == ["a", "b"]


@models
def test_the_fingerprint_follows_the_weights_not_the_folder(loaded, folders, tmp_path):
    again = tiny_models.save(tmp_path / "a" / "tiny", "bert")
    other = tiny_models.save(tmp_path / "b" / "tiny", "bert", seed=1)
    wider = tiny_models.save(tmp_path / "c" / "tiny", "bert", places=67)
    prints = [TransformersSpanModel(folder).fingerprint for folder in (again, other, wider)]
    assert all(name.startswith("tiny@") for name in prints)
    assert len(set(prints)) == 3
    known = loaded["bert"].fingerprint
    assert TransformersSpanModel(folders["bert"]).fingerprint == known
    assert known.split("@")[1] == prints[0].split("@")[1]


@models
@pytest.mark.parametrize("places", [66, 200, 512])
def test_windows_fit_the_model(tmp_path, places):
    model = TransformersSpanModel(tiny_models.save(tmp_path, "bytes", places=places))
    (scores,) = model.score("q?", ["a" * 900])
    assert len(scores.starts) == 900
    assert model._limit == min(384, places - 2)


# models that are refused


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def with_pickle(folder):
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    without_weights(folder)


def without_a_head(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    body = {name: tensor for name, tensor in weights.items() if not name.startswith("qa_outputs")}
    save_file(body, folder / "model.safetensors", {"format": "pt"})


def with_no_numbers(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["qa_outputs.bias"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def with_code_of_its_own(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "own.py").write_text("raise SystemExit('this was run')", encoding="utf-8")


def with_another_tokenizer(folder):
    from transformers import PreTrainedTokenizerFast

    made = tiny_models.bert_tokenizer()
    made.add_tokens([f"new{number}" for number in range(10)])
    made.normalizer = made.post_processor = None
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]")
    tokenizer.save_pretrained(folder)


def with_a_slow_tokenizer(folder):
    from transformers import CanineConfig, CanineForQuestionAnswering, CanineTokenizer

    for file in folder.iterdir():
        file.unlink()
    config = CanineConfig(**tiny_models.SMALL, max_position_embeddings=64, num_hash_buckets=8)
    CanineForQuestionAnswering(config).save_pretrained(folder)
    CanineTokenizer().save_pretrained(folder)


def cut_off(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


DAMAGE = {
    "no weights": (without_weights, r"no file named model\.safetensors"),
    "pickle only": (with_pickle, r"no file named model\.safetensors"),
    "no head": (without_a_head, r"its weights lack qa_outputs\.bias, qa_outputs\.weight"),
    "no numbers": (with_no_numbers, "no score a piece"),
    "code of its own": (with_code_of_its_own, "code"),
    "a tokenizer without ends": (with_another_tokenizer, "no classification piece"),
    "a slow tokenizer": (with_a_slow_tokenizer, "no fast tokenizer"),
    "weights cut off": (cut_off, "."),
}


@models
@pytest.mark.parametrize(("damage", "reason"), DAMAGE.values(), ids=DAMAGE)
def test_a_model_that_cannot_read_is_refused_in_a_line(folders, tmp_path, damage, reason):
    folder = tmp_path / "tiny"
    tiny_models.save(folder, "bert")
    damage(folder)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        TransformersSpanModel(str(folder))
    assert caught.value.message.startswith(f"the reader {str(folder)!r} could not be loaded: ")
    assert "\n" not in caught.value.message
    assert "question-answering model of transformers" in caught.value.hint
    assert caught.value.parameter == "reader"


@models
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere/at/all", "there is no such folder"),
        ("./nowhere", "there is no such folder"),
        ("models/of/mine", "there is no such folder"),
        ("nobody/nothing", "couldn't find them in the cached files"),
        ("", "."),
    ],
)
def test_a_model_that_is_not_there_is_told(name, reason):
    pytest.importorskip("transformers")
    with pytest.raises(ConfigurationError, match=reason) as caught:
        TransformersSpanModel(name)
    assert "SANAD_ALLOW_DOWNLOAD=1" in caught.value.hint


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_the_missing_extra_is_named(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match="'some/model' needs transformers") as caught:
        TransformersSpanModel("some/model")
    assert "sanad[models]" in caught.value.hint


def test_importing_the_part_loads_no_library():
    code = "import sys, rag.reading.extractive; print({'torch', 'transformers'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


# merging windows


def window(first, *margins):
    places = np.arange(first, first + len(margins), dtype=np.int32)
    values = np.array(margins, dtype=np.float32)
    return ScoredWindow(
        first, np.stack([places, places + 1], axis=1), np.stack([values, -values], 1)
    )


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([window(0)], []),
        ([window(0, 1)], [1]),
        ([window(0, 1, 1, 1, 1), window(2, 2, 2, 2, 2)], [1, 1, 1, 2, 2, 2]),
        ([window(0, 1, 1, 1, 1), window(3, 2)], [1, 1, 1, 1]),
        ([window(0, 1, 1), window(1, 2, 2, 2), window(2, 3, 3)], [1, 1, 2, 2]),
    ],
)
def test_a_piece_is_judged_where_it_stands_farthest_from_an_edge(windows, expected):
    scores = merged(windows)
    assert scores.starts.tolist() == expected
    assert scores.ends.tolist() == [-value for value in expected]
    assert scores.spans.tolist() == [[place, place + 1] for place in range(len(expected))]


# the reader


def test_the_best_span_of_each_sentence_is_its_answer():
    text = "The weather was mild. Air defence shot down 57 drones over Kyiv."
    model = Scripted(lambda place, c: (6.0, 6.0) if c in "57" else (-4.0, -4.0))
    evidence, _ = read(model, text)
    said = [
        (text[e.quote.start : e.quote.end], text[e.answer.start : e.answer.end]) for e in evidence
    ]
    assert said[0] == ("Air defence shot down 57 drones over Kyiv.", "57")
    assert said[1][0] == "The weather was mild."
    assert [item.score for item in evidence] == [12, -8]
    expected = [1 / (1 + np.exp(-score / TEMPERATURE)) for score in (12, -8)]
    assert [item.probability for item in evidence] == pytest.approx(expected)


@pytest.mark.parametrize(("margin", "least", "most"), [(1e6, 0.99, 1), (-1e6, 0, 0.01)])
def test_margins_of_any_size_are_probabilities(margin, least, most):
    evidence, _ = read(Scripted(lambda *_: (margin, margin)), "One. Two.")
    assert [least <= item.probability <= most for item in evidence] == [True, True]


def test_a_sentence_without_pieces_is_evidence_of_nothing():
    class Blind(Scripted):
        def _scores(self, text):
            return merged([window(0)])

    evidence, _ = read(Blind(None), "One. Two.")
    assert [item.answer for item in evidence] == [None, None]
    assert all(item.probability < 1e-6 for item in evidence)


def test_equal_margins_are_ordered_by_document_and_place():
    evidence, _ = read(Scripted(lambda *_: (1.0, 1.0)), "One. Two.", "One. Two.")
    assert [(e.document_id, e.quote.start) for e in evidence] == [
        ("0.txt", 0),
        ("0.txt", 5),
        ("1.txt", 0),
        ("1.txt", 5),
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(texts, min_size=1, max_size=2), st.integers(0, 2**32 - 1))
def test_spans_are_legal_wherever_pieces_are_cut(given_texts, seed):
    """The hardest tokenizer there is: it cuts between any two code points."""
    dice = np.random.default_rng(seed)
    evidence, index = read(Scripted(lambda *_: dice.normal(size=2) * 4), *given_texts)
    check_legal(evidence, index)


@models
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(texts, min_size=1, max_size=2))
def test_spans_are_legal_in_any_text(loaded, kind, given_texts):
    check_legal(*read(loaded[kind], *given_texts))


def test_the_fingerprint_is_of_the_model():
    made = ExtractiveReader(Scripted(None), name="some/model")
    assert made.fingerprint == "extractive@scripted"
    assert made.name == "some/model"
