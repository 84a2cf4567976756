"""Detach and attach of a layer. Both say what they found, do nothing twice, and never touch a finalizer."""

from __future__ import annotations

from switchyard.attaching import attach
from switchyard.detaching import detach
from switchyard.restoring import restore
from switchyard.toggled import ATTACHED, DETACHED, DETACHING, SUSPENDED, Progress, Toggled, presence

__all__ = [
    "ATTACHED",
    "DETACHED",
    "DETACHING",
    "SUSPENDED",
    "Progress",
    "Toggled",
    "attach",
    "detach",
    "presence",
    "restore",
]
