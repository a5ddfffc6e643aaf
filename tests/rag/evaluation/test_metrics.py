import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.evaluation import metrics
from rag.evaluation.metrics import Place
from rag.types import Span

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.text(
    "أاإآةهىيئءَُِّ١٢٣123 ،.the a", max_size=20
)


def place(document_id: str, start: int, end: int) -> Place:
    return Place(document_id=document_id, span=Span(start=start, end=end))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The 1,200 Prisoners!", ["1200", "prisoners"]),
        ("١٬٢٠٠ أسيرٍ", ["1200", "اسير"]),
        ("ألفٌ ومِئَتان", ["الف", "ومئتان".replace("ئ", "ي")]),
        ("مدينة باخموت،", ["مدينه", "باخموت"]),
        ("«الأسرى»", ["الاسري"]),
        ("٣٫٥ 3.5.", ["3.5", "3.5"]),
        ("Russia's", ["russias"]),
        ("المـــدن\u200f", ["المدن"]),
        ("A", ["a"]),
        ("في\u00a0مايو\n٢٠٢٣", ["في", "مايو", "2023"]),
        ("؟!", []),
    ],
)
def test_tokens_are_folded_words_without_punctuation(text, expected):
    assert metrics.tokens(text) == expected


@pytest.mark.parametrize(
    ("answer", "accepted", "em", "f1"),
    [
        ("١٢٠٠", ["1200"], 1, 1),
        ("الجُمعة الماضية", ["الجمعه الماضيه"], 1, 1),
        ("الجمعة", ["الجمعة الماضية"], 0, 2 / 3),  # precision 1, recall 1/2
        ("أسرى", ["الأسرى"], 0, 0),  # proclitics stay
        ("in May 2023", ["May 2023"], 0, 4 / 5),  # precision 2/3, recall 1
        ("the Russian forces", ["Russian forces"], 1, 1),
        ("Bakhmut", ["باخموت", "bakhmut"], 1, 1),
        ("two two", ["two"], 0, 2 / 3),  # a word counts as often as both hold it
        ("3.5", ["35"], 0, 0),
        (None, ["1200"], 0, 0),
        ("", ["1200"], 0, 0),
    ],
)
def test_answers_are_compared_by_folded_tokens(answer, accepted, em, f1):
    assert metrics.exact_match(answer, accepted) == em
    assert metrics.token_f1(answer, accepted) == pytest.approx(f1)


@given(TEXTS | st.none(), st.lists(TEXTS, max_size=3))
def test_exact_match_is_at_most_f1_and_both_are_shares(answer, accepted):
    em, f1 = metrics.exact_match(answer, accepted), metrics.token_f1(answer, accepted)
    assert 0 <= em <= f1 <= 1


@given(TEXTS, TEXTS)
def test_f1_is_symmetric(one, other):
    assert metrics.token_f1(one, [other]) == metrics.token_f1(other, [one])


@given(TEXTS)
def test_a_text_with_words_matches_and_states_itself(text):
    has_words = bool(metrics.tokens(text))
    assert metrics.exact_match(text, [text]) == has_words
    assert metrics.states(text, [text]) == has_words


def test_a_quote_states_an_answer_only_with_its_words_together():
    quote = "وكانت روسيا قد سيطرت على باخموت في أيّار ٢٠٢٣."
    assert metrics.states(quote, ["مايو 2023", "أيار 2023"])
    assert not metrics.states(quote, ["باخموت 2023"])
    assert not metrics.states(quote, ["202"])


def test_the_rank_is_that_of_the_first_passage_with_a_whole_gold_span():
    ranking = [place("a", 0, 12), place("b", 0, 99), place("a", 10, 30), place("a", 12, 20)]
    assert metrics.rank_of_gold(ranking, [place("a", 10, 15)]) == 3
    assert metrics.rank_of_gold(ranking, [place("a", 28, 31)]) is None
    assert metrics.rank_of_gold(ranking, []) is None


@pytest.mark.parametrize(
    ("rank", "k", "hit", "reciprocal"),
    [(1, 1, 1, 1), (4, 3, 0, 0.25), (4, 4, 1, 0.25), (None, 8, 0, 0)],
)
def test_hits_and_reciprocal_ranks(rank, k, hit, reciprocal):
    assert metrics.hit_at_k(rank, k) == hit
    assert metrics.reciprocal_rank(rank) == reciprocal


@given(st.integers(1, 60) | st.none(), st.integers(1, 50))
def test_a_hit_at_k_is_a_hit_at_every_larger_k(rank, k):
    assert metrics.hit_at_k(rank, k) <= metrics.hit_at_k(rank, k + 1)
    assert 0 <= metrics.reciprocal_rank(rank) <= 1


def test_citations_are_judged_by_gold_spans_of_their_document():
    gold = [place("a", 10, 15), place("b", 0, 4)]
    shown = [place("a", 5, 20), place("a", 11, 20), place("b", 0, 4), place("c", 0, 99)]
    correct = metrics.citations_correct(shown, gold)
    assert correct == 2
    assert metrics.citation_precision(correct, len(shown)) == 0.5
    assert metrics.citation_precision(0, 0) is None
    assert (metrics.citation_recall(correct), metrics.citation_recall(0)) == (1, 0)


