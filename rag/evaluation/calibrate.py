"""Fits confidence and the threshold of answering to a collection and a file of questions.

Every question is answered whatever its probability, and each answer is right or wrong by its gold
spans. A line per relation of languages maps the reader's log-odds to those of being right; it is
held to the shipped one by a prior, so that few questions change little. The threshold is the least
from which on the answers are wrong no more often than asked for, both counted, with one wrong
answer in advance (as in conformal risk control: Angelopoulos, Bates, Fisch, Lei, Schuster, ICLR
2024), and by the fitted probabilities. What it is worth is told on questions left out of the fit,
never on those it was fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.calibration import RELATIONS, Calibration, Held, Line, logit
from rag.errors import InvalidParameter, RagError
from rag.evaluation.corpus import check
from rag.evaluation.metrics import Place
from rag.evaluation.questions import ALL, PAIRS, FactQuestion
from rag.evaluation.run import run
from rag.evaluation.significance import intervals
from rag.evaluation.targets import LocalTarget

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.evaluation.results import Row

FOLDS = 5
LEAST_QUESTIONS = 20
# The prior: as sure of the shipped line as if this spread of slope and offset had been seen.
_SPREAD_SLOPE = 0.5
_SPREAD_OFFSET = 1.0
_STEPS = 50


class NotReached(RagError):
    """No threshold keeps the error asked for on these questions."""

    code = "error_not_reached"
    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One question answered at any rate; ``group`` are those that may not be parted by a fold."""

    group: str
    relation: str
    pair: str
    probability: float
    right: bool


