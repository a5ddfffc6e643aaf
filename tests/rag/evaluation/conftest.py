"""A tiny engine that answers from a script, with real values and real offsets."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rag.errors import UnknownDocument
from rag.evaluation.questions import FactQuestion, Gold
from rag.types import (
    Abstention,
    Answer,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    IndexState,
    Passage,
)

ARABIC = "تسعى كييف إلى إطلاق سراح ١٢٠٠ أسير. سقطت باخموت في أيّار ٢٠٢٣."
ENGLISH = "Kyiv wants 1,200 prisoners back. Seven people were killed on Friday."
STATE = IndexState(generation="gen-000001", fingerprint="f1")


def document(id, text, language):
    return Document(
        id=id,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=id,
        source=id,
        language=language,
    )


def passages(stored):
    """One passage a sentence."""
    start = 0
    for sentence in stored.text.split(". "):
        end = min(start + len(sentence) + 1, len(stored.text))
        yield Passage(
            id=f"{stored.id}#{start}-{end}",
            document_id=stored.id,
            start=start,
            end=end,
            text=stored.text[start:end],
            language=stored.language,
        )
        start = end + 1


class ScriptedEngine:
    """``script`` maps a question to (short answer, cited quotes); what is not in it is abstained.

    The ranking is every passage in stored order. ``states`` are given out one an answer.
    """

    def __init__(self, documents, script=None, states=()):
        self.stored = {item.id: item for item in documents}
        self.script = script or {}
        self.states = list(states)
        self.embedder = SimpleNamespace(fingerprint="e1")
        self.asked = []

    def warm(self):
        self.asked.append("warm")

    def documents(self, *, offset=0, limit=None):
        return [
            DocumentSummary(
                id=item.id,
                sha256=item.sha256,
                title=item.title,
                source=item.source,
                language=item.language,
                media_type=item.media_type,
                published=None,
                characters=len(item.text),
                passages=2,
            )
            for item in self.stored.values()
        ]

    def document(self, id):
        if id not in self.stored:
            raise UnknownDocument(f"no document {id!r}")
        return self.stored[id]

    def search(self, question, k=None):
        found = [passage for item in self.stored.values() for passage in passages(item)]
        return [
            (
                passage,
                Hit(passage_id=passage.id, score=1 / (rank + 1), rank=rank, retriever="fused"),
            )
            for rank, passage in enumerate(found[:k])
        ]

    def ask(self, question, k=None):
        self.asked.append(question)
        state = self.states.pop(0) if self.states else STATE
        base = Answer(
            id="ans_1",
            question=question,
            question_language="ar",
            status="abstained",
            answer=None,
            answer_language=None,
            answer_kind=None,
            abstention=Abstention(code="not_in_sources", message="…"),
            confidence=0.1,
            citations=(),
            index=state,
        )
        if question not in self.script:
            return base
        short, quotes = self.script[question]
        return replace(
            base,
            status="answered",
            answer=short,
            answer_kind="extracted",
            abstention=None,
            confidence=0.9,
            citations=tuple(self.citation(n, quote) for n, quote in enumerate(quotes, start=1)),
        )

    def citation(self, n, quote):
        home = next((item for item in self.stored.values() if quote in item.text), None)
        cited = home or next(iter(self.stored.values()))
        start = max(cited.text.find(quote), 0)
        return Citation(
            n=n,
            document_id=cited.id,
            document_sha256=cited.sha256,
            title=cited.title,
            source=cited.source,
            published=None,
            quote=quote,
            start=start,
            end=start + len(quote),
            start_utf16=start,
            end_utf16=start + len(quote),
            answer_start=None,
            answer_end=None,
            language=cited.language,
            verified=True,
            score=1.0,
        )


def fact(id, text, language, stored=None, quote="", answers=(), tags=()):
    """A question whose gold is the first place of ``quote``; without a document unanswerable."""
    gold = ()
    if stored is not None:
        start = stored.text.index(quote)
        gold = (
            Gold(
                document=f"articles/{stored.id}",
                document_sha256=stored.sha256,
                start=start,
                end=start + len(quote),
                quote=quote,
            ),
        )
    return FactQuestion(
        id=id,
        question=text,
        language=language,
        unanswerable=stored is None,
        answers=tuple(answers),
        gold=gold,
        tags=tuple(tags),
    )


@pytest.fixture
def documents():
    return document("ar.txt", ARABIC, "ar"), document("en.txt", ENGLISH, "en")


@pytest.fixture
def questions(documents):
    arabic, english = documents
    return (
        fact("ar-1", "كم أسيرًا؟", "ar", arabic, "١٢٠٠", ["1200"], ["number"]),
        fact(
            "ar-2",
            "متى سقطت باخموت؟",
            "ar",
            arabic,
            "أيّار ٢٠٢٣",
            ["مايو 2023", "أيار 2023"],
            ["date"],
        ),
        fact("un-1", "ما عاصمة البرازيل؟", "ar", tags=["off-topic"]),
        fact(
            "en-1",
            "How many were killed?",
            "en",
            english,
            "Seven",
            ["seven people", "7"],
            ["number"],
        ),
        fact("en-2", "How many prisoners?", "en", english, "1,200", ["1200"], ["number"]),
        fact("un-2", "Who won the cup?", "en", tags=["off-topic"]),
    )


@pytest.fixture
def engine(documents):
    first, second = "تسعى كييف إلى إطلاق سراح ١٢٠٠ أسير.", "سقطت باخموت في أيّار ٢٠٢٣."
    return ScriptedEngine(
        documents,
        {
            "كم أسيرًا؟": ("١٢٠٠ أسير", [first, second]),  # right, and a second citation that is not
            "How many were killed?": ("Seven people", ["Seven people were killed on Friday."]),
            "How many prisoners?": ("١٢٠٠", [first]),  # the fact, in a place that is not annotated
            "Who won the cup?": ("Friday", ["Seven people were killed on Friday."]),
        },
    )


@pytest.fixture
def make_engine():
    return ScriptedEngine


@pytest.fixture
def make_document():
    return document


@pytest.fixture
def make_fact():
    return fact
