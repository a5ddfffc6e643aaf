"""Copies of one article are one group; other articles, however alike, are not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.duplicates import LEAST_SHARED, are_copies, group, shared, sketch
from tests.conftest import ARTICLES

AR = """كييف تستأنف تبادل الأسرى مع موسكو

أكد الرئيس الأوكراني فولوديمير زيلينسكي اليوم الأحد أن بلاده تعمل بشكل مكثف على استئناف عمليات تبادل الأسرى مع روسيا،
ضمن مساعٍ تهدف إلى إطلاق سراح 1200 أوكراني محتجزين لدى موسكو منذ بدء الحرب. وقال أمين مجلس الأمن القومي إن المشاورات جرت
بوساطة تركيا والإمارات، وإن الطرفين اتفقا على العودة إلى اتفاقات إسطنبول. وأضاف أن اجتماعات فنية ستعقد قريبا لبحث التفاصيل
التنظيمية والإجرائية، معربا عن أمله في أن يحتفل العائدون بالأعياد في بيوتهم مع عائلاتهم وأقاربهم."""
AR_COPY = """زيلينسكي: نأمل عودة أسرانا قبل الأعياد

أكّد الرئيس الأوكراني فولوديمير زيلينسكي اليوم الأحد أن بلاده تعمل بشكل مكثف على استئناف عمليات تبادل الأسرى مع روسيا،
ضمن مساعٍ تهدف إلى إطلاق سراح ١٢٠٠ أوكراني محتجزين لدى موسكو منذ بدء الحرب. وصرّح أمين مجلس الأمن القومي بأن المشاورات جرت
بوساطة تركيا والإمارات، وأن الطرفين اتفقا على العودة إلى اتفاقات إسطنبول. وأضاف أن اجتماعات فنية ستعقد قريبا لبحث التفاصيل
التنظيمية والإجرائية، معربا عن أمله في أن يحتفل العائدون بالأعياد في بيوتهم مع عائلاتهم. (وكالات)"""
EN = """Kyiv resumes prisoner exchanges with Moscow

President Volodymyr Zelensky said on Sunday that Ukraine was working intensively to resume prisoner exchanges with
Russia, hoping to bring home 1,200 Ukrainians held by Moscow since the war began. The secretary of the national security
council said that consultations had been held with the mediation of Turkey and the Emirates and that both sides had agreed
to return to the Istanbul accords. He added that technical meetings would be held soon to settle the organisational and
procedural details, and hoped that those who return would celebrate the holidays at home with their families."""
EN_COPY = """Zelensky hopes captives will be home for the holidays

