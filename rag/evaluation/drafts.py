"""Questions proposed from stored articles, for a person to accept, reword or throw away.

A sentence whose grammar is plain is asked about in its own language ("Who founded …?", «متى …؟»).
Else a value of it (a number, a date, a quotation, a name that capitals show) is blotted out and
asked for; the sentence is quoted and the blank shown, so nothing is claimed that the article does
not say. The place of the value is the gold, compared with the text. Both languages ask for the same
place and are linked as a pair: in the other language it is always the blank that is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluation.phrasing import phrased
from rag.evaluation.questions import FactQuestion, Gold
from rag.languages import language_of
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
    "place": {
        "ar": "ما المكان الناقص في: «{text}»؟",
        "en": "Which place is missing here: “{text}”?",
    },
}
_BLOTTED: tuple[AnswerType, ...] = ("number", "date", "quote", "person")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A place of the document that is asked for; ``shown`` is its sentence with the blank."""

    kind: AnswerType
    place: Span
    shown: str = ""
    question: str = ""  # in the document's language, where a rule found one


def drafts(documents: Sequence[Document], limit: int | None = None) -> list[FactQuestion]:
    """The proposals in the order of the documents, ``limit`` places of each at most."""
    found: list[FactQuestion] = []
    for document in documents:
        # Real questions first, so that a limit leaves out blanks.
        for number, draft in enumerate(sorted(_drafts(document), key=lambda one: not one.question)):
            if limit is not None and number >= limit:
                break
            found += _both(document, draft)
    return found


def _drafts(document: Document) -> Iterator[_Draft]:
    """What each sentence allows, real questions first."""
    for sentence in split(document.text):
        span = sentence.trimmed(document.text)
        text = document.text[span.start : span.end]
        if sentence.kind != "prose" or len(text.split()) < _FEWEST_WORDS:
            continue
        taken: list[Span] = []
        for one in phrased(text, language_of(text, document.language)):
            taken.append(one.place)
            place = Span(start=span.start + one.place.start, end=span.start + one.place.end)
            yield _Draft(one.kind, place, _blotted(text, one.place), one.question)
        for kind in _BLOTTED:
            for value in values_of_type(_asking(kind, document.language), text):
                if any(value.start < other.end and other.start < value.end for other in taken):
                    continue
                taken.append(value)
                place = Span(start=span.start + value.start, end=span.start + value.end)
                if shown := _blotted(text, value):
                    yield _Draft(kind, place, shown)


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


def _both(document: Document, draft: _Draft) -> Iterator[FactQuestion]:
    span = draft.place
    quote = document.text[span.start : span.end]
    place = f"{document.sha256} {span.start} {span.end} {draft.kind}"
    name = hashlib.sha256(place.encode()).hexdigest()[:10]
    gold = Gold(
        document=document.id,
        document_sha256=document.sha256,
        start=span.start,
        end=span.end,
        quote=quote,
    )
    asked = language_of(draft.question) if draft.question else None
    # Capitals show that it is a name, not whose.
    kind = "name" if draft.kind == "person" and asked is None else draft.kind
    for language in LANGUAGES:
        if language == asked:
            question = draft.question
        elif draft.shown:
            question = _ASKED[draft.kind][language].format(text=draft.shown)
        else:
            continue
        if len(question) > LONGEST_QUESTION:
            continue
        yield FactQuestion(
            id=f"draft-{name}-{language}",
            question=question,
            language=language,
            answers=(quote,),
            gold=(gold,),
            tags=(kind,) if language != asked else (kind, "phrased"),
            pair=f"draft-{name}",
            draft=True,
        )
