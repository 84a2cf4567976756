"""Versions are told apart by their doubts, and rounding is no other version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.outputs import are_equal, kept

PROBABILITIES = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=6)


@given(PROBABILITIES)
def test_rounding_and_single_precision_change_nothing(answer: list[float]) -> None:
    """What a client keeps of an answer is that answer."""
    assert are_equal(kept(float(np.float32(value)) for value in answer), answer)


def test_two_versions_that_are_sure_of_the_same_class_are_two() -> None:
    """Differences of 1e-5 in all: what was taken for equal as long as they were compared by distance."""
    assert not are_equal((0.9998962, 9.7778e-05, 5.9267e-06), (0.9999009, 9.2699e-05, 6.3874e-06))


@pytest.mark.parametrize(
    "other", [(), (0.5,), (0.5, 0.25, 0.25), (0.5, 0.5, 0.0), (float("nan"), 0.5), (float("inf"), 0.5), (-0.5, 0.5)]
)
def test_other_numbers_are_not_equal(other: tuple[float, ...]) -> None:
    """Fewer, more, or no numbers at all."""
    assert not are_equal((0.5, 0.4), other)


def test_what_is_no_number_does_not_equal_itself() -> None:
    """Nobody promised it."""
    assert not are_equal((float("nan"),), (float("nan"),))


def test_certainty_equals_certainty() -> None:
    """Nothing is left for the other classes."""
    assert are_equal((1.0, 0.0), (1.0, 0.0))
