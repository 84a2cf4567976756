"""Deltas say what makes one version of another, no more and no less."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.deltas import ABSENT, Delta, applied, difference, joined, steps_of

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("a/~", max_size=2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("a/~b", max_size=2), inner, max_size=4),
    max_leaves=12,
)


def _same(one: Any, other: Any) -> bool:
    # 1, 1.0 and True are equal, and not the same; repr tells them apart, and does not care for the order it is given.
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(JSON, JSON)
def test_deltas_make_the_later_version(before: Any, after: Any) -> None:
    """All deltas, applied in order, give the later version; the earlier one is left as it was."""
    kept = repr(before)
    assert _same(applied(before, difference(before, after)), after)
    assert repr(before) == kept


@given(JSON)
def test_equal_versions_have_no_deltas(value: Any) -> None:
    """Nothing changed: nothing is said."""
    assert list(difference(value, value)) == []


@given(JSON, JSON)
def test_different_versions_have_deltas(before: Any, after: Any) -> None:
    """Whatever differs, also in type alone, is said."""
    assert bool(list(difference(before, after))) == (not _same(before, after))


@given(st.lists(st.text(max_size=4), max_size=4))
def test_a_pointer_keeps_its_steps(steps: list[str]) -> None:
    """Escaping loses nothing, whatever a key looks like."""
    assert steps_of(joined("", *steps)) == tuple(steps)


@pytest.mark.parametrize(
    ("before", "after", "deltas"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Delta("/a/b", 1, 2)]),
        ({"a": 1}, {}, [Delta("/a", 1, ABSENT)]),
        ({}, {"a/b": {"c": 1}}, [Delta("/a~1b", ABSENT, {"c": 1})]),
        ([1, 2, 3], [1], [Delta("/2", 3, ABSENT), Delta("/1", 2, ABSENT)]),
        ({"a": None}, {}, [Delta("/a", None, ABSENT)]),
        (1, True, [Delta("", 1, True)]),
    ],
)
def test_a_delta_is_as_small_as_what_changed(before: Any, after: Any, deltas: list[Delta]) -> None:
    """The deepest place that tells it; null is something; what came or went is one delta with all that is in it."""
    assert list(difference(before, after)) == deltas
