"""The commands ``facts import|check|draft``: question files made, checked and proposed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.engine import Engine
from rag.errors import UsageError
from rag.evaluation.outputs import Print, refuse_overwriting, tell, write
from rag.evaluation.questions import QuestionFile, nothing_in, read, what_it_may_be
from rag.settings import Settings
from rag.terminal import json_line, one_line
from rag.types import Document


def facts(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    """``sanad facts import|check|draft``."""
    actions = {"import": _import, "check": _check, "draft": _draft}
    return actions[options.action](options, settings, out)


def _import(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    from rag.evaluation.importing import Options, import_files

    engine = Engine(settings)
    articles = options.articles
    refuse_overwriting({"--output": options.output, "--articles": articles}, options.files)
    given = Options(
        articles="articles.jsonl" if articles is None else articles.name,
        language=options.language,
        library=engine if engine.collection.exists() else None,
    )
    found = import_files(options.format, options.files, given)
    if articles is not None:
        write(articles, "".join(f"{article.line()}\n" for article in found.articles))
    lines = [question.line() for question in found.questions]
    _written(options.output, lines, out)
    for reason, count in found.left_out.items():
        tell(one_line(f"{reason}: {count}"))
    there = f", {len(found.articles)} articles" if articles is not None else ""
    tell(f"{len(lines)} questions{there}")
    if found.articles and articles is None:
        tell("the files carry articles too; write them with --articles FILE")
    return 0


def _check(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    from rag.evaluation.checking import check_file, mended

    file = read(options.file)
    if not file.questions and not file.faults:
        raise nothing_in(file)
    if options.fix is not None and file.faults and _same_file(options.fix, file.path):
        raise UsageError(
            f"--fix {str(options.fix)!r} is the file itself, and lines in it cannot be used "
            f"(the first is {file.faults[0].line}): they would be lost",
            hint="name another file with --fix",
        )
    engine = Engine(settings)
    library = engine if engine.collection.exists() else None
    findings = check_file(file, library)
    if library is None:
        tell("there is no collection: the documents were not looked at; sanad ingest PATH first")
    if options.fix is not None:
        write(options.fix, "".join(f"{one.line()}\n" for one in mended(file, findings)))
        kept = {line for line, _ in file.questions}
        if lost := [fault.line for fault in file.faults if fault.line not in kept]:
            some = ", ".join(map(str, lost[:10])) + (", …" if len(lost) > 10 else "")
            tell(f"lines that cannot be read are not in {options.fix}: {some}")
    if options.json:
        listed = [
            {
                "line": one.line,
                "id": one.id,
                "code": one.code,
                "severity": one.severity,
                "message": one.message,
                "fix": one.fix,
                "mended": options.fix is not None and one.mend is not None,
            }
            for one in findings
        ]
        out(json_line({"questions": len(file.questions), "findings": listed}))
    else:
        for one in findings:
            named = "" if one.id is None else f" {one.id}:"
            out(one_line(f"{file.path}:{one.line}:{named} {one.severity}: {one.message}"))
            if one.fix:
                out(f"    {one_line(f'{one.code}: {one.fix}')}")
        if file.faults:
            tell(what_it_may_be(file))
        tell(_summary(file, findings))
    return 65 if any(one.severity == "error" for one in findings) else 0


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _summary(file: QuestionFile, findings: Sequence[Any]) -> str:
    drafts = sum(question.draft for _, question in file.questions)
    errors = sum(one.severity == "error" for one in findings)
    return (
        f"{_many(len(file.questions), 'question')} ({_many(drafts, 'draft')}), {_many(errors, 'error')}, "
        f"{_many(len(findings) - errors, 'warning')}"
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _draft(options: argparse.Namespace, settings: Settings, out: Print) -> int:
    from rag.evaluation.drafts import drafts

    if options.limit is not None and options.limit < 1:
        raise UsageError(
            f"--limit is {options.limit}, expected 1 or more", hint="leave it out for all places"
        )
    if options.output is not None and options.output.is_file():
        raise UsageError(
            f"{options.output}: is there already, and may hold drafts that somebody has worked on",
            hint="name another file with --output",
        )
    engine = Engine(settings)
    if not engine.collection.exists():
        raise engine.collection.missing()
    ids = options.documents or [summary.id for summary in engine.documents()]
    documents: list[Document] = [engine.document(id) for id in ids]
    found = drafts(documents, options.limit)
    _written(options.output, [question.line() for question in found], out)
    tell(
        f"{len(found)} drafts, {sum('phrased' in one.tags for one in found)} of them not blanks; read them, reword what is clumsy, and take "
        '"draft":true off those that are right'
    )
    return 0


def _written(path: Path | None, lines: Sequence[str], out: Print) -> None:
    if path is not None:
        write(path, "".join(f"{line}\n" for line in lines))
        return
    for line in lines:
        out(line)
