"""What an import makes: questions, the articles that came along, what did not; and the making of each."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rag.errors import RagError
from rag.evaluation.corpus import Library
from rag.evaluation.questions import FactQuestion, Gold, reason_of
from rag.types import LANGUAGES, Language

_SPACE = re.compile(r"\s+")


class InvalidImport(RagError):
    """A file that is not in the format it was said to be in."""

    code = "invalid_import"
    exit_code = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A text that came with the questions; ``key`` names it in its file."""

    key: str
    title: str
    text: str

    def line(self) -> str:
        """The article as a record that ``sanad ingest`` reads."""
        record = {"id": self.key, "title": self.title, "text": self.text}
        return json.dumps(record, ensure_ascii=False)


@dataclass(slots=True)
class Imported:
    """What came of the files; ``left_out`` counts what did not come along, by reason."""

    questions: list[FactQuestion] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Options:
    """``articles`` is the name of the file the articles go to; documents are named after it."""

    articles: str = "articles.jsonl"
    language: Language | None = None
    library: Library | None = None


def sha256_of(text: str) -> str:
    """The hash of a text in UTF-8, as question files name documents by."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def key_of(text: str) -> str:
    """A short name for a text without one."""
    return f"p{sha256_of(text)[:16]}"


def id_of(text: object) -> str:
    """What a file names a thing by, in one word."""
    return _SPACE.sub("_", str(text).strip()) or "?"


def add(found: Imported, **fields: Any) -> None:  # noqa: ANN401 - the fields of a question
    """Adds a question, or counts why it cannot be one."""
    if fields["language"] not in LANGUAGES:
        found.left_out["languages other than Arabic and English"] += 1
        return
    try:
        found.questions.append(FactQuestion.model_validate(fields))
    except ValidationError as error:
        found.left_out[f"not a question: {reason_of(error)}"] += 1


def article_of(found: Imported, known: dict[str, str], title: str, text: str) -> str:
    """The key of a text, which is added where it is new."""
    if text not in known:
        known[text] = key_of(text)
        found.articles.append(Article(key=known[text], title=title, text=text))
    return known[text]


def gold_of(options: Options, key: str, text: str, start: int, quote: str) -> Gold:
    """The place of a quote in an article that came along."""
    return Gold(
        document=f"{options.articles}#{key}",
        document_sha256=sha256_of(text),
        start=start,
        end=start + len(quote),
        quote=quote,
    )


def locate(text: str, quote: str, near: int) -> int | None:
    """Where the quote stands: at ``near``, else at the place closest to it, else None."""
    if not quote.strip():
        return None
    if near >= 0 and text.startswith(quote, near):  # a negative place would count from the end
        return near
    places = [found.start() for found in re.finditer(re.escape(quote), text)]
    return min(places, key=lambda place: (abs(place - near), place), default=None)


def trimmed(quote: str, start: int) -> tuple[str, int]:
    """The quote without white space around it, and where it then begins."""
    bare = quote.strip()
    return bare, start + quote.index(bare)
