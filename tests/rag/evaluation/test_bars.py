import re

import pytest

from rag.errors import InvalidParameter
from rag.evaluation.bars import ALWAYS, Bar, check_bars, parse_bar
from rag.evaluation.questions import slices_of
from rag.evaluation.results import METRICS
from rag.evaluation.run import evaluate


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("en.citation_recall>=0.95", ("en", "citation_recall", ">=", 0.95)),
        ("mrr > 0.5", ("all", "mrr", ">", 0.5)),
        ("all.quotes_unverified<=0", ("all", "quotes_unverified", "<=", 0)),
        ("latency_p95_ms<250", ("all", "latency_p95_ms", "<", 250)),
        ("tag:no-hamza.hit@k>=1", ("tag:no-hamza", "hit_at_k", ">=", 1)),
        ("ar.hit@1>=0.5", ("ar", "hit_at_1", ">=", 0.5)),
    ],
)
def test_bars_are_parsed(text, bar):
    slice, metric, operator, value = bar
    assert parse_bar(text) == Bar(slice=slice, metric=metric, operator=operator, value=value)


@pytest.mark.parametrize("bar", [parse_bar(f"en.{metric}>=1") for metric in METRICS])
def test_a_bar_reads_as_it_is_written(bar):
    assert parse_bar(str(bar)) == bar


@pytest.mark.parametrize(
    "text", ["", "mrr", "mrr=0.5", "mrr>=nan", "mrr>=", "mrr>=-1", "a b.mrr>=1"]
)
def test_what_is_no_bar_is_refused(text):
    with pytest.raises(InvalidParameter, match=re.escape(f"the bar {text!r} is not")):
        parse_bar(text)


def test_unknown_metrics_and_slices_are_refused_with_the_known_ones(questions):
    with pytest.raises(
        InvalidParameter, match=r"unknown metric 'bleu'.*\n.*known metrics: .*mrr.*token_f1"
    ):
        parse_bar("en.bleu>=0.5")
    with pytest.raises(
        InvalidParameter, match=r"unknown slice 'fr'.*\n.*known slices: all, ar, en"
    ):
        parse_bar("fr.mrr>=0.5")
    with pytest.raises(InvalidParameter, match=r"unknown slice 'tag:x'.*\n.*tag:date, tag:number"):
        parse_bar("tag:x.mrr>=0.5", slices_of(questions))


def test_a_share_above_one_is_refused():
    with pytest.raises(InvalidParameter, match="compares with 95, but mrr goes from 0 to 1"):
        parse_bar("mrr>=95")


def test_bars_that_are_not_reached_are_returned_with_the_actual_value(engine, questions):
    report = evaluate(engine, questions, 8)
    bars = [
        parse_bar(text)
        for text in ("exact_match>=0.5", "exact_match>0.5", "answered<=3", "en.mrr>=0.1")
    ]
    failed = check_bars(report, [*ALWAYS, *bars])
    assert [str(item) for item in failed] == ["all.exact_match>0.5: 0.5", "all.answered<=3: 4"]


def test_a_bar_with_nothing_to_measure_is_not_reached(engine, questions):
    report = evaluate(engine, questions, 8)
    (failed,) = check_bars(report, [parse_bar("en.abstention_precision<=1")])
    assert failed.actual is None
    assert str(failed).endswith("nothing to measure")


def test_a_tag_the_report_lacks_is_refused(engine, questions):
    with pytest.raises(InvalidParameter, match="unknown slice 'tag:none'"):
        check_bars(evaluate(engine, questions, 8), [parse_bar("tag:none.mrr>=0.5")])


def test_unverified_quotes_always_fail(make_engine, documents, questions):
    engine = make_engine(documents, {"Who won the cup?": ("X", ["Not in it."])})
    assert [str(item) for item in check_bars(evaluate(engine, questions, 8), ALWAYS)] == [
        "all.quotes_unverified<=0: 1"
    ]
