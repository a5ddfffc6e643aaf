import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.messages import abstention
from rag.terminal import Progress, answer_lines, hit_lines, json_line, one_line, printable
from rag.types import Answer, Citation, Hit, IndexState, Passage

RAW = [
    *map(chr, range(0x09)),
    *map(chr, range(0x0B, 0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u200b\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff",
    *map(chr, range(0xE0000, 0xE0080)),
    "\ud800",
    "\udfff",
]


def test_what_acts_on_a_terminal_is_shown_as_an_escape():
    for character in RAW:
        shown = printable(f"a{character}b")
        assert character not in shown
        assert shown.isascii()
    assert printable("\x1b[31m\u202e\U000e0041") == r"\u001b[31m\u202e\U000e0041"


@pytest.mark.parametrize(
    "text", ["لم يَـقُلْ «شيئًا»\u200c\u200d\u200f\n", "Café\t1\n", "😀👨\u200d👩\u200d👧", "ﷺ"]
)
def test_text_people_write_stays(text):
    assert printable(text) == text


def test_a_line_stays_one_line():
    assert one_line(" a\r\nb\u2028c\x0b\x1c d\x85e\u00a0 ") == "a b c d e"


@given(st.text(st.sampled_from([*RAW, *'a"\\ ك\n😀'])))
def test_json_is_safe_and_loses_nothing(text):
    line = json_line({"text": text})
    assert not set(line) & set(RAW)
    assert "\n" not in line
    assert json.loads(line)["text"] == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    )


def test_json_keeps_arabic_readable_and_has_no_nan():
    assert json_line({"a": "سؤال"}) == '{"a": "سؤال"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line(float("nan"))


CITATION = Citation(
    n=1,
    document_id="a\x1b.txt",
    document_sha256="0" * 64,
    title="t\u202e",
    source="a.txt",
    published=None,
    quote="q\x9b q",
    start=3,
    end=7,
    start_utf16=3,
    end_utf16=7,
    answer_start=None,
    answer_end=None,
    language="en",
    verified=True,
    score=0.5,
)


def answer(status="answered", language="en"):
    answered = status == "answered"
    return Answer(
        id="ans_1",
        question="q",
        question_language=language,
        status=status,
        answer="q\x07" if answered else None,
        answer_language="en" if answered else None,
        answer_kind="extracted" if answered else None,
        abstention=None if answered else abstention("low_confidence", language),
        confidence=0.876,
        citations=(CITATION,) if answered else (),
        index=IndexState(generation="g", fingerprint="f"),
    )


def test_an_answer_has_a_line_for_each_field():
    assert answer_lines(answer()) == [
        r"q\u0007",
        "",
        r"[1] q\u009b q",
        r"    t\u202e",
        r"    source: a\u001b.txt 3:7",
        "",
        "confidence: 88%",
    ]


@pytest.mark.parametrize(
    ("asked", "wanted", "label"),
    [
        ("ar", None, "الثقة"),
        ("en", None, "confidence"),
        ("ar", "en", "confidence"),
        ("en", "ar", "الثقة"),
    ],
)
def test_labels_are_in_the_language_of_the_messages(asked, wanted, label):
    assert answer_lines(answer(language=asked), wanted)[-1] == f"{label}: 88%"


def test_an_abstention_says_why():
    (line,) = answer_lines(answer("abstained", "ar"))
    assert line.startswith("لا جواب: في المقالات ما يقترب")


def test_hits_are_numbered_from_1():
    passage = Passage(id="a#0-3", document_id="a", start=0, end=3, text="x\ny", language="en")
    hit = Hit(passage_id="a#0-3", score=0.5, rank=0, retriever="hybrid")
    assert hit_lines([(passage, hit)]) == ["[1] 0.500", "    x y", "    a 0:3", ""]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_for_terminals_only():
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        progress = Progress("documents", stream)
        progress(1, 2)
        progress(2, 2)
    assert terminal.getvalue() == "\rdocuments 1/2\rdocuments 2/2\n"
    assert pipe.getvalue() == ""
