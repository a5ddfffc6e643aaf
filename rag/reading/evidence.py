"""The embedded reader: it weighs how well each sentence answers, and tells the short answer.

The span model reads the question with each passage and says where an answer would start and end.
Beside its best span every sentence gets a handful of features (late interaction with the sentence
alone and with its surroundings, the question's rare terms it holds, whether it holds a value of the
type asked for, …). A linear model fitted by ``rag.training`` ranks the sentences; a second one
turns the best sentence's features into the probability that one of the first three answers. The
short answers of these are told after reading them again by themselves (:mod:`rag.reading.closer`).
Questions in the language of the text and questions across languages have weights of their own,
since words and stems only meet inside one language.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import late_interaction
from rag.errors import ModelDamaged
from rag.protocols import PassageIndex, PieceEmbedder, SpanModel
from rag.question import Question, coverage, idf, understand
from rag.reading.answers import TOLD_TYPES, values_of_type
from rag.reading.closer import CLOSER, Sentence, read_again
from rag.reading.places import Place, in_document, sentences_of
from rag.reading.spans import sure_span
from rag.retrieval import as_feature
from rag.terms import term_set
from rag.types import Evidence, Passage, Pieces, Span

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
    "typed_missing",  # should hold one and does not
    "counted",  # the word beside a number meets the noun counted in the question
    "heading",
    "short",  # fewer than four words: rarely evidence by itself
    "length",  # log of the number of characters
    "matched",  # content words of the question matched in the sentence, by weight
    "matched_context",  # … or in the sentence before
    "matched_passage",  # … or anywhere in the passage
    "matched_all",  # … or anywhere in what was retrieved
    "least_passage",  # the content word matched least in the passage
    "least_all",  # … in all that was retrieved
    "unmatched_passage",  # the weight of words with no real match in the passage
    "unmatched_all",
    "weak_passage",  # the weight of words with no sure match in the passage
    "weak_all",
    "few_words",  # one content word: nothing to be sure by
    "span",  # the margin of the best span in the sentence over no answer
    "span_passage",  # … of the best span in the passage
    "span_below",  # the part of the margin under zero: no answer there is another kind of news
    "span_sure",  # the F1 its best span can be expected to have
)
# The span is told as the short answer where it can be expected to be half right. Given the right
# sentence, 93 % of the spans reach that (1,792 questions kept aside, terse ones among them); 80 % of
# these have an F1 of .5 or more and 13 % of 0 (of all 77 and 15). Below it the sentence is the
# answer: better too much than the wrong name.
_SURE = 0.5
_TOLD = 16  # sentences whose short answer is looked for: as many as are compared with each other
_RELATIONS = ("same", "cross")  # of the language of the question to that of the text
_REAL_MATCH = 0.45  # cosine under which a word is a different word, not a form or a translation
_SURE_MATCH = 0.62  # under which it may be a word of the same kind: another country, another verb


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWeights:
    """Linear weights: ``rank`` orders sentences, ``answers`` gives the log-odds of the best one.

    One row a language relation ("same", "cross"), for FEATURES and ANSWER_FEATURES.
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
            features = tuple(stored["features"])
            rank = {name: tuple(map(float, stored["rank"][name])) for name in _RELATIONS}
            answers = {name: tuple(map(float, stored["answers"][name])) for name in _RELATIONS}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelDamaged(f"{path.name}: {error}", hint="reinstall sanad") from error
        if not all(
            math.isfinite(x) for rows in (rank, answers) for row in rows.values() for x in row
        ):
            raise ModelDamaged(
                f"{path.name}: holds values that are no numbers", hint="reinstall sanad"
            )
        widths = {len(row) for row in rank.values()}, {len(row) for row in answers.values()}
        if features != FEATURES or widths != ({len(FEATURES)}, {len(ANSWER_FEATURES)}):
            raise ModelDamaged(
                f"{path.name}: its {len(features)} features are not the {len(FEATURES)} of this version",
                hint="reinstall sanad",
            )
        return cls(rank=rank, answers=answers, fingerprint=hashlib.sha256(content).hexdigest()[:12])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence with its features; spans are those of the document."""

    passage: Passage
    span: Span
    text: str
    relation: str
    features: NDArray[np.float64]
    answer: Span | None
    sentence: Sentence


class EvidenceReader:
    """Ranks the sentences of the passages it is given; safe to share between threads."""

    def __init__(self, pieces: PieceEmbedder, spans: SpanModel, weights: EvidenceWeights) -> None:
        self._pieces = pieces
        self._spans = spans
        self._weights = weights
        self.fingerprint = f"evidence@{weights.fingerprint}+{spans.fingerprint}"

    def read(
        self, question: str, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Evidence]:
        """Evidence over all passages, best first; one entry a sentence."""
        asked = understand(question)
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
        shares = softmax(np.array(scores))
        best = candidates[order[0]]
        row = self._weights.answers[best.relation]
        odds = float(np.dot(row, answer_features(best.features, np.array(scores), len(index))))
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
        told = [candidate.answer for candidate in candidates]
        first = order[:CLOSER]
        for number, answer in zip(
            first, self._closer(asked, [candidates[n] for n in first]), strict=True
        ):
            told[number] = answer
        return [
            Evidence(
                document_id=candidates[number].passage.document_id,
                passage_id=candidates[number].passage.id,
                quote=candidates[number].span,
                answer=told[number] if place < _TOLD else None,
                score=scores[number],
                probability=float(probability * shares[number] / shares[order[0]]),
            )
            for place, number in enumerate(order)
        ]

    def candidates(
        self, question: Question, passages: Sequence[Passage], index: PassageIndex
    ) -> list[Candidate]:
        """Every sentence of the passages with its features."""
        asked = self._ask(question, index)
        read = self._read(asked, [passage.text for passage in passages])
        everywhere = _most([item.words for item in read])
        places = [list(sentences_of(passage)) for passage in passages]
        scores = self._spans.score(question.text, [passage.text for passage in passages])
        alone = iter(self._read(asked, [place.text for some in places for place in some]))
        found = []
        for passage, whole, some, scored in zip(passages, read, places, scores, strict=True):
            relation = "same" if passage.language == question.language else "cross"
            before = None
            spans = [sure_span(scored, passage.text, place.local) for place in some]
            margins = [as_feature(margin) for _, margin, _ in spans]
            local = tuple(place.local for place in some)
            for number, (place, (span, _, sure), margin) in enumerate(
                zip(some, spans, margins, strict=True)
            ):
                here = next(alone)
                features = [
                    *_matches(asked, here, before or here, whole),
                    *_shape(question, asked, place, here.source),
                    *_words(asked, here, before or here, whole, everywhere),
                    margin,
                    max(margins),
                    min(margin, 0.0),
                    sure,
                ]
                found.append(
                    Candidate(
                        passage=passage,
                        span=place.span,
                        text=place.text,
                        relation=relation,
                        features=np.array(features),
                        answer=_told(passage, span, sure),
                        sentence=Sentence(passage.text, local, number, scored),
                    )
                )
                before = here
        return found

    def _closer(self, question: Question, best: Sequence[Candidate]) -> Iterator[Span | None]:
        """The short answers of the best sentences, from reading these again by themselves."""
        read = read_again(self._spans, question.text, [one.sentence for one in best])
        for candidate, scores in zip(best, read, strict=True):
            sentence = candidate.sentence
            span, _, sure = sure_span(scores, sentence.text, sentence.place)
            yield _told(candidate.passage, span, sure)

    def _ask(self, question: Question, index: PassageIndex) -> _Asked:
        pieces = self._pieces.pieces(question.text)
        rarity = {
            kind: {
                term.text: question.weights[term.text] * idf(index, term.text)
                for term in question.terms
                if term.kind == kind
            }
            for kind in ("word", "sound", "value")
        }
        words = late_interaction.content_words(pieces, question.terms)
        return _Asked(pieces, words, rarity, _word_at(pieces, question.counted))

    def _read(self, asked: _Asked, texts: Sequence[str]) -> list[_Match]:
        found = []
        for text, pieces in zip(texts, self._pieces.many_pieces(texts), strict=True):
            present = term_set(text)
            best = late_interaction.best_matches(asked.pieces, pieces)
            words = late_interaction.word_matches(asked.words, pieces, present)
            found.append(_Match(pieces, best, words, present))
        return found


def _told(passage: Passage, span: Span | None, sure: float) -> Span | None:
    """The best span as a short answer in the document, where it can be told."""
    return None if span is None or sure < _SURE else in_document(passage, span)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question as features see it."""

    pieces: Pieces
    words: late_interaction.ContentWords
    rarity: dict[str, dict[str, float]]
    counted: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class _Match:
    """How a text meets the question: best cosine a piece, match a content word, terms it holds."""

    source: Pieces
    pieces: NDArray[np.float32]
    words: NDArray[np.float32]
    terms: frozenset[str]


