"""A model that comes and goes: what the ledger says of it, and what whoever asked meanwhile was given."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Generation", "Known", "Served", "Traffic"]


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One number of an environment's ledger, as it was read; all that there are, are recorded under one moment."""

    environment: str
    generation: int
    deploy_id: str
    action: str
    """Why there is one, such as ``deploy`` or ``rollback``."""
    phase: str
    """``committed`` or ``aborted``; ``open`` while it has no end."""
    champion: int
    """Version that serves once it is committed; 0: none."""
    previous: int
    """Version that a rollback returns to; 0: none."""
    digest: str
    """SHA-256 of the champion's bytes on the volume; empty: none."""
    reason: str
    took_s: float
    """Of a rollback: from the decision to the verified champion; 0 otherwise."""
    undone: str = ""
    """How one that failed was undone: ``aborted``, ``rolled_back`` or ``superseded``; empty where nobody says so."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """All requests of one client to one environment's champion, counted."""

    environment: str
    sent: int
    answered: int
    failed: int
    """An error, an answer of another shape, or none in time."""
    late: int
    """Not sent, for the client itself was away when they were due: whatever went wrong then, it saw nothing of it."""
    slowest_ms: float
    """Of those that were answered."""
    span_s: float
    """From the first request to the last."""
    detail: str
    """The first failures, in words; empty where there was none."""
    new: int = 0
    """Of those that were answered: on a connection of its own each; the others on connections that were kept."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """Equal answers that a client was given for one known row: by which version, in which generation."""

    environment: str
    generation: int
    version: int
    answers: int
    outputs: tuple[float, ...]
    """Probabilities of the classes, in the model's order."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the training of a version recorded for the row that the client asks for."""

    environment: str
    version: int
    outputs: tuple[float, ...]
    """Probabilities of the classes, in the model's order."""
