"""The text of a reply: marks that point somewhere, and documents that cannot act through it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai.composition import compose, shown
from api.openai.examples import ANSWERED
from api.openai.outgoing import pieces

MARK = re.compile(r"\[(\d+)\]", re.ASCII)
LANGUAGES = ("ar", "en")


def link(citation):
    return f"http://here{citation.url}"


def several(language, *quotes, answer=None):
    """An answer with these quotes."""
    one = ANSWERED[language].citations[0]
    cited = tuple(
        replace(one, n=n, quote=quote, start=n * 100, end=n * 100 + len(quote))
        for n, quote in enumerate(quotes, 1)
    )
    return replace(ANSWERED[language], answer=answer or quotes[0], citations=cited)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_serves_a_reader_who_sees_nothing_else(language):
    answer = ANSWERED[language]
    lines = compose(answer, "annotations", link).text.splitlines()
    cited = answer.citations[0]
    opening, closing = {"ar": "«»", "en": "“”"}[language]
    assert lines[0] == f"{answer.answer} [1]"
    assert f"> {opening}{cited.quote}{closing} [1]" in lines
    assert f"> — {cited.title}" in lines
    introduction = {"ar": "نص ما جاء في المصدر:", "en": "What the source says:"}[language]
    assert introduction in lines


@pytest.mark.parametrize(
    ("asked", "written", "told"), [("en", "ar", "(in Arabic)"), ("ar", "en", "(بالإنجليزية)")]
)
def test_a_quotation_in_the_other_language_is_announced(asked, written, told):
    answer = replace(ANSWERED[written], question_language=asked)
    text = compose(answer, "annotations", link).text
    assert told in text
    assert ANSWERED[written].citations[0].quote in text


@pytest.mark.parametrize("style", ["annotations", "markdown", "openwebui"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_marks_come_in_order_and_every_one_has_its_citation(language, style):
    answer = several(language, "أولًا 1.", "ثانيًا\n\nسطر", "Third.", answer="1")
    message = compose(answer, style, link)
    numbers = [int(n) for n in MARK.findall(message.text)]
    assert list(dict.fromkeys(numbers)) == [1, 2, 3]
    assert [mark.n for mark in message.marks] == [1, 2, 3]
    for mark in message.marks:
        assert f"[{mark.n}]" in message.text[mark.start : mark.end]
        assert f"[{mark.n}]" not in message.text[: mark.start]


def test_a_sentence_that_is_the_whole_answer_is_not_told_twice():
    text = compose(several("ar", "الجملة كلها."), "annotations", link).text
    assert text.count("الجملة كلها.") == 1


HOSTILE = [
    "![x](http://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[a][b]\n[b]: http://evil.example",
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "<!-- hidden -->",
    r"[click\](http://evil.example) and \<b>",
    "said so [7] and [٣] and [1, 9]",
    "turned \u202e around",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_document_says_does_not_act(language, text):
    answer = several(language, f"قال: {text}", answer=text)
    answer = replace(answer, citations=(replace(answer.citations[0], title=text),))
    for style in ("annotations", "markdown", "openwebui", "none"):
        written = compose(answer, style, link).text
        own = written.replace(f"]({link(answer.citations[0])})", "").replace("\\\\", "")
        assert not re.search(r"(?<!\\)\]\(|(?<!\\)\]\[|(?<!\\)\]:", own)
        assert not re.search(r"(?<!\\)<[a-z/!]", own)
        assert {int(n) for n in MARK.findall(own)} <= {1}
        assert "\u202e" not in written


@given(st.text(max_size=60))
def test_ordinary_text_is_shown_as_it_stands(text):
    safe = re.sub(r"[\\\[\]<\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f\ud800-\udfff]", "", text)  # fmt: skip
    assert shown(safe) == safe


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_pieces_join_to_the_text(text):
    whole = f"a{text}b"
    assert "".join(pieces(whole)) == whole
