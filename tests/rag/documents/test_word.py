from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.formats import WORD, kind_of
from rag.documents.values import Refusal
from rag.documents.word import extract
from tests.files import ARTICLE, W, paragraph, word, zipped
from tests.strategies import plain_texts

HEADING = '<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style>'


def read(body, **options):
    (document,) = extract(word(body, **options)).documents
    return document


@pytest.mark.parametrize("first", [0, 2])
def test_paragraphs_in_both_languages(first):
    texts = ARTICLE[first:] + ARTICLE[:first]
    document = read("".join(paragraph(text) for text in texts), title="عنوان Title")
    assert document.text == "\n\n".join(texts)
    assert document.title == "عنوان Title"


@given(
    st.lists(plain_texts.filter(lambda text: any(map(str.isalnum, text))), min_size=1, max_size=6)
)
@settings(deadline=None, max_examples=50)
def test_paragraphs_are_kept_to_the_letter(texts):
    assert read("".join(paragraph(text) for text in texts)).text.split("\n\n") == [
        text.strip(" ") for text in texts
    ]


def test_headings_lists_and_tables():
    cell = "<w:tc>{}</w:tc>".format
    body = (
        paragraph("تقرير الوزارة", '<w:pStyle w:val="1"/>')
        + paragraph("بند أول", "<w:numPr/>")
        + paragraph("بند ثان", "<w:numPr/>")
        + f"<w:tbl><w:tr>{cell(paragraph('كييف'))}{cell(paragraph('12'))}</w:tr></w:tbl>"
        + paragraph(ARTICLE[0])
    )
    document = read(body, styles=HEADING, title="Microsoft Word - x.docx")
    assert document.title == "تقرير الوزارة"
    assert document.text == f"تقرير الوزارة\n\n• بند أول\n• بند ثان\n\nكييف | 12\n\n{ARTICLE[0]}"


def test_a_table_in_a_cell_is_read_once():
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('داخل')}</w:tc></w:tr></w:tbl>"
    row = f"<w:tr><w:tc>{paragraph('خارج')}{inner}</w:tc></w:tr>"
    controlled = (
        f"<w:sdt><w:sdtContent><w:tr><w:tc>{paragraph('آخر')}</w:tc></w:tr></w:sdtContent></w:sdt>"
    )
    assert read(f"<w:tbl>{row}{controlled}</w:tbl>").text == "خارج داخل\nآخر"


def test_the_main_part_may_have_another_name():
    rels = '<r><Relationship Type="http://x/officeDocument" Target="/word/document2.xml"/></r>'
    body = f"<w:document {W}><w:body>{paragraph(ARTICLE[0])}</w:body></w:document>"
    content = zipped({"_rels/.rels": rels, "word/document2.xml": body})
    assert extract(content).documents[0].text == ARTICLE[0]
    assert kind_of("a.docx", content).loader is WORD


def test_changes_count_as_accepted():
    body = (
        "<w:p><w:r><w:t>وافق </w:t></w:r><w:del><w:r><w:delText>رفض</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>الوفد</w:t></w:r></w:ins>"
        "<w:hyperlink><w:r><w:t> أمس</w:t></w:r></w:hyperlink>"
        '<w:r><w:instrText>HYPERLINK "x"</w:instrText></w:r></w:p>'
    )
    assert read(body).text == "وافق الوفد أمس"


@pytest.mark.parametrize(
    ("run", "hidden"),
    [
        ("<w:vanish/>", True),
        ('<w:vanish w:val="0"/>', False),
        ('<w:color w:val="FFFFFF"/>', True),
        ('<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>', False),
        ('<w:sz w:val="2"/>', True),
        ('<w:sz w:val="24"/>', False),
        ('<w:rStyle w:val="h"/>', True),
    ],
)
def test_hidden_text_is_left_out_and_counted(run, hidden):
    styles = '<w:style w:styleId="h"><w:name w:val="x"/><w:rPr><w:vanish/></w:rPr></w:style>'
    extraction = extract(word(paragraph(ARTICLE[0]) + paragraph("SECRET", run=run), styles=styles))
    assert ("SECRET" not in extraction.documents[0].text) == hidden
    assert [note.code for note in extraction.notes] == ["hidden_text"] * hidden


def test_boxes_are_read_once_and_notes_at_the_end():
    box = f"<w:txbxContent>{paragraph('في الإطار')}</w:txbxContent>"
    body = (
        '<w:p><w:r><mc:AlternateContent xmlns:mc="m"><mc:Choice>' + box + "</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent><w:t>قبل</w:t></w:r></w:p>"
    )
    notes = f'<w:footnotes {W}><w:footnote w:type="separator">{paragraph("x")}</w:footnote><w:footnote>{paragraph("حاشية")}</w:footnote></w:footnotes>'
    assert read(body, footnotes=notes).text == "قبل\n\nفي الإطار\n\nحاشية"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (word(""), "empty"),
        (b"PK\x03\x04 nothing", "damaged"),
        (zipped({"other.xml": "<a/>"}), "damaged"),
        (zipped({"word/document.xml": "<w:document"}), "damaged"),
        (zipped({"word/document.xml": f"<w:document {W}/>"}), "damaged"),
        (
            zipped(
                {
                    "word/document.xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
                }
            ),
            "unsafe",
        ),
    ],
)
def test_what_cannot_be_read_is_told(content, reason):
    with pytest.raises(Refusal) as caught:
        extract(content)
    assert caught.value.reason == reason
    assert caught.value.hint
