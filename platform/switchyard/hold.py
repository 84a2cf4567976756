"""The hold: absence that lasts although everybody who could bring the layer back was asked to look."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from switchyard import argocd
from switchyard.belongings import attribution, is_part
from switchyard.discovery import discover
from switchyard.errors import NotAnswering, Refused
from switchyard.inventory import Inventory
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS
from switchyard.kube import Kube
from switchyard.objects import Meta
from switchyard.refreshing import APPLICATION_REFRESH, SET_REFRESH, Request, Stimulus, refresh
from switchyard.sweep import sweep
from switchyard.watching import Scope, Seen, Watching
from switchyard.yard import Layer, Yard
from yardfacts.facts import Hold, ObjectRef

__all__ = ["hold"]

TWICE: Final = 2
"""The second refresh began after the first request, so it saw the layer gone."""


def hold(kube: Kube, *, yard: Yard, layer: Layer, applications: Iterable[str] = (), window_s: float = 0.0) -> Hold:
    """
    Refresh every surviving root and ApplicationSet twice, then watch for *window_s* (0: the budget's ``hold_s``).

    ``returned`` is every object of the layer seen to appear from the start of the stimulus to the end of the window,
    by watch, plus what a last sweep finds unattributed.

    Raises:
        NotAnswering: A survivor did not consume its refreshes, so nothing was stimulated.
        Unreadable: A watch lost its place, or the API server does not answer.
    """
    window_s = window_s or yard.budgets.hold_s
    names = frozenset({*layer.names, *applications})
    kinds = [kind for kind in discover(kube).kinds if kind.watchable and kind.namespaced]
    scopes = [Scope(kind, yard.namespace) for kind in (APPLICATIONS, APPLICATION_SETS)]
    scopes += [Scope(kind, namespace) for namespace in layer.namespaces for kind in kinds]
    with Watching(kube, scopes) as watching:
        refreshed = _stimulate(kube, yard=yard, layer=layer)
        # Something that comes back ends the hold at once: a longer look would not make it less.
        watching.wait(lambda: bool(_returned(watching, yard=yard, layer=layer, names=names)), within_s=window_s)
        seen = _returned(watching, yard=yard, layer=layer, names=names)
    swept = sweep(kube, yard=yard, layer=layer, applications=names)
    if swept.kinds_unreadable:
        raise Refused("the sweep after the hold has holes: " + "; ".join(swept.kinds_unreadable), status=0)
    returned: dict[str, ObjectRef] = {ref.uid: ref for ref in (*seen, *swept.unattributed)}
    return Hold(refreshed=refreshed, window_s=window_s, returned=tuple(returned.values()))


def _stimulate(kube: Kube, *, yard: Yard, layer: Layer) -> tuple[str, ...]:
    sets = argocd.application_sets(kube, namespace=yard.namespace)
    roots = [
        name
        for other in yard.layers.values()
        for name in other.roots
        if name != layer.root and argocd.root(kube, namespace=yard.namespace, name=name).http_status == 200
    ]

    def asked(stimulus: Stimulus, who: Iterable[str]) -> tuple[Request, ...]:
        return refresh(
            kube,
            stimulus=stimulus,
            namespace=yard.namespace,
            names=tuple(who),
            times=TWICE,
            within_s=yard.budgets.barrier_deadline_s,
        )

    requests = (*asked(APPLICATION_REFRESH, roots), *asked(SET_REFRESH, sets))
    silent = [request.name for request in requests if not request.answered]
    if silent:
        raise NotAnswering(f"nobody refreshed {', '.join(silent)}: absence without a stimulus proves nothing")
    return tuple(request.name for request in requests)


def _returned(watching: Watching, *, yard: Yard, layer: Layer, names: Iterable[str]) -> tuple[ObjectRef, ...]:
    history = watching.history
    everything = Inventory(tuple({seen.meta.uid: seen.meta for seen in history}.values()), (), ())

    def counts(seen: Seen) -> bool:
        thing: Meta = seen.meta
        part = is_part(thing, applications=names, namespace=yard.namespace)
        inside = thing.namespace in layer.namespaces
        return seen.type == "ADDED" and (
            part or (inside and attribution(thing, yard.attributions, inventory=everything) is None)
        )

    return tuple({seen.meta.uid: seen.meta.ref for seen in history if counts(seen)}.values())
