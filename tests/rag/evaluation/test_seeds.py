import hashlib
from collections import Counter
from pathlib import Path

import pytest

from rag.evaluation.questions import load

SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def questions():
    return load(SEEDS / "facts.jsonl")


@pytest.fixture(scope="module")
def texts():
    return {
        f"articles/{path.name}": path.read_bytes().decode("utf-8")
        for path in (SEEDS / "articles").glob("*.txt")
    }


def test_there_are_enough_questions_in_both_languages(questions):
    answerable = Counter(item.language for item in questions if not item.unanswerable)
    unanswerable = Counter(item.language for item in questions if item.unanswerable)
    assert min(answerable["ar"], answerable["en"]) >= 30
    assert unanswerable.total() >= 20
    assert min(unanswerable["ar"], unanswerable["en"]) >= 10


def test_every_gold_span_is_the_text_of_its_article(questions, texts):
    for item in questions:
        for gold in item.gold:
            text = texts[gold.document]
            assert text[gold.start : gold.end] == gold.quote, item.id
            assert hashlib.sha256(text.encode()).hexdigest() == gold.document_sha256, item.id


def test_every_article_is_asked_about(questions, texts):
    assert {gold.document for item in questions for gold in item.gold} == set(texts)


def test_no_question_is_asked_twice(questions):
    assert len({item.question for item in questions}) == len(questions)


def test_a_pair_is_one_question_in_each_language(questions):
    linked = {}
    for item in questions:
        if item.pair is not None:
            linked.setdefault(item.pair, []).append(item)
    assert len(linked) >= 20
    for some in linked.values():
        assert sorted(item.language for item in some) == ["ar", "en"]
        first, second = some
        assert {(gold.document, gold.start) for gold in first.gold} == {
            (gold.document, gold.start) for gold in second.gold
        }
