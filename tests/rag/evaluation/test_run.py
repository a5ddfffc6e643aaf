import math
from dataclasses import replace

import pytest

from rag.errors import InvalidParameter, Unavailable
from rag.evaluation.questions import FactQuestion, Gold
from rag.evaluation.results import COUNTS, METRICS, TIMES
from rag.evaluation.run import evaluate, run
from rag.evaluation.targets import LocalTarget
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
    assert list(slices) == [
        "all",
        "ar",
        "en",
        "ar-ar",
        "en-en",
        "tag:date",
        "tag:number",
        "tag:off-topic",
    ]
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
    ("answer", "checked", "unstated"),
    [
        ("سبعة أشخاص", 1, 0),  # in the other language and in words
        ("Nine people were killed on Friday", 2, 1),
        ("7 people, said Klitschko", 2, 1),
        ("people", 0, 0),
    ],
)
def test_values_of_an_answer_that_no_quote_states_are_counted(
    make_engine, documents, questions, answer, checked, unstated
):
    quote = "Seven people were killed on Friday."
    engine = make_engine(documents, {"How many were killed?": (answer, [quote])})
    report = evaluate(engine, [one for one in questions if one.id == "en-1"], 8)
    (row,) = report.rows
    assert (row.values_checked, row.values_unstated) == (checked, unstated)
    share = report.slices["all"].values_stated
    assert share == (None if not checked else (checked - unstated) / checked)


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


def test_several_at_once_give_the_same_report(engine, questions):
    one = run(LocalTarget(engine), questions, 8)
    many = run(LocalTarget(engine), questions, 8, concurrency=4)
    assert [replace(row, latency_ms=0) for row in many.rows] == [
        replace(row, latency_ms=0) for row in one.rows
    ]
    with pytest.raises(InvalidParameter, match="concurrency is 0"):
        run(LocalTarget(engine), questions, 8, concurrency=0)


def test_what_was_asked_before_is_not_asked_again(engine, questions):
    kept = []
    first = run(LocalTarget(engine), questions, 8, keep=kept.append)
    before = {done.row.id: done for done in kept[:4]}
    engine.asked.clear()
    second = run(LocalTarget(engine), questions, 8, before=before)
    assert engine.asked == ["warm", questions[4].question, questions[5].question]
    assert [row.id for row in second.rows] == [row.id for row in first.rows]
    assert second.slices["all"].citation_recall == first.slices["all"].citation_recall


def test_rows_tell_gains_languages_and_what_was_expected(engine, questions):
    rows = {row.id: row for row in evaluate(engine, questions, 8).rows}
    assert (rows["ar-1"].gains, rows["ar-1"].ideal) == ((1, 0, 0, 0), (1,))
    assert (rows["en-1"].languages, rows["en-1"].answer_languages) == ("en-en", "en-en")
    assert rows["en-2"].answer_languages == "en-ar"
    assert rows["un-1"].languages is None
    expected = rows["ar-2"].expected
    assert (expected.document_id, expected.quote) == ("ar.txt", "أيّار ٢٠٢٣")
    assert expected.before.endswith("سقطت باخموت في ")
    assert rows["ar-1"].shown[0].correct
    assert not rows["ar-1"].shown[1].correct


@pytest.mark.parametrize("filler", ["word ", "كلمةٌ ", "x"])
def test_what_stands_around_a_place_is_cut_between_words(
    make_engine, make_document, make_fact, filler
):
    stored = make_document("long.txt", f"{filler * 90}it was Tuesday in {filler * 90}", "en")
    question = make_fact("1", "When?", "en", stored, "Tuesday", ["Tuesday"])
    (row,) = evaluate(make_engine([stored], {}), [question], 8).rows
    expected = row.expected
    assert expected.before + expected.quote + expected.after in stored.text
    assert 90 <= len(expected.before) <= 120
    assert 90 <= len(expected.after) <= 120
    if filler != "x":
        assert set(expected.before.split()) == {filler.strip(), "it", "was"}
        assert set(expected.after.split()) == {filler.strip(), "in"}


def test_the_ranking_is_looked_at_down_to_rank_ten(make_engine, make_document, make_fact):
    text = " ".join(f"Sentence number {n}." for n in range(12))
    stored = make_document("long.txt", text, "en")
    question = make_fact("1", "Which?", "en", stored, "number 8", ["8"])
    report = evaluate(make_engine([stored]), [question], 3)
    assert report.slices["all"].hit_at_k == 0
    assert report.slices["all"].ndcg_at_10 == pytest.approx(1 / math.log2(10))


def test_parity_is_of_one_place_in_both_languages(make_engine, documents, make_fact):
    arabic, _ = documents
    first, second = "تسعى كييف إلى إطلاق سراح ١٢٠٠ أسير.", "سقطت باخموت في أيّار ٢٠٢٣."
    texts = {"a": ("كم؟", "How many?"), "b": ("متى؟", "When?"), "c": ("من؟", "Who?")}
    questions = [
        replace_pair(
            make_fact(f"{pair}-{language}", text, language, arabic, "١٢٠٠", ["1200"]), pair
        )
        for pair, both in texts.items()
        for language, text in zip(("ar", "en"), both, strict=True)
    ]
    script = {
        "كم؟": ("١٢٠٠", [first]),
        "How many?": ("1200", [second, first]),
        "متى؟": ("x", [first]),
        "When?": ("x", [second]),
    }  # nobody answers c
    report = evaluate(make_engine(documents, script), questions, 8)
    assert [row.parity for row in report.rows] == [1, 1, 0, 0, 1, 1]
    assert report.slices["all"].parity == pytest.approx(2 / 3)
    assert evaluate(make_engine(documents), questions[:1], 8).slices["all"].parity is None


def replace_pair(question, pair):
    return question.model_copy(update={"pair": pair})


def test_a_question_without_answers_or_spans_is_measured_by_documents(make_engine, documents):
    question = FactQuestion(
        id="1", question="سقطت؟", language="ar", gold=(Gold(document="ar.txt"),)
    )
    engine = make_engine(documents, {"سقطت؟": ("x", ["سقطت باخموت في أيّار ٢٠٢٣."])})
    report = evaluate(engine, [question], 8)
    assert (report.rows[0].rank, report.rows[0].citation_recall) == (1, 1)
    assert report.slices["all"].token_f1 is None


def test_a_question_without_gold_is_measured_by_words(make_engine, documents):
    question = FactQuestion(id="1", question="سقطت؟", language="ar", answers=("أيار ٢٠٢٣",))
    engine = make_engine(documents, {"سقطت؟": ("أيّار ٢٠٢٣", ["سقطت باخموت في أيّار ٢٠٢٣."])})
    report = evaluate(engine, [question], 8)
    assert report.slices["all"].hit_at_k is None
    assert report.slices["all"].citation_recall is None
    assert (report.slices["all"].fact_cited, report.rows[0].right) == (1, True)
