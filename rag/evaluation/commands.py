"""The commands evaluate and calibrate: values in, text and files out, an exit code back."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag import calibration
from rag.engine import Engine
from rag.errors import UsageError
from rag.evaluation import compare, provenance
from rag.evaluation.bars import ALWAYS, FailedBar, check_bars, parse_bar
from rag.evaluation.outputs import Print, refuse_overwriting, require_folder, tell, write
from rag.evaluation.partial import Partial
from rag.evaluation.questions import (
    FactQuestion,
    QuestionFile,
    accepted,
    read,
    slices_of,
)
from rag.evaluation.report import failures, load_report, table, to_dict
from rag.evaluation.results import Report
from rag.evaluation.run import run
from rag.evaluation.targets import LocalTarget, Target
from rag.settings import Settings
from rag.terminal import Progress, json_line, printable

OPENAI = "openai:"


def evaluate(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    """``sanad evaluate``: the figures, and 1 where a bar or the baseline is missed."""
    _refuse_unused(options)
    if options.compare:
        return _compare(options, out)
    if options.file is None:
        raise UsageError("evaluate needs a file of questions", hint="sanad evaluate FACTS.jsonl")
    file = read(options.file)
    questions = accepted(file)
    if left := len(file.questions) - len(questions):
        tell(f"{left} drafts are left out; they are asked once somebody has accepted them")
    if options.stages:
        return _stages(options, settings, questions, out)
    bars = [*ALWAYS, *(parse_bar(text, slices_of(questions)) for text in options.bar)]
    if options.update_baseline and options.baseline is None:
        raise UsageError("--update-baseline needs --baseline FILE", hint="name the file to write")
    # Read before anything is asked: a file that is not there is told at once.
    baseline = None
    if options.baseline is not None and not options.update_baseline:
        baseline = compare.read_baseline(options.baseline)
    for path in (options.save, options.html, options.baseline):
        require_folder(path)
    written = {"--save": options.save, "--html": options.html, "--baseline": options.baseline}
    refuse_overwriting(written, [options.file])
    report = _asked(options, settings, file, questions)
    failed = check_bars(report, bars)
    changes = None if baseline is None else compare.against(baseline, report)
    _kept(options, report, failed)
    if options.json:
        content = to_dict(report, failed)
        if changes is not None:
            content["baseline"] = compare.to_dict(changes)
        out(json_line(content))
    else:
        out(table(report))
        if options.failures and (listed := failures(report)):
            out(f"\n{listed}")
    for bar in failed:
        tell(f"below its bar: {bar}")
    return 1 if failed or _dropped(changes) else 0


_OPTIONS = (
    "bar", "failures", "baseline", "update_baseline", "save", "html", "stages", "target", "model",
    "refusal", "key_variable",
)  # fmt: skip
# Decided where the service runs, not by who asks it.
_SERVICES_OWN = ("threshold", "embedder", "reader")


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuses options that would change nothing; raises UsageError."""
    given = [_flag(name) for name in _OPTIONS if getattr(options, name)]
    given += ["--concurrency"] if options.concurrency != 1 else []
    if options.compare:
        if unused := [*([str(options.file)] if options.file else []), *given]:
            raise UsageError(
                f"--compare reads two saved reports and cannot be joined with {', '.join(unused)}",
                hint="sanad evaluate --compare BEFORE.json AFTER.json",
            )
        return
    if options.stages and (unused := [name for name in given if name != "--stages"]):
        raise UsageError(
            f"--stages prints its own table and cannot be joined with {', '.join(unused)}",
            hint="run sanad evaluate twice, once with --stages",
        )
    for name in ("model", "refusal"):
        if getattr(options, name) and not (options.target or "").startswith(OPENAI):
            there = f"--target is {options.target!r}" if options.target else "there is no --target"
            raise UsageError(
                f"{_flag(name)} is about a chat endpoint, and {there}",
                hint="--target openai:http://127.0.0.1:8000/v1 --model NAME asks one",
            )
    if options.key_variable and not options.target:
        raise UsageError(
            "--key-variable holds the key of a --target, and there is none",
            hint="--target http://127.0.0.1:8765 asks a Sanad service",
        )
    for name in _SERVICES_OWN:
        if options.target and getattr(options, name) is not None:
            raise UsageError(
                f"{_flag(name)} changes nothing at {options.target!r}: the service decides it",
                hint="set it where the service is started, or leave out --target",
            )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _asked(
    options: argparse.Namespace,
    settings: Settings,
    file: QuestionFile,
    questions: Sequence[FactQuestion],
) -> Report:
    target = _target(options, settings)
    about = provenance.manifest(file, _decisive(settings, options), len(questions))
    progress = Progress("questions")
    if options.save is None:
        return run(
            target,
            questions,
            settings.k,
            concurrency=options.concurrency,
            progress=progress,
            manifest=about,
        )
    path = options.save.with_name(f"{options.save.name}.partial")
    kind = {**about, "target": dict(target.describe()), "k": settings.k}
    with Partial(path, kind) as partial:
        if partial.found:
            tell(f"{len(partial.found)} questions were asked before; going on from there")
        try:
            report = run(
                target,
                questions,
                settings.k,
                concurrency=options.concurrency,
                progress=progress,
                before=partial.found,
                keep=partial.keep,
                manifest=about,
            )
        except KeyboardInterrupt:
            tell(f"what was asked so far is in {path}; the same command goes on from there")
            raise
        write(options.save, json_line(to_dict(report)) + "\n")
        partial.remove()
    return report


