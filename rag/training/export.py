"""Writes the models as they ship, int8 with checksums, and unpacks the network for other libraries."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

MODULES = [
    {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
    },
    {
        "idx": 1,
        "name": "1",
        "path": "1_Normalize",
        "type": "sentence_transformers.sentence_transformer.modules.normalize.Normalize",
    },
]


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 rows and one scale each: ``row ≈ int8 * scale``."""
    largest = np.abs(rows).max(axis=1)
    scales = np.maximum(largest / 127, 1e-12).astype(np.float32)
    return np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8), scales


def export_static(rows: NDArray[np.float32], tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the folder; an existing model there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Normalize").mkdir(exist_ok=True)
    quantised, scales = quantise(rows)
    save_file({"embeddings": quantised, "weights": scales}, folder / "model.safetensors")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    written = {
        "modules.json": MODULES,
        "config_sentence_transformers.json": {"similarity_fn_name": "cosine"},
        "1_Normalize/config.json": {},
    }
    for name, content in written.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _record(folder, ["model.safetensors", "tokenizer.json", *written])


def export_bilingual(trained: Path, tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the graph of the trained network, its tokenizer and what is needed to unpack it."""
    import onnx
    from transformers import BertForQuestionAnswering

    from rag.training import graph

    folder.mkdir(parents=True, exist_ok=True)
    model = BertForQuestionAnswering.from_pretrained(trained)
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    heads = int(model.config.num_attention_heads)
    (folder / "model.onnx").write_bytes(graph.build(weights, heads).SerializeToString())
    onnx.checker.check_model(str(folder / "model.onnx"))
    kept = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
    shape = {name: getattr(model.config, name) for name in kept}
    config = shape | {
        "model_type": "bert",
        "architectures": ["BertForQuestionAnswering"],
        "intermediate_size": model.config.intermediate_size,
        "max_position_embeddings": model.config.max_position_embeddings,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    _record(folder, ["model.onnx", "config.json", "tokenizer.json"])


def mean(parts: Sequence[tuple[Path, float]], out: Path) -> None:
    """Writes the mean of trained networks' weights as another such folder.

    ``parts`` are folders that training wrote or :func:`unpack` did, and how much each counts; the
    shares are made to add up to 1. Raises ValueError for networks of different shapes and for shares
    that are not above 0. After Wortsman et al. 2022 (arXiv:2203.05482).
    """
    total = sum(share for _, share in parts)
    if not parts or not all(0 < share < math.inf for _, share in parts):
        raise ValueError("each network needs a share above 0, as FOLDER:0.25")
    summed: dict[str, NDArray[np.float64]] = {}
    for folder, share in parts:
        weights = load_file(folder / "model.safetensors")
        shapes = {name: value.shape for name, value in weights.items()}
        if summed and shapes != {name: value.shape for name, value in summed.items()}:
            raise ValueError(
                f"{folder}: its weights have other names or shapes than {parts[0][0]}'s"
            )
        for name, value in weights.items():
            summed[name] = summed.get(name, 0.0) + value.astype(np.float64) * (share / total)
    out.mkdir(parents=True, exist_ok=True)
    kept = {name: value.astype(np.float32) for name, value in summed.items()}
    save_file(kept, out / "model.safetensors", metadata={"format": "pt"})
    (out / "config.json").write_bytes((parts[0][0] / "config.json").read_bytes())


def unpack(folder: Path, out: Path) -> None:
    """Writes the shipped network in float32 as transformers and sentence-transformers load it.

    ``AutoModelForQuestionAnswering.from_pretrained(out)`` is the reader and
    ``SentenceTransformer(out)`` the embedder; weights are the int8 ones times their scales.
    """
    import onnx
    from transformers import PreTrainedTokenizerFast

    from rag.training import graph

    out.mkdir(parents=True, exist_ok=True)
    made = onnx.load(str(folder / "model.onnx"))
    save_file(graph.read(made), out / "model.safetensors", metadata={"format": "pt"})
    (out / "config.json").write_bytes((folder / "config.json").read_bytes())
    PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_file(str(folder / "tokenizer.json")),
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        split_special_tokens=True,  # "[SEP]" in a text is five characters, not an end
    ).save_pretrained(out)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    dim, layers = config["hidden_size"], config["num_hidden_layers"]
    root = "sentence_transformers.models"
    kinds = ("WeightedLayerPooling", "Pooling", "Normalize")
    modules = [{"idx": 0, "name": "0", "path": "", "type": f"{root}.Transformer"}] + [
        {"idx": at, "name": str(at), "path": f"{at}_{kind}", "type": f"{root}.{kind}"}
        for at, kind in enumerate(kinds, 1)
    ]
    pooling = {"word_embedding_dimension": dim, "pooling_mode_mean_tokens": True}
    transformer = {
        "max_seq_length": 322,
        "do_lower_case": False,
        "model_args": {"add_pooling_layer": False},  # it has none; a random one would be made
        "config_args": {"output_hidden_states": True},
    }
    shares = np.zeros(layers + 1, dtype=np.float32)
    shares[0], shares[-1] = graph.given_share(made), 1.0
    every = {"word_embedding_dimension": dim, "num_hidden_layers": layers, "layer_start": 0}
    written = {
        "modules.json": modules,
        "config_sentence_transformers.json": {"similarity_fn_name": "cosine"},
        "sentence_bert_config.json": transformer,
        "1_WeightedLayerPooling/config.json": every,
        "2_Pooling/config.json": pooling,
        "3_Normalize/config.json": {},
    }
    for name, content in written.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    save_file({"layer_weights": shares}, out / "1_WeightedLayerPooling" / "model.safetensors")


def _record(folder: Path, names: list[str]) -> None:
    """Checksums of the files, and modes that everybody can read."""
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    for path in folder.rglob("*.*"):
        path.chmod(0o644)  # safetensors writes 0600
    (folder / "checksums.json").write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")
