"""
Versions of a Kubernetes object: which of its content counts as a change, and who wrote it.

A resourceVersion only tells that something happened. What did is found by comparing what counts of two versions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from yardfacts.deltas import steps_of

__all__ = ["UNKNOWN", "counted", "creators", "times_of", "writer"]

Json = Mapping[str, Any]

UNKNOWN: Final = "unknown"
"""A writer that the object does not name: nobody's entry moved, and nobody owns the place."""

BOOKKEEPING: Final = frozenset({
    "creationTimestamp", "generateName", "generation", "managedFields", "name", "namespace", "resourceVersion",
    "selfLink", "uid",
})  # fmt: skip
"""Metadata that names the object, or moves because something else did; a new UID is a new object anyway."""

ARGO_CD: Final = frozenset({"Application.argoproj.io", "ApplicationSet.argoproj.io", "AppProject.argoproj.io"})
"""They have no status subresource: their controllers write their status, and move their generation, all the time."""

EMPTY_TEMPLATE: Final[Json] = {"metadata": {}, "spec": {"destination": {}, "project": ""}}
"""What the ApplicationSet controller makes of a generator's absent template whenever it writes the object back."""

CONTAINERS: Final = ("containerStatuses", "ephemeralContainerStatuses", "initContainerStatuses")
CONTAINER_PARTS: Final = ("name", "ready", "restartCount", "image", "imageID")

SECRET_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Secret": ("data", "stringData"),
    "SealedSecret.bitnami.com": ("spec",),
}
"""Of these kinds the values below these keys, and of annotations, which may repeat them, are never kept."""


def counted(kind: str, document: Json, *, salt: bytes) -> dict[str, Any]:
    """
    What counts of one version of an object; places keep their pointers.

    Pods: labels, owners, deletion, specification (node and images with it), address, phase, readiness, restarts and
    images. Argo CD's kinds: everything but their status and templates that say nothing. All others: everything. Secret
    values become hashes.

    Args:
        kind: ``Kind`` or ``Kind.group``.

        document: The object as the API server wrote it.

        salt: Key of the hashes; versions that are to be compared need the same, and whoever reads them has none.
    """
    kept = {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}
    meta = document.get("metadata") or {}
    # Labels and annotations are always there: the first one that comes is a change at its own place, like any other.
    kept["metadata"] = {"annotations": {}, "labels": {}} | {
        key: value for key, value in meta.items() if key not in BOOKKEEPING
    }
    if kind == "Pod":
        kept["metadata"].pop("annotations", None)
        kept["status"] = _pod_status(document.get("status") or {})
    if kind in ARGO_CD:
        kept.pop("status", None)
        kept["spec"] = _without_empty_templates(kept.get("spec"))
    if kind in SECRET_PARTS:
        for part in SECRET_PARTS[kind]:
            if part in kept:
                kept[part] = _hashed(kept[part], salt)
        if "annotations" in kept["metadata"]:
            kept["metadata"]["annotations"] = _hashed(kept["metadata"]["annotations"], salt)
    return kept


def _without_empty_templates(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_empty_templates(below)
            for key, below in value.items()
            if (key, below) != ("template", EMPTY_TEMPLATE)
        }
    return [_without_empty_templates(one) for one in value] if isinstance(value, list) else value


def _pod_status(status: Json) -> dict[str, Any]:
    kept = {key: status[key] for key in ("phase", "podIP") if key in status}
    if "conditions" in status:
        kept["conditions"] = [
            {key: one.get(key) for key in (("type", "status") if one.get("type") == "Ready" else ("type",))}
            for one in status["conditions"] or ()
        ]
    for group in CONTAINERS:
        if group in status:
            kept[group] = [
                {key: one[key] for key in CONTAINER_PARTS if key in one} for one in status[group] or ()
            ]  # fmt: skip
    return kept


def _hashed(value: Any, salt: bytes) -> Any:
    if isinstance(value, Mapping):
        return {key: _hashed(below, salt) for key, below in value.items()}
    if isinstance(value, list):
        return [_hashed(below, salt) for below in value]
    return "hash " + hmac.new(salt, json.dumps(value).encode(), hashlib.sha256).hexdigest()[:16]


def times_of(document: Json) -> dict[str, str]:
    """When each entry of the managed fields was last written, by manager, operation and subresource."""
    return {
        " ".join((str(entry.get("manager")), str(entry.get("operation")), str(entry.get("subresource") or "-"))): str(
            entry.get("time") or ""
        )
        for entry in _entries(document)
    }


def creators(document: Json) -> str:
    """Field managers of an object that is new, in alphabetical order; ``unknown`` where it names none."""
    return _named({str(entry.get("manager")) for entry in _entries(document)})


def writer(pointer: str, document: Json, *, before: Mapping[str, str]) -> str:
    """
    Field manager of the write that made *document* what it is at *pointer*.

    A write moves the time of its own entry and of no other; times have whole seconds, so a second write within one
    moves nothing, and then the owner of the place is asked. A removal leaves no owner, and may stay ``unknown``.

    Args:
        pointer: Where the value differs from the version before.

        document: The later version, with its managed fields.

        before: ``times_of`` the version before.
    """
    entries = _entries(document)
    moved = {
        key.rpartition(" ")[0].rpartition(" ")[0] for key, at in times_of(document).items() if before.get(key) != at
    }
    if len(moved) == 1:
        return _named(moved)
    steps = steps_of(pointer)
    owners = {
        str(entry.get("manager")) for entry in entries if _owns(entry.get("fieldsV1") or {}, document, steps)
    }  # fmt: skip
    return _named(owners & moved or owners) if len(owners & moved or owners) == 1 else UNKNOWN


def _named(managers: set[str]) -> str:
    return ", ".join(sorted(managers - {"", "None"})) or UNKNOWN


def _entries(document: Json) -> Sequence[Json]:
    return (document.get("metadata") or {}).get("managedFields") or ()


def _owns(fields: Json, value: Any, steps: Sequence[str]) -> bool:
    """Whether a set of fields has the place that *steps* lead to, or something above it as a whole."""
    for step in steps:
        if isinstance(value, Mapping):
            key, value = f"f:{step}", value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
            key = next((key for key in fields if _is_item(key, value)), f"i:{step}")
        else:
            return False
        if key not in fields:
            return False
        fields = fields[key]
        if not fields:
            return True
    return True


def _is_item(key: str, item: Any) -> bool:
    """Whether *key* of a set of fields means this item of a list: by its keys, or by its value."""
    sort, _, said = key.partition(":")
    if sort == "k":
        return isinstance(item, Mapping) and all(item.get(name) == value for name, value in json.loads(said).items())
    return sort == "v" and bool(json.loads(said) == item)
