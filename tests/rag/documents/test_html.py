"""Pages as sites really write them: the article and nothing else, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.formats import HTML
from rag.documents.html import extract, has_markup, plain_text, web_address
from rag.documents.values import Refusal
from tests.files import outcome
from tests.strategies import texts

PARAGRAPHS = (
    "قال الرئيس الأوكراني إن كييف تأمل في إطلاق سراح 1,200 أسير قبل نهاية مايو.",
    "وأضاف أن المفاوضات التي جرت في إسطنبول لم تنته بعد، وأن الوفد سيعود غدًا.",
    "The spokesman said on Monday that 60% of the talks were over.",
)
STORY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
HEAD = (
    '<meta charset="utf-8"><title>عنوان المقال | موقع الأخبار</title>'
    '<meta property="og:title" content="عنوان المقال">'
    '<meta property="article:published_time" content="2023-05-15T10:00:00+03:00">'
    '<link rel="canonical" href="https://example.org/ar/1">'
)


def page(body, head=HEAD, attributes='lang="ar" dir="rtl"'):
    return (
        f"<!DOCTYPE html><html {attributes}><head>{head}</head><body>{body}</body></html>".encode()
    )


def read(body, **options):
    (document,) = extract(page(body, **options)).documents
    return document.text


def notes(body, **options):
    return {note.code: note.message for note in extract(page(body, **options)).notes}


# Layouts of real sites, reduced: a semantic page, an old table layout, a page of plain divs.
LAYOUTS = {
    "semantic": "<header><a href='/'>الرئيسية</a></header><nav><a href=/a>سياسة</a></nav>"
    f"<main><article><h1>عنوان المقال</h1>{STORY}</article></main>"
    "<aside><h2>الأكثر قراءة</h2><p>خبر لا علاقة له بالمقال أبدًا.</p></aside><footer>جميع الحقوق محفوظة</footer>",
    "divs": "<div class=top-menu><ul><li><a href=/a>سياسة</a><li><a href=/b>اقتصاد</a></ul></div>"
    f"<div class=wrap><div class=col><h1>عنوان المقال</h1><div class='article-body'>{STORY}</div>"
    "<div class='share-buttons'>شارك المقال</div></div><div class=sidebar><p>إعلان طويل جدًا عن سيارة جديدة.</p></div></div>",
    "tables": "<table><tr><td><a href=/a>Politics</a><br><a href=/b>Business</a></td>"
    f"<td><h1>عنوان المقال</h1>{STORY}</td></tr></table>",
    "form": f"<form id=aspnetForm><div><h1>عنوان المقال</h1>{STORY}</div></form>",
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_article_is_found(layout):
    text = read(LAYOUTS[layout])
    assert text.startswith("عنوان المقال") or layout == "tables"
    for paragraph in PARAGRAPHS:
        assert paragraph in text
    for other in ("الأكثر", "محفوظة", "شارك", "إعلان", "اقتصاد"):
        assert other not in text


def test_title_date_and_address():
    (document,) = HTML.load(
        page(LAYOUTS["semantic"]), id="a.html", origin="file:///a.html"
    ).documents
    assert (document.title, document.published) == ("عنوان المقال", "2023-05-15")
    assert (document.id, document.source) == ("a.html", "https://example.org/ar/1")
    assert (document.language, document.media_type) == ("ar", "text/html")


@pytest.mark.parametrize(
    ("head", "title", "day"),
    [
        ("<title>Only a title</title>", "عنوان المقال", None),
        ('<meta name="date" content="15/05/2023">', "عنوان المقال", "2023-05-15"),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", '
            '"headline": "x", "datePublished": "2023-05-15"}]}</script>',
            "عنوان المقال", "2023-05-15",
        ),
        ('<script type="application/ld+json">{"broken": </script>', "عنوان المقال", None),
        ('<meta property="og:title" content="">', "عنوان المقال", None),
        ('<link rel=canonical href="javascript:alert(1)">', "عنوان المقال", None),
    ],
)  # fmt: skip
def test_what_pages_state_about_themselves(head, title, day):
    extraction = extract(page(f"<h1>عنوان المقال</h1>{STORY}", head=f"<meta charset=utf-8>{head}"))
    (document,) = extraction.documents
    assert (document.title, document.published, document.url) == (title, day, None)


HIDDEN = {
    "attribute": "<p hidden>SECRET</p>",
    "display": '<p style="display: none">SECRET</p>',
    "important": '<p style="DISPLAY:NONE !important">SECRET</p>',
    "visibility": '<p style="visibility:hidden">SECRET</p>',
    "opacity": '<span style="opacity:0">SECRET</span>',
    "size": '<span style="font-size:0px">SECRET</span>',
    "size without a unit": '<span style="color:red;font-size:0">SECRET</span>',
    "off the page": '<div style="position:absolute;left:-9999px">SECRET</div>',
    "indent": '<div style="text-indent:-9999px">SECRET</div>',
    "clip": '<span style="position:absolute;clip:rect(0,0,0,0)">SECRET</span>',
    "white on white": '<p style="color:#fff">SECRET</p>',
    "white words": '<p style="color:white">SECRET</p>',
    "white rgb": '<p style="color:rgb(255, 255, 255)">SECRET</p>',
    "same colours": '<div style="background:#102030"><p style="color:#102030">SECRET</p></div>',
    "font": '<font color="#FFFFFF">SECRET</font>',
    "class": "<style>.gone{display:none}</style><p class=gone>SECRET</p>",
    "rule": "<style>p.x, .y { color : #FFF ; }</style><p class=x>SECRET</p>",
    "inside": '<div style="display:none"><div><p>SECRET</p></div></div>',
}
UNSEEN = {
    "comment": "<!-- SECRET -->",
    "script": "<script>SECRET</script>",
    "style": "<style>SECRET{}</style>",
    "noscript": "<noscript>SECRET</noscript>",
    "template": "<template><p>SECRET</p></template>",
    "field": '<input type=hidden value="SECRET"><textarea>SECRET</textarea>',
    "attributes": '<p title="SECRET" data-x="SECRET"><img alt="SECRET"></p>',
}


@pytest.mark.parametrize("way", HIDDEN)
def test_hidden_text_is_left_out_and_counted(way):
    body = f"<article>{STORY}{HIDDEN[way]}</article>"
    assert "SECRET" not in read(body)
    assert notes(body)["hidden_text"] == "1 hidden parts with 6 characters left out"


@pytest.mark.parametrize("way", UNSEEN)
def test_what_is_no_text_is_left_out(way):
    body = f"<article>{STORY}{UNSEEN[way]}</article>"
    assert "SECRET" not in read(body)
    assert "hidden_text" not in notes(body)


@pytest.mark.parametrize(
    "seen",
    [
        '<div style="background:#000"><p style="color:#fff">SEEN</p></div>',
        '<div style="background:url(x.png)"><p style="color:#fff">SEEN</p></div>',
        '<table bgcolor="#003366"><tr><td><font color="white">SEEN</font></td></tr></table>',
        '<p style="font-size:0.9em;opacity:0.8">SEEN</p>',
        '<p style="left:-5px">SEEN</p>',
        "<style>@media print{p{display:none}} p:hover{display:none}</style><p>SEEN</p>",
        '<p aria-hidden="false">SEEN</p>',
    ],
)
def test_what_readers_see_is_kept(seen):
    body = f"<article>{STORY}{seen}</article>"
    assert "SEEN" in read(body)
    assert "hidden_text" not in notes(body)


@pytest.mark.parametrize(
    "related",
    [
        '<p>اقرأ أيضًا: <a href="/2">روسيا تعلن السيطرة على مدينة</a></p>',
        '<p>Read also: <a href="/2">Russia claims a city in the east</a></p>',
        '<h3>اقرأ أيضا</h3><ul><li><a href="/2">روسيا تعلن السيطرة</a></li></ul>',
        '<div class="related-stories"><h3>قد يهمك</h3><p>روسيا تعلن السيطرة</p></div>',
        '<p><a href="/2">روسيا تعلن السيطرة على باخموت كاملة</a></p>',
        '<ul><li><a href="/2">روسيا تعلن السيطرة على</a></li><li><a href=/3>Russia claims it</a></li></ul>',
    ],
)
def test_links_to_other_stories_are_left_out_and_counted(related):
    body = f"<article><h1>عنوان المقال</h1><p>{PARAGRAPHS[0]}</p>{related}<p>{PARAGRAPHS[1]}</p></article>"
    text = read(body)
    assert "روسيا" not in text
    assert "Russia" not in text
    assert PARAGRAPHS[0] in text
    assert PARAGRAPHS[1] in text
    assert "related_links" in notes(body)


def test_links_inside_sentences_stay():
    text = read(
        f'<article>{STORY}<p>كما ذكر <a href="/x">بيان وزارة الدفاع</a> أمس الجمعة.</p></article>'
    )
    assert "كما ذكر بيان وزارة الدفاع أمس الجمعة." in text


def test_blocks_become_lines():
    text = read(
        "<article><h1>عنوان المقال</h1><p>سطر أول<br>سطر   ثان</p><ul><li>بند <b>أول</b></li><li>بند ثان</li></ul>"
        "<table><tr><th>المدينة</th><th>العدد</th></tr><tr><td>كييف</td><td>12</td></tr></table>"
        "<blockquote>قول</blockquote><pre>a\n  b</pre></article>"
    )
    assert text == (
        "عنوان المقال\n\nسطر أول\nسطر ثان\n\n• بند أول\n• بند ثان\n\n"
        "المدينة | العدد\nكييف | 12\n\nقول\n\na\nb"
    )


@pytest.mark.parametrize(
    ("codec", "label"),
    [
        ("cp1256", "windows-1256"),
        ("iso8859_6", "ISO-8859-6"),
        ("utf-8", "windows-1256"),
        ("cp1256", None),
    ],
)
def test_pages_in_older_encodings(codec, label):
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">' if label else ""
    story = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    content = f"<html><head>{meta}<title>عنوان</title></head><body>{story}</body></html>".encode(
        codec
    )
    (document,) = extract(content).documents
    assert PARAGRAPHS[1] in document.text or codec != "utf-8"
    assert PARAGRAPHS[0] in document.text
    assert document.title == "عنوان"


def test_empty_elements_of_xhtml_do_not_swallow_the_page():
    content = f'<?xml version="1.0"?><html><head><title/><script src="x"/></head><body>{STORY}</body></html>'
    assert PARAGRAPHS[0] in extract(content.encode()).documents[0].text


@pytest.mark.parametrize(
    "body", ["", "<script>x</script>", "<p hidden>all of it</p>", "<nav>menu</nav>"]
)
def test_a_page_without_text_is_refused(body):
    with pytest.raises(Refusal, match="holds no text that a reader would see"):
        extract(page(body))


def test_a_bullet_of_the_page_stays_and_an_empty_item_leaves_none():
    assert plain_text("<p>•</p>") == "•"
    assert plain_text("<ul><li></li><li>خبر</li></ul>") == "• خبر"
    assert plain_text("<p>one\x00two</p>").replace("\ufffd", "") == "onetwo"


def test_deep_nesting_loses_no_text():
    assert "DEEP" in read("<div>" * 3000 + "DEEP text of the page" + "</div>" * 3000)


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_words_of_paragraphs_are_kept_in_order(parts):
    markup = "".join("<p>" + p.replace("&", "&amp;").replace("<", "&lt;") + "</p>" for p in parts)
    # Two control characters stand for breaks inside; a parser may replace what no page may hold.
    words = " ".join(parts).translate({0x1D: " ", 0x1E: " "}).replace("\ufffd", "").split()
    assert plain_text(markup).replace("\ufffd", "").split() == words


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=100)
def test_any_page_gives_text_or_a_reason(text):
    found = outcome(extract, text.encode(errors="replace"))
    if isinstance(found, Refusal):
        assert found.reason in ("empty", "not_text", "encoding")
    else:
        assert found.documents[0].text.strip()


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/a?b=1", True),
        ("http://مثال.إختبار/خبر", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://a b", False),
        ("https://x/\u202e", False),
        ("http://[", False),
        ("x" * 3000, False),
        (None, False),
    ],
)
def test_only_web_addresses_are_sources(address, kept):
    assert web_address(address) == (address if kept else None)


def test_plain_text_is_told_from_markup():
    assert has_markup("<p>x</p>")
    assert has_markup("a<br/>b")
    assert not has_markup("if a < b and c > d")
    assert not has_markup("قال <الرئيس>")
