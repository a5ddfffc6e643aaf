"""The same article in every format gives the same answer, quoted from that file's own text."""

from __future__ import annotations

import json

import pytest

from rag.engine import Engine
from rag.settings import Settings
from tests.conftest import ARTICLES
from tests.files import chapter, epub, laid_out, paragraph, pdf, word, zipped

ARTICLE = sorted(ARTICLES.glob("*.txt"))[0].read_text(encoding="utf-8")
PARAGRAPHS = [line for line in ARTICLE.splitlines() if line.strip()]
QUESTION = "كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟"


def wrapped(text, width=80):
    """Lines of a printed page."""
    lines = [""]
    for token in text.split():
        if len(lines[-1]) + len(token) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {token}".strip()
    return lines


def printed():
    """Two pages; the questions's sentence stands on the first."""
    lines = [line for text in PARAGRAPHS[:3] for line in wrapped(text)]
    return pdf(
        [[laid_out(line) for line in lines], [laid_out(line) for line in wrapped(PARAGRAPHS[4])]]
    )


FILES = {
    "a.html": "<!DOCTYPE html><article>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + "</article>",
    "a.docx": word("".join(paragraph(text) for text in PARAGRAPHS)),
    "a.epub": epub({"a.xhtml": chapter(*PARAGRAPHS)}),
    "a.pdf": printed(),
    "a.jsonl": json.dumps({"id": "x", "text": ARTICLE}, ensure_ascii=False),
    "a.csv": 'id,text\nx,"{}"\n'.format(ARTICLE.replace('"', '""')),
    "a.rss": "<rss><channel><item><guid>x</guid><description>{}</description></item></channel></rss>".format(
        "".join(f"&lt;p&gt;{text}&lt;/p&gt;" for text in PARAGRAPHS)
    ),
    "a.zip": zipped({"in/a.txt": ARTICLE}),
    "a.txt": ARTICLE.encode("cp1256", errors="ignore"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_answered_from(name, tmp_path):
    content = FILES[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    engine = Engine(Settings(indexes=tmp_path / "indexes"))
    loaded, changes = engine.ingest([tmp_path / name])
    assert (loaded.failures, len(changes.added)) == ((), 1)
    answer = engine.ask(QUESTION)
    assert answer.status == "answered"
    citation = answer.citations[0]
    (document,) = loaded.documents
    assert document.text[citation.start : citation.end] == citation.quote
    assert "1200" in citation.quote
    assert document.page_at(citation.start) == (1 if name == "a.pdf" else None)
    again, unchanged = engine.ingest([tmp_path / name])
    assert (len(unchanged.unchanged), unchanged.embedded_passages) == (1, 0)
    assert again.documents == loaded.documents