def _word_at(pieces: Pieces, span: tuple[int, int] | None) -> NDArray[np.float32] | None:
    """The vector of the longest word that touches a span of the question."""
    if span is None:
        return None
    spans = pieces.word_spans
    touching = np.flatnonzero((spans[:, 0] < span[1]) & (spans[:, 1] > span[0]))
    if not len(touching):
        return None
    longest = touching[(spans[touching, 1] - spans[touching, 0]).argmax()]
    vector: NDArray[np.float32] = pieces.word_vectors[longest]
    return vector


def _matches(asked: _Asked, alone: _Match, before: _Match, whole: _Match) -> list[float]:
    weights = asked.pieces.weights
    context = np.maximum(alone.pieces, before.pieces)
    lacking = weights * (1 - context)
    return [
        late_interaction.score(weights, alone.pieces),
        late_interaction.score(weights, context),
        late_interaction.score(weights, whole.pieces),
        float(lacking.max() / max(float(weights.sum()), 1e-9)) if len(lacking) else 1.0,
        coverage(asked.rarity["word"], alone.terms),
        coverage(asked.rarity["sound"], alone.terms),
        coverage(asked.rarity["value"], alone.terms),
        coverage(asked.rarity["word"], whole.terms),
    ]


def _shape(question: Question, asked: _Asked, place: Place, pieces: Pieces) -> list[float]:
    values = values_of_type(question, place.text)
    return [
        float(bool(values)),
        float(not values and question.answer_type in TOLD_TYPES),
        _beside(asked, values, pieces),
        float(place.kind == "heading"),
        float(len(place.text.split()) < 4),
        math.log(1 + len(place.text)) / 6,
    ]


