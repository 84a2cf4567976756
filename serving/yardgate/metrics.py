"""What the gateway counts. Children of labelled metrics are bound once: looking one up costs as much as counting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

__all__ = ["Metrics", "Tally"]

UNKNOWN = "unknown"
"""Label of requests whose alias is not served: a caller must not be able to invent label values."""

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From half of the fastest answer to the default deadline."""


@dataclass(frozen=True)
class Tally:
    """The bound metrics of one alias and version."""

    inflight: Gauge
    seconds: Histogram
    overhead: Histogram


class Metrics:
    """One registry a gateway, so that two of them can live in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        labels = ("alias", "model", "version")
        self._requests = Counter(
            "yardgate_requests", "Predictions answered.", (*labels, "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "yardgate_request_seconds", "From request to answer.", labels, buckets=SECONDS, registry=self._registry
        )
        self._overhead = Histogram(
            "yardgate_overhead_seconds",
            "The part of it that Triton did not take.",
            labels,
            buckets=SECONDS,
            registry=self._registry,
        )
        self._inflight = Gauge(
            "yardgate_inflight",
            "Predictions on their way, from the choice of the version to its answer.",
            labels,
            registry=self._registry,
        )
        self.generation = Gauge("yardgate_routing_generation", "Generation that is followed.", registry=self._registry)
        self.ledger_generation = Gauge(
            "yardgate_ledger_generation", "Highest generation that is committed, as read last.", registry=self._registry
        )
        self.features_online = Gauge(
            "yardgate_features_online", "1 while the feature store answers.", registry=self._registry
        )
        self.reloads = Counter("yardgate_reloads", "Reloads by outcome.", ("outcome",), registry=self._registry)
        self.ledger_errors = Counter(
            "yardgate_ledger_errors", "Looks at a ledger that could not be read.", registry=self._registry
        )
        self._mirror = Counter(
            "yardgate_mirror", "Copies for the shadow.", ("version", "outcome"), registry=self._registry
        )
        self.mirror_max_abs_diff = Gauge(
            "yardgate_mirror_max_abs_diff",
            "Largest difference of one probability between the champion and the current shadow.",
            registry=self._registry,
        )
        # Bound per instance: functools' cache on a method would keep every gateway alive.
        self.tally = cache(self._tally)
        self._answered = cache(self._requests.labels)

    def answered(self, alias: str = UNKNOWN, model: str = "", version: int = 0, *, code: int) -> None:
        """Count one answer."""
        self._answered(alias, model, str(version), str(code)).inc()

    def mirrored(self, version: int, outcome: str) -> None:
        """Count one copy for the shadow."""
        self._mirror.labels(str(version), outcome).inc()

    def _tally(self, alias: str, model: str, version: int) -> Tally:
        labels = (alias, model, str(version))
        return Tally(
            inflight=self._inflight.labels(*labels),
            seconds=self._seconds.labels(*labels),
            overhead=self._overhead.labels(*labels),
        )

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
