"""Asking, the answer, and its citations opened in the original article."""

import json
from urllib.parse import quote, unquote_plus

import pytest

from tests.web.service import abstained, answered, cited, event, stored
from tests.web.texts import QUESTION, QUOTE, TALKS, WAR, WORDS, drones, killed


@pytest.fixture
def articles(service):
    service.add(WAR, TALKS)
    service.on_ask = drones
    return service


def ask(page, question):
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#result .card:visible >> nth=0")
    page.wait_for_selector(".outcome:not([aria-busy])")


@pytest.mark.parametrize("interface", ["ar", "en"])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_an_answer_has_the_direction_that_the_server_told(articles, visit, interface, language):
    visited = visit(locale=interface)
    page = visited.open()
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        interface,
        "rtl" if interface == "ar" else "ltr",
    ]
    # Begins with a Latin name: guessing from the first letter would turn it around.
    text = "Microsoft أعلنت ذلك" if language == "ar" else "«أشبه» is what Kyiv said"
    articles.on_ask = lambda body: answered(
        body["question"], text, [cited(WAR, QUOTE)], answer_language=language
    )
    ask(page, QUESTION[language])
    answer = page.locator(".words-of-answer")
    assert answer.get_attribute("lang") == language
    assert answer.evaluate("node => getComputedStyle(node).direction") == (
        "rtl" if language == "ar" else "ltr"
    )
    assert articles.asked[-1] == {"question": QUESTION[language], "stream": True}


def test_a_chip_opens_the_article_at_the_exact_span(articles, page):
    ask(page, QUESTION["ar"])
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    # The marked characters are those of the stored text, astral characters before them or not.
    assert "".join(page.locator("#panel mark").all_text_contents()) == QUOTE
    assert page.locator("#panel mark .words").text_content() == WORDS
    shown = page.locator("#panel .reading p").all_text_contents()
    assert shown == [line for line in WAR["text"].split("\n") if line.strip()]
    place = page.evaluate(
        """() => {
            const [mark, body] = ["#panel mark", "#panel-body"].map(
                (one) => document.querySelector(one).getBoundingClientRect());
            return [mark.top - body.top, body.bottom - mark.bottom, scrollY];
        }"""
    )
    assert place[0] > 0
    assert place[1] > 0
    assert place[2] == 0  # the page itself did not move
    assert page.get_attribute(".words-of-answer .chip[data-n='1']", "aria-current") == "true"


def test_paragraphs_keep_their_own_direction(articles, page):
    ask(page, QUESTION["en"])
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    directions = dict(
        page.locator("#panel .reading p").evaluate_all(
            "all => all.map((p) => [p.textContent.slice(0, 12), getComputedStyle(p).direction])"
        )
    )
    assert directions["The ministry"] == "ltr"
    assert directions["CNN وصفت المش"[:12]] == "rtl"  # most of its letters are Arabic
    assert directions["وأعلنت الوزا"] == "rtl"


def test_long_latin_names_do_not_turn_an_arabic_paragraph_around(service, page):
    line = "Microsoft و Google وقعتا اتفاقًا مع OpenRail بقيمة $2.4bn في 14/05/2025!"
    mixed = service.add(stored("m.txt", f"عنوان\n{line}\nHe said: «لا» to Reuters.", language="ar"))
    service.on_ask = lambda body: answered(body["question"], "Google", [cited(mixed, line)])
    ask(page, "who?")
    page.click(".words-of-answer .chip")
    page.wait_for_selector("#panel mark")
    direction = "all => all.map((p) => getComputedStyle(p).direction)"
    shown = page.locator("#panel .reading p").evaluate_all(direction)
    assert shown == ["rtl", "rtl", "ltr"]


@pytest.mark.parametrize("interface", ["ar", "en"])
def test_the_title_of_an_article_stands_on_the_side_of_its_text(articles, visit, interface):
    # It begins with a Latin name, and is Arabic all the same.
    short = articles.add(stored("s.txt", "CNN: خبر جديد\nقال مراسل إن الجسر أُغلق."))
    articles.on_ask = lambda body: answered(
        body["question"], "x", [cited(short, "قال مراسل إن الجسر أُغلق.")]
    )
    page = visit(locale=interface).open()
    ask(page, "who?")
    page.click(".words-of-answer .chip")
    page.wait_for_selector("#panel mark")
    title = page.locator("#panel-title bdi").last
    assert title.evaluate("node => getComputedStyle(node).direction") == "rtl"
    head, title = (one.bounding_box() for one in (page.locator("#panel-title"), title))
    assert abs(head["x"] + head["width"] - title["x"] - title["width"]) < 2


