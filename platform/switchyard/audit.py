"""Everything that an audit shows, gathered with read rights only; what cannot be read becomes ``Unreadable``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from switchyard import argocd
from switchyard.errors import NotFound, Unreadable, as_fact
from switchyard.kinds import APPLICATIONS, NAMESPACES
from switchyard.kube import Kube
from switchyard.objects import Meta, dig
from switchyard.probe import ask
from switchyard.rollout import namespaces, pods, volumes, workloads
from switchyard.toggled import DETACHED, presence
from switchyard.yard import Probe, Yard
from yardfacts.facts import Fact
from yardfacts.target import Target

__all__ = ["audit", "homes"]


def audit(kube: Kube, *, yard: Yard, target: Target) -> tuple[Fact, ...]:
    """
    Applications, Roots, Namespaces (of every toggled layer), Volumes, Pods, Workloads and one Answer a probe.

    Probes of a layer that is detached are left out. Nothing is written but the S3 probes' own objects. Raises nothing
    of the tree's ``Unreadable``: each becomes a fact.

    Raises:
        Misconfigured: A probe needs a credential that the target's secrets file lacks.
    """
    roots = dict.fromkeys(name for layer in yard.layers.values() for name in (*layer.roots, layer.root) if name)
    survivors = [name for layer in yard.layers.values() for name in layer.namespaces]
    observations: list[tuple[str, Callable[[], Iterable[Fact]]]] = [
        ("Applications", lambda: argocd.applications(kube, namespace=yard.namespace)),
        ("Roots", lambda: (argocd.root(kube, namespace=yard.namespace, name=name) for name in roots)),
        ("Namespaces", lambda: namespaces(kube, names=survivors)),
        ("Volumes", lambda: volumes(kube, namespaces=homes(kube, yard=yard))),
        ("Pods", lambda: pods(kube, namespaces=homes(kube, yard=yard))),
        ("Workloads", lambda: workloads(kube, namespaces=homes(kube, yard=yard))),
    ]
    # Each probe is an observation of its own: one that cannot be made must not hide the others.
    observations += [
        (f"probe {probe.name} ({probe.environment})", _asking(probe, kube=kube, target=target))
        for probe in yard.probes
        if _may_answer(probe, kube=kube, yard=yard)
    ]
    return tuple(fact for what, observe in observations for fact in _observed(what, observe))


def homes(kube: Kube, *, yard: Yard) -> tuple[str, ...]:
    """
    Namespaces that the Applications deploy to, and those of the layers, as far as they exist; sorted.

    Raises:
        Unreadable: They could not be listed.
    """
    items = kube.list(APPLICATIONS, namespace=yard.namespace).items
    wanted = {str(dig(item, "spec", "destination", "namespace") or "") for item in items}
    wanted |= {str(one.get("namespace") or "") for item in items for one in dig(item, "status", "resources") or ()}
    wanted |= {name for layer in yard.layers.values() for name in layer.namespaces}
    existing = {Meta.of(NAMESPACES, item).name for item in kube.list(NAMESPACES, metadata_only=True).items}
    return tuple(sorted(wanted & existing))


def _asking(probe: Probe, *, kube: Kube, target: Target) -> Callable[[], Iterable[Fact]]:
    return lambda: [ask(probe, kube=kube, secrets_file=target.secrets_file)]


def _may_answer(probe: Probe, *, kube: Kube, yard: Yard) -> bool:
    """A probe of a detached layer has nobody to ask; one whose layer's state is unknown is asked, and says so."""
    layer = yard.layer(probe.layer)
    try:
        return not layer.toggled or presence(kube, yard=yard, layer=layer) != DETACHED
    except Unreadable:
        return True


def _observed(what: str, observe: Callable[[], Iterable[Fact]]) -> tuple[Fact, ...]:
    try:
        return tuple(observe())
    except (Unreadable, NotFound) as exc:
        return (as_fact(what, exc),)
