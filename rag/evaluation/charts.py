"""Charts as inline SVG: no script, no style from elsewhere, the numbers beside every shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rag.evaluation.selective import Bin, RiskPoint

_WIDTH = 640
_LABELS = 150
_ROW = 22
_SECOND_LINE = 15
_SQUARE = 300
_EDGE = 44
_MOST_POINTS = 400  # a curve of thousands of points looks no different


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A share with its interval; ``label`` is plain text, ``arabic`` stands under it."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    arabic: str = ""


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Shares as horizontal bars from 0 to 1, each with a line for its interval."""
    scale = _WIDTH - _LABELS - 110
    step = _ROW + (_SECOND_LINE if any(row.arabic for row in rows) else 0)
    height = step * len(rows) + 8
    parts = []
    for place, row in enumerate(rows):
        y = 4 + place * step
        middle = y + _ROW / 2 - 2
        parts.append(
            f'<text x="{_LABELS - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(row.label)}</text>'
            f'<rect class="track" x="{_LABELS}" y="{y}" width="{scale}" height="{_ROW - 6}"/>'
            f'<rect class="bar" x="{_LABELS}" y="{y}" width="{scale * row.value:.1f}" height="{_ROW - 6}"/>'
        )
        if row.arabic:
            parts.append(
                f'<text class="soft" lang="ar" x="{_LABELS - 8}" y="{middle + 4 + _SECOND_LINE:.1f}" '
                f'text-anchor="end">{escape(row.arabic)}</text>'
            )
        if row.low is not None and row.high is not None:
            left, right = _LABELS + scale * row.low, _LABELS + scale * row.high
            parts.append(
                f'<line class="whisker" x1="{left:.1f}" x2="{right:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
            )
        parts.append(
            f'<text x="{_LABELS + scale + 8}" y="{middle + 4:.1f}">{row.value:.3f}'
            f"{escape(' ' + row.note) if row.note else ''}</text>"
        )
    return _svg(title, _WIDTH, height, parts)


def reliability(title: str, bins: Sequence[Bin], across: str, upward: str) -> str:
    """Confidence against the share right; the area of a dot goes with how many answers it holds."""
    parts = _axes(across, upward)
    parts.append(
        f'<line class="ideal" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"/>'
    )
    most = max((one.count for one in bins), default=1)
    for one in bins:
        radius = 3 + 9 * (one.count / most) ** 0.5
        parts.append(
            f'<line class="whisker" x1="{_x(one.confidence):.1f}" x2="{_x(one.confidence):.1f}" '
            f'y1="{_y(one.confidence):.1f}" y2="{_y(one.accuracy):.1f}"/>'
            f'<circle class="dot" cx="{_x(one.confidence):.1f}" cy="{_y(one.accuracy):.1f}" r="{radius:.1f}">'
            f"<title>{one.low:.1f}–{one.high:.1f}: {one.count}, {one.accuracy:.2f}</title></circle>"
        )
    return _svg(title, _SQUARE, _SQUARE, parts)


def risk_coverage(title: str, points: Sequence[RiskPoint], across: str, upward: str) -> str:
    """The share of wrong answers as more questions are answered."""
    step = max(1, len(points) // _MOST_POINTS)
    kept = [*points[::step], *points[-1:]]
    path = " ".join(f"{_x(one.coverage):.1f},{_y(one.risk):.1f}" for one in kept)
    parts = [*_axes(across, upward), f'<polyline class="curve" points="{path}"/>']
    return _svg(title, _SQUARE, _SQUARE, parts)


def _axes(across: str, upward: str) -> list[str]:
    parts = [
        f'<line class="grid" x1="{_x(tick):.1f}" x2="{_x(tick):.1f}" y1="{_y(0):.1f}" y2="{_y(1):.1f}"/>'
        f'<line class="grid" x1="{_x(0):.1f}" x2="{_x(1):.1f}" y1="{_y(tick):.1f}" y2="{_y(tick):.1f}"/>'
        f'<text x="{_x(tick):.1f}" y="{_y(0) + 14:.1f}" text-anchor="middle">{tick:g}</text>'
        f'<text x="{_x(0) - 6:.1f}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    parts.append(
        f'<text x="{_x(0.5):.1f}" y="{_SQUARE - 4}" text-anchor="middle">{escape(across)}</text>'
        f'<text transform="translate(11 {_y(0.5):.1f}) rotate(-90)" text-anchor="middle">{escape(upward)}</text>'
    )
    return parts


def _x(share: float) -> float:
    return _EDGE + share * (_SQUARE - _EDGE - 12)


def _y(share: float) -> float:
    return _SQUARE - _EDGE + 8 - share * (_SQUARE - _EDGE - 4)


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    # Left to right in both languages: numbers grow in one direction in all of them.
    return (
        f'<svg role="img" direction="ltr" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
