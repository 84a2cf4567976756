"""
Thousands of objects at once, written where the API server keeps its own: etcd's transactions over its JSON gateway.

Creating 20,000 objects through the API takes a minute and a half of two cores; what is tested is reading them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx

from switchyard.kinds import APPLICATIONS, CONFIG_MAPS
from switchyard.labels import LAYER, TRACKING_ID

__all__ = ["crowded"]

AT_ONCE: Final = 100
"""Operations a transaction; etcd takes 128."""
ANSWER_S: Final = 30.0
APPLICATIONS_OF_TEN: Final = 1


@contextmanager
def crowded(etcd: str, *, objects: int, namespace: str) -> Iterator[None]:
    """
    Let *objects* more stand in *namespace* while the block runs: a tenth are Applications, the rest ConfigMaps.

    Raises:
        httpx.HTTPStatusError: etcd refuses.
    """
    prefixes = [f"/registry/configmaps/{namespace}/", f"/registry/argoproj.io/applications/{namespace}/"]
    with httpx.Client(base_url=etcd, timeout=ANSWER_S, trust_env=False) as client:
        try:
            for start in range(0, objects, AT_ONCE):
                puts = [_put(number, namespace) for number in range(start, min(start + AT_ONCE, objects))]
                client.post("/v3/kv/txn", json={"success": [{"requestPut": put} for put in puts]}).raise_for_status()
            yield
        finally:
            for prefix in prefixes:
                # The end of a range is the prefix with its last byte raised by one.
                past = prefix[:-1] + chr(ord(prefix[-1]) + 1)
                body = {"key": _coded(prefix), "range_end": _coded(past)}
                client.post("/v3/kv/deleterange", json=body).raise_for_status()


def _put(number: int, namespace: str) -> dict[str, str]:
    name = f"crowd-{number:05}"
    is_application = number % 10 < APPLICATIONS_OF_TEN
    document = _application(number) if is_application else _config_map(name, namespace)
    document["metadata"] |= {
        "name": name,
        "namespace": namespace,
        "uid": str(uuid4()),
        "creationTimestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "labels": {LAYER: "core", "app.kubernetes.io/name": name},
    }
    place = "argoproj.io/applications" if is_application else "configmaps"
    return {"key": _coded(f"/registry/{place}/{namespace}/{name}"), "value": _coded(json.dumps(document))}


def _config_map(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": CONFIG_MAPS.kind,
        "metadata": {"annotations": {TRACKING_ID: f"crowd-00000:/ConfigMap:{namespace}/{name}"}},
        "data": {"key": "value"},
    }


def _application(number: int) -> dict[str, Any]:
    source = {"repoURL": "git://served.example/yard.git", "path": f"apps/{number}", "targetRevision": "main"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "default"}
    return {
        "apiVersion": APPLICATIONS.api_version,
        "kind": APPLICATIONS.kind,
        "metadata": {},
        "spec": {"project": "default", "source": source, "destination": destination},
        "status": {"sync": {"status": "Synced", "comparedTo": {"source": source, "destination": destination}}},
    }


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
