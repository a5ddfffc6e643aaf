"""What people read, by code, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from rag.types import Abstention, AbstentionCode, Language

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


def abstention(code: AbstentionCode, language: Language) -> Abstention:
    """The reason for not answering, in the language of the question."""
    return Abstention(code=code, message=ABSTENTIONS[code][language])
