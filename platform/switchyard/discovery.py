"""Every kind that can be listed and deleted, from aggregated discovery: what a sweep has to look through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from switchyard.kinds import Kind
from switchyard.kube import Kube
from switchyard.objects import Json, dig

__all__ = ["Discovered", "discover"]

_ACCEPT: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

# Events tell what happened; they are left out by the contract, and they come and go by themselves.
_LEFT_OUT: Final = frozenset({("", "events"), ("events.k8s.io", "events")})


@dataclass(frozen=True)
class Discovered:
    """What the API server says it serves."""

    kinds: tuple[Kind, ...]
    """Each with list and delete, once, in the group's preferred version that has it."""
    stale: tuple[str, ...]
    """``group/version: reason`` of what the server itself could not ask; its kinds are unknown."""


def discover(kube: Kube) -> Discovered:
    """
    Read ``/api`` and ``/apis`` in the aggregated form.

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
                if place not in _LEFT_OUT and {"list", "delete"} <= set(resource["verbs"]):
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
