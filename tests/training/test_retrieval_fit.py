"""What the fit of retrieval reports is what retrieval with its weights then finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = pytest.mark.models

from rag import catalogue  # noqa: E402
from rag.contextual import ContextualModel  # noqa: E402
from rag.embedding.contextual import ContextualEmbedder  # noqa: E402
from rag.embedding.static import StaticEmbedder  # noqa: E402
from rag.index.memory import MemoryIndex  # noqa: E402
from rag.question import understand  # noqa: E402
from rag.retrieval import Retriever  # noqa: E402
from rag.training import evidence  # noqa: E402
from rag.types import Span  # noqa: E402

QUALITY = Path(__file__).parents[1] / "quality"


def rows(name):
    return [json.loads(line) for line in (QUALITY / name).read_text("utf-8").splitlines()]


def language(text):
    return "ar" if any("؀" <= character <= "ۿ" for character in text) else "en"


def test_recall_it_reports_is_recall_of_retrieval_with_its_weights():
    network = ContextualModel(catalogue.MODELS / catalogue.BILINGUAL, remembered=5_000)
    embedder = ContextualEmbedder(network)
    pieces = StaticEmbedder(catalogue.MODELS / catalogue.PIECES)
    articles = {row["id"]: row for row in rows("articles.jsonl")}
    documents = [
        evidence.document_of(
            {"unit": id, "lang": language(row["text"]), "context": row["text"], "title": ""}
        )
        for id, row in articles.items()
    ]
    index = MemoryIndex(documents, embedder)
    assert len(index) >= 50  # smaller ones are not what retrieval is fitted on
    asked = []
    for row in rows("questions.jsonl"):
        if row.get("unanswerable"):
            continue
        gold = row["gold"][0]
        unit = gold["document"].partition("#")[2]
        pair = f"{row['language']}-{language(articles[unit]['text'])}"
        span = Span(start=gold["start"], end=gold["end"])
        asked.append(evidence.Asked(unit, pair, row["question"], span, index))
    asked = asked[::4]
    weights, scores = evidence.fit_retrieval(asked, embedder, pieces, network)

    by_margin = scores["by margin"]
    most = max(by_margin.values())
    assert by_margin[str(weights.margin)] >= most - 0.001
    smaller = (found for margin, found in by_margin.items() if float(margin) < weights.margin)
    assert all(found < most - 0.001 for found in smaller)
    retriever = Retriever(embedder, pieces, network, weights)
    for pair in evidence.PAIRS:
        mine = [item for item in asked if item.pair == pair]
        found = 0
        for item in mine:
            (best, _), *_ = retriever.retrieve(understand(item.question), item.index, 1)
            found += evidence._holds(best, item)
        assert scores[pair]["questions"] == len(mine)
        assert scores[pair]["recall@1"] == pytest.approx(found / max(1, len(mine)))
        assert scores[pair]["recall@1"] <= scores[pair]["first stage recall@10"]
    assert sum(scores[pair]["recall@1"] for pair in evidence.PAIRS) > 1  # something is found
