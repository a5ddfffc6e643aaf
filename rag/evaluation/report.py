"""A report as data, as a table for terminals, and as a list of what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rag.evaluation.bars import FailedBar
from rag.evaluation.questions import ALL
from rag.evaluation.results import COUNTS, METRICS, TIMES, Report, Row

_COLUMNS = {"ar": "Arabic", "en": "English", ALL: "all"}
_GAP = "  "


def to_dict(report: Report, failed: Sequence[FailedBar] = ()) -> dict[str, Any]:
    """The report in plain values for JSON, every row included; None for what was not measured."""
    return {
        "k": report.k,
        "index": {
            "generation": report.index_generation,
            "fingerprint": report.index_fingerprint,
        },
        "embedder_fingerprint": report.embedder_fingerprint,
        "slices": {name: asdict(figures) for name, figures in report.slices.items()},
        "failed_bars": [{"bar": str(item.bar), "actual": item.actual} for item in failed],
        "rows": [
            {**asdict(row), "tags": list(row.tags), "accepted": list(row.accepted)}
            for row in report.rows
        ],
    }


def table(report: Report) -> str:
    """Metrics down, languages of the questions across; plain text of ASCII width throughout."""
    rows = [("", *_COLUMNS.values())]
    for metric in METRICS:
        cells = (_cell(metric, getattr(report.slices[name], metric)) for name in _COLUMNS)
        rows.append((_label(metric, report.k), *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(_GAP + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    lines += ["", f"index {report.index_fingerprint}  embedder {report.embedder_fingerprint}"]
    return "\n".join(lines)


def failures(report: Report) -> str:
    """A paragraph for each question that went wrong; empty where none did.

    Wrong are: an answerable question without an answer, an answer that cites no gold span or
    shares no word with the accepted ones, any answer to an unanswerable question, and a quote
    that is not what the document says.
    """
    return "\n".join(_failure(row, reason) for row in report.rows if (reason := _reason(row)))


def _reason(row: Row) -> str:
    if row.quotes_unverified:
        return f"{row.quotes_unverified} quotes not in the document"
    if row.unanswerable:
        return "" if row.abstained else "answered, but the articles do not say"
    if row.abstained:
        return f"abstained ({row.abstention})"
    if not row.citation_recall:
        return "cites another place" if row.fact_cited else "cites something else"
    return "" if row.token_f1 else "another answer"


def _failure(row: Row, reason: str) -> str:
    rank = "" if row.unanswerable else f", gold passage at rank {row.rank or '-'}"
    lines = [
        f"{row.id}: {reason} (confidence {row.confidence:.2f}{rank})",
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


def _label(metric: str, k: int) -> str:
    name = metric.replace("_at_k", f"@{k}").replace("_at_", "@")
    name = {"mrr": "MRR", "token_f1": "token F1"}.get(name, name).replace("_", " ")
    return f"{name.removesuffix(' ms')} (ms)" if metric in TIMES else name


def _cell(metric: str, value: float | None) -> str:
    if value is None:
        return "-"
    if metric in COUNTS:
        return str(value)
    return f"{value:.1f}" if metric in TIMES else f"{value:.3f}"
