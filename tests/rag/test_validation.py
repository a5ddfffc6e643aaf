"""What is told of wrong values: the value, what was expected, and no word of Python or pydantic."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rag.validation import kind, reason, shown


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class Checked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(1, ge=1, le=50)
    share: float = Field(0.5, gt=0, lt=1)
    sure: bool = False
    language: Literal["ar", "en"] = "ar"
    word: str = Field("x", min_length=1, max_length=3)
    words: list[str] = Field(["x"], min_length=1, max_length=2)
    inner: Inner = Inner(name="x")
    facts: dict[str, str] = {}
    odd: int = 1

    @field_validator("odd")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"odd is {value}, expected an odd number")
        return value


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"count": "x"}, "is 'x', expected a whole number"),
        ({"count": 1.5}, "is 1.5, expected a whole number"),
        ({"count": 0}, "is 0, expected at least 1"),
        ({"count": 51}, "is 51, expected at most 50"),
        ({"count": None}, "is null, expected a whole number"),
        ({"share": 0}, "is 0, expected more than 0.0"),
        ({"share": "نص"}, "is 'نص', expected a number"),
        ({"sure": "maybe"}, "is 'maybe', expected true or false"),
        ({"sure": [1]}, "is a list, expected true or false"),
        ({"language": "fr"}, "is 'fr', expected 'ar' or 'en'"),
        ({"word": True}, "is true, expected text"),
        ({"word": ""}, "is '', expected at least 1 character, found 0"),
        ({"word": "كلمة"}, "is 'كلمة', expected at most 3 characters, found 4"),
        ({"words": []}, "is a list, expected at least 1 item, found 0"),
        ({"words": "x"}, "is 'x', expected a list"),
        ({"words": ["a", {}]}, "is an object, expected text"),
        ({"inner": 5}, "is 5, expected an object"),
        ({"inner": {}}, "is missing"),
        ({"inner": {"name": "x", "nome": 1}}, "is not a known field"),
        ({"facts": ["a"]}, "is a list, expected an object"),
        ({"odd": 2}, "odd is 2, expected an odd number"),
    ],
)
def test_the_reason_names_the_value_and_what_was_expected(given, told):
    with pytest.raises(ValidationError) as refused:
        Checked.model_validate(given)
    assert reason(refused.value.errors()[0]) == told


def test_a_long_value_is_repeated_only_in_part():
    assert len(shown("س" * 10**6)) < 110
    assert len(shown(10**6000)) < 110
    assert shown({"a": "x" * 10**6}) == kind({}) == "an object"
