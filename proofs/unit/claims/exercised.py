"""Good evidence: every service, used once in every environment."""

from __future__ import annotations

from yardfacts.facts import Fact

from .looks import SERVED
from .witnesses import ENVIRONMENTS, right

__all__ = ["exercise"]

MONITORS = (
    *("alertmanager", "alloy", "apiserver", "argocd", "fastapi", "feast", "kube-state-metrics", "kubelet", "loki"),
    *("minio", "mlflow", "node-exporter", "objects", "prometheus", "prometheus-operator", "sealed-secrets", "triton"),
    *("airflow-statsd", "postgres-exporter", "redis"),
    "stranger",
)
"""Those that the claim knows, and one that it does not."""


def _shipped(service: str, environment: str) -> str:
    return f"once, from {service}-{environment} in {environment}, labels app container env namespace pod"


def exercise() -> tuple[Fact, ...]:
    """What it records when every service is used once in every environment."""
    asked = {
        "let-in": "HTTP 200",
        "run-tracked": "FINISHED, parameter proof-0, metric 0.5",
        "artifact-kept": "70000 bytes, sha256 0",
        "version-registered": "version 1 READY of mlflow-artifacts:/1/0/artifacts/proof.bin",
        "run-forgotten": "removed",
        "stranger-refused": "HTTP 401 without a credential, HTTP 401 with a wrong one",
        "token-given": "a token",
        "parts-alive": "healthy, heartbeats fresh",
        "dag-of-commit": SERVED,
        "run-accepted": "accepted",
        "run-succeeded": "success",
        "run-of-commit": SERVED,
        "task-in-scheduler": "success in the scheduler's pod",
        "task-in-pod": "success in a pod of its own, which is gone",
        "log-of-task-in-scheduler": "s3://airflow/a with 0",
        "log-of-task-in-pod": "s3://airflow/b with 0",
        "lines-looked-for": "looked for",
        "stranger-wrote": "HTTP 404",
        "stranger-left-out": "nowhere",
        "lines-of-platform": "the platform's namespaces, and no others",
        "rules-loaded": "every rule loaded, none failing",
        "sample-fresh": "1024 bytes, not older than 75 s",
        "alert-accepted": "accepted",
        "alert-delivered": "notification with 0",
        "watchdog-fires": "firing in Prometheus, known to Alertmanager",
        "version-in-registry": "wine version 1",
        "digest-in-registry": "0" * 64,
        "version-in-triton": "wine version 1",
        "version-in-answer": "wine version 1",
        **{f"targets of {name}": "all up" for name in MONITORS},
    }
    services = ("airflow", "fastapi", "feature-store", "mlflow", "triton")
    return tuple(
        right(probe, env, value)
        for env in ENVIRONMENTS
        for probe, value in (*asked.items(), *(("line-shipped", _shipped(name, env)) for name in services * 3))
    )
