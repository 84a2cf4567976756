"""
The rescue of a layer that is stuck in Deleting: shows who waits for what, and removes finalizers only when told to.

Never part of a proof: patching a finalizer away makes absence come true instead of finding it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from switchyard.belongings import below
from switchyard.discovery import discover
from switchyard.inventory import take_inventory
from switchyard.kube import Kube
from switchyard.objects import Meta
from switchyard.yard import Layer, Yard
from yardfacts.facts import ObjectRef

__all__ = ["StuckObject", "diagnose", "record", "remove_finalizers"]


@dataclass(frozen=True, kw_only=True)
class StuckObject:
    """One object that waits in Deleting."""

    ref: ObjectRef
    finalizers: tuple[str, ...]
    deleting_since: str
    managed_by: str
    """Application whose tracking id it or its nearest managed ancestor carries; empty where none does."""
    meta: Meta


def diagnose(kube: Kube, *, yard: Yard, layer: Layer) -> tuple[StuckObject, ...]:
    """
    Everything of *layer*, or in its namespaces, that is being deleted and held by a finalizer; the leaves first.

    Raises:
        Unreadable: Discovery failed, or a kind could not be listed: what is stuck may be of that kind.
    """
    inventory = take_inventory(kube, discover(kube))
    ours = {thing.uid for thing in below(inventory, roots=layer.names, namespace=yard.namespace).objects}
    stuck = [
        thing
        for thing in inventory.objects
        if thing.deleting_since and thing.finalizers and (thing.uid in ours or thing.namespace in layer.namespaces)
    ]
    stuck.sort(key=lambda thing: (thing.namespace == yard.namespace, not thing.owners, str(thing.ref)))
    return tuple(
        StuckObject(
            ref=thing.ref,
            finalizers=thing.finalizers,
            deleting_since=thing.deleting_since,
            managed_by=next((above.tracked_by for above in inventory.ancestry(thing) if above.tracked_by), ""),
            meta=thing,
        )
        for thing in stuck
    )


def remove_finalizers(kube: Kube, stuck: Iterable[StuckObject], *, names: Iterable[str]) -> tuple[StuckObject, ...]:
    """
    Remove the finalizers *names* from each of *stuck* that has one, and return those that were changed.

    The write carries the version that was shown: an object that moved meanwhile is refused (``Conflict``).

    Raises:
        Conflict: Somebody changed the object since; look again.
        Unreadable: The API server does not answer.
    """
    unwanted = frozenset(names)
    changed = []
    for one in stuck:
        kept = [name for name in one.finalizers if name not in unwanted]
        if len(kept) < len(one.finalizers):
            meta = one.meta
            patch = {"metadata": {"finalizers": kept, "resourceVersion": meta.version, "uid": meta.uid}}
            kube.merge(meta.kind, meta.name, patch, namespace=meta.namespace)
            changed.append(one)
    return tuple(changed)


def record(changed: Iterable[StuckObject], *, layer: Layer, names: Iterable[str], folder: Path) -> Path:
    """Write what was forced, and when, as JSON into *folder*, and return the file."""
    now = datetime.now(UTC)
    document = {
        "at": now.isoformat(timespec="seconds"),
        "layer": layer.name,
        "removed_finalizers": sorted(names),
        "objects": [
            {
                "ref": asdict(one.ref),
                "finalizers": list(one.finalizers),
                "deleting_since": one.deleting_since,
                "managed_by": one.managed_by,
            }
            for one in changed
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    return file
