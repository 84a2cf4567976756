"""Proofs that were killed on purpose, and what their watchdogs made of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Death"]


@dataclass(frozen=True, kw_only=True)
class Death:
    """One proof that was killed, seen from outside, when its watchdog had ended."""

    killed: str
    """Where in its work, such as ``in the middle of a detach``."""
    layer: str
    found: str
    """How it found the layer: ``attached`` or ``detached``."""
    seen: str
    """How the layer was just before the kill: ``attached``, ``attaching``, ``detaching`` or ``detached``."""
    left: str
    """How the layer is afterwards, by the API server."""
    ending: str
    """Of its journal; ``unreadable`` where it is none any more."""
    verdict: str
    """Of its journal, in one word."""
    holder: str
    """Who holds the lease afterwards; empty: nobody."""
    remembered: str
    """What the lease still has for the next command to restore; empty: nothing."""
    took_s: float
    """From the kill to the end of the watchdog."""
