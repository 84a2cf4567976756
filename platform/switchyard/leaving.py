"""The wait for a detach to end: on watches, with a line for a person, and a diagnosis when something stays."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from switchyard.errors import Stuck
from switchyard.kinds import APPLICATIONS
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.objects import Meta
from switchyard.obligations import REMAINS, Duties, grown
from switchyard.refreshing import APPLICATION_REFRESH, remind
from switchyard.watching import Watching
from switchyard.yard import Layer, Yard
from yardfacts.facts import Obligation

__all__ = ["diagnosis", "wait_until_gone"]

LINE_EVERY_S: Final = 1.0
"""Also how often the API server is asked whether it is still there: a silent watch looks like a quiet cluster."""


def wait_until_gone(
    kube: Kube,
    *,
    duties: Duties,
    watching: Watching,
    yard: Yard,
    layer: Layer,
    lease: Lease,
    progress: Callable[[str], None],
) -> None:
    """
    Return when the watch has seen everything go that has to, including what appeared meanwhile.

    Where nothing moves for a while, Applications in Deleting are touched with the refresh annotation: their controller
    may have overlooked the delete as it overlooks a refresh (``refreshing``).

    Raises:
        Stuck: The deadline passed; names what stays, its finalizers, since when, and the rescue.
        Unreadable: The watch lost its place, or the API server went away.
    """
    start_s, said = time.monotonic(), ""

    def left() -> list[Meta]:
        alive = watching.alive
        return [
            alive[thing.uid].meta
            for thing in grown(duties, watching.history, yard=yard, layer=layer)
            if thing.uid in alive
        ]

    before = frozenset(thing.uid for thing in left())
    while not watching.wait(lambda: not left(), within_s=LINE_EVERY_S):
        # Before anything is said about what stays: is the server still there to say that it went?
        kube.find(APPLICATIONS, layer.root, namespace=yard.namespace)
        remaining, took_s = left(), time.monotonic() - start_s
        if took_s > yard.budgets.detach_deadline_s:
            raise Stuck(
                diagnosis(remaining, layer=layer, waited_s=took_s),
                objects=[Obligation(ref=thing.ref, fate=REMAINS, finalizers=thing.finalizers) for thing in remaining],
            )
        counted = Counter(thing.kind.kind for thing in remaining)
        line = ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items()))
        if line != said:
            progress(f"  {took_s:5.1f} s  left: {line}")
            said = line
        if before == (before := frozenset(thing.uid for thing in remaining)):
            _remind(kube, remaining, lease=lease, turn=int(took_s))


def _remind(kube: Kube, things: Sequence[Meta], *, lease: Lease, turn: int) -> None:
    for thing in things:
        if thing.kind == APPLICATIONS and thing.deleting_since:
            lease.check()
            remind(kube, stimulus=APPLICATION_REFRESH, name=thing.name, namespace=thing.namespace, turn=turn)


def diagnosis(things: Sequence[Meta], *, layer: Layer, waited_s: float) -> str:
    """Who stays, whom each waits for, since when, and what to do; the leaves of the chain first."""
    waiting = [thing for thing in things if thing.deleting_since]
    untouched = [thing for thing in things if not thing.deleting_since]
    foreign = sorted(waiting, key=lambda thing: thing.kind.group == APPLICATIONS.group)
    lines = [f"{layer.name}: {len(things)} objects are still there after {waited_s:.0f} s."]
    lines += [
        f"  {thing.ref} is being deleted since {thing.deleting_since} and waits for: "
        + (", ".join(thing.finalizers) or "its grace period")
        for thing in foreign
    ]
    lines += [f"  {thing.ref} was never asked to go" for thing in untouched]
    lines += [
        "Nothing was forced. Find out who should remove the finalizer; if its owner is gone for good:",
        f"  switchyard rescue {layer.name}                                  (shows, changes nothing)",
        f"  switchyard rescue {layer.name} --remove-finalizer NAME          (recorded)",
    ]
    return "\n".join(lines)
