from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.documents.html import extract
from rag.passages import CUTTING, PASSAGES_VERSION, Cutting, cut, headings, passage_id
from rag.sentences import covering, split
from tests.strategies import document, texts

ARTICLES = sorted(Path(__file__).parents[2].joinpath("seeds", "articles").glob("*.txt"))
SMALL = Cutting(target=80, longest=160)


def check(text, cutting=CUTTING):
    passages, sentences = cut(document(text), cutting), split(text)
    graphemes = {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.id == passage_id("a.txt", passage.start, passage.end)
        assert any(character.isalnum() for character in passage.text)
        inside = [s for s in sentences if s.start < passage.end and passage.start < s.end]
        assert all(sentence.kind != "related" for sentence in inside)
        assert len(passage.text) <= cutting.longest or len(inside) == 1
        assert {passage.start, passage.end} <= graphemes
    for left, right in pairwise(passages):
        assert left.start < right.start
        assert left.end < right.end
        shared = [s for s in sentences if right.start < s.end and s.start < left.end]
        assert len(shared) <= cutting.overlap
    for sentence in sentences:
        span = sentence.trimmed(text)
        if sentence.kind != "related" and any(map(str.isalnum, text[span.start : span.end])):
            assert any(p.start <= span.start and span.end <= p.end for p in passages)
    return passages


long_texts = st.lists(texts, min_size=5, max_size=25).map(lambda parts: " كلمة.\n".join(parts))
cuttings = st.builds(
    lambda target, more, overlap: Cutting(target=target, longest=target + more, overlap=overlap),
    st.integers(1, 300),
    st.integers(0, 300),
    st.integers(0, 3),
)


@given(texts)
@settings(deadline=None)
def test_passages_are_slices_that_cover_every_sentence(text):
    check(text)


@given(long_texts, cuttings)
@settings(deadline=None, max_examples=25)
def test_passages_of_long_documents_at_any_size(text, cutting):
    check(text, cutting)


SENTENCES = ("قال الوزير شيئًا.", "The minister spoke.", "كم طائرة أُسقطت؟", "He left at 5.")
prose = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8).map(" ".join)
items = st.builds("{} {}".format, st.sampled_from(["•", "-", "1.", "٢)", "أ)", "*"]), prose)
rows = st.lists(prose, min_size=2, max_size=3).map(" | ".join)
quotations = st.builds(
    str.format, st.sampled_from(["قال: «{}»", "She said: “{}”", 'He said: "{}"']), prose
)
blocks = st.one_of(prose, items, rows, quotations, st.sampled_from(["عنوان فرعي", "A heading"]))


@given(st.lists(st.tuples(blocks, st.sampled_from(["\n", "\n\n"])), min_size=1, max_size=12))
@example(
    [
        (" | ".join([SENTENCES[0], " ".join(SENTENCES[:1] * 7)]), "\n\n"),
        (" | ".join(SENTENCES[:1] * 2), "\n"),
    ]
)
@settings(deadline=None, max_examples=60)
def test_an_item_a_row_and_a_quotation_that_fit_are_in_one_passage(parts):
    text = "".join(block + end for block, end in parts)
    passages = check(text, SMALL)
    place = 0
    for block, end in parts:
        start, place = place, place + len(block) + len(end)
        # A line with bars is a row where the very next line has them too; alone, or above a blank
        # line, it may be a headline.
        row = " | " in block and end == "\n" and " | " in text[place:].split("\n")[0]
        if block[-1] in '»”"' or not block[0].isalpha() or block[1] == ")" or row:
            first, last = covering(split(text), start, start + len(block))
            whole = split(text)[first:last]
            # What introduces the first item of a list is kept with it; both need not fit.
            if whole[-1].end - whole[0].start <= SMALL.longest:
                assert any(p.start <= start and start + len(block) <= p.end for p in passages)


def test_a_quotation_of_several_sentences_is_not_divided():
    filler = "قال الوزير إن الأمر جارٍ على ما يرام في كل مكان. " * 16
    quoted = "«نعمل ليلًا ونهارًا. ولن نتوقف حتى يعود آخر أسير. وهذا وعد قطعناه على أنفسنا.»"
    passages = check(f"{filler}وقال زيلينسكي: {quoted} ثم غادر القاعة. {filler}")
    assert sum(quoted in passage.text for passage in passages) == 1
    assert len(passages) > 1


def test_marks_in_two_sections_are_no_quotation():
    before, after = "قال: «نعمل. ونأمل.", "وأضاف: نعم» ثم خرج."
    assert [p.text for p in check(f"{before}\n\nعنوان جديد\n\n{after}")] == [
        before,
        f"عنوان جديد\n\n{after}",
    ]


@pytest.mark.parametrize("text", ["في سنة \u0600 ", "In year \u0600\u00a0\n", " \u0301قال."])
def test_the_ends_of_a_passage_divide_no_grapheme(text):
    assert check(text)


def test_an_unclosed_quotation_mark_keeps_nothing_together():
    text = "قال: «نعمل. " + "ونأمل خيرًا في هذا الأمر كله. " * 60
    assert len(check(text)) > 1


def test_a_list_that_fits_stays_with_its_introduction_and_heading():
    filler = "The council met on Sunday and talked about the harbour. " * 11
    points = "".join(f"• Point {n} is about the harbour. It costs {n} million.\n" for n in range(8))
    text = f"{filler}\n\nThe plan\n\nIt has these parts:\n{points}\n{filler}"
    plan = check(text)[1].text
    assert plan.startswith("The plan\n\nIt has these parts:\n• Point 0")
    assert "• Point 7 is about the harbour. It costs 7 million." in plan


