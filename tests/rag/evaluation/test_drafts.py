import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.drafts import BLANK, drafts
from rag.languages import language_of
from rag.types import Document

ENGLISH = (
    "Russia said on 4 May 2023 that it shot down 57 drones over the border region.\n\n"
    'Mayor Vitali Klitschko told reporters that "nobody has been hurt so far" in the city.'
)
ARABIC = "أعلنت روسيا في 4 مايو 2023 أنها أسقطت 57 طائرة مسيّرة فوق المنطقة الحدودية."


def document(text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id="d.txt", text=text, sha256=digest, title="t", source="d", language=language_of(text)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, {"number": "57", "date": "4 May 2023", "quote": "nobody has been hurt so far"}),
        (ARABIC, {"number": "57", "date": "4 مايو 2023"}),
    ],
)
def test_values_become_questions_in_both_languages(text, expected):
    found = drafts([document(text)])
    for kind, quote in expected.items():
        some = [one for one in found if one.tags == (kind,) and one.answers == (quote,)]
        assert [one.language for one in some] == ["ar", "en"]
        assert some[0].pair == some[1].pair
        assert some[0].gold == some[1].gold
    assert all(one.draft for one in found)
    assert len({one.id for one in found}) == len(found)


def test_names_are_told_where_capitals_show_them():
    assert any(one.answers == ("Vitali Klitschko",) or "Klitschko" in one.answers[0]
               for one in drafts([document(ENGLISH)]) if one.tags == ("person",))  # fmt: skip


@given(
    st.text(st.sampled_from('abc كلم 1 23 «»"\n.May٤ 2019, '), max_size=120)
    | st.just(ENGLISH + ARABIC)
)
def test_the_gold_is_the_text_and_the_question_does_not_tell_it(text):
    for one in drafts([document(text)]):
        (gold,) = one.gold
        assert text[gold.start : gold.end] == gold.quote
        assert one.question.count(BLANK) == 1
        shown = one.question.split("«" if one.language == "ar" else "“", 1)[1]
        assert gold.quote not in shown


def test_the_limit_counts_places_of_each_document():
    assert len(drafts([document(ENGLISH), document(ARABIC)], limit=1)) == 4
