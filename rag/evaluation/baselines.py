"""One table of what every stage buys, on several question sets: ``python -m rag.evaluation.baselines DATA``.

``DATA`` is a folder that holds the sets' files, anywhere below it. Each set is imported, all its
articles are ingested into collections of their own in a temporary folder, and a sample of its
answerable questions, the same one for the same seed, goes through every stage: vectors of pieces,
vectors of the network, BM25, both fused, rescored, read, answered. Every row is compared with the
one before it, question by question.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import catalogue
from rag.answering import check_k
from rag.engine import Engine
from rag.errors import ConfigurationError, RagError, UsageError
from rag.evaluation import metrics
from rag.evaluation.importing import Article, Options, import_files
from rag.evaluation.metrics import mean
from rag.evaluation.questions import ALL, FactQuestion, accepted, read
from rag.evaluation.stages import (
    ANSWER,
    BM25,
    DENSE,
    FIGURES,
    HYBRID,
    READ,
    RESCORED,
    Outcome,
    Stage,
    measure,
    summarise,
)
from rag.languages import language_of
from rag.settings import Settings
from rag.terminal import Progress, printable
from rag.types import LANGUAGES

STATIC, CONTEXTUAL = "dense only, static model", "dense only, contextual model"
_ORDER = (STATIC, CONTEXTUAL, BM25, HYBRID, RESCORED, READ, ANSWER)
_OVER = dict(zip(_ORDER[1:], _ORDER[:-1], strict=True))
SAMPLE, SEED = 150, 20  # questions of a set at most, and what they are drawn with
_ARTICLES = "articles.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Questions that are asked of one collection, which holds these articles."""

    name: str
    questions: list[FactQuestion]
    articles: Sequence[Article] = ()
    folder: Path | None = None  # articles as files instead


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """A row block of the table; ``total`` answerable questions before sampling."""

    name: str
    parts: list[Part]
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What was measured on one set."""

    set: QuestionSet
    stages: list[Stage]
    answers: list[Outcome] = field(repr=False)
    articles: int
    seconds: float


def sets_in(data: Path, seeds: Path, sample: int, seed: int) -> tuple[list[QuestionSet], list[str]]:
    """The sets whose files are there, and the names of the files that are not.

    Raises InvalidImport for a file of another form, UsageError where nothing is there at all.
    """
    if not data.is_dir():
        raise UsageError(f"{str(data)!r} is no folder", hint="name the folder with the sets' files")
    found: list[QuestionSet] = []
    missing: list[str] = []
    facts = seeds / "facts.jsonl"
    if facts.is_file():
        asked = [one for one in accepted(read(facts)) if one.gold]
        drawn = _drawn(asked, sample, seed)
        part = Part(name="seeds", questions=drawn, folder=seeds / "articles")
        found.append(QuestionSet(name="seed facts", parts=[part], total=len(asked)))
    else:
        missing.append(str(facts))
    for file, build in _SETS.items():
        path = _find(data, file)
        if path is None:
            missing.append(file)
        else:
            found += build(path, sample, seed)
    if not found:
        raise UsageError(
            f"none of the sets is there: {', '.join(missing)}",
            hint="put the files below the folder that was named",
        )
    return found, missing


def _find(data: Path, name: str) -> Path | None:
    """The file of this name below the folder, packed or not; the first by path."""
    return min(
        (*data.rglob(name), *data.rglob(f"{name}.xz"), *data.rglob(f"{name}.gz")), default=None
    )


def _one_language(name: str) -> Callable[[Path, int, int], list[QuestionSet]]:
    def build(path: Path, sample: int, seed: int) -> list[QuestionSet]:
        imported = import_files("rows", [path], Options(articles=_ARTICLES))
        asked = [one for one in imported.questions if one.gold]
        part = Part(
            name=_slug(name), questions=_drawn(asked, sample, seed), articles=imported.articles
        )
        return [QuestionSet(name=name, parts=[part], total=len(asked))]

    return build


def _both_languages(name: str, note: str) -> Callable[[Path, int, int], list[QuestionSet]]:
    """Two blocks: questions on texts in their own language, and on texts in the other."""

    def build(path: Path, sample: int, seed: int) -> list[QuestionSet]:
        imported = import_files("rows", [path], Options(articles=_ARTICLES))
        asked = [one for one in imported.questions if one.gold]
        drawn = _drawn(asked, sample, seed)
        texts = {
            language: [one for one in imported.articles if language_of(one.text) == language]
            for language in LANGUAGES
        }
        blocks = []
        for across in (False, True):
            parts = [
                Part(
                    name=f"{_slug(name)}-{language}",
                    questions=_gold_in(
                        [one for one in drawn if (one.language != language) is across], articles
                    ),
                    articles=articles,
                )
                for language, articles in texts.items()
            ]
            beside = (
                "question and text in two languages"
                if across
                else "question and text in one language"
            )
            blocks.append(
                QuestionSet(name=f"{name}, {beside}", parts=parts, total=len(asked), note=note)
            )
        return blocks

    return build


def _gold_in(questions: Sequence[FactQuestion], articles: Sequence[Article]) -> list[FactQuestion]:
    """The questions with those of their gold places that are in the articles."""
    there = {f"{_ARTICLES}#{one.key}" for one in articles}
    kept = [
        one.model_copy(update={"gold": tuple(g for g in one.gold if g.document in there)})
        for one in questions
    ]
    return [one for one in kept if one.gold]


_SETS: dict[str, Callable[[Path, int, int], list[QuestionSet]]] = {
    "sanad_qa.dev.jsonl": _both_languages(
        "sanad_qa dev",
        "the weights of rescoring, reading and confidence were fitted on this set, so those rows flatter",
    ),
    "arcd.test.ar.jsonl": _one_language("ARCD test"),
    "mlqa.dev.ar.jsonl": _one_language("MLQA dev, Arabic"),
}


def _slug(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())


def _drawn(questions: Sequence[FactQuestion], most: int, seed: int) -> list[FactQuestion]:
    """At least ``most`` of the questions where there are so many; linked ones stay together."""
    linked: dict[str, list[FactQuestion]] = defaultdict(list)
    for question in questions:
        linked[question.pair or question.id].append(question)
    names = sorted(linked)
    random.Random(seed).shuffle(names)  # noqa: S311 - a sample, not a secret
    drawn: list[FactQuestion] = []
    for name in names:
        if len(drawn) >= most:
            break
        drawn += linked[name]
    return drawn


def run(
    sets: Sequence[QuestionSet],
    folder: Path,
    k: int,
    progress: Callable[[str], Callable[[int, int], None]] = lambda _: lambda *_: None,
) -> Iterator[Block]:
    """Measures set after set; ``folder`` takes the collections. Raises CorpusMismatch, InvalidParameter."""
    for one in sets:
        began = time.perf_counter()
        outcomes: dict[str, list[Outcome]] = {name: [] for name in _ORDER}
        articles = 0
        for part in one.parts:
            engines = [Engine(settings) for settings in _settings(folder, part.name, k)]
            for engine in engines:
                if not engine.collection.exists():
                    engine.ingest([_files(part, folder)], progress("articles"))
            static, contextual = engines
            articles += len(contextual.documents())
            vectors = measure(static, part.questions, k, progress("static"), only={DENSE})
            rest = measure(contextual, part.questions, k, progress("questions"))
            outcomes[STATIC] += vectors[DENSE]
            outcomes[CONTEXTUAL] += rest[DENSE]
            for name in (BM25, HYBRID, RESCORED, READ, ANSWER):
                outcomes[name] += rest[name]
        yield Block(
            set=one,
            stages=summarise(outcomes, k, _OVER),
            answers=outcomes[ANSWER],
            articles=articles,
            seconds=time.perf_counter() - began,
        )


def _settings(folder: Path, name: str, k: int) -> list[Settings]:
    return [
        Settings.model_validate(
            {"indexes": folder / place, "collection": name, "embedder": embedder, "k": k}
        )
        for place, embedder in (("static", catalogue.PIECES), ("contextual", catalogue.BILINGUAL))
    ]


def _files(part: Part, folder: Path) -> Path:
    if part.folder is not None:
        return part.folder
    place = folder / "articles" / part.name
    place.mkdir(parents=True, exist_ok=True)
    path = place / _ARTICLES
    path.write_text("".join(f"{one.line()}\n" for one in part.articles), encoding="utf-8")
    return path


def table(blocks: Sequence[Block], k: int, sample: int, seed: int, missing: Sequence[str]) -> str:
    """The blocks as a Markdown table, and below it what was measured and how."""
    header = (
        "set and stage", "hit@1", f"hit@{k}", "MRR", "nDCG@10", "ar hit@1", "en hit@1",
        "gain in hit@1", "95 %", "p",
    )  # fmt: skip
    lines = [_line(header), _line(("---", *["---:"] * (len(header) - 1)))]
    for block in blocks:
        asked = len(block.answers)
        of = "" if asked == block.set.total else f" drawn from {block.set.total}"
        title = f"**{block.set.name}**: {asked} questions{of}, {block.articles} articles"
        lines.append(_line((title, *[""] * (len(header) - 1))))
        lines += [_line(_cells(stage)) for stage in block.stages]
    lines += [
        "",
        f"Every row is compared with the row before it on the same questions: the gain in hit@1, its 95 % "
        f"interval (paired bootstrap, linked questions drawn together) and p (approximate "
        f"randomisation). A hit holds the whole gold span. At most about {sample} answerable questions a set, "
        f"drawn with seed {seed}, among all of its articles; the last row ranks the citations of the answer, "
        f"so it counts an abstention as a miss.",
        "",
        *(_told(block) for block in blocks),
    ]
    if missing:
        lines += ["", f"Not measured, the file was not there: {', '.join(missing)}."]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(stage: Stage) -> tuple[str, ...]:
    figures = [stage.figures[ALL][name] for name in FIGURES if name != "recall_at_k"]
    figures += [stage.figures[language]["hit_at_1"] for language in LANGUAGES]
    shown = ["–" if value is None else f"{value:.3f}" for value in figures]
    gain = stage.gain
    if gain is None:
        return (stage.name, *shown, "", "", "")
    spread = gain.interval
    interval = "" if spread is None else f"{spread.low:+.3f} to {spread.high:+.3f}"
    return (stage.name, *shown, f"{gain.change:+.3f}", interval, f"{gain.p:.3f}")


def _told(block: Block) -> str:
    """The short answers of a set in one line of a list."""
    stated = [one for one in block.answers if one.question.answers]
    exact = mean(metrics.exact_match(one.answer, one.question.answers) for one in stated)
    f1 = mean(metrics.token_f1(one.answer, one.question.answers) for one in stated)
    given = sum(one.answer is not None for one in block.answers)
    words = "" if exact is None or f1 is None else f", exact match {exact:.3f}, F1 {f1:.3f}"
    note = f"; {block.set.note}" if block.set.note else ""
    return (
        f"- {block.set.name}: {given} of {len(block.answers)} answered{words}; "
        f"{block.seconds:.0f} s{note}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints or writes the table; 0, or the exit code of the error that was told."""
    parser = argparse.ArgumentParser(prog="python -m rag.evaluation.baselines", description=__doc__)
    parser.add_argument("data", type=Path, help=f"folder that holds {', '.join(_SETS)}")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"), help="facts.jsonl, articles/")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"questions a set [{SAMPLE}]")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the sample [{SEED}]")
    parser.add_argument("-k", type=int, default=8, help="passages to read (1 to 50) [8]")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="the table [stdout]")
    options = parser.parse_args(arguments)
    try:
        _measured(options)
    except RagError as error:
        _tell(f"error[{error.code}]: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _tell("interrupted; nothing was kept")
        return 130
    return 0


def _measured(options: argparse.Namespace) -> None:
    check_k(options.k)
    if options.sample < 1:
        raise UsageError(f"--sample is {options.sample}, expected 1 or more", hint="--sample 150")
    if options.output is not None and not options.output.absolute().parent.is_dir():
        raise ConfigurationError(
            f"{str(options.output)!r}: its folder does not exist",
            hint="name a file that can be made",
        )
    began = time.perf_counter()
    found, missing = sets_in(options.data, options.seeds, options.sample, options.seed)
    blocks = []
    with tempfile.TemporaryDirectory(prefix="sanad-baselines-") as folder:
        for block in run(found, Path(folder), options.k, Progress):
            blocks.append(block)
            _tell(f"{block.set.name}: {len(block.answers)} questions, {block.seconds:.0f} s")
    text = table(blocks, options.k, options.sample, options.seed, missing)
    took = time.perf_counter() - began
    text += f"\n\nThe whole table took {took:.0f} s on {os.cpu_count()} CPU threads.\n"
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.write_text(text, encoding="utf-8")


def _tell(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
