from typing import get_args

import pytest

from rag.languages import language_of
from rag.messages import ABSTENTIONS, NOTES, REFUSALS, abstention, note, refusal
from rag.types import LANGUAGES, AbstentionCode

CODES = get_args(AbstentionCode)


def test_every_code_has_a_message():
    assert set(ABSTENTIONS) == set(CODES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_message_is_a_sentence_in_its_language(code, language):
    said = abstention(code, language)
    assert said.code == code
    assert language_of(said.message.removesuffix("sanad ingest")) == language
    assert said.message.endswith((".", "sanad ingest"))


def test_no_two_reasons_read_the_same():
    texts = [text for messages in ABSTENTIONS.values() for text in messages.values()]
    assert len(set(texts)) == len(CODES) * len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", NOTES)
def test_a_note_is_a_sentence_in_its_language_with_the_values_as_they_are(code, language):
    said = note(code, language, ["7 {values}", "تسعة"])
    assert said.code == code
    assert language_of(said.message.replace("تسعة", "")) == language
    assert said.message.endswith(".")
    assert ("7 {values} / تسعة" in said.message) is (code == "sources_differ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_names_the_value_and_what_to_do_in_its_language(code, language):
    values = {"found": 2001, "most": 2000, "character": "U+0000", "place": 3, "bytes": 16}
    error = refusal(code, language, **values)
    named = {
        "too_long": ("2001", "2000"),
        "endless": ("16", "2000"),
        "not_text": ("U+0000", "3"),
    }.get(code, ())
    assert all(value in error.message for value in named)
    assert "{" not in error.message
    assert language_of(error.message.replace("U+0000", "")) == language
    assert language_of(error.hint.partition(":")[0]) == language
