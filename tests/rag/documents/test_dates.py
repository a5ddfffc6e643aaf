from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.dates import iso_date


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("2023-05-15", "2023-05-15"),
        ("2023-05-15T23:59:00+03:00", "2023-05-15"),
        ("2023/5/7", "2023-05-07"),
        ("٢٠٢٣-٠٥-١٥", "2023-05-15"),
        ("20230515", "2023-05-15"),
        ("20230515103000", "2023-05-15"),
        ("D:20230515103000+03'00'", "2023-05-15"),
        ("15/05/2023", "2023-05-15"),
        ("05/15/2023", "2023-05-15"),
        ("05/06/2023", None),  # May or June
        ("06/06/2023", "2023-06-06"),
        ("15 مايو 2023", "2023-05-15"),
        ("١٥ أيار ٢٠٢٣", "2023-05-15"),
        ("الإثنين 15 أيار/مايو 2023 - 10:30", "2023-05-15"),
        ("15 May 2023", "2023-05-15"),
        ("May 15, 2023 10:30 AM", "2023-05-15"),
        ("Sept. 3rd, 2021", "2021-09-03"),
        ("Mon, 15 May 2023 10:00:00 +0300", "2023-05-15"),
        (1684144800, "2023-05-15"),
        (1684144800000, "2023-05-15"),
        ("2023-13-01", None),
        ("2023-02-30", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (float("inf"), None),
        (float("nan"), None),
        (12, None),
    ],
)
def test_days_are_read_as_stated(stated, day):
    assert iso_date(stated) == day


@given(st.dates(min_value=__import__("datetime").date(1000, 1, 1)))
def test_iso_days_come_back(day):
    if day.year <= 2999:
        assert iso_date(day.isoformat()) == day.isoformat()


@given(st.one_of(st.text(max_size=60), st.floats(), st.integers()))
def test_anything_gives_a_day_or_nothing(stated):
    day = iso_date(stated)
    assert day is None or len(day) == 10
