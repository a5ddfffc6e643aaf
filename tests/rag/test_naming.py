"""Names of collections: any script, one folder each, nothing that leads elsewhere or hides."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.errors import InvalidParameter, UnknownCollection
from rag.folding import fold
from rag.index import collections
from rag.index.collection import Collection
from rag.naming import LONGEST, MOST_BYTES, alike, check_name, normalised, within
from tests.rag.index.fakes import ARTICLES, HashingEmbedder, NoModel, answers, articles

GOOD = [
    "أخبار",
    "أخبار-٢٠٢٥",
    "مُحَمَّد",
    "news",
    "C-1_x",
    "a.b",
    "новости",
    "新闻",
    "हिन्दी",
    "9",
    "a-",
    "a_",
]
BAD = {
    "nothing": "",
    "a space": "أخبار اليوم",
    "a line's end": "أخبار\n",
    "a folder": "أخبار/قديمة",
    "the folder above": "..",
    "this folder": ".",
    "hidden": ".أخبار",
    "a last dot": "أخبار.",
    "a backslash": "a\\b",
    "a colon": "C:x",
    "a null": "a\x00",
    "a flag": "-أخبار",
    "an underscore first": "_x",
    "a mark first": "\u064eأخبار",
    "an override": "أخبار\u202e",
    "an isolate": "\u2067أخبار\u2069",
    "a direction mark": "أخبار\u200f",
    "a joiner": "می\u200cخواهم",
    "a hidden letter": "a\u3164",
    "a hidden mark": "a\ufe0f",
    "a hidden joiner": "a\u034f",
    "half a character": "a\ud800",
    "no text": "caf\udce9",
    "a percent": "%2e%2e",
    "a star": "a*",
    "a quote": "a'b",
    "an emoji": "a😀",
    "many letters": "ا" * (LONGEST + 1),
    "many bytes": "𞤀" * LONGEST,
    "letters that become one": "α" + "\u0313\u0300\u0345" * LONGEST + "/../x",
}  # fmt: skip
UNSEEN = [chr(n) for n in (0x202A, 0x202E, 0x2066, 0x2069, 0x200E, 0x200F, 0x061C, 0x200B, 0xFEFF)]

letters = st.sampled_from(
    [*"abAB19أإآاةهىي٠١۱كکںẞßıİé新ह", "e\u0301", "\u064e", "\u0640", "ﻻ", "ﷺ"]
)
odd = st.sampled_from([*"./\\-_~ :\n\x00%*?$'\"", "..", "../", "\u2025", "\uff0f", *UNSEEN])
names = st.one_of(
    st.lists(letters, max_size=70).map("".join),
    st.lists(st.one_of(letters, odd), max_size=12).map("".join),
    st.text(max_size=12),
)


@pytest.mark.parametrize("name", GOOD)
def test_names_of_any_script_are_names(name):
    assert check_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("why", BAD)
def test_what_leads_elsewhere_or_hides_is_none(why):
    with pytest.raises(InvalidParameter, match="expected 1 to 64 letters and digits") as refused:
        check_name(BAD[why])
    assert refused.value.parameter == "collection"
    assert len(str(refused.value)) < 600


@given(names)
@example("e\u0301" * LONGEST)
def test_a_name_is_one_folder_in_its_folder(name):
    kept = normalised(name)
    if kept is None:
        return
    root = Path("/srv/indexes")
    assert (root / kept).parent == root
    assert os.path.normpath(root / kept) == str(root / kept)
    assert Path(kept).name == kept
    assert kept[0] not in ".-_"
    assert kept[-1] != "."
    assert len(kept) <= LONGEST
    assert len(os.fsencode(kept)) <= MOST_BYTES
    assert normalised(kept) == kept == unicodedata.normalize("NFC", kept)
    assert normalised(unicodedata.normalize("NFD", kept)) == kept  # typed on another system
    assert kept.isprintable()
    assert not any(unicodedata.bidirectional(c) in _CONTROLS for c in kept)


_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN", "B", "S", "WS"}


@given(names, names)
def test_of_two_names_that_match_one_is_refused(one, other):
    one, other = normalised(one), normalised(other)
    if one is None or other is None or one == other:
        return
    assert (alike(one, [other]) == other) is (fold(one) == fold(other))
    if one.casefold() == other.casefold():
        assert alike(one, [other]) == other


@pytest.mark.parametrize("name", GOOD)
def test_a_collection_of_any_name_does_all_that_others_do(tmp_path, name):
    """SQLite, FAISS and tantivy all take the path; every file is found again."""
    indexes = tmp_path / "فهارس"
    collection = Collection(indexes / check_name(name))
    collection.ingest(articles(), HashingEmbedder())
    before = answers(collection.open(HashingEmbedder()))
    assert [one.name for one in collections.listed(indexes)] == [collection.folder.name]
    found = collections.find(indexes, unicodedata.normalize("NFD", name))
    assert found.folder == collection.folder
    assert found.ingest(articles(), NoModel()).unchanged == tuple(ARTICLES)
    found.rebuild()
    found.compact()
    found.backup(tmp_path / f"{check_name(name)}-نسخة")
    assert answers(Collection(tmp_path / f"{check_name(name)}-نسخة").open()) == before
    assert answers(found.open(HashingEmbedder())) == before
    found.verify()
    collections.delete(indexes, name)
    assert list(indexes.iterdir()) == []


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("أخبار", "اخبار"),
        ("أخبار", "أخبـار"),
        ("News", "news"),
        ("a1", "a١"),
        ("straße", "STRASSE"),
    ],
)
def test_a_name_that_would_be_taken_for_another_is_not_made(tmp_path, there, asked):
    Collection(tmp_path / there).ingest(articles(), HashingEmbedder())
    with pytest.raises(InvalidParameter, match=f"'{asked}'.*'{there}'") as refused:
        Collection(tmp_path / asked).ingest(articles(), HashingEmbedder())
    assert f"--collection {there}" in refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [there]
    with pytest.raises(UnknownCollection) as unknown:
        collections.find(tmp_path, asked)
    assert repr(there) in str(unknown.value)


def test_two_such_that_are_there_already_stay_apart(tmp_path):
    """As an earlier version let them be made."""
    for name in ("news", "News"):
        (tmp_path / name).mkdir()
        Collection(tmp_path / name).ingest(articles(), HashingEmbedder())
    assert [one.name for one in collections.listed(tmp_path)] == ["News", "news"]
    assert collections.find(tmp_path, "News").folder.name == "News"


def test_an_address_carries_a_name_of_any_script():
    assert within("/v1/documents/a?start=1&end=2", None) == "/v1/documents/a?start=1&end=2"
    named = within("/v1/documents/a?start=1&end=2", "أخبار")
    assert named.isascii()
    assert named.endswith("&collection=%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1")
