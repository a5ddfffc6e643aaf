"""The page on the real service: embedded models, seed articles, a socket, a browser."""

import httpx
import pytest

from tests.api.fakes import served, until_ready

QUESTIONS = {
    "ar": ("كم طائرة مسيّرة أسقطت روسيا؟", "57"),
    "en": ("With which country will Zelensky sign a natural gas deal?", "اليونان"),
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_is_answered_and_its_quote_is_marked_in_the_article(
    seed_engine, visit, language
):
    question, fact = QUESTIONS[language]
    with served(seed_engine) as address:
        until_ready(address)
        page = visit(address, locale=language).open()
        page.fill("#question", question)
        page.keyboard.press("Enter")
        page.wait_for_selector(".answer", timeout=60_000)
        assert fact in page.inner_text(".words-of-answer")
        answer = httpx.post(
            f"{address}/v1/ask", json={"question": question}, trust_env=False, timeout=60
        ).json()
        quotes = page.locator("blockquote").all_text_contents()
        assert quotes == [citation["quote"] for citation in answer["citations"]]
        faces = page.evaluate(
            "document.fonts.ready.then(() => [...document.fonts]"
            ".filter((face) => face.status === 'loaded').map((face) => face.family))"
        )
        assert any("Noto Naskh Arabic" in face for face in faces), faces  # the page's own
        for citation in answer["citations"]:
            page.click(f".words-of-answer .chip[data-n='{citation['n']}']")
            page.wait_for_selector("#panel mark")
            page.wait_for_function(
                "(n) => document.querySelector('.chip[aria-current]')?.dataset.n === n",
                arg=str(citation["n"]),
            )
            page.wait_for_function(
                "(quote) => [...document.querySelectorAll('#panel mark')].map((m) => m.textContent).join('') === quote",
                arg=citation["quote"].replace("\n", ""),
            )
        page.fill("#question", "What is the boiling point of ethanol?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".abstained", timeout=60_000)
