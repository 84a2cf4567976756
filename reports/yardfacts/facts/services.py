"""What the services answer when they are used."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Answer"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service answered to a functional check: asked for *wanted*, got *got*."""

    probe: str
    environment: str
    outcome: str
    """``right``, ``wrong`` (answered, but not as wanted) or ``unanswered``."""
    wanted: str
    got: str
    took_s: float
