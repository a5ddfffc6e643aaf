"""What the store costs as it grows: ``python -m benchmarks.scale --news FILE --passages 10000 100000``.

Each size is made in processes of its own: one ingests batches of text files as ``sanad ingest`` does,
one opens the index and answers, one adds an article, then changes one, then makes everything anew.
benchmarks/README.md says how the articles are made and what each row means.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

from benchmarks.run import FACTS, ROOT, environment, machine, number, pieces, said
from benchmarks.worker import peak_mb

DEFAULT, LIGHT = "sanad-bilingual-v1", "sanad-static-v1"
LARGEST_WITH_DEFAULT = 20_000  # passages; the network would take hours to embed more
LARGEST_REBUILT = 100_000
PIECES_AN_ARTICLE = 8
ARTICLES_A_BATCH = 2_000
QUESTIONS = 10  # in each language
COLLECTION = "scale"


def articles(news: Path) -> Iterator[str]:
    """Articles without end, none like another.

    The first time round each is eight neighbouring pieces of the file. After that the pieces come in
    another order, and every third word of each is one of another piece of the file, so that
    no passage comes twice and none is a copy, while words stay as frequent as they are.
    """
    found = list(pieces(news))
    for turn in count():
        chance = random.Random(turn)
        order = chance.sample(range(len(found)), len(found)) if turn else range(len(found))
        made = (_varied(found[place], found, chance) if turn else found[place] for place in order)
        while part := list(islice(made, PIECES_AN_ARTICLE)):
            yield "\n\n".join(part)


def _varied(piece: str, found: list[str], chance: random.Random) -> str:
    words, others = piece.split(), chance.choice(found).split()
    for place in range(chance.randrange(3), len(words), 3):
        words[place] = chance.choice(others)
    return " ".join(words)


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Seconds by the clock and of all cores."""
    began, used = time.perf_counter(), time.process_time()
    yield
    into[f"{name}, wall s"] = time.perf_counter() - began
    into[f"{name}, CPU s"] = time.process_time() - used


class _Counted:
    """The embedder, and how many passages it was given."""

    def __init__(self, inner) -> None:
        self._inner, self.passages = inner, 0
        self.name, self.fingerprint, self.dim = inner.name, inner.fingerprint, inner.dim
        self.embed_queries = inner.embed_queries

    def embed_passages(self, texts):
        self.passages += len(texts)
        return self._inner.embed_passages(texts)


def _engine(options: argparse.Namespace):
    from rag.engine import Engine
    from rag.settings import Settings

    settings = Settings(indexes=options.index, collection=COLLECTION, embedder=options.embedder)
    return Engine(settings)


def ingest(options: argparse.Namespace) -> dict[str, float]:
    """Batches of files until there are so many passages, each batch published."""
    from rag.ingest.run import ingest as run
    from rag.ingest.sources import Named, sources

    engine = _engine(options)
    embedder = _Counted(engine.embedder)
    made, found, batch = articles(options.news), {"batches": 0.0}, options.index / "files"
    wall = cpu = 0.0
    while embedder.passages < options.size:
        # As many articles as the passages that are missing, at least, would need.
        missing = (options.size - embedder.passages) // (2 * PIECES_AN_ARTICLE) + 1
        batch.mkdir(parents=True)
        for place, text in enumerate(islice(made, min(ARTICLES_A_BATCH, missing))):
            name = f"{int(found['batches']):05d}-{place:05d}.txt"
            (batch / name).write_text(text + "\n", encoding="utf-8")
        took: dict[str, float] = {}
        with timed(took, "batch"):
            named = Named(paths=[str(batch)], columns={})
            run(engine.collection, lambda: embedder, list(sources(named)))
        wall, cpu = wall + took["batch, wall s"], cpu + took["batch, CPU s"]
        found["batches"] += 1
        shutil.rmtree(batch)
    passages = engine.collection.latest().passages
    return (
        found
        | {
            "documents": engine.collection.latest().documents,
            "passages": passages,
            "passages/s, wall": passages / wall,
            "passages/s, CPU": passages / cpu,
            "ingest peak MB": peak_mb(),
        }
        | _bytes(engine.collection, passages)
    )


def _bytes(collection, passages: int) -> dict[str, float]:
    """Bytes a passage of each part of the newest generation, and of the database."""
    described = collection.latest()

    def size(chosen: Callable[[str], bool]) -> float:
        return sum(size for name, (size, _) in described.files.items() if chosen(name)) / passages

    return {
        "database bytes": (collection.folder / "truth.sqlite3").stat().st_size / passages,
        "vectors bytes": size(lambda name: name.startswith("vectors")),
        "terms bytes": size(lambda name: name.startswith("terms/")),
        "copies bytes": size(lambda name: name in ("copies.npy", "groups.json", "parts.json")),
        "parts": sum(name.startswith("vectors") for name in described.files),
    }


