"""Definite nouns named only in the conversation: "who founded the company?", «من مدير المستشفى؟».

Where all that was asked before names exactly one such thing, it takes the noun's place. Two hospitals,
none, or a noun that is told apart in the question itself leave the question as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from rag.conversation.arabic import (
    AR_ASKS,
    AR_NAMED_BY_WHAT_THEY_DO,
    AR_ORGANISATIONS,
    AR_PREPOSITIONS,
    AR_RELATIVES,
    clause_without_asking,
    is_verb,
)
from rag.conversation.english import (
    EN_AUXILIARIES,
    EN_NAME,
    EN_ORGANISATIONS,
    EN_PREPOSITIONS,
    EN_SAID_BY_PEOPLE,
    names_in,
)
from rag.conversation.topic import END, Topic, Word, content_words, part, words_of
from rag.folding import fold
from rag.languages import language_of
from rag.terms import is_stop_word

_EN_DEFINITE = regex.compile(r"\b[Tt]he\s+(?P<noun>\p{Ll}{3,})\b")
_EN_TOLD_APART = EN_PREPOSITIONS | frozenset("of that which who whose where called named".split())
_LONGEST_PHRASE = 3  # words of an Arabic name behind its noun


def english_definite(text: str, said: Sequence[Topic]) -> str | None:
    """The question with the one thing that its definite noun can mean; None where that is not one."""
    definite = list(_EN_DEFINITE.finditer(text))
    if len(definite) != 1 or names_in(text):
        return None
    found = definite[0]
    before, after = words_of(text[: found.start()]), words_of(text[found.end() :])
    asked_of = bool(before) and before[-1].folded in EN_AUXILIARIES  # "what does the company make"
    if after and (
        after[0].folded in _EN_TOLD_APART
        or not (asked_of or after[0].folded in EN_AUXILIARIES or text[found.end()] in "'’")
    ):
        return None
    noun = found.group("noun")
    meant = _only(_english_candidates(noun, said)) or _english_name(noun, said)
    return text[: found.start()] + meant + text[found.end() :] if meant else None


def _english_candidates(noun: str, said: Sequence[Topic]) -> Iterator[str]:
    name, the = EN_NAME.pattern, r"(?:\b[Tt]he\s+)?"
    shapes = (
        rf"{the}\b(?:{name})\s+{noun}\b",  # the Kerch bridge
        rf"{the}\b{noun}\s+(?:(?:called|named)\s+)?(?:{name})",  # the company Arvex
        rf"\b[Tt]he\s+{noun}\s+of\s+(?:the\s+)?(?:{name})",  # the mayor of Nalo
    )
    which = regex.compile(rf"^(?:\p{{L}}+\s+)?(?:which|what)\s+{noun}\b", regex.IGNORECASE)
    for topic in said:
        question = END.sub("", topic.question)
        if language_of(question) != "en":
            continue
        if which.match(question):
            yield topic.answer
        for start, end in names_in(question):
            if fold(noun) in fold(question[start:end]).split():  # Nalo Hospital
                article = regex.search(r"\b[Tt]he\s+$", question[:start])
                yield question[article.start() if article else start : end]
        for shape in shapes:
            for found in regex.finditer(shape, question):
                if found.start() or found.group().startswith("The "):  # "Which company" is no name
                    yield found.group()


def _english_name(noun: str, said: Sequence[Topic]) -> str:
    """So "the company Arvex", where Arvex is all that was ever named, and not as a person or a place."""
    if noun not in EN_ORGANISATIONS:
        return ""
    names: dict[str, str] = {}
    for topic in said:
        question = END.sub("", topic.question)
        folded = {word.folded for word in words_of(question)}
        if language_of(question) != "en" or folded & EN_SAID_BY_PEOPLE:
            return ""
        for start, end in names_in(question):
            led_by = words_of(question[:start])[-1:]
            if led_by and led_by[0].folded in EN_PREPOSITIONS:
                return ""
            names[fold(question[start:end])] = question[start:end]
        for start, end in names_in(topic.answer, anywhere=True):
            names[fold(topic.answer[start:end])] = topic.answer[start:end]
    return f"the {noun} {next(iter(names.values()))}" if len(names) == 1 else ""


def arabic_definite(
    ask: str, after: str, following: Sequence[Word], said: Sequence[Topic]
) -> str | None:
    """The same in Arabic, of the words behind a question word: the noun is its last word."""
    last = following[-1]
    noun = last.folded.removeprefix("ال")
    told_apart = len(following) > 1 and following[-2].folded.startswith("ال")
    if noun == last.folded or len(noun) < 2 or told_apart or len(content_words(following)) > 3:
        return None
    meant = _only(_arabic_candidates(noun, said)) or _arabic_name(noun, part(after, last), said)
    return f"{ask} {after[: last.start]}{meant}{after[last.end :]}" if meant else None


def _arabic_candidates(noun: str, said: Sequence[Topic]) -> Iterator[str]:
    for topic in said:
        question = END.sub("", topic.question)
        found = words_of(question)
        for n, word in enumerate(found):
            if word.folded.removeprefix("ال") != noun:
                continue
            before = found[n - 1].folded if n else ""
            behind = found[n + 1 :]
            definite = word.folded != noun
            if before == "اي" or (definite and behind and behind[0].folded in AR_RELATIVES):
                yield topic.answer
            elif phrase := _named(behind, definite=definite):
                yield question[word.start : phrase[-1].end]


def _named(behind: Sequence[Word], *, definite: bool) -> list[Word]:
    """The words that tell a noun apart: «شركة أرفكس», «البنك العربي»."""
    phrase: list[Word] = []
    for word in behind[:_LONGEST_PHRASE]:
        if is_stop_word(word.folded) or word.folded in AR_PREPOSITIONS or is_verb(word.folded):
            break
        if definite and not word.folded.startswith("ال"):
            break
        phrase.append(word)
    return phrase


def _arabic_name(noun: str, written: str, said: Sequence[Topic]) -> str:
    """«شركة أرفكس» where the one question before was on أرفكس alone: «ماذا تنتج أرفكس؟»."""
    if noun not in AR_ORGANISATIONS or len(said) != 1:
        return ""
    question = END.sub("", said[0].question)
    asks = AR_ASKS.match(fold(question))
    if asks is None or language_of(question) != "ar":
        return ""
    clause = clause_without_asking(question)
    found = words_of(clause)
    if len(found) != 2 or found[0].folded not in AR_NAMED_BY_WHAT_THEY_DO:
        return ""
    return f"{written.removeprefix('ال')} {part(clause, found[1])}"


def _only(candidates: Iterator[str]) -> str:
    """The one candidate there is; empty where there is none, several, or one that is not known."""
    found = {fold(candidate): candidate for candidate in candidates}
    return next(iter(found.values())) if len(found) == 1 else ""
