"""Chromium as people have it, driven from outside; tests are skipped where there is none."""

import os
import shutil

import pytest

from tests.web.service import running

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync""".split()
WAIT_MS = 30_000  # a bound for slow machines, not a pause


@pytest.fixture(scope="module")
def browser():
    """The browser; one for a module, each test has a context of its own.

    Not one for the session: while it runs Playwright holds an event loop on this thread, and the
    asynchronous tests of other modules could not begin theirs.
    """
    if not CHROMIUM:
        pytest.skip("no Chromium: install Debian's chromium, or name one in CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def _service():
    with running() as service:
        yield service


@pytest.fixture
def service(_service):
    """A service that remembers nothing of other tests."""
    address = _service.address
    _service.__init__(address=address)
    return _service


class Visit:
    """A page in a fresh browser profile, and everything that must not happen on it."""

    def __init__(self, browser, address, **options):
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}} | options
        self.address = address
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.foreign, self.violations, self.errors, self.dialogs = [], [], [], []
        self.page.on("request", self._requested)
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._asked)

    def _requested(self, request):
        if not request.url.startswith((self.address, "blob:")):
            self.foreign.append(request.url)

    def _told(self, message):
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            self.violations.append(message.text)

    def _asked(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, fragment=""):
        """Loads the page and waits until it works."""
        self.page.goto(f"{self.address}/{fragment}")
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def check(self):
        """Nothing was fetched from elsewhere, nothing broke, no policy was met."""
        assert (self.foreign, self.violations, self.errors, self.dialogs) == ([], [], [], [])


@pytest.fixture
def visit(browser, service):
    """Opens pages of the service; every one is checked and closed at the end."""
    visits = []

    def opened(address=None, **options):
        visits.append(Visit(browser, address or service.address, **options))
        return visits[-1]

    yield opened
    for each in visits:
        each.context.close()
    for each in visits:
        each.check()


@pytest.fixture
def page(visit):
    """The English page, opened."""
    return visit().open()
