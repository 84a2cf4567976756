"""Argo CD: installed from its module's own manifests with our patches, and asked how its Applications are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yardnode import credentials
from yardnode.clusterapi import Cluster

__all__ = ["NAMESPACE", "Application", "applications", "install", "installed", "manifests", "refresh", "settled"]

NAMESPACE = "argocd"
IMAGES = ("argocd", "redis")
CACHE = "argocd-redis"
REPO_SERVER = "argocd-repo-server"
WORKLOADS = {
    "deployment": (CACHE, REPO_SERVER, "argocd-applicationset-controller"),
    "statefulset": ("argocd-application-controller",),
}
READY_WITHIN_S = 600.0  # where the yard is up every pod may be rolled out beside it (docs/adr/0013-patience.md)
SAID = 400  # characters of a message: enough for the cause, little enough for a terminal
REFRESH = "argocd.argoproj.io/refresh=normal"


@dataclass(frozen=True, kw_only=True)
class Application:
    """What Argo CD says about one Application."""

    name: str
    sync: str
    health: str
    revisions: tuple[str, ...]
    operation: str
    message: str

    @classmethod
    def from_api(cls, found: Mapping[str, Any]) -> Application:
        """Read an Application object; what it does not say yet is empty."""
        status = found.get("status") or {}
        sync, health = status.get("sync") or {}, status.get("health") or {}
        operation = status.get("operationState") or {}
        conditions = [each.get("message", "") for each in status.get("conditions") or []]
        return cls(
            name=found["metadata"]["name"],
            sync=sync.get("status") or "",
            health=health.get("status") or "",
            revisions=tuple(sync.get("revisions") or ([sync["revision"]] if sync.get("revision") else [])),
            operation="Running" if "operation" in found else operation.get("phase") or "",
            message="; ".join(filter(None, [operation.get("message"), health.get("message"), *conditions])),
        )

    def settled(self, *, revision: str) -> bool:
        """Synced to exactly *revision*, healthy, and with nothing under way."""
        return (
            (self.sync, self.health) == ("Synced", "Healthy")
            and self.revisions == (revision,)
            and self.operation in {"", "Succeeded"}
        )

    def awaited(self, *, revision: str) -> str:
        """What is still to come, in words; empty once settled."""
        if self.settled(revision=revision):
            return ""
        good = (self.sync, self.health) == ("Synced", "Healthy")
        return f"{self.name} is at an older commit or still syncing" if good else str(self)

    def __str__(self) -> str:
        trouble = self.sync == "Unknown" or self.health == "Degraded" or self.operation in {"Failed", "Error"}
        why = f" ({self.message[:SAID]})" if trouble and self.message else ""
        return f"{self.name} is {self.sync or 'not compared'}, {self.health or 'health unknown'}{why}"


def manifests(cluster: Cluster, *, settings: Path, upstream: Path, images: Mapping[str, str]) -> str:
    """
    Render Argo CD as it is installed here.

    Args:
        settings: ``gitops/bootstrap/argocd``.
        upstream: ``manifests/`` of Argo CD's module.
        images: Image's name -> full reference.

    Returns:
        YAML text.
    """
    folder = cluster.state / "argocd"
    if folder.exists():
        shutil.rmtree(folder)
    # Copied, because kustomize follows no link out of its root.
    shutil.copytree(settings, folder / "install")
    shutil.copytree(upstream, folder / "install" / "upstream")
    references = {name: images[name].rpartition(":") for name in IMAGES}
    wrapper = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["install"],
        "images": [{"name": name, "newTag": tag} for name, _, tag in references.values()],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(wrapper))
    return cluster.kustomize(folder)


def install(cluster: Cluster, text: str) -> None:
    """
    Apply rendered manifests and wait until everything of Argo CD answers.

    The first comparison of a root that finds no repo-server is repeated only minutes later; so nothing else may start
    before.

    Raises:
        ComponentDied: The node broke meanwhile.
        TimedOut: A part did not become ready.
    """
    if cluster.get("secret", CACHE, namespace=NAMESPACE) is None:
        # The namespace goes ahead as kustomize rendered it; the text is large, and parsing all of it takes seconds.
        cluster.apply_text(next(each for each in text.split("\n---\n") if "\nkind: Namespace\n" in each))
        cluster.apply([credentials.argocd_redis()])
    cluster.apply_text(text)
    cluster.wait(
        lambda: unready(cluster),
        ready=lambda missing: not missing,
        what="Argo CD to be ready",
        within_s=READY_WITHIN_S,
    )


def unready(cluster: Cluster) -> list[str]:
    """Parts of Argo CD that do not answer yet; all of them where it is not installed."""
    missing = []
    for kind, names in WORKLOADS.items():
        found = {each["metadata"]["name"]: each for each in cluster.list(kind, namespace=NAMESPACE)}
        for name in names:
            status = found.get(name, {}).get("status") or {}
            generation = found.get(name, {}).get("metadata", {}).get("generation")
            if status.get("observedGeneration") != generation or not status.get("readyReplicas"):
                missing.append(name)
    return missing


def installed(cluster: Cluster) -> bool:
    """Whether all of Argo CD answers."""
    return not unready(cluster)


def applications(cluster: Cluster) -> list[Application]:
    """All Applications, by name."""
    found = cluster.list("applications.argoproj.io", namespace=NAMESPACE)
    return sorted((Application.from_api(each) for each in found), key=lambda each: each.name)


def refresh(cluster: Cluster, names: Sequence[str]) -> None:
    """Ask Argo CD to look at the git source now."""
    cluster.annotate(
        "applications.argoproj.io", names, namespace=NAMESPACE, annotation="argocd.argoproj.io/refresh=normal"
    )


def settled(found: Sequence[Application], *, roots: Sequence[str], revision: str) -> bool:
    """
    Whether *roots* are there and every Application is where it should be.

    A root is Healthy only when its ApplicationSets have all the children that they declare (``argocd-cm``).
    """
    names = {each.name for each in found}
    return names.issuperset(roots) and all(each.settled(revision=revision) for each in found)
