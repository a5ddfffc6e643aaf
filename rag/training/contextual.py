"""The contextual bilingual student: the English teacher's trunk, taught Arabic by translations.

The teacher (all-MiniLM-L6-v2: 6 layers, 384 wide) reads English only. The student starts as its
copy with rows added for the Arabic pieces, each a mixture of the English rows nearest to it in the
aligned static space. It then learns to give an Arabic sentence the vector that the teacher gives
the English translation (Reimers and Gurevych 2020), with an in-batch contrastive term against the
teacher's vectors, while its English stays the teacher's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from rag.training.graph import GIVEN
from rag.training.static import Ids

CLS, SEP, PAD = "[CLS]", "[SEP]", "[PAD]"


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilSettings:
    """Tokens a batch, rates of embeddings and layers (linear decay), temperature, run time."""

    batch_tokens: int = 3072
    embedding_rate: float = 2e-3
    layer_rate: float = 1e-4
    scale: float = 20.0
    english_share: float = 0.3
    minutes: float = 60.0
    seed: int = 0


def student_model(
    tokenizer: Tokenizer,
    teacher: BertModel,
    teacher_vocabulary: dict[str, int],
    static: NDArray[np.float32],
) -> BertModel:
    """The teacher with its word embeddings replaced by rows for the joined tokenizer."""
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    old = teacher.embeddings.word_embeddings.weight.detach()
    rows = torch.zeros(len(pieces), old.shape[1])
    english = [
        (number, teacher_vocabulary[piece])
        for piece, number in pieces
        if piece in teacher_vocabulary
    ]
    ours = torch.tensor([number for number, _ in english])
    rows[ours] = old[torch.tensor([place for _, place in english])]
    space = nn.functional.normalize(torch.from_numpy(static), dim=-1)
    known = set(ours.tolist())
    arabic = torch.tensor([number for _, number in pieces if number not in known])
    words = torch.tensor([n for p, n in pieces if n in known and p.isalpha() and len(p) > 1])
    for block in arabic.split(2048):
        cosines, nearest = (space[block] @ space[words].T).topk(8, dim=-1)
        shares = torch.softmax(cosines * 25, dim=-1)  # (block, 8)
        rows[block] = (shares[..., None] * rows[words[nearest]]).sum(1)
    config = BertConfig.from_dict({**teacher.config.to_dict(), "vocab_size": len(pieces)})
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    student = BertModel(config, add_pooling_layer=False)
    state = {k: v for k, v in teacher.state_dict().items() if not k.startswith("pooler.")}
    state["embeddings.word_embeddings.weight"] = rows
    student.load_state_dict(state, strict=False)
    return student


def ends_of(tokenizer: Tokenizer) -> tuple[int, int]:
    """The numbers of [CLS] and [SEP]."""
    return tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)


def batch_of(rows: Sequence[Ids], cls: int, sep: int) -> tuple[Tensor, Tensor]:
    """Padded ids and mask with [CLS] and [SEP] around each row."""
    width = max(len(row) for row in rows) + 2
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        full = [cls, *row.tolist(), sep]
        ids[number, : len(full)] = full
        mask[number, : len(full)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def mean_vectors(model: BertModel, ids: Tensor, mask: Tensor) -> Tensor:
    """Normalised means of the last layer over the mask; (rows, dim) float32."""
    return pooled(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask)


def text_vectors(model: BertModel, ids: Tensor, mask: Tensor) -> Tensor:
    """Vectors of texts as the network ships them; (rows, dim) float32."""
    hidden = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    return joined(hidden[0], hidden[-1], mask)


def joined(given: Tensor, last: Tensor, mask: Tensor) -> Tensor:
    """Normalised means of the last layer and :data:`graph.GIVEN` of what went into the first."""
    return pooled(last.float() + GIVEN * given.float(), mask)


def pooled(hidden: Tensor, mask: Tensor) -> Tensor:
    """Normalised means of token vectors (rows, width, dim) over the mask; (rows, dim) float32."""
    weight = mask[..., None].float()
    return nn.functional.normalize((hidden.float() * weight).sum(1) / weight.sum(1), dim=-1)


def batches(
    pairs: Sequence[tuple[Ids, Ids]], tokens: int, generator: np.random.Generator
) -> Iterator[list[int]]:
    """Numbers of pairs of like length, about ``tokens`` Arabic pieces a batch, in random order."""
    noise = generator.normal(0, 1.5, len(pairs))
    order = np.argsort([len(arabic) for arabic, _ in pairs] + noise)
    groups: list[list[int]] = [[]]
    for number in order.tolist():
        width = max(len(pairs[number][0]), len(pairs[number][1])) + 2
        if groups[-1] and (len(groups[-1]) + 1) * width > tokens:
            groups.append([])
        groups[-1].append(number)
    for place in generator.permutation(len(groups)):
        if len(groups[place]) > 7:
            yield groups[place]


def distil(
    student: BertModel,
    teacher: BertModel,
    pairs: Sequence[tuple[Ids, Ids]],
    teacher_rows: Sequence[Ids],
    ends: tuple[int, int],
    teacher_ends: tuple[int, int],
    settings: DistilSettings,
    folder: Path,
) -> None:
    """Trains for ``settings.minutes``; writes the student to ``folder`` every few minutes.

    ``pairs`` are (Arabic, English) in the student's pieces, ``teacher_rows`` the English sides in
    the teacher's.
    """
    generator = np.random.default_rng(settings.seed)
    words = student.embeddings.word_embeddings.weight
    others = [p for p in student.parameters() if p is not words]
    optimiser = torch.optim.AdamW(
        [
            {"params": [words], "lr": settings.embedding_rate, "base": settings.embedding_rate},
            {"params": others, "lr": settings.layer_rate, "base": settings.layer_rate},
        ],
        weight_decay=0.0,
        betas=(0.9, 0.98),
    )
    student.train()
    teacher.eval()
    began = saved = time.monotonic()
    step, seen, shown = 0, 0, np.zeros(3)
    while True:
        for numbers in batches(pairs, settings.batch_tokens, generator):
            elapsed = (time.monotonic() - began) / 60
            share = min(1.0, elapsed / settings.minutes)
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * min(1.0, (step + 1) / 100) * max(0.02, 1 - share)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                with torch.no_grad():
                    target = mean_vectors(
                        teacher, *batch_of([teacher_rows[n] for n in numbers], *teacher_ends)
                    )
                arabic = mean_vectors(student, *batch_of([pairs[n][0] for n in numbers], *ends))
                some = numbers[: max(4, int(len(numbers) * settings.english_share))]
                english = mean_vectors(student, *batch_of([pairs[n][1] for n in some], *ends))
            near = (1 - (arabic * target).sum(-1)).mean()
            kept = (1 - (english * target[: len(some)]).sum(-1)).mean()
            logits = arabic @ target.T * settings.scale
            labels = torch.arange(len(numbers))
            apart = nn.functional.cross_entropy(logits, labels)
            loss = 4 * near + 4 * kept + apart
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimiser.step()
            step += 1
            seen += sum(len(pairs[n][0]) for n in numbers)
            shown += [float(near.detach()), float(kept.detach()), float(apart.detach())]
            if step % 50 == 0:
                values = " ".join(f"{value:.4f}" for value in shown / 50)
                print(f"distil {step} {values} {seen / 1e6:.2f}M pieces {elapsed:.1f}m", flush=True)
                shown[:] = 0
            if share >= 1 or time.monotonic() - saved > 300:
                saved = time.monotonic()
                student.save_pretrained(folder)
                progress = {"step": step, "pieces": seen, "settings": asdict(settings)}
                (folder / "progress.json").write_text(json.dumps(progress), encoding="utf-8")
            if share >= 1:
                return
