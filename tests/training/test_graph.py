"""The network's graph is the network: written out, quantised, read back, unpacked for others."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.models

import onnxruntime  # noqa: E402

from rag import catalogue  # noqa: E402
from rag.contextual import ContextualModel  # noqa: E402
from rag.errors import ModelDamaged  # noqa: E402
from rag.training import __main__ as command  # noqa: E402
from rag.training import contextual, export, graph  # noqa: E402
from tests.pairs import best_pair  # noqa: E402
from tests.training import tiny  # noqa: E402

HEADS = 4
VOCABULARY = 90
ASKED = (
    (
        "How many drones were shot down?",
        "The weather over Kyiv was mild. Air defence shot down 57 drones on Monday, the army said.",
    ),
    (
        "كم مسيّرة أُسقطت؟",
        "كان الطقس في كييف معتدلًا. أسقط الدفاع الجوي 57 مسيّرة يوم الاثنين، بحسب ما أعلن الجيش.",
    ),
    (
        "Where did the ministers meet?",
        "اجتمع الوزراء في القاهرة يوم الأحد لبحث أسعار القمح، ثم غادروا إلى الرباط.",
    ),
    (
        "متى افتُتح المتحف؟",
        "The museum opened in May 2019 after ten years of work. It holds 4,000 paintings.",
    ),
    (
        "من وقّع الاتفاقية؟",
        "وقّع رئيس الوزراء محمد شتية الاتفاقية مع البنك الدولي في مارس الماضي.",
    ),
    (
        "Who wrote the report?",
        "Schools reopened on Tuesday. Temperatures fell to 4 degrees in the north.",
    ),
)
TEXTS = [text for pair in ASKED for text in pair]


@pytest.fixture(scope="module")
def network():
    return tiny.network(VOCABULARY)


@pytest.fixture(scope="module")
def weights(network):
    return {name: value.detach().numpy() for name, value in network.state_dict().items()}


def batch(seed=0):
    """Rows of one length, the last pieces of each of type 1."""
    rng = np.random.default_rng(seed)
    place = np.arange(21)
    return {
        "input_ids": rng.integers(0, VOCABULARY, (5, 21)),
        "token_type_ids": (place >= rng.integers(1, 20, (5, 1))).astype(np.int64),
    }


def run(made, given):
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["vectors", "logits"], given)


def expected(network, given):
    """Vectors by their definition, and transformers' own logits."""
    tensors = {name: torch.from_numpy(value) for name, value in given.items()}
    with torch.no_grad():
        out = network(**tensors)
        hidden = network.bert(**tensors, output_hidden_states=True).hidden_states
    both = hidden[-1].mean(1) + graph.GIVEN * hidden[0].mean(1)
    vectors = torch.nn.functional.normalize(both, dim=-1).numpy()
    return vectors, torch.stack([out.start_logits, out.end_logits], -1).numpy()


@pytest.mark.parametrize("seed", range(3))
def test_the_float_graph_is_the_network(network, weights, seed):
    given = batch(seed)
    vectors, logits = run(graph.build(weights, HEADS, quantised=False), given)
    right_vectors, right_logits = expected(network, given)
    np.testing.assert_allclose(vectors, right_vectors, atol=1e-5)
    np.testing.assert_allclose(logits, right_logits, atol=1e-5)


def test_the_float_graph_embeds_as_training_does(network, weights):
    given = batch() | {"token_type_ids": np.zeros((5, 21), np.int64)}
    vectors, _ = run(graph.build(weights, HEADS, quantised=False), given)
    with torch.no_grad():
        trained = contextual.text_vectors(
            network.bert,
            torch.from_numpy(given["input_ids"]),
            torch.ones((5, 21), dtype=torch.int64),
        )
    np.testing.assert_allclose(vectors, trained.numpy(), atol=1e-5)


def test_the_quantised_graph_stays_near_the_network(network, weights):
    given = batch()
    vectors, logits = run(graph.build(weights, HEADS), given)
    right_vectors, right_logits = expected(network, given)
    assert (vectors * right_vectors).sum(axis=1).min() > 0.999
    spread = right_logits.std()
    assert np.abs(logits - right_logits).max() < 0.2 * spread


def test_a_row_does_not_depend_on_its_neighbours(weights):
    made = graph.build(weights, HEADS, quantised=False)
    given = batch()
    vectors, logits = run(made, given)
    for row in range(5):
        vector, own = run(made, {name: value[row : row + 1] for name, value in given.items()})
        np.testing.assert_allclose(vector[0], vectors[row], atol=1e-5)
        np.testing.assert_allclose(own[0], logits[row], atol=1e-5)


