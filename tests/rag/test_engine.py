import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest

from rag import catalogue, engine
from rag.engine import Engine, retrieval_weights, thresholds
from rag.errors import (
    IndexDamaged,
    IndexMismatch,
    InvalidParameter,
    InvalidQuestion,
    ModelDamaged,
    NoDocuments,
    NoIndex,
    UnknownDocument,
)
from rag.settings import Settings
from rag.types import LANGUAGES
from tests.conftest import ROOT, SEEDS

QUESTIONS = [
    "كم عدد الأسرى الأوكرانيين الذين تسعى كييف إلى إطلاق سراحهم؟",
    "How many drones did Russia say it shot down?",
    "ما هي عاصمة أستراليا؟",
    "Istanbul agreements",
]
PAIRS = list(product(LANGUAGES, LANGUAGES))


def same(answer):
    return replace(answer, id="", timings_ms={})


@pytest.fixture
def own_engine(own_index):
    return Engine(Settings(indexes=own_index))


@pytest.fixture
def empty_engine(tmp_path):
    return Engine(Settings(indexes=tmp_path / "none"))


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "new" / "flood.txt"
    path.parent.mkdir()
    path.write_text("The Zambezi river rose by two metres in Mongu on Tuesday.", encoding="utf-8")
    return path


def test_nothing_ingested_is_an_abstention_not_an_error(empty_engine):
    empty_engine.warm()
    answer = empty_engine.ask(QUESTIONS[0])
    assert answer.abstention.code == "no_documents"
    assert answer.index.generation == "none"
    assert empty_engine.ask(QUESTIONS[0], language="en").abstention.message.startswith(
        "There are no"
    )
    assert empty_engine.search(QUESTIONS[0]) == []
    assert empty_engine.documents() == []
    assert empty_engine.count_documents() == 0
    assert not empty_engine.settings.indexes.exists()
    for call in (
        lambda: empty_engine.document("a"),
        lambda: empty_engine.delete(["a"]),
        empty_engine.rebuild,
    ):
        with pytest.raises(NoIndex) as caught:
            call()
        assert "sanad ingest" in caught.value.hint


def test_a_bad_question_or_k_is_refused_even_without_an_index(empty_engine):
    for call in (empty_engine.ask, empty_engine.search):
        with pytest.raises(InvalidQuestion):
            call("")
        with pytest.raises(InvalidParameter):
            call("what", 0)


def test_an_index_whose_last_document_was_deleted_abstains(own_engine):
    own_engine.delete([summary.id for summary in own_engine.documents()])
    assert own_engine.ask(QUESTIONS[0]).abstention.code == "no_documents"
    assert own_engine.search(QUESTIONS[0]) == []
    assert own_engine.count_documents() == 0


def test_another_engines_ingest_is_seen_without_reopening(own_engine, own_index, article):
    question = "How much did the Zambezi rise in Mongu?"
    before = own_engine.ask(question)
    assert "flood.txt" not in {citation.document_id for citation in before.citations}
    Engine(Settings(indexes=own_index)).ingest([article])
    after = own_engine.ask(question)
    assert after.index != before.index
    assert after.citations[0].document_id == "flood.txt"
    assert own_engine.count_documents() == 3


