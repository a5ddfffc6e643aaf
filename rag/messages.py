"""What people read, by code, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.errors import InvalidQuestion
from rag.types import Abstention, AbstentionCode, Language, Note

ABSTENTIONS: Mapping[AbstentionCode, Mapping[Language, str]] = {
    "no_documents": {
        "ar": "لا توجد مقالات بعد، فلا يمكن الإجابة. أضف مقالات أولًا: sanad ingest",
        "en": "There are no articles yet, so there is nothing to answer from. Add some first: sanad ingest",
    },
    "not_in_sources": {
        "ar": "لا تتضمن المقالات المتاحة ما يجيب عن هذا السؤال.",
        "en": "The articles at hand say nothing that answers this question.",
    },
    "low_confidence": {
        "ar": "في المقالات ما يقترب من الموضوع، لكن لا شيء فيها يجيب عن هذا السؤال بثقة كافية.",
        "en": "The articles come close to the subject, but nothing in them answers this question surely enough.",
    },
    "unverifiable": {
        "ar": "عُثر على جواب، لكن تعذّر التحقق من اقتباسه حرفيًا في المصدر، فلم يُعرض.",
        "en": "An answer was found, but its quotation could not be verified in the source, so it is not shown.",
    },
}

# Why a question is refused, and what to do: a mistake in the question is told in its language.
REFUSALS: Mapping[str, Mapping[Language, tuple[str, str]]] = {
    "empty": {
        "ar": ("السؤال فارغ", "اكتب السؤال، مثل: متى سيطرت روسيا على باخموت؟"),
        "en": (
            "the question is empty",
            "ask in Arabic or English, for example: متى سيطرت روسيا على باخموت؟",
        ),
    },
    "no_words": {
        "ar": (
            "لا كلمات في السؤال",
            "اسأل بكلمات، مثل: متى سيطرت روسيا على باخموت؟",
        ),
        "en": (
            "the question holds no words",
            "ask in words, for example: How many drones did Russia say it shot down?",
        ),
    },
    "too_long": {
        "ar": ("طول السؤال {found} من المحارف، والحد الأقصى {most}", "اسأل سؤالًا أقصر"),
        "en": (
            "the question has {found} characters, at most {most} are allowed",
            "ask a shorter question",
        ),
    },
    "endless": {
        "ar": ("السؤال أطول من {bytes} بايت، والحد الأقصى {most} من المحارف", "اسأل سؤالًا أقصر"),
        "en": (
            "the question is longer than {bytes} bytes, at most {most} characters are allowed",
            "ask a shorter question",
        ),
    },
    "not_text": {
        "ar": (
            "في السؤال محرف ليس من النص: {character} في الموضع {place}",
            "احذفه ثم اسأل من جديد",
        ),
        "en": (
            "the question holds the character {character} at {place}, which is not text",
            "remove it and ask again",
        ),
    },
}

# What is worth telling beside an answer; {values} are quoted from the sources, in their own words.
NOTES: Mapping[str, Mapping[Language, str]] = {
    "sources_differ": {
        "ar": "المصادر تختلف في هذا: {values}.",
        "en": "The sources differ on this: {values}.",
    },
    "unstated_values": {
        "ar": "في الجواب أرقام أو تواريخ أو أسماء لا يذكرها المصدر المقتبس كما هي.",
        "en": "The answer holds numbers, dates or names that the source quoted does not state as such.",
    },
}


def note(code: str, language: Language, values: Sequence[str] = ()) -> Note:
    """Something to tell beside the answer, in the reader's language."""
    told = NOTES[code][language].replace("{values}", " / ".join(values))
    return Note(code=code, message=told)


def abstention(code: AbstentionCode, language: Language) -> Abstention:
    """The reason for not answering, in the language of the question."""
    return Abstention(code=code, message=ABSTENTIONS[code][language])


def refusal(code: str, language: Language, **values: object) -> InvalidQuestion:
    """The error for a question that cannot be asked; ``values`` are what its message names."""
    message, hint = REFUSALS[code][language]
    return InvalidQuestion(message.format(**values), hint=hint, parameter="question")
