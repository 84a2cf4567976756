"""Receipts as cards: a mark for each criterion, and the steps on one axis, each behind the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from yardfacts.facts import Criterion, Duration, Receipt
from yardfacts.render.availability import Stretch, Window
from yardfacts.render.chart import Tick, stretches, ticks

__all__ = ["Card", "Marked", "Step", "cards"]

MARKS: Final[Mapping[bool | None, tuple[str, str]]] = {
    True: ("PROVED", "✓ met"),
    False: ("DISPROVED", "✗ not met"),
    None: ("INCONCLUSIVE", "? unknown"),
}
"""Colour and words; unknown looks like neither of the others."""


@dataclass(frozen=True, kw_only=True)
class Marked:
    """One criterion: its mark and what was seen."""

    name: str
    evidence: str
    tone: str
    """Class of its colour; no verdict, that is for claims."""
    mark: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a deployment: how long it worked, and its picture."""

    name: str
    took_s: float
    svg: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the page shows of one receipt."""

    receipt: Receipt
    tone: str
    """Colour of the outcome: that of the worst criterion."""
    criteria: tuple[Marked, ...]
    steps: tuple[Step, ...]
    ticks: tuple[Tick, ...]
    """Of the axis that the steps share."""

    @property
    def headline(self) -> str:
        """Model and version, as people say it."""
        version = f"version {self.receipt.version}" if self.receipt.version else "without a version"
        return f"{self.receipt.model} {version}"

    @property
    def worked_s(self) -> float:
        """All steps together, in seconds."""
        return sum(step.took_s for step in self.steps)


def cards(receipts: Iterable[Receipt]) -> tuple[Card, ...]:
    """One card a receipt, in the order of recording."""
    return tuple(_card(receipt) for receipt in receipts)


def _card(receipt: Receipt) -> Card:
    acts = tuple(_stretches(receipt.durations))
    # A clock of its own, on which the waiting between two steps takes no time.
    axis = Window(
        name=receipt.deploy_id,
        start_ms=0,
        stop_ms=max((act.stop_ms for act in acts), default=0),
        lanes=(),
        tests=(),
        steps=acts,
    )
    return Card(
        receipt=receipt,
        tone=MARKS[_worst(receipt.criteria)][0],
        criteria=tuple(_marked(one) for one in receipt.criteria),
        steps=tuple(_step(one, act, axis) for one, act in zip(receipt.durations, acts, strict=True)),
        ticks=ticks(axis),
    )


def _worst(criteria: Iterable[Criterion]) -> bool | None:
    """False if one is not met, True if there are some and all are met; else nobody knows."""
    found = {one.met for one in criteria}
    if False in found:
        return False
    return True if found == {True} else None


def _marked(criterion: Criterion) -> Marked:
    tone, mark = MARKS[criterion.met]
    return Marked(name=criterion.name, evidence=criterion.evidence, tone=tone, mark=mark)


def _step(duration: Duration, act: Stretch, axis: Window) -> Step:
    svg = stretches([act], axis, label=f"{duration.step}: {duration.took_s:.2f} s")
    return Step(name=duration.step, took_s=duration.took_s, svg=svg)


def _stretches(durations: Iterable[Duration]) -> Iterator[Stretch]:
    start_ms = 0
    for one in durations:
        stop_ms = start_ms + round(one.took_s * 1000)
        yield Stretch(title=one.step, outcome="passed", start_ms=start_ms, stop_ms=stop_ms)
        start_ms = stop_ms