def _beside(asked: _Asked, values: Sequence[Span], pieces: Pieces) -> float:
    """The best cosine of the counted noun with a word before or up to two after a number."""
    if asked.counted is None or not values:
        return 0.0
    best = 0.0
    for value in values:
        inside = np.flatnonzero(
            (pieces.word_spans[:, 0] < value.end) & (pieces.word_spans[:, 1] > value.start)
        )
        if len(inside):
            # Punctuation and the article are words of the tokenizer too.
            near = pieces.word_vectors[max(0, inside[0] - 2) : inside[-1] + 4]
            best = max(best, float((near @ asked.counted).max()))
    return best


def _words(
    asked: _Asked,
    alone: _Match,
    before: _Match,
    whole: _Match,
    everywhere: NDArray[np.float32],
) -> list[float]:
    weights = asked.words.weights
    if not len(weights):
        return [0.0] * 10 + [1.0]
    return [
        float(weights @ alone.words),
        float(weights @ np.maximum(alone.words, before.words)),
        float(weights @ whole.words),
        float(weights @ everywhere),
        float(whole.words.min()),
        float(everywhere.min()),
        float(weights[whole.words < _REAL_MATCH].sum()),
        float(weights[everywhere < _REAL_MATCH].sum()),
        float(weights[whole.words < _SURE_MATCH].sum()),
        float(weights[everywhere < _SURE_MATCH].sum()),
        float(len(weights) < 2),
    ]


def _most(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.maximum.reduce(rows) if rows else np.zeros(0, dtype=np.float32)


ANSWER_FEATURES = (*FEATURES, "lead", "share", "score", "passages", "constant")


def answer_features(
    best: NDArray[np.float64], scores: NDArray[np.float64], passages: int
) -> NDArray[np.float64]:
    """What the probability is worked out from: the best sentence's features and how it stands out.

    ``scores`` are those of all sentences, ``passages`` how many the index holds: a good match
    means more where there was less to choose from.
    """
    ordered = np.sort(scores)[::-1]
    lead = float(min(1.0, ordered[0] - ordered[1])) if len(ordered) > 1 else 0.0
    share = float(softmax(scores).max())
    return np.concatenate(
        [best, [lead, share, float(ordered[0]), math.log(max(1, passages)) / 7, 1.0]]
    )


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares that add up to 1."""
    powers: NDArray[np.float64] = np.exp(scores - scores.max())
    powers /= powers.sum()
    return powers
