"""Argo CD's door: Applications as facts, the explicit answer about a root, and what counts as settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from switchyard import labels
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS
from switchyard.kube import Kube
from switchyard.objects import Json, Meta, dig
from yardfacts.facts import Application, Root

__all__ = ["CASCADE", "application", "application_sets", "applications", "cascades", "is_settled", "root", "unsettled"]

CASCADE: Final = "resources-finalizer.argocd.argoproj.io"
"""With it, bare or with a propagation policy behind a slash, deleting an Application deletes what it manages."""

_COMPARED: Final = ("source", "sources", "destination", "ignoreDifferences")


def applications(
    kube: Kube, *, namespace: str, selector: str = "", names: Sequence[str] | None = None
) -> tuple[Application, ...]:
    """
    Applications by *selector* (all when empty) in the order of their names, optionally only those in *names*.

    Raises:
        Unreadable: The list could not be read.
    """
    listed = (application(item) for item in kube.list(APPLICATIONS, namespace=namespace, selector=selector).items)
    wanted = (one for one in listed if names is None or one.name in names)
    return tuple(sorted(wanted, key=lambda one: one.name))


def application_sets(kube: Kube, *, namespace: str, selector: str = "") -> tuple[str, ...]:
    """
    Names of ApplicationSets by *selector*, sorted.

    Raises:
        Unreadable: The list could not be read.
    """
    items = kube.list(APPLICATION_SETS, namespace=namespace, selector=selector, metadata_only=True).items
    return tuple(sorted(Meta.of(APPLICATION_SETS, item).name for item in items))


def root(kube: Kube, *, namespace: str, name: str) -> Root:
    """
    The API server's explicit answer to GET of one root: 200 or 404.

    Raises:
        Unreadable: Any other answer, or none.
    """
    return Root(name=name, http_status=200 if kube.find(APPLICATIONS, name, namespace=namespace) else 404)


def application(source: Json) -> Application:
    """One Application as the API server gave it."""
    meta = Meta.of(APPLICATIONS, source)
    sync, automated = dig(source, "status", "sync") or {}, dig(source, "spec", "syncPolicy", "automated")
    revisions = sync.get("revisions") or [sync.get("revision")]
    return Application(
        name=meta.name,
        uid=meta.uid,
        layer=meta.labels.get(labels.LAYER, ""),
        project=str(dig(source, "spec", "project") or ""),
        sync=str(sync.get("status") or ""),
        health=str(dig(source, "status", "health", "status") or ""),
        revisions=tuple(str(revision) for revision in revisions if revision),
        operation="Running" if "operation" in source else str(dig(source, "status", "operationState", "phase") or ""),
        error_conditions=tuple(
            f"{condition.get('type')}: {condition.get('message')}"
            for condition in dig(source, "status", "conditions") or ()
            if str(condition.get("type")).endswith("Error")
        ),
        compared_to_spec=_compared(sync.get("comparedTo"), source.get("spec")),
        automated=automated is not None and automated.get("enabled") is not False,
        prune=bool(dig(automated, "prune")),
        self_heal=bool(dig(automated, "selfHeal")),
        finalizers=meta.finalizers,
        deleting=bool(meta.deleting_since),
        parent=_parent(source),
    )


def cascades(finalizers: Sequence[str]) -> bool:
    """Whether deleting an Application with these finalizers deletes what it manages."""
    return any(finalizer.partition("/")[0] == CASCADE for finalizer in finalizers)


def is_settled(application: Application) -> bool:
    """Synced, Healthy, compared with its own spec, no error condition, operation finished, not being deleted."""
    return not unsettled(application)


def unsettled(application: Application) -> str:
    """Why an Application is not settled, for a person; empty when it is."""
    reasons = (
        application.sync != "Synced" and f"sync {application.sync or 'unknown'}",
        application.health != "Healthy" and f"health {application.health or 'unknown'}",
        # An Application whose objects were all there already never needed an operation.
        application.operation not in {"", "Succeeded"} and f"operation {application.operation}",
        not application.compared_to_spec and "compared with another spec",
        application.deleting and "being deleted",
        "; ".join(application.error_conditions),
    )
    return ", ".join(str(reason) for reason in reasons if reason)


def _parent(source: Json) -> str:
    owners = dig(source, "metadata", "ownerReferences") or ()
    return next((str(owner["name"]) for owner in owners if owner["kind"] == APPLICATION_SETS.kind), "")


def _compared(compared: Any, spec: Any) -> bool:
    """Argo CD stores what it compared with beside empty values that the spec leaves out; those do not count."""
    return bool(compared) and all(_dense(dig(compared, key)) == _dense(dig(spec, key)) for key in _COMPARED)


def _dense(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _dense(below) for key, below in value.items()}
        return {key: below for key, below in inner.items() if below is not None} or None
    if isinstance(value, list):
        return [_dense(below) for below in value] or None
    return value or None
