"""Static bilingual vectors: one vector a piece, trained in two stages.

1. ``align``: mean-pooled sentence vectors of translations meet (symmetric in-batch contrastive
   loss, after the recipe of sentence-transformers' static models). English rows start from the
   teacher's own vector of each piece, so what it knows of synonyms is not learned again.
2. ``match``: late interaction (ColBERT's MaxSim, Khattab and Zaharia 2020, here on static vectors
   with squared cosines): a question finds the sentence that answers it among all sentences of the
   batch, in all four language pairs, and translations find each other piece by piece. The length
   of a row is its weight in both, so one table serves pooling and matching.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignSettings:
    """Stage 1: batch in pairs, steps, peak rate of Adam (linear decay), scale of the cosines."""

    batch: int = 1024
    steps: int = 2400
    rate: float = 5e-3
    scale: float = 20.0
    words_share: float = 0.25
    seed: int = 0


def encode(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[Ids]:
    """Piece ids of each text, at most ``most`` of them."""
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [np.array(item.ids[:most], dtype=np.int32) for item in encoded]


def bag(rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """The flat ids and offsets EmbeddingBag wants."""
    lengths = [len(row) for row in rows]
    flat = np.concatenate(rows) if rows else np.zeros(0, np.int32)
    return torch.from_numpy(flat.astype(np.int64)), torch.tensor(np.cumsum([0, *lengths[:-1]]))


def teacher_rows(tokenizer: Tokenizer, folder: Path, dim: int, counts: NDArray[np.int64]) -> Tensor:
    """Starting rows: the teacher's vector of each English piece, reduced by PCA; Arabic ones small.

    Lengths follow a / (a + p) with p the piece's share of the training text (smooth inverse
    frequency, Arora et al. 2017), as model2vec does.
    """
    from sentence_transformers import SentenceTransformer

    teacher = SentenceTransformer(str(folder), device="cpu")
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    english = [number for piece, number in pieces if piece.isascii()]
    texts = [pieces[number][0].removeprefix("##") for number in english]
    vectors = teacher.encode(texts, batch_size=512, convert_to_numpy=True, show_progress_bar=False)
    vectors = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors[::4], full_matrices=False)
    reduced = vectors @ axes[:dim].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-9
    share = counts / max(1, counts.sum())
    weight = 1e-4 / (1e-4 + share)
    generator = np.random.default_rng(0)
    rows = generator.normal(0, 0.3 / np.sqrt(dim), (len(pieces), dim)).astype(np.float32)
    rows[english] = reduced * weight[english, None]
    return torch.from_numpy(rows)


def pooled_loss(
    table: nn.EmbeddingBag, left: Sequence[Ids], right: Sequence[Ids], scale: float
) -> Tensor:
    """Symmetric in-batch contrastive loss of mean-pooled pairs."""
    a = nn.functional.normalize(table(*bag(left)), dim=-1)
    b = nn.functional.normalize(table(*bag(right)), dim=-1)
    logits = a @ b.T * scale  # (pairs, pairs)
    labels = torch.arange(len(left))
    loss = nn.functional.cross_entropy(logits, labels) + nn.functional.cross_entropy(
        logits.T, labels
    )
    return loss / 2


def align(
    rows: Tensor,
    prose: Sequence[tuple[Ids, Ids]],
    words: Sequence[tuple[Ids, Ids]],
    settings: AlignSettings,
    checkpoint: Path,
) -> Tensor:
    """Stage 1; returns the table (pieces, dim). ``checkpoint`` is written every 200 steps."""
    generator = np.random.default_rng(settings.seed)
    table = nn.EmbeddingBag.from_pretrained(rows.clone(), freeze=False, mode="mean")
    optimiser = torch.optim.Adam(table.parameters(), lr=settings.rate)
    began, total = time.monotonic(), 0.0
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * min(1.0, (step + 1) / 50) * (1 - step / settings.steps)
        some_words = int(settings.batch * settings.words_share)
        chosen = [prose[i] for i in generator.integers(0, len(prose), settings.batch - some_words)]
        chosen += [words[i] for i in generator.integers(0, len(words), some_words)]
        loss = pooled_loss(table, [a for a, _ in chosen], [b for _, b in chosen], settings.scale)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += float(loss.detach())
        if (step + 1) % 100 == 0:
            print(
                f"align {step + 1} loss {total / 100:.4f} {time.monotonic() - began:.0f}s",
                flush=True,
            )
            total = 0.0
        if (step + 1) % 200 == 0:
            np.save(checkpoint, table.weight.detach().numpy())
    return table.weight.detach()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSettings:
    """Stage 2: units (passages with their questions, both languages), pairs and pooled rows a step."""

    units: int = 10
    pairs: int = 64
    pooled: int = 512
    steps: int = 2000
    rate: float = 1.5e-3
    scale: float = 24.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A passage's sentences and questions in one language; ``answers[i]`` is a sentence number.

    Questions of both languages carry the same ``facts[i]``, so that the sentence answering a
    question in the other language is known.
    """

    sentences: tuple[Ids, ...]
    questions: tuple[Ids, ...]
    answers: tuple[int, ...]
    facts: tuple[str, ...]


