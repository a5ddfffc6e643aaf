"""What is measured, as pure functions of one question's outcome; 1 is best, every value in [0, 1].

The answer metrics are those of SQuAD (Rajpurkar, Zhang, Lopyrev, Liang: SQuAD: 100,000+ Questions
for Machine Comprehension of Text, EMNLP 2016) under three ways to cut an answer into words: our own
(:func:`tokens`), SQuAD's, which XQuAD uses for all languages (:func:`squad_tokens`), and MLQA's
(:func:`mlqa_tokens`). The ranking metrics are TREC's: success, recall and reciprocal rank
(Voorhees: The TREC-8 Question Answering Track Report, 1999) and nDCG (Järvelin, Kekäläinen:
Cumulated Gain-Based Evaluation of IR Techniques, TOIS 2002), with the gain and discount of
trec_eval. Citations are judged by gold spans instead of the entailment model of ALCE (Gao, Yen, Yu,
Chen: Enabling Large Language Models to Generate Text with Citations, EMNLP 2023), which defines
both measures.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rag.folding import fold
from rag.languages import language_of
from rag.types import Language, Span

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span of a named document; without one the whole document."""

    document_id: str
    span: Span | None

    def contains(self, other: Place) -> bool:
        """Whether ``other`` lies wholly inside this place.

        A whole document that is to be found is found in any part of it: that is how the judgements
        of retrieval collections are meant.
        """
        if self.document_id != other.document_id:
            return False
        return self.span is None or other.span is None or self.span.contains(other.span)

    def overlaps(self, other: Place) -> bool:
        """Whether both hold a common character."""
        if self.document_id != other.document_id:
            return False
        if self.span is None or other.span is None:
            return True
        return self.span.start < other.span.end and other.span.start < self.span.end


def tokens(text: str) -> list[str]:
    """The words two answers are compared by: folded, without punctuation and English articles.

    As in SQuAD's script: lower case, punctuation deleted rather than replaced by a space, a/an/the
    dropped, split at white space. As in MLQA's (Lewis et al., ACL 2020): all of Unicode's
    punctuation. Unlike both: hamza, alef, ya and ta marbuta spellings, vowel marks and digits are
    folded, a point between two digits stays (3.5 is not 35), and an answer of nothing but articles
    keeps them. Unlike MLQA: Arabic proclitics stay, ال included, so «أسرى» and «الأسرى» differ.
    """
    folded = fold(text)
    kept = (
        character
        for place, character in enumerate(folded)
        if unicodedata.category(character)[0] not in "PSC"
        or character.isspace()
        or (character == "." and _between_digits(folded, place))
    )
    words = "".join(kept).split()
    return [word for word in words if word not in _ARTICLES] or words


def _between_digits(text: str, place: int) -> bool:
    return text[max(place - 1, 0) : place].isdecimal() and text[place + 1 : place + 2].isdecimal()


def squad_tokens(text: str) -> list[str]:
    """The words of SQuAD's official script: lower case, no ASCII punctuation, no English articles."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return _ARTICLE.sub(" ", kept).split()


def mlqa_tokens(text: str, language: Language) -> list[str]:
    """The words of MLQA's official script (Lewis et al., ACL 2020).

    Lower case, no punctuation of ASCII or Unicode; English articles go, and in Arabic every ال,
    also inside a word: its expression for the article is not anchored to one.
    """
    kept = "".join(
        character
        for character in text.lower()
        if character not in string.punctuation and unicodedata.category(character)[0] != "P"
    )
    return (kept.replace("ال", " ") if language == "ar" else _ARTICLE.sub(" ", kept)).split()


def mlqa_exact_match(answer: str | None, accepted: Iterable[str]) -> float:
    """Exact match with MLQA's words, each accepted answer in its own language."""
    return max((exact_match(answer, [one], _mlqa(one)) for one in accepted), default=0.0)


def mlqa_f1(answer: str | None, accepted: Iterable[str]) -> float:
    """F1 with MLQA's words, each accepted answer in its own language."""
    return max((token_f1(answer, [one], _mlqa(one)) for one in accepted), default=0.0)


def _mlqa(accepted: str) -> Callable[[str], list[str]]:
    language = language_of(accepted)
    return lambda text: mlqa_tokens(text, language)


def exact_match(
    answer: str | None, accepted: Iterable[str], words: Callable[[str], list[str]] = tokens
) -> float:
    """1 if the words equal those of an accepted answer (Rajpurkar et al. 2016), 0 if unanswered."""
    given = words(answer or "")
    return float(bool(given) and any(given == words(other) for other in accepted))


def token_f1(
    answer: str | None, accepted: Iterable[str], words: Callable[[str], list[str]] = tokens
) -> float:
    """The harmonic mean of precision and recall of words, best over the accepted answers.

    Words are counted as a bag (Rajpurkar et al. 2016); 0 if unanswered.
    """
    given = words(answer or "")
    return max((_overlap(given, words(other)) for other in accepted), default=0.0)


