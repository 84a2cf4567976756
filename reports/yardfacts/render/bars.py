"""Durations against their budgets, as inline SVG: no script, no picture to load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from yardfacts.facts import Timing

__all__ = ["Bar", "bar", "bars"]

WIDTH = 320
"""Pixels of a full bar: the budget, or the longest duration without one."""
HEIGHT = 14


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One phase: its figures and its picture."""

    phase: str
    took_s: float
    took: str
    """The same, in words."""
    budget_s: float
    kept: bool
    """The budget was kept, or there is none."""
    svg: str

    @property
    def share(self) -> str:
        """How much of the budget was used."""
        return f"{self.took_s / self.budget_s:.0%}" if self.budget_s > 0 else ""


def bars(timings: Iterable[Timing]) -> tuple[Bar, ...]:
    """One bar a phase, longest duration of the phase; those with a budget first."""
    worst: dict[str, Timing] = {}
    for timing in timings:
        if timing.phase not in worst or timing.took_s > worst[timing.phase].took_s:
            worst[timing.phase] = timing
    ordered = sorted(worst.values(), key=lambda timing: (timing.budget_s <= 0, timing.phase))
    longest_s = max((timing.took_s for timing in ordered), default=0.0)
    return tuple(bar(timing, full_s=timing.budget_s or longest_s) for timing in ordered)


def bar(timing: Timing, *, full_s: float) -> Bar:
    """Draw one phase; what lies beyond the budget is drawn in another colour behind a mark."""
    share = timing.took_s / full_s if full_s > 0 else 0.0
    scale = 1.0 if share <= 1 else 1 / share
    used, mark = round(WIDTH * min(share, 1.0) * scale, 1), round(WIDTH * scale, 1)
    over = round(WIDTH - mark, 1) if share > 1 else 0.0
    label = escape(f"{timing.phase}: {timing.took}" + (f" of {timing.budget_s:g} s" if timing.budget_s else ""))
    beyond = f'<rect class="over" x="{mark}" width="{over}" height="{HEIGHT}"/>' if over else ""
    colour = "used" if timing.budget_s else "plain"
    svg = (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect class="track" width="{WIDTH}" height="{HEIGHT}" rx="3"/>'
        f'<rect class="{colour}" width="{used}" height="{HEIGHT}" rx="3"/>{beyond}</svg>'
    )
    return Bar(
        phase=timing.phase,
        took_s=timing.took_s,
        took=timing.took,
        budget_s=timing.budget_s,
        kept=not timing.over,
        svg=svg,
    )
