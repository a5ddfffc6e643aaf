"""Question files as training units: sentences, questions and which sentence answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer

from rag.sentences import Sentence, covering, split
from rag.training.static import Ids, Unit, encode


def answer_sentence(sentences: tuple[Sentence, ...], row: dict[str, Any]) -> int | None:
    """The number of the sentence the first answer stands in; None where there is no answer."""
    if row["is_impossible"] or not row["answers"]:
        return None
    answer = row["answers"][0]
    first, _ = covering(sentences, answer["start"], answer["start"] + len(answer["text"]))
    return min(first, len(sentences) - 1)


def paired_units(tokenizer: Tokenizer, rows: Iterable[dict[str, Any]]) -> list[tuple[Unit, Unit]]:
    """(Arabic, English) units of sanad_qa; a fact is the question's number within its passage."""
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: {"ar": [], "en": []})
    for row in rows:
        grouped[row["unit"]][row["lang"]].append(row)
    units = [
        (_unit(tokenizer, languages["ar"]), _unit(tokenizer, languages["en"]))
        for languages in grouped.values()
        if languages["ar"] and languages["en"]
    ]
    return [pair for pair in units if pair[0].questions and pair[1].questions]


def _unit(tokenizer: Tokenizer, rows: list[dict[str, Any]]) -> Unit:
    context = rows[0]["context"]
    sentences = split(context)
    answered = [(row, answer_sentence(sentences, row)) for row in rows]
    known = [(row, number) for row, number in answered if number is not None]
    return Unit(
        sentences=tuple(encode(tokenizer, [context[s.start : s.end] for s in sentences], 96)),
        questions=tuple(encode(tokenizer, [row["question"] for row, _ in known], 48)),
        answers=tuple(number for _, number in known),
        facts=tuple(row["id"].rsplit("-", 1)[0] for row, _ in known),
    )


def question_pairs(tokenizer: Tokenizer, rows: Iterable[dict[str, Any]]) -> list[tuple[Ids, Ids]]:
    """(question, answering sentence) of one-language question files."""
    questions, texts = [], []
    for row in rows:
        sentences = split(row["context"])
        number = answer_sentence(sentences, row)
        if number is not None:
            questions.append(row["question"])
            texts.append(row["context"][sentences[number].start : sentences[number].end])
    return list(zip(encode(tokenizer, questions, 48), encode(tokenizer, texts, 96), strict=True))
