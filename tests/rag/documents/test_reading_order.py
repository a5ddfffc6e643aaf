"""Arabic lines from the places of their glyphs: whatever order they come in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.reading_order import Glyph, line, plain_letters
from tests.files import laid_out, left_to_right

WORDS = tuple(
    "قال الرئيس إن كييف تأمل في إطلاق سراح الأسرى لا الآن ملايين الإصابات الأولى والاتحاد سؤال الله".split()
)
NUMBERS = ("1,200", "2023", "٣٫٥", "12:30", "7", "1.5")


def glyphs_at(placed):
    """Each character with its place; those of a ligature share its origin and part its box."""
    glyphs = []
    for text, x, width in placed:
        part = width / len(text)
        for number, character in enumerate(text):
            right = x + width - number * part
            glyphs.append(Glyph(character, x, right - part, right, 12.0))
    return glyphs


lines = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(NUMBERS)), min_size=1, max_size=12
)


@given(lines, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_in_which_glyphs_come_does_not_matter(words, ligatures, spaces, chance):
    if not any(word in WORDS for word in words):
        words = [WORDS[0], *words]
    # Two numbers side by side are one run from left to right where nothing tells otherwise.
    words = [w for n, w in enumerate(words) if n == 0 or w in WORDS or words[n - 1] in WORDS]
    placed = laid_out(" ".join(words), ligatures=ligatures, spaces=spaces)
    glyphs = glyphs_at(placed)
    chance.shuffle(glyphs)
    assert line(glyphs, right_to_left=True) == " ".join(words)


@pytest.mark.parametrize(
    "text",
    [
        "الاتحاد الأوروبي لا يعلق؟",
        "بحلول 15 مايو 2023.",
        "إن 7.",
        "قال: نعم، وانتهى!",
    ],
)
def test_marks_of_punctuation_stay_behind_their_words(text):
    assert line(glyphs_at(laid_out(text))) == text


def test_a_latin_name_with_its_number_is_read_from_left_to_right():
    left = left_to_right("Windows 11", left=100.0)
    arabic = [(text, x - 300, width) for text, x, width in laid_out("في الشركة", right=700.0)]
    after = laid_out("من", right=90.0)
    assert line(glyphs_at([*left, *arabic, *after])) == "في الشركة Windows 11 من"


def test_an_arabic_name_in_an_english_line_is_turned_alone():
    before, after = left_to_right("said ", left=10.0), left_to_right(" here", left=110.0)
    arabic = laid_out("مرحبا بكم", right=105.0)
    assert line(glyphs_at([*before, *arabic, *after]), right_to_left=False) == "said مرحبا بكم here"


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        # as shapes, the way most fonts name them, and by their sense
        ([("(", 10), ("ب", 16), (")", 22)], "(ب)"),
        ([(")", 10), ("ب", 16), ("(", 22)], "(ب)"),
        ([("«", 10), ("ب", 16), ("»", 22)], "«ب»"),
        ([("»", 10), ("ب", 16), ("«", 22)], "«ب»"),
        ([("”", 10), ("ب", 16), ("“", 22)], "“ب”"),
        ([("“", 10), ("ب", 16), ("”", 22)], "“ب”"),
        ([("%", 10), ("4", 16), ("0", 22), (" ", 28), ("ب", 34)], "ب 40%"),
    ],
)
def test_brackets_close_what_they_open(drawn, read):
    glyphs = [Glyph(text, x, x, x + 6, 12.0) for text, x in drawn]
    assert line(glyphs) == read


def test_marks_stay_with_their_letters():
    glyphs = [
        Glyph("ك", 30, 30, 36, 12.0),
        Glyph("\u0650", 30, 36, 37, 12.0),  # of the same glyph
        Glyph("ت", 24, 24, 30, 12.0),
        Glyph("\u064e", 26, 26, 28, 12.0),  # drawn over it
        Glyph("ب", 18, 18, 24, 12.0),
        Glyph(" ", 30, 30, 30, 12.0),  # a space without width is none
    ]
    random.Random(1).shuffle(glyphs)
    assert line(glyphs) == "كِتَب"


def test_presentation_forms_become_letters():
    assert plain_letters("ﻻ ﷲ ﬁ ﷺ ﺑﺖ") == "لا الله fi ﷺ بت"


def test_a_space_that_begins_where_the_last_letter_does_is_none():
    """As typesetters end a line: the space has no room of its own."""
    placed = laid_out("نهاية مايو")
    end = min(x for _, x, _ in placed)
    glyphs = glyphs_at([*placed, (" ", end, 6.0)])
    assert line(glyphs, right_to_left=True) == "نهاية مايو"


def test_a_mark_between_lam_and_alef_is_that_of_lam():
    glyphs = glyphs_at([("ل\u0651ا", 100.0, 9.0), ("ط", 109.0, 6.0)])
    assert line(glyphs, right_to_left=True) == "طل\u0651ا"
