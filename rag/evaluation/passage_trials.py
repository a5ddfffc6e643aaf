"""Question sets of paragraphs as articles long enough to be cut in more than one way."""

from __future__ import annotations

import hashlib
import json
import lzma
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import ConfigurationError
from rag.languages import language_of
from rag.types import LANGUAGES, Document, Language, Span

_SECTIONS = 4  # units of sanad_qa that make one article
_CHARACTERS = 60_000  # of the articles of a set that has more; sanad_qa has as many in a language
_SEED = 20251116
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question over one set of articles; without ``gold`` they do not answer it.

    ``gold`` are spans of ``document``, any of which answers, ``accepted`` their words.
    """

    question: str
    document: str
    gold: tuple[Span, ...]
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Articles of one language and questions over them."""

    name: str
    language: Language
    documents: tuple[Document, ...]
    asked: tuple[Asked, ...]


def trials(data: Path, count: int) -> list[Trial]:
    """The sets found under ``data``, ``count`` questions of each; raises ConfigurationError.

    Articles are made from paragraphs: in sanad_qa four units of one theme are the sections of one,
    their titles its headings; in MLQA and FairytaleQA the paragraphs of one title are joined, an
    empty line between, and articles of several paragraphs are drawn up to _CHARACTERS.
    """
    made = _sections(_rows(data / "qa" / "sanad_qa.dev.jsonl"), count)
    for name, path in (("MLQA ar→ar", "eval/mlqa.dev.ar.jsonl"),
                       ("FairytaleQA en→en", "qa/fairytaleqa.dev.en.jsonl.xz")):  # fmt: skip
        if (data / path).is_file():
            made.append(_titles(name, _rows(data / path), count))
    return made


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        with (
            lzma.open(path, "rt", encoding="utf-8")
            if path.suffix == ".xz"
            else path.open(encoding="utf-8") as file
        ):
            return [json.loads(line) for line in file]
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise ConfigurationError(
            f"{path}: {error}, expected questions as JSON lines",
            hint="name the folder that holds qa/sanad_qa.dev.jsonl with --data",
        ) from error


def _sections(rows: Sequence[Mapping[str, Any]], count: int) -> list[Trial]:
    """sanad_qa in its four language pairs, the same facts asked in each."""
    units = sorted({row["unit"] for row in rows})
    themes: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        themes[unit[0]].append(unit)
    contexts = {(row["unit"], row["lang"]): (row["title"], row["context"]) for row in rows}
    documents: dict[Language, list[Document]] = {language: [] for language in LANGUAGES}
    begins: dict[tuple[str, Language], tuple[str, int]] = {}  # article and offset of a context
    for language in LANGUAGES:
        for theme, named in themes.items():
            for number in range(0, len(named), _SECTIONS):
                id, text = f"{theme}{number // _SECTIONS}", ""
                for unit in named[number : number + _SECTIONS]:
                    title, context = contexts[unit, language]
                    text += f"{title}\n"
                    begins[unit, language] = (id, len(text))
                    text += f"{context}\n\n"
                documents[language].append(_document(id, text.strip(), ""))
    twins = {row["id"]: row for row in rows}
    facts = sorted(row["id"] for row in rows if row["lang"] == LANGUAGES[0])
    chosen = _shuffled(facts)[:count]
    made = []
    for written in LANGUAGES:
        for spoken in LANGUAGES:
            asked = []
            for fact in chosen:
                told = [twins[fact], twins[twins[fact]["twin"]]]
                (question,) = (row for row in told if row["lang"] == spoken)
                (over,) = (row for row in told if row["lang"] == written)
                asked.append(_asked(question["question"], over, *begins[over["unit"], written]))
            made.append(
                Trial(
                    name=f"sanad_qa {spoken}→{written}",
                    language=written,
                    documents=tuple(documents[written]),
                    asked=tuple(asked),
                )
            )
    return made


def _titles(name: str, rows: Sequence[Mapping[str, Any]], count: int) -> Trial:
    """A set whose paragraphs name the article they are from."""
    rows = _some(rows)
    articles: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        here = articles[row["title"]]
        if row["context"] not in here:
            here[row["context"]] = sum(len(context) + 2 for context in here)
    ids = {title: f"{number:04}" for number, title in enumerate(articles)}
    return Trial(
        name=name,
        language=rows[0]["lang"],
        documents=tuple(
            _document(ids[title], "\n\n".join(contexts), title)
            for title, contexts in articles.items()
        ),
        asked=tuple(
            _asked(
                row["question"],
                row,
                ids[row["title"]],
                articles[row["title"]][row["context"]],
            )
            for row in _shuffled(rows)[:count]
        ),
    )


def _shuffled(ordered: Sequence[_T]) -> list[_T]:
    """The same in an order that is always the same: a larger sample begins with the smaller."""
    mixed = list(ordered)
    random.Random(_SEED).shuffle(mixed)  # noqa: S311 - a sample, no secret
    return mixed


def _some(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The questions over articles of several paragraphs, drawn until they are long enough together."""
    articles: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        articles[row["title"]].add(row["context"])
    titles = sorted(title for title, contexts in articles.items() if len(contexts) > 1)
    kept: set[str] = set()
    room = _CHARACTERS
    for title in _shuffled(titles):
        if room > 0:
            kept.add(title)
            room -= sum(map(len, articles[title]))
    return [row for row in rows if row["title"] in kept]


def _document(id: str, text: str, title: str) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=id, text=text, sha256=digest, title=title, source=id, language=language_of(text)
    )


def _asked(question: str, over: Mapping[str, Any], document: str, begin: int) -> Asked:
    gold = [
        Span(start=begin + one["start"], end=begin + one["start"] + len(one["text"]))
        for one in over["answers"]
    ]
    return Asked(
        question=question,
        document=document,
        gold=tuple(gold),
        accepted=tuple(one["text"] for one in over["answers"]),
    )
