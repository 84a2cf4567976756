"""What a deployment came to, by its own receipt: criteria with what was seen, and where its seconds went."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Criterion", "Duration", "Receipt"]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that a deployment has to be able to show."""

    name: str
    met: bool | None
    """None: it could not be found out, or was not come to."""
    evidence: str
    """What was seen, in words; empty: nothing."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """One step of a deployment, and how long it worked; the waiting between two steps belongs to none."""

    step: str
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a deployment says of itself when it is over."""

    environment: str
    deploy_id: str
    model: str
    version: int
    """0: it did not come to have one."""
    generation: int
    """0: it did not come to have one."""
    outcome: str
    """Such as ``promoted``, ``shadowed``, ``stopped``, ``aborted`` or ``rolled_back``."""
    reason: str
    run_id: str
    """Of the training, in MLflow; empty: none."""
    criteria: tuple[Criterion, ...]
    durations: tuple[Duration, ...]
    """In the order of the steps."""
