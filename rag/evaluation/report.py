"""A report as data, as a table for terminals, and as a list of what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import RagError
from rag.evaluation.bars import FailedBar
from rag.evaluation.names import metric_name, slice_name
from rag.evaluation.questions import ALL, PAIRS
from rag.evaluation.results import COUNTS, METRICS, TIMES, Report, Row
from rag.evaluation.significance import Interval

_COLUMNS = ("ar", "en", ALL)
_PAIR_METRICS = (
    "questions",
    "hit_at_1",
    "hit_at_k",
    "citation_recall",
    "token_f1",
    "answer_rate",
)
_GAP = "  "
_FORMAT = 1
_REPORT = TypeAdapter(Report)


class InvalidReport(RagError):
    """A file that is not a report of ``sanad evaluate --save``."""

    code = "invalid_report"
    exit_code = 65


def to_dict(report: Report, failed: Sequence[FailedBar] = ()) -> dict[str, Any]:
    """The report in plain values for JSON, every row included; None for what was not measured."""
    return {
        "format": _FORMAT,
        "k": report.k,
        "index": {
            "generation": report.index_generation,
            "fingerprint": report.index_fingerprint,
        },
        "embedder_fingerprint": report.embedder_fingerprint,
        "manifest": plain(report.manifest),
        "slices": {name: asdict(figures) for name, figures in report.slices.items()},
        "intervals": {
            name: {metric: [one.low, one.high] for metric, one in figures.items()}
            for name, figures in report.intervals.items()
        },
        "failed_bars": [{"bar": str(item.bar), "actual": item.actual} for item in failed],
        "rows": [plain(asdict(row)) for row in report.rows],
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The value with tuples as lists, as JSON gives it back."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def load_report(path: Path) -> Report:
    """A report written by ``--save`` or ``--json``; raises InvalidReport naming what is wrong."""
    try:
        stored = json.loads(path.read_bytes())
        intervals = {
            name: {metric: Interval(low=low, high=high) for metric, (low, high) in some.items()}
            for name, some in stored["intervals"].items()
        }
        return _REPORT.validate_python(
            {
                "k": stored["k"],
                "rows": stored["rows"],
                "slices": stored["slices"],
                "intervals": intervals,
                "index_generation": stored["index"]["generation"],
                "index_fingerprint": stored["index"]["fingerprint"],
                "embedder_fingerprint": stored["embedder_fingerprint"],
                "manifest": stored["manifest"],
            }
        )
    except OSError as error:
        raise InvalidReport(
            f"{path}: cannot be read: {error.strerror}", hint="check the path"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidReport(f"{path}: {place}: {first['msg']}", hint=_WRITE) from error
    except json.JSONDecodeError as error:
        raise InvalidReport(f"{path}: not a report, which is JSON: {error}", hint=_WRITE) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidReport(f"{path}: not a report: {error!r}", hint=_WRITE) from error


_WRITE = "write one with: sanad evaluate FILE --save REPORT.json"


def table(report: Report) -> str:
    """Metrics down, languages of the questions across, with the interval of all; ASCII width."""
    header = ("", *(slice_name(name).split()[0] for name in _COLUMNS), "95% of all")
    rows = [header]
    known = report.intervals.get(ALL, {})
    for metric in METRICS:
        cells = [cell(metric, getattr(report.slices[name], metric)) for name in _COLUMNS]
        rows.append((metric_name(metric, report.k), *cells, _range(known.get(metric))))
    lines = aligned(rows)
    pairs = [name for name in PAIRS if name in report.slices]
    if len(pairs) > 1:
        header = ("question to text", *(metric_name(metric, report.k) for metric in _PAIR_METRICS))
        lines += ["", *aligned([header, *(_pair_row(report, name) for name in pairs)])]
    lines += ["", f"index {report.index_fingerprint}  embedder {report.embedder_fingerprint}"]
    return "\n".join(lines)


def _pair_row(report: Report, name: str) -> tuple[str, ...]:
    figures = report.slices[name]
    return (
        slice_name(name),
        *(cell(metric, getattr(figures, metric)) for metric in _PAIR_METRICS),
    )


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right, a rule under the header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(_GAP + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return lines


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}"


def failures(report: Report) -> str:
    """A paragraph for each question that went wrong; empty where none did.

    Wrong are: an answerable question without an answer, an answer that cites no gold span or
    shares no word with the accepted ones, any answer to an unanswerable question, and a quote
    that is not what the document says.
    """
    return "\n".join(
        _failure(row, reason) for row in report.rows if (reason := what_went_wrong(row))
    )


def what_went_wrong(row: Row) -> str:
    """Why a row is among the failures; empty where it is not."""
    if row.quotes_unverified:
        return f"{row.quotes_unverified} quotes not in the document"
    if row.unanswerable:
        return "" if row.abstained else "answered, but the articles do not say"
    if row.abstained:
        return f"abstained ({row.abstention or 'no reason told'})"
    if not row.right:
        return "cites another place" if row.fact_cited else "cites something else"
    return "" if row.token_f1 or not row.accepted else "another answer"


def _failure(row: Row, reason: str) -> str:
    rank = "" if row.unanswerable else f", gold passage at rank {row.rank or '-'}"
    confidence = (
        "no confidence told" if row.confidence is None else f"confidence {row.confidence:.2f}"
    )
    lines = [
        f"{row.id}: {reason} ({confidence}{rank})",
        f"  question: {_line(row.question)}",
    ]
    if row.accepted:
        lines.append(f"  accepted: {' | '.join(_line(answer) for answer in row.accepted)}")
    if row.answer is not None:
        lines.append(f"  answered: {_line(row.answer)}")
    return "\n".join(lines)


def _line(text: str) -> str:
    """The text on one line; direction and control characters shown, not obeyed."""
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in " ".join(text.split())
    )


def cell(metric: str, value: float | None) -> str:
    """A figure as it is shown."""
    if value is None:
        return "-"
    if metric in COUNTS:
        return str(value)
    return f"{value:.1f}" if metric in TIMES else f"{value:.3f}"