def _decisive(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """The settings that decide an answer; not where things lie."""
    names = ("embedder", "reader", "query_prefix", "passage_prefix", "threshold", "k")
    found = {name: getattr(settings, name) for name in names}
    # A model folder's place says who runs it, and its fingerprint says what it is.
    for name in ("embedder", "reader"):
        if Path(str(found[name])).is_absolute():
            found[name] = Path(str(found[name])).name
    return {**found, "concurrency": options.concurrency}


def _target(options: argparse.Namespace, settings: Settings) -> Target:
    if options.target is None:
        engine = Engine(settings)
        if not engine.collection.exists():
            folder = str(engine.collection.folder)
            tell(f"there is no collection {folder!r}; make it with: sanad ingest PATH")
        return LocalTarget(engine, _about(engine))
    from rag.evaluation import chat_endpoint, remote
    from rag.evaluation.connection import key_from

    key = key_from(options.key_variable)
    if not options.target.startswith(OPENAI):
        service = remote.sanad(options.target, key, collection=options.collection)
        service.warm()  # what answers there may be no Sanad: told before its documents are asked for
        return service
    if not options.model:
        raise UsageError(
            "a chat endpoint needs --model NAME", hint="the name the endpoint gives it"
        )
    engine = Engine(settings)
    library = engine if engine.collection.exists() else None
    if library is None:
        tell("there is no collection here: quotes cannot be compared with their documents")
    address = options.target.removeprefix(OPENAI)
    return chat_endpoint.chat(address, options.model, key, library=library, refusal=options.refusal)


def _about(engine: Engine) -> dict[str, Any]:
    if engine.collection.latest_sequence() is None:
        return provenance.of_engine(engine)
    state = engine.index().state
    index = {"generation": state.generation, "fingerprint": state.fingerprint}
    return {**provenance.of_engine(engine), "index": index}


def _kept(options: argparse.Namespace, report: Report, failed: Sequence[FailedBar]) -> None:
    """Writes the files that were asked for."""
    if options.save is not None:
        write(options.save, json_line(to_dict(report, failed)) + "\n")
    if options.html is not None:
        from rag.evaluation.page import page

        write(options.html, page(report))
    if options.update_baseline:
        compare.write_baseline(options.baseline, report)
        tell(f"wrote the baseline {options.baseline}")


def _dropped(changes: compare.Comparison | None) -> bool:
    if changes is None:
        return False
    if changes.only_first or changes.only_second:
        tell(
            f"the baseline has {changes.only_first} questions that were not asked and lacks "
            f"{changes.only_second} that were; write it anew with --update-baseline"
        )
    worse = [change for change in changes.changes if change.worse]
    for change in worse:
        one = change.difference
        tell(
            f"below the baseline: {change.slice}.{change.metric} fell from {one.first:.4g} to "
            f"{one.second:.4g} (p {change.p:.3f} on {one.questions} questions)"
        )
    return bool(worse)


def _compare(options: argparse.Namespace, out: Print) -> int:
    first, second = (load_report(path) for path in options.compare)
    found = compare.between(first, second)
    if options.json:
        out(json_line(compare.to_dict(found)))
    else:
        out(printable(compare.lines_of(found, second.k)))
    return 1 if any(change.worse for change in found.changes) else 0


def _stages(
    options: argparse.Namespace,
    settings: Settings,
    questions: Sequence[FactQuestion],
    out: Print,
) -> int:
    from rag.evaluation import stages

    found = stages.stages(Engine(settings), questions, settings.k, Progress("questions"))
    out(json_line({"stages": stages.to_dict(found)}) if options.json else stages.table(found))
    return 0


def calibrate(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    """``sanad calibrate``: fits and stores, or takes away with ``--reset``."""
    from rag.evaluation import calibrate as fitting

    folder = settings.indexes / settings.collection
    if options.reset:
        if options.file is not None or options.dry_run:
            unused = "--dry-run" if options.file is None else str(options.file)
            raise UsageError(
                f"--reset takes the calibration away and cannot be joined with {unused}",
                hint="sanad calibrate --reset, or sanad calibrate FACTS.jsonl",
            )
        there = calibration.remove(folder)
        told = "took the calibration away" if there else "there was no calibration"
        out(json_line({"removed": there}) if options.json else told)
        return 0
    if options.file is None:
        raise UsageError(
            "calibrate needs a file of questions, or --reset", hint="sanad calibrate FACTS.jsonl"
        )
    file = read(options.file)
    # Everything is answered, whatever its probability: that is what is to be fitted.
    engine = Engine(settings.model_copy(update={"threshold": 0.0}), calibrated=False)
    if not engine.collection.exists():
        raise engine.collection.missing()
    found = fitting.calibrate(
        engine,
        accepted(file),
        file.sha256,
        k=settings.k,
        error=options.error,
        progress=Progress("questions"),
    )
    if not options.dry_run:
        calibration.write(folder, found)
    if options.json:
        content = found.model_dump(mode="json")
        out(json_line({**content, "fingerprint": found.fingerprint, "stored": not options.dry_run}))
    else:
        out("\n".join(fitting.lines_of(found)))
    if settings.threshold is not None:
        tell(f"the setting threshold={settings.threshold} overrides the fitted threshold")
    return 0
