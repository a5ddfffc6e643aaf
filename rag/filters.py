"""Filters on what is told about documents: ``published>=2025-01-01``, ``author.name!=سارة``.

Text is compared in its folded form, so that «أخبار» finds «اخبار» and ``Kyiv`` finds ``kyiv``; ids and
hashes are compared as they stand. Numbers are compared as numbers, days as far as both are told:
``published<=2025-03`` takes all of March. A field with several values matches where one of them
does, and ``!=`` is always the reverse of ``=``, so a document without the field is not equal.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import regex

from rag.errors import InvalidFilter
from rag.folding import fold
from rag.types import LANGUAGES, Document

MOST_FILTERS = 20
LONGEST_FILTER = 500  # characters
FIELDS = (
    "id", "sha256", "title", "source", "language", "media_type", "published", "tags",
)  # fmt: skip
_VERBATIM = ("id", "sha256")
_METADATA = "metadata"
_EXPRESSION = regex.compile(
    r"\s*([^\s=!<>~][^=!<>~]*?)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", regex.DOTALL
)
_NUMBER = regex.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_DAY = regex.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXAMPLES = (
    "such as published>=2025-01-31, language=ar, tags=economy, author.name!=Sara, title~Kyiv"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """One comparison; ``field`` is a name of FIELDS or a dotted path into the metadata."""

    field: str
    operator: str
    value: str

    @property
    def in_metadata(self) -> bool:
        """Whether the document's metadata has to be read."""
        return self.field not in FIELDS

    def matches(self, document: Mapping[str, Any]) -> bool:
        """Whether a document told as :func:`described` does passes."""
        if self.operator == "!=":
            return not self._any("=", document)
        return self._any(self.operator, document)

    def _any(self, sign: str, document: Mapping[str, Any]) -> bool:
        return any(self._compare(sign, value) for value in self._values(document))

    def _values(self, document: Mapping[str, Any]) -> Iterator[Any]:
        if not self.in_metadata:
            return _leaves(document[self.field], "")
        path = self.field.removeprefix(f"{_METADATA}.")
        return _leaves(document.get(_METADATA) or {}, path)

    def _compare(self, sign: str, value: object) -> bool:
        if self.field in _VERBATIM and sign == "=":
            return value == self.value
        if self.field == "published" and sign != "~":
            told = str(value)[: len(self.value)]
            return told == self.value if sign == "=" else _ORDER[sign](told, self.value)
        if isinstance(value, bool):
            return sign in ("=", "~") and fold(self.value) == str(value).lower()
        numbers = (_number(value), _number(self.value))
        if isinstance(value, int | float) and sign == "=":
            return None not in numbers and numbers[0] == numbers[1]
        if sign in _ORDER and None not in numbers:
            return _ORDER[sign](*numbers)
        if sign in _ORDER and isinstance(value, int | float):
            return False  # a number is neither before nor after a word
        here, wanted = fold(str(value)), fold(self.value)
        if sign == "=":
            return here == wanted
        return wanted in here if sign == "~" else _ORDER[sign](here, wanted)


def parse(expression: str) -> Filter:
    """The filter an expression says; raises InvalidFilter, which shows what one looks like."""
    if len(expression) > LONGEST_FILTER:
        raise _refused(
            f"{expression[:40]!r}… has {len(expression)} characters, at most {LONGEST_FILTER}"
        )
    try:
        expression.encode()
    except UnicodeEncodeError as error:
        raise _refused(f"{expression!r} is not UTF-8") from error
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise _refused(
            f"{expression!r} is no comparison; expected FIELD, one of = != < <= > >= ~, VALUE"
        )
    name, sign, value = found.group(1), found.group(2), found.group(3)
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    elif value[:1] and value[0] in "=<>~":
        raise _refused(
            f"{expression!r}: {sign + value[0]!r} is no sign; a value may stand in quotes"
        )
    if not value:
        raise _refused(f"{expression!r} has no value after {sign!r}")
    if not all(name.split(".")):
        raise _refused(f"{expression!r}: {name!r} is no field")
    if sign == "~" and not fold(value):
        raise _refused(f"{expression!r}: {value!r} holds no letter or digit to look for")
    return _checked(Filter(name, sign, value), expression)


def _checked(made: Filter, expression: str) -> Filter:
    if made.field == "language" and made.operator in ("=", "!="):
        value = made.value.lower()
        if value not in LANGUAGES:
            raise _refused(f"{expression!r}: expected a language of {', '.join(LANGUAGES)}")
        return Filter(made.field, made.operator, value)
    if made.field == "published" and made.operator != "~":
        value = fold(made.value)  # ٢٠٢٥ is 2025
        parts = _DAY.fullmatch(value)
        try:
            if parts is None:
                raise ValueError("not a date")  # noqa: TRY301 - one message for both
            date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
        except ValueError as error:
            raise _refused(
                f"{expression!r}: expected a day, month or year as in 2025-01-31, 2025-01 or 2025"
            ) from error
        return Filter(made.field, made.operator, value)
    return made


def parse_all(expressions: Sequence[str]) -> tuple[Filter, ...]:
    """The filters of all expressions, all of which have to match; raises InvalidFilter."""
    if len(expressions) > MOST_FILTERS:
        raise InvalidFilter(
            f"there are {len(expressions)} filters, at most {MOST_FILTERS} are taken",
            hint="leave some out",
            parameter="where",
        )
    return tuple(parse(expression) for expression in expressions)


def matches(filters: Sequence[Filter], document: Mapping[str, Any]) -> bool:
    """Whether a document passes all filters."""
    return all(one.matches(document) for one in filters)


def described(document: Document) -> dict[str, Any]:
    """What filters look at."""
    names = (*FIELDS, _METADATA)
    return {name: getattr(document, name) for name in names}


def _leaves(node: object, path: str) -> Iterator[Any]:
    """The values at a dotted path; a name may itself hold dots, a list stands for what is in it."""
    if isinstance(node, list | tuple):
        for one in node:
            yield from _leaves(one, path)
    elif not path:
        if node is not None and not isinstance(node, Mapping):
            yield node
    elif isinstance(node, Mapping):
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            name = ".".join(parts[:count])
            if name in node:
                yield from _leaves(node[name], ".".join(parts[count:]))


def _number(value: object) -> Decimal | None:
    """The number a value is or spells, exactly as told; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = fold(value) if isinstance(value, str) else str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _refused(why: str) -> InvalidFilter:
    return InvalidFilter(f"filter {why}", hint=f"filters are {_EXAMPLES}", parameter="where")
