"""A tokenizer of a few hundred pieces and networks of a few thousand weights, for the tests here."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForQuestionAnswering, BertModel

from rag.training import tokenizer as pieces

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SENTENCES = (
    "الكتاب في المدرسة",
    "وقع الرئيس الاتفاقية في القاهرة",
    "أسقطت القوات سبع طائرات",
    "the book is in the school",
    "the president signed the agreement in cairo",
    "the forces shot down seven aircraft",
)


def tokenizer(texts: tuple[str, ...] = SENTENCES) -> Tokenizer:
    """Pieces for these texts: Arabic ones as they are trained, English words whole."""
    arabic = pieces.train_arabic_pieces(texts * 8, 400)
    split = pieces.pre_tokenizer()
    words = {word for text in texts for word, _ in split.pre_tokenize_str(text.lower())}
    english = sorted(word for word in words if word.isascii())
    return pieces.build([*SPECIAL, *english], arabic)


def config(vocabulary: int) -> BertConfig:
    """Two layers of four heads, 32 wide, without dropout."""
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


def network(vocabulary: int, seed: int = 0) -> BertForQuestionAnswering:
    """A reader whose every weight and bias counts: none is near zero or one."""
    torch.manual_seed(seed)
    made = BertForQuestionAnswering(config(vocabulary)).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return made


def fresh(vocabulary: int, seed: int = 0) -> BertForQuestionAnswering:
    """A reader as transformers starts one, to be trained."""
    torch.manual_seed(seed)
    return BertForQuestionAnswering(config(vocabulary))


def teacher(vocabulary: int, seed: int = 1) -> BertModel:
    """A trunk of the same width."""
    torch.manual_seed(seed)
    return BertModel(config(vocabulary), add_pooling_layer=False)
