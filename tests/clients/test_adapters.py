"""The adapters inside their frameworks, over an engine and over a client; `make clients` has them all."""

import pytest

from rag.client import Client
from rag.engine import Engine
from rag.errors import InvalidFilter, InvalidParameter, UnknownCollection
from rag.settings import Settings
from tests.api.fakes import served, until_ready
from tests.clients.dialogues import ANSWER, QUESTIONS


@pytest.fixture(params=["engine", "client"])
def source(request, seed_engine, address):
    if request.param == "engine":
        yield seed_engine
    else:
        with Client(address) as client:
            yield client


def check(source, found):
    """(text, place) of what an adapter found: slices of the stored documents, the fact among them."""
    assert len(found) == 3
    for text, about in found:
        assert source.document(about["document_id"]).text[about["start"] : about["end"]] == text
        assert about["title"]
        assert about["url"].startswith("/v1/documents/")
    assert any(ANSWER in text for text, _ in found)


@pytest.fixture(params=["engine", "client"])
def filed(request, tmp_path_factory):
    """A source whose own collection is empty, beside one with the same news of two years."""
    engine = Engine(Settings(indexes=tmp_path_factory.mktemp("indexes")))
    with served(engine, indexes=engine.settings.indexes) as address:
        until_ready(address)
        with Client(address, collection="floods") as client:
            client.put("2024", "The river Nalo rose by two metres.", published="2024-05-01")
            client.put("2025", "ارتفع منسوب نهر نالو مترين.", published="2025-05-01")
        if request.param == "engine":
            yield engine
        else:
            with Client(address) as client:
                yield client


def with_langchain(source, k=None, **given):
    pytest.importorskip("langchain_core")
    from rag.integrations.langchain import SanadRetriever

    found = SanadRetriever(source=source, k=k, **given).invoke("Nalo نالو")
    return [document.metadata for document in found]


def with_langchain_at_once(source, **given):
    pytest.importorskip("langchain_core")
    from rag.integrations.langchain import SanadRetriever

    retriever = SanadRetriever(source=source, where=["published<1900"])
    return [document.metadata for document in retriever.invoke("Nalo نالو", **given)]


def with_llama_index(source, **given):
    pytest.importorskip("llama_index.core")
    from rag.integrations.llama_index import SanadRetriever

    return [one.node.metadata for one in SanadRetriever(source, **given).retrieve("Nalo نالو")]


def with_haystack(source, **given):
    pytest.importorskip("haystack")
    from rag.integrations.haystack import SanadRetriever

    found = SanadRetriever(source, **given).run("Nalo نالو")["documents"]
    return [document.meta for document in found]


def with_haystack_at_once(source, **given):
    pytest.importorskip("haystack")
    from rag.integrations.haystack import SanadRetriever

    retriever = SanadRetriever(source, 5, where=["published<1900"])
    return [document.meta for document in retriever.run("Nalo نالو", **given)["documents"]]


ADAPTERS = [
    with_langchain,
    with_langchain_at_once,
    with_llama_index,
    with_haystack,
    with_haystack_at_once,
]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_filters_and_collections_reach_the_source(filed, adapter):
    def ids(**given):
        return {place["document_id"] for place in adapter(filed, **given)}

    assert ids(collection="floods", where=[]) == {"2024", "2025"}
    assert ids(collection="floods", where=["published>=2025"]) == {"2025"}
    assert ids(collection="floods", where=["language=en", "published>=2025"]) == set()
    assert ids(where=[]) == set()
    (place,) = adapter(filed, collection="floods", where=["language=ar"])
    assert place["url"].endswith("&collection=floods")
    with pytest.raises(UnknownCollection, match="nowhere"):
        adapter(filed, collection="nowhere")
    with pytest.raises(InvalidFilter):
        adapter(filed, collection="floods", where=["published>soon"])


@pytest.mark.parametrize("adapter", [with_haystack, with_haystack_at_once])
def test_no_passages_at_all_is_not_the_usual_number(filed, adapter):
    with pytest.raises(InvalidParameter, match="k is 0"):
        adapter(filed, top_k=0)


@pytest.mark.parametrize("language", QUESTIONS)
def test_langchain(source, language):
    pytest.importorskip("langchain_core")
    from rag.integrations.langchain import SanadRetriever

    found = SanadRetriever(source=source, k=3).invoke(QUESTIONS[language])
    check(source, [(document.page_content, document.metadata) for document in found])


@pytest.mark.parametrize("language", QUESTIONS)
def test_llama_index(source, language):
    pytest.importorskip("llama_index.core")
    from rag.integrations.llama_index import SanadRetriever

    found = SanadRetriever(source, 3).retrieve(QUESTIONS[language])
    check(source, [(one.node.get_content(), one.node.metadata) for one in found])
    assert found[0].score >= found[-1].score


@pytest.mark.parametrize("language", QUESTIONS)
def test_haystack(source, language):
    pytest.importorskip("haystack")
    from haystack import Pipeline

    from rag.integrations.haystack import SanadRetriever

    pipeline = Pipeline()
    pipeline.add_component("sanad", SanadRetriever(source, top_k=3))
    found = pipeline.run({"sanad": {"query": QUESTIONS[language]}})["sanad"]["documents"]
    check(source, [(document.content, document.meta) for document in found])


def test_sanad_mcp_without_its_package_says_what_to_install(monkeypatch, capsys):
    import sys

    from rag.cli import main

    for module in [m for m in sys.modules if m.split(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "rag.integrations.mcp", raising=False)
    assert main(["mcp"]) == 78
    assert "pip install 'sanad[mcp]'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["langchain", "llama_index", "haystack", "mcp"])
def test_a_missing_framework_names_its_extra(monkeypatch, name):
    import importlib
    import sys

    from rag.errors import MissingExtra

    packages = {"langchain": "langchain_core", "llama_index": "llama_index"}
    blocked = packages.get(name, name)
    for module in [m for m in sys.modules if m.split(".")[0] == blocked]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, blocked, None)
    monkeypatch.delitem(sys.modules, f"rag.integrations.{name}", raising=False)
    with pytest.raises(MissingExtra) as raised:
        importlib.import_module(f"rag.integrations.{name}")
    assert f"sanad[{name.replace('_', '-')}]" in raised.value.hint
