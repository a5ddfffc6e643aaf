from __future__ import annotations

import pytest

from rag.documents import epub, feeds
from rag.documents.formats import FEED
from rag.documents.values import Refusal
from tests.files import ARTICLE, chapter
from tests.files import epub as book


def test_chapters_in_reading_order_without_the_contents():
    content = book({"b.xhtml": chapter("الفصل الأول", ARTICLE[0]), "a.xhtml": chapter(ARTICLE[2])},
                   title="تاريخ المدينة", date="2019-03-01")  # fmt: skip
    (document,) = epub.extract(content).documents
    assert document.text == f"الفصل الأول\n\n{ARTICLE[0]}\n\n{ARTICLE[2]}"
    assert (document.title, document.published) == ("تاريخ المدينة", "2019-03-01")


def test_hidden_text_of_a_book_is_counted():
    content = book({"a.xhtml": chapter(ARTICLE[0]).replace("</body>", "<p hidden>x</p></body>")})
    assert [note.code for note in epub.extract(content).notes] == ["hidden_text"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (book({}), "empty"),
        (book({"a.xhtml": chapter(ARTICLE[0])}, **{"META-INF__encryption.xml":
            '<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></e>'}), "encrypted"),
        (book({"a.xhtml": "x"}).replace(b"META-INF/container.xml", b"META-INF/kontainer.xml"), "damaged"),
    ],
)  # fmt: skip
def test_books_that_cannot_be_read(content, reason):
    with pytest.raises(Refusal) as caught:
        epub.extract(content)
    assert caught.value.reason == reason


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="m"><channel>
<title>أخبار</title><link>https://example.org/</link>
<item><title>خبر &amp; عنوان</title><link>https://example.org/1</link><guid>g-1</guid>
<pubDate>Mon, 15 May 2023 10:00:00 +0300</pubDate><description>ملخص قصير</description>
<media:content url="x.jpg"/><content:encoded><![CDATA[<p>قال الرئيس <b>كلمته</b>.</p><script>x</script><p>ثم غادر.</p>]]></content:encoded></item>
<item><title>Second</title><description>Plain &lt;b&gt;text&lt;/b&gt; here.</description></item>
<item><title></title></item>
<item><title>Again</title><guid>g-1</guid><description>twice</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><title type="html">&lt;b&gt;Bold&lt;/b&gt; title</title><id>urn:1</id>
<link rel="self" href="https://example.org/self"/><link href="https://example.org/a"/>
<updated>2024-01-02T00:00:00Z</updated><published>2024-01-01T00:00:00Z</published>
<summary>short</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One.</p><p>اثنان.</p></div></content></entry>
</feed>"""


def test_rss_entries():
    loaded = FEED.load(RSS.encode(), id="f.rss", origin="o")
    first, second = loaded.documents
    assert (first.id, first.title, first.published) == ("f.rss#g-1", "خبر & عنوان", "2023-05-15")
    assert first.text == "خبر & عنوان\n\nقال الرئيس كلمته.\n\nثم غادر."
    assert (first.source, second.source) == ("https://example.org/1", "f.rss")
    assert (second.id, second.text) == ("f.rss#2", "Second\n\nPlain text here.")
    assert [failure.reason for failure in loaded.failures] == ["bad_record"] * 2
    assert "f.rss#g-1: the same id as an earlier record" in str(loaded.failures[1])


def test_atom_entries():
    (entry,) = feeds.extract(ATOM.encode()).documents
    assert (entry.title, entry.published, entry.url) == (
        "Bold title",
        "2024-01-01",
        "https://example.org/a",
    )
    assert entry.text == "Bold title\n\nOne.\n\nاثنان."


def test_a_feed_in_windows_1256():
    content = RSS.replace("UTF-8", "windows-1256").encode("cp1256")
    assert feeds.extract(content).documents[0].text.endswith("ثم غادر.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><body>x</body></html>", "wrong_kind"),
        (b"<rss><channel/></rss>", "empty"),
        (b"<rss><channel>", "damaged"),
        (b"not xml", "damaged"),
        (b'<!DOCTYPE rss SYSTEM "http://x/y.dtd"><rss/>', "unsafe"),
        (b"<a>" * 300 + b"</a>" * 300, "unsafe"),
    ],
)
def test_other_xml_is_told(content, reason):
    with pytest.raises(Refusal) as caught:
        feeds.extract(content)
    assert caught.value.reason == reason
