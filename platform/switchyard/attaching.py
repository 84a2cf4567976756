"""Attach: apply the root's manifest, then wait on the watch until it and everything below it work."""

from __future__ import annotations

import time
from typing import Any

from switchyard import argocd
from switchyard.errors import Late
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.objects import Json, dig
from switchyard.rollout import is_rolled_out, workloads
from switchyard.roots import root_manifest
from switchyard.toggled import ATTACHED, DETACHING, Progress, Toggled, presence, timing
from switchyard.waiting import wait_until
from switchyard.watching import Scope, Watching
from switchyard.yard import Layer, Yard
from yardfacts.facts import Application, Fact

__all__ = ["attach"]

LINE_EVERY_S = 1.0
"""Also how often the API server is asked whether it is still there."""


def attach(kube: Kube, *, yard: Yard, layer: Layer, lease: Lease, progress: Progress = print) -> Toggled:
    """
    Apply the root (automated, prune, self-heal) and wait until it and every child are Synced, Healthy and rolled out.

    A root that already stands as its manifest says is left alone: no write.

    Raises:
        Unmet: No surviving root to take the source from, or a manifest without automation, prune and self-heal.
        Late: Not settled within the deadline; says who is not, and why.
        Unreadable: The API server does not answer in the middle.
    """
    wanted = root_manifest(kube, yard=yard, layer=layer)
    found = presence(kube, yard=yard, layer=layer)
    start_s = time.monotonic()
    with Watching(
        kube, [Scope(APPLICATIONS, yard.namespace), Scope(APPLICATION_SETS, yard.namespace)], metadata_only=False
    ) as watching:
        if found == DETACHING:
            progress(f"{layer.name}: {layer.root} is still being deleted; waiting for that first")
            _wait_until_root_is_gone(watching, layer=layer, yard=yard)
        live = kube.find(APPLICATIONS, layer.root, namespace=yard.namespace)
        changed = not (found == ATTACHED and live is not None and _stands_in(wanted, live))
        if changed:
            start_s = time.monotonic()
            lease.check()
            kube.apply(APPLICATIONS, layer.root, wanted, namespace=yard.namespace)
            progress(f"{layer.name}: {layer.root} applied")
        family = _wait_until_settled(kube, watching=watching, yard=yard, layer=layer, progress=progress)
    rolled = wait_until(
        lambda: workloads(kube, namespaces=layer.namespaces),
        what=f"the workloads in {', '.join(layer.namespaces)} are rolled out",
        ready=lambda seen: all(map(is_rolled_out, seen)),
        within_s=yard.budgets.attach_deadline_s,
    )
    facts: list[Fact] = [argocd.root(kube, namespace=yard.namespace, name=layer.root), *family, *rolled]
    if changed:
        facts.append(timing("attach", start_s, budget_s=yard.budgets.attach_s))
    names = dict.fromkeys(name for one in family for name in (one.name, one.parent) if name)
    return Toggled(layer=layer.name, changed=changed, applications=tuple(names), facts=tuple(facts))


def _stands_in(wanted: Any, live: Any) -> bool:
    """Everything *wanted* says is said by *live*; what Argo CD adds does not matter."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(_stands_in(value, live.get(key)) for key, value in wanted.items())
    return bool(wanted == live)


def _wait_until_root_is_gone(watching: Watching, *, layer: Layer, yard: Yard) -> None:
    def gone() -> bool:
        return all(seen.meta.name != layer.root for seen in watching.alive.values())

    if not watching.wait(gone, within_s=yard.budgets.detach_deadline_s):
        raise Late(
            f"{layer.root}: still being deleted after {yard.budgets.detach_deadline_s:g} s; "
            f"`switchyard rescue {layer.name}` shows whom it waits for"
        )


def _wait_until_settled(
    kube: Kube, *, watching: Watching, yard: Yard, layer: Layer, progress: Progress
) -> tuple[Application, ...]:
    start_s, said = time.monotonic(), ""

    def missing() -> str:
        return _unsettled(watching, layer=layer)

    while not watching.wait(lambda: not missing(), within_s=LINE_EVERY_S):
        # Before anything is said about who is late: is the server still there to say that they came?
        kube.find(APPLICATIONS, layer.root, namespace=yard.namespace)
        reason, took_s = missing(), time.monotonic() - start_s
        if took_s > yard.budgets.attach_deadline_s:
            raise Late(f"{layer.name}: not settled within {yard.budgets.attach_deadline_s:g} s: {reason}")
        if reason and reason != said:
            progress(f"  {took_s:5.1f} s  {reason}")
            said = reason
    return _family(watching, layer=layer)[0]


def _family(watching: Watching, *, layer: Layer) -> tuple[tuple[Application, ...], dict[str, int]]:
    """The root and its grandchildren, and how many Applications each ApplicationSet of the root has made."""
    alive = watching.alive.values()
    sets = {
        seen.meta.name: 0 for seen in alive if seen.meta.kind == APPLICATION_SETS and seen.meta.tracked_by == layer.root
    }
    tracked = {seen.meta.name for seen in alive if seen.meta.tracked_by == layer.root}
    every = [argocd.application(seen.object) for seen in alive if seen.meta.kind == APPLICATIONS]
    family = [one for one in every if one.name == layer.root or one.parent in sets or one.name in tracked]
    for one in family:
        if one.parent in sets:
            sets[one.parent] += 1
    return tuple(sorted(family, key=lambda one: one.name)), sets


def _unsettled(watching: Watching, *, layer: Layer) -> str:
    """Who is not settled, and why; empty when everybody is."""
    family, sets = _family(watching, layer=layer)
    names = {one.name for one in family}
    reasons = [f"{one.name}: {why}" for one in family if (why := argocd.unsettled(one))]
    reasons += [f"{name}: no Application yet" for name, made in sets.items() if not made]
    if layer.root not in names:
        reasons.append(f"{layer.root}: not there")
    reasons += [
        f"{name}: not there yet"
        for seen in watching.alive.values()
        if seen.meta.name == layer.root
        for name in _managed(seen.object)
        if name not in sets and name not in names
    ]
    return "; ".join(reasons)


def _managed(root: Json) -> tuple[str, ...]:
    """Names of the Applications and ApplicationSets that the root's own status says it manages."""
    kinds = {APPLICATIONS.kind, APPLICATION_SETS.kind}
    resources = dig(root, "status", "resources") or ()
    return tuple(str(one.get("name")) for one in resources if one.get("kind") in kinds)
