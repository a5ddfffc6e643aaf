"""Question-answering models of a few thousand parameters, made on the spot and never trained."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE, WordLevel

from rag import catalogue

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.5,  # so that scores differ from piece to piece
}


def bert_tokenizer() -> Tokenizer:
    """The repository's own pieces, between [CLS] and [SEP]."""
    made = Tokenizer.from_file(str(catalogue.MODELS / "sanad-static-v1" / "tokenizer.json"))
    made.post_processor = _ends(made, "[CLS]", "[SEP]")
    return made


def words_tokenizer() -> Tokenizer:
    """Whole words, each with the space before it, as SentencePiece counts them."""
    made = Tokenizer(WordLevel({"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    made.post_processor = _ends(made, "[CLS]", "[SEP]")
    return made


def bytes_tokenizer() -> Tokenizer:
    """Single bytes, RoBERTa's two separators, and spaces that are pieces of their own."""
    ends = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    letters = {c: 4 + n for n, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(BPE({**ends, **letters}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=False
    )
    return made


def _ends(tokenizer: Tokenizer, cls: str, sep: str) -> processors.TemplateProcessing:
    known = [(piece, tokenizer.token_to_id(piece)) for piece in (cls, sep)]
    return processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=known
    )


def save(folder: Path, kind: str, *, places: int = 66, seed: int = 0) -> str:
    """A model that reads ``places - 2`` pieces at once; ``kind`` is bert, words or bytes."""
    import torch
    from transformers import (
        BertConfig,
        BertForQuestionAnswering,
        PreTrainedTokenizerFast,
        RobertaConfig,
        RobertaForQuestionAnswering,
    )

    torch.manual_seed(seed)
    made = {"bert": bert_tokenizer, "words": words_tokenizer, "bytes": bytes_tokenizer}[kind]()
    shape = {**SMALL, "vocab_size": made.get_vocab_size(), "max_position_embeddings": places}
    if kind == "bytes":
        names = {
            "cls_token": "<s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        }
        inputs = ["input_ids", "attention_mask"]
        model = RobertaForQuestionAnswering(RobertaConfig(**shape, type_vocab_size=1))
    else:
        names = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk")}
        inputs = ["input_ids", "token_type_ids", "attention_mask"]
        model = BertForQuestionAnswering(BertConfig(**shape))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, model_input_names=inputs, **names)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return str(folder)
