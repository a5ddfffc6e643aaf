"""Adding articles: by choosing and by dropping files, with progress and every file's outcome."""

import re
import threading

import pytest
from starlette.responses import JSONResponse

from rag.documents.values import REASONS
from tests.conftest import ROOT
from tests.web.service import error
from tests.web.texts import TALKS

DROP = """(names) => {
    const files = new DataTransfer();
    for (const name of names) files.items.add(new File(["Words of " + name], name));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


def test_chosen_files_are_sent_and_each_outcome_is_told(service, page):
    service.add(TALKS)

    def reply(files):
        results = [
            {"name": "a.txt", "document_id": "a.txt", "status": "added", "reason": None},
            {
                "name": "أخبار.pdf",
                "document_id": None,
                "status": "failed",
                "reason": "no text in it",
            },
        ]
        return JSONResponse({"results": results, "generation": "gen-000002"})

    service.on_upload = reply
    page.click("#open-articles")
    page.wait_for_selector("#panel .list li")
    page.set_input_files(
        "#files",
        [
            {"name": "a.txt", "mimeType": "text/plain", "buffer": "نص".encode()},
            {"name": "أخبار.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"},
        ],
    )
    page.wait_for_selector(".results li")
    assert service.uploaded == [[("a.txt", "نص".encode()), ("أخبار.pdf", b"%PDF")]]
    failed = page.locator(".results [data-status=failed]").inner_text()
    assert "أخبار.pdf" in failed
    assert "no text in it" in failed
    assert page.inner_text("#announcer") == "1 file was not added."


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "There is no text in it."), ("ar", "لا نص فيه.")]
)
def test_why_a_file_was_not_added_is_told_in_the_interface_language(service, visit, locale, told):
    failed = {"document_id": None, "status": "failed"}
    results = [
        failed | {"name": "a.txt", "reason": "a.txt: holds no text; leave it", "code": "empty"},
        failed | {"name": "b.txt", "reason": "b.txt: 3 moons", "code": "of a newer service"},
    ]
    service.on_upload = lambda files: JSONResponse({"results": results, "generation": None})
    page = visit(locale=locale).open()
    page.evaluate(DROP, ["a.txt", "b.txt"])
    page.wait_for_selector(".results li >> nth=1")
    known, other = page.locator(".results li").all()
    assert told in known.inner_text()
    assert "holds no text" not in known.inner_text()
    known.locator("summary").click()
    assert "holds no text; leave it" in known.inner_text()
    assert known.inner_text().count("a.txt") == other.inner_text().count("b.txt") == 1
    assert "3 moons" in other.inner_text()


def test_every_reason_for_refusing_an_upload_has_its_words():
    strings = (ROOT / "api/static/page/strings.js").read_text(encoding="utf-8")
    told = set(re.findall(r"^    refused_(\w+):", strings, re.MULTILINE))
    # What only happens to files of the command line's own disk, to addresses, or inside a service.
    elsewhere = {"unreadable", "not_regular", "duplicate_id", "no_field", "bad_address"}
    elsewhere |= {"bad_scheme", "bad_host", "bad_port", "credentials", "not_public", "redirects"}
    elsewhere |= {"certificate", "status", "unreachable", "output_limit", "unavailable"}
    assert told == REASONS - elsewhere


def test_the_focus_stays_where_files_are_added(service, page):
    page.click("#open-articles")
    page.wait_for_selector("#files", state="attached")
    page.focus("#files")
    page.set_input_files("#files", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.wait_for_selector(".results li")
    page.wait_for_selector("#panel .list li")
    assert page.evaluate("document.activeElement.id") == "files"


def test_dropped_files_are_sent_from_anywhere_on_the_page(service, page):
    page.evaluate(DROP, ["one.txt", "two.txt"])
    page.wait_for_selector(".results li >> nth=1")
    assert [name for name, _ in service.uploaded[0]] == ["one.txt", "two.txt"]
    page.wait_for_selector("#panel .list li >> nth=1")
    assert page.is_hidden("#drop")
    page.click("#panel .list .link >> nth=0")
    page.wait_for_selector("#panel .reading:has-text('Words of one.txt')")
    page.click("#panel-back")
    page.wait_for_selector("#panel .upload")


def test_what_was_added_is_counted(service, page):
    news = {"name": "news", "documents": 5, "passages": 5}
    service.collections = [{"name": "default", "documents": 0, "passages": 0}, news]
    page.reload()
    page.wait_for_selector("#collection-choice:visible")
    service.collections = [{"name": "default", "documents": 1, "passages": 1}, news]
    page.select_option("#collection", "news")
    page.evaluate(DROP, ["one.txt"])
    page.wait_for_selector("#collection option:text-is('Default (1 article)')", state="attached")
    assert page.input_value("#collection") == "news"


def test_progress_is_shown_while_the_server_indexes(service, page):
    held = threading.Event()

    def slow(files):
        held.wait(10)
        return JSONResponse({"results": [], "generation": "g"})

    service.on_upload = slow
    page.click("#open-articles")
    page.wait_for_selector("#files", state="attached")
    page.set_input_files(
        "#files", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x" * 400_000}
    )
    page.wait_for_selector("#sending:has-text('Reading and indexing')")
    assert page.locator("progress:indeterminate").count() == 1
    held.set()
    page.wait_for_selector("#files", state="attached")
    assert page.inner_text("#announcer") == "Finished."


@pytest.mark.parametrize(("locale", "told"), [("en", "does not take uploads"), ("ar", "لا يستقبل")])
def test_a_server_that_takes_no_uploads_is_said_to_take_none(service, visit, locale, told):
    service.uploads = False
    page = visit(locale=locale).open()
    page.click("#open-articles")
    page.wait_for_selector(".upload.closed")
    assert told in page.inner_text(".upload")
    assert page.locator("#files").count() == 0
    page.evaluate(DROP, ["one.txt"])
    page.wait_for_function("(told) => announcer.textContent.includes(told)", arg=told)
    assert service.uploaded == []


@pytest.mark.parametrize("status", [404, 405])
def test_a_refusal_that_was_not_announced_is_told_the_same(service, page, status):
    service.on_upload = lambda files: error(status, "x", "no")
    page.evaluate(DROP, ["one.txt"])
    page.wait_for_selector(".upload.closed")


def test_what_is_too_large_is_told_and_can_be_tried_again(service, page):
    service.on_upload = lambda files: error(
        413, "body_too_large", "the body is larger than 26214400 bytes"
    )
    page.evaluate(DROP, ["one.txt"])
    page.wait_for_selector(".upload .failure")
    assert "larger than the server takes" in page.inner_text(".upload")
    assert "26214400" in page.inner_text(".upload")
    service.on_upload = None
    page.click(".upload .failure .strong")
    page.wait_for_selector(".results li")


def test_dragged_text_is_left_alone(service, page):
    page.evaluate(
        """() => {
            const words = new DataTransfer();
            words.setData("text/plain", "words");
            document.body.dispatchEvent(new DragEvent("dragenter", { dataTransfer: words, bubbles: true }));
        }"""
    )
    assert page.is_hidden("#drop")
