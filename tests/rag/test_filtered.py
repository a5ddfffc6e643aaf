"""Filters and collections from the question to the answer, with the real models."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from pydantic import ValidationError

from rag.engine import Engine
from rag.errors import InvalidFilter, InvalidParameter, UnknownCollection
from rag.index import collections
from rag.settings import Settings
from tests.conftest import ARTICLES, SEEDS
from tests.strategies import document

QUESTIONS = {
    "ar": "كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟",
    "en": "How many drones did Russia say it shot down?",
}
TOLD = [
    replace(
        document("Kyiv hopes to free 1,200 prisoners, officials said.\n\nThe exchange is in May.", "en.txt"),
        title="Exchange", published="2025-11-02", tags=("war",), metadata={"author": {"name": "Sara"}}, pages=(0, 53),
    ),
    replace(
        document("قالت كييف إنها تأمل إطلاق سراح 1200 أسير.\n\nسيجري التبادل في مايو.", "ar.txt"),
        title="تبادل", published="2025-10-01", tags=("حرب",), metadata={"author": {"name": "سارة"}},
    ),
    replace(
        document("The town has been without water for seven days.\n\nThe pipes are old.", "water.txt"),
        published="2024-05-01", tags=("city",), metadata={"author": {"name": "Omar"}},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(Settings(indexes=tmp_path_factory.mktemp("filtered"), threshold=0.0))
    made.collection.ingest(TOLD, made.embedder)
    return made


def passages_of(found):
    return {passage.id for passage, _ in found}


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (["published>=2025-01-01"], {"en.txt", "ar.txt"}),
        (["language=ar"], {"ar.txt"}),
        (["tags=war"], {"en.txt"}),
        (["author.name!=ساره"], {"en.txt", "water.txt"}),
        (["author.name~ar", "published<2026"], {"en.txt", "water.txt"}),
        (["source=water.txt"], {"water.txt"}),
    ],
)
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_filtered_search_is_a_search_over_what_passes(engine, tmp_path, question, where, kept):
    alone = Engine(Settings(indexes=tmp_path / "alone", threshold=0.0))
    alone.collection.ingest([one for one in TOLD if one.id in kept], alone.embedder)
    found = engine.search(question, where=where)
    assert passages_of(found) == passages_of(alone.search(question))
    assert {passage.document_id for passage, _ in found} == kept
    assert len(engine.search(question, 1, where=where)) == 1
    answer = engine.ask(question, where=where)
    assert answer.citations
    assert {citation.document_id for citation in answer.citations} <= kept


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_where_nothing_passes_the_sources_say_nothing(engine, question):
    answer = engine.ask(question, where=["tags=nowhere"])
    assert (answer.status, answer.abstention.code) == ("abstained", "not_in_sources")
    assert answer.confidence == 0
    assert engine.search(question, where=["tags=nowhere"]) == []
    assert engine.count_documents(where=["tags=nowhere"]) == 0


def test_where_nothing_is_stored_there_are_no_documents(tmp_path):
    empty = Engine(Settings(indexes=tmp_path / "none"))
    assert empty.ask("who?", where=["language=ar"]).abstention.code == "no_documents"
    for call in (empty.ask, empty.search):
        with pytest.raises(InvalidFilter):
            call("who?", where=["language=fr"])
    with pytest.raises(InvalidFilter):
        empty.documents(where=["x"])


def test_a_citation_of_a_paged_source_names_the_page(engine):
    answer = engine.ask("When is the exchange?", where=["tags=war"])
    pages = {citation.page for citation in answer.citations}
    text = TOLD[0].text
    assert pages == {1 if citation.start < 53 else 2 for citation in answer.citations}
    assert text.index("The exchange") == 53
    assert engine.ask(QUESTIONS["ar"], where=["language=ar"]).citations[0].page is None


def test_collections_lie_side_by_side_with_the_same_models(engine):
    indexes = engine.settings.indexes
    seeds = Engine(Settings(indexes=indexes, collection="seeds"))
    seeds.ingest([SEEDS])
    other = engine.for_collection("seeds")
    assert other is engine.for_collection("seeds")
    assert engine.for_collection(None) is engine.for_collection("default") is engine
    assert other.embedder is engine.embedder
    question = QUESTIONS["ar"]
    assert other.ask(question).citations == seeds.ask(question).citations
    ours, theirs = engine.ask(question), other.ask(question)
    assert {c.document_id for c in ours.citations} & {
        c.document_id for c in theirs.citations
    } == set()
    listed = {one.name: one for one in engine.collections()}
    assert (listed["default"].documents, listed["seeds"].documents) == (3, 2)
    assert listed["seeds"].embedder == "sanad-bilingual-v1"
    assert listed["seeds"].generation == "gen-000001"


def test_a_collection_made_anew_under_its_name_is_seen(engine):
    indexes = engine.settings.indexes
    for name in ("000_bf9d928c021a1d38.txt", "001_59ecd75d0caf08a8.txt"):
        made = Engine(Settings(indexes=indexes, collection="again"))
        made.ingest([ARTICLES / name])
        assert [one.id for one in engine.for_collection("again").documents()] == [name]
        collections.delete(indexes, "again")
        with pytest.raises(UnknownCollection):
            engine.for_collection("again")


NAMES = [
    "", ".", "..", "../x", "a/b", "/etc", "a\\b", "a.", "-x", "_x", "a b", "a\n", "\x00", "أخبار\u202e",
    "a" * 65, "%2e%2e", "~", "con:", "\udfff", ".deleted-x",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_the_folder_of_indexes(engine, tmp_path, name):
    for call in (
        lambda: engine.for_collection(name),
        lambda: collections.delete(engine.settings.indexes, name),
        lambda: collections.find(tmp_path, name),
    ):
        with pytest.raises(InvalidParameter, match="collection is") as caught:
            call()
        assert caught.value.exit_code == 2
        str(caught.value).encode()


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_take_the_same_names(name):
    with pytest.raises(ValidationError, match="letters and digits of any script"):
        Settings(collection=name)


def test_the_settings_keep_a_name_as_it_is_kept():
    typed = unicodedata.normalize("NFD", "أخبار")
    assert typed != Settings(collection=typed).collection == "أخبار"


def test_a_link_is_no_collection(engine, tmp_path):
    (tmp_path / "linked").symlink_to(engine.settings.indexes / "default")
    assert collections.listed(tmp_path) == []
    for call in (collections.find, collections.delete):
        with pytest.raises(UnknownCollection, match="'linked'"):
            call(tmp_path, "linked")
    assert engine.collection.exists()