def test_another_processs_ingest_is_seen_without_reopening(own_engine, own_index, article):
    assert own_engine.count_documents() == 2
    subprocess.run(
        [
            sys.executable,
            "-m",
            "rag",
            "ingest",
            str(article),
            "--indexes",
            str(own_index),
            "--json",
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    assert own_engine.count_documents() == 3
    assert own_engine.document("flood.txt").title.startswith("The Zambezi")


def test_an_index_opened_earlier_still_reads_its_own_generation(own_engine, article):
    opened = own_engine.index()
    own_engine.ingest([article])
    assert opened.count_documents() == len(opened.documents()) == 2
    assert len(own_engine.documents()) == 3


def test_eight_threads_give_the_answers_of_one(seed_index):
    shared = Engine(Settings(indexes=seed_index))
    alone = [same(Engine(Settings(indexes=seed_index)).ask(question)) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(shared.ask, QUESTIONS * 4))
    assert [same(answer) for answer in together] == alone * 4


def test_asking_goes_on_while_another_thread_ingests(own_engine, article):
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(own_engine.ask, question) for question in QUESTIONS * 3]
        pool.submit(own_engine.ingest, [article]).result()
        for future in answers:
            answer = future.result()
            for citation in answer.citations:
                text = own_engine.document(citation.document_id).text
                assert text[citation.start : citation.end] == citation.quote


def test_ingest_reports_files_and_changes(empty_engine, article):
    (article.parent / "bad.txt").write_bytes(b"\xff\xff")
    loaded, changes = empty_engine.ingest([article.parent])
    assert [failure.source for failure in loaded.failures] == [str(article.parent / "bad.txt")]
    assert changes.added == ("flood.txt",)


def test_nothing_readable_says_why_and_creates_nothing(empty_engine, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")
    (folder / "b.txt").write_bytes(b"\xe9\xe8")
    with pytest.raises(NoDocuments, match=r"b.txt: not UTF-8.*1 files are of a kind"):
        empty_engine.ingest([folder])
    assert not empty_engine.settings.indexes.exists()


@pytest.mark.parametrize("id", ["nope", "", "../x", "\x00", "\udcff", "a" * 10_000])
def test_an_unknown_document_is_told_whatever_its_id(own_engine, id):
    with pytest.raises(UnknownDocument, match="no document"):
        own_engine.document(id)
    with pytest.raises(UnknownDocument, match="no document"):
        own_engine.delete([own_engine.documents()[0].id, id])
    assert own_engine.count_documents() == 2


@pytest.mark.parametrize(
    "given", [{"offset": -1}, {"limit": -1}, {"offset": 10**30}, {"limit": 2**63}]
)
def test_listing_refuses_what_cannot_be_counted(seed_engine, given):
    with pytest.raises(InvalidParameter, match="expected 0 to"):
        seed_engine.documents(**given)


def test_rebuild_changes_no_answer(own_engine):
    before = [own_engine.search(question) for question in QUESTIONS]
    name = own_engine.rebuild()
    assert Engine(own_engine.settings).index().manifest.generation == name
    assert [Engine(own_engine.settings).search(question) for question in QUESTIONS] == before


def test_damage_is_found_when_the_index_is_opened(own_index):
    next((own_index / "default").glob("gen-*/vectors/*.faiss")).write_bytes(b"x")
    with pytest.raises(IndexDamaged):
        Engine(Settings(indexes=own_index)).ask(QUESTIONS[0])


class OtherEmbedder:
    """The embedded vectors of pieces under another name."""

    def __init__(self):
        self._model = catalogue.piece_embedder()
        self.name, self.fingerprint, self.dim = "other", "other@0", self._model.dim
        self.embed_queries = self._model.embed_queries
        self.embed_passages = self._model.embed_passages


def test_an_index_of_another_embedder_is_refused_with_both_names(own_engine, article, monkeypatch):
    monkeypatch.setattr(engine.catalogue, "embedder", lambda settings: OtherEmbedder())
    ours = catalogue.contextual_model().fingerprint
    for call in (
        lambda: own_engine.ask(QUESTIONS[0]),
        lambda: own_engine.search(QUESTIONS[0]),
        lambda: own_engine.ingest([article]),
    ):
        with pytest.raises(IndexMismatch) as caught:
            call()
        assert ours in caught.value.message
        assert "other@0" in caught.value.message
        assert f"--embedder {catalogue.BILINGUAL}" in caught.value.hint


def test_another_embedder_fills_its_own_collection(own_index, monkeypatch):
    monkeypatch.setattr(engine.catalogue, "embedder", lambda settings: OtherEmbedder())
    other = Engine(Settings(indexes=own_index, collection="other"))
    other.ingest([SEEDS])
    assert other.search(QUESTIONS[0])
    assert other.ask(QUESTIONS[0]).index.generation == "gen-000001"


def test_the_faster_embedder_answers_from_an_index_of_its_own(tmp_path, own_engine):
    fast = Engine(Settings(indexes=tmp_path / "fast", embedder=catalogue.PIECES, threshold=0.0))
    fast.ingest([SEEDS])
    assert fast.embedder is catalogue.piece_embedder()
    (first, *_) = fast.ask(QUESTIONS[0]).citations
    assert fast.document(first.document_id).text[first.start : first.end] == first.quote
    other = Engine(own_engine.settings.model_copy(update={"embedder": catalogue.PIECES}))
    with pytest.raises(IndexMismatch):
        other.ask(QUESTIONS[0])


def test_there_is_a_fitted_threshold_for_each_pair_of_languages():
    fitted = thresholds(catalogue.EVIDENCE, None)
    assert set(fitted.answer) == {f"{asked}-{text}" for asked, text in PAIRS}
    for asked, text in PAIRS:
        assert 0 < fitted.least(asked, text) == fitted.answer[f"{asked}-{text}"] < 1
    assert 0 < fitted.support <= 1


@pytest.mark.parametrize("own", [0.0, 0.5, 1.0])
def test_a_threshold_of_ones_own_replaces_that_of_every_pair(own):
    given = thresholds(catalogue.EVIDENCE, own)
    assert [given.least(asked, text) for asked, text in PAIRS] == [own] * len(PAIRS)
    assert given.support == thresholds(catalogue.EVIDENCE, None).support


@pytest.mark.parametrize(("own", "status"), [(0.0, "answered"), (1.0, "abstained")])
def test_the_setting_decides_whatever_was_fitted(seed_index, own, status):
    asked = Engine(Settings(indexes=seed_index, threshold=own))
    assert {asked.ask(question).status for question in QUESTIONS} == {status}


def test_without_the_setting_the_fitted_thresholds_decide(seed_engine):
    seed_engine.warm()
    assert seed_engine._thresholds == thresholds(catalogue.EVIDENCE, None)


@pytest.mark.parametrize("own", [None, 0.7])
def test_nothing_is_fitted_to_another_reader(own):
    asked = Engine(Settings(reader="some/model", threshold=own))
    given = asked._decide(catalogue.EVIDENCE)
    assert {given.least(a, b) for a, b in PAIRS} == {0.5 if own is None else own}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"retrieval": [], "thresholds": 3}',
        '{"retrieval": {"x": 1}, "thresholds": {"x": 1}}',
        '{"retrieval": {"features": [1.0], "margin": 1.0}, "thresholds": {"answer": 0.5, "support": 0.9}}',
        '{"retrieval": {"features": 1, "margin": 1}, "thresholds": {"answer": {"ar-en": "x"}, "support": 0.9}}',
        '{"retrieval": {"features": ["x"]}, "thresholds": {"answer": {"ar-en": 0.5}}}',
        '{"retrieval": {"features": [1, 1, 1, 1, 1], "margin": "x"}, "thresholds": {"answer": {}}}',
        '{"retrieval": {}, "thresholds": {"answer": {"ar-en": null}, "support": 0.9}}',
    ],
)
def test_foreign_weights_are_refused_by_name(tmp_path, content):
    path = tmp_path / "evidence.json"
    path.write_text(content, encoding="utf-8")
    for call in (lambda: retrieval_weights(path), lambda: thresholds(path, None)):
        with pytest.raises(ModelDamaged, match=r"^evidence\.json: "):
            call()
    with pytest.raises(ModelDamaged):
        retrieval_weights(tmp_path / "none.json")


def test_k_is_respected(seed_engine):
    for k in (1, 3, 50):
        assert len(seed_engine.search(QUESTIONS[1], k)) == min(k, len(seed_engine.index()))
    assert json.dumps([hit.rank for _, hit in seed_engine.search(QUESTIONS[1], 3)]) == "[0, 1, 2]"
