import json
from dataclasses import replace

import pytest

from rag.evaluation import compare
from rag.evaluation.report import InvalidReport
from rag.evaluation.run import evaluate, report_of
from rag.types import IndexState


def report(rows, **manifest):
    state = IndexState(generation="g", fingerprint="f")
    return report_of(rows, 8, state=state, embedder="e1", manifest=manifest)


@pytest.fixture
def rows(engine, questions):
    """Forty questions answered rightly, in both languages."""
    right = evaluate(engine, questions, 8).rows[0]
    return [
        replace(right, id=f"q{n}", question=f"س {n}", language="ar" if n % 2 else "en")
        for n in range(40)
    ]


def worse(row):
    return replace(row, citation_recall=0.0, citations_correct=0, rank=None, gains=(0,))


def changes(comparison, slice="all"):
    return {one.metric: one for one in comparison.changes if one.slice == slice}


def test_equal_runs_show_no_change(rows):
    found = compare.between(report(rows), report(rows))
    assert found.questions == 40
    assert not any(one.significant for one in found.changes)
    assert found.better == found.worse == found.differing == ()


def test_a_drop_beyond_noise_is_told_and_a_small_one_is_not(rows):
    half = [worse(row) if n % 2 else row for n, row in enumerate(rows)]
    found = compare.between(report(rows), report(half))
    change = changes(found)["citation_recall"]
    assert (change.difference.first, change.difference.second) == (1, 0.5)
    assert change.worse
    assert changes(found, "ar")["citation_recall"].worse
    assert not changes(found, "en")["citation_recall"].worse
    assert len(found.worse) == 20
    few = [worse(row) if n < 2 else row for n, row in enumerate(rows)]
    assert not any(one.worse for one in compare.between(report(rows), report(few)).changes)
    back = compare.between(report(half), report(rows))
    assert changes(back)["citation_recall"].significant
    assert not any(one.worse for one in back.changes)


def test_only_questions_in_both_are_compared(rows):
    other = [replace(rows[0], question="another"), *rows[1:10], replace(rows[10], id="new")]
    found = compare.between(report(rows), report(other))
    assert (found.questions, found.only_first, found.only_second) == (9, 31, 2)
    with pytest.raises(InvalidReport, match="no question in common"):
        compare.between(report(rows[:1]), report(rows[1:]))


def test_runs_of_another_depth_are_not_compared(rows):
    with pytest.raises(InvalidReport, match="read 8 and 4 passages"):
        compare.between(report(rows), replace(report(rows), k=4))


def test_what_differs_between_the_runs_is_named(rows):
    first = report(rows, settings={"k": 8, "reader": "a"}, sanad="1")
    second = report(rows, settings={"k": 8, "reader": "b"}, sanad="1")
    found = compare.between(first, second)
    assert found.differing == ("settings.reader",)
    text = compare.lines_of(found, 8)
    assert text.isascii()
    assert "the runs differ in: settings.reader" in text
    assert json.loads(json.dumps(compare.to_dict(found)))["questions"] == 40


def test_a_baseline_is_kept_and_compared_with(rows, tmp_path):
    path = tmp_path / "b.json"
    compare.write_baseline(path, report(rows))
    kept = compare.read_baseline(path)
    assert kept == compare.baseline_of(report(rows))
    assert not any(one.worse for one in compare.against(kept, report(rows)).changes)
    half = [worse(row) if n % 2 else row for n, row in enumerate(rows)]
    assert changes(compare.against(kept, report(half)))["mrr"].worse
    # One line a question: what changes can be read in a diff.
    assert sum(line.startswith('  "q') for line in path.read_text().splitlines()) == 40


def test_a_reworded_question_is_left_out_of_the_baseline(rows):
    kept = compare.baseline_of(report(rows))
    now = [replace(rows[0], question="another"), *rows[1:]]
    found = compare.against(kept, report(now))
    assert (found.questions, found.only_first, found.only_second) == (39, 1, 1)
    with pytest.raises(InvalidReport, match="the baseline reads 8 passages, this run 3"):
        compare.against(kept, replace(report(rows), k=3))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"k": NaN}', b"\xff"])
def test_another_file_is_no_baseline(tmp_path, content):
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(InvalidReport, match="not a baseline"):
        compare.read_baseline(path)
    with pytest.raises(InvalidReport, match="--update-baseline"):
        raise_hint(tmp_path / "none.json")


def raise_hint(path):
    try:
        compare.read_baseline(path)
    except InvalidReport as error:
        raise InvalidReport(error.hint) from error
