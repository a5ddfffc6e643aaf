"""The ``sanad`` command: call one function, print; what may be typed is in :mod:`rag.arguments`.

stdout carries data only; progress and warnings go to stderr. Everything heavy is imported inside
the command that needs it, so that ``--help`` stays fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.arguments import parsed, parser

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.errors import RagError
    from rag.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    # Before numpy loads: the matrices of one question are so small that a second thread only waits.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _prepare_streams()
    commands = parser()
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what may come next
        import argcomplete

        argcomplete.autocomplete(commands)
    given = sys.argv[1:] if arguments is None else arguments
    try:
        options = parsed(commands, given)
    except SystemExit as stop:  # argparse has printed help or the version
        return int(stop.code or 0)
    except Exception as error:  # noqa: BLE001 - told, or raised again
        return _failed(error, as_json="--json" in given)
    try:
        code = _run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        kept = "; what was committed is kept, the same command goes on from there"
        print(f"interrupted{kept if options.command == 'ingest' else ''}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away (head, less): nothing more can be said on stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - told, or raised again
        if isinstance(error, OSError):  # what is still buffered must not fail again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed(error, as_json=bool(getattr(options, "json", False)))
    return code


def _prepare_streams() -> None:
    """UTF-8 whatever the locale says; a stream that was closed (``>&-``) leads nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            stream = os.fdopen(os.open(os.devnull, os.O_RDWR), mode)
            setattr(sys, name, stream)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _failed(error: Exception, *, as_json: bool) -> int:
    from rag.terminal import json_line, printable

    told = _explained(error)
    if as_json:
        body = {
            "message": told.message,
            "hint": told.hint,
            "code": told.code,
            "param": told.parameter,
        }
        print(json_line({"error": body}), file=sys.stderr)
    else:
        print(printable(f"error[{told.code}]: {told}"), file=sys.stderr)
    return told.exit_code


def _explained(error: Exception) -> RagError:
    """The error for people; raises it again where it is a fault of the program."""
    import sqlite3

    from rag.errors import ConfigurationError, IndexProblem, RagError, Unavailable

    if isinstance(error, RagError):
        return error
    if isinstance(error, OSError) and error.filename is None:
        # The store names its files, so this is what was printed: a full disk behind a redirection.
        return Unavailable(
            f"the output cannot be written: {error.strerror or error}",
            hint="check where standard output goes and whether there is room",
        )
    if isinstance(error, OSError):
        return ConfigurationError(
            f"{os.fspath(error.filename)!r}: {error.strerror or error}",
            hint="check that it exists, may be written and has room; --indexes names another folder",
        )
    if isinstance(error, sqlite3.Error):
        return IndexProblem(f"the store cannot be used: {error}", hint="run: sanad doctor")
    raise error


def _run(options: argparse.Namespace) -> int:
    if options.command == "completion":
        import argcomplete.shell_integration

        print(argcomplete.shell_integration.shellcode(["sanad"], shell=options.shell))
        return 0
    from rag import settings

    flags = ("indexes", "collection", "embedder", "reader", "threshold", "host", "port", "k")
    given = {name: getattr(options, name, None) for name in flags}
    loaded = settings.load(given, file=options.config)
    handler = {
        "ask": _ask,
        "search": _search,
        "ingest": _ingest,
        "documents": _documents,
        "evaluate": _evaluate,
        "facts": _facts,
        "calibrate": _calibrate,
        "serve": _serve,
        "mcp": _mcp,
        "verify": _verify,
        "rebuild": _rebuild,
        "collections": _collections,
        "backup": _backup,
        "restore": _restore,
        "compact": _compact,
        "doctor": _doctor,
    }[options.command]
    return handler(options, loaded)


def _engine(loaded: Settings) -> Engine:
    from rag.engine import Engine

    return Engine(loaded)


def _print_json(content: object) -> None:
    from rag.terminal import json_line

    print(json_line(content))


