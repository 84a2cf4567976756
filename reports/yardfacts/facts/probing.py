"""How services answered over a whole window: what was asked how often, and the intervals of equal answers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Interval", "Sampled"]


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One question to one service over one window, counted. The samples themselves stand in *file* of the bundle."""

    probe: str
    environment: str
    connection: str
    """``new`` (one connection a sample) or ``kept`` (one for all samples)."""
    period_s: float
    window_s: float
    planned: int
    sent: int
    """In time; what was sent late counts as missed, for a prober that stood still saw nothing."""
    right: int
    wrong: int
    """Answered, but not as wanted."""
    unanswered: int
    missed_in_a_row: int
    """The longest run of samples that were due and not sent in time."""
    blind_s: float
    """The shortest outage that could not have gone unseen: the longest time between two samples that were sent."""
    skew_ms: int
    """Clock of the prober minus clock of the proof."""
    file: str
    """Name in the bundle, such as ``probes/off.jsonl``."""
    sha256: str
    opened: int = 0
    """Connections that were opened. Of a kept one more than 1 says that the server closed it between two samples, or
    took longer than a period to answer; neither is an outage."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Consecutive samples of one question with the same outcome, as one stretch of time."""

    probe: str
    environment: str
    connection: str
    outcome: str
    """``right``, ``wrong``, ``unanswered`` or ``missed``."""
    state: str
    """What a right answer said of itself where it says such a thing, as ``online`` or ``absent``; else empty."""
    start_ms: int
    """Unix time by the proof's clock, of its first sample."""
    stop_ms: int
    """Where the next interval begins, or the window ends."""
    samples: int
    detail: str
    """Of its first sample: what came instead; empty where right."""
