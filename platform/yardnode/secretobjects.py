"""Which Secret carries which values: a contract with the charts that name them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yardnode.clusterapi import Cluster
from yardnode.credentials import Credentials

__all__ = ["SECRETS", "Declared", "carriers", "missing", "namespaces", "objects", "values"]

OBJECT_STORE: Final[Mapping[str, str]] = {"accessKey": "minio_access_key", "secretKey": "minio_secret_key"}
"""The object store's root for everybody: users of their own would be made by its administration API, at run time."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One Secret of every environment."""

    name: str
    service: str
    keys: Mapping[str, str]
    """Key of the Secret -> name of the value."""
    reread: bool = False
    """
    Whether its users read the mounted file each time; the kubelet brings a new one there within about a minute.
    The others read it when they start, and bring whatever copy their own data has (roles, users) to it then.
    """

    def namespace(self, environment: str) -> str:
        """Where it stands."""
        return f"{self.service}-{environment}"

    def place(self, environment: str) -> str:
        """``namespace/name``."""
        return f"{self.namespace(environment)}/{self.name}"


SECRETS: Final = (
    Declared(
        name="minio-root",
        service="baseline",
        keys={"rootUser": "minio_access_key", "rootPassword": "minio_secret_key"},
    ),
    *(
        Declared(name="object-store", service=service, keys=OBJECT_STORE)
        for service in ("airflow", "baseline", "feature-store", "mlflow")
    ),
    Declared(name="gateway-reload", service="fastapi", keys={"token": "gateway_token"}, reread=True),
    Declared(
        name="postgres",
        service="storage",
        keys={
            "superuser": "postgres_password",
            "exporter": "exporter_database_password",
            "mlflow": "mlflow_database_password",
            "airflow": "airflow_database_password",
        },
    ),
    Declared(
        name="postgres-exporter",
        service="storage",
        keys={"databasePassword": "exporter_database_password"},
    ),
    Declared(
        name="mlflow",
        service="mlflow",
        keys={
            "databasePassword": "mlflow_database_password",
            "adminPassword": "mlflow_admin_password",
            "flaskSecret": "mlflow_flask_secret",
        },
    ),
    Declared(
        name="airflow",
        service="airflow",
        keys={
            "databasePassword": "airflow_database_password",
            "fernetKey": "airflow_fernet_key",
            "jwtSecret": "airflow_jwt_secret",
            "apiSecret": "airflow_api_secret",
            "adminPassword": "airflow_admin_password",
        },
    ),
    Declared(
        name="lifecycle",
        service="airflow",
        keys={
            "reloadToken": "gateway_token",
            "mlflowPassword": "mlflow_admin_password",
            "slackToken": "slack_token",
        },
    ),
)
"""Whoever checks a value stands before those who show it."""


def values(declared: Declared, credentials: Credentials) -> dict[str, str]:
    """Key of the Secret -> value."""
    return {key: credentials[name] for key, name in declared.keys.items()}


def objects(made: Mapping[str, Credentials]) -> Iterator[dict[str, Any]]:
    """The Secrets of all environments, as kubeseal takes them; their labels are the chart's business."""
    for environment, credentials in made.items():
        for declared in SECRETS:
            yield {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": declared.name, "namespace": declared.namespace(environment)},
                "type": "Opaque",
                "stringData": values(declared, credentials),
            }


def namespaces(made: Mapping[str, Credentials]) -> frozenset[str]:
    """Where they stand."""
    return frozenset(declared.namespace(environment) for environment in made for declared in SECRETS)


def carriers(name: str) -> tuple[Declared, ...]:
    """The Secrets that carry the value *name*."""
    return tuple(declared for declared in SECRETS if name in declared.keys.values())


def missing(cluster: Cluster, made: Mapping[str, Credentials]) -> tuple[str, ...]:
    """
    ``namespace/name`` of every Secret that the cluster does not have, or has with other values.

    Raises:
        CommandFailed: The API server did not answer.
    """
    found = {
        f"{each['metadata']['namespace']}/{each['metadata']['name']}": each.get("data") or {}
        for each in cluster.list("secrets", selector="app.kubernetes.io/part-of=switchyard")
    }
    return tuple(
        declared.place(environment)
        for environment, credentials in made.items()
        for declared in SECRETS
        if found.get(declared.place(environment)) != _encoded(values(declared, credentials))
    )


def _encoded(plain: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
