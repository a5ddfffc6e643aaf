"""What may be told about a document beside its text: tags, and a JSON object of any shape.

Both come from files and requests, so they are bounded; the store keeps nothing that was not checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import InvalidParameter

LARGEST = 64 * 1024  # bytes of JSON in UTF-8
DEEPEST = 16
MOST_TAGS = 100
LONGEST_TAG = 200  # characters


def check_metadata(value: object) -> dict[str, Any]:
    """The object as JSON gives it back; raises InvalidParameter for anything JSON cannot hold."""
    if not isinstance(value, Mapping):
        raise _refused(f"it is {type(value).__name__}, expected an object", "metadata")
    if _depth(value) > DEEPEST:
        raise _refused(f"it is nested more than {DEEPEST} deep", "metadata")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        size = len(text.encode("utf-8"))
    except (TypeError, ValueError) as error:  # also a lone surrogate, which UTF-8 does not hold
        raise _refused(f"it cannot be written as JSON: {error}", "metadata") from error
    if size > LARGEST:
        raise _refused(f"{size} bytes of JSON, expected at most {LARGEST}", "metadata")
    if not all(isinstance(key, str) for key in value):
        raise _refused("a name in it is not text", "metadata")
    content: dict[str, Any] = json.loads(text)
    return content


def check_tags(value: object) -> tuple[str, ...]:
    """The tags trimmed, each once, in order; raises InvalidParameter."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _refused(f"they are {type(value).__name__}, expected a list of texts", "tags")
    if len(value) > MOST_TAGS:
        raise _refused(f"{len(value)} of them, expected at most {MOST_TAGS}", "tags")
    for tag in value:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > LONGEST_TAG:
            raise _refused(
                f"one is {str(tag)[:40]!r}, expected text of 1 to {LONGEST_TAG} characters", "tags"
            )
        if any("\ud800" <= character <= "\udfff" for character in tag):
            raise _refused(f"one is {tag[:40]!r}, which UTF-8 cannot hold", "tags")
    return tuple(dict.fromkeys(" ".join(tag.split()) for tag in value))


def _depth(value: object) -> int:
    """How deep containers are nested; stops counting where it is too deep."""
    level, deep = [value], 0
    while level and deep <= DEEPEST:
        deep += 1
        level = [child for one in level for child in _inside(one) if _inside(child)]
    return deep


def _inside(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _refused(why: str, name: str) -> InvalidParameter:
    return InvalidParameter(
        f"{name} of a document: {why}", hint="leave it out or make it smaller", parameter=name
    )
