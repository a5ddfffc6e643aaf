"""What a checked value should have been, in words for people instead of pydantic's.

Values are called by what JSON and the command line call them: ``null``, not ``NoneType``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_VALUE = 100  # characters repeated of what was given
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "an object",
    "finite_number": "a number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "an object",
    "string_type": "text",
    "tuple_type": "a list",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_LENGTHS = {
    "too_short": ("at least", "min_length", "items"),
    "too_long": ("at most", "max_length", "items"),
    "string_too_short": ("at least", "min_length", "characters"),
    "string_too_long": ("at most", "max_length", "characters"),
}


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
)


def kind(value: object) -> str:
    """What a value is: ``null``, ``true or false``, ``a number``, ``text``, ``a list``, ``an object``."""
    return next((name for types, name in _KINDS if isinstance(value, types)), type(value).__name__)


def shown(value: object) -> str:
    """A value as it may be repeated in a message: cut where it is long, its kind where it has parts."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]!r}…"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_VALUE:
        return "a number of more than 100 digits"
    return repr(value) if isinstance(value, str | int | float) else kind(value)


def expected(error: Mapping[str, Any]) -> str:
    """What one of pydantic's errors would have had, such as ``expected a whole number``."""
    found, told = error["type"], error.get("ctx", {})
    if found in _EXPECTED:
        return f"expected {_EXPECTED[found]}"
    if found in _LIMITS:
        word, limit = _LIMITS[found]
        return f"expected {word} {told[limit]}"
    if found in _LENGTHS:
        word, limit, things = _LENGTHS[found]
        counted = things.removesuffix("s") if told[limit] == 1 else things
        return f"expected {word} {told[limit]} {counted}, found {len(error['input'])}"
    if found == "literal_error":
        return f"expected {told['expected']}"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}"


def reason(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, of one of pydantic's errors, to be put behind the value's name.

    Such as ``is 'x', expected a whole number`` or ``is missing``.
    """
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        return "is not a known field"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "json_invalid":
        return str(error["msg"])
    return f"is {shown(error['input'])}, {expected(error)}"
