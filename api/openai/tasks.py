"""Helper prompts of chat frontends: titles, tags, suggestions. Answered without looking anything up.

Frontends send them to the same model as the chat itself: they are long instructions in English around
a conversation. Each kind is known by several signals together, so that a person's own question about
titles or tags is not taken for one. Replies are made from the questions of the conversation, in the
shape that the prompt asks for; nothing in them is invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from rag.conversation import Turn, resolve
from rag.languages import language_of, rules_for
from rag.question import answer_type_of
from rag.terms import is_stop_word, words
from rag.types import AnswerType, Language

_SHORTEST_PROMPT = 60  # characters; nobody instructs a model in fewer
_LONGEST_END = 20_000  # characters
_TITLE_WORDS = 6
_TITLE_CHARACTERS = 48
_TAGS = 3
_FOLLOW_UPS = 3


@dataclass(frozen=True, slots=True)
class _Kind:
    """A prompt is of this kind where every one of the patterns is found in it."""

    name: str
    signals: tuple[str, ...]
    reply: Callable[[str, Sequence[Turn]], str]


@dataclass(frozen=True, slots=True)
class Task:
    """A helper prompt that was recognised, and the reply to it."""

    name: str
    reply: str


def recognise(messages: Sequence[tuple[str, str]]) -> Task | None:
    """The helper task in these (role, text) messages, None where a person asks."""
    last = next((text for role, text in reversed(messages) if role == "user"), "")
    systems = "\n".join(text for role, text in messages if role in ("system", "developer"))
    # A system prompt alone may instruct a person's chat; then only what it has the model do counts.
    for whole in (last, systems):
        if len(whole) < _SHORTEST_PROMPT:
            continue
        prompt = _ends(whole)
        for kind in _KINDS:
            if all(regex.search(signal, prompt, regex.I | regex.S) for signal in kind.signals):
                spoken = (
                    _conversation(prompt)
                    or _conversation(_ends(last))
                    or _turns(messages, prompt if whole is last else "")
                )
                return Task(kind.name, kind.reply(prompt, spoken))
    return None


def _ends(text: str) -> str:
    """The text without a long middle: it instructs at its ends, and the event loop must not wait."""
    if len(text) <= 2 * _LONGEST_END:
        return text
    return f"{text[:_LONGEST_END]}\n{text[-_LONGEST_END:]}"


_HISTORY = regex.compile(r"<chat_history>(.*?)</chat_history>", regex.S | regex.I)
_SPEAKER = regex.compile(
    r"^\s*(?:\|\|>)?(?P<role>user|human|assistant|ai|bot|model|response)\s*:\s*(?P<text>.*?)"
    r"(?=^\s*(?:\|\|>)?(?:user|human|assistant|ai|bot|model|response|title)\s*:|\Z)",
    regex.I | regex.S | regex.M,
)


# What a prompt gives a title to, where nobody is named as its speaker.
_FENCED = regex.compile(r"```[^\n]*\n(.*?)\n```", regex.S)
_QUOTED = regex.compile(r"[\"“«]([^\"“”«»\n]{2,})[\"”»]\s*\Z")


def _conversation(prompt: str) -> list[Turn]:
    """The conversation written out inside a prompt."""
    histories = _HISTORY.findall(prompt)
    written = histories[-1] if histories else prompt
    if kept := _kept(written):
        return kept
    spoken = _SPEAKER.finditer(written)
    return [
        Turn("user" if one["role"].lower() in ("user", "human") else "assistant", text)
        for one in spoken
        if (text := one["text"].strip())
    ]


def _kept(written: str) -> list[Turn]:
    """A conversation as JSON: the messages of a frontend, each with a role and a text somewhere."""
    if written.lstrip()[:1] not in ("[", "{"):
        return []
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return []
    messages = found if isinstance(found, list) else [found]
    return [
        Turn("user" if one.get("role") == "user" else "assistant", text)
        for one in messages
        if isinstance(one, dict) and (text := _text_of(one).strip())
    ]


def _text_of(message: dict[str, Any]) -> str:
    for name in ("content", "text", "mainText", "parts"):
        given = message.get(name)
        if isinstance(given, str):
            return given
        if isinstance(given, list):
            texts = [part.get("text") for part in given if isinstance(part, dict)]
            return "\n".join(text for text in texts if isinstance(text, str))
    return ""


def _turns(messages: Sequence[tuple[str, str]], prompt: str) -> list[Turn]:
    """The conversation where it stands beside the prompt: as messages of its own, or quoted in it.

    ``prompt`` is the message of the user that is one itself, empty where the system's is.
    """
    said = [
        text
        for role, text in messages
        if role == "user" and _ends(text) != prompt and not _asks_for_a_title(text)
    ]
    quoted = _FENCED.search(prompt) or _QUOTED.search(prompt)
    return [Turn("user", text) for text in said or (quoted.groups() if quoted else ())]


def _asked(spoken: Sequence[Turn]) -> str:
    """The first question of a conversation, one line of it."""
    first = next((turn.text for turn in spoken if turn.role == "user"), "")
    return next((line.strip() for line in first.splitlines() if line.strip()), "")


def title_of(question: str) -> str:
    """A question as a short title: without the words that ask, cut between words."""
    bare = regex.sub(r"[\s?؟!.،,;؛:…\"“”«»*_`#]+$", "", question)
    found = list(words(bare))
    rules = rules_for(language_of(bare))
    start = 0
    while start < len(found) - 1:
        folded = found[start][0]
        unjoined = folded[1:] if folded[:1] == "و" else folded
        asks = unjoined in rules.question_words or is_stop_word(folded)
        if not asks and f"how {folded}" not in rules.question_phrases:
            break
        start += 1
    kept = found[start : start + _TITLE_WORDS]
    while len(kept) > 1 and kept[-1][2] - kept[0][1] > _TITLE_CHARACTERS:
        kept = kept[:-1]
    while len(kept) > 1 and is_stop_word(kept[-1][0]):
        kept = kept[:-1]
    if not kept:
        return bare[:_TITLE_CHARACTERS]
    text = " ".join(bare[kept[0][1] : kept[-1][2]][:_TITLE_CHARACTERS].split())
    return text[:1].upper() + text[1:]


def _title(prompt: str, spoken: Sequence[Turn]) -> str:
    title = title_of(_asked(spoken)) or "Sanad"
    if regex.search(r'\{\s*"title"\s*:', prompt) or regex.search(r"\bJSON\b", prompt):
        return _json({"title": title})
    if "submit_title" in prompt:
        return f"<title>{title}</title>"
    return title


def _tags(_prompt: str, spoken: Sequence[Turn]) -> str:
    asked = _asked(spoken)
    named = [
        asked[start:end]
        for word, start, end in words(asked)
        if not is_stop_word(word) and len(word) > 3 and not word[0].isdigit()
    ]
    general = "عام" if language_of(asked) == "ar" else "General"
    return _json({"tags": list(dict.fromkeys(named[-_TAGS:])) or [general]})


# What can be asked next of anything that happened; not what was asked already.
_NEXT: dict[AnswerType, dict[Language, str]] = {
    "date": {"ar": "متى حدث ذلك؟", "en": "When did that happen?"},
    "place": {"ar": "أين حدث ذلك؟", "en": "Where did that happen?"},
    "reason": {"ar": "لماذا حدث ذلك؟", "en": "Why did that happen?"},
    "person": {"ar": "من قال ذلك؟", "en": "Who said that?"},
}


def _follow_ups(_prompt: str, spoken: Sequence[Turn]) -> str:
    asked = [turn.text for turn in spoken if turn.role == "user"]
    language = language_of(asked[-1]) if asked else "en"
    known = {answer_type_of(text, language_of(text)) for text in asked}
    left = [told[language] for type, told in _NEXT.items() if type not in known]
    return _json({"follow_ups": left[:_FOLLOW_UPS]})


def _queries(_prompt: str, spoken: Sequence[Turn]) -> str:
    asked = [n for n, turn in enumerate(spoken) if turn.role == "user"]
    if not asked:
        return _json({"queries": []})
    last = spoken[asked[-1]].text.strip()
    return _json({"queries": [resolve(last, spoken[: asked[-1]]) or last]})


def _language(_prompt: str, spoken: Sequence[Turn]) -> str:
    return "Arabic" if language_of(_asked(spoken)) == "ar" else "English"


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def _constant(content: object) -> Callable[[str, Sequence[Turn]], str]:
    return lambda _prompt, _spoken: content if isinstance(content, str) else _json(content)


# In this order: prompts for tags and suggestions speak of the conversation's title or theme too.
_TITLED = (
    r"\b(?:generat\w*|writ\w*|provid\w*|produc\w*|return|creat\w*|summari[sz]\w*|submit|name|analyze)\b"
    r".{0,120}\btitles?\b|\bgive (?:this|the) (?:conversation|chat|session|thread) a\b"
)
_OF_A_CONVERSATION = (
    r"\b(?:conversation|chat|discussion|dialogue|message|session)|\btitle only\b|\bonly the title\b"
)


def _asks_for_a_title(text: str) -> bool:
    """Whether a short message only says what the system's prompt says at length."""
    signals = (_TITLED, _OF_A_CONVERSATION)
    return len(text) < _SHORTEST_PROMPT and all(regex.search(one, text, regex.I) for one in signals)


