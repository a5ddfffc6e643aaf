import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.significance import Interval, compare, holm, intervals

ONES = [(1.0, 1.0)]
NONE = [(0.0, 1.0)]


def ids(count):
    return [str(number) for number in range(count)]


def test_an_interval_is_that_of_scipys_bootstrap():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(3).random(80)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=2000, rng=np.random.default_rng(4)
    ).confidence_interval
    mine = intervals({"m": [(value, 1.0) for value in values]}, ids(80))["m"]
    assert (mine.low, mine.high) == (
        pytest.approx(theirs.low, abs=0.01),
        pytest.approx(theirs.high, abs=0.01),
    )


@pytest.mark.parametrize("count", [2, 5, 30])
def test_an_interval_at_the_edge_is_exact(count):
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.binomtest(count, count).proportion_ci(method="exact")
    found = intervals({"one": ONES * count, "none": NONE * count}, ids(count))
    assert found["one"] == Interval(low=pytest.approx(theirs.low), high=1)
    assert found["none"] == Interval(low=0, high=pytest.approx(1 - theirs.low))


def test_what_fewer_than_two_say_has_no_interval():
    assert intervals({"m": [(1.0, 1.0), (0.0, 0.0)]}, ids(2)) == {}
    assert intervals({"m": [(1.0, 1.0), (0.0, 1.0)]}, ["a", "a"]) == {}
    assert intervals({}, []) == {}


def test_questions_drawn_together_make_wider_intervals():
    parts = [(float(number < 30), 1.0) for number in range(60)]
    alone = intervals({"m": parts}, ids(60))["m"]
    paired = intervals({"m": parts}, [str(number // 6) for number in range(60)])["m"]
    assert paired.high - paired.low > 1.5 * (alone.high - alone.low)


def test_ratios_are_sums_over_sums():
    # Two citations of three, in each of many questions.
    found = intervals({"p": [(2.0, 3.0), (1.0, 3.0)] * 20}, ids(40))["p"]
    assert found.low < 0.5 < found.high


def test_the_permutation_test_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(5)
    first = generator.random(9)
    second = np.clip(first + generator.normal(0.1, 0.12, 9), 0, 1)
    exact = stats.permutation_test(
        (first, second),
        lambda one, other: other.mean() - one.mean(),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=False,
    ).pvalue
    found = compare([(v, 1.0) for v in first], [(v, 1.0) for v in second], ids(9))
    assert found.p == pytest.approx(exact, abs=0.02)
    assert found.change == pytest.approx(second.mean() - first.mean())
    assert found.interval.low < found.change < found.interval.high


def test_equal_runs_do_not_differ_and_opposite_ones_do():
    same = compare(ONES * 30, ONES * 30, ids(30))
    assert (same.change, same.p) == (0, 1)
    other = compare(ONES * 30, NONE * 30, ids(30))
    assert (other.change, other.questions) == (-1, 30)
    assert other.p < 0.001
    assert compare([(0.0, 0.0)], ONES, ["a"]) is None


def test_a_small_drop_among_few_is_noise():
    before = ONES * 20
    after = ONES * 19 + NONE
    assert compare(before, after, ids(20)).p > 0.5


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03]) == [
        pytest.approx(0.03),
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_only_raises_and_keeps_the_order(ps):
    raised = holm(ps)
    assert all(p <= q <= 1 for p, q in zip(ps, raised, strict=True))
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    assert [raised[place] for place in order] == sorted(raised)
