"""The reader that needs no neural network: it weighs how well each sentence answers.

Every sentence of the passages gets a handful of features (late interaction with the sentence alone
and with its surroundings, the question's rare terms it holds, whether it holds a value of the type
asked for, …). A linear model fitted by ``rag.training`` ranks the sentences; a second one turns the
best sentence's features into the probability that it answers at all. Questions in the language of
the text and questions across languages have weights of their own, since words and stems only meet
inside one language.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import late_interaction
from rag.errors import ModelDamaged
from rag.protocols import PassageIndex, PieceEmbedder
from rag.question import Question, idf, understand
from rag.reading.answers import short_answer, values_of_type
from rag.sentences import Sentence, split, trim
from rag.terms import term_set
from rag.types import Evidence, Passage, Span

FEATURES = (
    "late",  # the sentence alone
    "late_context",  # with the sentence before it and the heading above
    "late_passage",  # the whole passage
    "worst",  # the weight of the question piece that is matched worst, times what it lacks
    "words",  # rare words of the question in the sentence
    "sounds",  # names by sound
    "values",  # numbers and months
    "words_passage",
    "typed",  # holds a value of the type asked for that the question does not hold itself
    "heading",
    "short",  # fewer than four words: rarely evidence by itself
    "length",  # log of the number of characters
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWeights:
    """Linear weights: ``rank`` orders sentences, ``answers`` gives the log-odds of the best one.

    One row a language relation ("same", "cross"). ``answers`` has, after the sentence's features,
    the lead over the best sentence elsewhere and a constant.
    """

    rank: dict[str, tuple[float, ...]]
    answers: dict[str, tuple[float, ...]]
    fingerprint: str

    @classmethod
    def load(cls, path: Path) -> EvidenceWeights:
        """Reads weights; raises ModelDamaged for a file of another shape."""
        try:
            content = path.read_bytes()
            stored = json.loads(content)
            if tuple(stored["features"]) != FEATURES:
                raise ValueError(f"features {stored['features']}, expected {list(FEATURES)}")
            rank = {name: tuple(map(float, row)) for name, row in stored["rank"].items()}
            answers = {name: tuple(map(float, row)) for name, row in stored["answers"].items()}
            for name in ("same", "cross"):
                if len(rank[name]) != len(FEATURES) or len(answers[name]) != len(FEATURES) + 2:
                    raise ValueError(f"row {name!r} has the wrong length")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelDamaged(f"{path.name}: {error}", hint="reinstall sanad") from error
        return cls(
            rank=rank, answers=answers, fingerprint=hashlib.sha256(content).hexdigest()[:12]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence with its features; spans are those of the document."""

    passage: Passage
    span: Span
    text: str
    heading: bool
    relation: str
    features: NDArray[np.float64]


class EvidenceReader:
    """Ranks the sentences of the passages it is given; safe to share between threads."""

    def __init__(self, pieces: PieceEmbedder, weights: EvidenceWeights) -> None:
        self._pieces = pieces
        self._weights = weights
        self.fingerprint = f"evidence@{weights.fingerprint}"

    def read(
        self, question: str, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Evidence]:
        """Evidence over all passages, best first; one entry a sentence."""
        asked = understand(question, index)
        candidates = self.candidates(asked, passages, index)
        if not candidates:
            return []
        scores = [
            float(np.dot(self._weights.rank[candidate.relation], candidate.features))
            for candidate in candidates
        ]
        order = sorted(
            range(len(candidates)),
            key=lambda i: (-scores[i], candidates[i].passage.document_id, candidates[i].span.start),
        )
        found = []
        for place, number in enumerate(order):
            candidate = candidates[number]
            rival = scores[order[1]] if place == 0 and len(order) > 1 else scores[order[0]]
            found.append(
                Evidence(
                    document_id=candidate.passage.document_id,
                    passage_id=candidate.passage.id,
                    quote=candidate.span,
                    answer=short_answer(asked, candidate.text, candidate.span.start),
                    score=scores[number],
                    probability=self._probability(candidate, scores[number] - rival),
                )
            )
        return found

    def _probability(self, candidate: Candidate, lead: float) -> float:
        row = self._weights.answers[candidate.relation]
        odds = float(np.dot(row, answer_features(candidate.features, lead)))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))

    def candidates(
        self, question: Question, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Candidate]:
        """Every sentence of the passages with its features."""
        asked = self._pieces.pieces(question.text)
        rarity = {
            kind: {
                term.text: question.weights[term.text] * idf(index, term.text)
                for term in question.terms
                if term.kind == kind
            }
            for kind in ("word", "sound", "value")
        }
        found = []
        for passage in passages:
            relation = "same" if passage.language == question.language else "cross"
            whole = late_interaction.best_matches(asked, self._pieces.pieces(passage.text))
            passage_late = late_interaction.score(asked.weights, whole)
            passage_terms = term_set(passage.text)
            passage_words = _share(rarity["word"], passage_terms)
            before = ""
            for sentence in split(passage.text):
                local = trim(passage.text, sentence.start, sentence.end)
                text = passage.text[local.start : local.end]
                if not any(character.isalnum() for character in text):
                    continue
                features = self._features(
                    question, rarity, text, before, sentence, passage_late, passage_words
                )
                before = text
                found.append(
                    Candidate(
                        passage=passage,
                        span=Span(
                            start=passage.start + local.start, end=passage.start + local.end
                        ),
                        text=text,
                        heading=sentence.kind == "heading",
                        relation=relation,
                        features=features,
                    )
                )
        return found

    def _features(
        self,
        question: Question,
        rarity: dict[str, dict[str, float]],
        text: str,
        before: str,
        sentence: Sentence,
        passage_late: float,
        passage_words: float,
    ) -> NDArray[np.float64]:
        asked = self._pieces.pieces(question.text)
        alone = late_interaction.best_matches(asked, self._pieces.pieces(text))
        context = alone
        if before:
            context = np.maximum(
                alone, late_interaction.best_matches(asked, self._pieces.pieces(before))
            )
        lacking = asked.weights * (1 - context)
        present = term_set(text)
        return np.array(
            [
                late_interaction.score(asked.weights, alone),
                late_interaction.score(asked.weights, context),
                passage_late,
                float(lacking.max() / asked.weights.sum()) if len(lacking) else 1.0,
                _share(rarity["word"], present),
                _share(rarity["sound"], present),
                _share(rarity["value"], present),
                passage_words,
                float(bool(values_of_type(question, text))),
                float(sentence.kind == "heading"),
                float(len(text.split()) < 4),
                math.log(1 + len(text)) / 6,
            ]
        )


def answer_features(features: NDArray[np.float64], lead: float) -> NDArray[np.float64]:
    """What the probability is worked out from: the features, the lead (at most 1) and 1."""
    return np.concatenate([features, [max(-1.0, min(1.0, lead)), 1.0]])


def _share(rarity: dict[str, float], present: frozenset[str]) -> float:
    total = sum(rarity.values())
    if total <= 0:
        return 0.0
    return sum(weight for key, weight in rarity.items() if key in present) / total
