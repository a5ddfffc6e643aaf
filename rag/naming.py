"""Names of collections: of any script, each one folder, none mistaken for another.

A name is kept in NFC, so that one typed on another system is the same folder. It holds nothing that
leads elsewhere, cannot be seen or changes direction: letters, marks and digits, with ``.``, ``_`` and
``-`` behind the first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from urllib.parse import urlencode

import regex

from rag.errors import InvalidParameter
from rag.folding import fold
from rag.validation import shown

LONGEST = 64  # characters
MOST_BYTES = 200  # of UTF-8: a folder's name has 255, and a backup under way adds to it
FORM = (
    f"1 to {LONGEST} letters and digits of any script, and . _ - (the first a letter or digit, the "
    "last no dot)"
)
_NAME = regex.compile(r"[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}._-]*+(?<!\.)")
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")


def normalised(name: str) -> str | None:
    """The name as it is kept; None for what cannot be a name."""
    if len(name) > 4 * LONGEST:  # no letter is more than four characters before they are composed
        return None
    try:
        name = unicodedata.normalize("NFC", name)
        size = len(name.encode())
    except UnicodeEncodeError:
        return None
    fits = len(name) <= LONGEST and size <= MOST_BYTES
    return name if fits and _NAME.fullmatch(name) and not _UNSEEN.search(name) else None


def check_name(name: str) -> str:
    """The name of a collection as it is kept; raises InvalidParameter."""
    kept = normalised(name)
    if kept is None:
        raise InvalidParameter(
            f"collection is {shown(name)}, expected {FORM}",
            hint="list what is there with: sanad collections list",
            parameter="collection",
        )
    return kept


def alike(name: str, others: Iterable[str]) -> str | None:
    """Which of the others is taken for this name in matching: another case, hamza or digit."""
    key = fold(name)
    return next((other for other in others if other != name and fold(other) == key), None)


def within(url: str, collection: str | None) -> str:
    """The address, which has a query already, in the collection; as it is where none is named."""
    return url if collection is None else f"{url}&{urlencode({'collection': collection})}"
