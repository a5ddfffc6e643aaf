"""A server that restarts, refuses, or answers nonsense: said plainly, in the reader's language."""

import pytest
from starlette.responses import PlainTextResponse

from tests.web.service import error, running
from tests.web.texts import TALKS, WAR, drones


@pytest.mark.parametrize(
    ("reply", "arabic", "english"),
    [
        (error(503, "busy", "all workers are busy"), "الخادم مشغول", "The server is busy"),
        (error(503, "starting", "loading"), "غير جاهز", "not ready"),
        (
            error(503, "index_damaged", "the index is damaged"),
            "فهرس الخادم",
            "index cannot be used",
        ),
        (error(400, "invalid_question", "too long", "question"), "رفض الخادم", "refused"),
        (error(401, "unauthorized", "no key"), "يطلب مفتاحًا", "asks for a key"),
        (error(413, "body_too_large", "too large"), "أكبر مما يقبله", "larger than"),
        (error(404, "no_index", "none yet"), "لا توجد مقالات", "no articles"),
        (error(500, "internal", "see the log"), "خطأ في الخادم", "went wrong"),
        (PlainTextResponse("<h1>Bad gateway</h1>", 502), "خطأ في الخادم", "went wrong"),
        (PlainTextResponse("hello", 200), "لا تفهمه", "does not understand"),
        (PlainTextResponse("{}", 200), "لا تفهمه", "does not understand"),
    ],
)
def test_errors_are_told_in_the_language_of_the_interface(service, visit, reply, arabic, english):
    service.on_ask = lambda body: reply
    page = visit(locale="ar").open("#q=who")
    page.wait_for_selector(".failure")
    assert arabic in page.inner_text(".failure")
    assert arabic in page.inner_text("#announcer")
    page.click("#language")
    assert english in page.inner_text(".failure")
    service.on_ask = drones
    page.click(".failure .strong")
    page.wait_for_selector(".answer")


def test_a_restart_is_survived(visit):
    with running() as service:
        service.add(WAR, TALKS)
        service.on_ask = drones
        address = service.address
        page = visit(address).open("#q=who")
        page.wait_for_selector(".answer")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel .failure")
    assert "cannot be reached" in page.inner_text("#panel .failure")
    page.keyboard.press("Escape")
    page.fill("#question", "again?")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result .failure")
    assert "restarting" in page.inner_text("#result .failure")
    with running(port=int(address.rpartition(":")[2])) as service:
        service.add(WAR, TALKS)
        service.on_ask = drones
        page.click("#result .failure .strong")
        page.wait_for_selector(".answer")
        page.click(".words-of-answer .chip >> nth=0")
        page.wait_for_selector("#panel mark")
