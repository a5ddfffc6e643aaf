"""Any order of changes gives what a dict of documents would hold."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rag.errors import NoIndex, UnknownDocument
from rag.index.collection import Collection
from rag.index.memory import MemoryIndex
from tests.rag.index.fakes import HashingEmbedder, NoModel, answers, content
from tests.strategies import document, texts

ids = st.sampled_from(["a.txt", "b.txt", "ar/ج.txt", "c#0-1.md"])


class CollectionMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.collection = Collection(self.folder)
        self.held = None
        self.model = {}

    def teardown(self):
        self.let_go()
        shutil.rmtree(self.folder)

    @rule(changes=st.dictionaries(ids, texts, min_size=1, max_size=3))
    def add_or_replace(self, changes):
        # Every text names its document, so none repeats another.
        changes = {id: f"{id} Kyiv {text}" for id, text in changes.items()}
        report = self.collection.ingest(
            [document(text, id) for id, text in changes.items()], HashingEmbedder()
        )
        assert set(report.added) == set(changes) - set(self.model)
        assert set(report.unchanged) == {id for id in changes if self.model.get(id) == changes[id]}
        self.model |= changes

    @precondition(lambda self: self.model)
    @rule()
    def ingest_again(self):
        documents = [document(text, id) for id, text in self.model.items()]
        assert not self.collection.ingest(documents, NoModel()).changed

    @precondition(lambda self: self.collection.exists())
    @rule(id=ids)
    def delete(self, id):
        if id in self.model:
            assert self.collection.delete([id]).removed == (id,)
            del self.model[id]
        else:
            with pytest.raises(UnknownDocument):
                self.collection.delete([id])

    @precondition(lambda self: self.collection.latest())
    @rule()
    def rebuild(self):
        self.collection.rebuild()

    @rule()
    def reopen(self):
        self.collection = Collection(self.folder)

    @precondition(lambda self: self.collection.latest())
    @rule()
    def hold(self):
        """A reader that stays, whatever is written after."""
        self.let_go()
        index = self.collection.open()
        self.held = (index, content(index), answers(index))

    def let_go(self):
        if self.held:
            self.held[0].close()
            self.held = None

    @invariant()
    def the_index_holds_what_the_model_holds(self):
        if self.held:
            index, *before = self.held
            assert [content(index), answers(index)] == before
        try:
            index = self.collection.open(HashingEmbedder())
        except NoIndex:
            assert not self.model
            return
        try:
            assert content(index) == self.model
            oracle = MemoryIndex(
                [document(text, id) for id, text in self.model.items()], HashingEmbedder()
            )
            found = {hit.passage_id for hit in index.matching({"kyiv": 1.0}, 1000)}
            assert found == {hit.passage_id for hit in oracle.matching({"kyiv": 1.0}, 1000)}
            assert len(index) == len(oracle)
        finally:
            index.close()


TestCollection = CollectionMachine.TestCase
TestCollection.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
