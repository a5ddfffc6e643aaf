"""Teaches the contextual student questions: reading, retrieval and translation in one run.

One trunk serves as embedder (means of its last layer and of what goes into its first) and as reader
(start and end of the answer in ``[CLS] question [SEP] passage [SEP]``, the [CLS] place standing for
"not in this passage", as in Rajpurkar et al. 2018). Each step draws one task:

read      spans of random windows of whole sentences, in all four language pairs; a window that
          does not hold the answer is an unanswerable example on the right subject; and a word masked
          in a sentence, found in its translation
retrieve  question against window, in-batch and same-document negatives (Karpukhin et al. 2020);
          and a sentence against its own paragraph (the inverse cloze task, Lee et al. 2019)
distil    translations against the English teacher's vectors, as in stage 1
"""

from __future__ import annotations

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertForQuestionAnswering, BertModel

from rag.protocols import PieceEmbedder
from rag.sentences import split
from rag.training.contextual import batch_of, batches, ends_of, joined, mean_vectors, text_vectors
from rag.training.gloss import counterparts
from rag.training.static import Ids

QUESTION_PIECES = 48
WINDOW_PIECES = 360
ARABIC_SHARE = 0.62  # of the reading examples that could be drawn over either language
JOINED = frozenset({"qamr", "squad", "cloze", "qamr gloss", "squad gloss"})  # one-sentence texts
WORDS_ALIKE = 0.35  # mean cosine from which two pieces are taken for each other's translation
ALIGNED_LAYER = 4  # of 6: words are brought together there, spans are told further on


