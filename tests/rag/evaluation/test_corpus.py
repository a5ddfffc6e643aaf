from dataclasses import replace

import pytest

from rag.evaluation.corpus import CorpusMismatch, check
from rag.evaluation.run import evaluate


def test_documents_are_found_by_the_hash_of_their_text(make_engine, documents, questions):
    renamed = [replace(item, id=f"2026/renamed-{item.id}") for item in documents]
    found = check(questions, make_engine(renamed))
    assert found.problems == ()
    assert found.documents == {
        "articles/ar.txt": "2026/renamed-ar.txt",
        "articles/en.txt": "2026/renamed-en.txt",
    }


@pytest.mark.parametrize("id", ["en.txt", "articles/en.txt", "news/articles/en.txt"])
def test_documents_with_another_hash_are_found_by_id(
    make_engine, make_document, documents, questions, id
):
    longer = make_document(id, documents[1].text + " More.", "en")
    assert check(questions, make_engine([documents[0], longer])).documents["articles/en.txt"] == id


def test_an_id_that_only_ends_alike_is_another_document(
    make_engine, make_document, documents, questions
):
    other = make_document("open.txt", "Nothing of it.", "en")
    problems = check(questions, make_engine([documents[0], other])).problems
    assert [(item.question_id, item.document, item.reason) for item in problems] == [
        ("en-1", "articles/en.txt", "is not in the collection"),
        ("en-2", "articles/en.txt", "is not in the collection"),
    ]


def test_a_changed_document_is_reported_with_what_it_says(
    make_engine, make_document, documents, questions
):
    changed = make_document("en.txt", documents[1].text.replace("Seven", "Eight"), "en")
    with pytest.raises(
        CorpusMismatch,
        match=r"'articles/en.txt': has 'Eight' at 33:38, not 'Seven' \(question en-1\)",
    ):
        check(questions, make_engine([documents[0], changed])).require()


def test_nothing_is_asked_where_gold_documents_are_missing(make_engine, documents, questions):
    engine = make_engine(documents[1:])
    with pytest.raises(
        CorpusMismatch,
        match=r"'articles/ar.txt': is not in the collection \(questions ar-1, ar-2\)",
    ) as caught:
        evaluate(engine, questions, 8)
    assert caught.value.exit_code == 65
    assert engine.asked == []


def test_long_lists_of_questions_are_shortened(make_engine, make_fact, documents):
    questions = [
        make_fact(f"q{n}", f"q {n}?", "en", documents[1], "Seven", ["7"]) for n in range(7)
    ]
    with pytest.raises(CorpusMismatch, match="questions q0, q1, q2, q3, q4 and 2 more"):
        check(questions, make_engine([])).require()


def test_unanswerable_questions_need_no_document(make_engine, make_fact):
    assert check([make_fact("un", "Who?", "en")], make_engine([])).problems == ()
