"""Pronouns, hanging pronouns and dropped subjects, and the question with what they stand for."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from rag.conversation.antecedents import arabic_antecedent, english_antecedent
from rag.conversation.arabic import (
    AR_BEFORE_VERBS,
    AR_DEMONSTRATIVES,
    AR_DOES,
    AR_PREPOSITIONS,
    AR_TIMES,
    AR_VERBS,
    AR_WITH_SUFFIX,
    hanging_pronoun,
    is_verb,
)
from rag.conversation.clauses import with_context
from rag.conversation.english import (
    EN_BEHIND_EMPTY_IT,
    EN_DEMONSTRATIVES,
    EN_EMPTY_IT,
    EN_PERSONS,
    EN_PLURALS,
    EN_POSSESSIVES,
    EN_PREPOSITIONS,
    EN_THINGS,
    EN_TIMES,
)
from rag.conversation.topic import SHORT_CLAUSE, Topic, Word, content_words, part, words_of
from rag.folding import fold
from rag.terms import is_stop_word


def english_pronouns(text: str, topic: Topic) -> str | None:
    """The question with what its pronouns stand for; None where it has none that lean on the topic."""
    found = words_of(text)
    ahead = "," in text and found and found[0].folded in EN_PREPOSITIONS
    for n, word in enumerate(found):
        if n == 1 and ahead:
            continue  # "in his post, what did …": the name follows
        before, after = found[:n], found[n + 1 :]
        kind = _english_kind(word.folded, before, after)
        if kind is None:
            continue
        if kind == "clause":
            return with_context(text, topic)
        stands_for = english_antecedent(kind, topic)
        if not stands_for:
            return with_context(text, topic)
        return _replaced(text, found[n:], kind, stands_for)
    return None


def _english_kind(word: str, before: Sequence[Word], after: Sequence[Word]) -> str | None:
    """What a word stands for here: person, plural, thing, place, clause; None where for nothing."""
    # A noun before it in the same question is what it stands for, though not the verb in "who said".
    led = [each for each in content_words(before) if each.folded not in {"said", "say", "know"}]
    if len(before) > 1 and before[0].folded == "how" and led[:1] == [before[1]]:
        led = led[1:]  # "how long is it"
    following = after[0].folded if after else ""
    if word == "there":
        existential = bool(before) and before[-1].folded in {"is", "are", "was", "were", "will"}
        return "place" if not after and not existential and len(before) > 1 else None
    if before and before[0].folded in {"who", "what"} and led[:1] == list(before[1:2]):
        led = led[1:]  # "who holds them": a verb
    if led and not (word in EN_DEMONSTRATIVES and not after):
        return None
    if word in EN_PERSONS or word == "her":
        return "person"
    if word in EN_PLURALS:
        return "plural"
    if word in EN_THINGS:
        behind = after[1].folded if len(after) > 1 else ""
        empty = following in EN_EMPTY_IT or behind in EN_BEHIND_EMPTY_IT
        asked_time = any(each.folded == "time" for each in before)
        return None if word == "it" and (empty or asked_time or not before) else "thing"
    if word in EN_DEMONSTRATIVES and before:
        return None if following in EN_TIMES else "clause"
    return None


def _replaced(text: str, found: Sequence[Word], kind: str, stands_for: str) -> str:
    """The text with its pronouns of one kind replaced, from the last to the first."""
    group = {
        "person": EN_PERSONS | {"her"},
        "plural": EN_PLURALS,
        "thing": EN_THINGS,
        "place": frozenset({"there"}),
    }[kind]
    for n, word in reversed(list(enumerate(found))):
        if word.folded not in group:
            continue
        owned = word.folded in EN_POSSESSIVES and n + 1 < len(found)
        if word.folded == "her" and owned:
            owned = not is_stop_word(found[n + 1].folded)
        ending = "'" if stands_for.endswith("s") else "'s"
        put = f"{stands_for}{ending}" if owned else stands_for
        put = f"in {put}" if kind == "place" else put
        text = text[: word.start] + put + text[word.end :]
    return text


def arabic_who_is(ask: str, topic: Topic) -> str:
    """«من هو؟», «أين هي؟»: who or what was spoken of last."""
    stands_for = arabic_antecedent("person" if fold(ask) in ("من", "مين") else "thing", topic)
    return f"{ask} {stands_for}" if stands_for else with_context(ask, topic)


def arabic_pronouns(ask: str, after: str, following: Sequence[Word], topic: Topic) -> str | None:
    """The same in Arabic, of the words behind a question word."""
    verb_first = fold(ask).split()[0] in AR_BEFORE_VERBS
    for n, word in enumerate(following):
        led = [
            w for m, w in enumerate(following[:n]) if _names_something(w, m, verb_first=verb_first)
        ]
        if led:
            break
        if word.folded in AR_DEMONSTRATIVES:
            nexts = following[n + 1].folded if n + 1 < len(following) else ""
            return None if nexts in AR_TIMES else with_context(f"{ask} {after}", topic)
        if word.folded == "هناك" and n == len(following) - 1 and n > 0:
            place = arabic_antecedent("place", topic)
            put = f"في {place}" if place else ""
            replaced = f"{ask} {after[: word.start]}{put}{after[word.end :]}"
            return replaced if put else with_context(f"{ask} {after}", topic)
        if suffix := hanging_pronoun(word.folded, part(after, word)):
            return _arabic_unhung(ask, after, word, suffix, topic)
    if fold(ask) in ("من", "مين") and len(following) == 1 and regex.fullmatch(r"\w{3,}ه", after):
        return with_context(f"{ask} {after}", topic)  # «من أقره؟»
    if _subject_is_dropped(following, verb_first=verb_first):
        verb = following[0].folded
        feminine = verb.startswith(("ت", "ست")) or verb.endswith("ت")
        first, second = ("thing", "person") if feminine else ("person", "thing")
        stands_for = arabic_antecedent(first, topic) or arabic_antecedent(second, topic)
        if not stands_for:
            return with_context(f"{ask} {after}", topic)
        end = following[0].end
        return f"{ask} {after[:end]} {stands_for}{after[end:]}"
    return None


def _names_something(word: Word, position: int, *, verb_first: bool) -> bool:
    if is_stop_word(word.folded) or is_verb(word.folded):
        return False
    return not (position == 0 and verb_first and not word.folded.startswith("ال"))


def _subject_is_dropped(following: Sequence[Word], *, verb_first: bool) -> bool:
    """«ماذا قال؟», «متى انتخب؟», «أين أجرى محادثات؟»: a verb and nobody who does it."""
    if verb_first and following[0].folded in AR_DOES and len(following) > 1:
        done = following[1].folded  # an object: indefinite, by its ending
        return not done.startswith("ال") and done.endswith(("ات", "ا"))
    if not verb_first or not is_verb(following[0].folded):
        return False
    if len(following) == 1:
        return True
    if following[0].folded not in AR_VERBS and len(following) > SHORT_CLAUSE:
        return False  # «كيف ينظر إلى …»: perhaps a passive, which has no subject
    return following[1].folded in AR_PREPOSITIONS | {"ان", "بان", "ايضا", "بعد", "بعدها", "الان"}


def _arabic_unhung(ask: str, after: str, word: Word, suffix: str, topic: Topic) -> str:
    """The question with a hanging pronoun replaced: «كم كان عددهم» → «كم كان عدد الأسرى»."""
    kind = {"هم": "plural", "هن": "plural", "هما": "plural", "ه": "person", "ها": "thing"}[suffix]
    stands_for = arabic_antecedent(kind, topic)
    whole = f"{ask} {after}"
    if not stands_for:
        return with_context(whole, topic)
    stem = word.folded.removesuffix(suffix)
    if stem in AR_WITH_SUFFIX:
        put = f"{AR_WITH_SUFFIX[stem]}{stands_for}"
    else:
        kept = part(after, word)[: -len(suffix)]
        kept = f"{kept[:-1]}ة" if kept.endswith("ت") and len(kept) >= 4 else kept
        put = f"{kept} {stands_for}"
    return f"{ask} {after[: word.start]}{put}{after[word.end :]}"