def test_reading_a_float_graph_gives_the_weights_back(weights):
    found = graph.read(graph.build(weights, HEADS, quantised=False))
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_reading_a_quantised_graph_gives_int8_times_scale(weights):
    found = graph.read(graph.build(weights, HEADS))
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        whole = value.ndim < 2 or "position" in name or "token_type" in name
        if whole:
            wanted = value
        elif "word_embeddings" in name:
            rows, scales = export.quantise(value)
            wanted = rows * scales[:, None]
        else:
            rows, scales = graph.in_blocks(value)
            wanted = (rows * scales[:, :, None]).reshape(value.shape)
            assert np.abs(wanted - value).max() <= scales.max() / 2 * 1.001
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


def unpacked(folder, out):
    export.unpack(folder, out)
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    return {
        "ours": ContextualModel(folder, workers=1),
        "tokenizer": AutoTokenizer.from_pretrained(out),
        "reader": AutoModelForQuestionAnswering.from_pretrained(out).eval(),
        "embedder": SentenceTransformer(str(out), device="cpu"),
        "folder": folder,
    }


def tiny_model(folder):
    """A tiny network as ``joint`` leaves it, exported."""
    tokenizer = tiny.tokenizer(tuple(TEXTS))
    tiny.network(tokenizer.get_vocab_size(), seed=3).save_pretrained(folder / "trained")
    export.export_bilingual(folder / "trained", tokenizer, folder / "tiny")
    return folder / "tiny"


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def both(request):
    """The int8 model and what ``unpack`` makes of it, loaded by the other libraries."""
    pytest.importorskip("sentence_transformers")
    with TemporaryDirectory() as place:
        shipped = catalogue.MODELS / catalogue.BILINGUAL
        folder = shipped if request.param == "shipped" else tiny_model(Path(place))
        yield unpacked(folder, Path(place) / "unpacked")


def test_an_export_is_whole_and_guarded(tmp_path):
    folder = tiny_model(tmp_path)
    names = {path.name for path in folder.iterdir()}
    recorded = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))
    assert names == {*recorded, "checksums.json"}
    assert set(recorded) == {"model.onnx", "tokenizer.json", "config.json"}
    model = ContextualModel(folder, workers=1)
    assert model.dim == 32
    assert model.vectors(TEXTS).shape == (len(TEXTS), 32)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelDamaged, match=r"config\.json"):
        ContextualModel(folder, workers=1)


def test_an_export_runs_what_was_trained(tmp_path):
    folder = tiny_model(tmp_path)
    model = ContextualModel(folder, workers=1)
    network = tiny.BertForQuestionAnswering.from_pretrained(tmp_path / "trained").eval()
    tokenizer = model._tokenizer
    ends = contextual.ends_of(tokenizer)
    for text in TEXTS:
        ids = np.array(tokenizer.encode(text, add_special_tokens=False).ids)
        with torch.no_grad():
            trained = contextual.text_vectors(network.bert, *contextual.batch_of([ids], *ends))
        assert float(model.vectors([text])[0] @ trained[0].numpy()) > 0.995


def test_the_command_unpacks_without_data(tmp_path, monkeypatch, capsys):
    tiny_model(tmp_path).rename(tmp_path / catalogue.BILINGUAL)
    folders = ["--out", str(tmp_path), "--work", str(tmp_path / "unpacked")]
    threads = ["--threads", str(torch.get_num_threads())]
    monkeypatch.setattr("sys.argv", ["rag.training", "unpack", *folders, *threads])
    command.main()
    assert capsys.readouterr().out.strip() == str(tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / "model.safetensors").is_file()


def two_networks(folder):
    """Folders of two tiny networks of one shape, and their tokenizer beside them."""
    tokenizer = tiny.tokenizer(tuple(TEXTS))
    tokenizer.save(str(folder / "tokenizer.json"))
    for seed in (1, 2):
        tiny.network(tokenizer.get_vocab_size(), seed=seed).save_pretrained(folder / str(seed))
    return folder / "1", folder / "2"


