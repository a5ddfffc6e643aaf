"""Takes the README's pictures of the page, of the real service over the seed articles.

``python -m tests.web.pictures`` writes docs/images; to be run, and looked at, after the page changed.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from rag.engine import Engine
from rag.settings import Settings
from tests.api.fakes import served, until_ready
from tests.conftest import ROOT
from tests.web.conftest import CHROMIUM, FLAGS

FOLDER = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 740}
COLOURS = 64  # as many as the page has, and small
PICTURES = [
    ("ar", "light", "متى سيطرت روسيا على باخموت؟"),
    ("en", "dark", "With which country will Zelensky sign a natural gas deal?"),
]


def take(browser, address, language, theme, question):
    """The page with the question answered and its first citation open."""
    context = browser.new_context(locale=language, color_scheme=theme, viewport=SIZE)
    page = context.new_page()
    page.goto(address)
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.click(".words-of-answer .chip >> nth=0")
    page.wait_for_selector("#panel mark")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    shot = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    return shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def main():
    """Writes a picture in each language."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Settings(indexes=Path(folder)))
        engine.ingest([ROOT / "seeds" / "articles"])
        with served(engine) as address, sync_playwright() as playwright:
            until_ready(address)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for language, theme, question in PICTURES:
                picture = take(browser, address, language, theme, question)
                picture.save(FOLDER / f"page-{language}.png", optimize=True)
            browser.close()


if __name__ == "__main__":
    main()
