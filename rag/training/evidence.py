"""Fits the weights of retrieval, of the evidence reader and its confidence on sanad_qa's dev units.

The static vectors never saw these units. Corpora of two sizes are built around them (a few
articles, and all articles), questions of both languages are asked against each language's corpus,
and unanswerable questions come from sanad_qa itself and from articles left out of the corpus.
Cross-validation is over units, so a passage is never on both sides.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag.embedding.static import StaticEmbedder
from rag.index.memory import MemoryIndex
from rag.question import understand
from rag.reading.evidence import (
    ANSWER_FEATURES,
    FEATURES,
    Candidate,
    EvidenceReader,
    EvidenceWeights,
    answer_features,
)
from rag.retrieval import FEATURES as RETRIEVAL_FEATURES
from rag.retrieval import Retriever, Weights
from rag.sentences import split
from rag.terms import term_set, terms
from rag.types import Document, Language, Span

_DECLINED = "threshold that abstains on 80% of unanswerable"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question against one corpus; ``gold`` is the answer's span in the unit, None without one.

    A keyword query has ``keys``: any sentence that holds these terms is right.
    """

    unit: str
    relation: str
    question: str
    gold: Span | None
    index: MemoryIndex
    keys: frozenset[str] = frozenset()

    def answered_by(self, candidate: Candidate) -> bool:
        """Whether the sentence is right."""
        if self.keys:
            return self.keys <= term_set(candidate.text)
        return (
            self.gold is not None
            and candidate.passage.document_id.startswith(f"{self.unit}-")
            and candidate.span.start < self.gold.end
            and self.gold.start < candidate.span.end
        )


def document_of(row: dict[str, Any]) -> Document:
    """The passage of a sanad_qa row as a document."""
    text = row["context"]
    return Document(
        id=f"{row['unit']}-{row['lang']}",
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=row["title"],
        source=row["unit"],
        language=row["lang"],
    )


