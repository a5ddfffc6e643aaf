"""What a filter says and which documents pass it, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import InvalidFilter
from rag.filters import FIELDS, Filter, described, matches, parse, parse_all
from rag.folding import fold
from tests.strategies import document, rows, texts

ARTICLE = replace(
    document("زيلينسكي يأمل إطلاق سراح 1200 أسير.", "ar/kyiv.txt"),
    title="كييف: تبادل الأسرى",
    source="https://news.example/a?b=c#d",
    published="2025-03-09",
    tags=("أخبار", "World News"),
    metadata={
        "author": {"name": "سارة الخطيب", "age": 41},
        "words": 1200,
        "score": -0.5,
        "reviewed": True,
        "edition": "10",
        "dc.creator": "Sara",
        "desks": [{"city": "Kyiv"}, {"city": "Doha"}],
        "nothing": None,
        "big": 9007199254740993,
    },
)

# filter | does ARTICLE pass
CASES = """
    published>=2025-01-01     | yes
    published>=2025-03-09     | yes
    published>2025-03-09      | no
    published<2025-03-09      | no
    published<=2025-03        | yes
    published>2025-03         | no
    published>2024            | yes
    published=2025            | yes
    published=2025-03         | yes
    published!=2025-04        | yes
    published>=٢٠٢٥-٠٣-٠٩     | yes
    published~03-09           | yes
    language=ar               | yes
    language=AR               | yes
    language!=en              | yes
    language=en               | no
    media_type=text/plain     | yes
    source=https://news.example/a?b=c#d   | yes
    source="https://news.example/a?b=c#d" | yes
    source~news.example       | yes
    title~الاسري              | yes
    title~"تَبادُل"            | yes
    title~موسكو               | no
    id=ar/kyiv.txt            | yes
    id=AR/kyiv.txt            | no
    id!=AR/kyiv.txt           | yes
    tags=اخبار                | yes
    tags = world news         | yes
    tags=world                | no
    tags~world                | yes
    tags!=أخبار               | no
    tags!=sport               | yes
    author.name=سارة الخطيب   | yes
    author.name=ساره الخطيب   | yes
    author.name!=سارة الخطيب  | no
    author.name!=Sara         | yes
    metadata.author.name~ساره | yes
    author.age>=41            | yes
    author.age>٤٠             | yes
    author.age<100            | yes
    author.age=41.0           | yes
    author.age=forty          | no
    author.age>forty          | no
    author=سارة               | no
    words=1200                | yes
    words=١٢٠٠                | yes
    score<0                   | yes
    score=-0.5                | yes
    reviewed=true             | yes
    reviewed=TRUE             | yes
    reviewed=false            | no
    reviewed!=false           | yes
    reviewed>0                | no
    edition>9                 | yes
    edition<9                 | no
    edition=10                | yes
    dc.creator=sara           | yes
    desks.city=Doha           | yes
    desks.city!=Doha          | no
    desks.city=Gaza           | no
    nothing=null              | no
    nothing!=x                | yes
    missing=x                 | no
    missing!=x                | yes
    missing>0                 | no
    big=9007199254740993      | yes
    big=9007199254740992      | no
    big>9007199254740992      | yes
"""


@pytest.mark.parametrize(("expression", "passes"), rows(CASES))
def test_a_filter_is_compared_as_people_mean_it(expression, passes):
    assert parse(expression).matches(described(ARTICLE)) is (passes == "yes")


@pytest.mark.parametrize(
    "expression",
    [
        "", " ", "published", "=x", "tags=", "tags= ", 'tags=""', "published>=soon", "a==b", "a=>b",
        "published=2025-13", "published=2025-02-30", "published>=2025-1-1", "published<09/03/2025",
        "language=fr", "language!=عربي", ".=1", "a.=1", "a..b=1", "<5", "title~ـ", "x" * 501, "a=\ud800",
    ],
)  # fmt: skip
def test_a_bad_filter_is_named_and_shown_how(expression):
    with pytest.raises(InvalidFilter, match=r"^filter ") as caught:
        parse(expression)
    assert caught.value.exit_code == 2
    assert caught.value.parameter == "where"
    assert "published>=" in caught.value.hint
    str(caught.value).encode()


def test_all_filters_have_to_match():
    for expressions, passes in (
        ([], True),
        (["language=ar", "published>=2025"], True),
        (["language=ar", "published>=2026"], False),
    ):
        assert matches(parse_all(expressions), described(ARTICLE)) is passes
    with pytest.raises(InvalidFilter, match="21 filters"):
        parse_all(["tags=a"] * 21)


@given(st.one_of(st.text(max_size=40), st.tuples(st.sampled_from(FIELDS), st.sampled_from(["=", "!=", "<", ">=", "~"]), texts).map("".join)))  # fmt: skip
def test_any_text_is_a_filter_or_a_clear_error(expression):
    try:
        made = parse(expression)
    except InvalidFilter:
        return
    same = replace(made, operator="=")
    other = replace(made, operator="!=")
    assert made.matches(described(ARTICLE)) in (True, False)
    assert same.matches(described(ARTICLE)) is not other.matches(described(ARTICLE))


@given(texts, texts)
def test_contains_and_equal_agree_with_the_folded_texts(title, value):
    told = described(replace(ARTICLE, title=title))
    assert Filter("title", "=", value).matches(told) is (fold(title) == fold(value))
    assert Filter("title", "~", value).matches(told) is (fold(value) in fold(title))
