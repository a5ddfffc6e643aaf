"""The adapters inside their frameworks, over an engine and over a client; `make clients` has them all."""

import pytest

from rag.client import Client
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
