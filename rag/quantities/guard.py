"""Whether a claim says anything its sources do not: numbers, dates, amounts and names compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.quantities.names import Name, names_in, states
from rag.quantities.reading import Value
from rag.quantities.values import same, values_in
from rag.types import Span


@dataclass(frozen=True, slots=True)
class Unstated:
    """A value of the claim that no source states: its kind and its ``[start, end)`` in the claim."""

    kind: str
    text: str
    start: int
    end: int


def unstated(claim: str, sources: Sequence[str]) -> tuple[Unstated, ...]:
    """The values and names of a claim that none of the sources states; empty for most true claims.

    Nothing is said about claims without values: this finds what is wrong, it proves nothing.
    """
    stated = [value for source in sources for value in values_in(source)]
    values, names = _claimed(claim)
    found = [
        Unstated(value.kind, claim[value.start : value.end], value.start, value.end)
        for value in values
        if not any(same(there, value) for there in stated)
    ]
    found += [
        Unstated("name", name.text, name.start, name.end)
        for name in names
        if not any(states(source, name.text) for source in sources)
    ]
    return tuple(sorted(found, key=lambda one: one.start))


def claimed(claim: str) -> int:
    """How many values and names a claim holds that :func:`unstated` compares."""
    values, names = _claimed(claim)
    return len(values) + len(names)


def _claimed(claim: str) -> tuple[tuple[Value, ...], list[Name]]:
    values = values_in(claim)
    return values, [
        name
        for name in names_in(claim)
        if not any(value.start < name.end and name.start < value.end for value in values)
    ]


def whole_values(text: str, span: Span) -> Span:
    """The span widened so that it cuts no amount: the 12 of «12 ألفًا» and the 5 of 5% go on."""
    start, end = span.start, span.end
    for value in values_in(text):
        if value.kind in ("number", "share", "money", "measure") and (
            start <= value.start < end < value.core or value.start < start < value.core <= end
        ):
            start, end = min(start, value.start), max(end, value.core)
    return Span(start=start, end=end)
