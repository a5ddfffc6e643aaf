"""A fragment in the place of its like: "And in the south?", «وبيروت؟»."""

from __future__ import annotations

from collections.abc import Sequence

from rag.conversation.arabic import (
    AR_ASKS,
    AR_BEFORE_VERBS,
    AR_PREPOSITIONS,
    AR_STARTS_WITH_WAW,
    AR_VERBS,
    hanging_pronoun,
)
from rag.conversation.clauses import clause_of, with_context
from rag.conversation.english import EN_PREPOSITIONS, names_in
from rag.conversation.topic import END, LONGEST_FRAGMENT, Topic, Word, part, words_of
from rag.folding import fold
from rag.languages import language_of
from rag.terms import is_stop_word


def put_in_place(fragment: str, question: str) -> str:
    """The earlier question with the fragment in the place of its like, or added to it."""
    base = END.sub("", question)
    if language_of(base) == "ar":
        return f"{base}, {fragment}"
    found, given = words_of(base), words_of(fragment)
    if not given:
        return base
    first = given[0].folded
    if first in EN_PREPOSITIONS:
        place = _phrase(base, found, first, EN_PREPOSITIONS)
        added = fragment[:1].lower() + fragment[1:]
        return base[: place[0]] + fragment + base[place[1] :] if place else f"{base} {added}"
    if first[0].isdigit():
        numbers = [word for word in found if word.folded[0].isdigit()]
        if numbers:
            return base[: numbers[-1].start] + fragment + base[numbers[-1].end :]
    names = names_in(base)
    if names and (names_in(fragment, anywhere=True) or len(names) == 1):
        start, end = names[-1]
        return base[:start] + fragment + base[end:]
    return f"{base}, {fragment}"


def _phrase(
    base: str, found: Sequence[Word], preposition: str, prepositions: frozenset[str]
) -> tuple[int, int] | None:
    """The place of the last phrase that begins with the preposition, up to the next one."""
    at = [n for n, word in enumerate(found) if word.folded == preposition and n > 0]
    if not at:
        return None
    following = found[at[-1] + 1 :]
    stop = next((word.start for word in following if word.folded in prepositions), len(base))
    end = stop if stop == len(base) else stop - 1
    return found[at[-1]].start, end


def arabic_fragment(rest: str, found: Sequence[Word], topic: Topic) -> str | None:
    """«وفي الجنوب؟», «وبيروت؟», «في مايو؟»; a longer piece is a question of its own."""
    first = found[0].folded
    joined = first.startswith("و") and len(first) > 2 and not AR_STARTS_WITH_WAW.match(first)
    bare = rest[1:] if joined else rest
    if len(found) > LONGEST_FRAGMENT or not (joined or first in AR_PREPOSITIONS):
        return None
    if any(AR_ASKS.match(word.folded) for word in found[1:2]):
        return None  # «مع من …»
    if any(hanging_pronoun(word.folded, part(rest, word)) for word in found):
        return with_context(bare, topic)
    return arabic_in_place(bare, topic.question)


def arabic_in_place(fragment: str, question: str) -> str:
    """The earlier question with the fragment in the place of its like, or added to it."""
    base = END.sub("", question)
    if language_of(base) != "ar":
        return _english_in_place_of_arabic(fragment, base)
    found, given = words_of(base), words_of(fragment)
    if not given:
        return base
    first = given[0].folded
    if first in AR_PREPOSITIONS:
        asks = AR_ASKS.match(fold(base))
        skip = len(asks.group().split()) if asks else 0
        place = _phrase(base, found[skip:], first, AR_PREPOSITIONS) if skip < len(found) else None
        if place is None:
            return f"{base} {fragment}"
        return f"{base[: place[0]]}{fragment} {base[place[1] :].strip()}"
    if first[0].isdigit():
        numbers = [word for word in found if word.folded[0].isdigit()]
        if numbers:
            return base[: numbers[-1].start] + fragment + base[numbers[-1].end :]
    slot = _arabic_slot(base, first) or _arabic_object(base)
    if slot is None:
        return f"{base} {fragment}"
    return base[: slot[0]] + fragment + base[slot[1] :]


def _english_in_place_of_arabic(fragment: str, base: str) -> str:
    return f"{fragment} ({clause_of(base)})"


def _arabic_slot(base: str, first: str) -> tuple[int, int] | None:
    """The last noun of a question that is definite as the fragment is; with its adjective."""
    asks = AR_ASKS.match(fold(base))
    skip = len(asks.group().split()) if asks else 0
    verb_first = (
        bool(asks) and asks is not None and asks.group().lstrip("وف").split()[0] in AR_BEFORE_VERBS
    )
    found = words_of(base)[skip:]
    nouns = [
        word
        for n, word in enumerate(found)
        if not is_stop_word(word.folded)
        and word.folded not in AR_VERBS
        and not (n == 0 and verb_first)
    ]
    definite = first.startswith("ال")
    alike = [word for word in nouns if word.folded.startswith("ال") == definite]
    if not alike:
        return None
    last = alike[-1]
    start = last.start
    if definite and len(alike) > 1 and base[alike[-2].end : last.start].isspace():
        start = alike[-2].start  # «الحرب الروسية» gives way as a whole
    return start, last.end


def _arabic_object(base: str) -> tuple[int, int] | None:
    """The last word of a question where a preposition leads it: «… في تونس»."""
    found = words_of(base)
    if len(found) < 3 or found[-2].folded not in AR_PREPOSITIONS:
        return None
    return found[-1].start, found[-1].end
