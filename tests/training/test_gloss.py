"""English examples in Arabic words: the answer stays the answer, by its own offsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")
pytestmark = pytest.mark.models

from rag.catalogue import MODELS, PIECES  # noqa: E402
from rag.embedding.static import StaticEmbedder  # noqa: E402
from rag.training import gloss  # noqa: E402

KNOWN = {
    "president": (("رئيس",), (1.0,)),
    "city": (("مدينة",), (1.0,)),
    "signed": (("وقع",), (1.0,)),
    "new": (("جديد", "جديدة"), (0.5, 0.5)),
}
TEXT = "The president of the new city signed it, and Mr. O'Neil's H2O plant in A1 stayed."


def whole(text, marks=()):
    return gloss.gloss(text, marks, KNOWN, 1.0, np.random.default_rng(0))


def test_words_are_put_into_arabic_and_the_rest_stays():
    text, _ = whole(TEXT)
    assert text.startswith("الرئيس ")
    assert "مدينة" in text
    assert all(kept in text for kept in ("H2O", "A1", "O'Neil", "."))
    assert "president" not in text


def test_question_words_are_asked_in_arabic_only_in_questions():
    asked, _ = whole("How many cities did the president visit?")
    assert asked.startswith(("كم ", "كم عدد "))
    assert asked.endswith("?")
    told, _ = whole("The president who signed it")
    assert "الذي" in told or "التي" in told


@pytest.mark.parametrize("answer", ["president", "new city", "signed", "H2O plant", "A1"])
def test_an_answer_is_found_again(answer):
    start = TEXT.index(answer)
    text, (first, last) = whole(TEXT, (start, start + len(answer)))
    alone, _ = whole(answer)
    for word in alone.split():
        assert text[first:last].count(word) == 1 or word in ("جديد", "جديدة")
    assert text[first:last].strip()


words = st.sampled_from(["The", "president", "of", "new", "city", "Oslo", "12", "H2O", "who", "a"])
joins = st.sampled_from([" ", ", ", "-", "  ", ". "])


@given(st.lists(st.tuples(words, joins), min_size=1), st.floats(0, 1), st.data())
def test_marks_keep_their_order_and_stay_inside(parts, share, data):
    text = "".join(word + join for word, join in parts)
    marks = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    glossed, moved = gloss.gloss(text, marks, KNOWN, share, np.random.default_rng(1))
    assert moved == sorted(moved)
    assert all(0 <= place <= len(glossed) for place in moved)
    if share == 0:
        assert glossed == text


@given(st.lists(st.tuples(words, joins), min_size=3), st.integers(0, 5))
def test_rows_answer_with_their_own_text(parts, seed):
    context = "".join(word + join for word, join in parts)
    rows = [
        {
            "context": context,
            "question": "Who signed it?",
            "is_impossible": False,
            "answers": [{"text": parts[1][0], "start": len(parts[0][0] + parts[0][1])}],
        },
        {"context": context, "question": "Why?", "is_impossible": True, "answers": []},
    ]
    made = gloss.rows(rows, KNOWN, seed)
    assert made[-1]["is_impossible"]
    for row in made:
        for one in row["answers"]:
            assert one["text"].strip() == one["text"] != ""
            assert row["context"][one["start"] : one["start"] + len(one["text"])] == one["text"]
        assert row["answers"] or row["is_impossible"]


def test_a_lexicon_is_counted_from_translations():
    sentences = [
        (
            "وقع الرئيس المصري الاتفاقية في القاهرة",
            "The Egyptian president signed the pact in Cairo",
        ),
        ("زار الرئيس القاهرة أمس", "The president visited Cairo yesterday"),
        ("عاد الرئيس من القاهرة", "The president returned from Cairo"),
    ]
    entries = [("جسر", "bridge"), ("سطر من كلمات", "line of words"), ("عاصمة", "president")]
    known = gloss.lexicon(sentences, entries, StaticEmbedder(MODELS / PIECES))
    assert known["president"][0][0].endswith("رئيس")
    assert known["cairo"][0][0].endswith("قاهرة")
    assert known["bridge"] == (("جسر",), (1.0,))
    assert "line of words" not in known
    assert all(sum(shares) == pytest.approx(1) for _, shares in known.values())


def test_question_and_sentence_are_glossed_by_turns():
    lines = [("Who signed it?", "The president signed it.", "")] * 60
    made = gloss.pairs(lines, KNOWN, 0)
    arabic = [tuple(any("ء" <= c <= "ي" for c in side) for side in row) for row in made]
    assert set(arabic) == {(True, True), (True, False), (False, True)}
