"""What the tracking server counts: MLflow's own exporter sees no artifacts, and stands behind a password."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

__all__ = ["Metrics"]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a cached answer to an artifact of hundreds of MiB."""

KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""A caller must not be able to invent label values."""


class Metrics:
    """One registry a server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "yardtrack_requests", "Requests answered.", ("method", "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "yardtrack_request_seconds", "From request to answer.", buckets=SECONDS, registry=self._registry
        )
        self.database_up = Gauge(
            "yardtrack_database_up", "1 if PostgreSQL answered the last look.", registry=self._registry
        )

    def answered(self, method: str, code: int, took_s: float) -> None:
        """Count one answer."""
        self._requests.labels(method if method in KNOWN else "other", str(code)).inc()
        self._seconds.observe(took_s)

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
