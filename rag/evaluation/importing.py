"""Question sets of the field to question files: SQuAD and its kin, rows, TyDi, BEIR, MIRACL, tables.

Nothing is guessed: an answer whose stated place holds other words is looked for beside it, and left
out and counted where it is not there. Articles come along where the format carries them, as records
that ``sanad ingest`` reads; gold spans are offsets into their text.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import lzma
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag.errors import InvalidParameter, RagError, UnknownDocument
from rag.evaluation.corpus import Library, named
from rag.evaluation.questions import FactQuestion, Gold, reason_of
from rag.languages import language_of
from rag.types import LANGUAGES, Language

FORMATS = ("squad", "xquad", "mlqa", "arcd", "rows", "tydi", "beir", "miracl", "csv")
_LARGEST = 4 * 1024**3  # bytes of one file, unpacked
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


def import_files(format: str, paths: Sequence[Path], options: Options) -> Imported:
    """The questions and articles of these files; raises InvalidImport, InvalidParameter."""
    readers: Mapping[str, Callable[[Sequence[Path], Options], Imported]] = {
        "squad": _squad,
        "xquad": _squad,
        "mlqa": _squad,
        "arcd": _squad,
        "rows": _rows,
        "tydi": _tydi,
        "beir": _judged,
        "miracl": _judged,
        "csv": _tables,
    }
    if format not in readers:
        raise InvalidParameter(
            f"format is {format!r}, expected one of {', '.join(FORMATS)}", parameter="format"
        )
    found = readers[format](paths, options)
    found.questions = _linked(found)
    if not found.questions:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in found.left_out.items())
        raise InvalidImport(
            f"no question in {', '.join(str(path) for path in paths)}"
            + (f" ({reasons})" if reasons else ""),
            hint=f"check the format; {format} was named",
        )
    return found


def _open(path: Path) -> io.TextIOWrapper:
    packed: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
    try:
        raw = packed.get(path.suffix, open)(path, "rb")
        return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InvalidImport(
            f"{path}: cannot be read: {error.strerror or error}", hint="check the path"
        ) from error


def _text_of(path: Path) -> str:
    with _open(path) as file:
        try:
            text = file.read(_LARGEST)
        except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
            raise InvalidImport(
                f"{path}: cannot be read: {error}", hint="save it as UTF-8"
            ) from error
    return text


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines with their line numbers."""
    with _open(path) as file:
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise _bad(path, f"line {number} is no object")
                yield number, record
        except (ValueError, RecursionError, OSError, EOFError, lzma.LZMAError) as error:
            raise _bad(path, f"not JSON lines in UTF-8: {error}") from error


