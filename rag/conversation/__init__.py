"""A follow-up made to stand alone: what retrieval is asked when a question leans on earlier ones.

"And in the south?", «ومتى حدث ذلك؟» and "Who is he?" name nothing a document could be found by. Here
they borrow it from the conversation, by rules alone: a phrase takes the place of its like, a question
word is put to the clause it asks about, a pronoun gives way to what it stands for, "the company" to
the only one that was named. Where the rules cannot tell, the earlier clause is added in brackets, so
that nothing is lost and nothing is guessed.
A question that names what it asks about is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.conversation.arabic import (
    AR_ASKS,
    AR_COPULAS,
    AR_HAPPENED,
    AR_MORE,
    arabic_opener,
    split_at,
)
from rag.conversation.clauses import arabic_asked_again, asked_again, with_context
from rag.conversation.definites import arabic_definite, english_definite
from rag.conversation.english import (
    EN_ASKED,
    EN_ASKS,
    EN_BARE,
    EN_HAPPENED,
    EN_MORE,
    EN_OPENERS,
    EN_PERSONS,
    EN_PLURALS,
    EN_PREPOSITIONS,
    no_noun,
)
from rag.conversation.fragments import arabic_fragment, arabic_in_place, put_in_place
from rag.conversation.pronouns import arabic_pronouns, arabic_who_is, english_pronouns
from rag.conversation.topic import (
    BORROWED,
    END,
    LONGEST_FRAGMENT,
    MOST_TURNS,
    NOT_TEXT,
    Role,
    Topic,
    Turn,
    asks_something,
    closed,
    content_words,
    short_answer,
    words_of,
)
from rag.folding import fold
from rag.languages import language_of
from rag.question import LONGEST_QUESTION

__all__ = ["MOST_TURNS", "Role", "Turn", "resolve"]


def resolve(question: str, history: Sequence[Turn]) -> str | None:
    """The question standing alone, or None where it does so already.

    ``history`` are the earlier messages, oldest first, without the question; the last MOST_TURNS are
    looked at. Never longer than a question may be.
    """
    said: list[Topic] = []
    for turn in history[-MOST_TURNS:]:
        if turn.role == "user":
            asked = NOT_TEXT.sub(" ", turn.text[: 2 * BORROWED]).strip()[:BORROWED]
            if asks_something(asked):
                alone = _standing_alone(asked, said)
                if content_words(words_of(alone)):
                    said.append(Topic(alone))
        elif said and not said[-1].answer:
            said[-1] = Topic(said[-1].question, short_answer(turn.text))
    if not said:
        return None
    found = _standing_alone(question.strip(), said)
    changed = found != question.strip() and len(found) <= LONGEST_QUESTION
    return found if changed else None


def _standing_alone(text: str, said: Sequence[Topic]) -> str:
    if not said or not text:
        return text
    ruled = _arabic if language_of(text) == "ar" else _english
    found = ruled(END.sub("", text), said)
    if found is None:
        return text
    return closed(" ".join(found.split()), language_of(text))


def _english(text: str, said: Sequence[Topic]) -> str | None:
    topic = said[-1]
    if EN_MORE.match(text):
        return topic.question
    opener = EN_OPENERS.match(text)
    opened = opener is not None and opener.end() > 0
    rest = text[opener.end() :].strip() if opener else text
    found = words_of(rest)
    if not found:
        return None
    asks = EN_ASKS.match(rest)
    about = opener is not None and opener.group("about") is not None
    if asks and not about:
        after = rest[asks.end() :].strip()
        if not content_words(words_of(after)) and no_noun(after):
            return asked_again(asks.group(), topic)
        if EN_HAPPENED.match(after):
            return asked_again(asks.group(), topic, rest)
        if EN_BARE.match(rest):
            return with_context(rest, topic)
    elif (
        len(found) <= LONGEST_FRAGMENT
        and (opened or found[0].folded in EN_PREPOSITIONS)
        and all(word.folded not in EN_ASKED for word in found[1:2])
        and all(word.folded not in EN_PERSONS | EN_PLURALS for word in found)
    ):
        return put_in_place(rest, topic.question)
    asked = rest if opened else text
    return english_pronouns(asked, topic) or english_definite(asked, said)


def _arabic(text: str, said: Sequence[Topic]) -> str | None:
    topic = said[-1]
    if fold(text).removeprefix("و") in AR_MORE:
        return topic.question
    about, rest = arabic_opener(text)
    found = words_of(rest)
    if not found:
        return None
    if about:
        return arabic_in_place(rest, topic.question)
    asks = AR_ASKS.match(fold(rest))
    if asks is None:
        return arabic_fragment(rest, found, topic)
    ask, after = split_at(rest, asks.group())
    if ask[:1] in "وف" and fold(ask)[1:] and AR_ASKS.match(fold(ask)[1:]):
        ask = ask[1:]
    following = words_of(after)
    if (
        not content_words(following)
        and all(w.folded in AR_COPULAS for w in following)
        and following
    ):
        return arabic_who_is(ask, topic)
    if not following and fold(ask) == "ما":
        return None
    if not following or AR_HAPPENED.match(fold(after)):
        return arabic_asked_again(ask, topic)
    return arabic_pronouns(ask, after, following, topic) or arabic_definite(
        ask, after, following, said
    )