@dataclass(frozen=True, slots=True, kw_only=True)
class JointSettings:
    """Tokens a batch, peak rates, run time, and how often each task and source is drawn."""

    batch_tokens: int = 6000
    examples: int = 48  # a reading step, in four parts of like length
    embedding_rate: float = 5e-4
    layer_rate: float = 1e-4
    dropout: float = 0.1  # of reading and retrieval
    scale: float = 20.0
    minutes: float = 60.0
    steps: int | None = None  # ends the run in place of the time, on every machine alike
    seed: int = 0
    tasks: tuple[float, float, float] = (0.58, 0.22, 0.2)  # read, retrieve, distil
    reading: tuple[tuple[str, float], ...] = (
        ("sanad", 0.16),
        ("news", 0.22),
        ("written", 0.33),
        ("terse", 0.12),
        ("arcd", 0.05),
        ("qamr", 0.02),
        ("squad", 0.02),
        ("fairytaleqa", 0.03),
        ("covidqa", 0.01),
        ("cloze", 0.01),
        ("qamr gloss", 0.01),
        ("squad gloss", 0.01),
        ("text gloss", 0.01),
    )
    mixed: float = 0.25  # of the aligned texts, each sentence in a language of its own
    mark_dropped: float = 0.35  # of the questions lose their question mark, as people type
    piece_dropped: float = 0.02  # of a question's pieces are left out
    piece_masked: float = 0.06  # of a passage's pieces cannot be seen
    words: float = 0.5  # weight of the loss that brings words to their translations

    def share(self, step: int, minutes: float) -> float:
        """How much of the run is over, at most 1."""
        done = minutes / self.minutes if self.steps is None else step / self.steps
        return min(1.0, done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in pieces: ids, their character offsets, and the piece range of each sentence."""

    ids: Ids
    offsets: NDArray[np.int32]  # (pieces, 2)
    sentences: tuple[tuple[int, int], ...]
    lengths: tuple[int, ...]  # characters a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, the texts that answer it by language, and where."""

    ids: Ids
    texts: tuple[int, ...]  # numbers of texts, one a language
    answers: tuple[tuple[tuple[int, int], ...], ...]  # piece ranges in each text; () unanswerable
    group: str  # what its hard negatives share: unit, article


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One reading example; ``starts`` and ``ends`` are the places that count as right."""

    ids: list[int]
    types: list[int]
    starts: list[int]
    ends: list[int]


class Corpus:
    """Every text and question in pieces, by source."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.texts: list[Text] = []
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.near: dict[str, list[int]] = defaultdict(list)  # group → numbers of texts
        self._known: dict[str, int] = {}

    def text(self, written: str, group: str) -> int:
        """The number of a text, read once."""
        if written not in self._known:
            encoded = self.tokenizer.encode(written, add_special_tokens=False)
            offsets = np.array(encoded.offsets, np.int32).reshape(-1, 2)
            sentences = split(written)
            marks = np.searchsorted(offsets[:, 0], [s.start for s in sentences]).tolist()
            marks.append(len(offsets))
            self._known[written] = len(self.texts)
            self.texts.append(
                Text(
                    ids=np.array(encoded.ids, np.int32),
                    offsets=offsets,
                    sentences=tuple(itertools.pairwise(marks)),
                    lengths=tuple(s.end - s.start for s in sentences),
                )
            )
            self.near[group].append(self._known[written])
        return self._known[written]

    def question(self, written: str) -> Ids:
        """A question's pieces, cut at :data:`QUESTION_PIECES`."""
        ids = self.tokenizer.encode(written, add_special_tokens=False).ids[:QUESTION_PIECES]
        return np.array(ids, np.int32)

    def spans(self, number: int, answers: Sequence[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
        """The answers as piece ranges of the text."""
        offsets = self.texts[number].offsets
        found = set()
        for answer in answers:
            first = int(np.searchsorted(offsets[:, 1], answer["start"], side="right"))
            end = answer["start"] + len(answer["text"])
            last = int(np.searchsorted(offsets[:, 0], end, side="left"))
            if first < last:
                found.add((first, last))
        return tuple(sorted(found))

    def add_twins(self, source: str, rows: Sequence[dict[str, Any]]) -> None:
        """sanad_qa: every question over its own text and its twin's."""
        by_id = {row["id"]: row for row in rows}
        for row in rows:
            both = sorted((row, by_id[row["twin"]]), key=lambda one: one["lang"])  # Arabic first
            numbers = tuple(self.text(one["context"], row["unit"]) for one in both)
            spans = tuple(
                self.spans(n, one["answers"]) for n, one in zip(numbers, both, strict=True)
            )
            if row["is_impossible"] or all(spans):
                self.asked[source].append(
                    Asked(
                        ids=self.question(row["question"]),
                        texts=numbers,
                        answers=spans,
                        group=row["unit"],
                    )
                )

    def add(
        self, source: str, rows: Sequence[dict[str, Any]], group: Callable[[dict[str, Any]], str]
    ) -> None:
        """Questions over one text each."""
        for row in rows:
            number = self.text(row["context"], group(row))
            spans = self.spans(number, row["answers"])
            if spans or row["is_impossible"]:
                self.asked[source].append(
                    Asked(
                        ids=self.question(row["question"]),
                        texts=(number,),
                        answers=(spans,),
                        group=group(row),
                    )
                )

    def add_sentences(self, source: str, rows: Sequence[tuple[str, str]]) -> None:
        """Question and answering sentence, the span unknown: any place in it counts as right."""
        for place, (question, sentence) in enumerate(rows):
            group = f"{source}-{place // 8}"  # neighbouring rows come from one article
            number = self.text(sentence, group)
            self.asked[source].append(
                Asked(
                    ids=self.question(question), texts=(number,), answers=(((0, -1),),), group=group
                )
            )

    def add_cloze(
        self, source: str, pairs: Sequence[tuple[str, str]], words: PieceEmbedder, seed: int
    ) -> None:
        """Translations as questions: one word masked, to be found in the other language.

        The masked word's counterpart is the word whose static vector is nearest, where each is the
        other's nearest and both are rarer than the middle of their sentence. Neighbouring pairs are
        taken to stand in one text.
        """
        rng = np.random.default_rng(seed)
        for place, pair in enumerate(pairs):
            read = [words.pieces(one) for one in pair]
            if min(len(one.word_weights) for one in read) < 5:
                continue
            rare = [one.word_weights >= np.median(one.word_weights) for one in read]
            found = [(n, m) for n, m in counterparts(*read) if rare[0][n] and rare[1][m]]
            if not found:
                continue
            group = f"{source}-{place // 6}"
            for asked, told in ((0, 1), (1, 0)):
                chosen = found[int(rng.integers(len(found)))]
                masked = read[asked].word_spans[chosen[asked]]
                start, end = read[told].word_spans[chosen[told]].tolist()
                number = self.text(pair[told], group)
                answer = {"start": start, "text": pair[told][start:end]}
                spans = self.spans(number, [answer])
                if spans:
                    question = self._masked(pair[asked], *masked.tolist())
                    one = Asked(ids=question, texts=(number,), answers=(spans,), group=group)
                    self.asked[source].append(one)

    def _masked(self, written: str, start: int, end: int) -> Ids:
        """The text's pieces with those of one word replaced by [MASK], cut to a question around it."""
        encoded = self.tokenizer.encode(written, add_special_tokens=False)
        inside = [n for n, (a, b) in enumerate(encoded.offsets) if a < end and b > start]
        mask = self.tokenizer.token_to_id("[MASK]")
        ids = [*encoded.ids[: inside[0]], mask, *encoded.ids[inside[-1] + 1 :]]
        first = max(0, inside[0] - QUESTION_PIECES // 2)
        return np.array(ids[first : first + QUESTION_PIECES], np.int32)


def window(
    text: Text, answers: Sequence[tuple[int, int]], rng: np.random.Generator, longest: int
) -> tuple[int, int]:
    """A run of whole sentences, about 120 to 1000 characters; holds one answer where there is one.

    Returned as a piece range of at most ``longest`` pieces.
    """
    sentences = text.sentences
    if answers:
        first = answers[int(rng.integers(len(answers)))]
        at = next((n for n, (_, end) in enumerate(sentences) if first[0] < end), 0)
        last = next((n for n, (_, end) in enumerate(sentences) if first[1] <= end), at)
    else:
        at = last = int(rng.integers(len(sentences)))
    wanted = rng.uniform(120, 1000) if rng.random() > 0.15 else 10_000
    size = sum(text.lengths[at : last + 1])
    while size < wanted and (at > 0 or last + 1 < len(sentences)):
        ahead = last + 1 < len(sentences) and (at == 0 or rng.random() < 0.5)
        number = last + 1 if ahead else at - 1
        pieces = sentences[max(last, number)][1] - sentences[min(at, number)][0]
        if pieces > longest:
            break
        at, last = min(at, number), max(last, number)
        size += text.lengths[number]
    begin, end = sentences[at][0], sentences[last][1]
    if end - begin > longest and answers:  # one very long sentence: keep the answer in
        begin = max(begin, min(first[0] - longest // 3, end - longest))
    return begin, min(end, begin + longest)


def holds_none(sentence: tuple[int, int], answers: Sequence[tuple[int, int]]) -> bool:
    """Whether a sentence with any pieces touches no answer; all are piece ranges."""
    begin, end = sentence
    return begin < end and not any(first < end and begin < last for first, last in answers)


def without(
    text: Text, answers: Sequence[tuple[int, int]], rng: np.random.Generator
) -> tuple[int, int] | None:
    """A run of sentences that holds no answer, or None."""
    free = [n for n, one in enumerate(text.sentences) if holds_none(one, answers)]
    if not free:
        return None
    at = last = free[int(rng.integers(len(free)))]
    most = int(rng.integers(1, 5))
    while last - at + 1 < most and last + 1 in free:
        last += 1
    while last - at + 1 < most and at - 1 in free:
        at -= 1
    begin, end = text.sentences[at][0], text.sentences[last][1]
    return begin, min(end, begin + WINDOW_PIECES)


def remainder(
    text: Text, answers: Sequence[tuple[int, int]], begin: int, end: int
) -> list[tuple[int, int]]:
    """The sentences between two pieces that hold no answer, as piece ranges.

    As long as what answers, but for a sentence: of runs alone, the long one would be what answers.
    """
    return [
        (first, last)
        for first, last in text.sentences
        if begin <= first and last <= end and holds_none((first, last), answers)
    ]


class Reading:
    """Draws reading examples."""

    def __init__(
        self, corpus: Corpus, settings: JointSettings, ends: tuple[int, int], seed: int
    ) -> None:
        self.corpus, self.ends = corpus, ends
        self.rng = np.random.default_rng(seed)
        names = [(name, share) for name, share in settings.reading if corpus.asked[name]]
        total = sum(share for _, share in names)
        self.names = [name for name, _ in names]
        self.shares = [share / total for _, share in names]
        self.settings = settings
        self._left: dict[str, list[int]] = defaultdict(list)
        self._mark = corpus.tokenizer.token_to_id("?")
        self._mask = corpus.tokenizer.token_to_id("[MASK]")

    def draw(self) -> Example:
        """The next example: sources in their shares, each source's questions in random rounds."""
        name = self.names[int(self.rng.choice(len(self.names), p=self.shares))]
        pool = self.corpus.asked[name]
        if not self._left[name]:
            self._left[name] = self.rng.permutation(len(pool)).tolist()
        asked = pool[self._left[name].pop()]
        if name in JOINED:
            return self._joined(asked)
        return self._windowed(asked, name)

    def _example(
        self, question: Ids, parts: Sequence[Ids], spans: Sequence[tuple[int, int]]
    ) -> Example:
        """``spans`` are piece ranges of the joined ``parts``; none means unanswerable."""
        cls, sep = self.ends
        question = self._typed(question)
        passage = [piece for part in parts for piece in part.tolist()][:WINDOW_PIECES]
        ahead = len(question) + 2
        hidden = (self.rng.random(len(passage)) < self.settings.piece_masked).tolist()
        seen = [self._mask if off else piece for piece, off in zip(passage, hidden, strict=True)]
        ids = [cls, *question.tolist(), sep, *seen, sep]
        kept = [(a, b) for a, b in spans if b <= len(passage)]
        return Example(
            ids=ids,
            types=[0] * ahead + [1] * (len(passage) + 1),
            starts=sorted({ahead + a for a, _ in kept}) or [0],
            ends=sorted({ahead + b - 1 for _, b in kept}) or [0],
        )

    def _typed(self, question: Ids) -> Ids:
        """The question without its mark, or without some of its pieces, in a share of the cases."""
        if (
            len(question) > 1
            and question[-1] == self._mark
            and self.rng.random() < self.settings.mark_dropped
        ):
            question = question[:-1]
        kept = self.rng.random(len(question)) >= self.settings.piece_dropped
        return question[kept] if kept.any() else question

    def _mixed(self, asked: Asked, side: int, begin: int, end: int) -> Example | None:
        """The window with each sentence in one of its two languages; None where none fits.

        An answer counts where its sentence stands in the answer's language.
        """
        sentences = self.corpus.texts[asked.texts[side]].sentences
        parts: list[Ids] = []
        spans: list[tuple[int, int]] = []
        size = 0
        for number, (first, last) in enumerate(sentences):
            if first < begin or last > end:
                continue
            told = int(self.rng.integers(2))
            text = self.corpus.texts[asked.texts[told]]
            a, b = text.sentences[number]
            spans += [
                (size + s - a, size + e - a) for s, e in asked.answers[told] if a <= s < e <= b
            ]
            parts.append(text.ids[a:b])
            size += b - a
        if not parts or (any(asked.answers) and not spans) or size > WINDOW_PIECES:
            return None
        return self._example(asked.ids, parts, spans)

    def _windowed(self, asked: Asked, name: str) -> Example:
        # Twins: oftener the Arabic text, which has few questions of other sources.
        side = 0 if len(asked.texts) == 1 or self.rng.random() < ARABIC_SHARE else 1
        text, answers = self.corpus.texts[asked.texts[side]], asked.answers[side]
        chance = self.rng.random()
        if answers and chance < 0.14:
            free = without(text, answers, self.rng)
            if free is not None:
                return self._example(asked.ids, [text.ids[free[0] : free[1]]], [])
        elif answers and chance < 0.28:
            around = window(text, answers, self.rng, WINDOW_PIECES)
            parts = [text.ids[a:b] for a, b in remainder(text, answers, *around)]
            if parts:
                return self._example(asked.ids, parts, [])
        if chance > 0.95 and name != "terse":  # another text altogether
            pool = self.corpus.asked[name]
            other = pool[int(self.rng.integers(len(pool)))]
            if other.group != asked.group:
                text = self.corpus.texts[other.texts[int(self.rng.integers(len(other.texts)))]]
                begin, end = window(text, (), self.rng, WINDOW_PIECES)
                return self._example(asked.ids, [text.ids[begin:end]], [])
        begin, end = window(text, answers, self.rng, WINDOW_PIECES)
        if len({len(self.corpus.texts[n].sentences) for n in asked.texts}) == 1 < len(asked.texts):
            mixed = None
            if self.rng.random() < self.settings.mixed:
                mixed = self._mixed(asked, side, begin, end)
            if mixed is not None:
                return mixed
        inside = [(a - begin, b - begin) for a, b in answers if a >= begin and b <= end]
        return self._example(asked.ids, [text.ids[begin:end]], inside)

    def _joined(self, asked: Asked) -> Example:
        """One-sentence texts, with sentences of the same article before and after."""
        text = self.corpus.texts[asked.texts[0]]
        near = [n for n in self.corpus.near[asked.group] if n != asked.texts[0]]
        count = min(len(near), int(self.rng.integers(0, 4)))
        others = [
            self.corpus.texts[near[int(n)]].ids
            for n in self.rng.choice(len(near), count, replace=False)
        ]
        if others and self.rng.random() < 0.25:
            return self._example(asked.ids, others, [])
        place = int(self.rng.integers(len(others) + 1))
        ahead = sum(len(part) for part in others[:place])
        parts = [*others[:place], text.ids, *others[place:]]
        if asked.answers[0] == ((0, -1),):  # span unknown: every piece of the sentence
            spans = [(ahead + n, ahead + n + 1) for n in range(len(text.ids))]
        else:
            spans = [(ahead + a, ahead + b) for a, b in asked.answers[0]]
        return self._example(asked.ids, parts, spans)


def padded(examples: Sequence[Example], device: torch.device) -> tuple[Tensor, ...]:
    """ids, mask, types (rows, width) int64 and the right starts and ends (rows, width) bool."""
    shape = (len(examples), max(len(one.ids) for one in examples))
    ids, mask, types = (np.zeros(shape, np.int64) for _ in range(3))
    starts, ends = np.zeros(shape, bool), np.zeros(shape, bool)
    for row, one in enumerate(examples):
        ids[row, : len(one.ids)] = one.ids
        mask[row, : len(one.ids)] = 1
        types[row, : len(one.ids)] = one.types
        starts[row, one.starts] = True
        ends[row, one.ends] = True
    return tuple(torch.from_numpy(part).to(device) for part in (ids, mask, types, starts, ends))


def span_loss(logits: Tensor, mask: Tensor, types: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Mean of -log of the probability of the right starts and ends; logits (rows, width, 2).

    Only [CLS] and the passage compete: a span in the question is never an answer.
    """
    open_ = (types == 1) & (mask == 1)
    open_[:, 0] = True
    logits = logits.float().masked_fill(~open_[..., None], -1e4)
    shares = torch.log_softmax(logits, dim=1)
    first = torch.logsumexp(shares[..., 0].masked_fill(~starts, -1e4), dim=1)
    last = torch.logsumexp(shares[..., 1].masked_fill(~ends, -1e4), dim=1)
    return -(first + last).mean() / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Token vectors of a batch (rows, width, dim): put in, at :data:`ALIGNED_LAYER`, and last."""

    given: Tensor
    aligned: Tensor
    last: Tensor
    mask: Tensor  # (rows, width)


def layers_of(model: BertModel, ids: Tensor, mask: Tensor) -> Layers:
    """Runs the batch."""
    hidden = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    last = hidden[-1]
    return Layers(
        given=hidden[0], aligned=hidden[min(ALIGNED_LAYER, len(hidden) - 1)], last=last, mask=mask
    )


def words_loss(left: Layers, right: Layers) -> Tensor:
    """How hard it is to tell which piece of the translation each piece belongs to.

    ``right`` holds the translations of the first rows of ``left`` and stays as it is. Pieces that
    are each other's nearest, by the mean of their cosines before the first layer and at
    :data:`ALIGNED_LAYER`, are taken for translations (Jalili Sabet et al. 2020, SimAlign); the loss
    is the cross-entropy of finding them among all pieces of the translation.
    """
    count = len(right.mask)

    def unit(vectors: Tensor) -> Tensor:
        return nn.functional.normalize(vectors[:count].float(), dim=-1)

    cosines = unit(left.aligned) @ unit(right.aligned).detach().transpose(1, 2)
    with torch.no_grad():
        open_ = inner(left.mask[:count])[:, :, None] & inner(right.mask)[:, None, :]
        given = unit(left.given) @ unit(right.given).transpose(1, 2)
        alike = (0.5 * (cosines + given)).masked_fill(~open_, -2.0)
        nearest, back = alike.argmax(2), alike.argmax(1)
        places = torch.arange(alike.shape[1], device=alike.device)
        mutual = (back.gather(1, nearest) == places) & (alike.amax(2) > WORDS_ALIKE)
    if not mutual.any():
        return cosines.sum() * 0.0
    logits = (cosines * 10).masked_fill(~inner(right.mask)[:, None, :], -1e4)
    return nn.functional.cross_entropy(logits[mutual], nearest[mutual])


def inner(mask: Tensor) -> Tensor:
    """The mask without [CLS] and [SEP], as bool."""
    inside = mask.bool() & torch.roll(mask, -1, 1).bool()  # the last one open goes
    inside[:, -1] = False
    inside[:, 0] = False
    return inside


class Retrieval:
    """Draws batches of (question, text that answers) in pieces, with hard negatives."""

    def __init__(self, corpus: Corpus, news: Sequence[str], seed: int) -> None:
        self.corpus = corpus
        self.rng = np.random.default_rng(seed)
        self.twins = [one for one in corpus.asked["sanad"] if all(one.answers)]
        self.news = []
        for written in news:
            text = corpus.texts[corpus.text(written, "news")]
            if len(text.sentences) >= 3:
                self.news.append(text)

    def draw(self, tokens: int) -> tuple[list[Ids], list[Ids]]:
        """Questions (n), and texts (n positives, then negatives)."""
        chance = self.rng.random()
        if chance < 0.6:
            return self._questions(self.twins, tokens)
        if chance < 0.85 or not self.news:
            names = [
                "news",
                "written",
                "arcd",
                "squad",
                "qamr",
                "fairytaleqa",
                "covidqa",
                "qamr gloss",
                "text gloss",
            ]
            pool: list[Asked] = []
            for name in names:
                known = [one for one in self.corpus.asked[name] if one.answers[0]]
                pool += [known[place] for place in self.rng.permutation(len(known))[:40].tolist()]
            return self._questions(pool, tokens)
        return self._cloze(tokens)

    def _questions(self, pool: Sequence[Asked], tokens: int) -> tuple[list[Ids], list[Ids]]:
        asked, right, wrong = [], [], []
        groups: set[str] = set()
        size = 0
        for place in self.rng.permutation(len(pool)).tolist():
            one = pool[place]
            if one.group in groups:
                continue
            groups.add(one.group)
            side = int(self.rng.integers(len(one.texts)))
            text = self.corpus.texts[one.texts[side]]
            spans = one.answers[side]
            if spans == ((0, -1),):
                spans = ((0, len(text.ids)),)
            begin, end = window(text, spans, self.rng, 200)
            asked.append(one.ids)
            right.append(text.ids[begin:end])
            size += len(right[-1]) + len(one.ids)
            if self.rng.random() < 0.3:
                side = int(self.rng.integers(len(one.texts)))
                text = self.corpus.texts[one.texts[side]]
                free = without(text, one.answers[side], self.rng)
                if free is not None and one.answers[side] != ((0, -1),):
                    wrong.append(text.ids[free[0] : free[1]][:200])
                    size += len(wrong[-1])
            if size > tokens:
                break
        return asked, right + wrong

    def _cloze(self, tokens: int) -> tuple[list[Ids], list[Ids]]:
        asked, right = [], []
        size = 0
        while size < tokens:
            text = self.news[int(self.rng.integers(len(self.news)))]
            at = int(self.rng.integers(len(text.sentences)))
            begin, end = text.sentences[at]
            if end - begin < 5:
                continue
            first, last = text.sentences[max(0, at - 2)][0], begin
            after = text.sentences[min(len(text.sentences) - 1, at + 2)][1]
            kept = text.ids[begin:end] if self.rng.random() < 0.2 else text.ids[:0]
            rest = np.concatenate([text.ids[first:last], kept, text.ids[end:after]])
            sentence = text.ids[begin:end][:QUESTION_PIECES]
            if len(sentence) > 12 and self.rng.random() < 0.5:  # part of it, as a question is
                cut = int(self.rng.integers(0, len(sentence) - 8))
                sentence = sentence[cut : cut + int(self.rng.integers(6, 16))]
            asked.append(sentence)
            right.append(rest[:200])
            size += len(right[-1]) + len(asked[-1])
        return asked, right


def set_dropout(model: nn.Module, share: float) -> None:
    """The probability of every dropout layer of hidden values.

    Attention keeps all of its weights: masks of (heads, width, width) halve the speed of a CPU.
    """
    for name, part in model.named_modules():
        if isinstance(part, nn.Dropout) and not name.endswith("attention.self.dropout"):
            part.p = share


def sorted_vectors(
    model: BertModel, rows: Sequence[Ids], ends: tuple[int, int], device: torch.device
) -> Tensor:
    """Vectors of rows of very different length, run in groups of like length."""
    order = sorted(range(len(rows)), key=lambda n: len(rows[n]))
    groups = [order[: len(order) // 2], order[len(order) // 2 :]]
    parts = []
    for group in filter(None, groups):
        ids, mask = batch_of([rows[n] for n in group], *ends)
        parts.append(text_vectors(model, ids.to(device), mask.to(device)))
    back = torch.tensor(np.argsort(order)).to(device)
    return torch.cat(parts)[back]


def train(
    model: BertForQuestionAnswering,
    teacher: BertModel,
    corpus: Corpus,
    news: Sequence[str],
    pairs: Sequence[tuple[Ids, Ids]],
    teacher_rows: Sequence[Ids],
    teacher_ends: tuple[int, int],
    settings: JointSettings,
    folder: Path,
    measure: Callable[[BertForQuestionAnswering], str] | None = None,
) -> None:
    """Trains for ``settings.minutes`` or to ``settings.steps``; a checkpoint every ten minutes.

    Where ``folder`` holds a checkpoint, the run goes on from it.

    ``pairs`` are (Arabic, English) in the model's pieces and ``teacher_rows`` the English sides in
    the teacher's; the teacher's work is left out of the checkpoint.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    teacher.to(device).eval()
    ends = ends_of(corpus.tokenizer)
    words = model.bert.embeddings.word_embeddings.weight
    layers = [p for p in model.parameters() if p is not words]
    optimiser = torch.optim.AdamW(
        [
            {"params": [words], "lr": 0.0, "base": settings.embedding_rate},
            {"params": layers, "lr": 0.0, "base": settings.layer_rate},
        ],
        weight_decay=0.0,
        betas=(0.9, 0.98),
        fused=True,
    )
    step, spent = 0, 0.0
    state = folder / "state.pt"
    if state.is_file():
        saved_state = torch.load(state, map_location=device, weights_only=True)
        model.load_state_dict(saved_state["model"])
        optimiser.load_state_dict(saved_state["optimiser"])
        step, spent = int(saved_state["step"]), float(saved_state["spent"])
    torch.manual_seed(settings.seed + step)
    rng = np.random.default_rng(settings.seed + step)
    reading = Reading(corpus, settings, ends, settings.seed + step + 1)
    retrieval = Retrieval(corpus, news, settings.seed + step + 2)
    translations = iter(batches(pairs, settings.batch_tokens // 2, rng))
    began = saved = shown_at = time.monotonic()
    shown: dict[str, list[float]] = defaultdict(list)
    ended = settings.share(step, spent) >= 1
    while not ended:
        elapsed = spent + (time.monotonic() - began) / 60
        slope = max(0.01, 1 - settings.share(step, elapsed))
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * min(1.0, (step + 1) / 60) * slope
        task = ("read", "retrieve", "distil")[int(rng.choice(3, p=settings.tasks))]
        set_dropout(model, 0.0 if task == "distil" else settings.dropout)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            if task == "read":
                loss = torch.zeros((), device=device)
                drawn = [reading.draw() for _ in range(settings.examples)]
                drawn.sort(key=lambda one: len(one.ids))
                size = -(-len(drawn) // 4)
                used = torch.tensor(sorted({n for one in drawn for n in one.ids}), device=device)
                # The table's gradient is collected in the rows in use: a dense one a part is slow.
                table = words.detach()[used].requires_grad_()
                for part in range(0, len(drawn), size):
                    rows = drawn[part : part + size]
                    ids, mask, types, starts, stops = padded(rows, device)
                    embedded = table[torch.searchsorted(used, ids).clamp(max=len(used) - 1)]
                    out = model.bert(
                        inputs_embeds=embedded, attention_mask=mask, token_type_ids=types
                    )
                    logits = model.qa_outputs(out.last_hidden_state)
                    one = span_loss(logits, mask, types, starts, stops) * len(rows) / len(drawn)
                    one.backward()
                    loss += one.detach()
                words.grad = torch.zeros_like(words).index_copy_(0, used, table.grad)
                shown["read"].append(float(loss))
            elif task == "retrieve":
                asked, texts = retrieval.draw(settings.batch_tokens)
                left = sorted_vectors(model.bert, asked, ends, device)
                right = sorted_vectors(model.bert, texts, ends, device)
                labels = torch.arange(len(asked), device=device)
                logits = left @ right.T * settings.scale
                back = nn.functional.cross_entropy(logits[:, : len(asked)].T, labels)
                loss = 0.5 * nn.functional.cross_entropy(logits, labels) + 0.25 * back
                loss.backward()
                shown["retrieve"].append(float(loss.detach()))
            else:
                numbers = next(translations, None)
                if numbers is None:
                    translations = iter(batches(pairs, settings.batch_tokens // 2, rng))
                    numbers = next(translations)
                with torch.no_grad():
                    taught = batch_of([teacher_rows[n] for n in numbers], *teacher_ends)
                    target = mean_vectors(teacher, *(part.to(device) for part in taught))
                given = batch_of([pairs[n][0] for n in numbers], *ends)
                left = layers_of(model.bert, *(part.to(device) for part in given))
                arabic = joined(left.given, left.last, left.mask)
                some = numbers[: max(4, len(numbers) // 3)]
                given = batch_of([pairs[n][1] for n in some], *ends)
                right = layers_of(model.bert, *(part.to(device) for part in given))
                english = joined(right.given, right.last, right.mask)
                near = (1 - (arabic * target).sum(-1)).mean()
                kept = (1 - (english * target[: len(some)]).sum(-1)).mean()
                labels = torch.arange(len(numbers), device=device)
                apart = nn.functional.cross_entropy(arabic @ target.T * settings.scale, labels)
                together = words_loss(left, right)
                loss = 2 * near + 2 * kept + 0.5 * apart + settings.words * together
                loss.backward()
                shown["words"].append(float(together.detach()))
                shown["distil"].append(float(loss.detach()))
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        now = time.monotonic()
        if now - shown_at > 60:
            values = " ".join(f"{name} {np.mean(v):.4f}" for name, v in sorted(shown.items()))
            print(f"joint {step} {elapsed:.1f}m {values}", flush=True)
            shown.clear()
            shown_at = now
        ended = settings.share(step, elapsed) >= 1
        if ended or now - saved > 600:
            saved = now
            folder.mkdir(parents=True, exist_ok=True)
            model.save_pretrained(folder)
            progress = {"step": step, "minutes": elapsed, "settings": asdict(settings)}
            (folder / "progress.json").write_text(json.dumps(progress), encoding="utf-8")
            kept_state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "spent": elapsed,
            }
            torch.save(kept_state, state.with_suffix(".partial"))
            state.with_suffix(".partial").replace(state)  # a run killed here leaves the last one
            if measure is not None:
                model.eval()
                with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
                    print(f"joint {step} {elapsed:.1f}m {measure(model)}", flush=True)
                model.train()
