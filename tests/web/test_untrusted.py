"""What documents, file names, questions and errors say is text, whatever it says."""

from urllib.parse import urlencode

import pytest

from tests.web.payloads import PAYLOADS
from tests.web.service import abstained, answered, cited, error, event, stored
from tests.web.texts import TALKS, WAR

# Elements that only a payload would make; the page's own never match.
MADE = """() => [...document.querySelectorAll("body *")].filter((node) =>
    ["SCRIPT", "IMG", "IFRAME", "OBJECT", "EMBED", "LINK", "STYLE", "BASE", "META", "VIDEO", "MATH",
     "ANIMATE", "SOURCE"].includes(node.tagName.toUpperCase()) || node.tagName.includes("خبر")
    || [...node.attributes].some(({ name, value }) => /^on/i.test(name)
        || ["href", "src", "action", "formaction", "data", "srcdoc"].includes(name) && !/^([#.]|page\\/)/.test(value))
    || (node.namespaceURI === "http://www.w3.org/2000/svg" && !["svg", "use", "symbol", "path", "circle", "rect"].includes(node.tagName))
).map((node) => node.outerHTML.slice(0, 120))"""


def test_there_are_two_hundred_different_payloads():
    assert len(set(PAYLOADS)) == len(PAYLOADS) == 200


def harmless(page, origin):
    """Nothing ran, nothing was made of the text, nothing was navigated to."""
    assert page.evaluate(MADE) == []
    assert page.evaluate("[typeof window.pwned, document.title === 'pwned']") == [
        "undefined",
        False,
    ]
    assert page.url.startswith(origin)


# Asks by the address, opens the first citation, closes it, and gives the text of every sink.
ASK = """async (hash) => {
    const found = (selector) => new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("no " + selector)), 10000);
        const look = () => {
            const node = document.querySelector(selector);
            if (!node) return requestAnimationFrame(look);
            clearTimeout(late);
            resolve(node);
        };
        look();
    });
    const text = (selector) => document.querySelector(selector).textContent;
    location.hash = hash;
    await found(".outcome:not([aria-busy]) .answer");
    const sinks = {
        question: text(".outcome h2"), answer: text(".words-of-answer"), quote: text("blockquote"),
        title: text(".source .title"), origin: text(".source .origin"), value: text(".disagreement .value"),
    };
    document.querySelector(".words-of-answer .chip").click();
    await found("#panel mark");
    sinks.marked = [...document.querySelectorAll("#panel mark")].map((mark) => mark.textContent).join("");
    sinks.heading = text("#panel-title");
    sinks.made = (MADE)();
    document.querySelector("#panel-close").click();
    location.hash = "";
    while (document.querySelector(".outcome")) await new Promise(requestAnimationFrame);
    return sinks;
}""".replace("MADE", MADE)


def test_two_hundred_payloads_stay_text_in_every_sink(service, visit):
    """Answer, quote and article, title, file name, question; errors and uploads below."""
    visited = visit()
    page = visited.open()
    for payload in PAYLOADS:
        text = f"قبل {payload} بعد\nsecond line"
        id = payload.replace("\n", " ")
        document = stored(id, text, title=payload, source=payload, published=payload)
        service.documents = {id: document}
        quote = text if "\n" in payload else text.partition("\n")[0]
        sides = [
            {"value": payload, "citations": [1], "speaker": payload, "published": payload},
            {"value": "x", "citations": [1], "speaker": None, "published": None},
        ]
        reply = answered(payload, payload, [cited(document, quote, payload)], disagreement=sides)
        service.on_ask = lambda body, reply=reply: reply
        sinks = page.evaluate(ASK, urlencode({"q": payload}))
        assert sinks.pop("made") == []
        assert sinks.pop("marked") == quote.replace("\n", "")
        # Letter by letter: nothing was taken out of it, nothing made of it.
        assert [name for name, shown in sinks.items() if payload not in shown] == []
        harmless(page, service.address)
    visited.check()


