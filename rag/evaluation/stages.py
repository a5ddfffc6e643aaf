"""What every stage of the path buys: the same questions, one stage more at a time.

BM25 alone, vectors alone, both fused, the candidates rescored, the first of them read with the
question, and last the whole answer. Each row stands on the one above, but for the first two. Times
are not told: what one stage has read the next remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rag import catalogue
from rag.answering import check_k
from rag.engine import retrieval_weights
from rag.evaluation import metrics
from rag.evaluation.corpus import check
from rag.evaluation.metrics import Place, mean
from rag.evaluation.questions import ALL, FactQuestion
from rag.evaluation.report import aligned
from rag.evaluation.results import NDCG_DEPTH
from rag.evaluation.significance import Difference, compare
from rag.question import Question, understand
from rag.retrieval import CANDIDATES, Retriever, reciprocal_rank_fusion
from rag.types import LANGUAGES, Passage, Span

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.index.embedded import EmbeddedIndex

FIGURES = ("hit_at_1", "hit_at_k", "recall_at_k", "mrr", "ndcg_at_10")
_COLUMNS = ("hit@1", "hit@k", "recall@k", "MRR", "nDCG@10")
_Rank = Callable[[Question], list[Passage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage's figures by slice, and what its hit@1 gains over the stage it stands on."""

    name: str
    figures: dict[str, dict[str, float | None]]
    over: str | None = None
    gain: Difference | None = None


def stages(
    engine: Engine,
    questions: Sequence[FactQuestion],
    k: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Stage]:
    """The stages in order, over the questions that have gold places.

    The last one is the answer: its ranking are its citations, and its figures those that a ranking
    of citations has. Raises CorpusMismatch.
    """
    return summarise(measure(engine, questions, k, progress), k, OVER)


def measure(
    engine: Engine,
    questions: Sequence[FactQuestion],
    k: int,
    progress: Callable[[int, int], None] | None = None,
    *,
    only: Container[str] | None = None,
) -> dict[str, list[Outcome]]:
    """What every stage, or ``only`` those named, finds for every question with gold places.

    Raises CorpusMismatch, InvalidParameter.
    """
    check_k(k)
    gold = check(questions, engine)
    gold.require()
    engine.warm()
    asked = [question for question in questions if question.gold]
    ranked = [
        (name, rank)
        for name, rank in _rankers(engine, engine.index(), k)
        if only is None or name in only
    ]
    answers = only is None or ANSWER in only
    outcomes: dict[str, list[Outcome]] = {name: [] for name, _ in ranked}
    for number, question in enumerate(asked, start=1):
        understood = understand(question.question)
        places = [
            (Place(document_id=gold.documents[one.document], span=one.span), one.relevance)
            for one in question.gold
        ]
        for name, rank in ranked:
            ranking = [
                Place(document_id=one.document_id, span=Span(start=one.start, end=one.end))
                for one in rank(understood)
            ]
            outcomes[name].append(Outcome(question, ranking, places))
        if answers:
            answer = engine.ask(question.question, k)
            cited = [
                Place(document_id=one.document_id, span=Span(start=one.start, end=one.end))
                for one in answer.citations
            ]
            outcomes.setdefault(ANSWER, []).append(Outcome(question, cited, places, answer.answer))
        if progress is not None:
            progress(number, len(asked))
    return outcomes


