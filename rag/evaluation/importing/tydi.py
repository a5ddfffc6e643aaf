"""TyDi QA, the primary task: JSON lines with offsets in bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.evaluation.importing.files import bad, opened, records
from rag.evaluation.importing.squad import squad
from rag.evaluation.importing.values import (
    Imported,
    Options,
    add,
    article_of,
    gold_of,
    id_of,
    trimmed,
)
from rag.types import LANGUAGES


def tydi(paths: Sequence[Path], options: Options) -> Imported:
    """Documents with annotated questions; a file of the gold passage task is read as SQuAD's."""
    found = Imported()
    known: dict[str, str] = {}
    for path in paths:
        with opened(path) as file:
            first = file.readline()
        if '"paragraphs"' in first or "document_plaintext" not in first:
            part = squad([path], options)  # the gold passage task comes in SQuAD's JSON
            found.questions += part.questions
            found.articles += part.articles
            for reason, count in part.left_out.items():
                found.left_out[reason] += count
            continue
        for number, record in records(path):
            try:
                _tydi_record(found, known, record, options)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise bad(path, f"line {number}: not TyDi's JSON: {error!r}") from error
    return found


def _tydi_record(
    found: Imported, known: dict[str, str], record: Mapping[str, Any], options: Options
) -> None:
    language = {"arabic": "ar", "english": "en"}.get(str(record["language"]).lower(), "?")
    if language not in LANGUAGES:
        found.left_out["languages other than Arabic and English"] += 1
        return
    text = str(record["document_plaintext"])
    content = text.encode("utf-8")
    answers, places, passages = [], [], 0
    for note in record["annotations"]:
        minimal = note["minimal_answer"]
        start, end = int(minimal["plaintext_start_byte"]), int(minimal["plaintext_end_byte"])
        passages += int(note["passage_answer"]["candidate_index"]) >= 0
        if start < 0 or end <= start:
            continue
        stated = content[start:end].decode("utf-8")
        quote, place = trimmed(stated, len(content[:start].decode("utf-8")))
        if (place, quote) not in places:
            places.append((place, quote))
        if quote not in answers:
            answers.append(quote)
    if passages and not places:
        found.left_out["questions answered by a passage or by yes and no"] += 1
        return
    key = article_of(found, known, str(record.get("document_title", "")), text)
    add(
        found,
        id=id_of(f"tydi-{record['example_id']}"),
        question=str(record["question_text"]).strip(),
        language=language,
        unanswerable=not places,
        answers=tuple(answers),
        gold=tuple(gold_of(options, key, text, place, quote) for place, quote in places),
    )
