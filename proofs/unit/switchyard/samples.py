"""Objects to look at: metadata and Applications with what a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from switchyard.kinds import APPLICATIONS, CONFIG_MAPS, Kind
from switchyard.labels import TRACKING_ID
from switchyard.objects import Meta

__all__ = ["application", "thing"]

SOURCE = {"repoURL": "git://here/yard.git", "targetRevision": "yard", "path": "gitops/apps"}
DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "argocd"}


def thing(
    name: str,
    *,
    kind: Kind = CONFIG_MAPS,
    namespace: str = "store",
    tracked: str = "",
    owners: tuple[tuple[str, str], ...] = (),
    labels: dict[str, str] | None = None,
    finalizers: tuple[str, ...] = (),
    deleting: str = "",
) -> Meta:
    """One object whose UID is its name behind a dash."""
    marks = {TRACKING_ID: f"{tracked}:{kind.group}/{kind.kind}:{namespace}/{name}"} if tracked else {}
    return Meta(
        kind=kind,
        namespace=namespace,
        name=name,
        uid=f"u-{name}",
        version="1",
        labels=labels or {},
        annotations=marks,
        finalizers=finalizers,
        owners=owners,
        deleting_since=deleting,
    )


def application(name: str = "app", *, status: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """A settled Application, with parts of its status replaced and keys added on top."""
    settled = {
        "sync": {
            "status": "Synced",
            "revision": "a" * 40,
            "comparedTo": {"source": SOURCE, "destination": DESTINATION},
        },
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded"},
    }
    return {
        "kind": APPLICATIONS.kind,
        "metadata": {"name": name, "namespace": "argocd", "uid": f"u-{name}"},
        "spec": {
            "project": "bootstrap",
            "source": SOURCE,
            "destination": DESTINATION,
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
        "status": settled | (status or {}),
    } | top
