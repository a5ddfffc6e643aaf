"""Passages of stored documents cut anew, where this version of the rules cuts otherwise."""

from __future__ import annotations

from rag.index.changes import vectors_of
from rag.index.truth import Truth
from rag.passages import PASSAGES_VERSION, cut
from rag.protocols import Embedder

_DOCUMENTS_A_COMMIT = 200


def recut(truth: Truth, embedder: Embedder) -> None:
    """Cuts all live documents by the rules of this version; embeds only passages that are new.

    Killed in between, it goes on where it was when it is called again. Documents that are damaged
    stay as they are, to be found by a verification.
    """
    ids = [id for id, _ in truth.origins()]
    for first in range(0, len(ids), _DOCUMENTS_A_COMMIT):
        with truth.transaction():
            at, changed = truth.sequence() + 1, False
            for id in ids[first : first + _DOCUMENTS_A_COMMIT]:
                changed |= truth.intact(id) and _recut_one(truth, id, embedder, at)
            if changed:
                truth.set("sequence", str(at))
    with truth.transaction():
        truth.set("passaging", PASSAGES_VERSION)


def _recut_one(truth: Truth, id: str, embedder: Embedder, at: int) -> bool:
    """A new version of a document with its new passages; False where they are as before."""
    document = truth.current(id)
    passages = cut(document)
    if [(one.start, one.end, one.language) for one in passages] == truth.spans(id):
        return False
    vectors, _ = vectors_of(truth, document, passages, embedder)
    truth.remove(id, at)
    truth.add(document, passages, vectors, at)
    return True
