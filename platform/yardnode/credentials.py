"""
Passwords and tokens of a yard: made once, kept in ``secrets.yaml`` (0600), applied as Secrets, never printed.

Issue 4 of the plan replaces the objects by sealed ones; the values will still be made here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Credentials", "argocd_redis", "ensure", "objects", "path"]

LENGTH_BYTES = 24  # 192 bits


def _fresh() -> str:
    return secrets.token_urlsafe(LENGTH_BYTES)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The secrets of one environment. ``repr`` shows none of them."""

    minio_access_key: str = field(repr=False)
    minio_secret_key: str = field(repr=False)
    gateway_token: str = field(repr=False)


def path(state: Path) -> Path:
    """The file that probes read them from."""
    return state / "secrets.yaml"


def ensure(state: Path, *, environments: Sequence[str]) -> Mapping[str, Credentials]:
    """Credentials by environment; what is missing is made and stored."""
    file = path(state)
    stored: dict[str, dict[str, str]] = yaml.safe_load(file.read_text()) if file.exists() else {}
    made = {
        environment: Credentials(
            **stored.get(environment)
            or {"minio_access_key": _fresh(), "minio_secret_key": _fresh(), "gateway_token": _fresh()}
        )
        for environment in environments
    }
    if set(stored) != set(made):
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            yaml.safe_dump({environment: asdict(each) for environment, each in made.items()}, stream)
        part.rename(file)
    return made


def objects(made: Mapping[str, Credentials]) -> Iterator[dict[str, Any]]:
    """The Secret objects of all environments; the namespaces must exist."""
    for environment, each in made.items():
        access = {"accessKey": each.minio_access_key, "secretKey": each.minio_secret_key}
        root = {"rootUser": each.minio_access_key, "rootPassword": each.minio_secret_key}
        yield _secret("minio-root", namespace=f"baseline-{environment}", environment=environment, values=root)
        token = {"token": each.gateway_token}
        yield _secret("gateway-reload", namespace=f"fastapi-{environment}", environment=environment, values=token)
        for service in ("feature-store", "airflow"):
            # The object store's root for now: users of their own come with the sealed secrets.
            yield _secret("object-store", namespace=f"{service}-{environment}", environment=environment, values=access)


def argocd_redis() -> dict[str, Any]:
    """Argo CD's password for its cache; made before anything of Argo CD starts, so that nothing waits for it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "argocd-redis", "namespace": "argocd", "labels": dict(LABELS)},
        "type": "Opaque",
        "stringData": {"auth": _fresh()},
    }


LABELS = {
    "app.kubernetes.io/part-of": "switchyard",
    "app.kubernetes.io/managed-by": "yardnode",
}


def _secret(name: str, *, namespace: str, environment: str, values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {
                **LABELS,
                "app.kubernetes.io/name": name,
                "switchyard.mlops/layer": "core",
                "switchyard.mlops/env": environment,
            },
        },
        "type": "Opaque",
        "stringData": dict(values),
    }
