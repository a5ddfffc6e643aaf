"""WCAG 2.2 AA as far as a machine can tell, keyboard alone, small screens, both languages and themes."""

from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from tests.web.service import abstained, answered, cited, error
from tests.web.texts import QUESTION, QUOTE, TALKS, WAR, drones, killed

SIZES = {"wide": (1280, 800), "narrow": (360, 640)}


@pytest.fixture(scope="session")
def axe():
    package = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, axe):
    page.evaluate(axe)
    found = page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]


def send(page, question):
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".outcome:not([aria-busy]) .card")


@pytest.mark.parametrize(
    ("theme", "size"), [("light", "wide"), ("dark", "wide"), ("light", "narrow")]
)
@pytest.mark.parametrize("language", ["ar", "en"])
def test_axe_finds_nothing_in_any_state(service, visit, axe, language, theme, size):
    width, height = SIZES[size]
    service.add(TALKS)
    visited = visit(
        locale=language, color_scheme=theme, viewport={"width": width, "height": height}
    )
    page = visited.open()
    page.wait_for_selector("#start h2")
    states = {}

    def state(name):
        states[name] = violations(page, axe)
        states[f"{name}: width"] = page.evaluate(
            "Math.max(0, document.documentElement.scrollWidth - innerWidth)"
        )

    state("empty")
    page.click("#open-filter")
    state("filter")
    service.add(WAR)
    service.on_ask = drones
    send(page, QUESTION[language])
    state("answer")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    state("article")
    page.keyboard.press("Escape")
    service.on_ask = killed
    send(page, "How many were killed?")
    page.wait_for_selector(".disagreement")
    state("disagreement")
    service.on_ask = lambda body: abstained(body["question"])
    send(page, "what is the boiling point of ethanol?")
    page.wait_for_selector(".abstained")
    state("abstained")
    service.on_ask = lambda body: error(503, "busy", "all workers are busy")
    send(page, "busy?")
    page.wait_for_selector(".failure")
    state("error")
    for name in ("articles", "history"):
        page.click(f"#open-{name}")
        page.wait_for_selector("#panel .list li")
        state(name)
        page.click("#panel-close")
    refused = {"name": "a.txt", "document_id": None, "status": "failed"}
    results = [refused | {"reason": "a.txt: holds no text", "code": "empty"}]
    service.on_upload = lambda files: JSONResponse({"results": results, "generation": None})
    page.click("#open-articles")
    page.set_input_files("#files", {"name": "a", "mimeType": "text/plain", "buffer": b"x"})
    page.click(".results summary")
    state("refused file")
    page.click("#panel-close")
    talks = [cited(TALKS, "Talks resume in Istanbul", n=n) for n in range(1, 13)]
    service.on_ask = lambda body: answered(body["question"], "Talks", talks)
    send(page, "many?")
    page.hover(".words-of-answer .chip[data-n='12']")
    page.wait_for_selector("#preview:visible")
    state("preview")
    assert {name: found for name, found in states.items() if found} == {}


@pytest.mark.parametrize("size", SIZES)
def test_the_keyboard_is_enough_and_focus_is_always_seen(service, visit, size):
    width, height = SIZES[size]
    service.add(WAR, TALKS)
    service.on_ask = drones
    page = visit(viewport={"width": width, "height": height}).open()

    def tab_to(selector):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                seen = page.evaluate(
                    """() => {
                        const node = document.activeElement;
                        const ringed = (one) => getComputedStyle(one).outlineStyle !== "none"
                            || getComputedStyle(one).boxShadow !== "none";
                        const box = node.getBoundingClientRect();
                        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                        return [ringed(node) || ringed(node.closest(".field") ?? node),
                                node === top || node.contains(top)];
                    }"""
                )
                assert seen == [True, True], selector
                return
        raise AssertionError(f"{selector} is not reached with Tab")

    tab_to("#question")
    page.keyboard.type("who")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("then?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    assert service.asked[-1]["question"] == "who\nthen?"
    tab_to(".words-of-answer .chip")
    # The chips of an Arabic answer run from right to left, and so do the arrows.
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.n") == "2"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.n") == "1"
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel mark")
    assert page.evaluate("document.activeElement.id") == "panel-title"
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")
    assert page.evaluate("document.activeElement.dataset.n") == "1"
    page.keyboard.press("Control+/")
    assert page.evaluate("document.activeElement.id") == "question"


def test_on_a_narrow_screen_the_article_keeps_the_focus(service, visit):
    service.add(WAR, TALKS)
    service.on_ask = drones
    page = visit(viewport={"width": 360, "height": 640}).open("#q=who")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel:modal mark")
    assert page.locator("#panel mark").text_content() == QUOTE
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_selector("#panel:not(:modal) mark")
    page.set_viewport_size({"width": 360, "height": 640})
    page.wait_for_selector("#panel:modal mark")
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")
    assert page.evaluate("document.activeElement.dataset.n") == "1"


def test_everything_that_is_pressed_is_24_pixels_or_more(service, visit):
    service.add(WAR, TALKS)
    service.on_ask = killed
    page = visit(viewport={"width": 360, "height": 640}).open("#q=who")
    page.wait_for_selector(".disagreement")
    small = """() => [...document.querySelectorAll("button, a, select, summary, input:not(.unseen)")]
        .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
        .map(([html, box]) => [html, box.width, box.height])"""
    assert page.evaluate(small) == []
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    assert page.evaluate(small) == []


def test_text_can_grow_to_four_times_its_size(service, visit):
    service.add(WAR, TALKS)
    service.on_ask = killed
    # 1280 CSS pixels at 400 % are 320: reflow, not two directions of scrolling.
    page = visit(viewport={"width": 320, "height": 256}).open("#q=who")
    page.wait_for_selector(".disagreement")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    assert page.evaluate("document.querySelector('#panel-body').scrollWidth") <= 320


def test_reduced_motion_moves_nothing(service, visit):
    import threading

    from tests.web.service import event

    held = threading.Event()
    service.on_ask = lambda body: [event("status", {"stage": "search"}), held]
    page = visit(reduced_motion="reduce").open("#q=who")
    page.wait_for_selector(".stage")
    assert page.evaluate("document.getAnimations({ subtree: true }).length") == 0
    held.set()
    page.click("#send")
