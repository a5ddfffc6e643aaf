"""Answers as they are made: server-sent events, however they are cut, and what ends them early."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.service import abstained, event
from tests.web.texts import QUESTION, QUOTE, TALKS, WAR, WORDS, drones

FINISHED = ".outcome:not([aria-busy]) .card"


def events_of(answer):
    """The events of an answer, in the order of the contract."""
    passage = {"document_id": WAR["id"], "title": WAR["title"], "start": 0, "end": 9, "score": 0.5}
    yield event("status", {"stage": "search"})
    yield event("passage", passage)
    yield event("status", {"stage": "read"})
    for word in (answer["answer"] or "").split(" "):
        yield event("answer", {"delta": f"{word} "})
    for citation in answer["citations"]:
        yield event("citation", citation)
    yield event("done", answer)


def send(page, question=QUESTION["ar"]):
    page.fill("#question", question)
    page.keyboard.press("Enter")


@pytest.fixture
def streaming(service):
    service.add(WAR, TALKS)
    service.on_ask = lambda body: list(events_of(drones(body)))
    return service


def test_stages_and_words_are_shown_before_the_end(streaming, page):
    held, later = threading.Event(), threading.Event()

    def slow(body):
        first = list(events_of(drones(body)))
        return [*first[:3], held, *first[3:5], first[-2], later, first[-1]]

    streaming.on_ask = slow
    send(page)
    page.wait_for_selector(".stage:has-text('Reading the passages')")
    page.wait_for_function("() => announcer.textContent.includes('Reading')")
    assert page.locator(".outcome").get_attribute("aria-busy") == "true"
    assert page.inner_text("#send") == "Stop"
    held.set()
    page.wait_for_selector(".words-of-answer:has-text('57 طائرة')")
    page.wait_for_selector(".outcome[aria-busy] blockquote")
    assert page.locator(".words-of-answer").get_attribute("dir") == "rtl"
    later.set()
    page.wait_for_selector(FINISHED)
    assert WORDS in page.inner_text("#announcer")
    assert page.inner_text("#send") == "Ask"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_cut_and_any_line_end_give_the_same(streaming, page, end):
    def cut(body):
        whole = b": a comment\n\n" + b"".join(events_of(drones(body)))
        whole = b"\xef\xbb\xbf" + whole.replace(b"\n", end.encode())
        return [
            whole[at : at + 97] for at in range(0, len(whole), 97)
        ]  # inside letters and line ends

    streaming.on_ask = cut
    send(page)
    page.wait_for_selector(FINISHED)
    assert page.locator(".source blockquote").first.text_content() == QUOTE


@pytest.fixture(scope="module")
def parser(browser, _service):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{_service.address}/page/events.js")
    yield page
    context.close()


lines = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12)
sent = st.lists(
    st.tuples(
        st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.lists(lines, min_size=1, max_size=3)
    ),
    max_size=5,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sent,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(1, 40), max_size=30),
    st.data(),
)
def test_the_parser_gives_back_what_was_sent(parser, sent, end, cuts, data):
    text = ""
    for name, rows in sent:
        text += f"event: {name}{end}" + "".join(f"data: {row}{end}" for row in rows) + end
        if data.draw(st.booleans()):
            text += f": said aside{end}"
    whole = (text + f"event: cut{end}data: off").encode()
    pieces, at = [], 0
    for size in cuts:
        pieces.append(list(whole[at : at + size]))
        at += size
    pieces.append(list(whole[at:]))
    got = parser.evaluate(
        """async (pieces) => {
            const { events } = await import("/page/events.js");
            const body = new ReadableStream({ start(controller) {
                for (const piece of pieces) controller.enqueue(new Uint8Array(piece));
                controller.close();
            } });
            const all = [];
            for await (const { event, data } of events(body)) all.push([event, data]);
            return all;
        }""",
        pieces,
    )
    assert got == [[name, "\n".join(rows)] for name, rows in sent]


def test_a_stream_that_breaks_off_shows_no_answer(streaming, page):
    streaming.on_ask = lambda body: list(events_of(drones(body)))[:-1]
    send(page)
    page.wait_for_selector(".failure")
    assert "before the answer was whole" in page.inner_text(".failure")
    assert page.locator(".words-of-answer").count() == 0
    assert page.locator("blockquote").count() == 0
    streaming.on_ask = lambda body: list(events_of(drones(body)))
    page.click(".failure .strong")
    page.wait_for_selector(".answer")


def test_an_error_event_is_told_in_the_interface_language(streaming, visit):
    body = {
        "error": {"message": "all workers are busy", "type": "x", "param": None, "code": "busy"}
    }
    streaming.on_ask = lambda _: [event("status", {"stage": "search"}), event("error", body)]
    page = visit(locale="ar").open()
    send(page)
    page.wait_for_selector(".failure")
    assert "الخادم مشغول" in page.inner_text(".failure")
    assert "all workers are busy" in page.inner_text(".failure")


def test_what_is_no_json_is_told_and_not_shown(streaming, page):
    streaming.on_ask = lambda _: [b"event: done\ndata: <b>no</b>\n\n"]
    send(page)
    page.wait_for_selector(".failure")
    assert "does not understand" in page.inner_text(".failure")


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_a_question_can_be_stopped(streaming, page, way):
    held = threading.Event()
    streaming.on_ask = lambda body: [event("status", {"stage": "search"}), held]
    send(page)
    page.wait_for_selector(".stage")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.click("#send")
    page.wait_for_selector(".outcome", state="detached")
    assert page.inner_text("#send") == "Ask"
    assert page.inner_text("#announcer") == "Stopped."
    held.set()


def test_a_second_question_replaces_the_first(streaming, page):
    held = threading.Event()
    first = [event("status", {"stage": "search"}), held]
    streaming.on_ask = lambda body: first if body["question"] == "slow?" else drones(body)
    send(page, "slow?")
    page.wait_for_selector(".stage")
    page.evaluate("location.hash = 'q=quick'")
    page.wait_for_selector(".answer")
    held.set()
    page.wait_for_timeout(300)
    assert page.locator(".answer").count() == 1
    assert page.locator(".failure").count() == 0


def test_the_nearest_passages_are_offered_where_there_is_no_answer(streaming, page):
    streaming.on_ask = lambda body: list(events_of(abstained(body["question"])))
    send(page)
    page.wait_for_selector(".abstained")
    page.click(".nearest summary")
    page.click(".nearest .link")
    page.wait_for_selector("#panel mark")
    assert page.locator("#panel mark").text_content() == WAR["text"][:9]
