"""What a run made and did not take away: found by its label, and removed."""

from __future__ import annotations

from contextlib import suppress

from switchyard import labels
from switchyard.discovery import discover
from switchyard.errors import Conflict, NotFound
from switchyard.inventory import take_inventory
from switchyard.kinds import NAMESPACES
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.objects import Meta
from switchyard.toggled import Progress
from switchyard.waiting import wait_until

__all__ = ["made_by", "tidy"]


def made_by(kube: Kube, *, run_id: str) -> tuple[Meta, ...]:
    """
    Everything that carries the label of the run, but what goes by itself with another such object.

    That is what one of them owns (pods, slices of endpoints, which inherit labels), or what stands in a namespace of
    the run's own.

    Raises:
        Unreadable: Discovery failed.
    """
    inventory = take_inventory(kube, discover(kube))
    marked = [thing for thing in inventory.objects if run_id and thing.labels.get(labels.RUN_ID) == run_id]
    uids = {thing.uid for thing in marked}
    namespaces = {thing.name for thing in marked if thing.kind == NAMESPACES}
    return tuple(
        thing
        for thing in marked
        if thing.namespace not in namespaces and not any(owner in uids for _, owner in thing.owners)
    )


def tidy(kube: Kube, *, run_id: str, lease: Lease, within_s: float, progress: Progress = print) -> tuple[Meta, ...]:
    """
    Remove what a dead run made, wait until it is gone, and return it.

    Raises:
        Late: Something does not go within *within_s*.
        LeaseLost: Somebody took the lease.
        Unreadable: It could not be looked for, or may not be removed.
    """
    things = made_by(kube, run_id=run_id)
    for thing in things:
        lease.check()
        progress(f"  {thing.ref} was made by {run_id}; removing it")
        # Gone, or another one of the same name by now: that one is not the run's.
        with suppress(NotFound, Conflict):
            kube.delete(thing.kind, thing.name, namespace=thing.namespace, uid=thing.uid)

    def left() -> tuple[str, ...]:
        found = ((thing, kube.find(thing.kind, thing.name, namespace=thing.namespace)) for thing in things)
        return tuple(str(thing.ref) for thing, now in found if now and Meta.of(thing.kind, now).uid == thing.uid)

    wait_until(left, what=f"what {run_id} made is gone", ready=lambda names: not names, within_s=within_s)
    return things
