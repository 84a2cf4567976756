"""
What is not ready, and why: what a person asks next when an Application is not Healthy.

A workload that was scaled to nothing has no pod that could be unready, so workloads are looked at too; and so are
volumes, because what stands on a full one may go on saying that it is ready until it has to write.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yardnode.clusterapi import Cluster
from yardnode.processes import read_board

__all__ = ["Trouble", "troubles"]

SAID = 200  # characters of a message: enough for the cause, little enough for a terminal
DONE = "Succeeded"
WORKLOADS = ("deployments", "statefulsets", "daemonsets")
FULL_BYTES = 64 << 20  # a database's next two segments of its log: below that, the next writes fail


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One workload, pod or volume that is not as it should be."""

    kind: str
    namespace: str
    name: str
    cause: str

    def __str__(self) -> str:
        return f"{self.kind}  {self.namespace}/{self.name}  {self.cause}"


def troubles(cluster: Cluster) -> tuple[Trouble, ...]:
    """
    Every workload with fewer ready pods than it needs, every pod that is neither ready nor done, every full volume.

    Raises:
        CommandFailed: The API server did not answer.
    """
    workloads = [each for kind in WORKLOADS for each in cluster.list(kind)]
    volumes = cluster.list("persistentvolumes")
    return (*_short(workloads), *_unready(cluster.list("pods")), *_full(volumes, root=_root(cluster.state)))


def _short(workloads: Iterable[Mapping[str, Any]]) -> Iterator[Trouble]:
    for workload in workloads:
        status = workload.get("status") or {}
        # A DaemonSet wants as many as there are nodes for it, and says so in its status.
        wanted = workload["spec"].get("replicas", status.get("desiredNumberScheduled", 0))
        ready = status.get("readyReplicas", status.get("numberReady", 0))
        if not wanted or ready < wanted:
            yield Trouble(
                kind=workload["kind"],
                namespace=workload["metadata"]["namespace"],
                name=workload["metadata"]["name"],
                cause=f"has {ready} of {wanted} pods ready" if wanted else "is scaled to nothing",
            )


def _unready(pods: Iterable[Mapping[str, Any]]) -> Iterator[Trouble]:
    for pod in pods:
        metadata, status = pod["metadata"], pod.get("status") or {}
        if status.get("phase") != DONE and not _is_ready(status):
            cause = "; ".join(_causes(metadata, status)) or f"is {status.get('phase') or 'not seen by a node yet'}"
            yield Trouble(kind="Pod", namespace=metadata["namespace"], name=metadata["name"], cause=cause)


def _root(state: Path) -> Path:
    """The file system as the node's processes see it: what is mounted there need not be mounted here."""
    board = read_board(state)
    running = [entry.process for entry in board.entries if entry.process is not None] if board else []
    return Path(f"/proc/{running[0].pid}/root") if running else Path("/")


def _full(volumes: Iterable[Mapping[str, Any]], *, root: Path = Path("/")) -> Iterator[Trouble]:
    for volume in volumes:
        spec = volume["spec"]
        claim = spec.get("claimRef")
        path = (spec.get("hostPath") or {}).get("path", "")
        place = root / path.lstrip("/")
        if not claim or not path or not place.is_dir():
            continue  # nobody's, or a folder that a pod waiting for it complains of
        room = os.statvfs(place)
        free, size = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
        if free < FULL_BYTES:
            yield Trouble(
                kind="PersistentVolumeClaim",
                namespace=claim["namespace"],
                name=claim["name"],
                cause=f"is full: {free >> 20} of {size >> 20} MiB left on volume {volume['metadata']['name']}",
            )


def _is_ready(status: Mapping[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())


def _causes(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[str]:
    if "deletionTimestamp" in metadata:
        yield "is being deleted"
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state, last = container.get("state") or {}, container.get("lastState") or {}
        waits, ended = state.get("waiting"), state.get("terminated") or last.get("terminated")
        if waits:
            yield _said(container["name"], waits.get("reason", "waits"), waits.get("message", ""))
        elif "running" in state and not container.get("ready"):
            yield f"{container['name']} runs and is not ready"
        if ended and ended.get("exitCode"):
            yield _said(container["name"], f"ended with status {ended['exitCode']}", ended.get("message", ""))
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            yield _said("scheduler", condition.get("reason", ""), condition.get("message", ""))


def _said(who: str, reason: str, message: str) -> str:
    return f"{who}: {reason}{f' ({message[:SAID]})' if message else ''}"
