"""The ``sanad`` command: parse, call one function, print.

stdout carries data only; progress and warnings go to stderr. Everything heavy is imported inside
the command that needs it, so that ``--help`` stays fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rag import __version__
from rag.ingest.command import add_arguments as add_ingest_arguments

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.errors import RagError
    from rag.settings import Settings

_EXAMPLES = """\
examples:
  sanad ingest seeds/articles
  sanad ask "كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟"
  sanad ask "How many drones did Russia say it shot down?"
  sanad serve

exit codes: 0 ok, 1 negative result (with --strict or below a bar), 2 usage, 65 bad data or damaged
index, 69 unavailable, 75 locked, 78 configuration, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Tells what it cannot understand in the form of all other errors."""

    def error(self, message: str) -> NoReturn:
        from rag.errors import UsageError

        raise UsageError(message, hint=f"run: {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The command line, complete."""
    top = _Parser(
        prog="sanad",
        description="Questions in Arabic or English, answered from your articles with verified "
        "citations. أسئلة بالعربية أو الإنجليزية، تُجاب من مقالاتك باقتباسات مُتحقَّق منها.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"sanad {__version__}")
    shared = _Parser(add_help=False)
    group = shared.add_argument_group("settings (also SANAD_* variables and sanad.toml)")
    group.add_argument("--config", type=Path, metavar="FILE", help="settings file [sanad.toml]")
    group.add_argument("--indexes", type=Path, metavar="FOLDER", help="folder of collections")
    group.add_argument("--collection", metavar="NAME", help="collection to use [default]")
    group.add_argument(
        "--embedder", metavar="MODEL", help="embedded model, or a hub name or folder"
    )
    group.add_argument(
        "--reader", metavar="MODEL", help="embedded reader, or a question-answering model"
    )
    group.add_argument("--json", action="store_true", help="print JSON")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared])

    def where(asked: argparse.ArgumentParser) -> None:
        asked.add_argument(
            "--where",
            action="append",
            default=[],
            metavar="FILTER",
            help='only documents such as "published>=2025-01-01" (= != < <= > >= ~), all of them',
        )

    ask = command("ask", "answer a question with citations")
    ask.add_argument("question", help="in Arabic or English; - reads it from standard input")
    ask.add_argument("-k", "--k", type=int, help="passages to read (1 to 50)")
    ask.add_argument("--threshold", type=float, help="least confidence to answer (0 to 1)")
    ask.add_argument("--language", choices=("ar", "en"), help="language of messages")
    ask.add_argument("--strict", action="store_true", help="exit 1 where there is no answer")
    where(ask)
    search = command("search", "show the passages nearest to a question")
    search.add_argument("question", help="in Arabic or English; - reads it from standard input")
    search.add_argument("-k", "--k", type=int, help="passages to show (1 to 50)")
    where(search)
    ingest = command("ingest", "add articles, or update those that changed")
    add_ingest_arguments(ingest)
    documents = commands.add_parser("documents", help="list, show or delete what is stored")
    actions = documents.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list documents", parents=[shared])
    listing.add_argument("--offset", type=int, default=0, help="leave out the first [0]")
    listing.add_argument("--limit", type=int, help="show at most")
    where(listing)
    show = actions.add_parser("show", help="print a document's text", parents=[shared])
    show.add_argument("id")
    delete = actions.add_parser("delete", help="remove documents", parents=[shared])
    delete.add_argument("ids", nargs="+", metavar="ID")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    _add_evaluation(command, commands, shared)
    serve = command("serve", "answer over HTTP")
    serve.add_argument("--host", help="address [127.0.0.1]")
    serve.add_argument("--port", type=int, help="port [8765]; 0 picks a free one")
    serve.add_argument(
        "--insecure", action="store_true", help="allow an address others can reach, without a key"
    )
    collections = commands.add_parser("collections", help="list or delete collections")
    doings = collections.add_subparsers(dest="action", metavar="ACTION", required=True)
    doings.add_parser("list", help="list collections", parents=[shared])
    dropping = doings.add_parser("delete", help="remove whole collections", parents=[shared])
    dropping.add_argument("names", nargs="+", metavar="NAME")
    dropping.add_argument("--yes", action="store_true", help="do not ask")
    backup = command("backup", "copy the collection into a new folder, also while it is written")
    backup.add_argument("target", type=Path, metavar="TARGET", help="folder to make")
    restore = command("restore", "make the collection of a backup; it must not be there yet")
    restore.add_argument("source", type=Path, metavar="SOURCE", help="folder that backup made")
    command("compact", "leave no byte of deleted documents in any file")
    command("mcp", "offer search, ask and open_document to MCP clients, on stdin and stdout")
    command("verify", "check every file of the index against its checksum")
    command(
        "rebuild",
        "make the index anew from the stored documents; embeds only what is cut otherwise now",
    )
    command("doctor", "check the installation, the model and the index")
    completion = commands.add_parser("completion", help="print shell completion")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    return top


