"""Detach: suspend the root, raise the barrier, delete the root once, and prove that everything of it is gone."""

from __future__ import annotations

import time

from switchyard import argocd
from switchyard.barrier import raise_barriers
from switchyard.errors import Late, NotAnswering, NotFound, Unmet
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.leaving import wait_until_gone
from switchyard.objects import dig
from switchyard.obligations import Duties, fates, grown, objects_of, take_duties
from switchyard.sweep import sweep
from switchyard.toggled import ATTACHED, DETACHED, DETACHING, Progress, Toggled, presence, timing
from switchyard.waiting import wait_until
from switchyard.watching import Watching
from switchyard.yard import Layer, Yard
from yardfacts.facts import Application, Fact

__all__ = ["detach"]


def detach(kube: Kube, *, yard: Yard, layer: Layer, lease: Lease, run_id: str, progress: Progress = print) -> Toggled:
    """
    Suspend the root's automation, raise the barrier, delete the root once, and prove that everything of it is gone.

    A detach that was interrupted is finished; one that is complete writes nothing.

    Args:
        kube: The cluster.

        yard: Budgets, attribution.

        layer: One with a root.

        lease: Held; checked before every write.

        run_id: Labels the sweep's decoy.

        progress: Where the lines go.

    Raises:
        Unmet: A precondition does not hold (a child without finalizer, an operation that does not end); nothing lost.
        NotAnswering: The application controller does not answer the barrier; nothing was deleted.
        Stuck: Something stays in Deleting; names objects, finalizers, since when, and the rescue.
        Unreadable: The API server does not answer in the middle.
    """
    found = presence(kube, yard=yard, layer=layer)
    if found == DETACHED:
        gone = argocd.root(kube, namespace=yard.namespace, name=layer.root)
        return Toggled(layer=layer.name, changed=False, applications=(layer.root,), facts=(gone,))
    duties = take_duties(kube, yard=yard, layer=layer)
    progress(f"{layer.name}: {found}; {len(duties.tree.objects)} objects of {layer.root} have to go")
    for hole in duties.inventory.unreadable:
        progress(f"  not readable, so not proved: {hole}")
    if found != DETACHING:
        _check_preconditions(kube, duties=duties, yard=yard)
    with Watching(kube, duties.scopes) as watching:
        start_s = time.monotonic()
        facts: list[Fact] = []
        if found != DETACHING:
            facts += _suspend(kube, yard=yard, layer=layer, lease=lease, suspended=found != ATTACHED, progress=progress)
        delete_s = time.monotonic()
        if found != DETACHING:
            _delete(kube, duties=duties, layer=layer, yard=yard, lease=lease)
        wait_until_gone(kube, duties=duties, watching=watching, yard=yard, layer=layer, lease=lease, progress=progress)
        facts.append(timing("detach.delete", delete_s))
        sweep_s = time.monotonic()
        lease.check()
        names = duties.tree.applications
        swept = sweep(kube, yard=yard, layer=layer, applications=names, decoy=run_id)
        facts += (
            argocd.root(kube, namespace=yard.namespace, name=layer.root),
            *fates(kube, grown(duties, watching.history, yard=yard, layer=layer)),
            swept,
            timing("detach.sweep", sweep_s),
            timing("detach", start_s, budget_s=yard.budgets.detach_s),
        )
    return Toggled(layer=layer.name, changed=True, applications=names, facts=tuple(facts))


def _check_preconditions(kube: Kube, *, duties: Duties, yard: Yard) -> None:
    """What would let a deletion end without deleting; nothing was written yet."""
    wrong = [
        f"{thing.ref} has no finalizer {argocd.CASCADE}: it would go and leave what it manages behind"
        for thing in objects_of(duties, APPLICATIONS)
        if not argocd.cascades(thing.finalizers)
    ]
    for thing in objects_of(duties, APPLICATION_SETS):
        live = kube.get(APPLICATION_SETS, thing.name, namespace=thing.namespace)
        if dig(live, "spec", "syncPolicy", "preserveResourcesOnDeletion"):
            wrong.append(f"{thing.ref} preserves resources on deletion")
    if wrong:
        raise Unmet("nothing was written, for the detach could not end clean:\n  " + "\n  ".join(wrong))
    names = [thing.name for thing in objects_of(duties, APPLICATIONS)]

    def busy() -> tuple[str, ...]:
        return tuple(one.name for one in _operations(kube, names=names, yard=yard) if one.operation == "Running")

    try:
        # Argo CD holds a deletion back until a running operation ends.
        wait_until(busy, what="no operation runs", ready=lambda who: not who, within_s=yard.budgets.barrier_deadline_s)
    except Late as exc:
        raise Unmet(f"nothing was written, an operation does not end: {exc}") from exc


def _operations(kube: Kube, *, names: list[str], yard: Yard) -> tuple[Application, ...]:
    return argocd.applications(kube, namespace=yard.namespace, names=names)


def _suspend(
    kube: Kube, *, yard: Yard, layer: Layer, lease: Lease, suspended: bool, progress: Progress
) -> tuple[Fact, ...]:
    if not suspended:
        lease.check()
        patch = {"spec": {"syncPolicy": {"automated": None}}}
        kube.merge(APPLICATIONS, layer.root, patch, namespace=yard.namespace)
    start_s = time.monotonic()
    lease.check()
    deadline_s = yard.budgets.barrier_deadline_s
    (barrier,) = raise_barriers(kube, namespace=yard.namespace, applications=[layer.root], within_s=deadline_s)
    if not barrier.answered:
        raise NotAnswering(
            f"{layer.root}: {barrier.refreshes_consumed} of 2 refreshes consumed within {deadline_s:g} s; the "
            f"application controller does not answer. Its automation is suspended, nothing was deleted; "
            f"`switchyard attach {layer.name}` puts it back"
        )
    progress(f"  {layer.root} is suspended, and its controller has seen it")
    return barrier, timing("detach.barrier", start_s)


def _delete(kube: Kube, *, duties: Duties, layer: Layer, yard: Yard, lease: Lease) -> None:
    root = next(thing for thing in objects_of(duties, APPLICATIONS) if thing.name == layer.root)
    lease.check()
    try:
        kube.delete(APPLICATIONS, layer.root, namespace=yard.namespace, uid=root.uid)
    except NotFound:
        # Somebody was faster; whether everything goes is found out below all the same.
        return
