from dataclasses import replace

import pytest

from rag.errors import InvalidParameter, Unavailable
from rag.evaluation.results import COUNTS, METRICS, TIMES
from rag.evaluation.run import evaluate
from rag.types import IndexState


def test_rows_hold_what_came_of_each_question(engine, questions):
    report = evaluate(engine, questions, 8)
    first = report.rows[0]
    assert [row.id for row in report.rows] == [question.id for question in questions]
    assert (first.status, first.answer, first.rank) == ("answered", "١٢٠٠ أسير", 1)
    assert (first.citations, first.citations_correct, first.quotes_unverified) == (2, 1, 0)
    assert (first.exact_match, first.token_f1, first.citation_recall) == (
        0,
        pytest.approx(2 / 3),
        1,
    )
    abstained = report.rows[1]
    assert (abstained.abstention, abstained.answer, abstained.rank) == ("not_in_sources", None, 2)
    assert (abstained.exact_match, abstained.token_f1, abstained.citation_recall) == (0, 0, 0)
    assert report.rows[2].exact_match is None


def test_figures_of_all_questions_are_those_worked_out_by_hand(engine, questions):
    figures = evaluate(engine, questions, 8).slices["all"]
    assert (figures.questions, figures.answerable, figures.answered) == (6, 4, 4)
    # Gold passages are at ranks 1, 2, 4, 3.
    assert (figures.hit_at_1, figures.hit_at_k) == (0.25, 1)
    assert figures.mrr == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 3) / 4)
    assert figures.answer_rate == 0.75
    assert figures.exact_match == 0.5
    assert figures.token_f1 == pytest.approx((2 / 3 + 0 + 1 + 1) / 4)
    assert figures.citation_precision == pytest.approx(2 / 5)
    assert figures.citation_recall == 0.5
    assert figures.fact_cited == 0.75
    assert figures.abstention_precision == 0.5
    assert figures.abstention_recall == 0.5
    assert (figures.citations, figures.quotes_verified, figures.quotes_unverified) == (5, 5, 0)


def test_slices_are_the_languages_and_tags_of_the_questions(engine, questions):
    slices = evaluate(engine, questions, 8).slices
    assert list(slices) == ["all", "ar", "en", "tag:date", "tag:number", "tag:off-topic"]
    assert (slices["ar"].questions, slices["ar"].exact_match) == (3, 0)
    assert (slices["en"].questions, slices["en"].exact_match) == (3, 1)
    assert slices["ar"].abstention_precision == 0.5
    assert slices["en"].abstention_precision is None
    assert slices["tag:off-topic"].hit_at_k is None
    assert slices["tag:date"].citation_precision is None


def test_k_cuts_the_ranking(engine, questions):
    report = evaluate(engine, questions, 2)
    assert [row.rank for row in report.rows] == [1, 2, None, None, None, None]
    assert report.slices["all"].hit_at_k == 0.5


def test_every_figure_is_a_share_a_count_or_a_time(engine, questions):
    for figures in evaluate(engine, questions, 3).slices.values():
        for metric in METRICS:
            value = getattr(figures, metric)
            if metric in COUNTS:
                assert isinstance(value, int)
            else:
                assert value is None or 0 <= value <= (float("inf") if metric in TIMES else 1)


def test_quotes_are_compared_with_the_document_again(make_engine, documents, questions):
    engine = make_engine(documents, {"Who won the cup?": ("X", ["Seven men were killed."])})
    row = evaluate(engine, questions, 8).rows[-1]
    assert (row.citations, row.quotes_unverified) == (1, 1)


@pytest.mark.parametrize(
    "change", [{"document_id": "gone.txt"}, {"document_sha256": "0" * 64}, {"start": -20}]
)
def test_a_citation_of_no_stored_text_is_unverified(engine, questions, change, monkeypatch):
    ask = engine.ask

    def elsewhere(question, k=None):
        answer = ask(question, k)
        return replace(
            answer, citations=tuple(replace(item, **change) for item in answer.citations)
        )

    monkeypatch.setattr(engine, "ask", elsewhere)
    figures = evaluate(engine, questions, 8).slices["all"]
    assert (figures.quotes_verified, figures.quotes_unverified) == (0, 5)


def test_progress_is_told_and_the_engine_is_warm_before_the_first_question(engine, questions):
    told = []
    evaluate(engine, questions[:2], 8, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    assert engine.asked == ["warm", questions[0].question, questions[1].question]


def test_the_report_names_the_generation_and_the_embedder(engine, questions):
    report = evaluate(engine, questions, 8)
    assert (report.index_generation, report.index_fingerprint) == ("gen-000001", "f1")
    assert report.embedder_fingerprint == "e1"


def test_a_collection_that_changes_meanwhile_stops_the_run(make_engine, documents, questions):
    states = [IndexState(generation=f"gen-00000{n}", fingerprint=f"f{n}") for n in (1, 2)]
    with pytest.raises(Unavailable, match="changed from 'gen-000001' to 'gen-000002'"):
        evaluate(make_engine(documents, states=states), questions, 8)


def test_k_is_checked_before_anything_is_asked(engine, questions):
    with pytest.raises(InvalidParameter, match="k is 0"):
        evaluate(engine, questions, 0)
    assert engine.asked == []


def test_no_questions_give_empty_figures(engine):
    report = evaluate(engine, [], 8)
    assert list(report.slices) == ["all", "ar", "en"]
    assert report.slices["all"].token_f1 is None
