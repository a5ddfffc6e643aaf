from __future__ import annotations

import dataclasses

import pytest

from rag.folding import fold
from rag.languages import (
    arabic,
    language_of,
    phrase_language,
    rules_for,
    sentence_language,
)
from rag.terms import is_stop_word
from rag.types import LANGUAGES
from tests.strategies import rows

WORDS = [
    (language, field.name, word)
    for language in LANGUAGES
    for field in dataclasses.fields(rules_for(language))
    if field.name not in ("language", "homographs")  # those are told apart by how they are written
    for word in getattr(rules_for(language), field.name)
]


def test_every_word_of_the_data_is_in_its_folded_form():
    assert [entry for entry in WORDS if fold(entry[2]) != entry[2]] == []
    assert all(fold(affix) == affix for affix in arabic.PREFIXES + arabic.SUFFIXES)


def test_every_field_has_entries_in_both_languages():
    for field in dataclasses.fields(rules_for("ar")):
        if field.name != "opening_only":  # English question words mean nothing else
            assert getattr(rules_for("ar"), field.name)
            assert getattr(rules_for("en"), field.name)


def test_months_name_all_twelve():
    for language in LANGUAGES:
        assert set(rules_for(language).months.values()) == set(range(1, 13))


@pytest.mark.parametrize("word", "على إلى أن التي ماذا the of what".split())
def test_stop_words_are_known_in_their_folded_form(word):
    assert is_stop_word(fold(word))


@pytest.mark.parametrize(
    ("text", "language"),
    rows("""
متى بدأت الحرب؟ | ar
When did the war begin? | en
ما هو GDP؟ | ar
ما هي Artificial Intelligence؟ | ar
what is الحرب | en
who is فولوديمير زيلينسكي | en
كم drones shot down | ar
How many مسيرة | en
شو يعني deadline | ar
زيلينسكي CNN | ar
Zelensky في Paris tomorrow | en
ﻛﺘﺎﺏ | ar
ایران کجاست | ar
Où est Kyiv? | en
"""),
)
def test_language_of_a_text(text, language):
    assert language_of(text) == language


MIXED = "Microsoft و Google وقعتا اتفاقًا مع OpenRail بقيمة $2.4bn في 14/05/2025!"


@pytest.mark.parametrize(
    ("text", "around", "language"),
    [
        (MIXED, "ar", "ar"),
        (MIXED, "en", "ar"),
        ("The ministry did not comment.", "ar", "en"),
        ("Mariam Haddad (مريم حداد) founded the Paris office.", "ar", "en"),
        ("قناة Jazeera", "ar", "ar"),
        ("قناة Jazeera", "en", "en"),
        ("14/05/2025!", "ar", "ar"),
    ],
)
def test_a_sentence_is_in_the_language_of_most_of_its_words(text, around, language):
    assert sentence_language(text, around) == language


@pytest.mark.parametrize(
    ("text", "around", "language"),
    [
        ("السيد John Smith (لوكالة Reuters", "ar", "ar"),
        ("3.5% بين 2025-2027", "en", "ar"),
        ("OpenRail", "ar", "en"),
        ("$2.4", "ar", "ar"),
    ],
)
def test_a_phrase_of_both_scripts_is_in_the_language_of_its_sentence(text, around, language):
    assert phrase_language(text, around) == language


def test_language_of_a_text_without_letters_is_the_default():
    assert language_of("1200 !", "ar") == "ar"
    assert language_of("😀", "en") == "en"
