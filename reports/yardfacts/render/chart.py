"""Lanes as SVG: a strip a lane for the page, and one picture with names and axis for wherever a file is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from yardfacts.facts import Interval
from yardfacts.render.availability import Lane, Stretch, Window
from yardfacts.windows import FAILED

__all__ = ["Tick", "picture", "stretches", "strip", "ticks"]

WIDTH: Final = 1000
HEIGHT: Final = 20
"""Of a strip, in its own units; the page stretches it, so that nothing in it is text."""
LEAST: Final = 5.0
"""Units that a failed or missed interval is wide at least: a quarter of a second has to be seen in two minutes."""

TICKS: Final = 6
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
"""Distances between two marks of an axis that people read easily."""

NAME_WIDTH: Final = 250
ROW: Final = 26
TOP: Final = 34
"""Pixels of the picture."""

COLOURS: Final = (
    ".right{fill:#2f9e6b}.absent{fill:#8fcdb0}.wrong,.unanswered{fill:#c62828}.missed{fill:#8b94a3}"
    ".track{fill:#e6e9ee}.passed{fill:#7d9bd1}.other{fill:#c62828}"
)


@dataclass(frozen=True)
class Tick:
    """A mark of the axis."""

    percent: float
    text: str


def ticks(window: Window) -> tuple[Tick, ...]:
    """At most so many marks that they can be read, each with the seconds since the window began."""
    step_s = next((s for s in STEPS_S if window.took_s / s <= TICKS), STEPS_S[-1])
    if window.took_s <= 0:
        return ()
    count = int(window.took_s // step_s)
    return tuple(Tick(round(100 * n * step_s / window.took_s, 2), _seconds(n * step_s)) for n in range(count + 1))


def strip(lane: Lane, window: Window) -> str:
    """A lane: green where right, red where wrong or unanswered, grey where nobody looked or nothing was recorded."""
    return _svg(_lane(lane, window), label=escape(f"{lane.name}: {lane.told}", quote=True))


def stretches(stretches: Sequence[Stretch], window: Window, *, label: str) -> str:
    """What the proof did meanwhile, on the same axis."""
    return _svg("".join(_stretch(one, window) for one in stretches), label=escape(label, quote=True))


def picture(window: Window) -> str:
    """A file of its own: names, lanes, steps and axis."""
    height = TOP + ROW * (len(window.lanes) + 1)
    rows = [("what the proof did", "".join(_stretch(one, window) for one in window.steps))]
    rows += [(f"{lane.name}: {lane.told}", _lane(lane, window)) for lane in window.lanes]
    marks = "".join(
        f'<text x="{NAME_WIDTH + tick.percent * WIDTH / 100:.1f}" y="20">{tick.text}</text>' for tick in ticks(window)
    )
    drawn = "".join(
        f'<text x="0" y="{TOP + ROW * n + 14}">{escape(name.partition(":")[0])}<title>{escape(name)}</title></text>'
        f'<svg x="{NAME_WIDTH}" y="{TOP + ROW * n}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect class="track" width="{WIDTH}" height="{HEIGHT}"/>{shapes}</svg>'
        for n, (name, shapes) in enumerate(rows)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {NAME_WIDTH + WIDTH + 40} {height}" font-size="12" '
        f'font-family="sans-serif"><title>Availability: {escape(window.name)}</title>'
        f'<style>{COLOURS}</style><rect width="100%" height="100%" fill="#fff"/>{marks}{drawn}</svg>'
    )


def _svg(shapes: str, *, label: str) -> str:
    return (
        f'<svg class="strip" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<rect class="track" width="{WIDTH}" height="{HEIGHT}"/>{shapes}</svg>'
    )


def _lane(lane: Lane, window: Window) -> str:
    # What failed is drawn last: nothing covers it.
    order = sorted(lane.intervals, key=lambda one: (one.outcome in FAILED, one.outcome == "missed"))
    return "".join(_interval(one, window) for one in order)


def _interval(one: Interval, window: Window) -> str:
    kind = "absent" if (one.outcome, one.state) == ("right", "absent") else one.outcome
    parts = [f"{one.outcome}{f' ({one.state})' if one.state else ''} for {(one.stop_ms - one.start_ms) / 1000:.2f} s"]
    parts += [f"{one.samples} samples", *([one.detail] if one.detail else [])]
    least = 0.0 if one.outcome == "right" else LEAST
    return _rect(kind, one.start_ms, one.stop_ms, window, title=", ".join(parts), least=least)


def _stretch(one: Stretch, window: Window) -> str:
    kind = "passed" if one.outcome == "passed" else "other"
    title = f"{one.title} ({(one.stop_ms - one.start_ms) / 1000:.1f} s, {one.outcome})"
    return _rect(kind, one.start_ms, one.stop_ms, window, title=title, least=1.0)


def _rect(kind: str, start_ms: int, stop_ms: int, window: Window, *, title: str, least: float) -> str:
    scale = WIDTH / max(window.stop_ms - window.start_ms, 1)
    width = max((stop_ms - start_ms) * scale, least)
    x = min(max((start_ms - window.start_ms) * scale, 0.0), WIDTH - width)
    return (
        f'<rect class="{escape(kind, quote=True)}" x="{x:.2f}" width="{width:.2f}" height="{HEIGHT}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _seconds(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"
