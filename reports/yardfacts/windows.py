"""Windows that a prober sampled, as judges read them: what failed, and whether a question was asked often enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from yardfacts.facts import Facts, Interval, Sampled
from yardfacts.judges import unread
from yardfacts.verdict import Finding, disproved, inconclusive, proved

__all__ = ["FAILED", "KEPT", "NEW", "sampled_moments", "watched"]

NEW: Final = "new"
KEPT: Final = "kept"
FAILED: Final = ("wrong", "unanswered")
"""Outcomes of a sample that was sent in time: whoever had asked then would have noticed."""
OUTCOMES: Final = ("right", *FAILED, "missed")

COVERAGE: Final = 0.98
"""Of the samples that were due; what fewer say is not said of the whole window."""
MISSED_IN_A_ROW: Final = 3
"""More of them are a hole that an outage fits into."""


@dataclass(frozen=True)
class _Question:
    """One question over one window, with everything that was recorded of it."""

    probe: str
    environment: str
    connection: str
    counts: tuple[Sampled, ...]
    intervals: tuple[Interval, ...]
    """In the order of time."""

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.probe} in {self.environment} ({self.connection} connections)"

    @property
    def failures(self) -> tuple[Interval, ...]:
        """Stretches in which it failed."""
        return tuple(one for one in self.intervals if one.outcome in FAILED)


def sampled_moments(facts: Facts) -> tuple[str, ...]:
    """Moments that are windows: something was sampled there, or was to be."""
    sampled = {moment for moment, fact in facts.entries if isinstance(fact, Sampled | Interval)}
    return tuple(
        moment
        for moment in facts.moments()
        if moment in sampled or any(unread(facts.at(moment), kind) for kind in (Sampled, Interval))
    )


def _questions(window: Facts) -> dict[tuple[str, str, str], _Question]:
    """All questions of one window, by probe, environment and connection."""
    counts: dict[tuple[str, str, str], list[Sampled]] = {}
    intervals: dict[tuple[str, str, str], list[Interval]] = {}
    for count in window.of(Sampled):
        counts.setdefault((count.probe, count.environment, count.connection), []).append(count)
    for one in window.of(Interval):
        intervals.setdefault((one.probe, one.environment, one.connection), []).append(one)
    return {
        key: _Question(
            *key,
            counts=tuple(counts.get(key, ())),
            intervals=tuple(sorted(intervals.get(key, ()), key=lambda interval: interval.start_ms)),
        )
        for key in {**counts, **intervals}
    }


def watched(
    window: Facts, *, probes: Iterable[str], environments: Iterable[str], at_most_s: float, reason: str
) -> Iterator[Finding]:
    """
    Judge that each probe was asked in each environment, on new and on kept connections, at least every *at_most_s*.

    *reason* is that of a disproof: a sample was wrong or not answered. One that was never sent proves nothing.
    """
    there = _questions(window)
    begun_ms = min((one.start_ms for one in window.of(Interval)), default=0)
    environments = tuple(environments)
    for probe in probes:
        for environment in environments:
            for connection in (NEW, KEPT):
                key = (probe, environment, connection)
                one = there.get(key) or _Question(*key, counts=(), intervals=())
                yield from _failed(one, begun_ms=begun_ms, reason=reason)
                yield _covered(one, at_most_s=at_most_s)


def _failed(one: _Question, *, begun_ms: int, reason: str) -> Iterator[Finding]:
    for interval in one.failures:
        when = f"{(interval.start_ms - begun_ms) / 1000:.3f} s after the window began"
        lasted = f"for {(interval.stop_ms - interval.start_ms) / 1000:.3f} s, {interval.samples} samples"
        yield disproved(reason, f"{one.name}: {interval.outcome} {when}, {lasted}: {interval.detail}")
    for count in one.counts:
        if not one.failures and (count.wrong > 0 or count.unanswered > 0):
            yield disproved(reason, f"{one.name}: {count.wrong} wrong, {count.unanswered} unanswered")


def _covered(one: _Question, *, at_most_s: float) -> Finding:
    if len(one.counts) != 1:
        return inconclusive("not_sampled", f"{one.name}: counted {len(one.counts)} times, wanted once")
    (count,) = one.counts
    if not 0 < count.period_s <= at_most_s:
        return inconclusive("too_seldom", f"{one.name}: asked every {count.period_s:g} s, wanted {at_most_s:g} s")
    # A sample more or less: where in its period a window begins and ends.
    if count.planned < 1 or not abs(count.planned - count.window_s / count.period_s) <= 1:
        return inconclusive("too_few", f"{one.name}: {count.planned} samples are not what {count.window_s:g} s hold")
    if contradiction := _contradiction(count, one.intervals):
        return inconclusive("contradiction", f"{one.name}: {contradiction}")
    if count.sent < COVERAGE * count.planned or count.missed_in_a_row > MISSED_IN_A_ROW:
        missed = f"{count.planned - count.sent} of {count.planned} samples were missed"
        return inconclusive("too_few", f"{one.name}: {missed}, {count.missed_in_a_row} in a row")
    return proved(f"{one.name}: {count.right} right, and no gap longer than {count.blind_s:g} s")


def _contradiction(count: Sampled, intervals: tuple[Interval, ...]) -> str:
    """Where a count and its intervals do not say the same."""
    wanted = (count.right, count.wrong, count.unanswered, count.planned - count.sent)
    got = tuple(sum(one.samples for one in intervals if one.outcome == outcome) for outcome in OUTCOMES)
    if min(wanted) < 0 or sum(wanted) != count.planned:
        return f"{wanted} do not add up to {count.planned}"
    if got != wanted or any(one.outcome not in OUTCOMES for one in intervals):
        return f"counted {wanted} of {', '.join(OUTCOMES)}, and intervals hold {got}"
    return ""
