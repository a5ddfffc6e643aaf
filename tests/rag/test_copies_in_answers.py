"""Of copies of one article, one is answered from, and none pushes other articles aside."""

from __future__ import annotations

import json

import pytest

from rag import catalogue, cli
from rag.engine import Engine, retrieval_weights
from rag.index.memory import MemoryIndex
from rag.question import understand
from rag.retrieval import Retriever
from rag.settings import Settings
from tests.rag.test_duplicates import AR, AR_COPY, EN, EN_COPY
from tests.strategies import document

QUESTIONS = {"ar": "كم أوكرانيا محتجزا لدى موسكو؟", "en": "How many Ukrainians does Moscow hold?"}
TEXTS = {"ar.txt": AR, "ar-copy.txt": AR_COPY, "en.txt": EN, "en-copy.txt": EN_COPY}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    (folder / "in").mkdir()
    for name, text in TEXTS.items():
        (folder / "in" / name).write_text(text, encoding="utf-8")
    engine = Engine(Settings(indexes=folder / "indexes"))
    engine.ingest([folder / "in"])
    return engine


@pytest.mark.parametrize("language", QUESTIONS)
def test_one_group_counts_once(engine, language):
    groups = engine.groups()
    assert len(set(groups.values())) == 2
    found = engine.search(QUESTIONS[language])
    documents = {passage.document_id for passage, _ in found}
    assert len(documents) == 2  # one of each pair
    assert len({groups[id] for id in documents}) == 2
    answer = engine.ask(QUESTIONS[language])
    assert answer.status == "answered"
    cited = [citation.document_id for citation in answer.citations]
    assert len({groups[id] for id in cited}) == len(set(cited))


@pytest.mark.parametrize("count", [5, 70])
def test_copies_do_not_crowd_others_out(network, pieces, embedder, count):
    copies = [document(f"{EN}\n\n{'x' * (n % 7)}", f"copy-{n:03}") for n in range(count)]
    others = [
        document("A bakery in Tripoli sells bread with thyme. Moscow is far from it.", "bakery"),
        document("قال أمين الاتحاد إن موسكو تحتجز صيادين من كييف منذ أسبوع.", "fishers"),
    ]
    index = MemoryIndex([*copies, *others], embedder)
    weights = retrieval_weights(catalogue.EVIDENCE)
    retriever = Retriever(embedder, pieces, network, weights)
    found = retriever.retrieve(understand(QUESTIONS["en"]), index, 8)
    documents = [passage.document_id for passage, _ in found]
    assert len({id for id in documents if id.startswith("copy")}) == 1
    assert {"bakery", "fishers"} <= set(documents)


def test_copies_are_listed_and_shown(engine, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    indexes = ("--indexes", str(engine.settings.indexes))
    assert cli.main(["documents", "list", "--json", *indexes]) == 0
    listed = json.loads(capfd.readouterr().out)["documents"]
    groups = {one["id"]: one["group"] for one in listed}
    assert groups["ar.txt"] == groups["ar-copy.txt"] != groups["en.txt"] == groups["en-copy.txt"]
    assert cli.main(["documents", "list", *indexes]) == 0
    assert capfd.readouterr().out.count("    copy of ") == 2
    assert cli.main(["documents", "show", "ar.txt", *indexes]) == 0
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == (AR, "the same article: ar-copy.txt\n")
    assert cli.main(["documents", "show", "ar.txt", "--json", *indexes]) == 0
    assert json.loads(capfd.readouterr().out)["copies"] == ["ar-copy.txt"]


def test_a_copy_that_is_deleted_leaves_the_other_alone(engine):
    engine.delete(["en-copy.txt"])
    assert set(engine.groups()) == {"ar.txt", "ar-copy.txt"}