BM25, DENSE, HYBRID, RESCORED, READ, ANSWER = (
    "BM25 only",
    "dense only",
    "hybrid",
    "+ rescoring",
    "+ reading passages",
    "+ answer, its citations",
)
OVER = {HYBRID: BM25, RESCORED: HYBRID, READ: RESCORED, ANSWER: READ}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A ranking beside what was to be found; ``answer`` where the stage gives one."""

    question: FactQuestion
    ranking: list[Place]
    gold: list[tuple[Place, int]]
    answer: str | None = None

    def figure(self, name: str, k: int) -> float:
        """The figure of this one question."""
        rank = metrics.rank_of_gold(self.ranking[:k], [place for place, _ in self.gold])
        found, ideal = metrics.gains(self.ranking, self.gold), metrics.ideal_gains(self.gold)
        values: dict[str, float | None] = {
            "hit_at_1": metrics.hit_at_k(rank, 1),
            "hit_at_k": metrics.hit_at_k(rank, k),
            "recall_at_k": metrics.recall_at_k(found, ideal, k),
            "mrr": metrics.reciprocal_rank(rank),
            "ndcg_at_10": metrics.ndcg_at_k(found, ideal, NDCG_DEPTH),
        }
        return values[name] or 0.0


def _rankers(engine: Engine, index: EmbeddedIndex, k: int) -> list[tuple[str, _Rank]]:
    depth = max(k, NDCG_DEPTH)
    weights = retrieval_weights(catalogue.EVIDENCE)
    retriever = Retriever(
        engine.embedder, catalogue.piece_embedder(), catalogue.contextual_model(), weights
    )

    def lexical(question: Question) -> list[Passage]:
        return index.passages([hit.passage_id for hit in index.matching(question.weights, depth)])

    def dense(question: Question) -> list[Passage]:
        vector = engine.embedder.embed_queries([question.text])[0]
        return index.passages([hit.passage_id for hit in index.nearest(vector, depth)])

    def hybrid(question: Question) -> list[Passage]:
        vector = engine.embedder.embed_queries([question.text])[0]
        fused = reciprocal_rank_fusion(
            [index.nearest(vector, CANDIDATES), index.matching(question.weights, CANDIDATES)]
        )
        return index.passages([hit.passage_id for hit in fused[:depth]])

    def rescored(question: Question) -> list[Passage]:
        passages, features = retriever.candidates(question, index, depth)
        scores = features @ np.array(weights.features)
        order = np.argsort(-scores, kind="stable")[:depth]
        return [passages[place] for place in order.tolist()]

    def read(question: Question) -> list[Passage]:
        return [passage for passage, _ in retriever.retrieve(question, index, depth)]

    return [
        (BM25, lexical),
        (DENSE, dense),
        (HYBRID, hybrid),
        (RESCORED, rescored),
        (READ, read),
    ]


def summarise(
    outcomes: Mapping[str, Sequence[Outcome]], k: int, over: Mapping[str, str]
) -> list[Stage]:
    """The figures of every stage; ``over`` names the one that each is compared with."""
    return [_stage(name, outcomes, k, over.get(name)) for name in outcomes]


def _stage(name: str, outcomes: Mapping[str, Sequence[Outcome]], k: int, over: str | None) -> Stage:
    mine = outcomes[name]
    members = {ALL: mine} | {
        language: [one for one in mine if one.question.language == language]
        for language in LANGUAGES
    }
    gain = None
    if over is not None:
        clusters = [one.question.pair or one.question.id for one in mine]
        pairs = [[(one.figure("hit_at_1", k), 1.0) for one in outcomes[it]] for it in (over, name)]
        gain = compare(pairs[0], pairs[1], clusters)
    return Stage(
        name=name,
        figures={
            slice: {figure: mean(one.figure(figure, k) for one in some) for figure in FIGURES}
            for slice, some in members.items()
        },
        over=over,
        gain=gain,
    )


def table(found: Sequence[Stage]) -> str:
    """The stages as a table for terminals; the gain is in hit@1 over the stage before."""
    header = ("", *_COLUMNS, "ar hit@1", "en hit@1", "gain", "95%")
    rows: list[tuple[str, ...]] = [header]
    for stage in found:
        gain = stage.gain
        spread = gain.interval if gain else None
        rows.append(
            (
                stage.name,
                *(_shown(stage.figures[ALL][figure]) for figure in FIGURES),
                *(_shown(stage.figures[language]["hit_at_1"]) for language in LANGUAGES),
                "" if gain is None else f"{gain.change:+.3f}",
                "" if spread is None else f"{spread.low:+.3f} to {spread.high:+.3f}",
            )
        )
    return "\n".join(aligned(rows))


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def to_dict(found: Sequence[Stage]) -> list[dict[str, Any]]:
    """The stages in plain values for JSON."""
    return [
        {
            "name": stage.name,
            "figures": stage.figures,
            "over": stage.over,
            "gain_hit_at_1": None
            if stage.gain is None
            else {
                "change": stage.gain.change,
                "p": stage.gain.p,
                "interval": None
                if stage.gain.interval is None
                else [stage.gain.interval.low, stage.gain.interval.high],
            },
        }
        for stage in found
    ]
