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
REPO_SERVER = "argocd-repo-server"
WORKLOADS = {
    "deployment": ("argocd-redis", REPO_SERVER, "argocd-applicationset-controller"),
    "statefulset": ("argocd-application-controller",),
}
READY_WITHIN_S = 120.0
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

    def __str__(self) -> str:
        return f"{self.name} is {self.sync or 'not compared'}, {self.health or 'health unknown'}"


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
    Apply rendered manifests, definitions first, and wait until everything of Argo CD answers.

    The first comparison of a root that finds no repo-server is repeated only minutes later; so nothing else may start
    before.

    Raises:
        ComponentDied: The node broke meanwhile.
        TimedOut: A part did not become ready.
    """
    documents = [each for each in yaml.safe_load_all(text) if each]
    early = [each for each in documents if each["kind"] in {"CustomResourceDefinition", "Namespace"}]
    cluster.apply(early)
    if cluster.get("secret", "argocd-redis", namespace=NAMESPACE) is None:
        cluster.apply([credentials.argocd_redis()])
    cluster.apply([each for each in documents if each not in early])
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
