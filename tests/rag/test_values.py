"""Values and names compared: a table by hand, and properties over generated numbers."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from num2words import num2words

from rag.quantities.guard import unstated, whole_values
from rag.quantities.names import names_in, same_name, states
from rag.quantities.values import same, values_in
from rag.types import Span
from tests.conftest import ROOT
from tests.strategies import rows, texts

PAIRS = [
    json.loads(line)
    for line in (ROOT / "tests/corpora/values.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_table_is_large_and_balanced():
    count = Counter(pair["match"] for pair in PAIRS)
    assert count[True] >= 800
    assert count[False] >= 370
    kinds = {pair["kind"] for pair in PAIRS}
    for kind in kinds:
        assert {pair["match"] for pair in PAIRS if pair["kind"] == kind} == {True, False}
    assert len({(pair["claim"], pair["source"]) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['claim']} | {pair['source']}")
def test_a_pair_of_the_table(pair):
    claim, source = pair["claim"], pair["source"]
    if pair["kind"] == "name" and not names_in(claim):  # an Arabic name alone shows no sign of it
        assert same_name(claim, source) is pair["match"]
        assert same_name(source, claim) is pair["match"]
        return
    assert values_in(claim) or names_in(claim)  # or nothing would be compared
    assert (not unstated(claim, [source])) is pair["match"]


@given(texts)
@settings(deadline=None, max_examples=300)
def test_values_stand_on_the_original_text_in_order(text):
    last = 0
    for value in values_in(text):
        assert last <= value.start < value.core <= value.end <= len(text)
        assert any(character.isalnum() for character in text[value.start : value.end])
        last = value.start
    for name in names_in(text):
        assert text[name.start : name.end] == name.text


@given(texts)
@settings(deadline=None, max_examples=200)
def test_whatever_a_text_says_it_states_itself(text):
    assert unstated(text, [text]) == ()


@given(texts, st.data())
@settings(deadline=None, max_examples=200)
def test_an_answer_is_never_cut_shorter_by_widening(text, data):
    assume(text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    whole = whole_values(text, Span(start=start, end=end))
    assert 0 <= whole.start <= start < end <= whole.end <= len(text)
    assert whole_values(text, whole) == whole


@pytest.mark.parametrize("language", ["en", "ar"])
@given(number=st.integers(2, 10**9))
@settings(deadline=None, max_examples=400)
def test_a_number_in_words_is_the_number(language, number):
    said = num2words(number, lang=language)
    # num2words says «ألف ألف» for 601,000 and «مليون مليون» for 701 million, which mean something
    # else, and «مليونا» with no noun behind it for two million, which may be one.
    words = said.split()
    assume(all(one != two for one, two in pairwise(words)))
    assume(words[-1] not in ("مليونا", "ألفا", "مليارا"))
    assert [value.amount for value in values_in(said)] == [Fraction(number)]
    assert unstated(f"{number:,}", [said]) == ()
    assert unstated(said, [str(number)]) == ()
    assert unstated(str(number + 1), [said])


@given(st.integers(0, 10**12), st.integers(0, 9))
def test_decimals_in_every_script_are_one_value(whole, tenth):
    written = f"{whole}.{tenth}"
    arabic = written.translate({ord("0") + i: chr(0x660 + i) for i in range(10)} | {ord("."): "٫"})
    assert [value.amount for value in values_in(f"بلغ {arabic} في المئة")] == [
        Fraction(written) / 100
    ]
    assert unstated(f"{written} percent", [f"بلغ {arabic} في المئة"]) == ()


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    rows("""
قُتل 12 ألف شخص | 12 | 12 ألف
الأسعار ارتفعت 5% اليوم | 5 | 5%
ارتفعت ٣٫٥ في المئة أمس | ٣٫٥ | ٣٫٥ في المئة
it cost 2 million dollars | 2 | 2 million
57 drones fell | 57 | 57
in 5 May 2023 | May | May
أطلق 1200 أسير | 1200 أسير | 1200 أسير
"""),
)
def test_an_answer_takes_the_whole_amount(text, part, whole):
    start = text.index(part)
    span = whole_values(text, Span(start=start, end=start + len(part)))
    assert text[span.start : span.end] == whole


def test_what_no_source_states_is_named_with_its_place():
    claim = "Zelensky met 40 envoys in Cairo on 5 May."
    missing = unstated(claim, ["التقى زيلينسكي أربعين مبعوثًا في القاهرة يوم 6 مايو"])
    assert [(one.kind, claim[one.start : one.end]) for one in missing] == [("date", "5 May")]
    assert unstated(claim, ["التقى زيلينسكي أربعين مبعوثًا", "في القاهرة في 5 أيار"]) == ()


@pytest.mark.parametrize(
    "text", ["9" * 5000 + " million", "1/0", "½" * 50, "ألف " * 500, "الساعة 99:99"]
)
def test_absurd_values_do_no_harm(text):
    assert unstated(text, [text]) == ()


def test_a_claim_may_say_less_of_a_date_but_not_more():
    (day,), (month,), (year,) = (values_in(t) for t in ("5 May 2023", "أيار 2023", "عام 2023"))
    assert same(day, month)
    assert same(month, year)
    assert not same(month, day)
    assert not same(year, month)


@pytest.mark.parametrize(
    ("text", "names"),
    rows("""
President Zelensky met Antonio Guterres | Zelensky, Antonio Guterres
Prisoners were freed. |
قال الرئيس الأوكراني فولوديمير زيلينسكي إن | فولوديمير
في مدينة باخموت أمس | باخموت
On Sunday in May |
"""),
)
def test_names_are_told_by_capitals_and_titles(text, names):
    assert ", ".join(name.text for name in names_in(text)) == names


def test_a_name_is_found_in_any_spelling_and_behind_a_clitic():
    assert states("وصل غوتيريش إلى كييف", "Guterres")
    assert states("محادثات مع بوتين", "Putin")
    assert states("وزيلينسكي غادر", "Zelensky")
    assert not states("محادثات مع لافروف", "Putin")


@pytest.mark.parametrize(
    "text",
    rows("""
قال رجب طيب أردوغان | أعلن شعبان خليفة | محرم على الأطفال | ربع النهائي | يقابل الفائز في نصف النهائي
مقتل صحفيين | إصابة مدنيين ومواطنين | في الستينيات من عمره | ارتفع ثمن النفط | وقّع عقد البيع
"""),
)
def test_words_that_only_look_like_values_are_none(text):
    assert [values_in(one) for one in text] == [()] * len(text)
