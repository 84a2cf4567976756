"""What was seen of a shadow: only this generation's counts, and a share is judged by what it may be at most."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from yardflow.comparison import LEAST, compare, upper_bound
from yardflow.errors import Unproven

TRIES = st.integers(1, 5000)
SAMPLES = TRIES.flatmap(lambda tries: st.tuples(st.integers(0, tries), st.just(tries)))


def _said(**given: Any) -> dict[str, Any]:
    """What a replica says of version 2 in generation 7."""
    counts = {"mirrored": 80, "dropped": 1, "failed": 2, "compared": 80, "uncompared": 0, "disagreements": 0}
    return {"version": 2, "generation": 7, **counts, "max_abs_diff": 0.01, **given}


@pytest.mark.parametrize(
    ("hits", "tries", "upper"),
    [(0, 100, 0.036994), (5, 100, 0.111750), (50, 100, 0.596168), (1, 10, 0.404150), (10, 10, 1.0), (0, 0, 1.0)],
)
def test_the_bound_is_wilsons(hits: int, tries: int, upper: float) -> None:
    """As tables have it; of nothing seen, everything may be so."""
    assert upper_bound(hits, tries) == pytest.approx(upper, abs=1e-6)


@given(SAMPLES)
def test_the_bound_is_what_others_compute(sample: tuple[int, int]) -> None:
    """Another implementation gives the same."""
    known = binomtest(*sample).proportion_ci(method="wilson").high
    assert upper_bound(*sample) == pytest.approx(known, abs=1e-9)


@given(SAMPLES)
def test_the_bound_is_between_the_share_and_a_whole(sample: tuple[int, int]) -> None:
    """Whatever was seen may be so."""
    hits, tries = sample
    assert hits / tries <= upper_bound(hits, tries) <= 1.0


@given(SAMPLES, st.integers(1, 1000))
def test_more_copies_say_more(sample: tuple[int, int], more: int) -> None:
    """The same share of more copies, or as many disagreements in more of them, may be less."""
    hits, tries = sample
    assert upper_bound(hits * (1 + more), tries * (1 + more)) <= upper_bound(hits, tries) + 1e-12
    assert upper_bound(hits, tries + more) <= upper_bound(hits, tries) + 1e-12


@given(SAMPLES)
def test_more_disagreements_are_worse(sample: tuple[int, int]) -> None:
    """One more is never better."""
    hits, tries = sample
    assert upper_bound(max(0, hits - 1), tries) <= upper_bound(hits, tries)


@pytest.mark.parametrize(("hits", "tries"), [(-1, 10), (11, 10), (1, 0)])
def test_a_share_of_something_else_is_none(hits: int, tries: int) -> None:
    """No bound is made up for it."""
    with pytest.raises(ValueError, match="hits"):
        upper_bound(hits, tries)


def test_replicas_are_added_up() -> None:
    """Each has seen its own requests."""
    found = compare([_said(), _said(compared=60, disagreements=3), {}], version=2, generation=7)
    assert (found.replicas, found.compared, found.disagreements, found.failed) == (2, 140, 3, 4)
    assert found.document()["disagreements_at_most"] == pytest.approx(0.061099, abs=1e-4)


@pytest.mark.parametrize(
    "other",
    [
        _said(generation=6),
        _said(version=3),
        _said(compared="80"),
        _said(disagreements=81),
        _said(failed=-1),
        _said(compared=True),
        {"version": 2, "generation": 7},
    ],
)
def test_what_is_of_another_comparison_does_not_count(other: dict[str, Any]) -> None:
    """Another generation, another version, or what is no evidence at all."""
    assert compare([other], version=2, generation=7).compared == 0
    assert compare([_said(), other], version=2, generation=7).compared == 80


@pytest.mark.parametrize(("compared", "disagreements", "most"), [(LEAST - 1, 0, 1.0), (LEAST, 1, 0.05), (400, 0, 0.0)])
def test_too_little_proves_nothing(compared: int, disagreements: int, most: float) -> None:
    """Too few copies, or a share that may be too large: the message says what was seen."""
    found = compare([_said(compared=compared, disagreements=disagreements)], version=2, generation=7)
    with pytest.raises(Unproven, match=f"{disagreements} disagreements in {compared} copies"):
        found.check(most=most)


@pytest.mark.parametrize(("compared", "disagreements", "most"), [(LEAST, 0, 0.05), (1000, 30, 0.05), (LEAST, 1, 0.1)])
def test_enough_is_enough(compared: int, disagreements: int, most: float) -> None:
    """What may be at most within the limit passes."""
    found = compare([_said(compared=compared, disagreements=disagreements)], version=2, generation=7)
    found.check(most=most)
    assert found.upper <= most


def test_a_limit_that_is_no_number_refuses() -> None:
    """Nothing compares with it."""
    with pytest.raises(Unproven):
        compare([_said(compared=LEAST)], version=2, generation=7).check(most=float("nan"))
