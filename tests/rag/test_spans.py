"""From scores of pieces to spans that may be shown."""

import numpy as np
import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.passages import cut
from rag.reading.answers import content_words
from rag.reading.places import sentences_of
from rag.reading.spans import LONGEST, best_span, sure_span
from rag.types import Span, SpanScores
from tests.pairs import best_pair
from tests.strategies import document, grapheme_starts, texts

QUESTIONS = ("How many prisoners were released?", "من قال ذلك؟", "متى؟")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]{2}")


def scored(spans, starts=None, ends=None):
    """Scores of pieces at these places, all alike where nothing is given."""
    count = len(spans)
    return SpanScores(
        np.array(spans, dtype=np.int32).reshape(-1, 2),
        np.array([0.0] * count if starts is None else starts, dtype=np.float32),
        np.array([0.0] * count if ends is None else ends, dtype=np.float32),
    )


def of(text):
    return Span(start=0, end=len(text))


logits = st.floats(-50, 50, width=32)
rows = st.integers(1, LONGEST + 15).flatmap(
    lambda n: st.tuples(st.lists(logits, min_size=n, max_size=n), st.lists(logits, min_size=n, max_size=n))
)  # fmt: skip


@given(rows)
@example(([9.0] + [0.0] * LONGEST, [0.0] * LONGEST + [9.0]))  # one piece too far apart
@example(([0.0, 9.0], [9.0, 0.0]))  # the end before the start
@example(([0.0] * 3, [0.0] * 3))  # equal pairs: the first
def test_the_best_pair_is_the_one_found_by_trying_all(found):
    text = " ".join(["يومين"] * len(found[0]))  # a word a piece, with nothing to widen or to cut
    scores = scored([word.span() for word in _WORDS.finditer(text)], *found)
    first, last, margin = best_pair(scores.starts, scores.ends)
    whole = Span(start=int(scores.spans[first, 0]), end=int(scores.spans[last, 1]))
    assert best_span(scores, text, of(text)) == (whole, margin)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, st.sampled_from(QUESTIONS))
def test_spans_of_sentences_are_legal_in_any_text(network, text, question):
    for passage in cut(document(text)):
        (scores,) = network.score(question, [passage.text])
        starts = grapheme_starts(passage.text)
        for place in sentences_of(passage):
            span, margin = best_span(scores, passage.text, place.local)
            assert np.isfinite(margin)
            if span is None:
                continue
            assert place.local.contains(span)
            assert span.start < span.end
            edges = {span.start, span.end} - {place.local.start, place.local.end}
            assert edges <= starts
            for edge in edges:
                assert not _WORD.match(passage.text[edge - 1 : edge + 1])


def test_the_margin_is_that_of_the_best_pair_inside(network):
    text = "Kyiv said on Monday that 1,200 prisoners had come home."
    (scores,) = network.score(QUESTIONS[0], [text])
    within = Span(start=text.index("Monday"), end=text.index(" had"))
    inside = [n for n, (a, b) in enumerate(scores.spans) if within.start <= a and b <= within.end]
    margins = {(i, j): scores.starts[i] + scores.ends[j] for i in inside for j in inside if i <= j}
    (first, last), best = max(margins.items(), key=lambda item: item[1])
    span, margin = best_span(scores, text, within)
    assert margin == best
    assert within.contains(span)
    assert span.start <= scores.spans[first, 0] < scores.spans[last, 1] <= span.end


def test_the_best_outside_is_not_taken():
    scores = scored([(0, 3), (4, 7), (8, 11)], [0, 1, 9], [0, 1, 9])
    assert best_span(scores, "one two six", Span(start=0, end=7)) == (Span(start=4, end=7), 2)
    assert best_span(scores, "one two six", Span(start=0, end=10)) == (Span(start=4, end=7), 2)


@pytest.mark.parametrize(
    ("pieces", "within"),
    [
        ([], (0, 9)),
        ([(0, 4)], (5, 9)),
        ([(0, 4), (5, 9)], (4, 5)),
        ([(0, 9)], (0, 8)),  # it reaches out
        ([(3, 3)], (0, 9)),  # without a character
    ],
)
def test_without_a_piece_inside_there_is_no_span(pieces, within):
    span, margin = best_span(scored(pieces), "Kyiv fell", Span(start=within[0], end=within[1]))
    assert span is None
    assert margin < -1e6