def test_a_list_that_is_too_long_is_divided_between_items():
    text = "يشمل:\n" + "".join(f"- البند رقم {n} مهم. وكلفته {n}.\n" for n in range(60))
    passages = check(text)
    assert len(passages) > 1
    assert passages[0].text.startswith("يشمل:\n- البند رقم 0")
    assert all(p.text.startswith("- البند") for p in passages[1:])
    assert all(regex.search(r"وكلفته \d+\.$", p.text) for p in passages)


def test_indented_lines_belong_to_the_item_above():
    rest = "Another sentence that goes with it. " * 5
    text = "".join(f"- Item {n} begins.\n  {rest}\n" for n in range(8))
    for passage in check(text):
        assert passage.text.startswith("- Item")


def test_the_rows_of_a_table_are_no_headings():
    rows = (
        "Country | Population\nEgypt | 105 million\nLarge: Sudan | 46 million.\nOman | 5 million\n"
    )
    (passage,) = check(rows)
    assert passage.text == rows.strip()
    assert headings(rows) == ()


def test_a_headline_with_a_bar_is_a_heading_and_no_row():
    text = "قال الوزير شيئًا.\n\nعاجل | فيضان في الميناء\n\nارتفع الماء مترين."
    assert [p.text for p in check(text)] == [
        "قال الوزير شيئًا.",
        "عاجل | فيضان في الميناء\n\nارتفع الماء مترين.",
    ]


def test_a_heading_is_not_left_alone_above_a_list_that_just_fits():
    points = "".join(f"• Point {n} of the plan. It costs {n}.\n" for n in range(10, 33))
    assert 850 < len(points) < CUTTING.longest
    passages = check(f"The plan of the council for the harbour and the coast\n\n{points}")
    assert passages[0].text.startswith(
        "The plan of the council for the harbour and the coast\n\n• Point 10"
    )


def test_lists_and_quotations_of_a_page_are_kept_whole():
    page = (
        "<article><h1>The harbour</h1><p>" + "Work began on Sunday at dawn. " * 12 + "</p>"
        "<h2>Costs</h2><p>They are:</p><ul>"
        + "".join(f"<li>Part {n} of it. It costs {n}.</li>" for n in range(12))
        + "</ul><blockquote>“We build. We do not stop. We open in May.”</blockquote></article>"
    )
    text = extract(page.encode()).documents[0].text
    passages = check(text)
    (costs,) = (p.text for p in passages if "They are:" in p.text)
    assert costs.startswith("Costs\n\nThey are:\n\n• Part 0")
    assert "• Part 11 of it. It costs 11." in costs
    assert any("“We build. We do not stop. We open in May.”" in p.text for p in passages)
    assert [text[h.start : h.end] for h in headings(text)] == ["The harbour", "Costs"]


@pytest.mark.parametrize("file", ARTICLES, ids=lambda file: file.stem)
def test_passages_of_the_articles(file):
    text = file.read_text(encoding="utf-8")
    check(text)
    assert all("اقرأ أيض" not in p.text and "مصر تدعو" not in p.text for p in cut(document(text)))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "…", "!؟", "\ufeff", "اقرأ أيضًا: خبر آخر"])
def test_a_document_without_words_has_no_passages(text):
    assert cut(document(text)) == ()


def test_a_heading_opens_a_passage():
    passages = cut(document("قال الرئيس شيئًا.\nعنوان جديد\nوأضاف شيئًا آخر."))
    assert [p.text for p in passages] == ["قال الرئيس شيئًا.", "عنوان جديد\nوأضاف شيئًا آخر."]


def test_a_single_sentence_may_be_longer_than_the_longest_passage():
    text = "كلمة " * 300
    (passage,) = cut(document(text))
    assert passage.text == text.strip()


def test_neighbours_share_the_sentences_asked_for_but_not_across_a_heading():
    text = (
        "".join(f"الجملة رقم {n} هنا. " for n in range(20)) + "\nعنوان\n" + "وهذه جملة أخرى. " * 3
    )
    passages = check(text, Cutting(target=80, longest=160, overlap=2))
    before = [p for p in passages if "عنوان" not in p.text]
    for left, right in pairwise(before[:3]):
        assert (
            regex.findall(r"رقم \d+", left.text)[-2:] == regex.findall(r"رقم \d+", right.text)[:2]
        )
    assert any(p.text.startswith("عنوان") for p in passages)


@pytest.mark.parametrize("given", [(0, 5, 0), (6, 5, 0), (5, 5, -1)])
def test_a_cutting_that_makes_no_sense_is_refused(given):
    target, longest, overlap = given
    with pytest.raises(ValueError, match="expected 0 < target <= longest"):
        Cutting(target=target, longest=longest, overlap=overlap)


def test_the_version_tells_every_way_of_cutting():
    ways = [
        Cutting(target=5, longest=9),
        Cutting(target=6, longest=9),
        Cutting(target=5, longest=8),
    ]
    ways.append(Cutting(target=5, longest=9, overlap=1))
    assert len({PASSAGES_VERSION, *(way.version for way in ways)}) == 5
    assert CUTTING.version == PASSAGES_VERSION


def test_cutting_takes_time_in_proportion_to_the_text():
    """Nested and unclosed marks, one list of many items, one line of many quotations."""
    for text in (
        "«" * 20_000 + "a. " * 20_000 + "»" * 20_000,
        "• a.\n" * 20_000,
        '"a. b." ' * 9_000,
    ):
        assert cut(document(text))


def test_language_is_told_for_each_passage():
    text = "قال الرئيس شيئًا مهمًا. " * 25 + "\n" + "The president said something. " * 25
    assert {p.language for p in cut(document(text))} == {"ar", "en"}


def test_the_same_text_gives_the_same_ids():
    text = ARTICLES[0].read_text(encoding="utf-8")
    assert [p.id for p in cut(document(text))] == [p.id for p in cut(document(text))]
