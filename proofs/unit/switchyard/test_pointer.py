"""JSON pointers, and what counts as the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.pointer import at, differs

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [("", {"a": [{"b/c": 1}], "~": 2}), ("/a/0", {"b/c": 1}), ("/a/0/b~1c", 1), ("/~0", 2)],
)
def test_a_pointer_finds_its_value(pointer: str, wanted: Any) -> None:
    """Objects by key, arrays by number, escapes as RFC 6901 has them."""
    assert at({"a": [{"b/c": 1}], "~": 2}, pointer) == wanted


@pytest.mark.parametrize("pointer", ["/b", "/a/1", "/a/x", "/a/0/1", "/a/-1"])
def test_a_pointer_to_nothing_is_an_error(pointer: str) -> None:
    """Missing is not None."""
    with pytest.raises(LookupError):
        at({"a": [{"b": 1}]}, pointer)


@given(_JSON)
def test_everything_equals_itself(value: Any) -> None:
    """Without a tolerance."""
    assert not differs(value, value)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        (None, 0),
        ([1], [1, 2]),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {"b": 1}),
        (1.0, math.nan),
        ("a", "A"),
    ],
)
def test_what_is_not_the_same_differs(wanted: Any, got: Any) -> None:
    """Types, lengths, order, keys, NaN."""
    assert differs(wanted, got, tolerance=0.5)


def test_a_tolerance_reaches_every_number_below() -> None:
    """Absolute, its bound included."""
    assert not differs({"a": [1.0, 2]}, {"a": [1.25, 1.75]}, tolerance=0.25)
    assert differs({"a": [1.0, 2]}, {"a": [1.25, 1.5]}, tolerance=0.25)
