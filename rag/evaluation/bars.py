"""Bars: what a report has to reach, as ``[slice.]metric>=value``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.errors import InvalidParameter
from rag.evaluation.questions import ALL, PAIRS, TAG_PREFIX
from rag.evaluation.results import COUNTS, METRICS, TIMES, Report
from rag.types import LANGUAGES

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_BAR = re.compile(
    r"(?:(?P<slice>\S+)\.)?(?P<metric>[A-Za-z0-9_@]+)\s*(?P<operator>>=|<=|>|<)\s*"
    r"(?P<value>[0-9]+(?:\.[0-9]+)?)"
)
_EXAMPLE = "en.citation_recall>=0.95"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A metric of a slice, how it is compared, and with what."""

    slice: str
    metric: str
    operator: str
    value: float

    def __str__(self) -> str:
        return f"{self.slice}.{self.metric}{self.operator}{self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedBar:
    """A bar that was not reached; ``actual`` is None where there was nothing to measure."""

    bar: Bar
    actual: float | None

    def __str__(self) -> str:
        actual = "nothing to measure" if self.actual is None else f"{self.actual:.4g}"
        return f"{self.bar}: {actual}"


# What no report may miss, whatever bars are named.
ALWAYS: tuple[Bar, ...] = (Bar(slice=ALL, metric="quotes_unverified", operator="<=", value=0),)


def parse_bar(text: str, slices: Sequence[str] | None = None) -> Bar:
    """A bar such as ``en.citation_recall>=0.95``; without a slice it is about all questions.

    ``hit@1`` and ``hit@k`` are accepted for their longer names. With ``slices`` (slices_of the
    questions) tags are checked too; without, any tag passes. Raises InvalidParameter.
    """
    found = _BAR.fullmatch(text.strip())
    if not found:
        raise InvalidParameter(
            f"the bar {text!r} is not [slice.]metric>=value",
            hint=f"for example {_EXAMPLE}; operators: {', '.join(_OPERATORS)}",
            parameter="bar",
        )
    name, metric = found["slice"] or ALL, found["metric"].replace("@", "_at_")
    _known("metric", metric, text, METRICS)
    if slices is not None or not name.startswith(TAG_PREFIX):
        _known("slice", name, text, slices or (ALL, *LANGUAGES, *PAIRS, f"{TAG_PREFIX}NAME"))
    value = float(found["value"])
    if metric not in COUNTS | TIMES and value > 1:
        raise InvalidParameter(
            f"the bar {text!r} compares with {found['value']}, but {metric} goes from 0 to 1",
            hint=f"for example {_EXAMPLE}",
            parameter="bar",
        )
    return Bar(slice=name, metric=metric, operator=found["operator"], value=value)


def check_bars(report: Report, bars: Iterable[Bar]) -> list[FailedBar]:
    """The bars the report does not reach; one without anything to measure is not reached.

    Raises InvalidParameter for a slice the report does not have.
    """
    failed = []
    for bar in bars:
        _known("slice", bar.slice, str(bar), (*report.slices, *PAIRS))
        there = report.slices.get(bar.slice)
        actual: float | None = None if there is None else getattr(there, bar.metric)
        if actual is None or not _OPERATORS[bar.operator](actual, bar.value):
            failed.append(FailedBar(bar=bar, actual=actual))
    return failed


def _known(kind: str, name: str, bar: str, known: Sequence[str]) -> None:
    if name not in known:
        raise InvalidParameter(
            f"unknown {kind} {name!r} in the bar {bar!r}",
            hint=f"known {kind}s: {', '.join(known)}",
            parameter="bar",
        )