def test_next_and_previous_walk_the_citations(articles, page):
    ask(page, QUESTION["en"])
    page.click(".source:nth-child(1) .buttons button >> nth=0")
    page.wait_for_selector("#panel mark")
    page.click("#panel [aria-label='Next source']")
    page.wait_for_selector("#panel mark:has-text('Talks resume')")
    assert "Source 2 of 2" in page.inner_text("#panel-tools")
    assert page.is_disabled("#panel [aria-label='Next source']")
    page.click("#panel [aria-label='Previous source']")
    page.wait_for_selector("#panel mark:has-text('57')")


def test_the_keyboard_walks_on_without_looking_for_the_button_again(articles, page):
    cites = [cited(TALKS, line, n=n) for n, line in enumerate(TALKS["text"].split("\n"), start=1)]
    articles.on_ask = lambda body: answered(body["question"], "x", cites)
    ask(page, "who?")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    page.focus("#panel [aria-label='Next source']")
    for citation in cites[1:]:
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#panel mark:has-text('{citation['quote']}')")
    assert page.evaluate("document.activeElement.id") == "panel-title"  # there is no next one
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#panel mark:has-text('{cites[1]['quote']}')")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "Previous source"


def test_a_changed_article_is_said_to_have_changed_and_marks_nothing(articles, page):
    ask(page, QUESTION["en"])
    # The same words stand elsewhere now: finding them again would cite what was not read.
    articles.add(stored(WAR["id"], "مقدمة\n" + WAR["text"], source="x"))
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel .warning")
    assert "has changed" in page.inner_text("#panel .warning")
    assert page.locator("#panel mark").count() == 0


def test_an_article_that_is_gone_is_told_and_can_be_tried_again(articles, page):
    ask(page, QUESTION["en"])
    del articles.documents[WAR["id"]]
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel .failure")
    assert "no longer there" in page.inner_text("#panel .failure")
    articles.add(WAR)
    page.click("#panel .failure .strong")
    page.wait_for_selector("#panel mark")


def test_confidence_is_told_and_low_confidence_is_warned_of(articles, page):
    ask(page, "one")
    assert "Confidence 93%" in page.inner_text(".confidence")
    assert "low" not in page.get_attribute(".confidence", "class")
    articles.on_ask = killed
    ask(page, "two")
    page.wait_for_selector(".confidence.low")
    assert "Low: read the source" in page.inner_text(".confidence")


def test_abstention_is_plain_with_its_reason_and_what_was_searched(articles, page):
    reason = "لا تتضمن المقالات المتاحة ما يجيب عن هذا السؤال."
    articles.on_ask = lambda body: abstained(body["question"], message=reason)
    ask(page, "ما درجة غليان الإيثانول؟")
    card = page.locator(".abstained")
    assert card.locator("h3").inner_text() == "No answer"
    assert card.locator(".reason").inner_text() == reason
    assert card.locator(".reason").get_attribute("dir") == "rtl"
    assert "2 articles were searched" in card.inner_text()
    assert page.locator(".chip").count() == 0


def test_without_articles_adding_some_is_offered(service, page):
    service.on_ask = lambda body: abstained(body["question"], "no_documents", "There are none.")
    ask(page, "who?")
    page.click(".abstained .strong")
    page.wait_for_selector("#panel .upload")


def test_disagreeing_sources_stand_side_by_side(articles, page):
    articles.on_ask = killed
    ask(page, "How many were killed?")
    sides = page.locator(".disagreement li")
    assert sides.count() == 2
    assert "According to Kyiv" in sides.nth(0).inner_text()
    assert "According" not in sides.nth(1).inner_text()
    assert "differ" not in page.inner_text(".answer")  # shown once, side by side
    # Whoever says 7 does not stand behind 9.
    assert page.locator(".words-of-answer .chip").all_text_contents() == ["1"]
    assert "17 November 2025" in sides.nth(0).inner_text()
    assert sides.nth(1).locator(".value").inner_text().startswith("7")
    left, right = (sides.nth(n).bounding_box() for n in (0, 1))
    assert left["y"] == right["y"]
    assert left["x"] < right["x"]
    sides.nth(1).locator(".chip").click()
    page.wait_for_selector("#panel mark:has-text('Moscow said 7')")


