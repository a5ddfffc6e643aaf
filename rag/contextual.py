"""The bilingual trunk on ONNX Runtime: one int8 network that embeds texts and scores answer spans.

Every text runs by itself: without padding nothing is computed in vain, and the runs of several
texts go side by side on one-thread workers, which is faster here than one run on several threads
(``benchmarks/README.md``). Neither torch nor transformers is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from rag.errors import ModelDamaged
from rag.model_files import TOKENIZER, encodable, read_tokenizer, read_verified
from rag.types import SpanScores, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

GRAPH = "model.onnx"
# The network knows 512 places. Texts beyond a window are read in several that overlap.
WINDOW = 320  # pieces
STRIDE = 200
QUESTION = 96  # pieces of a question that are read together with a passage
_INPUTS = {"input_ids", "token_type_ids"}
_OUTPUTS = {"vectors", "logits"}
_MOST_WORKERS = 8
_REMEMBERED = 512  # scores of a question and a text, a few kilobytes each


@dataclass(frozen=True, slots=True)
class _Window:
    """Pieces ``[first, last)`` of a text."""

    first: int
    last: int


class ContextualModel:
    """The network in ``folder``; safe to share between threads."""

    def __init__(
        self, folder: Path, *, workers: int | None = None, remembered: int = _REMEMBERED
    ) -> None:
        """``remembered``: how many scores of a question and a text are kept."""
        files = read_verified(folder, (GRAPH, TOKENIZER))
        self._tokenizer = read_tokenizer(folder, files)
        self._session = _session(files.contents[GRAPH], folder)
        self._cls, self._sep = _ends(self._tokenizer, folder)
        self.name = folder.name
        self.dim = _width(self._session, folder)
        self.fingerprint = files.fingerprint
        self.workers = workers or min(_MOST_WORKERS, len(os.sched_getaffinity(0)))
        self._lock = Lock()
        self._remembered = remembered
        self._scored: dict[tuple[str, str], SpanScores] = {}
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="sanad-model")

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, dim); zeros for a text without pieces."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        encodings = self._encode(texts)
        jobs = _jobs(encodings)
        runs = self._side_by_side(lambda job: self._vector(job[2]), jobs)
        for (number, _, ids), vector in zip(jobs, runs, strict=True):
            out[number] += vector * len(ids)  # a long text: the mean of its windows by length
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.maximum(norms, 1e-12)
        return out

    def score(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        """How well an answer to the question starts and ends at each piece of each text.

        Retrieval and reading ask for the same texts one after the other: the last scores are kept.
        """
        with self._lock:
            kept = {t: self._scored[question, t] for t in texts if (question, t) in self._scored}
        fresh = list(dict.fromkeys(text for text in texts if text not in kept))
        made = dict(zip(fresh, self._score(question, fresh), strict=True))
        with self._lock:
            self._scored |= {(question, text): scores for text, scores in made.items()}
            while len(self._scored) > self._remembered:
                del self._scored[next(iter(self._scored))]
        kept |= made
        return [kept[text] for text in texts]

    def _score(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        asked = self._encode([question])[0].ids[:QUESTION]
        encodings = self._encode(texts)
        jobs = _jobs(encodings)
        runs = self._side_by_side(lambda job: self._logits(asked, job[2]), jobs)
        offsets = [np.array(one.offsets, dtype=np.int32).reshape(-1, 2) for one in encodings]
        read: list[list[ScoredWindow]] = [[] for _ in encodings]
        for (number, window, _), margins in zip(jobs, runs, strict=True):
            spans = offsets[number][window.first : window.last]
            read[number].append(ScoredWindow(window.first, spans, margins))
        return [merged(one) for one in read]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        clean = [encodable(text) for text in texts]
        return self._tokenizer.encode_batch(clean, add_special_tokens=False)

    def _side_by_side(self, run: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        if len(jobs) < 2:
            return iter([run(job) for job in jobs])
        return self._pool.map(run, jobs)

    def _vector(self, ids: Sequence[int]) -> NDArray[np.float32]:
        row = [self._cls, *ids, self._sep]
        vector: NDArray[np.float32] = self._run("vectors", row, [0] * len(row))[0]
        return vector

    def _logits(self, question: Sequence[int], ids: Sequence[int]) -> NDArray[np.float32]:
        """(pieces, 2), less the logits at [CLS], which stand for no answer."""
        ahead = len(question) + 2
        row = [self._cls, *question, self._sep, *ids, self._sep]
        logits = self._run("logits", row, [0] * ahead + [1] * (len(ids) + 1))[0]
        margins: NDArray[np.float32] = logits[ahead:-1] - logits[0]
        return margins

    def _run(self, output: str, ids: Sequence[int], types: Sequence[int]) -> NDArray[np.float32]:
        given = {
            "input_ids": np.array([ids], dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }
        out: NDArray[np.float32] = self._session.run([output], given)[0]
        return out


@dataclass(frozen=True, slots=True)
class ScoredWindow:
    """Some pieces of a text from number ``first`` on: their spans and margins, (n, 2) each."""

    first: int
    spans: NDArray[np.int32]
    margins: NDArray[np.float32]


def merged(windows: Sequence[ScoredWindow]) -> SpanScores:
    """The scores of a whole text: each piece's from where it stands farthest from an edge."""
    pieces = windows[-1].first + len(windows[-1].spans) if windows else 0
    spans = np.zeros((pieces, 2), dtype=np.int32)
    margins = np.zeros((pieces, 2), dtype=np.float32)
    depth = np.full(pieces, -1)
    for window in windows:
        place = np.arange(len(window.spans))
        inside = np.minimum(place, len(place) - 1 - place)
        here = slice(window.first, window.first + len(place))
        better = inside > depth[here]
        spans[here] = window.spans
        margins[here][better] = window.margins[better]
        depth[here][better] = inside[better]
    return SpanScores(
        spans, np.ascontiguousarray(margins[:, 0]), np.ascontiguousarray(margins[:, 1])
    )


