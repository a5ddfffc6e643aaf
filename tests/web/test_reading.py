"""A citation's words beside its number, on paper, and copied without what only directs them."""

import pytest

from tests.web.service import abstained, answered, cited, stored
from tests.web.texts import QUESTION, QUOTE, TALKS, WAR, WORDS, drones

CHIP = ".words-of-answer .chip[data-n='{}']"


@pytest.fixture
def sources(service):
    """An answer of many sources: the last is far below the chips."""
    service.add(WAR, TALKS)
    talks = [cited(TALKS, "Talks resume in Istanbul", n=n) for n in range(2, 12)]
    service.on_ask = lambda body: answered(
        body["question"], WORDS, [cited(WAR, QUOTE, WORDS), *talks, cited(WAR, QUOTE, WORDS, n=12)]
    )
    return service


@pytest.mark.parametrize("interface", ["ar", "en"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_source_out_of_sight_is_shown_beside_its_number(sources, visit, interface, width):
    visited = visit(locale=interface, viewport={"width": width, "height": 700})
    page = visited.open("#q=who")
    page.wait_for_selector(".answer")
    page.hover(CHIP.format(12))
    page.wait_for_selector("#preview:visible")
    said = page.locator("#preview .said")
    assert (said.text_content(), said.get_attribute("dir")) == (QUOTE, "rtl")
    assert said.locator(".words").text_content() == WORDS
    assert WAR["title"] in page.inner_text("#preview")
    box = page.locator("#preview").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 700
    # It stays under the pointer, and leaves with it.
    page.hover("#preview")
    page.wait_for_timeout(400)
    assert page.is_visible("#preview")
    page.mouse.move(1, 699)
    page.wait_for_selector("#preview", state="hidden")
    # A source in sight is lit where it stands.
    page.hover(CHIP.format(1))
    page.wait_for_selector("#source-1.lit")
    page.wait_for_timeout(400)
    assert page.is_hidden("#preview")


def test_escape_takes_away_the_card_and_nothing_else(sources, page):
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    page.click(CHIP.format(1))
    page.wait_for_selector("#panel mark")
    page.focus(CHIP.format(11))
    page.keyboard.press("ArrowLeft")  # by keyboard, so that the focus is seen
    page.wait_for_selector("#preview:visible")
    assert page.get_attribute(CHIP.format(12), "aria-describedby") == "preview"
    page.keyboard.press("Escape")
    assert page.is_hidden("#preview")
    assert page.is_visible("#panel")
    assert page.get_attribute(CHIP.format(12), "aria-describedby") is None
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")


def test_the_card_goes_with_its_number(sources, page):
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    page.hover(CHIP.format(12))
    page.wait_for_selector("#preview:visible")
    page.focus("#question")
    sources.on_ask = lambda body: abstained(body["question"])
    page.keyboard.press("Enter")
    page.wait_for_selector(".abstained")
    assert page.is_hidden("#preview")


def test_text_in_the_card_stays_text(sources, page):
    hostile = stored("x.txt", "<img src=x onerror=alert(1)>\u202e said so.", "<b>T</b>")
    sources.add(hostile)
    fillers = [cited(TALKS, "Talks resume in Istanbul", n=n) for n in range(1, 12)]
    quote = hostile["text"]
    sources.on_ask = lambda body: answered(
        body["question"], "x", [*fillers, cited(hostile, quote, n=12)]
    )
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    page.hover(CHIP.format(12))
    page.wait_for_selector("#preview:visible")
    assert page.locator("#preview .said").text_content() == quote
    assert page.locator("#preview :is(img, b)").count() == 0
    assert page.locator("#preview .invisible").get_attribute("data-code") == "U+202E"


@pytest.mark.parametrize("interface", ["ar", "en"])
def test_on_paper_the_question_stands_above_dark_words_on_white(service, visit, interface):
    service.add(WAR, TALKS)
    service.on_ask = drones
    page = visit(locale=interface, color_scheme="dark").open()
    page.click("#theme")  # light
    page.click("#theme")  # dark, by the reader's own choice
    page.fill("#question", QUESTION[interface])
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    page.emulate_media(media="print")
    asked = page.locator(".outcome > h2")
    assert asked.bounding_box()["height"] > 10
    assert asked.inner_text() == QUESTION[interface]
    brightness = "getComputedStyle(document.body).color.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
    assert page.evaluate(brightness) < 200
    assert not any(map(page.is_visible, ["header", "#ask", "#panel", ".buttons >> nth=0"]))
    quotes = page.locator("blockquote")
    assert quotes.all_text_contents() == [QUOTE, "Talks resume in Istanbul"]
    beyond = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(beyond) <= 0


def test_a_quote_can_be_copied_without_what_only_directs_it(service, visit):
    marked = stored("m.txt", "قال \u200fReuters\u200e إن \u20667\u2069 قُتلوا.")
    service.add(marked, TALKS)
    citations = [cited(marked, marked["text"]), cited(TALKS, "Talks resume in Istanbul", n=2)]
    service.on_ask = lambda body: answered(body["question"], "7", citations)
    page = visit(permissions=["clipboard-read", "clipboard-write"]).open("#q=who")
    page.wait_for_selector(".answer")
    assert page.locator("#source-2 .copy").count() == 1
    first, second = page.locator("#source-1 .copy").all()
    first.click()
    page.wait_for_selector("#source-1 .copy:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()").startswith(marked["text"])
    page.wait_for_timeout(100)
    second.click()
    page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('قال Reuters إن 7 قُتلوا.')"
    )
