from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rag.evaluation.page import MOST_EXAMPLES, page
from rag.evaluation.results import METRICS
from rag.evaluation.run import evaluate, report_of
from rag.types import IndexState

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = '</span><script>alert(1)</script>" onload="x" \u202eevil\u202c & <b>'
VOID = {"meta"}


class Tags(HTMLParser):
    """Every element with its attributes; fails on an end tag that fits no start tag."""

    def __init__(self):
        super().__init__()
        self.open, self.found, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append((self.open[-1] if self.open else "", data))


def read(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


@pytest.fixture
def report(engine, questions):
    return evaluate(engine, questions, 8)


def of(rows):
    state = IndexState(generation="g", fingerprint="f")
    manifest = {"question_file": {"name": HOSTILE}, "target": {"model": HOSTILE}}
    return report_of(rows, 8, state=state, embedder="e", manifest=manifest)


def test_the_page_stands_alone(report):
    text = page(report)
    tags = read(text)
    assert not any(tag in ("script", "link", "img", "iframe", "object") for tag, _ in tags.found)
    assert not any(name == "src" or name.startswith("on") for _, a in tags.found for name in a)
    places = {a["id"] for _, a in tags.found if "id" in a}
    links = {a["href"] for _, a in tags.found if "href" in a}
    assert links <= {f"#{place}" for place in places}  # to a part of the page itself
    assert "://" not in text
    assert "url(" not in text
    assert "default-src 'none'" in str(tags.found)
    assert text == page(report)


def test_what_people_and_documents_say_is_text(report):
    row = report.rows[3]
    shown = replace(report.rows[0].shown[0], quote=HOSTILE, document_id=HOSTILE)
    expected = replace(report.rows[0].expected, before=HOSTILE, quote=HOSTILE, after=HOSTILE)
    hostile = replace(
        row, id=HOSTILE, question=HOSTILE, answer=HOSTILE, accepted=(HOSTILE,), tags=(HOSTILE,),
        shown=(shown,), expected=expected, citation_recall=0.0, fact_cited=0.0,
    )  # fmt: skip
    text = page(of([hostile]))
    tags = read(text)
    assert not any(tag == "script" for tag, _ in tags.found)
    assert sum("<script>alert(1)</script>" in words for _, words in tags.words) >= 9
    assert "\u202e" not in text
    assert "\\u202e" in text


def test_every_figure_is_there_with_both_names(report):
    tags = read(page(report))
    labels = [words.strip() for tag, words in tags.words if tag == "td"]
    assert {"hit@8", "citation recall", "parity of languages"} <= set(labels)
    rows = sum(tag == "tr" for tag, _ in tags.found)
    assert rows == len(METRICS) + 1
    assert "استدعاء الاقتباس" in page(report)


def test_each_text_has_its_own_language_and_direction(report):
    tags = read(page(report))
    questions = [a for tag, a in tags.found if tag == "h3" and "lang" in a]
    assert {(a["lang"], a["dir"]) for a in questions} == {("ar", "rtl"), ("en", "ltr")}
    quotes = [a for tag, a in tags.found if tag == "blockquote"]
    assert quotes
    assert all(a["dir"] == ("rtl" if a["lang"] == "ar" else "ltr") for a in quotes)
    # Charts run from left to right in both.
    assert all(a["direction"] == "ltr" for tag, a in tags.found if tag == "svg")


def test_the_gold_span_is_marked_in_its_article(report):
    tags = read(page(report))
    marked = [words for tag, words in tags.words if tag == "mark"]
    assert "أيّار ٢٠٢٣" in marked


def test_a_report_of_nothing_is_a_page(engine):
    read(page(evaluate(engine, [], 8)))


def test_the_surest_mistakes_come_first_and_the_rest_is_counted(report):
    wrong = replace(report.rows[3], citation_recall=0.0, fact_cited=0.0, shown=())
    rows = [replace(wrong, id=f"q{n:02}", confidence=n / 100) for n in range(50)]
    text = page(of(rows))
    assert text.index("q49") < text.index("q48")
    assert text.count("<article>") == MOST_EXAMPLES
    assert f"and {50 - MOST_EXAMPLES} more" in text
    assert f"و{50 - MOST_EXAMPLES} غيرها" in text


def test_each_pair_of_languages_has_its_own_worst_answers(report):
    wrong = replace(report.rows[3], citation_recall=0.0, fact_cited=0.0, shown=())
    pairs = ("ar-ar", "ar-en", "en-ar", "en-en")
    rows = [
        replace(wrong, id=f"{pair}-{n}", languages=pair, language=pair[:2], confidence=0.9)
        for pair in pairs
        for n in range(MOST_EXAMPLES + 1)
    ]
    text = page(of(rows))
    assert text.count("<article>") == 4 * MOST_EXAMPLES
    links = {a["href"] for tag, a in read(text).found if tag == "a"}
    assert links == {f"#worst-{pair}" for pair in pairs}
    assert "من العربية إلى الإنجليزية" in text
    assert "يقتبس غير موضع الجواب" in text  # why, in Arabic too
    # Risk and coverage: all, Arabic, English.
    assert text.count("<title>risk and coverage") == 3


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_a_browser_shows_it_without_error_or_request(report, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "report.html"
    long = {"weights": {"sanad-bilingual-v1/tokenizer_and_everything_else.json": "0" * 64}}
    manifest = {**report.manifest, "target": long}
    path.write_text(page(replace(report, manifest=manifest)), encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 800})
        told, asked = [], []
        tab.on("console", lambda message: told.append(message.text))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        wide = tab.evaluate("document.documentElement.scrollWidth")
        # The question's own words begin at its right edge: it is laid out from right to left.
        edges = tab.evaluate(
            """() => { const h = document.querySelector('h3[dir=rtl]'); const r = document.createRange();
            r.setStart(h.firstChild, 0); r.setEnd(h.firstChild, 1);
            return [r.getBoundingClientRect().right, h.getBoundingClientRect().right]; }"""
        )
        browser.close()
    assert told == []
    assert asked == [path.as_uri()]
    assert wide <= 390
    assert abs(edges[0] - edges[1]) < 2


def test_arabic_stands_beside_english_in_heads_and_charts(report):
    text = page(report)
    tags = read(text)
    heads = [words for tag, words in tags.words if words in ("العربية", "الكل")]
    assert {"العربية", "الكل"} <= set(heads)
    bars = [words for tag, words in tags.words if tag == "text"]
    assert {"Arabic to Arabic", "من العربية إلى العربية"} <= set(bars)
    assert f"عدد الأسئلة: {len(report.rows)}" in text
    # A name that is the same in both languages is told once.
    assert text.count("AURC") == text.count("AURC</td>") == 1
