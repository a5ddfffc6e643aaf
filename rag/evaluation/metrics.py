"""What is measured, as pure functions of one question's outcome; 1 is best, every value in [0, 1].

The answer metrics are those of SQuAD (Rajpurkar, Zhang, Lopyrev, Liang: SQuAD: 100,000+ Questions
for Machine Comprehension of Text, EMNLP 2016) with the notes in :func:`tokens`. The ranking metrics
are the reciprocal rank of TREC-8 (Voorhees, 1999) and hits among the first k. Citations are judged
by gold spans instead of the entailment model of ALCE (Gao, Yen, Yu, Chen: Enabling Large Language
Models to Generate Text with Citations, EMNLP 2023), which gives its two measures their names.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.folding import fold
from rag.types import Span

_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span of a named document."""

    document_id: str
    span: Span

    def contains(self, other: Place) -> bool:
        """Whether ``other`` lies wholly inside this place."""
        return self.document_id == other.document_id and self.span.contains(other.span)


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


def exact_match(answer: str | None, accepted: Iterable[str]) -> float:
    """1 if the tokens equal those of an accepted answer (Rajpurkar et al. 2016), 0 if unanswered."""
    given = tokens(answer or "")
    return float(bool(given) and any(given == tokens(other) for other in accepted))


def token_f1(answer: str | None, accepted: Iterable[str]) -> float:
    """The harmonic mean of token precision and recall, best over the accepted answers.

    Tokens are counted as a bag (Rajpurkar et al. 2016); 0 if unanswered.
    """
    given = tokens(answer or "")
    return max((_overlap(given, tokens(other)) for other in accepted), default=0.0)


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


def citations_correct(citations: Sequence[Place], gold: Sequence[Place]) -> int:
    """How many citations contain a whole gold span."""
    return sum(any(citation.contains(place) for place in gold) for citation in citations)


def citation_precision(correct: int, shown: int) -> float | None:
    """The share of the citations shown that contain a gold span; None where none was shown.

    A citation shown for an unanswerable question counts as wrong.
    """
    return ratio(correct, shown)


def citation_recall(correct: int) -> float:
    """1 if any citation contains a gold span.

    An extracted answer makes one claim, so one citation that bears it is complete.
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