def _question(options: argparse.Namespace) -> str:
    """The question given, or read from standard input; raises InvalidQuestion where that is endless."""
    from rag.languages import language_of
    from rag.messages import refusal
    from rag.question import LONGEST_QUESTION

    if options.question != "-":
        return str(options.question)
    limit = 8 * LONGEST_QUESTION  # with room for white space around it
    content = sys.stdin.buffer.read(limit + 1)
    text = content.decode("utf-8", errors="surrogateescape")
    if len(content) > limit:
        told = getattr(options, "language", None) or language_of(text)
        raise refusal("endless", told, bytes=limit, most=LONGEST_QUESTION)
    return text


def _say_if_missing(engine: Engine) -> None:
    """A collection that is not there is no error, but seldom what was meant."""
    if not engine.collection.exists():
        folder, near = str(engine.collection.folder), engine.collection.namesake()
        do = f"use --collection {near}" if near else "make it with: sanad ingest PATH"
        print(f"there is no collection {folder!r}; {do}", file=sys.stderr)


def _ask(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.output import answer_to_dict
    from rag.terminal import answer_lines

    engine = _engine(loaded)
    answer = engine.ask(_question(options), language=options.language, where=options.where)
    _say_if_missing(engine)
    if options.json:
        _print_json(answer_to_dict(answer))
    else:
        print("\n".join(answer_lines(answer, options.language)))
    return 1 if options.strict and answer.status == "abstained" else 0


def _search(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.output import hit_to_dict
    from rag.terminal import hit_lines

    engine = _engine(loaded)
    found = engine.search(_question(options), where=options.where)
    _say_if_missing(engine)
    if options.json:
        _print_json({"hits": [hit_to_dict(passage, hit) for passage, hit in found]})
    elif found:
        print("\n".join(hit_lines(found)))
    else:
        print("nothing found", file=sys.stderr)
    return 0


def _ingest(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.ingest.command import run

    engine = _engine(loaded)
    return run(options, engine.collection, lambda: engine.embedder)


def _documents(options: argparse.Namespace, loaded: Settings) -> int:
    return {"list": _list, "show": _show, "delete": _delete}[options.action](options, loaded)


def _list(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.output import summary_to_dict
    from rag.terminal import one_line

    engine = _engine(loaded)
    found = engine.documents(offset=options.offset, limit=options.limit, where=options.where)
    groups = engine.groups()
    if options.json:
        _print_json({"documents": [summary_to_dict(summary, groups) for summary in found]})
        return 0
    for summary in found:
        print(one_line(summary.id))
        print(f"    {one_line(summary.title)}")
        print(
            f"    {summary.language}, {summary.characters} characters, {summary.passages} passages"
        )
        if (group := groups.get(summary.id, summary.id)) != summary.id:
            print(f"    copy of {one_line(group)}")
    if found:
        return 0
    if options.where:
        print("no documents pass the filters", file=sys.stderr)
    elif count := engine.count_documents():
        print(f"none of the {count} documents are shown; see --offset and --limit", file=sys.stderr)
    elif engine.collection.exists():
        print("no documents yet; add some with: sanad ingest PATH", file=sys.stderr)
    else:
        _say_if_missing(engine)
    return 0


def _show(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.output import document_to_dict
    from rag.terminal import one_line, printable, told_lines

    engine = _engine(loaded)
    document = engine.document(options.id)
    told = document_to_dict(document, engine.groups())
    for copy in told["copies"]:
        print(f"the same article: {one_line(copy)}", file=sys.stderr)
    if options.json:
        _print_json(told)
    elif sys.stdout.isatty():
        print("\n".join(told_lines(document)), end="\n\n", file=sys.stderr)
        print(printable(document.text.replace("\r\n", "\n")))
    else:
        sys.stdout.write(document.text)  # to a file or a pipe: exactly what is stored
    return 0


def _agreed(what: str, options: argparse.Namespace) -> bool:
    from rag.errors import UsageError

    if options.yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("deleting needs --yes where nobody can be asked", hint="add --yes")
    print(f"delete {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "نعم")


def _delete(options: argparse.Namespace, loaded: Settings) -> int:
    if not _agreed(f"{len(options.ids)} documents", options):
        return 1
    changes = _engine(loaded).delete(options.ids)
    if options.json:
        _print_json({"removed": changes.removed, "generation": changes.generation})
    else:
        print(f"removed {len(changes.removed)}, generation {changes.generation}")
    return 0


def _evaluate(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.evaluation import commands

    return commands.evaluate(options, loaded, print)


def _facts(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.evaluation import facts_commands

    return facts_commands.facts(options, loaded, print)


def _calibrate(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.evaluation import commands

    return commands.calibrate(options, loaded, print)


def _serve(options: argparse.Namespace, loaded: Settings) -> int:
    from api.server import serve

    serve(loaded, insecure=options.insecure)
    return 0


def _mcp(options: argparse.Namespace, loaded: Settings) -> int:  # noqa: ARG001 - as the others
    from rag.integrations.mcp import server

    server(_engine(loaded)).run()
    return 0


def _verify(options: argparse.Namespace, loaded: Settings) -> int:
    # Without an embedder: an index can be whole whatever model the settings name.
    described = _engine(loaded).collection.verify()
    if options.json:
        _print_json({"generation": described.generation, "files": len(described.files)})
    else:
        print(
            f"{described.generation}: {len(described.files)} files and all stored documents match their checksums"
        )
    return 0


def _rebuild(options: argparse.Namespace, loaded: Settings) -> int:
    generation = _engine(loaded).rebuild()
    if options.json:
        _print_json({"generation": generation})
    else:
        print(f"rebuilt {generation}")
    return 0


def _collections(options: argparse.Namespace, loaded: Settings) -> int:
    from dataclasses import asdict

    from rag.index import collections

    if options.action == "delete":
        # All are there before the first goes, and each is named once.
        names = sorted({collections.find(loaded.indexes, one).folder.name for one in options.names})
        if not _agreed(f"{len(names)} collections with all documents in them", options):
            return 1
        for name in names:
            collections.delete(loaded.indexes, name)
        if options.json:
            _print_json({"removed": names})
        else:
            print(f"removed {len(names)}")
        return 0
    found = collections.listed(loaded.indexes)
    if options.json:
        _print_json({"collections": [asdict(one) for one in found]})
        return 0
    for one in found:
        print(one.name)
        if one.problem:
            print(f"    {one.problem}; look closer with: sanad verify --collection {one.name}")
        else:
            print(
                f"    {one.documents} documents, {one.passages} passages, {one.embedder}, "
                f"generation {one.generation}"
            )
    if not found:
        print("no collections yet; make one with: sanad ingest PATH", file=sys.stderr)
    return 0


def _backup(options: argparse.Namespace, loaded: Settings) -> int:
    copied = _engine(loaded).backup(options.target)
    if options.json:
        _print_json(
            {
                "target": str(options.target),
                "generation": copied.generation,
                "documents": copied.documents,
            }
        )
    else:
        from rag.terminal import one_line

        print(f"{copied.documents} documents, {copied.generation}: {one_line(str(options.target))}")
    return 0


def _restore(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.index.collections import restore
    from rag.terminal import one_line

    collection = _engine(loaded).collection
    made = restore(options.source, collection)
    name = collection.folder.name
    if options.json:
        _print_json(
            {"collection": name, "generation": made.generation, "documents": made.documents}
        )
    else:
        print(f"{made.documents} documents, {made.generation}: {one_line(name)}")
    return 0


def _compact(options: argparse.Namespace, loaded: Settings) -> int:
    from dataclasses import asdict

    from rag.errors import IndexLocked

    done = _engine(loaded).compact()
    if options.json:
        _print_json(asdict(done))
    else:
        print(
            f"compacted {done.generation}: {done.bytes_before} bytes before, {done.bytes_after} after"
        )
    if done.held:
        raise IndexLocked(
            f"deleted documents remain in {', '.join(done.held)}, which another process reads",
            hint="stop or restart what reads it, such as sanad serve, then run: sanad compact",
        )
    return 0


def _doctor(options: argparse.Namespace, loaded: Settings) -> int:
    from rag.doctor import examine
    from rag.terminal import one_line

    findings = examine(loaded)
    if options.json:
        _print_json(
            {"findings": [{"check": f.check, "state": f.state, "note": f.note} for f in findings]}
        )
    else:
        for finding in findings:
            print(f"{finding.state:5} {finding.check}: {one_line(finding.note)}")
    return 65 if any(finding.state == "bad" for finding in findings) else 0
