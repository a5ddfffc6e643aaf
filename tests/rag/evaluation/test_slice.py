"""The slice of our own questions that is measured on every change."""

from collections import Counter
from pathlib import Path

import pytest

from rag.engine import Engine
from rag.evaluation.checking import check_file
from rag.evaluation.questions import accepted, read
from rag.settings import Settings

FOLDER = Path(__file__).parents[2] / "quality"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    # The faster embedder: only texts and spans are looked at.
    settings = Settings(indexes=tmp_path_factory.mktemp("slice"), embedder="sanad-static-v1")
    engine = Engine(settings)
    engine.ingest([FOLDER / "articles.jsonl"])
    return engine


def test_nothing_is_wrong_in_it(engine):
    assert check_file(read(FOLDER / "questions.jsonl"), engine) == []


def test_all_four_pairs_of_languages_are_asked_alike(engine):
    questions = accepted(read(FOLDER / "questions.jsonl"))
    language = {one.sha256: one.language for one in engine.documents()}
    pairs = Counter(
        f"{one.language}-{language[one.gold[0].document_sha256]}" for one in questions if one.gold
    )
    assert pairs == {"ar-ar": 20, "ar-en": 20, "en-ar": 20, "en-en": 20}
    assert sum(one.unanswerable for one in questions) == 40
    assert all(count == 2 for count in Counter(one.pair for one in questions).values())


def test_it_is_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 300_000
