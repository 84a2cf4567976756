"""
What repetitions show: how often they failed, how often they may fail at most, and how long they took.

No failure in a number of cycles is no promise that there is none: the exact one-sided bound of Clopper and Pearson says
which share of failures would still give so good a result in one of twenty series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, comb
from typing import Final

from yardfacts.facts import Cycle, Facts, Timing

__all__ = ["CONFIDENCE", "Phase", "Statistics", "nearest_rank", "statistics", "upper_bound"]

CONFIDENCE: Final = 0.95
HALVINGS: Final = 60
"""Of the interval from 0 to 1: beyond what a float can tell apart."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """How long one phase took, over the cycles that recorded it."""

    name: str
    count: int
    p50_s: float
    p95_s: float
    """By nearest rank: one of the durations that were measured. Of fewer than 20 cycles it is the longest."""
    max_s: float


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """A series of cycles."""

    failed: int
    cycles: int
    bound: float
    """At most this share of cycles fails, with ``CONFIDENCE``."""
    phases: tuple[Phase, ...]

    def lines(self) -> Iterator[str]:
        """What a terminal shows."""
        yield (
            f"{self.failed} of {self.cycles} cycles failed; at most {100 * self.bound:.1f} % fail "
            f"with {100 * CONFIDENCE:g} % confidence (exact, one-sided)"
        )
        for phase in self.phases:
            yield (
                f"{phase.name}: {phase.p50_s:.1f} s (p50), {phase.p95_s:.1f} s (p95), {phase.max_s:.1f} s (max) "
                f"over {phase.count} cycles, by nearest rank"
            )


def statistics(facts: Facts) -> Statistics | None:
    """Count the cycles among *facts*, and the durations under their moments; None where there is no cycle."""
    moments = {moment for moment, fact in facts.entries if isinstance(fact, Cycle)}
    if not moments:
        return None
    cycles = facts.of(Cycle)
    failed = sum(cycle.failed for cycle in cycles)
    took: dict[str, list[float]] = {}
    for moment, fact in facts.entries:
        if moment in moments and isinstance(fact, Timing):
            took.setdefault(fact.phase, []).append(fact.took_s)
    return Statistics(
        failed=failed,
        cycles=len(cycles),
        bound=upper_bound(failed, len(cycles)),
        phases=tuple(_phase(name, values) for name, values in took.items()),
    )


def _phase(name: str, took_s: Sequence[float]) -> Phase:
    return Phase(
        name=name,
        count=len(took_s),
        p50_s=nearest_rank(took_s, 0.5),
        p95_s=nearest_rank(took_s, 0.95),
        max_s=max(took_s),
    )


def nearest_rank(values: Sequence[float], share: float) -> float:
    """
    The smallest of *values* that at least this *share* of them does not exceed; always one of them.

    Raises:
        ValueError: There are no values, or *share* is not in (0, 1].
    """
    if not values or not 0 < share <= 1:
        raise ValueError(f"wanted values and a share in (0, 1], got {len(values)} values and {share}")
    # Rounded first: 0.95 * 20 is a little more than 19 in binary.
    return sorted(values)[ceil(round(share * len(values), 9)) - 1]


def upper_bound(failed: int, cycles: int, *, confidence: float = CONFIDENCE) -> float:
    """
    The greatest share of failures that does not make *failed* or fewer of *cycles* rarer than ``1 - confidence``.

    Raises:
        ValueError: There are no cycles, or fewer than failed, or *confidence* is not in (0, 1).
    """
    if not 0 <= failed <= cycles or cycles == 0 or not 0 < confidence < 1:
        raise ValueError(f"wanted 0 <= failed <= cycles and cycles > 0, got {failed} of {cycles} at {confidence}")
    if failed == cycles:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        tail = sum(comb(cycles, k) * share**k * (1 - share) ** (cycles - k) for k in range(failed + 1))
        low, high = (share, high) if tail > 1 - confidence else (low, share)
    return high