_KINDS: tuple[_Kind, ...] = (
    _Kind(
        "tags",
        (r"\btags?\b", r"\b(?:generate|categori[sz]|assign)", r'"tags"|chat history|conversation'),
        _tags,
    ),
    _Kind("follow_ups", (r'"follow_ups"', r"\b(?:suggest|predict|generate)"), _follow_ups),
    _Kind(
        "follow_ups",
        (r"quick-reply suggestions|follow-?up questions", r"\bJSON\b", r"\b(?:chips|label)\b"),
        _constant({"chips": []}),
    ),
    _Kind(
        "queries",
        (r'"queries"', r"\bquer(?:y|ies)\b", r"chat history|conversation"),
        _queries,
    ),
    _Kind(
        "autocomplete",
        (r"autocompletion system|autocomplete", r"<text>", r'\{\s*"text"'),
        _constant({"text": ""}),
    ),
    _Kind(
        "image_prompt",
        (r"image generation task", r'"prompt"\s*:'),
        lambda _prompt, spoken: _json({"prompt": _asked(spoken)}),
    ),
    _Kind("tools", (r"available tools:", r'"tool_calls"\s*:'), _constant({"tool_calls": []})),
    _Kind("emoji", (r"\bemojis?\b", r"facial expression|single emoji"), _constant("💬")),
    _Kind("language", (r"detect the language used in the following text",), _language),
    _Kind(
        "title",
        (
            _TITLED,
            _OF_A_CONVERSATION,
            r"\bwords?\b|\bcharacters?\b|punctuation|\bJSON\b|title case|\bconcise\b|\bshort\b",
            r"\b(?:only|solely|never|must|no|without|do not|concise|less|maximum|within|not)\b",
        ),
        _title,
    ),
)