def serve(options: argparse.Namespace) -> dict[str, float]:
    """Opens the index and asks; the models are loaded before."""
    engine = _engine(options)
    embedder = engine.embedder
    loaded, found = peak_mb(), {}
    with timed(found, "open"):
        index = engine.collection.open(embedder)
    index.close()
    del index
    engine.warm()
    lines = [json.loads(line) for line in FACTS.read_text(encoding="utf-8").splitlines()]
    for language in ("ar", "en"):
        asked = [one["question"] for one in lines if one["language"] == language][: QUESTIONS + 1]
        for what, call in (("search", engine.search), ("ask", engine.ask)):
            call(asked[0])
            each = []
            for question in asked[1:]:
                took: dict[str, float] = {}
                with timed(took, "one"):
                    call(question)
                each.append(took)
            for kind in ("wall", "CPU"):
                milliseconds = statistics.median(one[f"one, {kind} s"] for one in each) * 1000
                found[f"{what} {language}, {kind} ms"] = milliseconds
    return found | {"serving peak MB": peak_mb(), "models alone MB": loaded}


def change(options: argparse.Namespace) -> dict[str, float]:
    """One article added, then the same changed, one from the middle changed, everything made anew."""
    from rag.ingest.direct import document

    engine, found = _engine(options), {}
    collection, embedder = engine.collection, engine.embedder
    embedder.embed_passages(["ready"])
    text = next(articles(options.news))
    index = collection.open()
    middle = index.documents(offset=index.count_documents() // 2, limit=1)[0].id
    old = index.document(middle)
    index.close()
    del index
    steps = {
        "add one": document("new", f"مقال جديد. {text}"),
        "change it": document("new", f"مقال جديد ثان. {text}"),
        "change one of the middle": document(middle, f"مقال ثالث. {old.text}"),
    }
    for name, one in steps.items():
        with timed(found, name), collection.writing(embedder) as writer:
            writer.put(one, exact=True)
            writer.publish()
    found["publish peak MB"] = peak_mb()
    if options.size <= LARGEST_REBUILT:
        with timed(found, "rebuild"):
            collection.rebuild()
        found["rebuild peak MB"] = peak_mb()
    return found


ACTIONS = {"ingest": ingest, "serve": serve, "change": change}


def measured(news: Path, size: int, embedder: str, index: Path) -> dict[str, float]:
    """All figures of one size, each action in a process of its own."""
    found: dict[str, float] = {}
    for action in ACTIONS:
        said(f"{size:,} passages: {action}")
        command = [sys.executable, "-m", "benchmarks.scale", "--action", action]
        command += ["--news", str(news), "--passages", str(size), "--index", str(index)]
        command += ["--embedder", embedder]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{action} of {size:,} passages failed; its error is above")
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


def table(result: dict) -> str:
    """Rows are measures, columns are sizes."""
    runs = result["runs"]
    here = result["machine"]
    heads = [f"{run['size']:,} passages" for run in runs]
    out = [
        f"Load average at the start: {here['load_at_start']}, {here['cores']} cores.",
        "",
        f"| measure | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(runs)}",
        f"| embedder | {' | '.join(run['embedder'] for run in runs)} |",
    ]
    for name in dict.fromkeys(name for run in runs for name in run["figures"]):
        values = [run["figures"].get(name) for run in runs]
        out.append(f"| {name} | {' | '.join('' if v is None else number(v) for v in values)} |")
    return "\n".join(out)


def main() -> None:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    top.add_argument("--news", type=Path, required=True, help="lines of news, plain or .xz")
    top.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    top.add_argument(
        "--embedder",
        choices=(DEFAULT, LIGHT),
        help=f"for all sizes [{DEFAULT} up to {LARGEST_WITH_DEFAULT:,} passages, then {LIGHT}]",
    )
    top.add_argument("--folder", type=Path, help="where the indexes are made for a while")
    top.add_argument("--json", type=Path, metavar="OUT", help="write every figure to a file")
    top.add_argument("--action", choices=tuple(ACTIONS), help=argparse.SUPPRESS)
    top.add_argument("--index", type=Path, help=argparse.SUPPRESS)
    options = top.parse_args()
    if not options.news.is_file():
        top.error(f"--news {options.news}: no such file")
    if options.action:
        options.size = options.passages[0]
        print(json.dumps(ACTIONS[options.action](options)))
        return
    result: dict = {"machine": machine(), "runs": []}
    for size in options.passages:
        light = size > LARGEST_WITH_DEFAULT
        embedder = options.embedder or (LIGHT if light else DEFAULT)
        with tempfile.TemporaryDirectory(prefix="sanad-scale-", dir=options.folder) as index:
            figures = measured(options.news, size, embedder, Path(index))
        result["runs"].append({"size": size, "embedder": embedder, "figures": figures})
        if options.json:
            options.json.write_text(json.dumps(result, indent=1) + os.linesep, encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
