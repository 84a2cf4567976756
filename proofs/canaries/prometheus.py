"""Prometheus: a sample of before is still there, and since then none was missed."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from proofs.services.errors import Unanswered
from proofs.services.exercise import Hands

from .canary import GONE

__all__ = ["GAP", "Continuity"]

SERIES: Final = 'process_cpu_seconds_total{job="prometheus"}'
"""Prometheus' own, scraped from itself: a gap is its absence and nobody else's. Each sample has a value of its own."""
POOL: Final = "serviceMonitor/monitoring-{environment}/prometheus/0"
GAP: Final = "a gap"
"""How an answer begins where a stretch of samples is missing; claims tell it from loss by it."""

INTERVALS: Final = 2
"""One scrape may fail; two in a row are a gap."""
JITTER_S: Final = 0.5
"""A scrape's time wanders by milliseconds, and by more than that where its start was late."""
ARRIVES_S: Final = 60.0
"""A range ends when the server reads the question: on a busy node that was more than a second after it was made up."""
UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Sample = tuple[float, str]
"""Unix time in seconds, and the value as it is written."""


@dataclass
class Continuity:
    """Samples of one series. By range selectors only: an instant one serves a dead value for minutes."""

    store: ClassVar[str] = "prometheus"
    stays: ClassVar[str] = "samples are Prometheus' own, and were only read"

    hands: Hands
    anchor: Sample = (0.0, "")
    """The newest sample when it was asked first; set by ``write``."""
    allowed_s: float = 0.0
    """The longest time between two samples; set by ``write``."""

    def where(self, nonce: str) -> str:
        """The series; no nonce stands in it."""
        return SERIES

    def write(self, nonce: str) -> str:
        """Remember the newest sample, and how often one comes."""
        door = self.hands.prometheus()
        pool = POOL.format(environment=self.hands.environment)
        intervals = [str(one["scrapeInterval"]) for one in door.targets() if one["scrapePool"] == pool]
        if not intervals:
            raise Unanswered(f"no target in {pool}")
        self.allowed_s = INTERVALS * seconds(intervals[0])
        samples = self._samples(self.allowed_s)
        if not samples:
            raise Unanswered(f"no sample of {SERIES} within {self.allowed_s:g} s")
        self.anchor = samples[-1]
        return self._wanted()

    def read(self, nonce: str) -> str:
        """Every sample since the first, judged by their times."""
        now_s = time.time()
        samples = self._samples(now_s - self.anchor[0] + ARRIVES_S)
        if self.anchor not in samples:
            return f"{GONE}: no sample {self.anchor[1]} at {self.anchor[0]:.3f}"
        times_s = [at for at, _ in samples[samples.index(self.anchor) :]]
        for before_s, after_s in pairwise([*times_s, now_s]):
            if after_s - before_s > self.allowed_s + JITTER_S:
                return f"{GAP} of {after_s - before_s:.1f} s after {before_s:.3f}"
        return self._wanted()

    def remove(self, nonce: str) -> None:
        """Nothing: see ``stays``."""

    def strays(self) -> tuple[str, ...]:
        """None: nothing is written."""
        return ()

    def _samples(self, window_s: float) -> list[Sample]:
        """Of the last *window_s* seconds, of whatever pod, in the order of time."""
        found = self.hands.prometheus().query(f"{SERIES}[{math.ceil(window_s)}s]")
        return sorted((float(at), str(value)) for one in found for at, value in one["values"])

    def _wanted(self) -> str:
        at_s, value = self.anchor
        return f"sample {value} at {at_s:.3f}, and no gap over {self.allowed_s:g} s since"


def seconds(duration: str) -> float:
    """
    A duration as Prometheus writes it, such as ``1m30s``.

    Raises:
        ValueError: It is none.
    """
    parts = re.findall(r"(\d+)(ms|[smh])", duration)
    if not parts or "".join(map("".join, parts)) != duration:
        raise ValueError(f"wanted a duration such as 15s, got {duration!r}")
    return sum(int(number) * UNITS_S[unit] for number, unit in parts)
