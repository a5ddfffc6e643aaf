"""How long passages should be: the same questions over the same articles, cut in several ways.

``python -m rag.evaluation.passage_sizes --data DATA`` makes the table of docs/passages.md. Every
question goes the whole way, from retrieval to cited sentences. It is always answered, so that a
threshold fitted to one way of cutting does not judge another; "told" is what passes the shipped
threshold all the same. Only development data is read: these sets choose, others decide.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from rag import catalogue
from rag.answering import Thresholds, answer
from rag.embedding.contextual import ContextualEmbedder
from rag.engine import retrieval_weights, thresholds
from rag.errors import RagError
from rag.evaluation.metrics import token_f1
from rag.evaluation.passage_trials import Asked, Trial, trials
from rag.evaluation.report import aligned
from rag.evaluation.significance import Difference, Pair, compare
from rag.index import lexical
from rag.index.memory import MemoryIndex
from rag.passages import CUTTING, Cutting, cut, headings
from rag.protocols import Embedder, Reader
from rag.reading.evidence import EvidenceReader, EvidenceWeights
from rag.retrieval import Retriever
from rag.terminal import Progress, printable
from rag.terms import TERMS_VERSION, index_terms
from rag.types import Document, Hit, Language, Passage, Span, Stage, Vectors

TARGETS = (250, 400, 500, 600, 800, 1200)
OVERLAPS = (0, 1, 2)
_LONGEST = 1.8  # of the target: what 900 is to 500

# Of a question that has an answer, but for "declined"; each of them 0 or 1 except the F1.
FIGURES = ("hit@1", "hit@5", "cited", "F1", "told", "declined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How documents are cut, and whether a passage is also found by its title and heading."""

    cutting: Cutting
    headed: bool = False

    def __str__(self) -> str:
        cutting = self.cutting
        sizes = f"{cutting.target}/{cutting.longest}/{cutting.overlap}"
        return f"{sizes} headed" if self.headed else sizes


SHIPPED = Way(cutting=CUTTING)


class HeadedIndex(MemoryIndex):
    """An index that finds each passage also by its document's title and the heading above it."""

    def _matched(self) -> list[str]:
        """What each passage is found by: title, heading and text."""
        by_document = groupby(self._passages.values(), key=lambda passage: passage.document_id)
        return [
            text
            for id, passages in by_document
            for text in headed(self._documents[id], [*passages])
        ]


def headed(document: Document, passages: Sequence[Passage]) -> list[str]:
    """The passages' texts, each below the title and the last heading before it, where it lacks them."""
    above = headings(document.text)
    texts = []
    for passage in passages:
        number = bisect_right(above, passage.start, key=lambda heading: heading.start)
        nearest = above[number - 1] if number else None
        told = [document.title]
        if nearest is not None and nearest.start < passage.start:
            told.append(document.text[nearest.start : nearest.end])
        texts.append(
            "\n".join([*(line for line in told if line not in passage.text), passage.text])
        )
    return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one way of cutting did on one trial; a row of FIGURES a question, None without a say.

    ``milliseconds`` are the median of the processor time of a question, ``size`` the bytes of
    vectors and terms.
    """

    passages: int
    articles: int
    characters: int
    size: int
    milliseconds: float
    rows: tuple[tuple[float | None, ...], ...]
    clusters: tuple[str, ...]


class Store:
    """A file of what was computed before, by the hash of all that decides it."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path)
        self._file.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB)")

    def get(self, *key: object) -> bytes | None:
        """What was kept under this key."""
        row = self._file.execute("SELECT value FROM kept WHERE key = ?", (_hash(key),)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, value: bytes, *key: object) -> None:
        """Keeps a value, at once: a kill loses nothing."""
        with self._file:
            self._file.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (_hash(key), value))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _hash(key: Sequence[object]) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()


