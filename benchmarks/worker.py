"""One side of the benchmark in a process of its own: JSON lines in, JSON lines out.

``ingest SIDE PATH INDEX`` times one ingest, the model loaded before; ``serve SIDE INDEX`` opens an
index and times the questions it is sent. SIDE is ``sanad``, or ``baseline`` for the plain script.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Search = Callable[[str], object]


def peak_mb() -> float:
    """The most memory this process had resident, in MB of 10**6 bytes.

    Linux's own counter where there is one: getrusage counts the parent of a fork as well.
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def ingest_sanad(options: argparse.Namespace) -> dict[str, float]:
    from rag.engine import Engine
    from rag.settings import Settings

    engine = Engine(Settings(indexes=options.index))
    engine.warm()
    began = time.perf_counter()
    _, report = engine.ingest([options.path])
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "passages": report.embedded_passages}


def ingest_baseline(options: argparse.Namespace) -> dict[str, float]:
    """With ``--sample N`` only N passages are embedded; the index then holds random unit vectors.

    The time for all is then that of reading and writing, plus the sample's scaled up: the cost of
    a search does not depend on the vectors' values.
    """
    import numpy as np

    from benchmarks import baseline

    model = baseline.load_model(options.model)
    baseline.embed(model, ["warm"])
    began = time.perf_counter()
    passages = baseline.read([options.path])
    read = time.perf_counter()
    # Every n-th, so that the lengths are those of the whole.
    step = max(1, len(passages) // options.sample) if options.sample else 1
    vectors = baseline.embed(model, passages[::step])
    embedded = time.perf_counter()
    sampled = len(vectors)
    if sampled < len(passages):
        vectors = np.random.default_rng(0).standard_normal((len(passages), vectors.shape[1]))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    stored = time.perf_counter()
    baseline.write(options.index, passages, vectors)
    rest = read - began + time.perf_counter() - stored
    seconds = rest + (embedded - read) * len(passages) / max(sampled, 1)
    return {"seconds": seconds, "passages": len(passages), "sampled": sampled}


def open_sanad(options: argparse.Namespace) -> dict[str, Search]:
    from rag.engine import Engine
    from rag.settings import Settings

    engine = Engine(Settings(indexes=options.index))
    engine.warm()
    return {"ask": engine.ask, "search": engine.search}


def open_baseline(options: argparse.Namespace) -> dict[str, Search]:
    from benchmarks import baseline

    return {"search": baseline.Index(options.index, baseline.load_model(options.model)).search}


def time_all(search: Search, questions: list[str], threads: int) -> dict[str, object]:
    """Seconds of each question and of all."""

    def timed(question: str) -> float:
        began = time.perf_counter()
        search(question)
        return time.perf_counter() - began

    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        each = list(pool.map(timed, questions))
        wall = time.perf_counter() - began
    return {"each": each, "wall": wall, "peak_mb": peak_mb()}


def answer(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


def main() -> None:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    top.add_argument("action", choices=("ingest", "serve"))
    top.add_argument("side", choices=("sanad", "baseline"))
    top.add_argument("--index", type=Path, required=True)
    top.add_argument("--path", type=Path)
    top.add_argument("--model")
    top.add_argument("--sample", type=int, default=0)
    options = top.parse_args()
    if options.action == "ingest":
        ingest = {"sanad": ingest_sanad, "baseline": ingest_baseline}[options.side]
        answer({**ingest(options), "peak_mb": peak_mb()})
        return
    began = time.perf_counter()
    kinds = {"sanad": open_sanad, "baseline": open_baseline}[options.side](options)
    answer({"seconds": time.perf_counter() - began})
    for line in sys.stdin:
        task = json.loads(line)
        answer(time_all(kinds[task["kind"]], task["questions"], task["threads"]))


if __name__ == "__main__":
    main()
