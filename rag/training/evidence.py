"""Fits the weights of retrieval, of the evidence reader and its confidence on questions kept aside.

These are sanad_qa's dev units and 160 texts of our own, most of them news; the networks were not
trained on either. Corpora of two sizes are built around sanad_qa's units (a few articles, and all
articles), questions of both languages are asked against each language's corpus, and unanswerable
questions come from the sets themselves and from articles left out of the corpus; our own texts are
asked about four at a time. Cross-validation is over units, so a passage is never on both sides.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag import catalogue
from rag.answering import MOST_CITATIONS
from rag.contextual import ContextualModel
from rag.embedding.contextual import ContextualEmbedder
from rag.embedding.static import StaticEmbedder
from rag.index.memory import MemoryIndex
from rag.protocols import Embedder, PieceEmbedder, SpanModel
from rag.question import understand
from rag.reading.evidence import (
    ANSWER_FEATURES,
    FEATURES,
    Candidate,
    EvidenceReader,
    EvidenceWeights,
    answer_features,
    softmax,
)
from rag.retrieval import FEATURES as RETRIEVAL
from rag.retrieval import READ, Retriever, Weights
from rag.sentences import split
from rag.terms import term_set, terms
from rag.types import Document, Language, Passage, Span

PAIRS = ("ar-ar", "en-en", "ar-en", "en-ar")  # languages of question and text
# Of the unanswerable questions over a few articles, those that a text there nearly answers counting
# for half: people ask about what they read, and the other half are easy to tell.
DECLINED = 0.70
MARGINS = tuple(quarter / 4 for quarter in range(17))  # tried for what reading adds to a passage
_ALIKE = 0.001  # of recall: between margins that find alike the least is taken
_AMONG = 700  # news paragraphs around our own texts
CITED = 0.98  # of the right sentences among the first three, over a few articles
_DECLINED = f"threshold that declines {DECLINED:.0%} of unanswerable"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question against one corpus; ``gold`` is the answer's span in the unit, None without one.

    A keyword query has ``keys``: any sentence that holds these terms is right.
    """

    unit: str
    pair: str  # languages of question and corpus: "ar-en"
    question: str
    gold: Span | None
    index: MemoryIndex
    keys: frozenset[str] = frozenset()
    near: bool = False  # no answer, though its text is there: the hard kind

    @property
    def relation(self) -> str:
        """Whether question and corpus are in the "same" language or it is "cross"."""
        spoken, written = self.pair.split("-")
        return "same" if spoken == written else "cross"

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
        title=row.get("title", ""),
        source=row["unit"],
        language=row["lang"],
    )


def small_corpora(units: Sequence[str]) -> Iterator[tuple[int, Sequence[str], Sequence[str]]]:
    """Four units at a time: the number of the first, the units, and those the corpus lacks.

    Every second corpus lacks its first unit, whose questions are then off the sources; something
    is always left.
    """
    for place in range(0, len(units), 4):
        here = units[place : place + 4]
        yield place, here, here[:1] if place % 8 and len(here) > 1 else []