def calibrate(
    engine: Engine,
    questions: Sequence[FactQuestion],
    question_file_sha256: str,
    *,
    k: int,
    error: float,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """The calibration, not yet stored. ``engine`` must answer everything, without a calibration.

    Raises InvalidParameter for an error out of range or too few questions, and NotReached.
    """
    if not 0 < error < 1:
        raise InvalidParameter(
            f"error is {error}, expected a share between 0 and 1",
            hint="for example --error 0.1: at most one answer in ten wrong",
            parameter="error",
        )
    if len(questions) < LEAST_QUESTIONS:
        raise InvalidParameter(
            f"{len(questions)} questions are too few to fit anything, expected {LEAST_QUESTIONS} or more",
            hint="write more facts, with some questions that the articles do not answer",
            parameter="file",
        )
    report = run(LocalTarget(engine), questions, k, progress=progress)
    outcomes = outcomes_of(report.rows, groups_of(questions, check(questions, engine).documents))
    lines, threshold = fit(outcomes, error)
    if threshold is None:
        reached = _least_error(outcomes, lines)
        raise NotReached(
            f"no threshold keeps the error at {error:.0%} on these {len(outcomes)} questions; "
            f"the least is {reached:.0%}",
            hint=f"allow more with --error {min(0.99, reached + 0.01):.2f}, or add questions",
        )
    return Calibration(
        threshold=threshold,
        lines=dict(lines),
        error=error,
        questions=len(outcomes),
        question_file_sha256=question_file_sha256,
        reader=engine.reader_fingerprint,
        embedder=engine.embedder.fingerprint,
        index=report.index_fingerprint,
        held_out=held_out(outcomes, error),
    )


def groups_of(questions: Sequence[FactQuestion], documents: Mapping[str, str]) -> dict[str, str]:
    """The group of each question: linked questions, and those with a common gold place, are one."""
    groups: dict[str, str] = {question.id: question.id for question in questions}
    first: dict[object, str] = {}

    def root(id: str) -> str:
        while groups[id] != id:
            id = groups[id]
        return id

    for question in questions:
        keys: list[object] = [f"pair {question.pair}"] if question.pair else []
        keys += [
            Place(document_id=documents[gold.document], span=gold.span) for gold in question.gold
        ]
        for key in keys:
            groups[root(question.id)] = root(first.setdefault(key, question.id))
    return {id: root(id) for id in groups}


def outcomes_of(rows: Sequence[Row], groups: Mapping[str, str]) -> list[Outcome]:
    """What is known of each row; an abstention even so (nothing found, unverifiable) is left out."""
    found = []
    for row in rows:
        if row.abstained or row.confidence is None or row.answer_languages is None:
            continue
        asked, _, written = row.answer_languages.partition("-")
        found.append(
            Outcome(
                group=groups[row.id],
                relation=RELATIONS[0] if asked == written else RELATIONS[1],
                pair=row.answer_languages,
                probability=row.confidence,
                right=row.right,
            )
        )
    return found


def fit(outcomes: Sequence[Outcome], error: float) -> tuple[dict[str, Line], float | None]:
    """The lines, and the least threshold that keeps the error; None where none does."""
    lines = {
        relation: fit_line([one for one in outcomes if one.relation == relation])
        for relation in RELATIONS
    }
    scored = sorted(((lines[o.relation](o.probability), o.right) for o in outcomes), reverse=True)
    threshold, wrong, doubt = None, 0, 0.0
    for place, (probability, right) in enumerate(scored, start=1):
        wrong, doubt = wrong + (not right), doubt + 1 - probability
        next_differs = place == len(scored) or scored[place][0] < probability
        # Counted alone, the luckiest of many thresholds would be taken.
        kept = (wrong + 1) / (place + 1) <= error and doubt / place <= error
        if next_differs and kept:
            threshold = probability
    return lines, None if threshold is None else _rounded_down(threshold)


def _rounded_down(threshold: float) -> float:
    """Four digits, as answers show their confidence: what was answered in the fit still is."""
    return float(np.floor(threshold * 10_000) / 10_000)


def fit_line(outcomes: Sequence[Outcome]) -> Line:
    """Slope and offset by penalised logistic regression, in the log of the slope: it stays positive."""
    if not outcomes:
        return Line()
    x = np.array([logit(one.probability) for one in outcomes])
    y = np.array([float(one.right) for one in outcomes])
    log_slope, offset = 0.0, 0.0
    for _ in range(_STEPS):
        slope = np.exp(log_slope)
        p = 1 / (1 + np.exp(-np.clip(slope * x + offset, -30, 30)))
        inner = np.array([slope * x, np.ones_like(x)])  # the derivatives of the log-odds
        gradient = inner @ (p - y) + np.array(
            [log_slope / _SPREAD_SLOPE**2, offset / _SPREAD_OFFSET**2]
        )
        # Fisher's information and the prior's: always positive definite, so each step descends.
        curvature = (inner * (p * (1 - p))) @ inner.T + np.diag(
            [1 / _SPREAD_SLOPE**2, 1 / _SPREAD_OFFSET**2]
        )
        step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
        log_slope, offset = log_slope - float(step[0]), offset - float(step[1])
        if np.abs(step).max() < 1e-9:
            break
    return Line(slope=round(float(np.exp(log_slope)), 6), offset=round(offset, 6))


def held_out(outcomes: Sequence[Outcome], error: float) -> dict[str, Held]:
    """What the fit does on questions it has not seen, over all and for each pair of languages.

    A fold where no threshold keeps the error answers nothing.
    """
    fold_of = _folds(outcomes)
    judged: list[tuple[Outcome, bool]] = []
    for fold in range(FOLDS):
        lines, threshold = fit([one for one in outcomes if fold_of[one.group] != fold], error)
        judged += [
            (one, threshold is not None and lines[one.relation](one.probability) >= threshold)
            for one in outcomes
            if fold_of[one.group] == fold
        ]
    found = {ALL: _held(judged)}
    for pair in PAIRS:
        if some := [item for item in judged if item[0].pair == pair]:
            found[pair] = _held(some)
    return found


def _folds(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """A fold for each group, so that the folds hold about as many questions each."""
    sizes: dict[str, int] = {}
    for one in outcomes:
        sizes[one.group] = sizes.get(one.group, 0) + 1
    filled = [0] * FOLDS
    fold_of = {}
    for group in sorted(sizes, key=lambda group: (-sizes[group], group)):
        fold = filled.index(min(filled))
        fold_of[group] = fold
        filled[fold] += sizes[group]
    return fold_of


def _held(judged: Sequence[tuple[Outcome, bool]]) -> Held:
    answered = sum(given for _, given in judged)
    wrong = sum(given and not one.right for one, given in judged)
    ranges = intervals(
        {
            "coverage": [(float(given), 1.0) for _, given in judged],
            "error": [(float(given and not one.right), float(given)) for one, given in judged],
        },
        [one.group for one, _ in judged],
    )
    share = answered / len(judged) if judged else 0.0
    coverage, failed = ranges.get("coverage"), ranges.get("error")
    return Held(
        questions=len(judged),
        answered=answered,
        wrong=wrong,
        coverage=share,
        coverage_interval=(coverage.low, coverage.high) if coverage else (share, share),
        error=wrong / answered if answered else None,
        error_interval=(failed.low, failed.high) if failed else None,
    )


def _least_error(outcomes: Sequence[Outcome], lines: Mapping[str, Line]) -> float:
    scored = sorted(((lines[o.relation](o.probability), o.right) for o in outcomes), reverse=True)
    wrong, doubt, least = 0, 0.0, 1.0
    for place, (probability, right) in enumerate(scored, start=1):
        wrong, doubt = wrong + (not right), doubt + 1 - probability
        least = min(least, max((wrong + 1) / (place + 1), doubt / place))
    return least


def lines_of(calibration: Calibration) -> list[str]:
    """The calibration for people at a terminal; ASCII throughout."""
    told = [
        f"answers from {calibration.threshold:.4f} on, for at most {calibration.error:.0%} wrong",
        *(
            f"  {name}: slope {line.slope:.3f}, offset {line.offset:+.3f}"
            for name, line in calibration.lines.items()
        ),
        f"on questions left out of the fit ({FOLDS} folds, {calibration.questions} questions):",
    ]
    for name, held in calibration.held_out.items():
        low, high = held.coverage_interval
        text = f"  {name}: answers {held.answered} of {held.questions} ({held.coverage:.0%}, {low:.0%} to {high:.0%})"
        if held.error is not None:
            text += f", {held.wrong} wrong ({held.error:.0%}"
            if held.error_interval is not None:
                text += f", {held.error_interval[0]:.0%} to {held.error_interval[1]:.0%}"
            text += ")"
        told.append(text)
    return told
