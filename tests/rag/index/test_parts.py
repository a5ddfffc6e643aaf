"""A generation made from the one before it is what would have been made from the truth alone."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import duplicates
from rag.errors import IndexDamaged
from rag.index import files, manifest, parts
from rag.index.collection import Collection
from tests.rag.index.conftest import IN_MEMORY
from tests.rag.index.fakes import HashingEmbedder, NoModel, answers, content
from tests.strategies import document

SMALL = 4  # passages a part
WORDS = "Kyiv water prisoners البلدية كييف مايو town 1200 pipes Monday ماء".split()
IDS = [f"{name}.txt" for name in "abcdefghij"]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "LARGEST", SMALL)


def paragraphs(numbers):
    return "\n\n".join(f"{' '.join(WORDS[n:] + WORDS[:n])}. Part {n} of it. " * 8 for n in numbers)


# Few different texts with edits: some are copies, some share passages, most repeat each other's terms.
texts = st.builds(
    lambda numbers, edit: f"{paragraphs(numbers)}\n\nEdited {edit}.",
    st.lists(st.integers(0, 5), min_size=1, max_size=3),
    st.integers(0, 30).map(lambda number: "abcdefghij"[number % 10] * (1 + number // 10)),
)
changes = st.lists(
    st.dictionaries(st.sampled_from(IDS), st.none() | texts, min_size=1, max_size=3),
    min_size=2,
    max_size=6,
)


def said(collection):
    index = collection.open(HashingEmbedder())
    try:
        terms = {"kyiv": 1.0, "water": 0.5, "~kyf": 0.3, "#1200": 1.0}
        hits = index.matching(terms, 1000)
        assert len(index.passages([hit.passage_id for hit in hits])) == len(hits)
        frequencies = [index.document_frequency(term) for term in terms]
        return content(index), answers(index), hits, frequencies, dict(index.groups()), len(index)
    finally:
        index.close()


def rebuilt(collection):
    """What a copy says that was made from the truth alone."""
    copy = collection.folder.with_name("copy")
    shutil.copytree(collection.folder, copy)
    Collection(copy).rebuild()
    found = said(Collection(copy))
    shutil.rmtree(copy)
    return found


def change(collection, given):
    documents = [document(text, id) for id, text in given.items() if text is not None]
    with collection.writing(HashingEmbedder()) as writer:
        for one in documents:
            writer.put(one, exact=True)
        live = writer.origins()
        for id, text in given.items():
            if text is None and id in live:
                writer.remove(id)
        writer.publish()


def listed(collection):
    described = collection.latest()
    return parts.listed(
        (collection.folder / described.generation / parts.PARTS).read_bytes()
    ), described


@settings(max_examples=10, deadline=None)
@given(given=changes)
def test_any_changes_leave_what_a_rebuild_makes(given):
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(parts, "LARGEST", SMALL)
        collection = Collection(Path(folder) / "default")
        change(collection, {"first.txt": paragraphs([0]), IDS[0]: paragraphs([1, 2])})
        for one in given:
            change(collection, one)
            assert said(collection) == rebuilt(collection)
            found, _ = listed(collection)
            assert all(0 < part.count <= SMALL for part in found)
            assert sum(part.count for part in found) == said(collection)[-1]
            if len(found) > 1:  # neighbours that are small are one
                two = [a.count + b.count for a, b in pairwise(found)]
                assert all(both > 2 for both in two)


def filled(collection, count=9):
    """One passage a document, in parts of four."""
    collection.ingest(
        [document(f"{WORDS[n]} number {'abcdefghij'[n]} in Kyiv.", IDS[n]) for n in range(count)],
        HashingEmbedder(),
    )
    return collection


@pytest.fixture
def collection(tmp_path):
    return filled(Collection(tmp_path / "default"))


def inodes(collection):
    found, described = listed(collection)
    place = collection.folder / described.generation
    return {
        part.name: {path.stat().st_ino for path in place.rglob("*") if part.name in path.name}
        for part in found
    }


def test_a_small_change_writes_only_the_part_it_touches(collection):
    before = inodes(collection)
    first, second, third = before
    assert all(len(of_part) >= 6 for of_part in before.values())
    collection.ingest([document("A new report of Kyiv.", "new.txt")], NoModelBut(1))
    after = inodes(collection)
    assert len(after) == 3
    assert third not in after
    for name in (first, second):
        assert after[name] == before[name]  # the very files
    collection.delete([IDS[5]])  # in the second part
    kept_first, written, kept_third = inodes(collection)
    assert [kept_first, kept_third] == [first, list(after)[2]]
    assert written not in after
    assert said(collection) == rebuilt(collection)


def test_each_file_is_compared_once_at_a_change(collection, monkeypatch):
    """Also those of a part that is written anew: comparing is most of what a small change costs."""
    compared = []
    real = manifest._compare
    monkeypatch.setattr(
        manifest, "_compare", lambda name, *rest: (compared.append(name), real(name, *rest))
    )
    collection.delete([IDS[5]])
    assert {name.partition("/")[0] for name in compared} >= {"vectors", "terms", "parts.json"}
    twice = sorted({name for name in compared if compared.count(name) > 1})
    assert [name for name in twice if name.startswith("vectors/")] == []


class NoModelBut(HashingEmbedder):
    """Embeds so many texts."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def embed_passages(self, texts):
        assert len(self.texts) + len(texts) <= self.most
        return super().embed_passages(texts)