class CachedEmbedder:
    """An embedder whose passage vectors are kept: ways of cutting share many passages."""

    def __init__(self, embedder: Embedder, store: Store) -> None:
        self._embedder, self._store = embedder, store
        self.name, self.fingerprint, self.dim = embedder.name, embedder.fingerprint, embedder.dim

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (texts, dim), not kept."""
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (texts, dim)."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for number, text in enumerate(texts):
            kept = self._store.get(self.fingerprint, text)
            if kept is None:
                out[number] = self._embedder.embed_passages([text])[0]
                self._store.put(out[number].tobytes(), self.fingerprint, text)
            else:
                out[number] = np.frombuffer(kept, dtype=np.float32)
        return out


@dataclass(frozen=True, slots=True)
class Parts:
    """What answers, as it ships, but for the embedder's store."""

    store: Store
    embedder: CachedEmbedder
    retriever: Retriever
    reader: Reader
    thresholds: Thresholds

    @classmethod
    def shipped(cls, store: Store) -> Parts:
        """The embedded models."""
        network, pieces = catalogue.contextual_model(), catalogue.piece_embedder()
        embedder = CachedEmbedder(ContextualEmbedder(network), store)
        weights = retrieval_weights(catalogue.EVIDENCE)
        return cls(
            store=store,
            embedder=embedder,
            retriever=Retriever(embedder, pieces, network, weights),
            reader=EvidenceReader(pieces, network, EvidenceWeights.load(catalogue.EVIDENCE)),
            thresholds=thresholds(catalogue.EVIDENCE, None),
        )

    def identity(self) -> tuple[object, ...]:
        """Changes with anything that changes an answer."""
        weights = self.retriever.weights
        return (self.embedder.fingerprint, self.reader.fingerprint, weights, self.thresholds)


def measure(trial: Trial, way: Way, parts: Parts) -> Outcome:
    """One way of cutting on one trial; a question that was asked before is not asked again."""
    store = parts.store
    texts = _hash([(one.id, one.sha256) for one in trial.documents])
    key: tuple[object, ...] = (texts, way.cutting.version, TERMS_VERSION, parts.identity())
    if way.headed:
        key = (*key, "headed")
    index: MemoryIndex | None = None
    rows, times = [], []
    for asked in trial.asked:
        kept = store.get(*key, asked)
        if kept is None:
            if index is None:
                kind = HeadedIndex if way.headed else MemoryIndex
                index = kind(trial.documents, parts.embedder, cutting=way.cutting)
            kept = json.dumps(_ask(asked, index, parts, trial.language)).encode()
            store.put(kept, *key, asked)
        *row, spent = json.loads(kept)
        rows.append(tuple(row))
        times.append(spent)
    cuts = [(one, cut(one, way.cutting)) for one in trial.documents]
    size = store.get(*key, "bytes")
    if size is None:
        found_by = [
            text
            for document, some in cuts
            for text in (headed(document, some) if way.headed else [one.text for one in some])
        ]
        vectors = len(found_by) * parts.embedder.dim * 4
        size = str(vectors + _bytes_of_terms(found_by)).encode()
        store.put(size, *key, "bytes")
    return Outcome(
        passages=sum(len(some) for _, some in cuts),
        articles=len(trial.documents),
        characters=sum(len(one.text) for one in trial.documents),
        size=int(size),
        milliseconds=float(np.median(times)),
        rows=tuple(rows),
        clusters=tuple(asked.document for asked in trial.asked),
    )


def _ask(asked: Asked, index: MemoryIndex, parts: Parts, language: Language) -> list[float | None]:
    """The question's row of FIGURES and the milliseconds of processor time it took."""
    always = Thresholds(otherwise=0.0, support=parts.thresholds.support)
    hits: list[Passage] = []

    def watch(stage: Stage, found: Sequence[tuple[Passage, Hit]]) -> None:
        if stage == "reading":
            hits[:] = [passage for passage, _ in found]

    began = time.process_time()
    told = answer(asked.question, index, parts.retriever, parts.reader, always, watch=watch)
    spent = 1000 * (time.process_time() - began)
    least = parts.thresholds.least(told.question_language, language)
    passes = told.status == "answered" and told.confidence >= least
    if not asked.gold:
        return [None, None, None, None, None, float(not passes), spent]
    cited = _holds(asked, [(one.document_id, one.start, one.end) for one in told.citations])
    found = [_holds(asked, [(one.document_id, one.start, one.end)]) for one in hits]
    overlap = token_f1(told.answer, asked.accepted)
    return [
        *map(float, (any(found[:1]), any(found[:5]), cited, overlap, cited and passes)),
        None,
        spent,
    ]


def _holds(asked: Asked, spans: Iterable[tuple[str, int, int]]) -> bool:
    """Whether one of (document, start, end) holds a whole answer."""
    return any(
        document == asked.document and Span(start=start, end=end).contains(gold)
        for document, start, end in spans
        for gold in asked.gold
    )


def _bytes_of_terms(texts: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="sanad-") as folder:
        rows = ((number, " ".join(index_terms(text))) for number, text in enumerate(texts))
        lexical.add(Path(folder), rows)
        return sum(path.stat().st_size for path in Path(folder).iterdir())


def figure(outcomes: Sequence[Outcome], name: str) -> float:
    """A figure over all questions of some trials that have a say in it; NaN without any."""
    values = [
        value for outcome in outcomes for value in _column(outcome, name) if value is not None
    ]
    return float(np.mean(values)) if values else float("nan")