# text | the pieces | what is shown
WIDENED = {
    "the rest of a word": ("all prisoners", "prison", "prisoners"),
    "its beginning": ("all prisoners", "oners", "prisoners"),
    "both": ("the prisoners'", "ison", "prisoners"),
    "the last mark": ("كِتَابٌ جديد", "كِتَاب", "كِتَابٌ"),
    "marks inside": ("كِتَابٌ جديد", "تَا", "كِتَابٌ"),
    "tatweel": ("قال كتـــاب", "كت", "كتـــاب"),
    "an accent of its own": ("cafe\u0301 bar", "cafe", "cafe\u0301"),
    "a family": ("a 👨\u200d👩\u200d👧 b", "👩", "👨\u200d👩\u200d👧"),
    "a skin": ("a 👍🏽 b", "👍", "👍🏽"),
    "a flag": ("🇸🇦🇺🇦", "🇦🇺", "🇸🇦🇺🇦"),
    "thousands": ("about 1,200 prisoners", "200", "1,200"),
    "their beginning": ("about 1,200,000.5 prisoners", "1", "1,200,000.5"),
    "Arabic digits": ("نحو ١٬٢٠٠ أسير", "٢٠٠", "١٬٢٠٠"),
    "a decimal": ("up 3.5% since", "3", "3.5"),
    "a time of day": ("at 10:30 today", "30", "10:30"),
    "a number at an end": ("in 2023. 5 fell", "2023", "2023"),
    "a number in a list": ("57, 60 and", "57", "57"),
    "nothing": ("one two", "two", "two"),
}


@pytest.mark.parametrize(("text", "piece", "shown"), WIDENED.values(), ids=WIDENED)
def test_no_word_and_no_grapheme_is_cut(text, piece, shown):
    start = text.index(piece)
    span, _ = best_span(scored([(start, start + len(piece))]), text, of(text))
    assert text[span.start : span.end] == shown


def test_what_would_have_to_leave_its_bounds_is_no_span():
    text, within = "all prisoners left", Span(start=0, end=8)
    assert best_span(scored([(4, 8)], [1], [2]), text, within) == (None, 3)
    assert best_span(scored([(2, 5)]), "1,200 left", Span(start=2, end=10))[0] is None
    assert best_span(scored([(0, 2)]), text, within) == (Span(start=0, end=3), 0)


@pytest.mark.parametrize(
    ("told", "bare"),
    [
        ("57.", "57"),
        ("U.S.", "U.S."),
        ("«تلغرام", "تلغرام"),
        ("بكين،", "بكين"),
        ("(1200)", "1200"),
        ("25%", "25%"),
        ("...", ""),
        ("B.", "B."),
    ],
)
def test_punctuation_at_the_ends_is_no_part_of_an_answer(told, bare):
    text = f"{told} و"
    spans = np.array([[0, len(told)]], dtype=np.int32)
    one = np.ones(1, dtype=np.float32)
    span, margin = best_span(SpanScores(spans, one, one), text, Span(start=0, end=len(text)))
    assert margin == 2.0
    assert (text[span.start : span.end] if span else "") == bare


def test_the_f1_that_the_best_span_can_expect():
    spans = np.array([[0, 2], [3, 5], [6, 8], [9, 11]], dtype=np.int32)
    starts = np.log(np.array([6.0, 1.0, 1.0, 50.0], dtype=np.float32))
    ends = np.log(np.array([1.0, 2.0, 1.0, 50.0], dtype=np.float32))
    text = "Lo Da Po Hi"
    _, _, found = sure_span(SpanScores(spans, starts, ends), text, Span(start=0, end=8))
    # Pieces 0 and 1 are best (6 · 2); the last piece lies outside.
    weighed = {
        (6, 1): 2 / 3,
        (6, 2): 1,
        (6, 1, 0): 4 / 5,
        (1, 2): 2 / 3,
        (1, 1): 2 / 4,
        (1, 1, 0): 0,
    }
    total = sum(pair[0] * pair[1] for pair in weighed)
    right = sum(pair[0] * pair[1] * f1 for pair, f1 in weighed.items())
    assert found == pytest.approx(right / total)
    nothing = sure_span(SpanScores(spans, starts, ends), text, Span(start=20, end=30))
    assert nothing[0] is None
    assert nothing[2] == 0.0


@pytest.mark.parametrize("peak", [0.0, 3.0, 30.0])
def test_the_expected_f1_grows_to_one_as_one_span_stands_out(peak):
    spans = np.array([[2 * n, 2 * n + 1] for n in range(9)], dtype=np.int32)
    starts, ends = np.zeros((2, 9), dtype=np.float32)
    starts[2], ends[3] = peak, peak
    _, _, found = sure_span(
        SpanScores(spans, starts, ends), "k k k k k k k k k", Span(start=0, end=17)
    )
    assert 0 < found <= 1
    assert (found > 0.999) == (peak == 30.0)


