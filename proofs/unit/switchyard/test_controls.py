"""A few negative controls a run: which, the commit decides, and what belongs together stays together."""

from __future__ import annotations

import pytest

from switchyard.controls import left_out

MODULE = """
import pytest

def test_of_no_control(): ...

@pytest.mark.negative
@pytest.mark.control("store")
def test_it_breaks(): ...

@pytest.mark.negative
@pytest.mark.control("store")
def test_it_heals(): ...

@pytest.mark.negative
def test_alone(): ...

@pytest.mark.negative
def test_last(): ...
"""


@pytest.fixture(name="items")
def _items(pytester: pytest.Pytester) -> list[pytest.Item]:
    """Three controls, one of two tests, and a test that is none."""
    pytester.makeini("[pytest]\nmarkers =\n    negative\n    control(name)")
    return pytester.getitems(MODULE)


STORE = frozenset({"test_it_breaks", "test_it_heals"})
WINDOWS = {STORE | {"test_alone"}, frozenset({"test_alone", "test_last"}), STORE | {"test_last"}}
"""Neighbours, two at a time, round and round."""


def test_the_commit_takes_neighbours(items: list[pytest.Item]) -> None:
    """Whole controls from a place that the commit gives, each place by some; what is no control always runs."""
    seen = set()
    for number in range(32):
        spared = left_out(items, count=2, sha=f"{number:010x}")
        kept = frozenset(item.name for item in items if item not in spared)
        assert "test_of_no_control" in kept
        seen.add(kept - {"test_of_no_control"})
    assert seen == WINDOWS


def test_one_commit_takes_the_same_every_time(items: list[pytest.Item]) -> None:
    """Who repeats a run of a commit runs what it ran."""
    assert left_out(items, count=1, sha="ab12") == left_out(items, count=1, sha="ab12")


@pytest.mark.parametrize("count", [0, 3, 9])
def test_all_are_taken(items: list[pytest.Item], count: int) -> None:
    """By default, and where there are no more than asked for."""
    assert left_out(items, count=count, sha="2") == []
