from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.folding import fold, fold_with_origins
from tests.strategies import grapheme_starts, plain_texts, rows, texts


def test_folding_every_code_point_is_total_and_idempotent():
    for code_point in range(sys.maxunicode + 1):
        once = fold(chr(code_point))
        assert fold(once) == once, hex(code_point)


def test_folding_leaves_no_format_character_and_no_arabic_mark():
    for code_point in range(sys.maxunicode + 1):
        for character in fold(chr(code_point)):
            assert unicodedata.category(character) != "Cf", hex(code_point)
            assert not "\u064b" <= character <= "\u065f", hex(code_point)


@given(texts, texts)
@settings(deadline=None)
def test_folding_needs_no_context(a, b):
    assert fold(a + b) == fold(a) + fold(b)
    assert fold(fold(a)) == fold(a)


@given(texts)
@settings(deadline=None)
def test_origins_are_ordered_and_in_range(text):
    folded = fold_with_origins(text)
    assert folded.text == fold(text)
    assert len(folded.origins) == len(folded.text)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= origin < len(text) for origin in folded.origins)


@given(texts, st.data())
@settings(deadline=None)
def test_original_span_holds_what_was_folded(text, data):
    folded = fold_with_origins(text)
    start = data.draw(st.integers(0, len(folded.text)))
    end = data.draw(st.integers(start, len(folded.text)))
    left, right = folded.original_span(start, end)
    assert 0 <= left <= right <= len(text)
    assert folded.text[start:end] in fold(text[left:right])


@given(plain_texts, st.data())
@settings(deadline=None)
def test_original_span_never_cuts_a_mark_from_its_letter(text, data):
    folded = fold_with_origins(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    _, right = folded.original_span(start, end)
    assert right in grapheme_starts(text)


STRINGS, FOR_A_NIGHT = 2000, 50_000


def holds_of_every_text(text):
    """Idempotent; each part folds as in the whole; the way back is ordered, in range and covers."""
    folded = fold_with_origins(text)
    assert folded.text == fold(text) == fold(folded.text)
    starts = sorted(grapheme_starts(text))
    parts = [text[start:end] for start, end in pairwise(starts)]
    assert "".join(map(fold, parts)) == folded.text
    assert len(folded.origins) == len(folded.text)
    assert all(left <= right for left, right in pairwise(folded.origins))
    assert all(0 <= origin < len(text) for origin in folded.origins)
    kept = set(folded.origins)
    for start, part in zip(starts, parts, strict=False):
        if fold(part):
            assert any(start <= origin < start + len(part) for origin in kept)
    left, right = folded.original_span(0, len(folded.text))
    assert fold(text[:left]) + fold(text[right:]) == ""


@given(texts)
@settings(deadline=None, max_examples=STRINGS)
def test_the_way_back_holds_of_two_thousand_texts(text):
    holds_of_every_text(text)


@pytest.mark.soak
@given(texts)
@settings(deadline=None, max_examples=FOR_A_NIGHT)
def test_the_way_back_holds_of_fifty_thousand_texts(text):
    holds_of_every_text(text)


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 4), (4, 4)])
def test_original_span_refuses_spans_outside(start, end):
    with pytest.raises(ValueError, match="outside folded text"):
        fold_with_origins("abc").original_span(start, end)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("قرأ الكِتَابُ.", "الكتاب", "الكِتَابُ"),
        ("مـــرحبا بك", "مرحبا", "مـــرحبا"),
        ("قال ﷺ اليوم", "صلي", "ﷺ"),
        ("هو ﻻعب", "لاعب", "ﻻعب"),
        ("عام ٢٠٢٢م", "2022", "٢٠٢٢"),
        ("a Cafe\u0301 b", "cafe", "Cafe\u0301"),
        ("\u202bزيلينسكي\u202c قال", "زيلينسكي", "زيلينسكي\u202c"),
    ],
)
def test_original_span_of_a_word(text, word, expected):
    folded = fold_with_origins(text)
    at = folded.text.index(word)
    left, right = folded.original_span(at, at + len(word))
    assert text[left:right] == expected


