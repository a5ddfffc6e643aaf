from __future__ import annotations

import pytest

from rag.documents.quality import faults
from tests.conftest import ARTICLES

ARTICLE = sorted(ARTICLES.glob("*.txt"))
TEXTS = [path.read_text(encoding="utf-8") for path in ARTICLE]
SENTENCE = "قال الرئيس إن كييف التي تأمل في إطلاق سراح الأسرى من موسكو على أمل أن تنتهي الحرب بعد هذا العام "


def turned(text):
    for right, wrong in (
        ("الإ", "اإل"),
        ("الأ", "األ"),
        ("الآ", "اآل"),
        ("الا", "اال"),
        ("الله", "اهلل"),
    ):
        text = text.replace(right, wrong)
    return text


@pytest.mark.parametrize("text", [*TEXTS, SENTENCE, "The report is in English.", "", "نعم"])
def test_good_text_passes(text):
    assert faults(text) == ()


@pytest.mark.parametrize("text", [*TEXTS, SENTENCE])
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda text: "\n".join(row[::-1] for row in text.split("\n")),
            "in the order they are drawn",
        ),
        (lambda text: " ".join(word[::-1] for word in text.split()), "in the order they are drawn"),
        (lambda text: " ".join(text.replace(" ", "")), "torn apart"),
        (lambda text: text.replace("ا", "ഊ"), "of several scripts"),
        (
            lambda text: "".join("\ue012" if n % 9 == 0 else c for n, c in enumerate(text)),
            "do not name",
        ),
        (
            lambda text: "".join("\ufffd" if n % 9 == 0 else c for n, c in enumerate(text)),
            "do not name",
        ),
    ],
)
def test_each_fault_is_named(text, spoil, fault):
    assert any(fault in found for found in faults(spoil(text)))


@pytest.mark.parametrize("text", TEXTS)
def test_turned_ligatures_are_seen(text):
    assert "ligatures turned around" in faults(turned(text))
