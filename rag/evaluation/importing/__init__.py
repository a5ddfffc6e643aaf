"""Question sets of the field to question files: SQuAD and its kin, rows, TyDi, BEIR, MIRACL, tables.

Nothing is guessed: an answer whose stated place holds other words is looked for beside it, and left
out and counted where it is not there. Articles come along where the format carries them, as records
that ``sanad ingest`` reads; gold spans are offsets into their text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rag.errors import InvalidParameter
from rag.evaluation.importing.judged import judged
from rag.evaluation.importing.squad import rows, squad
from rag.evaluation.importing.tables import tables
from rag.evaluation.importing.tydi import tydi
from rag.evaluation.importing.values import Article, Imported, InvalidImport, Options, locate
from rag.evaluation.questions import FactQuestion

__all__ = ["FORMATS", "Article", "Imported", "InvalidImport", "Options", "import_files", "locate"]

FORMATS = ("squad", "xquad", "mlqa", "arcd", "rows", "tydi", "beir", "miracl", "csv")


def import_files(format: str, paths: Sequence[Path], options: Options) -> Imported:
    """The questions and articles of these files; raises InvalidImport, InvalidParameter."""
    readers: Mapping[str, Callable[[Sequence[Path], Options], Imported]] = {
        "squad": squad,
        "xquad": squad,
        "mlqa": squad,
        "arcd": squad,
        "rows": rows,
        "tydi": tydi,
        "beir": judged,
        "miracl": judged,
        "csv": tables,
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
