from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import cite, utf16_offset
from rag.errors import UnknownDocument
from rag.passages import cut
from rag.types import Evidence, Span
from tests.strategies import document

TEXT = "# عنوان 😀 الخبر\n\nقال زيلينسكي إن 1200 أسير عادوا. The river rose. 😀 The end."
DOCUMENT = document(TEXT)
QUOTE = "قال زيلينسكي إن 1200 أسير عادوا."


class Index:
    """Serves documents and passages as they are given."""

    def __init__(self, *documents):
        self.stored = {stored.id: stored for stored in documents}
        self.cut = {passage.id: passage for stored in documents for passage in cut(stored)}

    def document(self, id):
        if id not in self.stored:
            raise UnknownDocument(f"no document {id!r}")
        return self.stored[id]

    def passages(self, ids):
        return [self.cut[id] for id in ids]


def span(part, text=TEXT):
    start = text.index(part)
    return Span(start=start, end=start + len(part))


def evidence(said=QUOTE, short=None, source=DOCUMENT, **changes):
    passage = next(p for p in cut(source) if said in p.text)
    made = Evidence(
        document_id=source.id,
        passage_id=passage.id,
        quote=span(said, source.text),
        answer=span(short, source.text) if short else None,
        score=1.0,
        probability=0.75,
    )
    return replace(made, **changes)


def test_latin_names_do_not_turn_an_arabic_sentence_around():
    said = "Microsoft و Google وقعتا اتفاقًا مع OpenRail في باريس."
    (citation,) = cite(
        [evidence(said, source=(mixed := document(f"خبر\n{said}")))], Index(mixed)
    ).citations
    assert citation.language == "ar"


def test_a_citation_is_the_documents_own_text():
    (citation,) = cite([evidence(short="1200")], Index(DOCUMENT)).citations
    assert citation.quote == TEXT[citation.start : citation.end] == QUOTE
    assert TEXT[citation.answer_start : citation.answer_end] == "1200"
    assert citation.verified
    assert (citation.n, citation.language, citation.score) == (1, "ar", 0.75)
    encoded = TEXT.encode("utf-16-le")
    assert encoded[2 * citation.start_utf16 : 2 * citation.end_utf16].decode("utf-16-le") == QUOTE


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_utf16_offsets_are_those_of_the_encoding(text):
    for offset in range(len(text) + 1):
        assert utf16_offset(text, offset) == sum(1 + (ord(c) > 0xFFFF) for c in text[:offset])


PASSAGE = next(p for p in cut(DOCUMENT) if QUOTE in p.text)
BAD = {
    "unknown document": {"document_id": "b.txt"},
    "unknown passage": {"passage_id": "a.txt#1-2"},
    "behind the passage": {"quote": Span(start=PASSAGE.start, end=PASSAGE.end + 1)},
    "far outside": {"quote": Span(start=10**6, end=10**6 + 5)},
    "negative": {"quote": Span(start=-5, end=-1)},
    "empty": {"quote": Span(start=PASSAGE.start, end=PASSAGE.start)},
    "reversed": {"quote": Span(start=PASSAGE.end, end=PASSAGE.start)},
    "answer outside the quote": {"answer": span("river")},
    "empty answer": {"answer": Span(start=PASSAGE.start, end=PASSAGE.start)},
    "reversed answer": {"answer": Span(start=PASSAGE.start + 5, end=PASSAGE.start + 2)},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_evidence_that_does_not_verify_is_dropped_and_counted(changes):
    cited = cite([evidence(**changes), evidence("The river rose.")], Index(DOCUMENT))
    assert cited.dropped == 1
    assert [(c.n, c.quote) for c in cited.citations] == [(1, "The river rose.")]


def test_a_document_changed_behind_the_index_is_not_quoted():
    changed = replace(DOCUMENT, text=TEXT.replace("1200", "9999"))
    index = Index(DOCUMENT)
    index.stored["a.txt"] = changed
    assert cite([evidence()], index).dropped == 1
    # A store that cuts passages out of the changed text agrees with itself, not with the hash.
    index = Index(changed)
    assert cite([evidence(QUOTE.replace("1200", "9999"), source=changed)], index).dropped == 1


def test_a_change_elsewhere_in_the_document_counts_too():
    index = Index(DOCUMENT)
    index.stored["a.txt"] = replace(DOCUMENT, text=TEXT + "!")
    assert cite([evidence()], index).dropped == 1


def test_a_passage_of_another_document_is_no_witness():
    other = replace(DOCUMENT, id="b.txt")
    index = Index(DOCUMENT, other)
    passage = next(p for p in cut(other) if QUOTE in p.text)
    assert cite([evidence(passage_id=passage.id)], index).dropped == 1


def test_overlapping_evidence_is_cited_once_and_not_counted_as_dropped():
    cited = cite([evidence(), evidence("زيلينسكي إن 1200"), evidence("The end.")], Index(DOCUMENT))
    assert [c.quote for c in cited.citations] == [QUOTE, "The end."]
    assert [c.n for c in cited.citations] == [1, 2]
    assert cited.dropped == 0


def test_the_same_place_of_two_documents_is_two_citations():
    other = replace(DOCUMENT, id="b.txt")
    cited = cite([evidence(), evidence(source=other)], Index(DOCUMENT, other))
    assert [c.document_id for c in cited.citations] == ["a.txt", "b.txt"]


def test_a_passage_that_says_something_else_is_no_witness():
    index = Index(DOCUMENT)
    wrong = replace(PASSAGE, text="x" * len(PASSAGE.text))
    index.cut[PASSAGE.id] = wrong
    assert cite([evidence()], index).dropped == 1