def _jobs(encodings: Sequence[Encoding]) -> list[tuple[int, _Window, list[int]]]:
    """The windows of all texts: the text's number, the window, its pieces."""
    return [
        (number, window, encoding.ids[window.first : window.last])
        for number, encoding in enumerate(encodings)
        for window in windows(len(encoding.ids), WINDOW)
    ]


def windows(pieces: int, longest: int) -> list[_Window]:
    """Overlapping windows over a text: steps of :data:`STRIDE`, the last one ends with the text."""
    if not pieces:
        return []
    found = [_Window(0, min(pieces, longest))]
    while found[-1].last < pieces:
        first = found[-1].first + STRIDE
        found.append(_Window(first, min(pieces, first + longest)))
    return found


def _ends(tokenizer: Tokenizer, folder: Path) -> tuple[int, int]:
    """The numbers of [CLS] and [SEP]; raises ModelDamaged where the tokenizer has none."""
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if first is None or last is None:
        raise ModelDamaged(
            f"{folder.name}: {TOKENIZER} has no [CLS] and [SEP]", hint="reinstall sanad"
        )
    return first, last


def _session(graph: bytes, folder: Path) -> InferenceSession:
    """A session on one thread; raises ModelDamaged for a graph of other inputs or outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        names = {value.name for value in session.get_inputs()}
        given = {value.name for value in session.get_outputs()}
    # ONNX Runtime raises its own kinds, which share no base but Exception.
    except Exception as error:
        raise ModelDamaged(f"{folder.name}: {GRAPH}: {error}", hint="reinstall sanad") from error
    if names != _INPUTS or not given >= _OUTPUTS:
        raise ModelDamaged(
            f"{folder.name}: {GRAPH} takes {sorted(names)} and gives {sorted(given)}, expected "
            f"{sorted(_INPUTS)} and {sorted(_OUTPUTS)}",
            hint="reinstall sanad",
        )
    return session


def _width(session: InferenceSession, folder: Path) -> int:
    """How many numbers a vector has; raises ModelDamaged where the graph leaves it open."""
    (shape,) = (out.shape for out in session.get_outputs() if out.name == "vectors")
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise ModelDamaged(
            f"{folder.name}: {GRAPH}: its vectors have the shape {shape}, expected a fixed width",
            hint="reinstall sanad",
        )
    return shape[1]
