"""Measures models on sets that no training touched; the numbers of the model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag import catalogue
from rag.contextual import ContextualModel
from rag.embedding.contextual import ContextualEmbedder
from rag.embedding.static import StaticEmbedder
from rag.engine import retrieval_weights
from rag.evaluation.metrics import exact_match, token_f1
from rag.index.memory import MemoryIndex
from rag.languages import language_of
from rag.protocols import Embedder, SpanModel
from rag.question import understand
from rag.reading.closer import CLOSER, Sentence, read_again
from rag.reading.spans import best_span
from rag.retrieval import Retriever
from rag.sentences import split, trim
from rag.types import Document


def translation(embedder: Embedder, path: Path) -> dict[str, float]:
    """How often a sentence's translation is its nearest neighbour, both ways.

    ``path`` holds ``arabic<TAB>english`` lines.
    """
    rows = [line.split("\t")[:2] for line in path.read_text(encoding="utf-8").splitlines() if line]
    arabic = embedder.embed_passages([row[0] for row in rows])
    english = embedder.embed_passages([row[1] for row in rows])
    cosines = arabic @ english.T  # (arabic, english)
    right = np.arange(len(rows))
    return {
        "ar→en": float((cosines.argmax(axis=1) == right).mean()),
        "en→ar": float((cosines.argmax(axis=0) == right).mean()),
        "pairs": len(rows),
    }


def paragraphs(
    embedder: Embedder, retriever: Retriever, asked: Sequence[tuple[str, str]]
) -> dict[str, float]:
    """Recall@1 of the paragraph a question was asked of: dense alone, BM25 alone, as shipped.

    ``asked`` are (question, paragraph). A paragraph counts as found where the best passage is cut
    from it.
    """
    texts = dict.fromkeys(text for _, text in asked)
    names = {text: f"p{number}" for number, text in enumerate(texts)}
    index = MemoryIndex([_document(names[text], text) for text in texts], embedder)
    found = dict.fromkeys(("dense", "BM25", "first stage", "hybrid", "hybrid recall@5"), 0)
    for question_text, text in asked:
        gold = names[text]
        question = understand(question_text)
        dense = index.nearest(embedder.embed_queries([question.text])[0], 1)
        lexical = index.matching(question.weights, 1)
        shipped = [passage.document_id for passage, _ in retriever.retrieve(question, index, 5)]
        passages, rows = retriever.candidates(question, index)
        first = passages[int((rows @ np.array(retriever.weights.features)).argmax())]
        found["dense"] += _is(dense[0].passage_id, gold) if dense else 0
        found["BM25"] += _is(lexical[0].passage_id, gold) if lexical else 0
        found["first stage"] += first.document_id == gold
        found["hybrid"] += shipped[:1] == [gold]
        found["hybrid recall@5"] += gold in shipped
    scores = {name: count / len(asked) for name, count in found.items()}
    return scores | {"questions": len(asked), "paragraphs": len(texts)}


def reading(spans: SpanModel, asked: Sequence[tuple[str, str, Sequence[str]]]) -> dict[str, float]:
    """Exact match and F1 of the best span, and how well its margin tells unanswerable questions.

    As the embedded reader has it, a span lies inside one sentence, and the sentences with the best
    margins are read again by themselves. ``asked`` are (question, text, accepted answers), none
    where the text does not answer. The area under the ROC curve is the share of (answerable,
    unanswerable) pairs in the right order.
    """
    margins, answerable, exact, overlap = [], [], [], []
    for question, text, accepted in asked:
        scores = spans.score(question, [text])[0]
        places = tuple(trim(text, sentence.start, sentence.end) for sentence in split(text))
        order = sorted(range(len(places)), key=lambda n: -best_span(scores, text, places[n])[1])
        looks = [Sentence(text, places, number, scores) for number in order[:CLOSER]]
        by_sentence = [
            best_span(again, text, look.place)
            for look, again in zip(looks, read_again(spans, question, looks), strict=True)
        ]
        span, margin = max(by_sentence, key=lambda one: one[1])
        margins.append(margin)
        answerable.append(bool(accepted))
        if accepted:
            told = None if span is None else text[span.start : span.end]
            exact.append(exact_match(told, accepted))
            overlap.append(token_f1(told, accepted))
    found = {"exact match": float(np.mean(exact)), "F1": float(np.mean(overlap))}
    there = np.array(answerable)
    if not there.all():
        given = np.array(margins)
        pairs = given[there][:, None] - given[~there][None, :]
        found["no-answer AUROC"] = float((pairs > 0).mean() + (pairs == 0).mean() / 2)
    return found | {"questions": len(asked)}


def _is(passage_id: str, document_id: str) -> bool:
    return passage_id.rpartition("#")[0] == document_id


def _document(id: str, text: str) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=id, text=text, sha256=digest, title="", source=id, language=language_of(text)
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _asked(row: dict[str, Any], over: dict[str, Any]) -> tuple[str, str, Sequence[str]]:
    return row["question"], over["context"], [answer["text"] for answer in over["answers"]]


def measure(data: Path, models: Path) -> dict[str, dict[str, float]]:
    """Everything measured on the evaluation sets found under ``data``."""
    pieces = StaticEmbedder(models / catalogue.PIECES)
    network = ContextualModel(models / catalogue.BILINGUAL)
    embedder = ContextualEmbedder(network)
    weights = retrieval_weights(models / "evidence.json")
    retriever = Retriever(embedder, pieces, network, weights)
    scores: dict[str, dict[str, float]] = {}
    for name in ("ntrex.ar-en.tsv", "pud.ar-en.tsv", "laser-tatoeba.ara-en.tsv"):
        if (data / "eval" / name).is_file():
            scores[name] = translation(embedder, data / "eval" / name)
    for name in ("arcd.test.ar.jsonl", "mlqa.dev.ar.jsonl"):
        rows = _rows(data / "eval" / name)
        asked = [(row["question"], row["context"]) for row in rows]
        scores[name] = paragraphs(embedder, retriever, asked)
        scores[f"{name} reading"] = reading(network, [_asked(row, row) for row in rows])
    dev = _rows(data / "qa" / "sanad_qa.dev.jsonl")
    twins = {row["id"]: row for row in dev}
    for spoken in ("ar", "en"):
        for written in ("ar", "en"):
            pairs = [
                (row, row if spoken == written else twins[row["twin"]])
                for row in dev
                if row["lang"] == spoken
            ]
            over = [_asked(row, text) for row, text in pairs]
            scores[f"sanad_qa.dev {spoken}→{written} reading"] = reading(network, over)
    return scores
