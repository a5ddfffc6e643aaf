"""The clause an earlier question asks about, and the same asked with another question word."""

from __future__ import annotations

import regex

from rag.conversation.arabic import clause_without_asking
from rag.conversation.english import EN_ASKS, EN_BE, EN_CLAUSE, EN_INVERTED
from rag.conversation.topic import BORROWED, END, Topic
from rag.folding import fold
from rag.languages import language_of


def with_context(text: str, topic: Topic) -> str:
    """The question with what it leans on in brackets."""
    return f"{text} ({clause_of(topic.question)[:BORROWED]})"


def clause_of(question: str) -> str:
    """A question without the words that ask: what it is about."""
    text = END.sub("", question)
    if language_of(text) == "ar":
        return clause_without_asking(text)
    asks = EN_ASKS.match(text)
    rest = text[asks.end() :].strip() if asks else text
    return regex.sub(
        r"^(?:did|does|do|is|are|was|were|will|has|have|had)\s+", "", rest, flags=regex.IGNORECASE
    )


def asked_again(asks: str, topic: Topic, text: str = "") -> str:
    """The clause of the earlier question, asked with another question word.

    Where the clause has no subject of its own, ``text`` keeps its words.
    """
    question = END.sub("", topic.question)
    ask = asks[:1].upper() + asks[1:].lower()
    if language_of(question) == "ar":
        return f"{ask} ({clause_of(question)})"
    if inverted := EN_INVERTED.match(question):
        return f"{ask} {inverted.group('aux')} {inverted.group('rest')}"
    if clause := EN_CLAUSE.match(question):
        aux, rest, noun = clause.group("aux"), clause.group("rest"), clause.group("noun")
        # "How many people were killed", but "how many drones did Russia shoot down".
        subject = fold(aux) in EN_BE
        return f"{ask} {aux} {noun} {rest}" if subject else f"{ask} {aux} {rest} {noun}"
    return with_context(text, topic) if text else f"{ask} {clause_of(question)}"


def arabic_asked_again(ask: str, topic: Topic) -> str:
    """The same with an Arabic question word."""
    if language_of(topic.question) != "ar":
        return f"{ask} ({clause_of(topic.question)})"
    return f"{ask} {clause_without_asking(END.sub('', topic.question))}"
