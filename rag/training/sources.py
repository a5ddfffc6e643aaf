"""Training data: what each file is, under which licence, and how it is read.

A file that is not in :data:`PARALLEL` or :data:`QUESTIONS` is not read, and a licence that is
not in :data:`REDISTRIBUTABLE` stops the run: weights made from data that does not allow
shipping the result must not come into being by accident.
"""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REDISTRIBUTABLE = frozenset(
    {
        "Apache-2.0",
        "CC BY 2.0 FR",
        "CC BY 4.0",
        "CC BY-SA",
        "CC BY-SA 4.0",
        "CC0",
        "MIT",
        "ODbL",
        "Unicode",
        "public domain",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One data file: where it lies under the data folder, its licence and how many rows are used."""

    path: str
    licence: str
    rows: int
    prose: bool = True


PARALLEL = (
    Source(path="parallel/sanad_qa.train.tsv", licence="CC BY 4.0", rows=20_000),
    Source(path="parallel/tico19.tsv.xz", licence="CC0", rows=10_000),
    Source(path="parallel/un_sdg.tsv.xz", licence="MIT", rows=10_000),
    Source(path="parallel/tatoeba.tsv.xz", licence="CC BY 2.0 FR", rows=20_000),
    Source(path="parallel/react_docs.tsv.xz", licence="CC BY 4.0", rows=10_000),
    Source(path="parallel/covid_faq_mt.tsv.xz", licence="Apache-2.0", rows=10_000),
    Source(path="parallel/mmlu_ar_en.tsv.xz", licence="Apache-2.0", rows=60_000),
    Source(path="parallel/msdocs_d365_operations.tsv.xz", licence="CC BY 4.0", rows=60_000),
    Source(path="parallel/msdocs_project_operations.tsv.xz", licence="CC BY 4.0", rows=10_000),
    Source(path="parallel/msdocs_customer_insights.tsv.xz", licence="CC BY 4.0", rows=6_000),
    Source(path="parallel/msdocs_alchemy_office_help.tsv.xz", licence="CC BY 4.0", rows=30_000),
    Source(path="parallel/bible_vandyck_kjv.tsv.xz", licence="public domain", rows=15_000),
    Source(path="parallel/dict_wordnet_arb.tsv.xz", licence="CC BY-SA", rows=60_000, prose=False),
    Source(path="parallel/dict_wiktionary.tsv.xz", licence="CC BY-SA", rows=20_000, prose=False),
    Source(
        path="parallel/names_google_ar2en.tsv.xz", licence="Apache-2.0", rows=16_000, prose=False
    ),
    Source(
        path="parallel/names_wikidata_netransliteration.tsv.xz",
        licence="MIT",
        rows=40_000,
        prose=False,
    ),
    Source(
        path="parallel/geo_countries_states_cities.tsv.xz",
        licence="ODbL",
        rows=30_000,
        prose=False,
    ),
    Source(path="parallel/cldr_names.tsv.xz", licence="Unicode", rows=10_000, prose=False),
)

QUESTIONS = (
    Source(path="qa/sanad_qa.train.jsonl", licence="CC BY 4.0", rows=20_000),
    Source(path="qa/arcd.train.ar.jsonl.xz", licence="MIT", rows=1_000),
    Source(path="qa/qamr.train.en.jsonl.xz", licence="MIT", rows=12_000),
    Source(path="qa/fairytaleqa.train.en.jsonl.xz", licence="Apache-2.0", rows=4_000),
    Source(path="qa/covidqa.train.en.jsonl.xz", licence="Apache-2.0", rows=1_400),
)

QUESTION_SENTENCES = (
    Source(
        path="qa/squad_v1_train_part.question-sentence.en.tsv.xz",
        licence="CC BY-SA 4.0",
        rows=12_000,
    ),
)

# Our own questions in both languages, kept beside this module: over news (Arabic; ant_jawhara_news,
# Apache-2.0), over health texts (both languages; TICO-19, CC0), and over passages of our own (both).
WRITTEN = Source(path="written.jsonl.xz", licence="CC BY 4.0", rows=300_000)
WRITTEN_DEV = Source(path="written.dev.jsonl.xz", licence="CC BY 4.0", rows=300_000)  # kept aside

ARABIC_TEXT = (
    Source(path="mono/ant_jawhara_news.txt.xz", licence="Apache-2.0", rows=20_000),
    Source(path="mono/questions_tydi_train.ar.txt.xz", licence="Apache-2.0", rows=20_000),
)


def lines(data: Path, source: Source) -> Iterator[str]:
    """The file's lines without their ends; refuses a licence that does not allow redistribution."""
    if source.licence not in REDISTRIBUTABLE:
        raise ValueError(
            f"{source.path}: licence {source.licence!r} does not allow shipping weights"
        )
    path = data / source.path
    opened: Any = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\r\n")


def sample(rows: list[Any], count: int, seed: int) -> list[Any]:
    """At most ``count`` rows, drawn without replacement, the same for the same seed."""
    if len(rows) <= count:
        return rows
    return random.Random(seed).sample(rows, count)


def pairs(data: Path, source: Source, seed: int) -> list[tuple[str, str]]:
    """Some (arabic, english) rows of a parallel file, empty and copied sides left out."""
    return sample(in_order(data, source), source.rows, seed)


def in_order(data: Path, source: Source) -> list[tuple[str, str]]:
    """All (arabic, english) rows of a parallel file, as they stand in it."""
    rows = []
    for line in lines(data, source):
        arabic, _, english = line.partition("\t")
        arabic, english = arabic.strip(), english.strip()
        if arabic and english and arabic != english and len(arabic) < 1000 and len(english) < 1000:
            rows.append((arabic, english))
    return rows


def questions(data: Path, source: Source, seed: int) -> list[dict[str, Any]]:
    """Rows of a question file: question, context, answers, is_impossible, lang, id."""
    return sample([json.loads(line) for line in lines(data, source)], source.rows, seed)