KYIV (Agencies) - President Volodymyr Zelensky said on Sunday that Ukraine was working intensively to resume prisoner
exchanges with Russia, hoping to bring home 1,200 Ukrainians held by Moscow since the war began. The secretary of the national
security council told reporters that consultations had been held with the mediation of Turkey and the Emirates and that both
sides agreed to return to the Istanbul accords. He added that technical meetings would be held soon to settle the details,
and hoped that those who return would celebrate the holidays at home with their families."""
RATE = (
    "The central bank said on {day} that the pound closed at {rate} to the dollar, and that its "
    "reserves stood at {reserves} million dollars at the end of the trading session in Cairo."
)


def spelt(n):
    """A word of its own for each number, in one of the two scripts."""
    letters = "ابتثجحخدذر" if n % 2 else "abcdefghij"
    return "".join(letters[int(digit)] for digit in str(n)) + ("ين" if n % 2 else "ing")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AR, AR_COPY),
        (EN, EN_COPY),
        (AR, AR),
        (EN, EN),
        (AR, AR_COPY.replace("١٢٠٠", "ألف ومئتي")),
    ],
)
def test_copies_are_one_group(one, other):
    assert group([("a", one), ("b", other)]) == {"a": "a", "b": "a"}
    assert group([("b", other), ("a", one)]) == {"a": "b", "b": "b"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AR, EN),  # a translation is another text
        (EN, EN.replace("1,200", "1,100")),
        (AR, AR.replace("1200", "ألف ومئة")),
        (AR, AR.replace("1200", "ألف وثلاثمئة")),
        (AR, AR_COPY.replace("١٢٠٠", "١٣٠٠")),
        (AR, AR.replace("1200 أوكراني", "سبعة أوكرانيين")),
        (EN, EN.replace("1,200 Ukrainians", "seven Ukrainians")),
        (RATE.format(day="Monday", rate="47.1", reserves=46), RATE.format(day="Tuesday", rate="47.3", reserves=46)),
    ],
)  # fmt: skip
def test_figures_that_contradict_keep_articles_apart(one, other):
    assert group([("a", one), ("b", other)]) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("قُتل سبعة أشخاص في غارة على المدينة صباح الأحد وفق مصادر طبية محلية هناك", "قتل ٧ أشخاص في غارة على المدينة صباح الأحد وفق مصادر طبية محلية هناك"),
        ("Police said nine people were hurt when a bus left the road near Tyre on Sunday", "Police said 9 people were hurt when a bus left the road near Tyre on Sunday"),
    ],
)  # fmt: skip
def test_a_number_in_words_is_the_number_in_digits(one, other):
    left, right = sketch(one), sketch(other)
    assert left.figures == right.figures
    assert are_copies(left, right) == (shared(left, right) >= LEAST_SHARED)


def test_the_two_articles_of_the_seeds_are_two():
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in sorted(ARTICLES.iterdir())]
    assert group(texts) == {}


def test_a_shortened_copy_belongs_and_a_background_paragraph_does_not():
    words = [spelt(n) for n in range(400)]
    whole = " ".join(words)
    other = " ".join([spelt(n + 5000) for n in range(280)] + words[:120])
    assert group([("a", whole), ("b", " ".join(words[:300])), ("c", other)]) == {"a": "a", "b": "a"}


def test_many_reports_on_one_pattern_stay_apart_and_their_copies_are_found():
    days = [RATE.format(day="Monday", rate=f"47.{n:03}", reserves=n) for n in range(300)]
    documents = [(f"d{n:03}", text) for n, text in enumerate(days)]
    assert group(documents) == {}
    copy = ("copy", f"{days[299]} (Agencies)")
    assert group([*documents, copy]) == {"d299": "d299", "copy": "d299"}


def test_copies_are_found_among_many_articles():
    chance = random.Random(3)
    vocabulary = [spelt(n) for n in range(3000)]
    texts = [" ".join(chance.choices(vocabulary, k=250)) for _ in range(600)]
    copies = []
    for n in range(0, 600, 6):
        words = texts[n].split()
        for _ in range(10):  # ten words of 250 are other ones
            words[chance.randrange(len(words))] = chance.choice(vocabulary)
        copies.append(f"عنوان آخر {spelt(n)} " + " ".join(words))
    documents = [(f"t{n}", text) for n, text in enumerate(texts)]
    documents += [(f"c{n}", text) for n, text in enumerate(copies)]
    groups = group(documents)
    assert groups == {f"c{n}": f"t{n * 6}" for n in range(100)} | {
        f"t{n * 6}": f"t{n * 6}" for n in range(100)
    }


@given(st.text(max_size=200), st.text(max_size=200))
def test_sharing_is_symmetric_and_whole_with_itself(one, other):
    left, right = sketch(one), sketch(other)
    if left is None or right is None:
        return
    assert shared(left, left) == 1
    assert shared(left, right) == shared(right, left)
    assert are_copies(left, right) == are_copies(right, left)
    assert np.all(left.runs[:-1] < left.runs[1:])


def test_a_very_long_text_is_sampled():
    words = [spelt(n) for n in range(20_000)]
    left, right = sketch(" ".join(words)), sketch(" ".join(words[:16_000]))
    assert len(left.runs) == len(right.runs) == 4096
    assert shared(left, right) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("text", ["", " \n", "؟!…", "--- ***"])
def test_a_text_without_words_has_no_copies(text):
    assert group([("a", text), ("b", text)]) == {}
