"""What monitors lead to, in what is rendered for one profile: services, pods, and the policies between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .helm import Manifest
from .tree import Application

__all__ = ["NAMESPACE", "Cluster", "Endpoint", "Peer", "admits"]

NAMESPACE: Final = "kubernetes.io/metadata.name"
MONITORS: Final = {
    "ServiceMonitor.monitoring.coreos.com": "endpoints",
    "PodMonitor.monitoring.coreos.com": "podMetricsEndpoints",
}


@dataclass(frozen=True)
class Peer:
    """A pod as a network policy sees it."""

    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint of a monitor, and what it leads to."""

    env: str
    monitor: str
    services: tuple[str, ...]
    """``namespace/service:port`` of every Service port that is chosen; a PodMonitor chooses none."""
    pods: tuple[tuple[str, str, int, Mapping[str, str]], ...]
    """Namespace, workload, port and labels of every pod that is asked."""

    def __str__(self) -> str:
        return f"{self.monitor} of {self.env}"


@dataclass(frozen=True)
class Cluster:
    """Everything that is rendered for one profile."""

    rendered: Mapping[Application, tuple[Manifest, ...]]
    profile: str

    def manifests(self, *kinds: str) -> Iterator[tuple[Application, Manifest]]:
        """Yield the objects of *kinds* with the Application that they belong to."""
        for application, manifests in self.rendered.items():
            if application.profile == self.profile:
                yield from ((application, item) for item in manifests if item.kind in kinds)

    def workloads(self) -> Iterator[tuple[Manifest, Mapping[str, Any]]]:
        """Yield what runs for ever, with its pod."""
        for application, manifests in self.rendered.items():
            if application.profile == self.profile:
                yield from ((item, item.pod) for item in manifests if item.pod and not item.ends)

    def endpoints(self) -> Iterator[Endpoint]:
        """Yield every endpoint of every monitor."""
        for application, manifest in self.manifests(*MONITORS):
            spec = manifest.body["spec"]
            namespaces = spec["namespaceSelector"]["matchNames"]
            for stated in spec[MONITORS[manifest.kind]]:
                if "endpoints" in spec:
                    services, pods = self._behind_services(namespaces, spec["selector"], stated["port"])
                else:
                    services, pods = (), self.pods(namespaces, spec["selector"]["matchLabels"], stated["port"])
                yield Endpoint(env=application.env, monitor=manifest.name, services=services, pods=pods)

    def peer(self, namespace: str, labels: Mapping[str, str]) -> Peer:
        """Return the pod with *labels* in *namespace* as policies see it; Kubernetes adds the namespace's name."""
        (stated,) = (
            item.body["metadata"]["labels"] for _, item in self.manifests("Namespace") if item.name == namespace
        )
        return Peer({**stated, NAMESPACE: namespace}, labels)

    def policies(self, namespace: str, labels: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield the network policies that hold for a pod with *labels* in *namespace*."""
        for _, manifest in self.manifests("NetworkPolicy.networking.k8s.io"):
            if manifest.namespace == namespace and _chosen(manifest.body["spec"]["podSelector"], labels):
                yield manifest.body["spec"]

    def pods(
        self, namespaces: list[str], labels: Mapping[str, str], port: str
    ) -> tuple[tuple[str, str, int, Mapping[str, str]], ...]:
        """Return namespace, workload, port and labels of pods with *labels* that serve the port named *port*."""
        return tuple(
            (manifest.namespace, manifest.name, stated["containerPort"], pod["metadata"]["labels"])
            for manifest, pod in self.workloads()
            if manifest.namespace in namespaces and labels.items() <= pod["metadata"]["labels"].items()
            for container in pod["spec"]["containers"]
            for stated in container.get("ports", [])
            if stated["name"] == port
        )

    def _behind_services(
        self, namespaces: list[str], selector: Mapping[str, Any], port: str
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str, int, Mapping[str, str]], ...]]:
        services: list[str] = []
        pods: list[tuple[str, str, int, Mapping[str, str]]] = []
        for _, service in self.manifests("Service"):
            if service.namespace not in namespaces or not _chosen(selector, service.body["metadata"]["labels"]):
                continue
            for stated in service.body["spec"].get("ports", []):
                if stated["name"] == port:
                    services.append(f"{service.namespace}/{service.name}:{port}")
                    pods += self.pods([service.namespace], service.body["spec"]["selector"], stated["targetPort"])
        return tuple(services), tuple(pods)


def admits(rules: list[Mapping[str, Any]], *, side: str, own: str, other: Peer, port: int) -> bool:
    """
    Whether one of a policy's *rules* lets a pod in namespace *own* meet *other* at *port*.

    *side* is ``from`` or ``to``. Addresses are left out: a pod has none before it runs.
    """
    return any(
        port in {stated["port"] for stated in rule["ports"]}
        and any(
            _chosen(peer.get("podSelector", {}), other.labels)
            and (
                _chosen(peer["namespaceSelector"], other.namespace_labels)
                if "namespaceSelector" in peer
                else other.namespace_labels[NAMESPACE] == own
            )
            for peer in rule.get(side, [])
            if "ipBlock" not in peer
        )
        for rule in rules
    )


def _chosen(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(stated["key"]) in stated["values"]
        for stated in selector.get("matchExpressions", [])
        if stated["operator"] == "In"
    )
