"""Every kind that can be listed, from aggregated discovery: what a sweep or a watch has to look through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from switchyard.kinds import Kind
from switchyard.kube import Kube
from switchyard.objects import Json, dig

__all__ = ["EVENTS", "SWEPT", "Discovered", "discover"]

SWEPT: Final = frozenset({"list", "delete"})
"""Verbs of what a sweep looks through: what cannot be deleted cannot be left over."""

_ACCEPT: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

EVENTS: Final = frozenset({("", "events"), ("events.k8s.io", "events")})
"""Group and plural of what is never asked for: they tell what happened, and come and go by themselves."""


@dataclass(frozen=True)
class Discovered:
    """What the API server says it serves."""

    kinds: tuple[Kind, ...]
    """Each with the verbs asked for, once, in the group's preferred version that has it."""
    stale: tuple[str, ...]
    """``group/version: reason`` of what the server itself could not ask; its kinds are unknown."""


def discover(kube: Kube, *, verbs: frozenset[str] = SWEPT) -> Discovered:
    """
    Read ``/api`` and ``/apis`` in the aggregated form, and pick the kinds that have *verbs*.

    Raises:
        Unreadable: Discovery failed, or the server does not speak it.
    """
    kinds: dict[tuple[str, str], Kind] = {}
    stale: list[str] = []
    for document in (kube.raw("/api", accept=_ACCEPT), kube.raw("/apis", accept=_ACCEPT)):
        for group, version in _versions(document):
            if version.get("freshness") != "Current":
                stale.append(f"{group}/{version.get('version')}: stale in aggregated discovery")
            for resource in version.get("resources") or ():
                place = (group, str(resource["resource"]))
                if place not in EVENTS and verbs <= set(resource["verbs"]):
                    kinds.setdefault(place, _kind(group, str(version["version"]), resource))
    return Discovered(tuple(kinds.values()), tuple(stale))


def _versions(document: Json) -> Iterator[tuple[str, Json]]:
    """Group name and version, preferred version first as the server orders them."""
    for item in document.get("items") or ():
        group = str(dig(item, "metadata", "name") or "")
        for version in item.get("versions") or ():
            yield group, version


def _kind(group: str, version: str, resource: dict[str, Any]) -> Kind:
    return Kind(
        group=group,
        version=version,
        kind=str(resource["responseKind"]["kind"]),
        plural=str(resource["resource"]),
        namespaced=resource["scope"] == "Namespaced",
        watchable="watch" in resource["verbs"],
    )