def corpora(
    dev: Sequence[dict[str, Any]],
    others: Sequence[dict[str, Any]],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    embedder: Embedder,
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
        (row["id"].rsplit("-", 1)[0], row["lang"]): _first_answer(row)
        for row in dev
        if not row["is_impossible"]
    }
    asked: list[Asked] = []
    languages: tuple[Language, Language] = ("ar", "en")
    for language in languages:
        large = MemoryIndex(list(texts[language].values()), embedder)
        for place, here, missing in small_corpora(units):
            kept = [texts[language][unit] for unit in here if unit not in missing]
            small = MemoryIndex(kept, embedder)
            for number, row in enumerate(dev):
                if row["unit"] not in here:
                    continue
                gold = spans.get((row["id"].rsplit("-", 1)[0], language))
                pair = f"{row['lang']}-{language}"
                question = row["question"]
                there = None if row["unit"] in missing else gold
                near = row["is_impossible"] and row["unit"] not in missing
                asked.append(Asked(row["unit"], pair, question, there, small, near=near))
                if number % 2 == number // 2 % 2:  # half of them, of both languages
                    asked.append(Asked(row["unit"], pair, question, gold, large))
            asked += keyword_queries(dev, here, kept, small, language)
            strangers = [row for row in dev if row["unit"] not in here]
            for row in strangers[place :: len(units) // 2]:
                pair = f"{row['lang']}-{language}"
                asked.append(Asked(here[0], pair, row["question"], None, small))
            for spoken, questions in off_topic.items():
                pair = f"{spoken}-{language}"
                asked.extend(
                    Asked(here[0], pair, question, None, small)
                    for question in questions[place // 4 :: len(units) // 4]
                )
    return asked + among_news(dev, spans, off_topic, news, list(texts["ar"].values()), embedder)


def articles(
    rows: Sequence[dict[str, Any]],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    embedder: Embedder,
) -> list[Asked]:
    """Our own questions over news and made-up passages, against corpora of four of these texts.

    Every second corpus lacks its first text; each is asked a few questions of other texts, and
    ``off_topic`` ones from elsewhere. Some are asked over all texts too, the Arabic ones among
    other ``news``.
    """
    by_id = {row["id"]: row for row in rows}
    asked: list[Asked] = []
    languages: tuple[Language, Language] = ("ar", "en")
    for language in languages:
        # A row without a twin is asked over Arabic, whatever its own language.
        told = [
            (row, row if "twin" not in row or row["lang"] == language else by_id[row["twin"]])
            for row in rows
            if language == "ar" or "twin" in row
        ]
        texts = {text["unit"]: document_of({**text, "lang": language}) for _, text in told}
        units = sorted(texts)
        known = {document.text for document in texts.values()}
        others = [text for text in news if text not in known] if language == "ar" else []
        large = MemoryIndex(
            [*texts.values(), *map(_paragraph, range(len(others)), others)], embedder
        )
        for number, (row, text) in enumerate(told):
            if number % 7 in (0, 3) and not row["is_impossible"]:  # of both languages
                pair = f"{row['lang']}-{language}"
                gold = _first_answer(text)
                asked.append(Asked(row["unit"], pair, row["question"], gold, large))
        for place, here, missing in small_corpora(units):
            index = MemoryIndex([texts[unit] for unit in here if unit not in missing], embedder)
            for number, (row, text) in enumerate(told):
                # Half of those with an answer: the few without one are the ones to learn from.
                if row["unit"] not in here or not (row["is_impossible"] or number // 2 % 2):
                    continue
                lacks = row["unit"] in missing or row["is_impossible"]
                asked.append(
                    Asked(
                        row["unit"],
                        f"{row['lang']}-{language}",
                        row["question"],
                        None if lacks else _first_answer(text),
                        index,
                        near=row["is_impossible"] and row["unit"] not in missing,
                    )
                )
            strangers = [row for row, _ in told if row["unit"] not in here]
            for row in strangers[place :: len(told) // 5]:
                pair = f"{row['lang']}-{language}"
                asked.append(Asked(here[0], pair, row["question"], None, index))
            for tongue, questions in off_topic.items():
                asked.extend(
                    Asked(here[0], f"{tongue}-{language}", question, None, index)
                    for question in questions[place :: len(units) // 2]
                )
    return asked


def _paragraph(number: int, text: str) -> Document:
    """A paragraph of the news as a document nothing is asked about."""
    return Document(id=f"news-{number}", text=text, sha256="", title="", source="", language="ar")


def _first_answer(row: dict[str, Any]) -> Span:
    answer = row["answers"][0]
    return Span(start=answer["start"], end=answer["start"] + len(answer["text"]))


def among_news(
    dev: Sequence[dict[str, Any]],
    spans: dict[tuple[str, str], Span],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    documents: list[Document],
    embedder: Embedder,
) -> list[Asked]:
    """Some questions against thousands of news paragraphs, with and without their units."""
    paragraphs = list(map(_paragraph, range(len(news)), news))
    without = MemoryIndex(paragraphs, embedder)
    with_units = MemoryIndex([*paragraphs, *documents], embedder)
    asked = []
    for row in dev[::4]:
        pair = f"{row['lang']}-ar"
        gold = spans.get((row["id"].rsplit("-", 1)[0], "ar"))
        asked.append(Asked(row["unit"], pair, row["question"], gold, with_units))
        asked.append(Asked(row["unit"], pair, row["question"], None, without))
    units = sorted({row["unit"] for row in dev})
    for spoken, questions in off_topic.items():
        pair = f"{spoken}-ar"
        asked += [
            Asked(units[number % len(units)], pair, question, None, without)
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
                pair = f"{row['lang']}-{language}"
                query = " ".join(spoken[term.start : term.end] for term in chosen)
                found.append(Asked(here[0], pair, query, None, small, keys))
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


def fit_retrieval(
    asked: Sequence[Asked], embedder: Embedder, pieces: PieceEmbedder, spans: SpanModel
) -> tuple[Weights, dict[str, Any]]:
    """Its weights, on the large corpora, and what each feature finds by itself.

    The features' are fitted together; the margin's is the least of MARGINS that finds as good as
    most at the first rank, all language pairs counting alike.
    """
    retriever = Retriever(
        embedder, pieces, spans, Weights(features=(1.0,) * len(RETRIEVAL), margin=1.0)
    )
    large = [item for item in asked if item.gold and 50 <= len(item.index) < 2000]
    groups = []
    for item in large:
        question = understand(item.question)
        passages, rows = retriever.candidates(question, item.index)
        right = [n for n, passage in enumerate(passages) if _holds(passage, item)]
        if right:
            groups.append((item, question, passages, rows, right[0]))
    first = fit_rows([(rows, right) for *_, rows, right in groups], len(RETRIEVAL)).round(4)
    read: list[tuple[str, NDArray[np.float64], NDArray[np.float64], int]] = []
    for item, question, passages, rows, right in groups:
        order = np.argsort(-(rows @ first), kind="stable")[:READ]
        if right in order:
            margins = np.array(retriever.margins(question, [passages[n] for n in order]))
            place = int(np.flatnonzero(order == right)[0])
            read.append((item.pair, rows[order] @ first, margins, place))
    asked_of = {pair: sum(item.pair == pair for item in large) for pair in PAIRS}

    def recall(margin: float, pair: str) -> float:
        found = sum(
            (scores + margin * margins).argmax() == place
            for spoken, scores, margins, place in read
            if spoken == pair
        )
        return found / max(1, asked_of[pair])

    by_margin = {
        margin: sum(recall(margin, pair) for pair in PAIRS) / len(PAIRS) for margin in MARGINS
    }
    most = max(by_margin.values())
    best = min(margin for margin, found in by_margin.items() if found >= most - _ALIKE)
    scores: dict[str, Any] = {
        "by margin": {str(margin): found for margin, found in by_margin.items()}
    }
    for pair in PAIRS:
        all_ = max(1, asked_of[pair])
        mine = [(rows, right) for item, _, _, rows, right in groups if item.pair == pair]
        scores[pair] = {
            "recall@1": recall(best, pair),
            "first stage": sum((rows @ first).argmax() == n for rows, n in mine) / all_,
            f"first stage recall@{READ}": sum(spoken == pair for spoken, *_ in read) / all_,
            **{
                f"{name} alone": sum(rows[:, at].argmax() == n for rows, n in mine) / all_
                for at, name in enumerate(RETRIEVAL)
            },
            "questions": asked_of[pair],
        }
    return Weights(features=tuple(first.tolist()), margin=best), scores


def _holds(passage: Passage, item: Asked) -> bool:
    return (
        item.gold is not None
        and passage.document_id.startswith(f"{item.unit}-")
        and passage.start <= item.gold.start
        and item.gold.end <= passage.end
    )


def fit(
    dev: Sequence[dict[str, Any]],
    others: Sequence[dict[str, Any]],
    off_topic: dict[Language, Sequence[str]],
    news: Sequence[str],
    own: Sequence[dict[str, Any]],
    models: Path,
    out: Path,
) -> dict[str, Any]:
    """Fits everything, writes ``out`` and returns the cross-validated scores."""
    pieces = StaticEmbedder(models / catalogue.PIECES)
    # The same question is asked of the same text in corpora of several sizes.
    network = ContextualModel(models / catalogue.BILINGUAL, remembered=200_000)
    embedder = ContextualEmbedder(network)
    asked = corpora(dev, others, off_topic, news, embedder)
    asked += articles(own, off_topic, news[:_AMONG], embedder)
    weights, retrieval_scores = fit_retrieval(asked, embedder, pieces, network)
    scores: dict[str, Any] = {"retrieval": retrieval_scores}
    print(json.dumps(scores, indent=1), flush=True)
    retriever = Retriever(embedder, pieces, network, weights)
    empty = (0.0,) * len(FEATURES)
    reader = EvidenceReader(
        pieces,
        network,
        EvidenceWeights(
            rank={"same": empty, "cross": empty},
            answers={name: (0.0,) * len(ANSWER_FEATURES) for name in ("same", "cross")},
            fingerprint="unfitted",
        ),
    )
    examples: dict[str, list[tuple[Asked, NDArray[np.float64], list[int]]]] = defaultdict(list)
    for item in asked:
        question = understand(item.question)
        passages = [p for p, _ in retriever.retrieve(question, item.index, 8)]
        candidates = reader.candidates(question, passages, item.index)
        right = [n for n, candidate in enumerate(candidates) if item.answered_by(candidate)]
        features = np.stack([candidate.features for candidate in candidates])
        examples[item.relation].append((item, features, right))
    fitted: dict[str, dict[str, list[float]]] = {"rank": {}, "answers": {}}
    held: list[Held] = []
    for relation, rows in examples.items():
        fold_of = {unit: n % 5 for n, unit in enumerate(sorted({i.unit for i, _, _ in rows}))}
        for fold in (*range(5), None):
            train = [row for row in rows if fold is None or fold_of[row[0].unit] != fold]
            rank = fit_rows([(f, r[0]) for _, f, r in train if r], len(FEATURES))
            x, y, _ = zip(*(_example(rank, f, r, len(i.index)) for i, f, r in train), strict=True)
            answers = LogisticRegression(C=1.0, max_iter=5000, fit_intercept=False)
            answers.fit(np.stack(x), np.array([place is not None for place in y]))
            if fold is None:
                fitted["rank"][relation] = rank.tolist()
                fitted["answers"][relation] = answers.coef_[0].tolist()
                continue
            for item, f, r in rows:
                if fold_of[item.unit] == fold and not item.keys:
                    row, place, before = _example(rank, f, r, len(item.index))
                    probability = float(answers.predict_proba(row[None])[0, 1])
                    held.append(Held(item, probability, place, before))
    answer = {}
    for pair in PAIRS:
        mine = [one for one in held if one.asked.pair == pair]
        scores[pair] = calibration(mine)
        answer[pair] = round(scores[pair]["few articles"][_DECLINED], 3)
    # As in conformal prediction: cited until the right sentence is among them so often.
    few = [one for one in held if len(one.asked.index) < 50 and one.place is not None]
    support = float(np.quantile([one.before for one in few], CITED, method="higher")) + 1e-6
    stored = {
        "features": list(FEATURES),
        "retrieval": {"features": weights.features, "margin": weights.margin},
        **fitted,
        "thresholds": {"answer": answer, "support": round(support, 3)},
        "fitted_on": "sanad_qa.dev, written.dev",
        "scores": scores,
    }
    out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    return scores


@dataclass(frozen=True, slots=True)
class Held:
    """A question outside the fitted folds: the probability it got, and where the right sentence is.

    ``place`` is None where none of the sentences that could be cited is right.
    """

    asked: Asked
    probability: float
    place: int | None
    before: float = 0.0


def _halves(near: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights with which the hard kind and the rest count alike, where there are both."""
    if near.all() or not near.any():
        return np.ones(len(near))
    return np.where(near, 0.5 / near.sum(), 0.5 / (~near).sum())


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """The least value that ``share`` of the weight lies at or below."""
    return float(np.quantile(values, share, weights=weights, method="inverted_cdf"))


def _example(
    rank: NDArray[np.float64],
    features: NDArray[np.float64],
    right: list[int],
    passages: int,
) -> tuple[NDArray[np.float64], int | None, float]:
    """The best sentence's answer features; the place of the first right one, if it can be cited.

    The last value is the share of all sentences before that place: what the citations must reach
    for it to be among them.
    """
    values = features @ rank
    order = np.argsort(-values, kind="stable")
    row = answer_features(features[order[0]], values, passages)
    for place, number in enumerate(order[:MOST_CITATIONS].tolist()):
        if number in right:
            return row, place, float(softmax(values)[order[:place]].sum())
    return row, None, 1.0


def calibration(held: Sequence[Held]) -> dict[str, Any]:
    """How far the probabilities can be trusted, over all corpora and over those of a few articles.

    Expected calibration error: the mean distance of confidence and accuracy over ten bins of equal
    width, by size (Naeini et al. 2015). Risk–coverage: the share of wrong answers among the most
    confident ones (El-Yaniv and Wiener 2010). The area under the ROC curve is of right sentences.
    """
    few = [one for one in held if len(one.asked.index) < 50]
    return _trust(held) | {"few articles": _trust(few)}


def _trust(held: Sequence[Held]) -> dict[str, Any]:
    probability = np.array([one.probability for one in held])
    correct = np.array([one.place is not None for one in held])
    there = np.array([one.asked.gold is not None for one in held])
    bins = np.minimum((probability * 10).astype(int), 9)
    error = sum(
        abs(float(probability[bins == n].mean() - correct[bins == n].mean())) * (bins == n).mean()
        for n in range(10)
        if (bins == n).any()
    )
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(~correct[order])
    near = np.array([one.asked.near for one in held])[~there]
    threshold = _quantile(probability[~there], _halves(near), DECLINED)
    answered = probability >= threshold
    return {
        "questions": len(held),
        "answerable": int(there.sum()),
        "first sentence right": float(np.mean([one.place == 0 for one in held]) / there.mean()),
        "right among those that may be cited": float(correct[there].mean()),
        "AUROC": float(roc_auc_score(correct, probability)),
        "expected calibration error": float(error),
        "risk at coverage": {
            str(share): float(wrong[max(1, round(share * len(held))) - 1])
            / max(1, round(share * len(held)))
            for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
        },
        _DECLINED: threshold,
        "answerable answered there": float(answered[there].mean()),
        "answerable answered rightly there": float((answered & correct)[there].mean()),
    }
