"""Any order of changes gives what a dict of documents would hold."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rag.errors import IndexDamaged, NoIndex, UnknownDocument
from rag.filters import Filter
from rag.index.collection import Collection
from rag.index.memory import MemoryIndex
from tests.rag.index.conftest import IN_MEMORY
from tests.rag.index.fakes import HashingEmbedder, NoModel, answers, content
from tests.strategies import document, texts

ids = st.sampled_from(["a.txt", "b.txt", "ar/ج.txt", "c#0-1.md"])


class CollectionMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY))
        self.collection = Collection(self.folder)
        self.held = None
        self.model = {}
        self.tags = set()  # of every document; None where they may differ

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
        same = {id for id in changes if self.model.get(id) == changes[id]}
        assert set(report.unchanged) | set(report.changed) == set(changes) & set(self.model)
        assert set(report.unchanged) <= same
        if self.tags == set():
            assert set(report.unchanged) == same
        self.model |= changes
        self.tags = None

    @precondition(lambda self: self.model)
    @rule()
    def ingest_again(self):
        documents = [document(text, id) for id, text in self.model.items()]
        report = self.collection.ingest(documents, NoModel())
        assert not report.embedded_passages
        assert not self.collection.ingest(documents, NoModel()).changed
        self.tags = set()

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

    @precondition(lambda self: self.collection.latest())
    @rule()
    def compact(self):
        report = self.collection.compact()
        assert bool(report.held) is bool(
            self.held and self.held[0].state.generation != report.generation
        )

    @precondition(lambda self: self.collection.latest())
    @rule()
    def back_up_and_restore(self):
        copy = Path(tempfile.mkdtemp(dir=IN_MEMORY)) / "copy"
        self.collection.backup(copy)
        self.let_go()
        shutil.rmtree(self.folder)
        copy.rename(self.folder)
        copy.parent.rmdir()

    @precondition(lambda self: self.model)
    @rule(tags=st.sets(st.sampled_from("xyz")))
    def tell(self, tags):
        """Tags of all documents, which changes what is told and embeds nothing."""
        told = [
            replace(document(text, id), tags=tuple(sorted(tags))) for id, text in self.model.items()
        ]
        assert self.collection.ingest(told, NoModel()).embedded_passages == 0
        self.tags = tags

    @rule(changes=st.dictionaries(ids, texts, min_size=1, max_size=2))
    def crash(self, changes):
        """As if killed between the truth's commit and the manifest: nothing is acknowledged."""
        changes = {id: f"{id} Kyiv {text}" for id, text in changes.items()}

        class Killed(BaseException):
            pass

        def killed(*_):
            raise Killed

        first = self.collection.latest() is None
        with mock.patch.object(Collection, "_publish", killed), pytest.raises(Killed):
            self.collection.ingest(
                [document(text, id) for id, text in changes.items()], HashingEmbedder()
            )
        if first:
            with suppress(IndexDamaged):  # documents that no index was made of
                self.collection.open().close()
        # What the next writer finds in the truth it publishes with its own change.
        self.collection.ingest([], NoModel())
        self.model |= changes
        self.tags = None

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
            if self.tags is not None:
                for tag in "xyz":
                    count = index.where([Filter("tags", "=", tag)]).count_documents()
                    assert count == (len(self.model) if tag in self.tags else 0)
        finally:
            index.close()


TestCollection = CollectionMachine.TestCase
TestCollection.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


@pytest.mark.soak
class TestCollectionForLong(CollectionMachine.TestCase):
    settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