def pointing(text, *favoured):
    """Scores of the words of a text; each of ``favoured`` are words, how they start and how they end."""
    places = [found.span() for found in _WORDS.finditer(text)]
    starts, ends = [0.0] * len(places), [0.0] * len(places)
    for told, start, end in favoured:
        at = text.index(told)
        starts[next(n for n, place in enumerate(places) if place[0] == at)] = start
        ends[next(n for n, place in enumerate(places) if place[1] == at + len(told))] = end
    return scored(places, starts, ends)


_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")

# sentence | what the model points at first | and second | what is told
HOLLOW = {
    "about": ("The film is about a lost ship.", "about", "a lost ship", "a lost ship"),
    "the": ("Police found the stolen van near Lorne.", "the", "van", "van"),
    "of the": ("Members of the Halden choir sang.", "of the", "Halden choir", "Halden choir"),
    "The at its beginning": ("The mayor left.", "The", "mayor", "mayor"),
    "at least": ("It cost at least a fortune.", "at least", "a fortune", "a fortune"),
    "نحو": ("وصل نحو ألف لاجئ إلى الميناء.", "نحو", "ألف لاجئ", "ألف لاجئ"),
    "من": ("تسلم الجائزة من بلدية درفال.", "من", "بلدية درفال", "بلدية درفال"),
    "marked": ("عاد مِنْ كالفيرا أمس.", "مِنْ", "كالفيرا", "كالفيرا"),
    "ونحو": ("جرح شرطي ونحو مئة متظاهر.", "ونحو", "مئة متظاهر", "مئة متظاهر"),
    "وبنحو": ("ارتفع السعر وبنحو الربع تقريبًا.", "وبنحو", "الربع", "الربع"),
    "على": ("جلس على المقعد الأول.", "على", "المقعد الأول", "المقعد الأول"),
    "إلى": ("نُقلت إلى مستشفى لورن.", "إلى", "مستشفى لورن", "مستشفى لورن"),
}
TELLING = {
    "a name in capitals": ("The virus was found, the WHO said.", "WHO"),
    "a country": ("Exports to the US fell.", "US"),
    "a month": ("It opened in May and closed.", "May"),
    "a name that opens": ("Will won the race.", "Will"),
    "most": ("Most of the ships returned.", "Most"),
    "a letter": ("It lacks vitamin A today.", "A"),
    "a number": ("About 5 left.", "5"),
    "a number word": ("Only one left.", "one"),
    "Ali": ("فاز علي بالسباق.", "علي"),
    "and Ali": ("فاز سامي وعلي بالسباق.", "وعلي"),
    "an imam": ("سأل إمام المسجد.", "إمام"),
    "states": ("شاركت دول كثيرة.", "دول"),
    "a verb like a link": ("ولد في طنطا.", "طنطا"),
}


@pytest.mark.parametrize(("text", "first", "second", "told"), HOLLOW.values(), ids=HOLLOW)
def test_function_words_alone_are_no_answer(text, first, second, told):
    scores = pointing(text, (first, 6.0, 17.0), (second, 8.5, 12.0))
    span, margin, sure = sure_span(scores, text, of(text))
    assert margin == 6.0 + 17.0  # how well the sentence answers stays what it was
    assert text[span.start : span.end] == told
    assert sure > 0.3
    alone = pointing(text, (first, 9.0, 9.0))
    span, margin, sure = sure_span(alone, text, of(text))
    assert margin == 18.0
    assert sure < 0.9  # several words could be meant


@pytest.mark.parametrize(("text", "word"), TELLING.values(), ids=TELLING)
def test_words_that_answer_by_themselves_stay(text, word):
    span, margin, _ = sure_span(pointing(text, (word, 9.0, 9.0)), text, of(text))
    assert (text[span.start : span.end], margin) == (word, 18.0)


@pytest.mark.parametrize("text", ["about the", "من نحو", "What is it to you?"])
def test_where_nothing_says_anything_there_is_no_short_answer(text):
    word = text.split()[0]
    assert best_span(pointing(text, (word, 9.0, 9.0)), text, of(text)) == (None, 18.0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("the about نحو من وفي WHO علي 57 Kyiv أسير , «".split()), min_size=1, max_size=8),
       st.data())  # fmt: skip
def test_a_span_says_something_wherever_the_sentence_does(found, data):
    text = " ".join(found)
    places = [found.span() for found in _WORDS.finditer(text)]
    row = st.lists(logits, min_size=len(places), max_size=len(places))
    scores = scored(places, data.draw(row), data.draw(row))
    span, margin = best_span(scores, text, of(text))
    telling = content_words(text, of(text))
    if places:
        assert margin == best_pair(scores.starts, scores.ends)[2]
    assert (span is not None) == bool(telling)
    if span is not None:
        assert any(word.start < span.end and span.start < word.end for word in telling)