MATCH = rows("""
أحمد | احمد
إسلام | اسلام
آمن | امن
ٱلله | الله
الكِتَابُ | الكتاب
مُحَمَّد | محمد
محـــمد | محمد
مدرسة | مدرسه
على | علي
مستشفى | مستشفي
مؤتمر | موتمر
مئة | مية
شئون | شيون
سؤال | سوال
قرآن | قران
هٰذا | هذا
رحمٰن | رحمن
١٢٠٠ | 1200
۱۹۰۸ | 1908
١٩٠٨ | 1908
۱۹۰۸ | ١٩٠٨
٣٫٥ | 3.5
١٬٢٠٠ | 1,200
٥٧٪ | 57%
کتاب | كتاب
ایران | ايران
ﻻ | لا
ﻷ | لا
ﻹ | لا
ﻵ | لا
ﻼ | لا
ﷲ | الله
ﷺ | صلى الله عليه وسلم
ﻛﺘﺎﺏ | كتاب
لماذا؟ | لماذا?
نعم، لا | نعم, لا
أولًا؛ ثانيًا | اولا; ثانيا
جنودًا | جنودا
تُظهر | تظهر
مسيّرة | مسيره
غدًا | غدا
إسطنبول | اسطنبول
أوميروف | اوميروف
«تلغرام» | "تلغرام"
“تلغرام” | «تلغرام»
Café | cafe
naïve | NAIVE
Zürich | zurich
Straße | STRASSE
São Paulo | sao paulo
Erdoğan | erdogan
Diyarbakır | diyarbakir
İstanbul | istanbul
Łódź | lodz
Tromsø | tromso
Đoković | dokovic
ﬁnance | finance
Ｕ.Ｓ. | u.s.
don’t | don't
ΑΘΗΝΑ | αθηνα
КИЇВ | київ
x² | x2
№ 5 | no 5
twenty‑three | twenty-three
ہے | هے
أُولئِكَ | اوليك
إِيمَان | ايمان
شيء | شيء
الهُدى | الهدي
قضاة | قضاه
١٬٢٠٠٫٥ | 1,200.5
ﬀ | ff
Ångström | angstrom
""")


@pytest.mark.parametrize(("a", "b"), MATCH)
def test_variants_match(a, b):
    assert fold(a) == fold(b)


@pytest.mark.parametrize(
    "hidden",
    [
        *"\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad",
        "\U000e0001",
        "\U000e0041",
        "\U000e007f",
    ],
)
def test_invisible_characters_do_not_count(hidden):
    assert fold(f"كت{hidden}اب") == "كتاب"
    assert fold(hidden) == ""


@pytest.mark.parametrize(
    "mark",
    [*"\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0653\u0654\u0655\u0670\u06d6\u06e1\u0640"],
)
def test_arabic_marks_do_not_count(mark):
    assert fold(f"كت{mark}اب") == "كتاب"


DIFFER = rows("""
علم | عالم
كتب | كاتب
حرب | حزب
قلب | كلب
سيف | صيف
تين | طين
ضل | ظل
ذل | ظل
نحر | نهر
حال | خال
عين | غين
بات | تات
ثاب | تاب
جمل | حمل
دار | ذار
راي | زاي
سعر | شعر
صرب | ضرب
فرن | قرن
ملك | ملاك
قرا | قرء
ماء | ما
سماء | سما
جزء | جز
رجل | رجال
ولد | والد
سبع | سبعة
١٢ | ٢١
١٢٠٠ | ١٢٠
3.5 | 35
1,200 | 1200
57% | 57
روسيا | روسي
باب | أب
dog | god
Kiev | Kyiv
color | colour
a b | ab
resume | résumés
can't | cant
x-ray | xray
हिन्दी | हन्दी
""")


@pytest.mark.parametrize(("a", "b"), DIFFER)
def test_different_words_do_not_match(a, b):
    assert fold(a) != fold(b)
