"""The embedded network in int8 beside the same network in sentence-transformers, in one run.

``python -m benchmarks.network --news FILE``: single-query latency, passages a second and memory of
``rag.contextual.ContextualModel`` and of ``SentenceTransformer`` on torch with the same weights in
float32 (written by ``rag.training.export.unpack``). Each side runs in processes of its own, the
sides take turns, and both may use the same number of cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.run import NETWORK, ROOT, environment, percentile, pieces, questions
from benchmarks.worker import peak_mb

SIDES = ("sanad", "torch")


def embedder(side: str, folder: Path, cores: int) -> Callable[[Sequence[str]], object]:
    """Texts to vectors, one side."""
    if side == "sanad":
        from rag.contextual import ContextualModel

        return ContextualModel(folder, workers=cores).vectors
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(cores)
    model = SentenceTransformer(str(folder), device="cpu")
    return lambda texts: model.encode(
        list(texts), normalize_embeddings=True, show_progress_bar=False
    )


def measure(side: str, folder: Path, cores: int, texts: Path) -> dict[str, float]:
    """One side in this process: seconds to the first vector, query latencies, passages a second."""
    given = json.loads(texts.read_text(encoding="utf-8"))
    began = time.perf_counter()
    embed = embedder(side, folder, cores)
    embed(given["questions"][:1])
    ready = time.perf_counter() - began
    latencies = []
    for question in given["questions"]:
        asked = time.perf_counter()
        embed([question])
        latencies.append((time.perf_counter() - asked) * 1000)
    began = time.perf_counter()
    embed(given["passages"])
    passages = len(given["passages"]) / (time.perf_counter() - began)
    return {
        "to the first vector (s)": ready,
        "query p50 (ms)": percentile(latencies, 0.5),
        "query p95 (ms)": percentile(latencies, 0.95),
        "passages a second": passages,
        "memory (MB)": peak_mb(),
    }


def compare(news: Path, count: int, rounds: int, cores: int) -> dict[str, dict[str, float]]:
    """Medians over the rounds of every measure and side, with the ratio in Sanad's favour."""
    from rag.training.export import unpack

    with tempfile.TemporaryDirectory() as folder:
        torch_folder = Path(folder) / "float32"
        unpack(NETWORK, torch_folder)
        texts = Path(folder) / "texts.json"
        taken = list(itertools.islice(pieces(news), count))
        content = {"questions": questions(0), "passages": taken}
        texts.write_text(json.dumps(content), encoding="utf-8")
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(rounds):
            for side, at in zip(SIDES, (NETWORK, torch_folder), strict=True):
                command = [sys.executable, "-m", "benchmarks.network", "--side", side]
                command += ["--folder", str(at), "--texts", str(texts), "--cores", str(cores)]
                done = subprocess.run(
                    command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
                )
                runs[side].append(json.loads(done.stdout.splitlines()[-1]))
    found = {}
    for name in runs["sanad"][0]:
        ours, theirs = (statistics.median(run[name] for run in runs[side]) for side in SIDES)
        ratio = ours / theirs if name == "passages a second" else theirs / ours
        found[name] = {"sanad": ours, "torch": theirs, "ratio": ratio}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--news", type=Path, help="text file, one paragraph a line, or .xz")
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--texts", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(measure(options.side, options.folder, options.cores, options.texts)))
        return
    if not options.news:
        parser.error("--news FILE is needed: the passages come from it")
    found = compare(options.news, options.passages, options.rounds, options.cores)
    print("| measure | sanad int8 | torch float32 | ratio |\n| --- | --- | --- | --- |")
    for name, row in found.items():
        print(f"| {name} | {row['sanad']:.2f} | {row['torch']:.2f} | {row['ratio']:.1f}× |")


if __name__ == "__main__":
    main()
