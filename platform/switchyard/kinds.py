"""Kinds of the Kubernetes API: where their objects live, and the few that the engine knows by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

__all__ = [
    "APPLICATIONS",
    "APPLICATION_SETS",
    "CONFIG_MAPS",
    "DAEMON_SETS",
    "DEPLOYMENTS",
    "LEASES",
    "NAMESPACES",
    "PODS",
    "PROJECTS",
    "SERVICES",
    "STATEFUL_SETS",
    "VOLUMES",
    "VOLUME_CLAIMS",
    "Kind",
]


@dataclass(frozen=True)
class Kind:
    """One resource of one version of one group."""

    group: str
    """Empty for the core group."""
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    watchable: bool = True

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, *, namespace: str = "", name: str = "") -> str:
        """URL path of one object, or of the collection; no namespace means all of them."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/" + "/".join(parts)


APPLICATIONS: Final = Kind("argoproj.io", "v1alpha1", "Application", "applications")
APPLICATION_SETS: Final = Kind("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets")
PROJECTS: Final = Kind("argoproj.io", "v1alpha1", "AppProject", "appprojects")
CONFIG_MAPS: Final = Kind("", "v1", "ConfigMap", "configmaps")
NAMESPACES: Final = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
PODS: Final = Kind("", "v1", "Pod", "pods")
SERVICES: Final = Kind("", "v1", "Service", "services")
VOLUMES: Final = Kind("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False)
VOLUME_CLAIMS: Final = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
DEPLOYMENTS: Final = Kind("apps", "v1", "Deployment", "deployments")
STATEFUL_SETS: Final = Kind("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SETS: Final = Kind("apps", "v1", "DaemonSet", "daemonsets")
LEASES: Final = Kind("coordination.k8s.io", "v1", "Lease", "leases")