def padded(table: Tensor, rows: Sequence[Ids], most: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """Unit piece vectors (rows, pieces, dim), their weights and their mask, padded with zeros."""
    width = max(1, min(most, max(len(row) for row in rows)))
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.float32)
    for number, row in enumerate(rows):
        kept = row[:width]
        ids[number, : len(kept)] = kept
        mask[number, : len(kept)] = 1
    vectors = nn.functional.embedding(torch.from_numpy(ids), table)
    weights = vectors.norm(dim=-1)
    present = torch.from_numpy(mask)
    return vectors / (weights[..., None] + 1e-6), weights * present, present


def late_interaction(
    table: Tensor, questions: Sequence[Ids], texts: Sequence[Ids], most: int = 64
) -> Tensor:
    """Scores (questions, texts) in [0, 1]: weighted mean of each piece's best squared cosine."""
    q, weights, _ = padded(table, questions, 32)
    t, _, present = padded(table, texts, most)
    cosines = torch.einsum("qid,tjd->qitj", q, t)
    cosines = cosines - (1 - present)[None, None] * 2
    best = cosines.amax(dim=-1).clamp(min=0) ** 2  # (questions, pieces, texts)
    return (best * weights[..., None]).sum(1) / (weights.sum(1)[:, None] + 1e-6)


def unit_loss(table: Tensor, chosen: Sequence[tuple[Unit, Unit]], scale: float) -> Tensor:
    """Every question against all sentences of the batch, in each language separately."""
    losses = []
    for candidates in (0, 1):
        sentences = [row for unit in chosen for row in unit[candidates].sentences]
        starts = np.cumsum([0, *(len(unit[candidates].sentences) for unit in chosen)])
        for asked in (0, 1):
            rows, labels = [], []
            for number, unit in enumerate(chosen):
                places = dict(zip(unit[candidates].facts, unit[candidates].answers, strict=True))
                for row, fact in zip(unit[asked].questions, unit[asked].facts, strict=True):
                    if fact in places:
                        rows.append(row)
                        labels.append(int(starts[number]) + places[fact])
            if rows:
                logits = late_interaction(table, rows, sentences) * scale
                losses.append(nn.functional.cross_entropy(logits, torch.tensor(labels)))
    return torch.stack(losses).mean()


def pair_loss(table: Tensor, pairs: Sequence[tuple[Ids, Ids]], scale: float, both: bool) -> Tensor:
    """In-batch loss of late interaction over pairs, in both directions where ``both``."""
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    labels = torch.arange(len(pairs))
    loss = nn.functional.cross_entropy(late_interaction(table, left, right, 32) * scale, labels)
    if both:
        other = nn.functional.cross_entropy(
            late_interaction(table, right, left, 32) * scale, labels
        )
        loss = (loss + other) / 2
    return loss


def match(
    rows: Tensor,
    units: Sequence[tuple[Unit, Unit]],
    prose: Sequence[tuple[Ids, Ids]],
    words: Sequence[tuple[Ids, Ids]],
    questions: Sequence[tuple[Ids, Ids]],
    settings: MatchSettings,
    checkpoint: Path,
) -> Tensor:
    """Stage 2; returns the table. ``questions`` are (question, sentence) pairs of one language."""
    generator = np.random.default_rng(settings.seed)
    table = nn.EmbeddingBag.from_pretrained(rows.clone(), freeze=False, mode="mean")
    optimiser = torch.optim.Adam(table.parameters(), lr=settings.rate)

    def draw(values: Sequence[tuple[Ids, Ids]], count: int) -> list[tuple[Ids, Ids]]:
        return [values[i] for i in generator.integers(0, len(values), count)]

    began, totals = time.monotonic(), np.zeros(4)
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * min(1.0, (step + 1) / 50) * (1 - step / settings.steps)
        chosen = [units[i] for i in generator.choice(len(units), settings.units, replace=False)]
        pooled = draw(prose, settings.pooled * 3 // 4) + draw(words, settings.pooled // 4)
        losses = [
            unit_loss(table.weight, chosen, settings.scale),
            pair_loss(table.weight, draw(prose, settings.pairs), settings.scale, both=True),
            pair_loss(table.weight, draw(questions, settings.pairs), settings.scale, both=False),
            pooled_loss(table, [a for a, _ in pooled], [b for _, b in pooled], 20.0),
        ]
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()
        optimiser.step()
        totals += [float(loss.detach()) for loss in losses]
        if (step + 1) % 50 == 0:
            shown = " ".join(f"{value:.3f}" for value in totals / 50)
            print(f"match {step + 1} {shown} {time.monotonic() - began:.0f}s", flush=True)
            totals[:] = 0
        if (step + 1) % 200 == 0:
            np.save(checkpoint, table.weight.detach().numpy())
    return table.weight.detach()
