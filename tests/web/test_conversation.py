"""Follow-up questions: what is sent, how they were understood, and how to begin anew."""

import pytest

from tests.api.fakes import served, until_ready
from tests.web.service import abstained
from tests.web.texts import TALKS, WAR, WORDS, drones

SAID = {
    "en": ("How many drones were shot down?", "And when?", "When were drones shot down?"),
    "ar": ("كم طائرة مسيّرة أُسقطت؟", "ومتى؟", "متى أُسقطت الطائرات المسيّرة؟"),
}
UNDERSTOOD = {"en": "Understood as:", "ar": "فُهم السؤال هكذا:"}


@pytest.fixture
def talking(service):
    """A service that understands the follow-ups of SAID where it is told what was said before."""
    service.add(WAR, TALKS)
    meant = {follow_up: resolved for _, follow_up, resolved in SAID.values()}

    def reply(body):
        resolved = meant.get(body["question"]) if body.get("history") else None
        return drones(body) | {"resolved_question": resolved}

    service.on_ask = reply
    return service


def ask(page, text):
    page.fill("#question", text)
    page.keyboard.press("Enter")
    answered(page, text)


def answered(page, text):
    page.wait_for_function(
        """(text) => document.querySelector(".outcome:not([aria-busy]) h2")?.textContent === text""",
        arg=text,
    )


@pytest.mark.parametrize("interface", ["en", "ar"])
@pytest.mark.parametrize("language", SAID)
def test_a_follow_up_is_sent_with_what_was_said_and_shown_as_understood(
    talking, visit, language, interface
):
    asked, follow_up, resolved = SAID[language]
    page = visit(locale=interface).open()
    assert page.is_hidden("#anew")
    ask(page, asked)
    assert "history" not in talking.asked[-1]
    assert page.locator(".understood").count() == 0
    ask(page, follow_up)
    assert talking.asked[-1] == {
        "question": follow_up,
        "history": [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": WORDS},
        ],
        "stream": True,
    }
    assert page.inner_text(".understood") == f"{UNDERSTOOD[interface]} {resolved}"
    meant = page.locator(".understood bdi")
    assert meant.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert resolved in page.inner_text("#announcer")


def test_the_link_of_a_follow_up_stands_alone(talking, visit):
    asked, follow_up, resolved = SAID["en"]
    page = visit().open()
    ask(page, asked)
    ask(page, follow_up)
    page.wait_for_function(
        "() => new URLSearchParams(location.hash.slice(1)).get('q').includes('drones shot')"
    )
    link = page.evaluate("location.hash")
    other = visit().open(link)
    answered(other, resolved)
    assert talking.asked[-1] == {"question": resolved, "stream": True}
    page.click("#open-history")
    assert page.locator("#panel .list a").all_text_contents() == [resolved, asked]


def test_back_and_reload_ask_with_what_was_said_then(talking, page):
    asked, follow_up, resolved = SAID["en"]
    ask(page, asked)
    ask(page, "Who said so?")
    sent = talking.asked[-1]
    assert len(sent["history"]) == 2
    ask(page, follow_up)
    page.go_back()
    answered(page, "Who said so?")
    assert talking.asked[-1] == sent
    page.reload()
    answered(page, "Who said so?")
    assert talking.asked[-1] == sent
    page.go_back()
    answered(page, asked)
    assert talking.asked[-1] == {"question": asked, "stream": True}
    page.go_forward()
    answered(page, "Who said so?")
    page.go_forward()
    answered(page, resolved)  # in the place of the follow-up, and needs nothing said before
    assert talking.asked[-1] == {"question": resolved, "stream": True}
    ask(page, "And then?")
    assert [turn["content"] for turn in talking.asked[-1]["history"]][::2] == [
        asked,
        "Who said so?",
        resolved,
    ]


@pytest.mark.parametrize("way", ["button", "name"])
def test_a_new_conversation_forgets_what_was_said(talking, page, way):
    ask(page, SAID["en"][0])
    assert page.inner_text("#anew") == "New conversation"
    page.click("#anew" if way == "button" else "header .name")
    page.wait_for_selector(".outcome", state="detached")
    assert page.is_hidden("#anew")
    assert page.input_value("#question") == ""
    assert page.evaluate("document.activeElement.id") == "question"
    ask(page, SAID["en"][1])
    assert talking.asked[-1] == {"question": SAID["en"][1], "stream": True}


def test_only_as_much_is_sent_as_the_service_looks_at(talking, page):
    said = drones
    talking.on_ask = lambda body: said(body) | {"answer": "x" * 5000}
    for n in range(11):
        ask(page, f"question {n}")
    talking.on_ask = lambda body: abstained(body["question"])
    ask(page, "nothing?")
    history = talking.asked[-1]["history"]
    assert len(history) == 20
    assert history[0] == {"role": "user", "content": "question 1"}
    assert {len(turn["content"]) for turn in history if turn["role"] == "assistant"} == {2000}
    ask(page, "and now?")  # what abstains has said nothing
    assert talking.asked[-1]["history"][-1] == {"role": "user", "content": "nothing?"}


def test_trying_again_and_without_the_filter_is_the_same_question(talking, page):
    ask(page, SAID["en"][0])
    talking.on_ask = lambda body: abstained(body["question"])
    page.click("#open-filter")
    page.select_option("#written", "ar")
    ask(page, SAID["en"][1])
    sent = talking.asked[-1]
    page.click(".abstained .strong")
    page.wait_for_function("() => !location.hash.includes('where')")
    page.wait_for_selector(".outcome:not([aria-busy])")
    assert talking.asked[-1] == {name: sent[name] for name in ("question", "history", "stream")}


def test_what_is_typed_after_an_answer_takes_the_place_of_the_question(talking, page):
    ask(page, SAID["en"][0])
    page.wait_for_function("() => question.selectionEnd > question.selectionStart")
    page.keyboard.type("And when?")
    assert page.input_value("#question") == "And when?"


@pytest.mark.parametrize(
    ("language", "first", "follow_up", "word"),
    [
        ("en", "What are the Istanbul agreements?", "When were they made?", "2022"),
        ("ar", "من هو رئيس مجلس الأمن القومي الأوكراني؟", "وماذا قال؟", "أوميروف"),
    ],
)
def test_the_real_service_understands(seed_engine, visit, language, first, follow_up, word):
    with served(seed_engine) as address:
        until_ready(address)
        page = visit(address, locale=language).open()
        ask(page, first)
        ask(page, follow_up)
        assert page.inner_text(".understood").startswith(UNDERSTOOD[language])
        assert word in page.locator("blockquote").first.text_content()
