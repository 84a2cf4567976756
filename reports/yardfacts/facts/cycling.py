"""A detach and an attach that were repeated, and whether each repetition went well."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cycle"]


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One of several repetitions; its other facts are recorded under the same moment."""

    number: int
    """From 1 on."""
    of: int
    """How many were asked for."""
    failed: bool
    """An act of it did not do what it had to."""
    detail: str
    """What went wrong; empty where nothing did."""
