"""Builds the ONNX graph of the bilingual trunk: int8 tables and matrices, both heads.

Written out rather than traced: the embedding table stays int8 with one scale a row, matrices with
one a block, the three attention matrices are one product, and the operators are those ONNX Runtime
has fast kernels for.

Inputs ``input_ids`` and ``token_type_ids`` (rows, pieces) int64, rows of one length: a text runs by
itself, so there is no mask. Outputs ``vectors`` (rows, dim), the normalised mean of the last layer
and :data:`GIVEN` of what went into the first, and ``logits`` (rows, pieces, 2), the start and end of
an answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rag.training.export import quantise

OPSET = 20
BLOCK = 128  # weights that share a scale; smaller blocks were hardly nearer to float32
ZERO = 128  # stands for 0 in MatMulNBits' unsigned weights
PREFIX = "bert."
# A text's vector is the mean of its pieces behind the last layer, and this much of the mean of what
# they were before the first, where words still are what they are without the others: the more of it,
# the more translations are found and the fewer paragraphs (the model card has both). Means over the
# first and the last layer: Su et al. 2021 (arXiv:2103.15316).
GIVEN = 0.75

Array = NDArray[np.float32]


def in_blocks(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """int8 (columns, blocks, block) and scales (columns, blocks) of a matrix (columns, width)."""
    columns, width = weight.shape
    block = math.gcd(width, BLOCK)
    rows, scales = quantise(weight.reshape(-1, block))
    return rows.reshape(columns, -1, block), scales.reshape(columns, -1)


class _Graph:
    """Nodes and initialisers while they are collected."""

    def __init__(self, quantised: bool) -> None:
        self.quantised = quantised
        self.nodes: list[Any] = []
        self.values: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.values.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: float) -> str:
        domain = "com.microsoft" if kind in ("MatMulNBits", "MultiHeadAttention") else ""
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def linear(self, given: str, weight: Array, bias: Array, name: str) -> str:
        """``given @ weight.T + bias``, the weights in int8 blocks.

        MatMulNBits quantises its input by blocks of a row as well: a few large values in one piece
        spoil nothing for the others.
        """
        added = self.constant(f"{name}.bias", bias)
        if not self.quantised:
            matrix = self.constant(f"{name}.weight", weight.T)
            product = self.node("MatMul", [given, matrix], f"{name}.product")
            return self.node("Add", [product, added], name)
        blocks, scales = in_blocks(weight)
        unsigned = (blocks.astype(np.int16) + ZERO).astype(np.uint8)
        inputs = [
            given,
            self.constant(f"{name}.weight", unsigned),
            self.constant(f"{name}.scale", scales),
            "",  # zero points: all are 128
            "",
            added,
        ]
        columns, width = weight.shape
        return self.node(
            "MatMulNBits",
            inputs,
            name,
            K=width,
            N=columns,
            bits=8,
            block_size=blocks.shape[2],
            accuracy_level=4,  # products of int8; without it the weights are widened first
        )

    def normalise(self, given: str, weight: Array, bias: Array, name: str) -> str:
        inputs = [
            given,
            self.constant(f"{name}.weight", weight),
            self.constant(f"{name}.bias", bias),
        ]
        return self.node("LayerNormalization", inputs, name, axis=-1, epsilon=1e-12)


def build(weights: dict[str, Array], heads: int, *, quantised: bool = True) -> onnx.ModelProto:
    """The graph of a ``BertForQuestionAnswering`` state dictionary."""

    def get(name: str) -> Array:
        return weights[PREFIX + name]

    graph = _Graph(quantised)
    hidden = embedded = _embeddings(graph, get)
    layers = 1 + max(
        int(n.split(".")[3]) for n in weights if n.startswith(f"{PREFIX}encoder.layer")
    )
    for number in range(layers):
        hidden = _layer(graph, get, hidden, number, heads)
    logits = graph.linear(
        hidden, weights["qa_outputs.weight"], weights["qa_outputs.bias"], "logits_inner"
    )
    graph.node("Identity", [logits], "logits")
    pieces = graph.constant("pieces_axis", np.array([1], np.int64))
    last = graph.node("ReduceSum", [hidden, pieces], "last_total", keepdims=0)
    given = graph.node("ReduceSum", [embedded, pieces], "given_total", keepdims=0)
    share = graph.constant("given_share", np.array([GIVEN], np.float32))
    some = graph.node("Mul", [given, share], "given_some")
    total = graph.node("Add", [last, some], "total")
    graph.node("LpNormalization", [total], "vectors", axis=1, p=2)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "pieces"])
        for name in ("input_ids", "token_type_ids")
    ]
    dim = int(weights["qa_outputs.weight"].shape[1])
    outputs = [
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["rows", dim]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", "pieces", 2]),
    ]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "sanad", inputs, outputs, graph.values),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)],
        producer_name="sanad",
    )
    made.ir_version = 9
    return made


def _embeddings(graph: _Graph, get: Callable[[str], Array]) -> str:
    words = get("embeddings.word_embeddings.weight")
    if graph.quantised:
        rows, scales = quantise(words)
        table = graph.constant("words", rows)
        small = graph.node("Gather", [table, "input_ids"], "word_rows", axis=0)
        wide = graph.node("Cast", [small], "word_rows_float", to=TensorProto.FLOAT)
        column = graph.constant("word_scales", scales[:, None])
        scale = graph.node("Gather", [column, "input_ids"], "word_row_scales", axis=0)
        found = graph.node("Mul", [wide, scale], "word_vectors")
    else:
        table = graph.constant("words", words)
        found = graph.node("Gather", [table, "input_ids"], "word_vectors", axis=0)
    kinds = graph.constant("kinds", get("embeddings.token_type_embeddings.weight"))
    kind = graph.node("Gather", [kinds, "token_type_ids"], "kind_vectors", axis=0)
    shape = graph.node("Shape", ["input_ids"], "shape", start=1, end=2)
    table = graph.constant("positions", get("embeddings.position_embeddings.weight"))
    first = graph.constant("first", np.array([0], np.int64))
    position = graph.node("Slice", [table, first, shape, first], "position_vectors")
    both = graph.node("Add", [found, kind], "word_and_kind")
    summed = graph.node("Add", [both, position], "summed")
    return graph.normalise(
        summed, get("embeddings.LayerNorm.weight"), get("embeddings.LayerNorm.bias"), "embedded"
    )


def _layer(
    graph: _Graph,
    get: Callable[[str], Array],
    given: str,
    number: int,
    heads: int,
) -> str:
    at = f"encoder.layer.{number}."
    name = f"layer{number}"
    parts = ("query", "key", "value")
    weight = np.concatenate([get(f"{at}attention.self.{part}.weight") for part in parts])
    bias = np.concatenate([get(f"{at}attention.self.{part}.bias") for part in parts])
    joined = graph.linear(given, weight, bias, f"{name}.qkv")
    split = [f"{name}.{part}" for part in parts]
    graph.nodes.append(helper.make_node("Split", [joined], split, axis=2, num_outputs=3))
    mixed = graph.node("MultiHeadAttention", split, f"{name}.mixed", num_heads=heads)
    out = graph.linear(
        mixed,
        get(f"{at}attention.output.dense.weight"),
        get(f"{at}attention.output.dense.bias"),
        f"{name}.attended",
    )
    added = graph.node("Add", [out, given], f"{name}.residual")
    middle = graph.normalise(
        added,
        get(f"{at}attention.output.LayerNorm.weight"),
        get(f"{at}attention.output.LayerNorm.bias"),
        f"{name}.middle",
    )
    wide = graph.linear(
        middle,
        get(f"{at}intermediate.dense.weight"),
        get(f"{at}intermediate.dense.bias"),
        f"{name}.wide",
    )
    active = graph.node("Gelu", [wide], f"{name}.active")
    narrow = graph.linear(
        active, get(f"{at}output.dense.weight"), get(f"{at}output.dense.bias"), f"{name}.narrow"
    )
    summed = graph.node("Add", [narrow, middle], f"{name}.summed")
    return graph.normalise(
        summed,
        get(f"{at}output.LayerNorm.weight"),
        get(f"{at}output.LayerNorm.bias"),
        f"{name}.out",
    )


def given_share(model: onnx.ModelProto) -> float:
    """The :data:`GIVEN` that a graph was made with."""
    return float(_stored(model)["given_share"].item())


def _stored(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    return {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}


def read(model: onnx.ModelProto) -> dict[str, Array]:
    """The weights of a graph that :func:`build` made, in float32, by their names in transformers."""
    stored = _stored(model)

    def matrix(name: str) -> Array:
        weight, scale = stored[f"{name}.weight"], stored.get(f"{name}.scale")
        if scale is None:
            return np.ascontiguousarray(weight.T)
        blocks: Array = (weight.astype(np.float32) - ZERO) * scale[:, :, None]
        return blocks.reshape(len(blocks), -1)

    at = f"{PREFIX}embeddings."
    words = stored["words"].astype(np.float32) * stored.get("word_scales", np.float32(1))
    found = {
        f"{at}word_embeddings.weight": words,
        f"{at}token_type_embeddings.weight": stored["kinds"],
        f"{at}position_embeddings.weight": stored["positions"],
        f"{at}LayerNorm.weight": stored["embedded.weight"],
        f"{at}LayerNorm.bias": stored["embedded.bias"],
        "qa_outputs.weight": matrix("logits_inner"),
        "qa_outputs.bias": stored["logits_inner.bias"],
    }
    number = 0
    while f"layer{number}.qkv.weight" in stored:
        name, at = f"layer{number}", f"{PREFIX}encoder.layer.{number}."
        weight, bias = matrix(f"{name}.qkv"), stored[f"{name}.qkv.bias"]
        for place, part in enumerate(("query", "key", "value")):
            rows = slice(place * len(bias) // 3, (place + 1) * len(bias) // 3)
            found[f"{at}attention.self.{part}.weight"] = np.ascontiguousarray(weight[rows])
            found[f"{at}attention.self.{part}.bias"] = np.ascontiguousarray(bias[rows])
        for ours, theirs in (
            ("attended", "attention.output.dense"),
            ("wide", "intermediate.dense"),
            ("narrow", "output.dense"),
        ):
            found[f"{at}{theirs}.weight"] = matrix(f"{name}.{ours}")
            found[f"{at}{theirs}.bias"] = stored[f"{name}.{ours}.bias"]
        for ours, theirs in (("middle", "attention.output"), ("out", "output")):
            for kind in ("weight", "bias"):
                found[f"{at}{theirs}.LayerNorm.{kind}"] = stored[f"{name}.{ours}.{kind}"]
        number += 1
    return found
