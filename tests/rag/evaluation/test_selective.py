import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.evaluation import selective

SHARES = st.sampled_from([n / 20 for n in range(21)])
OUTCOMES = st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=40)


def split(outcomes):
    return [one for one, _ in outcomes], [one for _, one in outcomes]


@settings(deadline=None)  # the first import of scikit-learn takes seconds
@given(OUTCOMES)
def test_auroc_is_that_of_scikit_learn(outcomes):
    ranking = pytest.importorskip("sklearn.metrics")
    scores, positive = split(outcomes)
    found = selective.auroc(scores, positive)
    if len(set(positive)) < 2:
        assert found is None
    else:
        assert found == pytest.approx(ranking.roc_auc_score(positive, scores))


@settings(deadline=None, max_examples=25)
@given(OUTCOMES)
def test_aurc_is_the_mean_over_all_orders_of_equal_confidences(outcomes):
    scores, right = split(outcomes)
    generator = np.random.default_rng(1)
    risks = []
    for _ in range(300):
        order = np.lexsort((generator.random(len(scores)), -np.array(scores)))
        wrong = ~np.array(right)[order]
        risks.append((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())
    assert selective.aurc(scores, right) == pytest.approx(np.mean(risks), abs=0.06)


def test_aurc_without_equal_confidences_is_worked_out_by_hand():
    assert selective.aurc([0.9, 0.8, 0.7], [True, False, True]) == pytest.approx(
        (0 + 1 / 2 + 1 / 3) / 3
    )
    assert selective.aurc([], []) is None


@given(OUTCOMES)
def test_the_curve_ends_with_everything_and_its_risks_are_counted(outcomes):
    scores, right = split(outcomes)
    points = selective.risk_coverage(scores, right)
    assert points[-1].coverage == 1
    assert [point.threshold for point in points] == sorted(set(scores), reverse=True)
    for point in points:
        answered = [good for score, good in outcomes if score >= point.threshold]
        assert point.coverage == pytest.approx(len(answered) / len(outcomes))
        assert point.risk == pytest.approx(answered.count(False) / len(answered))


def test_bins_and_calibration_error_are_worked_out_by_hand():
    confidence, right = [0.95, 0.91, 0.15, 1.0], [True, False, False, True]
    low, high = selective.reliability(confidence, right)
    assert (low.low, low.count, low.accuracy) == (0.1, 1, 0)
    assert (high.high, high.count, high.accuracy) == (1.0, 3, pytest.approx(2 / 3))
    expected = (1 * 0.15 + 3 * abs((0.95 + 0.91 + 1.0) / 3 - 2 / 3)) / 4
    assert selective.calibration_error(confidence, right) == pytest.approx(expected)
    assert selective.calibration_error([], []) is None
    assert selective.risk_coverage([], []) == []