def test_abstaining_is_the_positive_class():
    abstained = [True, True, True, False, False]
    unanswerable = [True, True, False, True, False]
    assert metrics.abstention_precision(abstained, unanswerable) == pytest.approx(2 / 3)
    assert metrics.abstention_recall(abstained, unanswerable) == pytest.approx(2 / 3)
    assert metrics.abstention_precision([False], [True]) is None
    assert metrics.abstention_recall([True], [False]) is None


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_abstention_figures_are_shares_or_none(pairs):
    abstained, unanswerable = [one for one, _ in pairs], [other for _, other in pairs]
    for value in (
        metrics.abstention_precision(abstained, unanswerable),
        metrics.abstention_recall(abstained, unanswerable),
    ):
        assert value is None or 0 <= value <= 1


def test_means_and_percentiles_of_nothing_are_none():
    assert metrics.mean([]) is None
    assert metrics.percentile([], 0.5) is None
    assert metrics.mean([0.1] * 10) == 0.1


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.75, 3), (0.95, 4), (1, 4), (0, 1)])
def test_percentiles_are_values_that_occurred(share, expected):
    assert metrics.percentile([4, 1, 3, 2], share) == expected


# Rankings against trec_eval itself.


GRADES = st.dictionaries(st.integers(0, 9), st.integers(0, 3), min_size=1)


@settings(deadline=None)  # the first import of pytrec_eval brings scipy
@given(GRADES, st.lists(st.integers(0, 14), unique=True, min_size=1, max_size=12))
def test_ranking_figures_are_those_of_trec_eval(grades, ranked):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    qrel = {"q": {f"d{number}": grade for number, grade in grades.items()}}
    # trec_eval sorts by score, so the first gets the highest.
    scored = {f"d{number}": float(len(ranked) - place) for place, number in enumerate(ranked)}
    measures = {"ndcg_cut.10", "recall.5", "recip_rank", "success.1,5"}
    theirs = pytrec_eval.RelevanceEvaluator(qrel, measures).evaluate({"q": scored})["q"]
    gold = [(whole(number), grade) for number, grade in grades.items() if grade]
    ranking = [place(f"d{number}", 0, 9) for number in ranked]
    found, ideal = metrics.gains(ranking, gold), metrics.ideal_gains(gold)
    rank = metrics.rank_of_gold(ranking, [one for one, _ in gold])
    assert (metrics.ndcg_at_k(found, ideal, 10) or 0) == pytest.approx(theirs["ndcg_cut_10"])
    assert (metrics.recall_at_k(found, ideal, 5) or 0) == pytest.approx(theirs["recall_5"])
    assert metrics.reciprocal_rank(rank) == pytest.approx(theirs["recip_rank"])
    assert metrics.hit_at_k(rank, 1) == theirs["success_1"]
    assert metrics.hit_at_k(rank, 5) == theirs["success_5"]


def whole(number):
    return Place(document_id=f"d{number}", span=None)


def test_a_document_is_found_once_however_many_passages_of_it_are():
    gold = [(place("a", 3, 5), 1), (place("a", 30, 35), 1), (place("b", 0, 2), 2)]
    ranking = [place("a", 0, 10), place("a", 25, 40), place("c", 0, 9), place("b", 0, 9)]
    assert metrics.gains(ranking, gold) == [1, 0, 0, 2]
    assert metrics.ideal_gains(gold) == [2, 1]
    assert metrics.recall_at_k([1, 0, 0, 2], [2, 1], 3) == 0.5
    assert metrics.recall_at_k([], [], 3) is None
    assert metrics.ndcg_at_k([], [], 3) is None


# Words against the published rules, written another way.


@given(TEXTS)
def test_squad_words_are_those_of_its_rule(text):
    lowered = text.lower().translate(str.maketrans("", "", string.punctuation))
    expected = " ".join(re.sub(r"\b(a|an|the)\b", " ", lowered).split()).split(" ")
    assert metrics.squad_tokens(text) == [word for word in expected if word]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # Worked out with the official script of MLQA.
        ("The cat, an apple!", "en", ["cat", "apple"]),
        ("القوات الروسية،", "ar", ["قوات", "روسية"]),
        ("طالب الجامعة", "ar", ["ط", "ب", "جامعة"]),
        ("the الحرب", "ar", ["the", "حرب"]),
        ("«١٢٠٠»", "ar", ["١٢٠٠"]),
        ("a$b", "en", ["ab"]),
        ("50€", "en", ["50€"]),
    ],
)
def test_mlqa_words_are_those_of_its_script(text, language, expected):
    assert metrics.mlqa_tokens(text, language) == expected


def test_each_accepted_answer_is_cut_by_the_rule_of_its_language():
    assert metrics.mlqa_exact_match("القوات", ["قوات"]) == 1
    assert metrics.mlqa_exact_match("the forces", ["قوات", "forces"]) == 1
    assert metrics.mlqa_f1("القوات الروسية", ["قوات"]) == pytest.approx(2 / 3)
    assert metrics.mlqa_f1(None, ["x"]) == metrics.mlqa_exact_match(None, []) == 0


def test_a_whole_document_holds_and_is_held():
    assert whole(1).contains(place("d1", 3, 5))
    assert place("d1", 3, 5).contains(whole(1))
    assert not whole(1).contains(whole(2))
    assert place("d1", 0, 4).overlaps(place("d1", 3, 5))
    assert not place("d1", 0, 3).overlaps(place("d1", 3, 5))
    assert not whole(1).overlaps(whole(2))
