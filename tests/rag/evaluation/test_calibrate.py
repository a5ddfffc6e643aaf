import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import InvalidParameter
from rag.evaluation import calibrate
from rag.evaluation.calibrate import Outcome


def outcome(number, probability, right, pair="ar-ar", group=None):
    asked, _, written = pair.partition("-")
    return Outcome(
        group=group or str(number),
        relation="same" if asked == written else "cross",
        pair=pair,
        probability=probability,
        right=right,
    )


def drawn(count, truth, seed=1, pair="ar-ar"):
    """Outcomes whose chance to be right is ``truth`` of the probability told."""
    generator = np.random.default_rng(seed)
    told = generator.uniform(0.02, 0.98, count)
    return [
        outcome(f"{pair}{n}", float(p), bool(generator.random() < truth(p)), pair)
        for n, p in enumerate(told)
    ]


def test_what_is_calibrated_stays_and_what_is_too_sure_is_lowered():
    line = calibrate.fit_line(drawn(3000, lambda p: p))
    assert (line.slope, line.offset) == (pytest.approx(1, abs=0.12), pytest.approx(0, abs=0.12))
    low = calibrate.fit_line(drawn(3000, lambda p: 1 / (1 + np.exp(1.5) * (1 - p) / p)))
    assert low.offset == pytest.approx(-1.5, abs=0.2)
    assert low(0.8) < 0.6


def test_the_line_is_that_of_scikit_learn_where_the_prior_hardly_counts():
    linear = pytest.importorskip("sklearn.linear_model")
    some = drawn(20_000, lambda p: p**2)
    x = np.array([[np.log(one.probability / (1 - one.probability))] for one in some])
    theirs = linear.LogisticRegression(C=1e6).fit(x, [one.right for one in some])
    mine = calibrate.fit_line(some)
    assert mine.slope == pytest.approx(theirs.coef_[0][0], rel=0.02)
    assert mine.offset == pytest.approx(theirs.intercept_[0], abs=0.03)


def test_few_questions_change_little():
    line = calibrate.fit_line([outcome(0, 0.9, False), outcome(1, 0.9, False)])
    assert 0.5 < line(0.9) < 0.9
    assert calibrate.fit_line([]).slope == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_every_fit_keeps_the_order_and_the_error(some):
    outcomes = [outcome(n, p, right) for n, (p, right) in enumerate(some)]
    lines, threshold = calibrate.fit(outcomes, 0.2)
    assert lines["same"].slope > 0
    if threshold is not None:
        answered = [o for o in outcomes if lines["same"](o.probability) >= threshold]
        wrong = sum(not one.right for one in answered)
        assert (wrong + 1) / (len(answered) + 1) <= 0.2


def test_the_threshold_is_the_least_that_keeps_the_error():
    sure = [outcome(n, 0.95, True) for n in range(40)]
    doubtful = [outcome(100 + n, 0.3, n % 2 == 0) for n in range(40)]
    lines, threshold = calibrate.fit([*sure, *doubtful], 0.1)
    assert lines["same"](0.3) < threshold <= lines["same"](0.95)
    _, all_of_them = calibrate.fit([*sure, *doubtful], 0.5)
    assert all_of_them <= lines["same"](0.3)


def test_where_nothing_keeps_the_error_there_is_no_threshold():
    assert calibrate.fit([outcome(n, 0.9, n % 2 == 0) for n in range(40)], 0.05)[1] is None


def test_held_out_questions_are_each_judged_once_and_told_by_pair():
    some = [*drawn(200, lambda p: p), *drawn(100, lambda p: p / 2, pair="en-ar")]
    held = calibrate.held_out(some, 0.2)
    assert list(held) == ["all", "ar-ar", "en-ar"]
    assert [held[name].questions for name in held] == [300, 200, 100]
    assert held["all"].answered == held["ar-ar"].answered + held["en-ar"].answered
    assert held["all"].error == held["all"].wrong / held["all"].answered
    low, high = held["all"].error_interval
    assert low <= held["all"].error <= high


def test_over_many_draws_the_error_held_out_is_near_the_one_asked_for():
    errors = [
        calibrate.held_out(drawn(400, lambda p: p**1.5, seed), 0.2)["all"].error
        for seed in range(12)
    ]
    assert np.mean(errors) == pytest.approx(0.2, abs=0.03)


def test_what_is_linked_is_in_one_fold(make_document, make_fact):
    text = "Seven men. Eight women. Nine dogs."
    stored = make_document("d.txt", text, "en")
    one = make_fact("1", "How many?", "en", stored, "Seven", ["7"])
    same_place = make_fact("2", "How many men?", "en", stored, "Seven", ["7"])
    paired = make_fact("3", "كم؟", "ar", stored, "Eight", ["8"]).model_copy(update={"pair": "p"})
    other = make_fact("4", "x y", "en").model_copy(update={"pair": "p"})
    alone = make_fact("5", "x z", "en")
    documents = {"articles/d.txt": "d.txt"}
    groups = calibrate.groups_of([one, same_place, paired, other, alone], documents)
    assert groups["1"] == groups["2"]
    assert groups["3"] == groups["4"]
    assert len({groups["1"], groups["3"], groups["5"]}) == 3


def test_folds_are_of_like_size():
    some = [outcome(n, 0.5, True, group=str(n // 3)) for n in range(90)]
    folds = calibrate._folds(some)
    sizes = [sum(folds[one.group] == fold for one in some) for fold in range(calibrate.FOLDS)]
    assert max(sizes) - min(sizes) <= 3


@pytest.mark.parametrize("error", [0, 1, -0.1, 2])
def test_an_error_out_of_range_is_refused(engine, questions, error):
    with pytest.raises(InvalidParameter, match="between 0 and 1"):
        calibrate.calibrate(engine, questions, "0" * 64, k=8, error=error)


def test_too_few_questions_are_refused(engine, questions):
    with pytest.raises(InvalidParameter, match="6 questions are too few"):
        calibrate.calibrate(engine, questions, "0" * 64, k=8, error=0.1)