def difference(first: Sequence[Outcome], second: Sequence[Outcome], name: str) -> Difference | None:
    """A figure in two ways of cutting, with the interval of the paired bootstrap by article."""
    clusters = [
        f"{number} {cluster}"
        for number, outcome in enumerate(first)
        for cluster in outcome.clusters
    ]
    return compare(_pairs(first, name), _pairs(second, name), clusters)


def _column(outcome: Outcome, name: str) -> list[float | None]:
    return [row[FIGURES.index(name)] for row in outcome.rows]


def _pairs(outcomes: Sequence[Outcome], name: str) -> list[Pair]:
    values = [value for outcome in outcomes for value in _column(outcome, name)]
    return [(0.0, 0.0) if value is None else (value, 1.0) for value in values]


def table(found: Mapping[Way, Sequence[Outcome]], names: Sequence[str]) -> str:
    """All figures of all ways, then what differs from the default, then each trial's."""
    base = found.get(SHIPPED)
    head = ["target/longest/overlap", "passages/article", "bytes/char", "time", *FIGURES]
    rows = []
    for way, outcomes in found.items():
        sums = [sum(getattr(one, name) for one in outcomes)
                for name in ("passages", "articles", "size", "characters")]  # fmt: skip
        ratio = "" if base is None else f"{_slower(base, outcomes):.2f}"
        figures = (f"{figure(outcomes, name):.3f}" for name in FIGURES)
        rows.append(
            [str(way), f"{sums[0] / sums[1]:.1f}", f"{sums[2] / sums[3]:.2f}", ratio, *figures]
        )
    text = "\n".join(aligned([head, *rows]))
    if base is not None:
        changes = [
            [str(way), *(_told(difference(base, outcomes, name)) for name in FIGURES)]
            for way, outcomes in found.items()
            if way != SHIPPED
        ]
        text += "\n\n" + "\n".join(aligned([[f"less {SHIPPED}", *FIGURES], *changes]))
    for name in ("hit@1", "hit@5", "cited"):
        each = [
            [str(way), *(f"{figure([outcome], name):.3f}" for outcome in outcomes)]
            for way, outcomes in found.items()
        ]
        text += "\n\n" + "\n".join(aligned([[name, *names], *each]))
    return text


def _slower(base: Sequence[Outcome], outcomes: Sequence[Outcome]) -> float:
    """The mean over the trials of how much longer a question takes."""
    pairs = zip(base, outcomes, strict=True)
    return float(np.mean([two.milliseconds / one.milliseconds for one, two in pairs]))


def _told(change: Difference | None) -> str:
    if change is None or change.interval is None:
        return ""
    return f"{change.change:+.3f} ({change.interval.low:+.3f} to {change.interval.high:+.3f})"


def ways(targets: Sequence[int], overlaps: Sequence[int], *, headed: bool) -> list[Way]:
    """The ways to compare, the shipped one first; ``headed`` also compares that one headed."""
    made = [
        Way(cutting=Cutting(target=target, longest=round(_LONGEST * target), overlap=overlap))
        for overlap in overlaps
        for target in targets
    ]
    more = [Way(cutting=CUTTING, headed=True)] if headed else []
    return list(dict.fromkeys([SHIPPED, *made, *more]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 0, or the exit code of what went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.evaluation.passage_sizes", description=__doc__
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with qa/ and eval/")
    parser.add_argument("--questions", type=int, default=60, help="of each set (default 60)")
    parser.add_argument("--targets", type=int, nargs="+", default=TARGETS, metavar="CHARACTERS")
    parser.add_argument("--overlaps", type=int, nargs="+", default=OVERLAPS, metavar="SENTENCES")
    parser.add_argument("--headed", action="store_true",
                        help="also find passages by their title and heading")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "sanad-passages",
                        help="folder for vectors and what was measured before")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        compared = ways(options.targets, options.overlaps, headed=options.headed)
        made = trials(options.data, options.questions)
        options.cache.mkdir(parents=True, exist_ok=True)
    except (RagError, ValueError, OSError) as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        return getattr(error, "exit_code", 2)
    progress = Progress("trials")
    found: dict[Way, list[Outcome]] = {way: [] for way in compared}
    with closing(Store(options.cache / "kept.sqlite")) as store:
        parts = Parts.shipped(store)
        for way, outcomes in found.items():
            for trial in made:
                outcomes.append(measure(trial, way, parts))
                progress(sum(map(len, found.values())), len(compared) * len(made))
    sys.stdout.write(f"{table(found, [trial.name for trial in made])}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