def test_nothing_of_what_was_deleted_is_in_the_new_generation(collection):
    canary = "quartzzanzibar"
    collection.ingest([document(f"The {canary} left Kyiv.", "canary.txt")], HashingEmbedder())
    (vector,) = HashingEmbedder().embed_queries([f"The {canary} left Kyiv."])

    def holding(generation):
        place = collection.folder / generation
        return [
            path.name
            for path in place.rglob("*")
            if path.is_file()
            and any(trace in path.read_bytes() for trace in (canary.encode(), vector.tobytes()))
        ]

    assert len(holding(collection.latest().generation)) >= 2
    collection.delete(["canary.txt"])
    assert holding(collection.latest().generation) == []


def harmed(path, how):
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
        return
    data[len(data) // 2] ^= 8
    path.unlink()  # a link of its own, as damage to one of two copies is
    path.write_bytes(data[:-1] if how == "cut" else data)


@pytest.mark.parametrize("how", ["flipped", "cut", "missing"])
def test_damage_is_never_taken_over(collection, tmp_path, how):
    described = collection.latest()
    before = said(collection)
    kinds = {name if "json" in name else Path(name).suffix: name for name in described.files}
    assert len(kinds) > 8
    some = list(kinds.values()) if how == "flipped" else [*kinds.values()][-3:]
    for number, name in enumerate(some):
        copy = Collection(tmp_path / str(number))
        shutil.copytree(collection.folder, copy.folder)
        harmed(copy.folder / described.generation / name, how)
        with pytest.raises(IndexDamaged):
            copy.open()
        copy.ingest([document("A new report of Kyiv.", "new.txt")], HashingEmbedder())
        assert copy.verify().passages == before[-1] + 1
        assert said(copy) == rebuilt(copy)
        shutil.rmtree(copy.folder)


def test_rows_lost_from_the_truth_are_told_not_published(collection):
    from rag.index.truth import Truth

    truth = Truth(collection.folder / "truth.sqlite3")
    with truth.transaction():
        truth._connection.execute("DELETE FROM passages WHERE number = 2")
    truth.close()
    collection.ingest([document("A new report of Kyiv.", "new.txt")], HashingEmbedder())
    assert said(collection) == rebuilt(collection)  # of what is left, not of what was


def test_where_there_are_no_hard_links_files_are_copied(collection, monkeypatch):
    def refused(path, to):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(to))

    before = inodes(collection)
    monkeypatch.setattr(files, "link", refused)
    collection.ingest([document("A new report of Kyiv.", "new.txt")], HashingEmbedder())
    after = inodes(collection)
    assert list(after)[:2] == list(before)[:2]
    assert not set.union(*after.values()) & set.union(*before.values())
    assert said(collection) == rebuilt(collection)


def test_another_way_of_finding_copies_makes_everything_anew(collection, monkeypatch):
    before = set(inodes(collection))
    monkeypatch.setattr(parts, "_LAYOUT", "another")
    collection.ingest([document("A new report of Kyiv.", "new.txt")], HashingEmbedder())
    assert not before & set(inodes(collection))


def test_an_older_truth_is_not_written_to(collection):
    old = (collection.folder / "truth.sqlite3").read_bytes()
    collection.delete([IDS[0]])
    (collection.folder / "truth.sqlite3").write_bytes(old)
    for action in (
        lambda: collection.ingest([document("A new report of Kyiv.", "new.txt")], NoModel()),
        lambda: collection.delete([IDS[1]]),
        collection.compact,
    ):
        with pytest.raises(IndexDamaged, match=r"ends at change 1.*change 2") as caught:
            action()
        assert "sanad rebuild" in caught.value.hint
    collection.rebuild()
    collection.delete([IDS[1]])
    assert set(said(collection)[0]) == set(IDS[:9]) - {IDS[1]}


def test_two_generations_in_one_process_share_what_they_have_in_common(collection):
    first = collection.open()
    collection.ingest([document("A new report of Kyiv.", "new.txt")], HashingEmbedder())
    second = collection.open()
    mine, others = first._vectors._parts, second._vectors._parts
    assert [a is b for a, b in zip(mine, others, strict=True)] == [True, True, False]
    before = answers(second)
    first.close()
    del first, mine
    assert answers(second) == before
    second.close()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_copies_after_any_change_are_those_of_all_texts_anew(data):
    """With keys that have nothing to do with the texts, so that many texts are compared."""
    count = data.draw(st.integers(1, 60))
    chance = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    spread = data.draw(st.sampled_from([2, 5, 40, 4000]))
    keys = chance.integers(0, spread, (count, 3), dtype=np.uint32)
    kinds = chance.integers(0, data.draw(st.integers(1, 8)), count)

    def text_of(row):
        return paragraphs([int(kinds[row])]) + f"\n\nNews {WORDS[row % 5]}."

    def anew(rows):
        first = np.full(len(rows), duplicates.NEW, dtype=np.int64)
        duplicates.decide(keys[rows], first, range(len(rows)), lambda row: text_of(rows[row]))
        return [int(rows[one]) for one in first]

    split = data.draw(st.integers(0, count))
    old = list(range(split))
    copied = anew(old)
    gone = [row for row in old if chance.random() < 0.3]
    stay = [row for row in old if row not in gone]
    rows = stay + list(range(split, count))
    first = np.full(len(rows), duplicates.NEW, dtype=np.int64)
    dirty = set(range(len(stay), len(rows)))
    for place, row in enumerate(stay):
        first[place] = duplicates.GONE if copied[row] in gone else stay.index(copied[row])
    for row in gone:
        if copied[row] == row:
            behind = len([one for one in stay if one < row]) - 1
            dirty |= set(duplicates.sharing(keys[rows], behind, keys[row]))
    duplicates.decide(keys[rows], first, dirty, lambda row: text_of(rows[row]))
    assert [rows[one] for one in first] == anew(rows)
