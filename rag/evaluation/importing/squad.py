"""SQuAD, XQuAD, MLQA, ARCD and TyDi's gold passages; and SQuAD laid flat, a question a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.evaluation.importing.files import bad, records, text_of
from rag.evaluation.importing.values import (
    Imported,
    InvalidImport,
    Options,
    add,
    article_of,
    gold_of,
    id_of,
    locate,
    trimmed,
)
from rag.evaluation.questions import FactQuestion
from rag.languages import language_of
from rag.types import LANGUAGES


def squad(paths: Sequence[Path], options: Options) -> Imported:
    """Paragraphs with questions, whose answers are looked for beside the place that is stated."""
    found = Imported()
    known: dict[str, str] = {}
    for path in paths:
        try:
            data = json.loads(text_of(path))["data"]
            for entry in data:
                for paragraph in entry["paragraphs"]:
                    _paragraph(found, known, entry, paragraph, options)
        except json.JSONDecodeError as error:
            raise InvalidImport(
                f"{path}: not SQuAD's JSON: {error}",
                hint="a question a line is the format rows: sanad facts import rows FILE",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidImport(
                f"{path}: not SQuAD's JSON: {error!r}",
                hint="a question a line is the format rows: sanad facts import rows FILE",
            ) from error
    return found


def _paragraph(
    found: Imported,
    known: dict[str, str],
    entry: Mapping[str, Any],
    paragraph: Mapping[str, Any],
    options: Options,
) -> None:
    text = str(paragraph["context"])
    key = article_of(found, known, str(entry.get("title", "")), text)
    for asked in paragraph["qas"]:
        question = str(asked["question"]).strip()
        unanswerable = bool(asked.get("is_impossible", False))
        places, answers = [], []
        for answer in () if unanswerable else asked["answers"]:
            stated = str(answer["text"])
            start = locate(text, stated, int(answer["answer_start"]))
            if start is None:
                found.left_out["answers that are not where they are said to be"] += 1
                continue
            stated, start = trimmed(stated, start)
            if (start, stated) not in places:
                places.append((start, stated))
            if stated not in answers:
                answers.append(stated)
        if not unanswerable and not places:
            found.left_out["questions without an answer in the text"] += 1
            continue
        add(
            found,
            id=id_of(asked["id"]),
            question=question,
            language=options.language or language_of(question),
            unanswerable=unanswerable,
            answers=tuple(answers),
            gold=tuple(gold_of(options, key, text, start, stated) for start, stated in places),
        )


def rows(paths: Sequence[Path], options: Options) -> Imported:
    """Rows of question, context and answers; a row may name its ``twin`` in the other language.

    Twins become a pair that shares its gold places, as the same id in two files does.
    """
    found = Imported()
    known: dict[str, str] = {}
    twins: dict[str, str] = {}
    for path in paths:
        for number, record in records(path):
            try:
                _row(found, known, twins, record, options)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise bad(
                    path, f"line {number}: no row with id, question, context, answers: {error!r}"
                ) from error
    by_id = {question.id: question for question in found.questions}
    found.questions = [
        _with_twin(question, by_id.get(twins.get(question.id, ""))) for question in found.questions
    ]
    return found


def _row(
    found: Imported,
    known: dict[str, str],
    twins: dict[str, str],
    record: Mapping[str, Any],
    options: Options,
) -> None:
    answers = record["answers"]
    if isinstance(answers, Mapping):  # columns: {"text": [...], "answer_start": [...]}
        answers = [
            {"text": text, "start": start}
            for text, start in zip(answers["text"], answers["answer_start"], strict=True)
        ]
    stated = [
        {
            "text": one["text"],
            "answer_start": one["start"] if "start" in one else one["answer_start"],
        }
        for one in answers
    ]
    asked = {
        "id": record["id"],
        "question": record["question"],
        "answers": stated,
        "is_impossible": record.get("is_impossible", not stated),
    }
    language = options.language or record.get("lang", record.get("language"))
    _paragraph(
        found,
        known,
        {"title": record.get("title") or ""},
        {"context": record["context"], "qas": [asked]},
        replace(options, language=language if language in LANGUAGES else None),
    )
    if record.get("twin"):
        twins[id_of(record["id"])] = id_of(record["twin"])


def _with_twin(question: FactQuestion, twin: FactQuestion | None) -> FactQuestion:
    if twin is None or twin.language == question.language:
        return question
    first, second = sorted((question, twin), key=lambda one: one.id)
    changes: dict[str, Any] = {"pair": first.id}
    if not first.unanswerable and not second.unanswerable:
        changes["gold"] = tuple(dict.fromkeys((*question.gold, *twin.gold)))
        changes["answers"] = tuple(dict.fromkeys((*question.answers, *twin.answers)))
    return question.model_copy(update=changes)