def _overlap(given: Sequence[str], expected: Sequence[str]) -> float:
    common = (Counter(given) & Counter(expected)).total()
    return 2 * common / (len(given) + len(expected)) if common else 0.0


def states(text: str, accepted: Iterable[str]) -> bool:
    """Whether the tokens of an accepted answer stand in ``text``, together and in order."""
    words = tokens(text)
    return any(_runs(words, tokens(other)) for other in accepted)


def _runs(words: Sequence[str], part: Sequence[str]) -> bool:
    return bool(part) and any(
        words[first : first + len(part)] == part for first in range(len(words) - len(part) + 1)
    )


def rank_of_gold(ranking: Sequence[Place], gold: Sequence[Place]) -> int | None:
    """The rank, from 1, of the first passage that contains a whole gold span; None without one."""
    for rank, passage in enumerate(ranking, start=1):
        if any(passage.contains(place) for place in gold):
            return rank
    return None


def hit_at_k(rank: int | None, k: int) -> float:
    """1 if a gold passage is among the first k (the success@k of TREC)."""
    return float(rank is not None and rank <= k)


def reciprocal_rank(rank: int | None) -> float:
    """1/rank of the first gold passage, 0 without one (Voorhees 1999); its mean is the MRR."""
    return 0.0 if rank is None else 1 / rank


def gains(ranking: Sequence[Place], gold: Sequence[tuple[Place, int]]) -> list[int]:
    """What each rank is worth: the grade of the gold document it reaches, 0 if reached before.

    ``gold`` are places with their grades. What is to be found are documents: a passage reaches one
    if it contains a gold span of it, and two passages of one article are not two finds.
    """
    reached: set[str] = set()
    found = []
    for passage in ranking:
        grade = max((grade for place, grade in gold if passage.contains(place)), default=0)
        found.append(0 if passage.document_id in reached else grade)
        if grade:
            reached.add(passage.document_id)
    return found


def ideal_gains(gold: Sequence[tuple[Place, int]]) -> list[int]:
    """The gains of the best ranking there can be: each gold document by its highest grade."""
    grades: dict[str, int] = {}
    for place, grade in gold:
        grades[place.document_id] = max(grade, grades.get(place.document_id, 0))
    return sorted(grades.values(), reverse=True)


def recall_at_k(found: Sequence[int], ideal: Sequence[int], k: int) -> float | None:
    """The share of the gold documents among the first k (TREC's recall); None without any."""
    return ratio(sum(gain > 0 for gain in found[:k]), len(ideal))


def ndcg_at_k(found: Sequence[int], ideal: Sequence[int], k: int) -> float | None:
    """Discounted gain over that of the best ranking: grade / log2(rank + 1), as trec_eval does."""
    best = _discounted(ideal[:k])
    return _discounted(found[:k]) / best if best else None


def _discounted(found: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(found, start=1))


def citations_correct(citations: Sequence[Place], gold: Sequence[Place]) -> int:
    """How many citations contain a whole gold span."""
    return sum(any(citation.contains(place) for place in gold) for citation in citations)


def citation_precision(correct: int, shown: int) -> float | None:
    """The share of the citations shown that contain a gold span; None where none was shown.

    A citation shown for an unanswerable question counts as wrong.
    """
    return ratio(correct, shown)


def citation_recall(correct: int) -> float:
    """1 if the citations together bear the claim (ALCE's recall): one contains a gold span.

    An extracted answer makes one claim and a gold span states it whole, so what all citations
    bear one of them bears alone; ALCE's precision, which also keeps a citation that is needed
    beside others, is then the share of those that bear it (:func:`citation_precision`).
    """
    return float(correct > 0)


def abstention_precision(abstained: Sequence[bool], unanswerable: Sequence[bool]) -> float | None:
    """The share of abstentions that were right to abstain; None without an abstention.

    Abstaining is the positive class; both sequences hold one value a question.
    """
    return ratio(_both(abstained, unanswerable), sum(abstained))


def abstention_recall(abstained: Sequence[bool], unanswerable: Sequence[bool]) -> float | None:
    """The share of unanswerable questions that were not answered; None where all are answerable."""
    return ratio(_both(abstained, unanswerable), sum(unanswerable))


def _both(first: Sequence[bool], second: Sequence[bool]) -> int:
    return sum(one and other for one, other in zip(first, second, strict=True))


def ratio(part: int, whole: int) -> float | None:
    """Part / whole; None for a share of nothing."""
    return part / whole if whole else None


def mean(values: Iterable[float]) -> float | None:
    """The mean; None, never NaN, of no values."""
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else None


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None
