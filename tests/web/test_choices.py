"""What is there to be asked, where and under which conditions, as a reader is told of it."""

import re

import pytest

from tests.web.service import abstained
from tests.web.texts import TALKS, WAR, drones

WHERE = "#q=who&where=published%3E%3D2025-01-01&where=published%3C%3D2025-12-31&where=language%3Dar"


@pytest.fixture
def articles(service):
    service.add(WAR, TALKS)
    service.on_ask = drones
    return service


def test_the_first_page_offers_articles_to_ask_about(articles, page):
    page.wait_for_selector("#start .offered")
    assert page.inner_text("#offered-title") == "2 articles to ask about"
    titles = page.locator("#start .offered .link")
    assert titles.all_text_contents() == [WAR["title"], TALKS["title"]]
    assert not page.is_visible("#start button:has-text('All articles')")
    titles.nth(1).click()
    page.wait_for_selector("#panel .reading:has-text('Moscow said 7')")
    assert page.is_hidden("#panel-back")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == TALKS["title"]


def test_of_many_articles_the_first_are_offered(service, page):
    service.add(*(TALKS | {"id": f"{n}", "title": f"Title {n}"} for n in range(9)))
    page.reload()
    page.wait_for_selector("#start .offered")
    assert page.locator("#start .offered .link").count() == 4
    page.click("#start button:has-text('All articles')")
    page.wait_for_selector("#panel .list li >> nth=8")


def test_showing_more_goes_on_from_where_the_reader_is(service, page):
    service.add(*(TALKS | {"id": f"{n:03}", "title": f"Title {n}"} for n in range(70)))
    page.click("#open-articles")
    page.wait_for_selector("#panel .list li >> nth=49")
    page.focus("#panel button:has-text('Show more')")
    before = page.evaluate("document.querySelector('#panel-body').scrollTop")
    assert before > 500
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel .list li >> nth=69")
    page.wait_for_function("() => document.activeElement.textContent === 'Title 50'")
    assert page.evaluate("document.querySelector('#panel-body').scrollTop") >= before


@pytest.mark.parametrize(
    ("own", "first"), [("default", "Default (2 articles)"), ("أرشيف", "أرشيف (11 articles)")]
)
def test_the_own_collection_is_listed_once(articles, page, own, first):
    articles.collections = [
        {"name": "default", "documents": 2, "passages": 9},
        {"name": "أرشيف", "documents": 11, "passages": 90},
    ]
    articles.own = own
    page.reload()
    page.wait_for_selector("#collection-choice:visible")
    listed = page.locator("#collection option").all_text_contents()
    assert listed[0] == first
    assert sorted(listed) == ["Default (2 articles)", "أرشيف (11 articles)"]
    page.fill("#question", "who?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    assert "collection" not in articles.asked[-1]


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        (
            "en",
            "Filter: published from 1 January 2025 · published until 31 December 2025 · in Arabic."
            " 2 articles pass it.",
        ),
        (
            "ar",
            "التصفية: نُشر منذ 1 يناير 2025 · نُشر حتى 31 ديسمبر 2025 · بالعربية. يوافقها مقالان.",
        ),
    ],
)
def test_a_filter_is_told_in_words(articles, visit, locale, told):
    articles.on_ask = lambda body: abstained(body["question"])
    articles.passing = 2
    page = visit(locale=locale).open(WHERE)
    page.wait_for_selector(f".abstained:has-text('{told}')")
    page.click("#open-history")
    entry = page.inner_text("#panel .list li")
    assert told.partition(": ")[2].partition(". ")[0] in entry
    # 3/4/2025 is two days: the month has its name in both languages.
    assert not re.search(r"\d\u200f?/\u200f?\d", entry)


@pytest.mark.parametrize("locale", ["en", "ar"])
def test_the_filter_opens_as_one_row_and_is_counted(articles, visit, locale):
    page = visit(locale=locale).open(WHERE)
    page.wait_for_selector(".answer")
    assert page.inner_text("#filter-count") == "3"
    assert page.is_hidden("#filter")
    page.focus("#open-filter")
    page.keyboard.press("Enter")
    assert page.get_attribute("#open-filter", "aria-expanded") == "true"
    tops = {page.locator(one).bounding_box()["y"] for one in ("#from", "#until", "#written")}
    assert len(tops) == 1
    page.click("#unfilter")
    assert page.inner_text("#filter-count") == ""
    assert page.evaluate("document.activeElement.id") == "open-filter"
    page.keyboard.press("Space")
    assert page.is_hidden("#filter")
