"""What a pronoun stands for, by the last question and its answer; empty where the rules cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from rag.conversation.arabic import (
    AR_ASKS,
    AR_COPULAS,
    AR_RELATIVES,
    AR_TITLES,
    AR_VERBS,
    clause_without_asking,
    is_verb,
)
from rag.conversation.english import EN_COUNTED, EN_WHAT_IS, names_in
from rag.conversation.topic import END, Topic, Word, words_of
from rag.folding import fold
from rag.languages import language_of
from rag.question import answer_type_of
from rag.terms import is_stop_word


def english_antecedent(kind: str, topic: Topic) -> str:
    """What an English pronoun of this kind stands for."""
    question = END.sub("", topic.question)
    if language_of(question) == "ar":
        return arabic_antecedent(kind, topic)
    type = answer_type_of(question, "en")
    names = [question[start:end] for start, end in names_in(question)]
    is_what = EN_WHAT_IS.match(question)
    if kind == "person":
        if is_what and names:
            return names[0] if fold(is_what.group("noun")) == fold(names[0]) else topic.answer
        if type == "person" and topic.answer:
            return topic.answer
        return names[0] if names else ""
    if kind == "plural":
        if is_what:
            return is_what.group("noun")
        counted = EN_COUNTED.match(question)
        return f"the {counted.group('noun')}" if counted else ""
    which = words_of(question)[0].folded in {"which", "what"} and not is_what
    if topic.answer and type == "place" and (which or kind == "place"):
        return topic.answer
    if is_what:
        return is_what.group("noun")
    if which and names == []:
        return ""
    return names[-1] if names else ""


def arabic_antecedent(kind: str, topic: Topic) -> str:
    """What a pronoun of this kind stands for; empty where the rules cannot tell."""
    question = END.sub("", topic.question)
    if language_of(question) != "ar":
        return english_antecedent(kind, topic)
    folded = fold(question)
    asks = AR_ASKS.match(folded)
    clause = clause_without_asking(question)
    found = words_of(clause)
    if not found:
        return topic.answer
    ask = asks.group().lstrip("وف").split()[0] if asks else ""
    about_noun = ask in {"ما", "من", "مين", "كم"}
    copula = any(word in AR_COPULAS for word in folded.split()[1:2])
    titled = any(word.folded in AR_TITLES for word in found[:2])
    does = ask in {"من", "مين"} and not copula and len(found) > 1 and not titled
    starts_with_verb = found[0].folded in AR_VERBS or does
    if ask in {"من", "مين"} and kind != "plural":
        named = topic.answer if starts_with_verb or titled or len(found) > 3 else ""
        return named or ("" if starts_with_verb else clause)
    if kind == "person":
        return _subject(clause, found, verb_first=not about_noun)
    if kind == "plural":
        return clause if about_noun and not starts_with_verb else ""
    which = ask in {"اي", "في", "مع"} or (len(found) > 1 and found[1].folded in AR_RELATIVES)
    type = answer_type_of(question, "ar")
    if topic.answer and (which or (kind == "place" and type == "place")):
        return topic.answer
    if about_noun and not starts_with_verb and len(found) <= 3:
        return clause
    return _last_noun(clause, found)


def _last_noun(clause: str, found: Sequence[Word]) -> str:
    """The last noun of a clause with what belongs to it: «قناة السويس»."""
    last = len(found) - 1
    while last > 0 and is_stop_word(found[last].folded):
        last -= 1
    first = last
    while first > 1 and found[first].folded.startswith("ال"):
        before = found[first - 1]
        if is_stop_word(before.folded) or is_verb(before.folded):
            break
        first -= 1
    return clause[found[first].start : found[last].end] if last > 0 else ""


def _subject(clause: str, found: Sequence[Word], *, verb_first: bool) -> str:
    """Who does what a clause tells: the words behind its verb, up to the next preposition."""
    start = 1 if verb_first or found[0].folded in AR_VERBS else 0
    run: list[Word] = []
    for word in found[start:]:
        if is_stop_word(word.folded):
            break
        if run and not word.folded.startswith("ال") and not run[-1].folded.startswith("ال"):
            break
        run.append(word)
    return clause[run[0].start : run[-1].end] if run else ""
