"""BEIR and MIRACL: queries, corpus, relevance judgements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.evaluation.importing.files import bad, records, text_of
from rag.evaluation.importing.values import (
    Article,
    Imported,
    InvalidImport,
    Options,
    add,
    id_of,
    sha256_of,
)
from rag.evaluation.questions import Gold
from rag.languages import language_of


def judged(paths: Sequence[Path], options: Options) -> Imported:
    """Queries whose relevant documents are named; folders are looked through for the files."""
    files = sorted(
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else [path])
        if not file.is_dir()
    )
    queries = [file for file in files if re.search(r"quer|topic", file.name, re.IGNORECASE)]
    qrels = [
        file
        for file in files
        if file not in queries and re.search(r"qrel|test|dev|train", file.name, re.IGNORECASE)
    ]
    corpora = [file for file in files if re.search(r"corpus|docs", file.name, re.IGNORECASE)]
    qrels = [file for file in qrels if file not in corpora]
    if not queries or not qrels:
        raise InvalidImport(
            f"found no file of {'queries' if not queries else 'judgements'} among "
            f"{', '.join(file.name for file in files) or 'nothing'}",
            hint="name the files queries.jsonl or topics.tsv, qrels.tsv, corpus.jsonl (also .gz)",
        )
    found = Imported()
    texts = {id: text for file in queries for id, text in _queries(file)}
    for file in corpora:
        for number, record in records(file):
            key, text = _named_text(file, number, record)
            found.articles.append(Article(key=key, title=str(record.get("title") or ""), text=text))
    stored = {article.key: article for article in found.articles}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for file in qrels:
        for query, document, grade in _judgements(file):
            if grade > 0:
                grades[query][document] = grade
    for query, text in texts.items():
        if query not in grades:
            found.left_out["queries without a relevant document"] += 1
            continue
        add(
            found,
            id=id_of(query),
            question=text,
            language=options.language or language_of(text),
            gold=tuple(
                _whole(options, document, stored.get(document), grade)
                for document, grade in grades[query].items()
            ),
        )
    return found


def _whole(options: Options, key: str, article: Article | None, grade: int) -> Gold:
    if article is None:
        return Gold(document=key, relevance=min(grade, 100))
    return Gold(
        document=f"{options.articles}#{key}",
        document_sha256=sha256_of(article.text),
        relevance=min(grade, 100),
    )


def _named_text(file: Path, number: int, record: Mapping[str, Any]) -> tuple[str, str]:
    key = record.get("_id", record.get("docid", record.get("id")))
    text = record.get("text", record.get("contents"))
    if key is None or not isinstance(text, str):
        raise bad(file, f"line {number} has no _id (or docid) and text")
    return str(key), text


def _queries(file: Path) -> Iterator[tuple[str, str]]:
    if ".tsv" in file.suffixes or ".txt" in file.suffixes:
        for number, line in enumerate(text_of(file).split("\n"), start=1):
            if not line.strip():
                continue
            id, tab, text = line.partition("\t")
            if not tab:
                raise bad(file, f"line {number} has no tab between the id and the query")
            yield id, text.strip()
        return
    for number, record in records(file):
        yield _named_text(file, number, record)


def _judgements(file: Path) -> Iterator[tuple[str, str, int]]:
    """Query, document and grade: three columns with a header (BEIR), or TREC's four."""
    for number, line in enumerate(text_of(file).split("\n"), start=1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) not in (3, 4):
            raise bad(file, f"line {number} has {len(cells)} columns, expected 3 or 4")
        try:
            yield cells[0], cells[-2], int(cells[-1])
        except ValueError as error:
            if number > 1:
                raise bad(file, f"line {number}: {cells[-1]!r} is no grade") from error
