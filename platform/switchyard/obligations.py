"""
The list of what has to go, taken before a detach, grown by what the watch sees until the last delete, and its fate.

Taken from the root downwards: ApplicationSets, Applications, every object they manage, everything that descends from
it. The sweep finds what nobody listed; this list finds what came back under an old name.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from switchyard.belongings import Tree, attribution, below, is_part
from switchyard.discovery import discover
from switchyard.inventory import Inventory, take_inventory
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, Kind
from switchyard.kube import Kube
from switchyard.objects import Meta
from switchyard.watching import Scope, Seen
from switchyard.yard import Layer, Yard
from yardfacts.facts import Obligation

__all__ = ["GONE", "RECREATED", "REMAINS", "Duties", "fates", "grown", "objects_of", "take_duties"]

GONE: Final = "gone"
REMAINS: Final = "remains"
RECREATED: Final = "recreated"

PARALLEL: Final = 8


@dataclass(frozen=True)
class Duties:
    """What has to go, as it was before the first write."""

    tree: Tree
    inventory: Inventory
    scopes: tuple[Scope, ...]
    """What to watch: every watchable kind in the layer's namespaces, and wherever else the layer has objects."""


def take_duties(kube: Kube, *, yard: Yard, layer: Layer) -> Duties:
    """
    List everything and pick what is the layer's.

    Kinds that cannot be read leave holes (``inventory.unreadable``); the sweep afterwards names the same, and no claim
    is proved then, but a broken metrics API must not keep anybody from detaching.

    Raises:
        Unreadable: Discovery failed.
    """
    found = discover(kube)
    inventory = take_inventory(kube, found)
    tree = below(inventory, roots=layer.names, namespace=yard.namespace)
    return Duties(tree, inventory, _scopes(found.kinds, tree.objects, yard=yard, layer=layer))


def objects_of(duties: Duties, kind: Kind) -> tuple[Meta, ...]:
    """What has to go of one kind."""
    return tuple(thing for thing in duties.tree.objects if thing.kind == kind)


def _scopes(kinds: Iterable[Kind], objects: Iterable[Meta], *, yard: Yard, layer: Layer) -> tuple[Scope, ...]:
    watchable = [kind for kind in kinds if kind.watchable]
    inside = [Scope(kind, name) for name in layer.namespaces for kind in watchable if kind.namespaced]
    parents = [Scope(kind, yard.namespace) for kind in (APPLICATIONS, APPLICATION_SETS)]
    elsewhere = [Scope(thing.kind, thing.namespace) for thing in objects if thing.kind in watchable]
    return tuple(dict.fromkeys((*parents, *inside, *elsewhere)))


def grown(duties: Duties, history: Iterable[Seen], *, yard: Yard, layer: Layer) -> tuple[Meta, ...]:
    """The list, and everything that the watch saw appear since and that nobody outside the layer explains."""
    listed = {thing.uid: thing for thing in duties.tree.objects}
    seen = {entry.meta.uid: entry.meta for entry in history if entry.type != "LISTED"}
    known = {**duties.inventory.by_uid, **seen}
    everything = Inventory(tuple(known.values()), (), ())
    for thing in seen.values():
        inside = thing.namespace in layer.namespaces
        ours = is_part(thing, applications=(*layer.names, *duties.tree.applications), namespace=yard.namespace) or any(
            above.uid in listed for above in everything.ancestry(thing)
        )
        if ours or (inside and attribution(thing, yard.attributions, inventory=everything) is None):
            listed.setdefault(thing.uid, thing)
    return tuple(listed.values())


def fates(kube: Kube, things: Iterable[Meta]) -> tuple[Obligation, ...]:
    """
    Ask for each of *things* by name: the API server's 404 is ``gone``, another UID is ``recreated``.

    Raises:
        Unreadable: One could not be asked for.
    """

    def asked(thing: Meta) -> Obligation:
        found = kube.find(thing.kind, thing.name, namespace=thing.namespace)
        if found is None:
            return Obligation(ref=thing.ref, fate=GONE)
        now = Meta.of(thing.kind, found)
        fate = REMAINS if now.uid == thing.uid else RECREATED
        return Obligation(ref=thing.ref, fate=fate, finalizers=now.finalizers if now.deleting_since else ())

    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="fate") as threads:
        return tuple(threads.map(asked, things))
