"""Pages and feeds from a server on this machine, through the real fetcher, loaders and store."""

from __future__ import annotations

import pytest

from rag import catalogue
from rag.errors import NoDocuments
from rag.index.collection import Collection
from rag.ingest.run import ingest
from rag.ingest.sources import Named, sources
from rag.network import Fetcher
from rag.settings import Settings
from tests.rag.test_network import ALLOWED, here, html, serving

AR = "أعلنت بلدية صيدا أن منسوب النهر ارتفع مترين، وأغلقت الجسر القديم أمام المارة صباح اليوم."
EN = "The council of Sidon said that the river rose by two metres and closed the old bridge today."
LONG = " ".join(f"{AR} ({n})" for n in range(10))


def article(title, text, head=""):
    return f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"


def feed(port, kind):
    place = f"http://news.example:{port}"
    entries = [
        ("كامل", "full", LONG, f"{place}/full"),
        ("ملخص", "short", "ارتفع النهر.", f"{place}/story?id=1"),
        ("Moved", "gone", "The bridge is closed.", f"{place}/gone"),
        ("Inside", "inside", "Nothing to see.", "http://10.0.0.1/admin"),
    ]
    if kind == "rss":
        items = "".join(
            f"<item><title>{t}</title><guid>{k}</guid><description>{s}</description><link>{u}</link></item>"
            for t, k, s, u in entries
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'
    items = "".join(
        f'<entry><title>{t}</title><id>{k}</id><summary>{s}</summary><link href="{u}"/></entry>'
        for t, k, s, u in entries
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{items}</feed>'


@pytest.fixture
def fetched(tmp_path):
    """Ingests addresses of a server of these pages; the report, and the documents by id."""

    def run(pages, *paths):
        with serving(pages) as (port, asked):
            for place, page in list(pages.items()):
                if callable(page):
                    pages[place] = page(port)
            names = [f"http://news.example:{port}{path}" for path in paths]
            named = Named(paths=names, columns={}, fetcher=Fetcher(here, also=ALLOWED))
            collection = Collection(tmp_path / "default")
            embedder = catalogue.embedder(Settings(embedder="sanad-static-v1"))
            report = ingest(collection, lambda: embedder, list(sources(named)))
        index = collection.open()
        found = {one.id: index.document(one.id) for one in index.documents()}
        index.close()
        return report, found, port, [path for path, _ in asked]

    return run


def test_an_article_is_stored_with_the_address_it_came_from(fetched):
    evil = '<link rel="canonical" href="https://bbc.example/other">'
    pages = {
        "/خبر".encode().hex(): None,
        "/%D8%AE%D8%A8%D8%B1": (301, {"Location": "/final"}, b""),
        "/final": html(article("فيضان في صيدا", LONG, evil)),
    }
    del pages["/خبر".encode().hex()]
    report, found, port, _ = fetched(pages, "/خبر")
    assert report.changes.added == (f"news.example:{port}/خبر",)
    document = found[f"news.example:{port}/خبر"]
    assert document.title == "فيضان في صيدا"
    assert AR in document.text
    assert document.source == f"http://news.example:{port}/final"  # not what the page calls itself


def test_an_address_cannot_put_control_characters_into_an_id(fetched):
    _, found, port, _ = fetched({"/a%0A%1Bb": html(article("A", EN * 3))}, "/a%0A%1Bb")
    assert set(found) == {f"news.example:{port}/a b"}


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feeds_entries_are_taken_whole_or_fetched(fetched, kind):
    pages = {
        "/feed": lambda port: (200, {"Content-Type": "text/xml"}, feed(port, kind).encode()),
        "/story": html(article("القصة كاملة", f"{LONG} نهاية القصة.")),
        "/gone": (404, {}, b""),
    }
    report, found, port, asked = fetched(pages, "/feed")
    assert len(found) == len(report.changes.added) == 4
    by_key = {id.partition("#")[2]: document for id, document in found.items()}
    assert by_key["full"].text.endswith("(9)")
    assert "نهاية القصة" in by_key["short"].text
    assert by_key["short"].source == f"http://news.example:{port}/story?id=1"
    assert (by_key["short"].title, by_key["gone"].title) == ("ملخص", "Moved")
    assert "The bridge is closed." in by_key["gone"].text  # the summary, where there is no more
    assert "/full" not in asked
    told = " ".join(note.note.message for note in report.notes)
    assert "answered 404" in told
    assert "10.0.0.1, which is not on the public internet" in told


def test_an_encoding_that_only_the_server_names_is_believed(fetched):
    page = article("عنوان", LONG).encode("cp1256")
    pages = {"/a": (200, {"Content-Type": "text/html; charset=windows-1256"}, page)}
    _, found, port, _ = fetched(pages, "/a")
    assert AR in found[f"news.example:{port}/a"].text


def test_pages_that_cannot_be_had_are_named_with_the_reason(fetched):
    pages = {
        "/a": html(article("A", EN * 3)),
        "/gone": (404, {}, b""),
        "/x.png": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n"),
    }
    report, found, port, _ = fetched(pages, "/a", "/gone", "/x.png")
    assert set(found) == {f"news.example:{port}/a"}
    reasons = {
        failure.source.rpartition("/")[2]: failure.error.reason for failure in report.failures
    }
    assert reasons == {"gone": "status"}
    assert report.skipped == [f"http://news.example:{port}/x.png"]
    with pytest.raises(NoDocuments, match="answered 404"):
        fetched({"/gone": (404, {}, b"")}, "/gone")


def test_the_same_page_again_is_unchanged_and_a_new_text_changed(tmp_path):
    pages = {"/a": html(article("A", LONG))}
    collection = Collection(tmp_path / "default")
    embedder = catalogue.embedder(Settings(embedder="sanad-static-v1"))
    with serving(pages) as (port, _):
        named = Named(
            paths=[f"http://n.example:{port}/a"], columns={}, fetcher=Fetcher(here, also=ALLOWED)
        )

        def again():
            return ingest(collection, lambda: embedder, list(sources(named))).changes

        assert len(again().added) == 1
        assert len(again().unchanged) == 1
        pages["/a"] = html(article("A", f"{LONG} {EN}"))
        assert len(again().changed) == 1