def test_payloads_in_streams_errors_uploads_lists_and_history_stay_text(service, visit):
    visited = visit()
    page = visited.open()
    sent = []
    service.on_ask = lambda body: list(sent)
    for payload in PAYLOADS[::5]:
        passage = {"document_id": payload, "title": payload, "start": 0, "end": 3, "score": 1}
        cite = cited(TALKS, "Talks resume in Istanbul") | {"quote": payload, "title": payload}
        failed = {"error": {"message": payload, "type": payload, "param": payload, "code": payload}}
        sent[:] = [
            event("status", {"stage": payload}),
            event("passage", passage),
            event("answer", {"delta": payload}),
            event("citation", cite),
            event("error", failed),
        ]
        page.evaluate("(hash) => { location.hash = hash; }", urlencode({"q": payload}))
        page.wait_for_selector(".failure")
        assert payload in page.locator(".failure").text_content()
        harmless(page, service.address)
        sent[:] = [event("passage", passage), event("done", abstained(payload, payload, payload))]
        page.evaluate("location.hash = ''")
        again = urlencode({"q": payload, "where": payload})
        page.evaluate("(hash) => { location.hash = hash; }", again)
        page.wait_for_selector(".abstained")
        assert payload in page.locator(".abstained .reason").text_content()
        assert payload in page.locator(".nearest").text_content()
        harmless(page, service.address)
        page.evaluate("location.hash = ''")
    service.documents.update(
        {
            payload: stored(payload, "text", title=payload, source=payload)
            for payload in PAYLOADS[:50]
        }
    )
    service.on_upload = lambda files: error(400, PAYLOADS[9], PAYLOADS[9])
    page.click("#open-articles")
    page.wait_for_selector("#panel .list li >> nth=49")
    page.set_input_files(
        "#files",
        {"name": "<img src=x onerror=alert(1)>.txt", "mimeType": "text/plain", "buffer": b"x"},
    )
    page.wait_for_selector(".upload .failure")
    harmless(page, service.address)
    page.click("#open-history")
    page.wait_for_selector("#panel .list li")
    harmless(page, service.address)
    service.collections = [{"name": payload, "documents": 1} for payload in PAYLOADS[:20]]
    page.reload()
    page.wait_for_selector("#collection-choice:visible")
    harmless(page, service.address)
    visited.check()


def test_the_policy_stops_what_a_mistake_would_let_through(service, browser):
    context = browser.new_context()
    page = context.new_page()
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(service.address)
    page.wait_for_selector("html[data-ready]")
    blocked = page.evaluate(
        """() => {
            try { document.body.innerHTML = "<img src=x onerror=alert(1)>"; return "made"; }
            catch (error) { return error.name; }
        }"""
    )
    assert blocked == "TypeError"
    assert any("TrustedHTML" in text for text in told)
    ran = page.evaluate(
        """() => {
            const script = document.createElement("script");
            const image = new Image();
            image.src = "http://127.0.0.1:9/x.png";
            try { script.text = "window.pwned = 1"; } catch { return "refused"; }
            document.body.append(script);
            return window.pwned;
        }"""
    )
    assert ran == "refused"
    context.close()


BIDI = {
    "override": "abc \u202edef\u202c ghi",
    "isolate": "سعر \u2066100$\u2069 فقط",
    "unclosed": "\u202b\u202b\u2067 text (1)",
    "closing only": "first \u2069\u202c\u2069 second",
    "zero width": "pay\u200bload \ufeffand \u2060joiner",
    "tags": "hi\U000e0041\U000e0042\U000e0043\U000e0044\U000e0045 there",
    "control": "a\u0007b\u001b[31mc",
}