def test_marks_of_a_generated_answer_become_chips_where_they_stand(articles, page):
    def generated(body):
        citations = [cited(TALKS, "Kyiv said 9 people were killed on Friday.", n=1)]
        text = "Nine people [1] were killed [7]."
        return answered(body["question"], text, citations, answer_kind="generated")

    articles.on_ask = generated
    ask(page, "How many?")
    assert page.locator(".words-of-answer .chip").count() == 1
    # A mark that points nowhere stays what it is: text.
    assert page.locator(".words-of-answer").text_content() == "Nine people 1 were killed [7]."
    assert "language model" in page.inner_text(".answer")


def test_dropped_quotations_are_told(articles, page):
    articles.on_ask = lambda body: answered(
        body["question"], "x", [cited(TALKS, "Talks resume in Istanbul")], dropped_citations=2
    )
    ask(page, "who?")
    assert "2 quotations did not match" in page.inner_text(".answer")


@pytest.mark.parametrize("interface", ["ar", "en"])
def test_choices_are_sent_linked_and_restored(articles, visit, interface):
    articles.collections = [
        {"name": "news", "documents": 2, "passages": 9},
        {"name": "أرشيف", "documents": 11, "passages": 90},
    ]
    page = visit(locale=interface).open()
    page.wait_for_selector("#collection-choice:visible")
    page.select_option("#collection", "أرشيف")
    page.click("#open-filter")
    page.fill("#from", "2025-01-01")
    page.fill("#until", "2025-12-31")
    page.select_option("#written", "ar")
    ask(page, "who?")
    where = ["published>=2025-01-01", "published<=2025-12-31", "language=ar"]
    sent = {"question": "who?", "collection": "أرشيف", "where": where, "stream": True}
    assert articles.asked[-1] == sent
    link = page.url
    other = visit(locale=interface)
    again = other.open(link.removeprefix(f"{articles.address}/"))
    again.wait_for_selector(".answer")
    assert articles.asked[-1] == sent
    assert again.input_value("#from") == "2025-01-01"
    assert again.input_value("#written") == "ar"
    assert again.input_value("#question") == "who?"
    with again.expect_request("**/v1/documents/**") as opened:
        again.click(".words-of-answer .chip >> nth=0")
    assert "collection=%D8%A3" in opened.value.url
    again.wait_for_selector("#panel mark")


def test_an_abstention_under_a_filter_offers_to_ask_without_it(articles, visit):
    articles.on_ask = lambda body: abstained(body["question"])
    articles.passing = 0
    page = visit().open("#q=who&where=published%3E%3D2030-01-01&where=source%3Dx")
    page.wait_for_selector(".abstained")
    told = "Filter: published from 1 January 2030 · source=x. No article passes it."
    page.wait_for_selector(f".abstained:has-text('{told}')")
    page.click(".abstained .strong")
    page.wait_for_function("() => !location.hash.includes('where')")
    page.wait_for_selector(".abstained:not(:has(.strong))")
    assert articles.asked[-1] == {"question": "who", "stream": True}


def test_a_copied_quote_has_its_source_and_a_link_that_opens_it(articles, visit):
    visited = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visited.open()
    ask(page, QUESTION["ar"])
    page.click(".source:nth-child(1) .copy")
    page.wait_for_selector(".copy:has-text('Copied')")
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert lines[:3] == [QUOTE, WAR["title"], "الجزيرة / news.txt, 16 November 2025"]
    assert f"document={quote(WAR['id'], safe='')}" in lines[3].replace("+", "%20")
    again = visited.context.new_page()
    again.goto(lines[3])
    again.wait_for_selector("#panel mark")
    assert again.locator("#panel mark").text_content() == QUOTE


