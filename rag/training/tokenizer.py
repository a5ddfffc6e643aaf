"""The bilingual WordPiece tokenizer: the teacher's English pieces plus Arabic ones.

Normalisation happens inside the tokenizer, so the offsets of its pieces point into the original
text. The Arabic article (and the prepositions written together with it) is split off, so that
والكتاب، بالكتاب and كتاب share the piece كتاب instead of having one vocabulary entry each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

ARTICLE = r"^(?:[وف]?[بك]?ال|[وف]?لل)(?=[\u0621-\u064A]{3,})"
ARABIC = re.compile(r"[\u0620-\u064A]")
KEPT_ENGLISH = re.compile(
    r"^(?:\[(?:PAD|UNK|CLS|SEP|MASK)\]|(?:##)?[\x21-\x7e\u00a1-\u024f\u2010-\u2044\u20ac]+)$"
)


def normalizer() -> normalizers.Normalizer:
    """NFKC, marks and controls dropped, lower case, Arabic letter variants and digits folded."""
    letters = [("\u0640", ""), ("ى", "ي"), ("ة", "ه"), ("ٱ", "ا"), ("ی", "ي"), ("ک", "ك")]
    # Arabic punctuation as the marks the teacher knows: it has no pieces of its own for them.
    letters += [("،", ","), ("؛", ";"), ("؟", "?"), ("٪", "%"), ("٫", "."), ("٬", ",")]
    digits = [(chr(zero + n), str(n)) for zero in (0x0660, 0x06F0) for n in range(10)]
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.BertNormalizer(
                clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
            ),
            *(normalizers.Replace(old, new) for old, new in letters + digits),
        ]
    )


def pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """White space and punctuation as in BERT, then the Arabic article off the word."""
    return pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split(Regex(ARTICLE), "isolated")]
    )


def train_arabic_pieces(texts: Iterable[str], size: int) -> list[str]:
    """Arabic WordPiece entries, most useful first, at most ``size`` of them."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size * 2, min_frequency=4, limit_alphabet=400, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return [piece for piece, _ in pieces if ARABIC.search(piece)][:size]


def build(teacher_vocabulary: Iterable[str], arabic_pieces: Iterable[str]) -> Tokenizer:
    """The joined tokenizer: English pieces in the teacher's order, then the Arabic ones."""
    kept = [piece for piece in teacher_vocabulary if KEPT_ENGLISH.match(piece)]
    vocabulary = {
        piece: number for number, piece in enumerate(dict.fromkeys([*kept, *arabic_pieces]))
    }
    tokenizer = Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=60)
    )
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizer()
    return tokenizer


def read_vocabulary(path: Path) -> list[str]:
    """The teacher's pieces in the order of their ids, from its tokenizer.json."""
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.__getitem__)
