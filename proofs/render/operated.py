"""
The pods that the operator of Prometheus makes out of our objects, as far as rules ask about them.

Only what is always the same is written here (pkg/{prometheus/server,alertmanager}/statefulset.go of the operator);
everything that a rule could find wrong is taken from the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["OPERATED", "claims", "pod"]

PORTS: Final = {"Prometheus.monitoring.coreos.com": 9090, "Alertmanager.monitoring.coreos.com": 9093}

OPERATED: Final = frozenset(PORTS)
"""Kinds that become a StatefulSet each."""

PROBED: Final[Mapping[str, Any]] = {"startupProbe": {}, "readinessProbe": {}, "livenessProbe": {}}
SECURED: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def pod(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the pod template of the StatefulSet that *body*, of one of ``OPERATED``, becomes."""
    spec = body["spec"]
    name = body["kind"].lower()
    stated = spec.get("podMetadata", {})
    selected = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": body["metadata"]["name"],
        "app.kubernetes.io/managed-by": "prometheus-operator",
    }
    own = {
        "name": name,
        "image": spec["image"],
        "resources": spec.get("resources", {}),
        "ports": [{"name": spec.get("portName", "web"), "containerPort": PORTS[kind]}],
        "securityContext": SECURED,
        **PROBED,
    }
    # The image of the reloader is the operator's, and checked there.
    reloaders = [
        {**container, "image": spec["image"], "securityContext": SECURED, **PROBED}
        for container in (*spec.get("containers", []), *spec.get("initContainers", []))
        if container["name"] != name
    ]
    return {
        "metadata": {
            "labels": {**stated.get("labels", {}), **selected},
            "annotations": stated.get("annotations", {}),
        },
        "spec": {
            "serviceAccountName": spec.get("serviceAccountName", "default"),
            "automountServiceAccountToken": spec.get("automountServiceAccountToken"),
            "enableServiceLinks": spec.get("enableServiceLinks"),
            "securityContext": spec.get("securityContext", {}),
            "containers": [own, *(item for item in reloaders if item["name"] == "config-reloader")],
            "initContainers": [item for item in reloaders if item["name"] == "init-config-reloader"],
        },
    }


def claims(body: Mapping[str, Any]) -> int:
    """Return how many volume claims *body* becomes, besides its pod."""
    return int(body["spec"].get("replicas", 1)) if "volumeClaimTemplate" in body["spec"].get("storage", {}) else 0