def _add_evaluation(
    command: Callable[[str, str], argparse.ArgumentParser],
    commands: argparse._SubParsersAction[_Parser],
    shared: _Parser,
) -> None:
    """The commands that measure; carried out by :mod:`rag.evaluation.commands`."""
    evaluate = command("evaluate", "measure answers against a file of questions and facts")
    evaluate.add_argument("file", type=Path, nargs="?", help="questions as JSON lines")
    evaluate.add_argument("-k", "--k", type=int, help="passages to read (1 to 50)")
    evaluate.add_argument("--threshold", type=float, help="least confidence to answer (0 to 1)")
    evaluate.add_argument(
        "--bar", action="append", default=[], metavar="BAR", help='such as "en.hit_at_1>=0.8"'
    )
    evaluate.add_argument("--failures", action="store_true", help="list what went wrong")
    evaluate.add_argument(
        "--baseline", type=Path, metavar="FILE", help="exit 1 on a drop beyond noise"
    )
    evaluate.add_argument(
        "--update-baseline", action="store_true", help="write --baseline instead of comparing"
    )
    evaluate.add_argument(
        "--save", type=Path, metavar="FILE", help="write the report as JSON; goes on after Ctrl-C"
    )
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    evaluate.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A", "B"), help="compare two saved reports"
    )
    evaluate.add_argument(
        "--stages", action="store_true", help="what every stage of retrieval buys"
    )
    evaluate.add_argument(
        "--target",
        metavar="URL",
        help="ask a Sanad service (http://…) or a chat endpoint (openai:http://…/v1)",
    )
    evaluate.add_argument("--model", metavar="NAME", help="the model of a chat endpoint")
    evaluate.add_argument(
        "--refusal", metavar="REGEX", help="how a chat endpoint says that it does not know"
    )
    evaluate.add_argument(
        "--key-variable", metavar="NAME", help="environment variable that holds the target's key"
    )
    evaluate.add_argument(
        "--concurrency", type=int, default=1, metavar="N", help="questions at once (1 to 64) [1]"
    )
    facts = commands.add_parser("facts", help="import, check or draft questions with their facts")
    actions = facts.add_subparsers(dest="action", metavar="ACTION", required=True)
    importing = actions.add_parser(
        "import", help="question sets of other formats", parents=[shared]
    )
    importing.add_argument(
        "format",
        choices=("squad", "xquad", "mlqa", "arcd", "rows", "tydi", "beir", "miracl", "csv"),
    )
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    importing.add_argument("--output", type=Path, metavar="FILE", help="questions [stdout]")
    importing.add_argument(
        "--articles", type=Path, metavar="FILE.jsonl", help="write the articles that come along"
    )
    importing.add_argument("--language", choices=("ar", "en"), help="of the questions [detected]")
    checking = actions.add_parser(
        "check", help="find the mistakes in a question file", parents=[shared]
    )
    checking.add_argument("file", type=Path)
    checking.add_argument(
        "--fix", type=Path, metavar="FILE", help="write the questions with what can be mended"
    )
    drafting = actions.add_parser(
        "draft", help="propose questions from stored articles", parents=[shared]
    )
    drafting.add_argument("documents", nargs="*", metavar="DOCUMENT", help="ids [all]")
    drafting.add_argument("--limit", type=int, help="places of each document at most")
    drafting.add_argument("--output", type=Path, metavar="FILE", help="questions [stdout]")
    calibrate = command("calibrate", "fit confidence to this collection and a file of questions")
    calibrate.add_argument("file", type=Path, nargs="?", help="questions as JSON lines")
    calibrate.add_argument("-k", "--k", type=int, help="passages to read (1 to 50)")
    calibrate.add_argument(
        "--error", type=float, default=0.1, help="share of answers that may be wrong [0.1]"
    )
    calibrate.add_argument("--dry-run", action="store_true", help="fit and tell, store nothing")
    calibrate.add_argument("--reset", action="store_true", help="go back to what was shipped")


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
        options = _parsed(commands, given)
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


def _parsed(commands: argparse.ArgumentParser, given: Sequence[str]) -> argparse.Namespace:
    """The command line as options; raises UsageError, and SystemExit where help was asked for."""
    from rag.errors import UsageError

    options, unknown = commands.parse_known_args(given)
    if unknown:
        command = " ".join(filter(None, (options.command, getattr(options, "action", None))))
        hint = f"run: sanad {command} --help"
        if hasattr(options, "question") and not any(word.startswith("-") for word in unknown):
            hint = f"write a question of several words in quotes: sanad {command} 'who said that?'"
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}", hint=hint)
    return options


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
    from rag.evaluation import commands

    return commands.facts(options, loaded, print)


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
