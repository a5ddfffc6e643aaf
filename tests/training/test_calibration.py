"""The numbers that say how far confidence can be trusted, against cases done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = pytest.mark.models

from rag.training import evidence  # noqa: E402
from rag.types import Span  # noqa: E402

HERE = Span(start=0, end=4)


def held(probability, place=None, *, answerable=True, articles=4):
    """A question that got this probability; ``place`` is where the right sentence came."""
    gold = HERE if answerable else None
    asked = evidence.Asked("u", "ar-en", "question?", gold, range(articles))
    return evidence.Held(asked, probability, place)


def stranger(probability):
    """An unanswerable question."""
    return held(probability, answerable=False)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        # Ten of 0.75, nine right, and an unanswerable one of 0: 10/11 of |0.75 - 0.9|.
        ([*[held(0.75, 0)] * 9, held(0.75), stranger(0.0)], 10 / 11 * 0.15),
        # As often right as said, in two bins.
        ([*[held(0.75, 0)] * 3, held(0.75), held(0.25, 2), *[stranger(0.25)] * 3], 0.0),
        # 1.0 falls into the last bin, with 0.9: |0.95 - 0.5|.
        ([stranger(1.0), held(0.9, 0)], 0.45),
        # Too sure above, too shy below: distances do not cancel out between bins.
        ([held(0.95, 0), stranger(0.95), held(0.15, 0), stranger(0.15)], 0.5 * 0.45 + 0.5 * 0.35),
    ],
)
def test_expected_calibration_error(rows, error):
    found = evidence.calibration(rows)
    assert found["expected calibration error"] == pytest.approx(error)


def test_risk_counts_the_wrong_among_the_most_confident():
    right = [True, True, False, True, True, False, True, True, True, False]
    rows = [
        held(0.95 - n / 20, 0 if good else None) if n != 2 else stranger(0.95 - n / 20)
        for n, good in enumerate(right)
    ]
    rows = [rows[n] for n in np.random.default_rng(0).permutation(10)]
    risk = evidence.calibration(rows)["risk at coverage"]
    wrong = [0, 0, 1, 1, 1, 2, 2, 2, 2, 3]
    assert risk == {
        str((n + 1) / 10): pytest.approx(count / (n + 1)) for n, count in enumerate(wrong)
    }


def test_the_threshold_declines_most_unanswerable_questions():
    rows = [stranger(n / 100) for n in range(21)]  # 14 of them lie under 0.14, 15 not above it
    rows += [held(0.5, 0), held(0.4), held(0.1, 0), held(0.17, 1)]
    found = evidence.calibration(rows)
    assert found[evidence._DECLINED] == pytest.approx(0.14)
    assert found["answerable answered there"] == pytest.approx(3 / 4)
    assert found["answerable answered rightly there"] == pytest.approx(2 / 4)


def test_questions_that_are_nearly_answered_count_for_half_of_the_unanswerable():
    near = [replace(one, asked=replace(one.asked, near=True)) for one in map(stranger, (0.6, 0.8))]
    rows = [held(0.9, 0), *(stranger(n / 100) for n in range(98))]
    assert evidence.calibration(rows)[evidence._DECLINED] == pytest.approx(0.68)
    # Under 0.8 lie one of the near ones and 80 of the 98 others: .25 + .41 of the weight.
    assert evidence.calibration(rows + near)[evidence._DECLINED] == pytest.approx(0.8)


def test_ranks_are_what_the_area_under_the_curve_counts():
    rows = [held(0.9, 0), stranger(0.5), held(0.4, 1), stranger(0.1)]
    assert evidence.calibration(rows)["AUROC"] == pytest.approx(3 / 4)


def test_large_corpora_are_left_out_of_the_few_articles():
    rows = [held(0.9, 0), stranger(0.5), held(0.3, 0, articles=50), held(0.2, articles=900)]
    found = evidence.calibration(rows)
    assert (found["questions"], found["answerable"]) == (4, 3)
    few = found["few articles"]
    assert (few["questions"], few["answerable"]) == (2, 1)
    assert few["AUROC"] == 1.0
    assert few["expected calibration error"] == pytest.approx((0.1 + 0.5) / 2)


@pytest.mark.parametrize("count", range(1, 18))
def test_no_small_corpus_is_left_empty(count):
    units = [str(number) for number in range(count)]
    made = list(evidence.small_corpora(units))
    assert [unit for _, here, _ in made for unit in here] == units
    assert all(set(missing) < set(here) for _, here, missing in made)
