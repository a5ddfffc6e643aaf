"""Two runs over the same questions: what changed, and whether it is more than noise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import ConfigurationError
from rag.evaluation.names import metric_name, slice_name
from rag.evaluation.provenance import differing
from rag.evaluation.questions import ALL
from rag.evaluation.report import InvalidReport, aligned, plain, what_went_wrong
from rag.evaluation.results import Report, Row, parts_of
from rag.evaluation.significance import Difference, Pair, compare, holm
from rag.types import LANGUAGES

# What two runs are compared by; more would only raise the bar for each of them.
COMPARED = (
    "hit_at_1",
    "mrr",
    "token_f1",
    "citation_precision",
    "citation_recall",
    "abstention_precision",
    "abstention_recall",
    "parity",
)
SIGNIFICANT = 0.05
_FORMAT = 1
_SLICES = (ALL, *LANGUAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure of a slice in two runs; ``p`` is raised for how many figures were compared."""

    slice: str
    metric: str
    difference: Difference
    p: float

    @property
    def significant(self) -> bool:
        """Whether chance alone seldom does this."""
        return self.p <= SIGNIFICANT

    @property
    def worse(self) -> bool:
        """Whether it is a drop beyond noise; more is better in all figures compared."""
        return self.significant and self.difference.change < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two runs have in common and what changed between them."""

    questions: int
    only_first: int
    only_second: int
    changes: tuple[Change, ...]
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


_Share = Annotated[float, Field(ge=0, le=1_000_000)]


class _Kept(_Strict):
    """One question of a baseline: what it asks, its language and its part in each figure."""

    question_sha256: str
    language: str
    cluster: str
    parts: dict[str, tuple[_Share, _Share]]


class Baseline(_Strict):
    """The parts of a run that later runs are compared with."""

    format: int = _FORMAT
    k: int
    question_file_sha256: str
    embedder: str
    reader: str
    figures: dict[str, float | None]
    rows: dict[str, _Kept]


def between(first: Report, second: Report) -> Comparison:
    """What changed from the first report to the second; raises InvalidReport without a common question."""
    if first.k != second.k:
        raise InvalidReport(
            f"the runs read {first.k} and {second.k} passages", hint="use the same -k for both"
        )
    before = {row.id: row for row in first.rows}
    common = [
        (before[row.id], row)
        for row in second.rows
        if row.id in before and before[row.id].question == row.question
    ]
    changes = _changes(
        {row.id: _kept(row, first.k) for row, _ in common},
        {row.id: _kept(row, second.k) for _, row in common},
    )
    wrong = [(what_went_wrong(old), what_went_wrong(new), new.id) for old, new in common]
    return Comparison(
        questions=len(common),
        only_first=len(first.rows) - len(common),
        only_second=len(second.rows) - len(common),
        changes=changes,
        better=tuple(id for old, new, id in wrong if old and not new),
        worse=tuple(id for old, new, id in wrong if new and not old),
        differing=tuple(differing(plain(first.manifest), plain(second.manifest))),
    )


def baseline_of(report: Report) -> Baseline:
    """What to keep of a report."""
    about: Mapping[str, Any] = report.manifest.get("target", {})
    file: Mapping[str, Any] = report.manifest.get("question_file", {})
    return Baseline(
        k=report.k,
        question_file_sha256=str(file.get("sha256", "")),
        embedder=report.embedder_fingerprint,
        reader=str(about.get("reader", "unknown")),
        figures={metric: getattr(report.slices[ALL], metric) for metric in COMPARED},
        rows={row.id: _kept(row, report.k) for row in report.rows},
    )


def write_baseline(path: Path, report: Report) -> None:
    """Keeps what later runs are compared with; a question a line, so that changes can be read."""
    content = baseline_of(report).model_dump(mode="json")
    rows = content.pop("rows")
    head = json.dumps(content, ensure_ascii=False, indent=1)[:-2]
    lines = ",\n".join(f"  {json.dumps(id)}: {json.dumps(row)}" for id, row in rows.items())
    try:
        path.write_text(f'{head},\n "rows": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror or error}", hint="name another file with --baseline"
        ) from error


def read_baseline(path: Path) -> Baseline:
    """A baseline written before; raises InvalidReport."""
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidReport(
            f"{path}: cannot be read: {error.strerror}",
            hint="write it first with: sanad evaluate FILE --baseline BASELINE --update-baseline",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidReport(
            f"{path}: not a baseline: {place}: {first['msg']}",
            hint="write it anew with --update-baseline",
        ) from error


def against(baseline: Baseline, report: Report) -> Comparison:
    """What changed since the baseline; raises InvalidReport where the two cannot be compared."""
    if baseline.k != report.k:
        raise InvalidReport(
            f"the baseline reads {baseline.k} passages, this run {report.k}",
            hint=f"use -k {baseline.k}, or write it anew with --update-baseline",
        )
    now = {row.id: _kept(row, report.k) for row in report.rows}
    common = [
        id
        for id, kept in now.items()
        if id in baseline.rows and baseline.rows[id].question_sha256 == kept.question_sha256
    ]
    changes = _changes({id: baseline.rows[id] for id in common}, {id: now[id] for id in common})
    return Comparison(
        questions=len(common),
        only_first=len(baseline.rows) - len(common),
        only_second=len(now) - len(common),
        changes=changes,
    )


def _kept(row: Row, k: int) -> _Kept:
    parts: dict[str, Pair] = {}
    for metric in COMPARED:
        (part,) = parts_of([row], metric, k)
        if part[1]:
            parts[metric] = (round(part[0], 6), part[1])
    return _Kept(
        question_sha256=hashlib.sha256(row.question.encode("utf-8", "replace")).hexdigest()[:16],
        language=row.language,
        cluster=row.cluster,
        parts=parts,
    )


def _changes(before: Mapping[str, _Kept], after: Mapping[str, _Kept]) -> tuple[Change, ...]:
    if not before:
        raise InvalidReport(
            "the runs have no question in common", hint="compare runs of the same question file"
        )
    found: list[tuple[str, str, Difference]] = []
    for name in _SLICES:
        ids = [id for id, kept in after.items() if name in (ALL, kept.language)]
        clusters = [after[id].cluster for id in ids]
        for metric in COMPARED:
            pairs = [
                [some[id].parts.get(metric, (0.0, 0.0)) for id in ids] for some in (before, after)
            ]
            if difference := compare(pairs[0], pairs[1], clusters):
                found.append((name, metric, difference))
    adjusted = holm([difference.p for _, _, difference in found])
    return tuple(
        Change(slice=name, metric=metric, difference=difference, p=p)
        for (name, metric, difference), p in zip(found, adjusted, strict=True)
    )


def lines_of(comparison: Comparison, k: int) -> str:
    """The comparison as a table for terminals; a star marks what is more than noise."""
    rows: list[tuple[str, ...]] = [("", "slice", "first", "second", "change", "95%", "p")]
    for change in comparison.changes:
        one = change.difference
        spread = one.interval
        rows.append(
            (
                metric_name(change.metric, k),
                slice_name(change.slice),
                f"{one.first:.3f}",
                f"{one.second:.3f}",
                f"{one.change:+.3f}{'*' if change.significant else ' '}",
                "" if spread is None else f"{spread.low:+.3f} to {spread.high:+.3f}",
                f"{change.p:.3f}",
            )
        )
    told = [*aligned(rows), "", f"{comparison.questions} questions in both"]
    if comparison.only_first or comparison.only_second:
        told[-1] += (
            f", {comparison.only_first} only in the first, {comparison.only_second} only in the second"
        )
    told.append(
        f"* p <= {SIGNIFICANT} after Holm's correction for {len(comparison.changes)} figures"
    )
    for what, ids in (("better", comparison.better), ("worse", comparison.worse)):
        if ids:
            told.append(f"{what}: {_some(ids)}")
    if comparison.differing:
        told.append(f"the runs differ in: {', '.join(comparison.differing)}")
    return "\n".join(told)


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison in plain values for JSON."""
    return {
        "questions": comparison.questions,
        "only_first": comparison.only_first,
        "only_second": comparison.only_second,
        "changes": [
            {
                "slice": change.slice,
                "metric": change.metric,
                "first": change.difference.first,
                "second": change.difference.second,
                "change": change.difference.change,
                "interval": None
                if change.difference.interval is None
                else [change.difference.interval.low, change.difference.interval.high],
                "p": change.p,
                "significant": change.significant,
            }
            for change in comparison.changes
        ],
        "better": list(comparison.better),
        "worse": list(comparison.worse),
        "differing": list(comparison.differing),
    }


def _some(ids: Sequence[str], most: int = 20) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more