def _bad(path: Path, reason: str) -> InvalidImport:
    return InvalidImport(
        f"{path}: {reason}", hint="name its format: sanad facts import FORMAT FILE"
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _key(text: str) -> str:
    """A short name for a text without one."""
    return f"p{_sha256(text)[:16]}"


def _id(text: object) -> str:
    return _SPACE.sub("_", str(text).strip()) or "?"


def _add(found: Imported, **fields: Any) -> None:  # noqa: ANN401 - the fields of a question
    """Adds a question, or counts why it cannot be one."""
    if fields["language"] not in LANGUAGES:
        found.left_out["languages other than Arabic and English"] += 1
        return
    try:
        found.questions.append(FactQuestion.model_validate(fields))
    except ValidationError as error:
        found.left_out[f"not a question: {reason_of(error)}"] += 1


# SQuAD, XQuAD, MLQA, ARCD, TyDi's gold passages


def _squad(paths: Sequence[Path], options: Options) -> Imported:
    found = Imported()
    known: dict[str, str] = {}
    for path in paths:
        try:
            data = json.loads(_text_of(path))["data"]
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
    key = _article(found, known, str(entry.get("title", "")), text)
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
            stated, start = _trimmed(stated, start)
            if (start, stated) not in places:
                places.append((start, stated))
            if stated not in answers:
                answers.append(stated)
        if not unanswerable and not places:
            found.left_out["questions without an answer in the text"] += 1
            continue
        _add(
            found,
            id=_id(asked["id"]),
            question=question,
            language=options.language or language_of(question),
            unanswerable=unanswerable,
            answers=tuple(answers),
            gold=tuple(_gold(options, key, text, start, stated) for start, stated in places),
        )


def _article(found: Imported, known: dict[str, str], title: str, text: str) -> str:
    """The key of a text, which is added where it is new."""
    if text not in known:
        known[text] = _key(text)
        found.articles.append(Article(key=known[text], title=title, text=text))
    return known[text]


def _gold(options: Options, key: str, text: str, start: int, quote: str) -> Gold:
    return Gold(
        document=f"{options.articles}#{key}",
        document_sha256=_sha256(text),
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


def _trimmed(quote: str, start: int) -> tuple[str, int]:
    bare = quote.strip()
    return bare, start + quote.index(bare)


def _linked(found: Imported) -> list[FactQuestion]:
    """Questions of one id in both languages become a pair that shares its gold places.

    That is how parallel sets name their translations; the same id twice in one language is told
    apart by a number.
    """
    by_id: dict[str, list[FactQuestion]] = defaultdict(list)
    for question in found.questions:
        by_id[question.id].append(question)
    questions = []
    for id, some in by_id.items():
        if len(some) == 1:
            questions += some
        elif sorted(one.language for one in some) == ["ar", "en"]:
            gold = tuple(dict.fromkeys(gold for one in some for gold in one.gold))
            answers = tuple(dict.fromkeys(answer for one in some for answer in one.answers))
            questions += [
                one.model_copy(
                    update={
                        "id": f"{id}-{one.language}",
                        "pair": one.pair or id,
                        "gold": () if one.unanswerable else gold,
                        "answers": () if one.unanswerable else answers,
                    }
                )
                for one in some
            ]
        else:
            found.left_out["ids that occur again (a number was put behind them)"] += len(some) - 1
            questions += [
                one if number == 1 else one.model_copy(update={"id": f"{id}-{number}"})
                for number, one in enumerate(some, start=1)
            ]
    return questions


# SQuAD laid flat, as dataset hubs hand it out: a question a line, each with its context


def _rows(paths: Sequence[Path], options: Options) -> Imported:
    """Rows of question, context and answers; a row may name its ``twin`` in the other language.

    Twins become a pair that shares its gold places, as the same id in two files does.
    """
    found = Imported()
    known: dict[str, str] = {}
    twins: dict[str, str] = {}
    for path in paths:
        for number, record in _records(path):
            try:
                _row(found, known, twins, record, options)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise _bad(
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
        twins[_id(record["id"])] = _id(record["twin"])


def _with_twin(question: FactQuestion, twin: FactQuestion | None) -> FactQuestion:
    if twin is None or twin.language == question.language:
        return question
    first, second = sorted((question, twin), key=lambda one: one.id)
    changes: dict[str, Any] = {"pair": first.id}
    if not first.unanswerable and not second.unanswerable:
        changes["gold"] = tuple(dict.fromkeys((*question.gold, *twin.gold)))
        changes["answers"] = tuple(dict.fromkeys((*question.answers, *twin.answers)))
    return question.model_copy(update=changes)


# TyDi QA, the primary task: JSON lines with offsets in bytes


def _tydi(paths: Sequence[Path], options: Options) -> Imported:
    found = Imported()
    known: dict[str, str] = {}
    for path in paths:
        with _open(path) as file:
            first = file.readline()
        if '"paragraphs"' in first or "document_plaintext" not in first:
            part = _squad([path], options)  # the gold passage task comes in SQuAD's JSON
            found.questions += part.questions
            found.articles += part.articles
            for reason, count in part.left_out.items():
                found.left_out[reason] += count
            continue
        for number, record in _records(path):
            try:
                _tydi_record(found, known, record, options)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise _bad(path, f"line {number}: not TyDi's JSON: {error!r}") from error
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
        quote, place = _trimmed(stated, len(content[:start].decode("utf-8")))
        if (place, quote) not in places:
            places.append((place, quote))
        if quote not in answers:
            answers.append(quote)
    if passages and not places:
        found.left_out["questions answered by a passage or by yes and no"] += 1
        return
    key = _article(found, known, str(record.get("document_title", "")), text)
    _add(
        found,
        id=_id(f"tydi-{record['example_id']}"),
        question=str(record["question_text"]).strip(),
        language=language,
        unanswerable=not places,
        answers=tuple(answers),
        gold=tuple(_gold(options, key, text, place, quote) for place, quote in places),
    )


# BEIR and MIRACL: queries, corpus, relevance judgements


def _judged(paths: Sequence[Path], options: Options) -> Imported:
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
        for number, record in _records(file):
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
        _add(
            found,
            id=_id(query),
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
        document_sha256=_sha256(article.text),
        relevance=min(grade, 100),
    )


def _named_text(file: Path, number: int, record: Mapping[str, Any]) -> tuple[str, str]:
    key = record.get("_id", record.get("docid", record.get("id")))
    text = record.get("text", record.get("contents"))
    if key is None or not isinstance(text, str):
        raise _bad(file, f"line {number} has no _id (or docid) and text")
    return str(key), text


def _queries(file: Path) -> Iterator[tuple[str, str]]:
    if ".tsv" in file.suffixes or ".txt" in file.suffixes:
        for number, line in enumerate(_text_of(file).split("\n"), start=1):
            if not line.strip():
                continue
            id, tab, text = line.partition("\t")
            if not tab:
                raise _bad(file, f"line {number} has no tab between the id and the query")
            yield id, text.strip()
        return
    for number, record in _records(file):
        yield _named_text(file, number, record)


def _judgements(file: Path) -> Iterator[tuple[str, str, int]]:
    """Query, document and grade: three columns with a header (BEIR), or TREC's four."""
    for number, line in enumerate(_text_of(file).split("\n"), start=1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) not in (3, 4):
            raise _bad(file, f"line {number} has {len(cells)} columns, expected 3 or 4")
        try:
            yield cells[0], cells[-2], int(cells[-1])
        except ValueError as error:
            if number > 1:
                raise _bad(file, f"line {number}: {cells[-1]!r} is no grade") from error


# Tables by hand


def _tables(paths: Sequence[Path], options: Options) -> Imported:
    """Columns: question, and any of id, language, answers (parted by |), document, quote, start, tags, pair, unanswerable."""
    found = Imported()
    for path in paths:
        text = _text_of(path)
        first = text.partition("\n")[0]
        mark = max(",;\t", key=lambda one: (first.count(one), one == ","))
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        try:
            if "question" not in {name.strip().lower() for name in rows.fieldnames or ()}:
                raise _bad(path, f"no column 'question' among {rows.fieldnames}")
            for row in rows:
                cells = {
                    str(name).strip().lower(): value.strip()
                    for name, value in row.items()
                    if isinstance(value, str)
                }
                _table_row(found, path, rows.line_num, cells, options)
        except csv.Error as error:
            raise _bad(path, f"line {rows.line_num}: {error}") from error
    return found


def _table_row(
    found: Imported, path: Path, line: int, cells: Mapping[str, str], options: Options
) -> None:
    question = cells["question"]
    answers = tuple(one.strip() for one in cells.get("answers", "").split("|") if one.strip())
    declined = cells.get("unanswerable", "").lower() in ("1", "true", "yes", "نعم")
    gold: tuple[Gold, ...] = ()
    if not declined and (name := cells.get("document")):
        gold = (_row_gold(found, path, line, name, cells, options),)
    _add(
        found,
        id=_id(cells.get("id") or f"{path.stem}-{line}"),
        question=question,
        language=cells.get("language") or options.language or language_of(question),
        unanswerable=declined,
        answers=answers,
        gold=gold,
        tags=tuple(_id(tag) for tag in re.split(r"[|,\s]+", cells.get("tags", "")) if tag),
        pair=_id(cells["pair"]) if cells.get("pair") else None,
    )


def _row_gold(
    found: Imported,
    path: Path,
    line: int,
    name: str,
    cells: Mapping[str, str],
    options: Options,
) -> Gold:
    """The span of the quote in the stored document; the whole document where there is none."""
    quote = cells.get("quote", "")
    stated = cells.get("start", "")
    if stated and not (stated.isascii() and stated.isdigit()):
        raise _bad(path, f"line {line}: start is {stated!r}, expected a number of characters")
    text = _stored_text(name, options.library)
    if not quote:
        return Gold(document=name, document_sha256=None if text is None else _sha256(text))
    if text is None:
        if stated:
            start = int(stated)
            return Gold(document=name, start=start, end=start + len(quote), quote=quote)
        found.left_out["quotes of documents that are not in the collection"] += 1
        return Gold(document=name)
    place = locate(text, quote, int(stated or 0))
    if place is None:
        found.left_out["quotes that are not in their document"] += 1
        return Gold(document=name, document_sha256=_sha256(text))
    return Gold(
        document=name,
        document_sha256=_sha256(text),
        start=place,
        end=place + len(quote),
        quote=quote,
    )


def _stored_text(name: str, library: Library | None) -> str | None:
    if library is None:
        return None
    id = named(name, sorted(library.documents(), key=lambda summary: summary.id))
    try:
        return None if id is None else library.document(id).text
    except UnknownDocument:
        return None
