"""Live state as the API server has it, whatever Argo CD says: rollouts, pods, namespaces, volumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from switchyard.kinds import (
    DAEMON_SETS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    STATEFUL_SETS,
    VOLUME_CLAIMS,
    VOLUMES,
    Kind,
)
from switchyard.kube import Kube
from switchyard.objects import Json, Meta, dig
from yardfacts.facts import Namespace, Pod, Volume, Workload

__all__ = ["is_rolled_out", "namespaces", "pods", "volumes", "workloads"]


def pods(kube: Kube, *, namespaces: Iterable[str]) -> tuple[Pod, ...]:
    """Pods of *namespaces*, in the order of their names. Finished pods (of Jobs) are left out."""
    return tuple(
        _pod(meta, item)
        for meta, item in _in(kube, PODS, namespaces)
        if dig(item, "status", "phase") not in {"Succeeded", "Failed"}
    )


def workloads(kube: Kube, *, namespaces: Iterable[str]) -> tuple[Workload, ...]:
    """Deployments, StatefulSets and DaemonSets of *namespaces*, in the order of kind, namespace and name."""
    names = tuple(namespaces)
    return tuple(
        _workload(kind, meta, item)
        for kind in (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
        for meta, item in _in(kube, kind, names)
    )


def is_rolled_out(workload: Workload) -> bool:
    """The spec was observed, and as many as wanted are updated and ready."""
    return (
        workload.observed_generation == workload.generation
        and workload.updated == workload.wanted
        and workload.ready == workload.wanted
    )


def namespaces(kube: Kube, *, names: Iterable[str]) -> tuple[Namespace, ...]:
    """These namespaces; one that does not exist is left out."""
    found = ((name, kube.find(NAMESPACES, name)) for name in names)
    return tuple(
        Namespace(name=name, uid=Meta.of(NAMESPACES, item).uid, phase=str(dig(item, "status", "phase") or ""))
        for name, item in found
        if item is not None
    )


def volumes(kube: Kube, *, namespaces: Iterable[str]) -> tuple[Volume, ...]:
    """Claims of *namespaces* with the volumes they are bound to; empty fields where a claim has none."""
    by_name = {Meta.of(VOLUMES, item).name: item for item in kube.list(VOLUMES).items}
    return tuple(
        Volume(
            namespace=meta.namespace,
            claim=meta.name,
            claim_phase=str(dig(item, "status", "phase") or ""),
            volume=str(dig(item, "spec", "volumeName") or ""),
            volume_phase=str(dig(volume, "status", "phase") or ""),
            reclaim_policy=str(dig(volume, "spec", "persistentVolumeReclaimPolicy") or ""),
        )
        for meta, item in _in(kube, VOLUME_CLAIMS, namespaces)
        for volume in [by_name.get(str(dig(item, "spec", "volumeName") or ""), {})]
    )


def _in(kube: Kube, kind: Kind, namespaces: Iterable[str]) -> Iterator[tuple[Meta, Json]]:
    for namespace in namespaces:
        items = ((Meta.of(kind, item), item) for item in kube.list(kind, namespace=namespace).items)
        yield from sorted(items, key=lambda pair: pair[0].name)


def _pod(meta: Meta, item: Json) -> Pod:
    statuses = [
        status
        for group in ("initContainerStatuses", "containerStatuses")
        for status in dig(item, "status", group) or ()
    ]
    conditions = dig(item, "status", "conditions") or ()
    return Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        node=str(dig(item, "spec", "nodeName") or ""),
        ready=any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions),
        restarts=sum(int(status.get("restartCount") or 0) for status in statuses),
        # The image as it runs where the kubelet says so, else as it was asked for.
        images=tuple(str(status.get("imageID") or status.get("image") or "") for status in statuses),
    )


def _workload(kind: Kind, meta: Meta, item: Json) -> Workload:
    def number(*path: str, default: int = 0) -> int:
        value: Any = dig(item, *path)
        return default if value is None else int(value)

    if kind == DAEMON_SETS:
        wanted = number("status", "desiredNumberScheduled")
        there = number("status", "currentNumberScheduled")
        updated, ready = number("status", "updatedNumberScheduled"), number("status", "numberReady")
    else:
        # The API server fills replicas in; 1 is its own default.
        wanted = number("spec", "replicas", default=1)
        there = number("status", "replicas")
        updated, ready = number("status", "updatedReplicas"), number("status", "readyReplicas")
    return Workload(
        kind=kind.kind,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        generation=number("metadata", "generation"),
        observed_generation=number("status", "observedGeneration"),
        wanted=wanted,
        updated=updated,
        # Pods of the old revision may be the ready ones: count them against the new.
        ready=max(0, ready - max(0, there - updated)),
    )
