"""``sanad ingest``: its arguments, its progress bar, what it says at the end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from rag.errors import RagError
    from rag.index.collection import Collection
    from rag.ingest.run import Report
    from rag.ingest.sources import Named
    from rag.protocols import Embedder

_ASKED = b"\nstopping after this document; again to stop at once\n"
_EXAMPLES = """\
examples:
  sanad ingest articles/ archive.zip
  sanad ingest --dry-run --prune articles/
  sanad ingest --map title=headline --map text=body rows.csv
  sanad ingest --allow-network https://example.org/feed.xml
  curl -s https://example.org/a.html | sanad ingest - --name a.html
  sanad ingest --watch articles/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="files, folders, addresses; - is standard input")
    add("--dry-run", action="store_true", help="say what would be done, write nothing")
    add("--prune", action="store_true", help="remove documents whose file is gone from PATH")
    add("--watch", action="store_true", help="go on: follow the folders until Ctrl-C")
    add("--allow-network", action="store_true", help="fetch http and https addresses and feeds")
    add(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="which column of CSV or JSON is the text, title, date, id or url",
    )
    add("--name", help="what to call standard input")
    add("--format", metavar="SUFFIX", help="what standard input is: txt, html, json, …")
    add("--strict", action="store_true", help="exit 65 where a file was not read")


def run(
    options: argparse.Namespace, collection: Collection, embedder: Callable[[], Embedder]
) -> int:
    """Ingests what the options name; the exit code."""
    from rag.ingest.run import ingest
    from rag.ingest.sources import sources
    from rag.ingest.watch import check_watchable, follow

    named = _named(options)
    if options.watch:
        check_watchable(named)
    failed = False

    def tell(what: Report | RagError) -> None:
        nonlocal failed
        failed |= _tell(what, as_json=options.json)

    with Interruption() as stop, Bar() as bar:

        def once() -> Report:
            return ingest(
                collection,
                embedder,
                list(sources(named)),
                prune=named.folders() if options.prune else (),
                dry_run=options.dry_run,
                stop=stop.is_set,
                progress=bar,
                may_be_empty=options.watch,
                named=options.paths,
            )

        if options.watch:
            follow(collection, embedder, named, stop, tell, once, prune=options.prune)
        else:
            report = once()
            bar.close()
            tell(report)
        if stop.is_set():
            if not options.watch:
                told = "interrupted; what was read is kept, the same command goes on from there"
                print(told, file=sys.stderr)
            return 130
    return 65 if options.strict and failed else 0


def _named(options: argparse.Namespace) -> Named:
    """What is to be read; raises UsageError for options that do not go together."""
    from rag.errors import UsageError
    from rag.ingest.sources import STDIN, Named, columns_of
    from rag.network import Fetcher

    reads_stdin = options.paths.count(STDIN)
    if reads_stdin > 1:
        raise UsageError("- is named more than once", hint="standard input is read once")
    for flag, value in (("--name", options.name), ("--format", options.format)):
        if value is not None and not reads_stdin:
            raise UsageError(
                f"{flag} {value!r} is for standard input, which is not read",
                hint="name - as a PATH, or leave it out",
                parameter=flag.lstrip("-"),
            )
    if options.watch and options.dry_run:
        raise UsageError("--watch and --dry-run do not go together", hint="leave one of them out")
    if "" in options.paths:  # to pathlib it is this folder: seldom what an empty variable meant
        raise UsageError(
            "a PATH is '', expected a file, a folder or an address",
            hint="name it, or . for this folder; a variable in the command may be empty",
            parameter="paths",
        )
    named = Named(
        paths=options.paths,
        columns=columns_of(options.map),
        stdin=sys.stdin.buffer.read,
        stdin_name=options.name,
        stdin_format=options.format,
        fetcher=Fetcher() if options.allow_network else None,
    )
    if options.prune and not named.folders():
        raise UsageError(
            f"--prune compares with files and folders, and PATH is {' '.join(options.paths)!r}",
            hint="name the folder that the articles came from, or leave out --prune",
            parameter="prune",
        )
    return named


class Interruption:
    """The first Ctrl-C asks to stop after the document at hand, the second one stops at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._main = threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Interruption:
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        """Lets Ctrl-C do what it did before."""
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
        os.write(2, _ASKED)  # print is not safe in a handler that may have interrupted a print

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._asked.is_set()


class Bar:
    """Documents done with rate and time left on stderr, where somebody is looking and it takes long."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the bar away."""
        self.close()

    def __call__(self, done: int, total: int) -> None:
        """Shows ``done`` of ``total``."""
        if not self._shown:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                unit=" documents", file=sys.stderr, dynamic_ncols=True, delay=1, leave=False
            )
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Takes the bar away; another call begins a new one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _tell(what: Report | RagError, *, as_json: bool) -> bool:
    """Prints what one round did; whether anything in it failed."""
    from rag.errors import RagError
    from rag.terminal import json_line, one_line, printable

    if isinstance(what, RagError):
        print(printable(f"error[{what.code}]: {what}"), file=sys.stderr)
        return True
    for failure in what.failures:
        told = str(failure.error)
        if failure.source not in told:  # of two files with one name in different folders
            told = f"{failure.source}: {told}"
        print(f"not read: {one_line(told)}", file=sys.stderr)
    for name in what.skipped:
        print(f"skipped, not a kind of file that is read: {one_line(name)}", file=sys.stderr)
    for note in what.notes:
        print(f"note: {one_line(note.source)}: {one_line(note.note.message)}", file=sys.stderr)
    for copy, original in what.changes.duplicates:
        kept = "is stored from another place" if copy == original else f"is {one_line(original)}"
        print(f"left out, the same text {kept}: {one_line(copy)}", file=sys.stderr)
    lines = [json_line(_as_dict(what))] if as_json else _lines(what)
    print("\n".join(lines), flush=True)
    return bool(what.failures)


def _lines(report: Report) -> list[str]:
    from rag.terminal import one_line

    changes = report.changes
    counts = (
        f"added {len(changes.added)}, changed {len(changes.changed)}, "
        f"unchanged {len(changes.unchanged)}, removed {len(changes.removed)}, "
        f"duplicates {len(changes.duplicates)}, failed {len(report.failures)}, "
        f"skipped {len(report.skipped)}"
    )
    if not report.dry_run:
        done = f"{changes.embedded_passages} passages embedded"
        return [f"{counts}; {done}, generation {changes.generation or 'unchanged'}"]
    planned = [("add", changes.added), ("change", changes.changed), ("remove", changes.removed)]
    listed = [f"would {what} {one_line(id)}" for what, ids in planned for id in ids]
    return [*listed, f"{counts}; nothing was written"]


def _as_dict(report: Report) -> dict[str, object]:
    changes = report.changes
    return {
        "added": changes.added,
        "changed": changes.changed,
        "unchanged": changes.unchanged,
        "removed": changes.removed,
        "duplicates": [list(pair) for pair in changes.duplicates],
        "failed": [
            {
                "source": failure.source,
                "reason": failure.error.reason,
                "message": failure.error.message,
                "hint": failure.error.hint,
            }
            for failure in report.failures
        ],
        "notes": [
            {"source": told.source, "code": told.note.code, "message": told.note.message}
            for told in report.notes
        ],
        "skipped": report.skipped,
        "embedded_passages": changes.embedded_passages,
        "generation": changes.generation,
        "dry_run": report.dry_run,
        "interrupted": report.interrupted,
    }
