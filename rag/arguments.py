"""What may be typed behind ``sanad``: commands, flags, their help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rag import __version__
from rag.ingest.command import add_arguments as add_ingest_arguments

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
    """The commands that measure; carried out in :mod:`rag.evaluation`."""
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


def parsed(commands: argparse.ArgumentParser, given: Sequence[str]) -> argparse.Namespace:
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