def corpora(
    dev: Sequence[dict[str, Any]],
    others: Sequence[dict[str, Any]],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    embedder: StaticEmbedder,
) -> list[Asked]:
    """Every dev question against a small and a large corpus of each language.

    The small ones are also asked questions of other units and ``off_topic`` ones from elsewhere;
    thousands of Arabic ``news`` paragraphs, with and without the units among them, teach what a
    match is worth where there is much to choose from.
    """
    texts: dict[str, dict[str, Document]] = {"ar": {}, "en": {}}
    for row in [*dev, *others]:
        texts[row["lang"]][row["unit"]] = document_of(row)
    units = sorted({row["unit"] for row in dev})
    spans = {
        (row["id"].rsplit("-", 1)[0], row["lang"]): Span(
            start=row["answers"][0]["start"],
            end=row["answers"][0]["start"] + len(row["answers"][0]["text"]),
        )
        for row in dev
        if not row["is_impossible"]
    }
    asked: list[Asked] = []
    languages: tuple[Language, Language] = ("ar", "en")
    for language in languages:
        large = MemoryIndex(list(texts[language].values()), embedder)
        for place in range(0, len(units), 4):
            here = units[place : place + 4]
            # Every second corpus lacks its first unit: its questions are then off the sources.
            missing = here[:1] if place % 8 else []
            kept = [texts[language][unit] for unit in here if unit not in missing]
            small = MemoryIndex(kept, embedder)
            for row in dev:
                if row["unit"] not in here:
                    continue
                gold = spans.get((row["id"].rsplit("-", 1)[0], language))
                relation = "same" if row["lang"] == language else "cross"
                question = row["question"]
                there = None if row["unit"] in missing else gold
                asked.append(Asked(row["unit"], relation, question, there, small))
                asked.append(Asked(row["unit"], relation, question, gold, large))
            asked += keyword_queries(dev, here, kept, small, language)
            strangers = [row for row in dev if row["unit"] not in here]
            for row in strangers[place :: len(units) // 2]:
                relation = "same" if row["lang"] == language else "cross"
                asked.append(Asked(here[0], relation, row["question"], None, small))
            for spoken, questions in off_topic.items():
                relation = "same" if spoken == language else "cross"
                asked.extend(
                    Asked(here[0], relation, question, None, small)
                    for question in questions[place // 4 :: len(units) // 4]
                )
    return asked + among_news(dev, spans, off_topic, news, list(texts["ar"].values()), embedder)


def among_news(
    dev: Sequence[dict[str, Any]],
    spans: dict[tuple[str, str], Span],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    documents: list[Document],
    embedder: StaticEmbedder,
) -> list[Asked]:
    """Some questions against thousands of news paragraphs, with and without their units."""
    articles = [
        Document(id=f"news-{number}", text=text, sha256="", title="", source="", language="ar")
        for number, text in enumerate(news)
    ]
    without = MemoryIndex(articles, embedder)
    with_units = MemoryIndex([*articles, *documents], embedder)
    asked = []
    for row in dev[::4]:
        relation = "same" if row["lang"] == "ar" else "cross"
        gold = spans.get((row["id"].rsplit("-", 1)[0], "ar"))
        asked.append(Asked(row["unit"], relation, row["question"], gold, with_units))
        asked.append(Asked(row["unit"], relation, row["question"], None, without))
    units = sorted({row["unit"] for row in dev})
    for spoken, questions in off_topic.items():
        relation = "same" if spoken == "ar" else "cross"
        asked += [
            Asked(units[number % len(units)], relation, question, None, without)
            for number, question in enumerate(questions[::2])
        ]
    return asked


def keyword_queries(
    dev: Sequence[dict[str, Any]],
    here: Sequence[str],
    kept: Sequence[Document],
    small: MemoryIndex,
    language: Language,
) -> list[Asked]:
    """People also type one or two bare words: some of each unit's questions cut down to that.

    A word that stands in the corpus is answered by the sentences that hold it; one that does not,
    by none.
    """
    sentences = [
        term_set(document.text[sentence.start : sentence.end])
        for document in kept
        for sentence in split(document.text)
    ]
    found = []
    for number, row in enumerate(dev):
        if number % 3 or row["is_impossible"]:
            continue
        words = [term for term in terms(row["question"]) if term.kind != "value"]
        spoken = row["question"]
        words.sort(key=lambda term: term.start - term.end)
        for count in (1, 2):
            chosen = sorted(words[:count], key=lambda term: term.start)
            if len({term.start for term in chosen}) < count:
                continue
            keys = frozenset(term.text for term in chosen)
            held = any(keys <= sentence for sentence in sentences)
            # Across languages only sounds meet: a word that does not may still be there translated.
            if (row["unit"] in here and held) or (row["unit"] not in here and not number % 60):
                relation = "same" if row["lang"] == language else "cross"
                query = " ".join(spoken[term.start : term.end] for term in chosen)
                found.append(Asked(here[0], relation, query, None, small, keys))
    return found


def fit_rows(
    groups: Sequence[tuple[NDArray[np.float64], int]], width: int, decay: float = 0.002
) -> NDArray[np.float64]:
    """Weights that make the right row of each group the highest (softmax regression)."""
    weights = torch.zeros(width, dtype=torch.float64, requires_grad=True)
    longest = max(len(rows) for rows, _ in groups)
    stacked = torch.zeros(len(groups), longest, width, dtype=torch.float64)
    mask = torch.full((len(groups), longest), -1e9, dtype=torch.float64)
    for number, (rows, _) in enumerate(groups):
        stacked[number, : len(rows)] = torch.from_numpy(rows)
        mask[number, : len(rows)] = 0
    labels = torch.tensor([right for _, right in groups])
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(stacked @ weights + mask, labels)
        loss = loss + decay * (weights**2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return weights.detach().numpy()


def fit(
    dev: Sequence[dict[str, Any]],
    others: Sequence[dict[str, Any]],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    model: Path,
    out: Path,
) -> dict[str, Any]:
    """Fits everything, writes ``out`` and returns the cross-validated scores."""
    embedder = StaticEmbedder(model)
    asked = corpora(dev, others, off_topic, news, embedder)
    plain = Retriever(embedder, embedder)
    groups = []
    for item in asked:
        if item.gold is None or not 50 <= len(item.index) < 2000:  # the large corpora
            continue
        passages, rows = plain.candidates(understand(item.question), item.index)
        right = [
            n
            for n, p in enumerate(passages)
            if p.document_id.startswith(f"{item.unit}-")
            and p.start <= item.gold.start
            and item.gold.end <= p.end
        ]
        if right:
            groups.append((item.relation, rows, right[0]))
    weights = fit_rows([(rows, right) for _, rows, right in groups], len(RETRIEVAL_FEATURES))
    scores: dict[str, Any] = {"retrieval": {}}
    for relation in ("same", "cross"):
        mine = [(rows, right) for name, rows, right in groups if name == relation]
        scores["retrieval"][relation] = {
            "recall@1": float(
                np.mean([(rows @ weights).argmax() == right for rows, right in mine])
            ),
            **{
                f"{name} alone": float(np.mean([rows[:, n].argmax() == r for rows, r in mine]))
                for n, name in enumerate(RETRIEVAL_FEATURES)
            },
            "questions": len(mine),
        }
    fitted_weights = dict(zip(RETRIEVAL_FEATURES, weights.round(4).tolist(), strict=True))
    retrieval = Weights(**fitted_weights)
    empty = (0.0,) * len(FEATURES)
    reader = EvidenceReader(
        embedder,
        EvidenceWeights(
            rank={"same": empty, "cross": empty},
            answers={name: (0.0,) * len(ANSWER_FEATURES) for name in ("same", "cross")},
            fingerprint="unfitted",
        ),
    )
    retriever = Retriever(embedder, embedder, retrieval)
    examples: dict[str, list[tuple[Asked, NDArray[np.float64], list[int]]]] = defaultdict(list)
    for item in asked:
        question = understand(item.question)
        passages = [p for p, _ in retriever.retrieve(question, item.index, 8)]
        candidates = reader.candidates(question, passages, item.index)
        right = [n for n, candidate in enumerate(candidates) if item.answered_by(candidate)]
        features = np.stack([candidate.features for candidate in candidates])
        examples[item.relation].append((item, features, right))
    fitted: dict[str, dict[str, list[float]]] = {"rank": {}, "answers": {}}
    for relation, rows in examples.items():
        fold_of = {unit: n % 5 for n, unit in enumerate(sorted({i.unit for i, _, _ in rows}))}
        held: list[tuple[float, bool, Asked]] = []
        for fold in (*range(5), None):
            train = [row for row in rows if fold is None or fold_of[row[0].unit] != fold]
            rank = fit_rows([(f, r[0]) for _, f, r in train if r], len(FEATURES))
            x, y = zip(*(_example(rank, f, r, len(i.index)) for i, f, r in train), strict=True)
            answers = LogisticRegression(C=1.0, max_iter=5000, fit_intercept=False)
            answers.fit(np.stack(x), np.array(y))
            if fold is None:
                fitted["rank"][relation] = rank.tolist()
                fitted["answers"][relation] = answers.coef_[0].tolist()
                continue
            for item, f, r in rows:
                if fold_of[item.unit] == fold and not item.keys:
                    row, correct = _example(rank, f, r, len(item.index))
                    probability = float(answers.predict_proba(row[None])[0, 1])
                    held.append((probability, correct, item))
        scores[relation] = _summary(held)
    # The confidence at which four in five unanswerable questions over few articles are declined,
    # in the language relation that needs more of it.
    declined = [scores[name]["small corpora"][_DECLINED] for name in ("same", "cross")]
    answer = round(max(declined), 2)
    stored = {
        "features": list(FEATURES),
        "retrieval": fitted_weights,
        **fitted,
        "thresholds": {"answer": answer, "related": round(answer / 3, 3), "support": 0.25},
        "fitted_on": "sanad_qa.dev",
        "scores": scores,
    }
    out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    return scores


def _example(
    rank: NDArray[np.float64],
    features: NDArray[np.float64],
    right: list[int],
    passages: int,
) -> tuple[NDArray[np.float64], bool]:
    """The best sentence's answer features, and whether it is the right one."""
    values = features @ rank
    best = int(values.argmax())
    return answer_features(features[best], values, passages), best in right


def _summary(held: Sequence[tuple[float, bool, Asked]]) -> dict[str, Any]:
    """Held-out accuracy of the best sentence, AUROC of the probability, and a threshold table."""
    probability = np.array([p for p, _, _ in held])
    correct = np.array([c for _, c, _ in held])
    answerable = np.array([i.gold is not None for _, _, i in held])
    order = probability.argsort().argsort() + 1
    positives = int(correct.sum())
    auroc = (order[correct].sum() - positives * (positives + 1) / 2) / (
        positives * (len(held) - positives)
    )
    table = {}
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6):
        answered = probability >= threshold
        table[str(threshold)] = {
            "answerable answered rightly": float((answered & correct)[answerable].mean()),
            "answerable answered": float(answered[answerable].mean()),
            "unanswerable abstained": float((~answered)[~answerable].mean()),
        }
    return {
        "best sentence right": float(correct[answerable].mean()),
        "AUROC": float(auroc),
        "thresholds": table,
        "questions": len(held),
        "small corpora": _small(held),
    }


def _small(held: Sequence[tuple[float, bool, Asked]]) -> dict[str, float]:
    """The same over the corpora of a few articles alone."""
    few = [(p, c, i.gold is not None) for p, c, i in held if len(i.index) < 50]
    wrong = [p for p, _, there in few if not there]
    threshold = float(np.quantile(wrong, 0.8))
    rows = [(p, c) for p, c, there in few if there]
    return {
        "best sentence right": float(np.mean([c for _, c in rows])),
        _DECLINED: threshold,
        "answerable answered there": float(np.mean([p >= threshold for p, _ in rows])),
    }
