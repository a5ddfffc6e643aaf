from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.quantities import months_in, normal_number, numbers_in
from tests.strategies import rows, texts


@given(texts)
@settings(deadline=None, max_examples=200)
def test_quantities_stand_on_the_original_text_in_order(text):
    for found in (numbers_in(text), months_in(text)):
        last = 0
        for quantity in found:
            assert last <= quantity.start < quantity.end <= len(text)
            assert any(character.isalnum() for character in text[quantity.start : quantity.end])
            last = quantity.end


@given(texts)
@settings(deadline=None, max_examples=200)
def test_a_number_alone_is_the_same_number(text):
    for quantity in numbers_in(text):
        alone = numbers_in(text[quantity.start : quantity.end])
        assert [found.value for found in alone] == [quantity.value]


@given(st.integers(0, 10**14))
def test_digits_in_every_script_are_one_value(number):
    western = str(number)
    for zero in "٠۰０":
        other = western.translate({ord("0") + i: chr(ord(zero) + i) for i in range(10)})
        assert [q.value for q in numbers_in(f"عدد {other} فقط")] == [western]
    assert [q.value for q in numbers_in(f"about {number:,} people")] == [western]


# text | value = what was written, one after the other
NUMBERS = """
1200 | 1200=1200
إطلاق سراح 1200 أوكراني | 1200=1200
١٢٠٠ أسير | 1200=١٢٠٠
۱۲۰۰ أسير | 1200=۱۲۰۰
1,200 people | 1200=1,200
١٬٢٠٠ شخص | 1200=١٬٢٠٠
١٬٢٠٠٬٠٠٠ | 1200000=١٬٢٠٠٬٠٠٠
3.50 | 3.5=3.50
٣٫٥ في المئة | 3.5=٣٫٥
3,5 percent | 3.5=3,5
007 | 7=007
½ كوب | 1⁄2=½
57% | 57=57%
٥٧٪ | 57=٥٧٪
57 طائرة مسيّرة | 57=57
3.5 مليون | 3500000=3.5 مليون
1.1 million | 1100000=1.1 million
5 bn | 5000000000=5 bn
٣ آلاف جندي | 3000=٣ آلاف
20 thousand | 20000=20 thousand
2 and 3 | 2=2 3=3
24.02.2022 | 24.02.2022=24.02.2022
سبعة قتلى | 7=سبعة
مقتل أربعة أشخاص | 4=أربعة
أحد عشر شخصًا | 11=أحد عشر
إحدى عشرة مدينة | 11=إحدى عشرة
اثنا عشر | 12=اثنا عشر
اثنتي عشرة | 12=اثنتي عشرة
خمسة عشر | 15=خمسة عشر
ثماني عشرة | 18=ثماني عشرة
خمسة وعشرون | 25=خمسة وعشرون
سَبْعَةٌ وَثَلَاثُونَ | 37=سَبْعَةٌ وَثَلَاثُونَ
مئة | 100=مئة
مائة وخمسون | 150=مائة وخمسون
ثلاثمئة وخمسة وأربعون | 345=ثلاثمئة وخمسة وأربعون
ثلاث مئة | 300=ثلاث مئة
ألف | 1000=ألف
ألف ومئتان | 1200=ألف ومئتان
ألف ومائتين | 1200=ألف ومائتين
ألفين وأربعمئة جندي | 2400=ألفين وأربعمئة
ألف وتسعمئة وثمانية وأربعون | 1948=ألف وتسعمئة وثمانية وأربعون
خمسة وعشرون ألفًا | 25000=خمسة وعشرون ألفًا
مئتا ألف | 200000=مئتا ألف
ثلاثة ملايين ومئتا ألف | 3200000=ثلاثة ملايين ومئتا ألف
مليونان ومئتا ألف | 2200000=مليونان ومئتا ألف
مليار | 1000000000=مليار
بين خمسة آلاف وعشرة آلاف | 5000=خمسة آلاف 10000=وعشرة آلاف
بين خمسة وستة | 5=خمسة 6=وستة
خمسة. وعشرون غادروا | 5=خمسة 20=وعشرون
seven | 7=seven
Twelve | 12=Twelve
twenty-three | 23=twenty-three
one hundred and five | 105=one hundred and five
two thousand and five | 2005=two thousand and five
a thousand and one nights | 1001=thousand and one
five hundred thousand | 500000=five hundred thousand
two million three hundred thousand | 2300000=two million three hundred thousand
five thousand and ten thousand | 5000=five thousand 10000=ten thousand
five and six | 5=five 6=six
five twenty | 5=five 20=twenty
two hundred. Five died | 200=two hundred 5=Five
ten and left | 10=ten
آلاف الأسرى |
مئات القتلى |
thousands of people |
one of them |
واحد منهم |
لا أحد |
"""


@pytest.mark.parametrize(("text", "expected"), rows(NUMBERS))
def test_numbers(text, expected):
    found = [
        f"{quantity.value}={text[quantity.start : quantity.end]}" for quantity in numbers_in(text)
    ]
    assert " ".join(found) == expected


def test_numbers_know_whether_they_are_in_digits():
    assert [quantity.digits for quantity in numbers_in("7 سبعة 3 آلاف")] == [True, False, True]


@pytest.mark.parametrize("digits", ["9" * 5000, "1." + "1" * 5000, "9" * 20, "1.2.3.4"])
def test_absurd_numbers_do_no_harm(digits):
    assert numbers_in(f"{digits} million")[0].value == normal_number(digits)


@pytest.mark.parametrize(
    ("written", "value"),
    rows("""
1,200 | 1200
1,200.50 | 1200.5
1,2 | 1.2
12,34,567 | 12.34.567
0 | 0
000 | 0
0.0 | 0
0.05 | 0.05
57% | 57
"""),
)
def test_normal_number(written, value):
    assert normal_number(written) == value


MONTHS = """
في مايو 2023 | 5=مايو
منذ فبراير 2022 | 2=فبراير
يناير | 1=يناير
كانون الثاني | 1=كانون الثاني
كانون الثاني/يناير | 1=كانون الثاني 1=يناير
وكانون الثاني | 1=وكانون الثاني
كانون ثاني | 1=كانون ثاني
كانون الأول | 12=كانون الأول
بكانون الأول | 12=بكانون الأول
تشرين الأول | 10=تشرين الأول
تشرين الثاني | 11=تشرين الثاني
تشرين أول | 10=تشرين أول
شباط | 2=شباط
آذار | 3=آذار
نيسان | 4=نيسان
أيّار | 5=أيّار
حزيران | 6=حزيران
تموز | 7=تموز
في آب الماضي | 8=آب
5 آب | 8=آب
أيلول | 9=أيلول
لمايو | 5=لمايو
ومارس | 3=ومارس
في مارس | 3=مارس
جويلية | 7=جويلية
in May | 5=May
May 2023 | 5=May
5 May | 5=May
last March | 3=March
Feb. 24 | 2=Feb
24 Feb | 2=Feb
SEPTEMBER | 9=SEPTEMBER
in December | 12=December
أب الطفل |
مارس الرياضة |
they may go |
a march on the capital |
كانون |
تشرين |
ماي فرند |
"""


@pytest.mark.parametrize(("text", "expected"), rows(MONTHS))
def test_months(text, expected):
    found = [f"{month.value}={text[month.start : month.end]}" for month in months_in(text)]
    assert " ".join(found) == expected
