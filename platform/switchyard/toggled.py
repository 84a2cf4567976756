"""How present a layer is, and what a toggle gives back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from switchyard.errors import Misconfigured
from switchyard.kinds import APPLICATIONS
from switchyard.kube import Kube
from switchyard.objects import Meta, dig
from switchyard.yard import Layer, Yard
from yardfacts.facts import Fact, Timing

__all__ = ["ATTACHED", "DETACHED", "DETACHING", "SUSPENDED", "Progress", "Toggled", "presence", "timing"]

ATTACHED: Final = "attached"
DETACHED: Final = "detached"
"""The API server says 404 for the root."""
DETACHING: Final = "detaching"
SUSPENDED: Final = "suspended"
"""The root is there without automation: a detach was interrupted before its delete."""

Progress = Callable[[str], None]
"""Takes one line for a person."""


@dataclass(frozen=True, kw_only=True)
class Toggled:
    """What a toggle did and saw."""

    layer: str
    changed: bool
    """False: the layer was already there, or already gone; nothing was written."""
    applications: tuple[str, ...]
    """Names of the root, and of every Application and ApplicationSet below it, as far as they were seen."""
    facts: tuple[Fact, ...]
    """Detach: Root, Barrier, Obligation…, Sweep (with decoy) and Timing ``detach`` (first write to proved absent) with
    its parts ``detach.barrier``, ``detach.delete``, ``detach.sweep``; already gone: Root. Attach: Root, Application…,
    Workload… and Timing ``attach``; Timing only where something was written."""


def presence(kube: Kube, *, yard: Yard, layer: Layer) -> str:
    """
    ``attached``, ``detached`` (the API server says 404), ``detaching`` or ``suspended`` (a detach was interrupted).

    Raises:
        Unreadable: The root could not be read.
        Misconfigured: The layer has no root.
    """
    if not layer.toggled:
        raise Misconfigured(
            where=str(yard.path), key=f"layers.{layer.name}.root", wanted="a root, to be toggled by", got=""
        )
    root = kube.find(APPLICATIONS, layer.root, namespace=yard.namespace)
    if root is None:
        return DETACHED
    if Meta.of(APPLICATIONS, root).deleting_since:
        return DETACHING
    return ATTACHED if dig(root, "spec", "syncPolicy", "automated") is not None else SUSPENDED


def timing(phase: str, start_s: float, *, budget_s: float = 0.0) -> Timing:
    """How long *phase* took from *start_s* until now."""
    return Timing(phase=phase, took_s=round(time.monotonic() - start_s, 3), budget_s=budget_s)