def test_the_command_takes_the_mean_of_networks_and_exports_it(tmp_path, monkeypatch):
    one, two = two_networks(tmp_path)
    parts = [f"{one}:3", f"{two}:1"]
    folders = ["--out", str(tmp_path / "models"), "--work", str(tmp_path)]
    threads = ["--threads", str(torch.get_num_threads())]
    monkeypatch.setattr("sys.argv", ["rag.training", "mean", *parts, *folders, *threads])
    command.main()
    load = tiny.BertForQuestionAnswering.from_pretrained
    first, second, made = (load(folder).state_dict() for folder in (one, two, tmp_path / "mean"))
    for name, value in made.items():
        torch.testing.assert_close(value, 0.75 * first[name] + 0.25 * second[name])
    assert not torch.equal(made["qa_outputs.weight"], first["qa_outputs.weight"])
    assert ContextualModel(tmp_path / "models" / catalogue.BILINGUAL, workers=1).dim == 32


@pytest.mark.parametrize("share", ["0", "-1", "inf", "nan"])
def test_a_share_of_a_mean_is_above_zero(tmp_path, share):
    one, two = two_networks(tmp_path)
    with pytest.raises(ValueError, match="above 0"):
        export.mean([(one, 1.0), (two, float(share))], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_networks_of_different_shapes_have_no_mean(tmp_path):
    one, two = two_networks(tmp_path)
    tiny.network(7, seed=2).save_pretrained(two)
    with pytest.raises(ValueError, match="other names or shapes"):
        export.mean([(one, 1.0), (two, 1.0)], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


@pytest.mark.parametrize("part", ["nowhere:0.5", "nowhere", "", ":1"])
def test_a_part_of_a_mean_is_a_trained_folder_and_a_share(part, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["rag.training", "mean", part])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "FOLDER:SHARE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", [*TEXTS, "والكِتَابُ مدرسة ١٢", "It's [SEP] odd [CLS] 😀", "", "ﷺ  e\u0301te\u0301"]
)
def test_the_unpacked_tokenizer_gives_our_ids(both, text):
    ours = both["ours"]
    ids = ours._tokenizer.encode(text, add_special_tokens=False).ids
    assert both["tokenizer"](text)["input_ids"] == [ours._cls, *ids, ours._sep]


def test_the_unpacked_tokenizer_tells_question_from_text(both):
    ours = both["ours"]
    question, text = ASKED[0]
    made = both["tokenizer"](question, text)
    first = ours._tokenizer.encode(question, add_special_tokens=False).ids
    second = ours._tokenizer.encode(text, add_special_tokens=False).ids
    assert made["input_ids"] == [ours._cls, *first, ours._sep, *second, ours._sep]
    assert made["token_type_ids"] == [0] * (len(first) + 2) + [1] * (len(second) + 1)


def test_sentence_transformers_embeds_as_the_int8_model(both):
    embedder = both["embedder"]
    theirs = embedder.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(theirs, axis=1), 1, atol=1e-5)
    cosines = (theirs * both["ours"].vectors(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.995
    assert embedder.max_seq_length == 322


def margins(both, question, text):
    """Starts and ends over [CLS] of the text's pieces, by transformers."""
    given = both["tokenizer"](question, text, return_tensors="pt")
    with torch.no_grad():
        out = both["reader"](**given)
    inside = given["token_type_ids"][0] == 1
    inside[-1] = False  # the last [SEP]
    starts, ends = out.start_logits[0], out.end_logits[0]
    return (starts - starts[0])[inside].numpy(), (ends - ends[0])[inside].numpy()


def test_transformers_reads_as_the_int8_model(both):
    """Margins differ by less than a fifth of their spread; most best spans are the same.

    Where they are not, the other one is worth as much within that tolerance.
    """
    same = 0
    for question, text in ASKED:
        starts, ends = margins(both, question, text)
        ours = both["ours"].score(question, [text])[0]
        near = 0.2 * (starts.std() + ends.std()) / 2
        assert np.abs(starts - ours.starts).mean() < near
        assert np.abs(ends - ours.ends).mean() < near
        first, last, best = best_pair(starts, ends)
        other, until, _ = best_pair(ours.starts, ours.ends)
        same += (first, last) == (other, until)
        assert starts[other] + ends[until] > best - 4 * near
    assert same > len(ASKED) / 2


def test_unpacked_weights_are_those_of_the_graph(both):
    state = both["reader"].state_dict()
    found = graph.read(onnx.load(str(both["folder"] / "model.onnx")))
    assert state.keys() == found.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(state[name].numpy(), value, err_msg=name)