@pytest.mark.parametrize("name", BIDI)
def test_direction_controls_and_invisible_characters_are_shown_not_obeyed(service, visit, name):
    text = BIDI[name]
    document = service.add(stored("a.txt", f"Title\n{text}", title=text, source=text))
    service.on_ask = lambda body: answered(body["question"], text, [cited(document, text)])
    page = visit(locale="ar").open("#" + urlencode({"q": text}))
    page.wait_for_selector(".answer")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    for sink in (".outcome h2", ".words-of-answer", "blockquote", ".source .title", "#panel mark"):
        node = page.locator(sink).first
        assert text in node.text_content()  # what is stored is what is there
        assert node.locator(".invisible").count() >= 1, sink
        drawn = node.evaluate(
            r"""(node) => {
                const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
                let drawn = "";
                while (walk.nextNode()) if (walk.currentNode.parentElement.checkVisibility()) drawn += walk.currentNode.data;
                return /[\u202A-\u202E\u2066-\u2069\u200B\u2060\uFEFF\u0007\u001B]|[\u{E0000}-\u{E007F}]/u.test(drawn);
            }"""
        )
        assert not drawn, sink
    label = page.locator("#panel mark .invisible").first.get_attribute("aria-label")
    assert label.startswith("محرف خفي U+")
    for attribute in ("aria-label", "title"):
        assert page.evaluate(
            r"(name) => [...document.querySelectorAll(`[${name}]`)].every((n) => !/[\u202A-\u202E\u2066-\u2069]/.test(n.getAttribute(name)))",
            attribute,
        )


def lefts(page, selector, letters):
    """The x of each letter as it is drawn."""
    return page.evaluate(
        """([selector, letters]) => {
            const walk = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
            const found = [];
            while (walk.nextNode()) for (const letter of letters) {
                const at = walk.currentNode.data.indexOf(letter);
                if (at < 0 || !walk.currentNode.parentElement.checkVisibility()) continue;
                const range = new Range();
                range.setStart(walk.currentNode, at);
                range.setEnd(walk.currentNode, at + 1);
                found.push(range.getBoundingClientRect().left);
            }
            return found;
        }""",
        [selector, letters],
    )


@pytest.mark.parametrize("control", ["\u202e", "\u202b", "\u2067", "\u202e\u2069\u2066"])
def test_letters_are_drawn_in_logical_order(service, page, control):
    text = f"A {control}B C {control}D"
    document = service.add(stored("a.txt", text, title="T"))
    service.on_ask = lambda body: answered(body["question"], "x", [cited(document, text)])
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote")
    places = lefts(page, "blockquote", "ABCD")
    assert len(places) == 4
    assert places == sorted(places)


def test_a_name_does_not_turn_what_stands_around_it(service, page):
    document = service.add(stored("a.txt", "English words.", title="T", source="(حرب) 1 \u202e"))
    service.on_ask = lambda body: answered(
        body["question"], "x", [cited(document, "English words.")]
    )
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote")
    isolated = page.evaluate(
        "[...document.querySelectorAll('.source .origin span > bdi')].map((b) => getComputedStyle(b).unicodeBidi)"
    )
    assert isolated
    assert set(isolated) == {"isolate"}


def test_marking_inside_a_word_keeps_arabic_letters_joined(service, page):
    """Why a mark element is enough: letters are shaped across it."""
    document = service.add(stored("a.txt", "مستشفيات المدينة", title="T"))
    whole = cited(document, "مستشفيات المدينة")
    inside = cited(document, "شفيا")
    service.on_ask = lambda body: answered(body["question"], "x", [inside, whole | {"n": 2}])
    page.fill("#question", "who")
    page.keyboard.press("Enter")
    widths = []
    for chip in (0, 1):
        page.click(f".words-of-answer .chip >> nth={chip}")
        page.wait_for_function(
            "(n) => document.querySelector('#panel mark')?.textContent.length === n",
            arg=[4, 16][chip],
        )
        widths.append(
            page.evaluate(
                """() => {
                    const range = new Range();
                    range.selectNodeContents(document.querySelector("#panel .reading p"));
                    return range.getBoundingClientRect().width;
                }"""
            )
        )
    assert widths[0] == pytest.approx(widths[1], abs=0.5)


def test_a_link_to_a_place_beyond_the_text_marks_nothing(service, visit):
    service.add(WAR)
    page = visit().open("#" + urlencode({"document": WAR["id"], "start": 10**9, "end": 10**9 + 5}))
    page.wait_for_selector("#panel .warning")
    assert page.locator("#panel mark").count() == 0
    for bad in (
        {"document": "../../etc/passwd", "start": "x", "end": "-1"},
        {"q": ""},
        {"document": ""},
    ):
        page = visit().open("#" + urlencode(bad))
        assert page.locator("#panel mark").count() == 0
        assert service.asked == []
