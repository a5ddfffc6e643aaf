"""Pairs of words by hand: those that must match and those that must not."""

from __future__ import annotations

import pytest

from rag.folding import fold, fold_with_origins
from tests.conftest import ROOT
from tests.rag.test_folding import DIFFER, MATCH


def pairs(name):
    lines = (ROOT / "tests" / "corpora" / name).read_text(encoding="utf-8").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    return [tuple(pair.split("|")) for pair in words]


SAME, OTHER = pairs("same_words.txt"), pairs("other_words.txt")


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_word_match(one, other):
    assert one != other
    assert fold(one) == fold(other)
    assert fold_with_origins(one).text == fold(one)
    assert fold_with_origins(one).original_span(0, len(fold(one)))[1] == len(one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_words_that_look_alike_do_not(one, other):
    assert fold(one) != fold(other)


def test_the_pairs_are_pairs():
    assert all(len(pair) == 2 for pair in SAME + OTHER)
    assert len(set(SAME)) == len(SAME)
    assert len(set(OTHER)) == len(OTHER)
    assert len({*SAME, *MATCH}) >= 300
    assert len({*OTHER, *DIFFER}) >= 150
