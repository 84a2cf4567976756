"""Repetitions are counted exactly: the bound is that of Clopper and Pearson, a percentile is a measured duration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from yardfacts.cycles import Phase, nearest_rank, statistics, upper_bound
from yardfacts.facts import Cycle, Facts, Timing


@pytest.mark.parametrize(
    ("failed", "cycles", "bound"), [(0, 30, 0.0950), (0, 1, 0.95), (1, 30, 0.1486), (3, 30, 0.2386), (30, 30, 1.0)]
)
def test_known_bounds(failed: int, cycles: int, bound: float) -> None:
    """Thirty cycles without a failure leave room for 9.5 %."""
    assert upper_bound(failed, cycles) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_the_bound_is_the_exact_one(series: tuple[int, int]) -> None:
    """It is the quantile of the beta distribution that statisticians' tables have."""
    failed, cycles = series
    assert upper_bound(failed, cycles) == pytest.approx(beta.ppf(0.95, failed + 1, cycles - failed), abs=1e-9)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 1.0))
def test_a_percentile_was_measured(values: list[float], share: float) -> None:
    """It is one of the values; at least the share of them does not exceed it, and less than that is below it."""
    found = nearest_rank(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values)


def test_percentiles_of_known_values() -> None:
    """Of 1 to 20: the tenth, the nineteenth, the last; of a single value: itself."""
    values = [float(n) for n in range(20, 0, -1)]
    assert [nearest_rank(values, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert nearest_rank([7.0], 0.95) == 7.0


@pytest.mark.parametrize(("failed", "cycles"), [(0, 0), (2, 1), (-1, 3)])
def test_what_cannot_have_been_is_refused(failed: int, cycles: int) -> None:
    """Nothing follows from no cycle, or from more failures than cycles."""
    with pytest.raises(ValueError, match="wanted"):
        upper_bound(failed, cycles)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_a_percentile_of_nothing_is_refused(values: list[float], share: float) -> None:
    """There is no middle of nothing, and no rank beyond the last."""
    with pytest.raises(ValueError, match="wanted"):
        nearest_rank(values, share)


def test_a_series_is_counted() -> None:
    """Failures, the bound, and the durations under the cycles' moments alone."""
    facts = Facts().plus("before", [Timing(phase="detach", took_s=99.0)])
    for number, took_s in enumerate((3.0, 5.0, 4.0), start=1):
        one = Cycle(number=number, of=3, failed=number == 2, detail="late" if number == 2 else "")
        facts = facts.plus(f"cycle-{number}", [one, Timing(phase="detach", took_s=took_s)])
    found = statistics(facts)
    assert found is not None
    assert (found.failed, found.cycles) == (1, 3)
    assert found.phases == (Phase(name="detach", count=3, p50_s=4.0, p95_s=5.0, max_s=5.0),)
    assert next(iter(found.lines())).startswith("1 of 3 cycles failed; at most 86.5 % fail with 95 % confidence")
    assert statistics(Facts()) is None
