"""Numbers, dates, amounts and names, compared across scripts, spellings and languages.

``numbers`` gives the keys the index is made of; ``values`` reads what a sentence states (amounts
with their units, dates, times, ordinals); ``names`` compares names by their sounds; ``guard`` says
which values of a claim its sources do not state.
"""

from rag.quantities.numbers import (
    Quantity,
    may_hold_values,
    months_in,
    normal_number,
    numbers_in,
)

__all__ = ["Quantity", "may_hold_values", "months_in", "normal_number", "numbers_in"]