def test_history_is_kept_asked_again_and_cleared(articles, page):
    for question in ("first?", "ثانيًا؟", "first?"):
        ask(page, question)
    page.reload()
    page.wait_for_selector(".outcome .chip")
    page.click("#open-history")
    listed = page.locator("#panel .list a")
    assert listed.all_text_contents() == ["first?", "ثانيًا؟"]
    listed.nth(1).click()
    page.wait_for_function("() => document.querySelector('#question').value === 'ثانيًا؟'")
    assert unquote_plus(page.url).endswith("#q=ثانيًا؟")
    if not page.is_visible("#panel"):
        page.click("#open-history")
    page.click("#panel button:has-text('Clear')")
    page.wait_for_selector("#panel:has-text('kept in this browser only')")
    assert page.evaluate("localStorage.getItem('sanad.history')") is None


def test_broken_storage_does_no_harm(articles, visit):
    visited = visit()
    bad = json.dumps(
        [{"question": 5}, None, {"question": "x", "where": 7}, {"question": "kept?", "at": "never"}]
    )
    visited.context.add_init_script(f"localStorage.setItem('sanad.history', {json.dumps(bad)})")
    page = visited.open()
    assert page.locator("#start .list a").all_text_contents() == ["kept?"]
    refused = visit()
    refused.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } })"
    )
    page = refused.open()
    ask(page, "works?")
    assert page.locator(".answer").count() == 1


def test_theme_and_language_are_kept(articles, visit):
    visited = visit(locale="en", color_scheme="light")
    page = visited.open()
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.click("#theme")
    assert page.get_attribute("#theme", "aria-pressed") == "true"
    dark = page.evaluate(background)
    assert dark != light
    page.click("#language")
    assert page.get_attribute("html", "dir") == "rtl"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(background) == dark
    assert page.get_attribute("html", "lang") == "ar"
    assert page.inner_text("#send") == "اسأل"


def test_the_language_of_an_open_answer_changes_with_the_interface(articles, page):
    ask(page, QUESTION["ar"])
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    page.click("#language")
    assert page.inner_text(".confidence").startswith("الثقة")
    assert page.locator("#panel mark").text_content() == QUOTE
    assert page.locator(".words-of-answer").get_attribute("lang") == "ar"
    assert page.locator("[data-text]:empty").count() == 0


ADDRESS = "https://example.com/" + "very-long-path/" * 3 + "x" * 120
BROAD = stored("long.txt", f"{'عنوان طويل جدًا ' * 12}\n{QUOTE}", source=ADDRESS)
BEYOND = """() => [...document.querySelectorAll("main *, #panel *")].filter((node) => {
    const place = node.getBoundingClientRect();
    const cut = node.parentElement.closest(".gist"); // ends in an ellipsis
    return !cut && place.width > 1 && (place.left < -1 || place.right > innerWidth + 1);
}).map((node) => node.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("interface", ["ar", "en"])
def test_long_titles_and_addresses_stay_inside_a_small_page(service, visit, interface):
    service.add(BROAD)
    said = f"{QUOTE} " * 2
    cites = [cited(BROAD, QUOTE, n=n) for n in range(1, 21)]
    service.on_ask = lambda body: answered(body["question"], said, cites)
    page = visit(locale=interface, viewport={"width": 360, "height": 740}).open()
    ask(page, f"who? {'x' * 200}")
    assert page.evaluate(BEYOND) == []
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    assert page.evaluate(BEYOND) == []
    page.keyboard.press("Escape")
    page.click("#open-articles")
    page.wait_for_selector("#panel .list")
    assert page.evaluate(BEYOND) == []
    page.keyboard.press("Escape")
    page.click("header .name")
    page.wait_for_selector("#start .list")
    assert page.evaluate(BEYOND) == []


def test_an_article_is_offered_once_where_there_is_no_answer(service, page):
    service.add(WAR, TALKS)
    parts = [
        {"document_id": one["id"], "title": one["title"], "start": at, "end": at + 5, "score": 0.5}
        for one, at in [(TALKS, 3), (WAR, 0), (TALKS, 9)]
    ]
    done = event("done", abstained("who?"))
    service.on_ask = lambda body: [*(event("passage", part) for part in parts), done]
    ask(page, "who?")
    page.click(".nearest summary")
    links = page.locator(".nearest .link")
    assert links.all_text_contents() == [TALKS["title"], WAR["title"]]
    links.first.click()
    page.wait_for_selector("#panel mark")
    assert page.locator("#panel mark").text_content() == TALKS["text"][3:8]
