"""The form of a text that is used for matching, and the way back to the original.

Folding works code point by code point, so ``fold(a + b) == fold(a) + fold(b)`` and every folded
character knows the one original character it came from. Combining marks that NFKC would compose
are dropped instead, which is why no context is needed.

Original text is what is stored, shown and cited. Folded text is never shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

FOLDING_VERSION = f"1/{unicodedata.unidata_version}"

_LETTERS = {
    "\u0671": "\u0627",  # alef wasla → alef
    "\u0649": "\u064a",  # alef maqsura → ya
    "\u06cc": "\u064a",  # Farsi ya → ya
    "\u0629": "\u0647",  # ta marbuta → ha
    "\u06a9": "\u0643",  # keheh → kaf
    "\u06c1": "\u0647",  # Urdu ha → ha
    "\u06be": "\u0647",  # Urdu ha with two eyes → ha
    "\u06d5": "\u0647",  # Kurdish ae, and ha with hamza taken off → ha
    "\u0131": "i",  # Turkish dotless i; the next three have no decomposition either
    "\u00f8": "o",
    "\u0142": "l",
    "\u0111": "d",
    "\u2010": "-",  # hyphen; compatibility takes the non-breaking one to it
    "\u060c": ",",
    "\u066b": ".",  # decimal separator
    "\u066c": ",",  # thousands separator
    "\u061b": ";",
    "\u061f": "?",
    "\u066a": "%",
    "\u06d4": ".",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u00ab": '"',
    "\u00bb": '"',
}
_TATWEEL = "\u0640"


def _is_dropped(character: str) -> bool:
    if character == _TATWEEL:
        return True
    category = unicodedata.category(character)
    if category == "Cf":
        return True
    # Only marks that decorate Latin and Arabic letters: elsewhere marks are letters' vowels.
    return category == "Mn" and (
        "\u0300" <= character <= "\u036f"
        or "\u0610" <= character <= "\u061a"
        or "\u064b" <= character <= "\u065f"
        or "\u0670" <= character <= "\u06ed"
        or "\u08d3" <= character <= "\u08ff"
    )


def _fold_once(text: str) -> str:
    out = []
    for character in unicodedata.normalize("NFKD", text.casefold()):
        if _is_dropped(character):
            continue
        if "\u0660" <= character <= "\u0669" or "\u06f0" <= character <= "\u06f9":
            out.append(str(unicodedata.digit(character)))
        else:
            out.append(_LETTERS.get(character, character))
    return "".join(out)


class _Table(dict[int, str]):
    """Code point → folded text, filled on first use; what ``str.translate`` asks."""

    def __missing__(self, code_point: int) -> str:
        folded, before = _fold_once(chr(code_point)), None
        while folded != before:  # a second pass may still change compatibility forms
            before, folded = folded, _fold_once(folded)
        self[code_point] = folded
        return folded


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded ``text`` with ``origins[i]``: the index of the original character of ``text[i]``."""

    text: str
    origins: Sequence[int]
    length: int

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The original ``[start, end)`` behind a folded one, with the marks that follow it.

        An empty folded span gives an empty original span.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(
                f"span {start}:{end} is outside folded text of length {len(self.text)}"
            )
        if isinstance(self.origins, range):
            return start, end
        first = self.origins[start] if start < len(self.text) else self.length
        if start == end:
            return first, first
        last = self.origins[end - 1] + 1
        stop = self.origins[end] if end < len(self.text) else self.length
        # Characters between two kept ones were dropped: marks belong to the letter before them.
        return first, max(last, stop)


def fold(text: str) -> str:
    """The matching form: compatibility forms, marks, case, letter variants and digits folded."""
    return text.translate(_TABLE)


def fold_with_origins(text: str) -> Folded:
    """As :func:`fold`, with the way back to the original offsets."""
    whole = fold(text)
    if whole == text:  # already folded: every character is its own origin
        return Folded(text, range(len(text)), len(text))
    parts, origins = [], []
    for index, character in enumerate(text):
        folded = _TABLE[ord(character)]
        parts.append(folded)
        origins.extend([index] * len(folded))
    return Folded("".join(parts), tuple(origins), len(text))
