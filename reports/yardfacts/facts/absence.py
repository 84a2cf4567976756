"""What a toggle asked for, what became of the objects that had to go, and whether they stayed away."""

from __future__ import annotations

from dataclasses import dataclass

from yardfacts.facts.references import ObjectRef

__all__ = ["Hold", "Obligation", "Sweep", "Toggle"]


@dataclass(frozen=True, kw_only=True)
class Toggle:
    """What a toggle was asked for, and whether it had to write anything."""

    layer: str
    wanted: str
    """``attached`` or ``detached``."""
    changed: bool
    """False: it was there, or gone, already, and nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """One object of the layer that must disappear, and what became of it."""

    ref: ObjectRef
    fate: str
    """``gone`` (404), ``remains`` (same UID), ``recreated`` (same name, new UID)."""
    finalizers: tuple[str, ...] = ()
    """Of an object that remains while being deleted: whom it waits for."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """All kinds that can be listed and deleted, listed in the layer's namespaces and by its tracking ids."""

    kinds_listed: int
    kinds_unreadable: tuple[str, ...]
    """``kind: reason``; denied, failing or stale in aggregated discovery."""
    decoy_found: bool
    """An object planted for this sweep was among the findings."""
    found: tuple[ObjectRef, ...]
    """Everything left except the decoy."""
    unattributed: tuple[ObjectRef, ...]
    """What of *found* no attribution rule of yard.toml explains."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Absence held under stimulus: survivors were refreshed twice, then nothing may come back."""

    refreshed: tuple[str, ...]
    window_s: float
    returned: tuple[ObjectRef, ...]
