"""The sweep: every kind that can be listed and deleted, in the layer's namespaces and by its tracking ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from switchyard import labels
from switchyard.belongings import attribution, parts_of
from switchyard.discovery import discover
from switchyard.errors import Conflict, NotFound, Refused
from switchyard.inventory import Inventory, take_inventory
from switchyard.kinds import CONFIG_MAPS
from switchyard.kube import Kube
from switchyard.objects import Json, Meta
from switchyard.yard import Layer, Yard
from yardfacts.facts import Sweep

__all__ = ["DECOY", "leftovers", "sweep"]

DECOY: Final = "switchyard-decoy"
"""One name, so that the next sweep clears what a killed one planted."""


def sweep(kube: Kube, *, yard: Yard, layer: Layer, applications: Iterable[str] = (), decoy: str = "") -> Sweep:
    """
    Look for anything left of *layer*.

    Args:
        kube: The cluster.

        yard: Attribution rules.

        layer: Its namespaces are swept whole.

        applications: Names whose tracking ids are looked for everywhere (``toggle.Toggled.applications``); the
            layer's root is always among them.

        decoy: Run id. A ConfigMap labelled with it is planted in the first namespace, has to be found, and is removed.
            Empty plants nothing (observe only), and ``decoy_found`` is False.

    Kinds that could not be listed are in ``kinds_unreadable``; they raise nothing, for a proof records them.

    Raises:
        Unreadable: Discovery itself, or the decoy, failed.
    """
    with _planted(kube, namespace=layer.namespaces[0] if layer.namespaces else "", run_id=decoy) as planted:
        inventory = take_inventory(kube, discover(kube))
    left = [
        thing
        for thing in leftovers(inventory, yard=yard, layer=layer, applications=applications)
        if thing.uid != planted
    ]
    is_one = parts_of((*layer.names, *applications), namespace=yard.namespace)
    return Sweep(
        kinds_listed=len(inventory.kinds),
        kinds_unreadable=inventory.unreadable,
        decoy_found=bool(planted) and planted in inventory.by_uid,
        found=tuple(thing.ref for thing in left),
        unattributed=tuple(
            thing.ref
            for thing in left
            # What the layer itself made is explained by nobody: it should be gone.
            if is_one(thing) or attribution(thing, yard.attributions, inventory=inventory) is None
        ),
    )


def leftovers(inventory: Inventory, *, yard: Yard, layer: Layer, applications: Iterable[str]) -> tuple[Meta, ...]:
    """All that stands in the layer's namespaces, or is part of the layer anywhere."""
    is_one = parts_of((*layer.names, *applications), namespace=yard.namespace)
    return tuple(thing for thing in inventory.objects if thing.namespace in layer.namespaces or is_one(thing))


@contextmanager
def _planted(kube: Kube, *, namespace: str, run_id: str) -> Iterator[str]:
    """Plant the decoy for the block and yield its UID; empty where none was asked for."""
    if not (namespace and run_id):
        yield ""
        return
    body = {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": CONFIG_MAPS.kind,
        "metadata": {"name": DECOY, "labels": {labels.RUN_ID: run_id}},
    }
    try:
        uid = Meta.of(CONFIG_MAPS, _create_anew(kube, body, namespace=namespace)).uid
    except NotFound as exc:
        raise Refused(f"no decoy could be planted, so an empty sweep would prove nothing: {exc}", status=404) from exc
    try:
        yield uid
    finally:
        # Somebody may have removed it already; then the sweep did not find it, and says so.
        with suppress(NotFound):
            kube.delete(CONFIG_MAPS, DECOY, namespace=namespace, uid=uid)


def _create_anew(kube: Kube, body: Json, *, namespace: str) -> Json:
    try:
        return kube.create(CONFIG_MAPS, body, namespace=namespace)
    except Conflict:
        # Left by a sweep that was killed; a decoy is worth nothing to anybody.
        kube.delete(CONFIG_MAPS, DECOY, namespace=namespace)
        return kube.create(CONFIG_MAPS, body, namespace=namespace)
