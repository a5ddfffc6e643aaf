from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents import load
from rag.documents.encodings import decode
from rag.documents.values import Refusal
from tests.conftest import ARTICLES
from tests.files import outcome
from tests.strategies import texts

ARABIC = "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح الأسرى قبل نهاية مايو."
ENGLISH = "“We are ready,” the minister said — but the café on the corner stayed closed all week."
LEGACY = {"cp1256": "windows-1256", "iso8859_6": "ISO-8859-6"}


@pytest.mark.parametrize(("codec", "name"), LEGACY.items())
@pytest.mark.parametrize("article", sorted(ARTICLES.glob("*.txt")), ids=lambda path: path.name[:3])
def test_older_arabic_encodings_are_told_from_each_other(article, codec, name):
    for paragraph in article.read_text(encoding="utf-8").splitlines():
        content = paragraph.encode(codec, errors="ignore")
        if len(paragraph.split()) >= 12:
            decoded = decode(content)
            assert (decoded.encoding, decoded.guessed) == (name, True)
            assert decoded.text == content.decode(codec)
            assert name in decoded.note


# Ten texts in every encoding that can hold them: what the program that wrote it chose.
ENCODED = {
    "agreement": "وقعت الحكومة أمس اتفاقا مع الشركة على بناء المحطة الجديدة في الجنوب.",
    "weather": "تتوقع الأرصاد الجوية أمطارا غزيرة في شمال البلاد، وتنخفض الحرارة إلى 12 درجة.",
    "match": "فاز المنتخب الوطني على ضيفه 2-1 في المباراة التي جرت مساء الجمعة؛ وسجل الهدفين المهاجم الشاب.",
    "vocalised": "قالَ المُعَلِّمُ للطُّلّابِ: اقرؤوا الكتابَ في البيتِ، ثُمَّ اكتبوا عن الدرسِ.",
    "lines": "عنوان الخبر\n\nقال الوزير إن العام الدراسي يبدأ في أيلول.\r\nوأضاف أن الكتب وصلت إلى المدارس.",
    "mixed": "أعلنت شركة Airbus عن صفقة مع الخطوط الجوية، وقالت في بيان على موقعها إن العقد نهائي (90 طائرة).",
    "long": "ولم يصدر عن الجانب الآخر أي تعليق حتى الآن على التصريحات التي نقلتها الصحف. " * 30,
    "question": "متى وصل الوفد إلى العاصمة؟ ومن كان في استقباله؟ لم تذكر الوكالة ذلك في الخبر!",
    "English": "The river rose by two metres in one night, and the old bridge was closed to traffic.",
    "quoted": "“It’s over,” said the café’s owner — he had waited for seven years, he told the court.",
}
WIDE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
CASES = [(name, codec) for name in ENCODED for codec in WIDE] + [
    (name, codec)
    for name in ENCODED
    for codec in (("cp1252",) if name in ("English", "quoted") else LEGACY)
]


def test_there_are_sixty_encoded_texts():
    assert len(set(CASES)) >= 60


@pytest.mark.parametrize(("name", "codec"), CASES)
def test_a_text_is_read_in_whatever_encoding_it_was_written(name, codec, tmp_path):
    """As a file and without being told the encoding."""
    content = ENCODED[name].encode(codec)
    (tmp_path / "a.txt").write_bytes(content)
    decoded = decode(content)
    (document,) = load([tmp_path]).documents
    assert decoded.text == document.text == ENCODED[name]
    if codec in LEGACY:
        assert (decoded.encoding, decoded.guessed) == (LEGACY[codec], True)


@pytest.mark.parametrize("codec", LEGACY)
def test_a_short_sentence_is_enough(codec):
    assert decode(ARABIC.encode(codec)).text == ARABIC


def test_western_text_with_its_quotes_is_read():
    decoded = decode(ENGLISH.encode("cp1252"))
    assert (decoded.text, decoded.encoding) == (ENGLISH, "windows-1252")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ARABIC, ENGLISH, f"{ENGLISH}\n{ARABIC}"])
def test_utf_16_without_a_mark(codec, text):
    decoded = decode(text.encode(codec))
    assert decoded.text == text
    assert decoded.guessed


@pytest.mark.parametrize(
    ("content", "declared", "encoding"),
    [
        (ARABIC.encode("cp1256"), "windows-1256", "windows-1256"),
        (ARABIC.encode("cp1256"), "iso-8859-6", "windows-1256"),  # a wrong label is not believed
        (ARABIC.encode("iso8859_6"), "windows-1256", "ISO-8859-6"),
        (ARABIC.encode(), "windows-1256", "UTF-8"),
        ("سلام".encode("cp1256"), "windows-1256", "windows-1256"),
        (b"caf\xe9", "ISO-8859-1", "windows-1252"),
        (ENGLISH.encode("cp1252"), "koi8-r", "windows-1252"),
    ],
)
def test_what_a_file_declares_is_believed_where_it_can_be_true(content, declared, encoding):
    assert decode(content, declared).encoding == encoding


@pytest.mark.parametrize(
    "content",
    [
        "سلام".encode("cp1256"),  # four letters are no evidence
        "Привет, как дела? Всё хорошо, спасибо.".encode("cp1251"),
        "Καλημέρα κόσμε, τι κάνετε σήμερα;".encode("cp1253"),
        "שלום לכולם ובוקר טוב לכם".encode("cp1255"),
        "今日は天気がいいですね、散歩しましょう。".encode("shift_jis"),
        bytes(range(128, 256)) * 4,
        ARABIC.encode()[:-3] + b"\xd8",
    ],
)
def test_other_bytes_are_refused_rather_than_guessed(content):
    with pytest.raises(Refusal, match="not UTF-8: byte 0x") as caught:
        decode(content)
    assert caught.value.reason == "encoding"


@given(texts, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
@settings(deadline=None, max_examples=100)
def test_unicode_is_never_changed(text, codec):
    if text.strip() and not text.startswith("\ufeff"):
        try:
            assert decode(text.encode(codec)).text == text
        except Refusal as refusal:  # a few characters of UTF-8 may look like UTF-16
            pytest.fail(str(refusal))


@given(st.binary(max_size=200), st.sampled_from([None, "windows-1256", "utf-16", "nonsense"]))
@settings(deadline=None)
def test_any_bytes_give_text_or_a_reason(content, declared):
    found = outcome(decode, content, declared)
    if isinstance(found, Refusal):
        assert found.reason in ("encoding", "empty", "not_text")
        assert found.hint
    else:
        assert found.text.strip()
        assert "\x00" not in found.text
