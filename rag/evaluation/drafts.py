"""Questions proposed from stored articles, for a person to accept, reword or throw away.

Each comes from a value of a sentence (a number, a date, a quotation, a name that capitals show),
asks for what is blotted out there, and has that value's place as gold. The sentence is quoted and
the blank shown, so nothing is claimed that the article does not say. Both languages ask for the
same place and are linked as a pair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from rag.evaluation.questions import FactQuestion, Gold
from rag.question import LONGEST_QUESTION, Question
from rag.reading.answers import values_of_type
from rag.sentences import split
from rag.types import LANGUAGES, AnswerType, Document, Language, Span

BLANK = "____"
_AROUND = 12  # words shown on each side of the blank
_FEWEST_WORDS = 5
_ASKED: dict[AnswerType, dict[Language, str]] = {
    "number": {
        "ar": "ما العدد الناقص في: «{text}»؟",
        "en": "Which number is missing here: “{text}”?",
    },
    "date": {
        "ar": "ما التاريخ الناقص في: «{text}»؟",
        "en": "Which date is missing here: “{text}”?",
    },
    "quote": {
        "ar": "ما القول الناقص في: «{text}»؟",
        "en": "Which words are missing here: “{text}”?",
    },
    "person": {
        "ar": "ما الاسم الناقص في: «{text}»؟",
        "en": "Which name is missing here: “{text}”?",
    },
}


def drafts(documents: Sequence[Document], limit: int | None = None) -> list[FactQuestion]:
    """The proposals in the order of the documents, ``limit`` places of each at most."""
    found: list[FactQuestion] = []
    for document in documents:
        for number, (kind, span, text) in enumerate(_blanks(document)):
            if limit is not None and number >= limit:
                break
            found += _both(document, kind, span, text)
    return found


def _blanks(document: Document) -> Iterator[tuple[AnswerType, Span, str]]:
    """The kind and place of each value, and its sentence with the value blotted out."""
    for sentence in split(document.text):
        span = sentence.trimmed(document.text)
        text = document.text[span.start : span.end]
        if sentence.kind != "prose" or len(text.split()) < _FEWEST_WORDS:
            continue
        taken: list[Span] = []
        for kind in _ASKED:
            for value in values_of_type(_asking(kind, document.language), text):
                if any(value.start < other.end and other.start < value.end for other in taken):
                    continue
                taken.append(value)
                place = Span(start=span.start + value.start, end=span.start + value.end)
                if shown := _blotted(text, value):
                    yield kind, place, shown


def _asking(kind: AnswerType, language: Language) -> Question:
    """A question that asks for this kind and holds no word of its own."""
    return Question(text="", language=language, answer_type=kind, terms=(), weights={})


def _blotted(text: str, value: Span) -> str:
    """The words around the value with a blank in its place; empty where the value stands twice."""
    quote = text[value.start : value.end]
    left, right = text[: value.start].split(), text[value.end :].split()
    before, after = " ".join(left[-_AROUND:]), " ".join(right[:_AROUND])
    if quote in before or quote in after:
        return ""  # the question would tell its answer
    glued = text[: value.start][-1:].strip(), text[value.end : value.end + 1].strip()
    parts = [
        "… " if len(left) > _AROUND else "",
        before + ("" if glued[0] or not before else " "),
        BLANK,
        ("" if glued[1] or not after else " ") + after,
        " …" if len(right) > _AROUND else "",
    ]
    return "".join(parts).replace("«", "‹").replace("»", "›")


def _both(document: Document, kind: AnswerType, span: Span, text: str) -> Iterator[FactQuestion]:
    quote = document.text[span.start : span.end]
    place = f"{document.sha256} {span.start} {span.end} {kind}"
    name = hashlib.sha256(place.encode()).hexdigest()[:10]
    gold = Gold(
        document=document.id,
        document_sha256=document.sha256,
        start=span.start,
        end=span.end,
        quote=quote,
    )
    for language in LANGUAGES:
        question = _ASKED[kind][language].format(text=text)
        if len(question) > LONGEST_QUESTION:
            continue
        yield FactQuestion(
            id=f"draft-{name}-{language}",
            question=question,
            language=language,
            answers=(quote,),
            gold=(gold,),
            tags=(kind,),
            pair=f"draft-{name}",
            draft=True,
        )
