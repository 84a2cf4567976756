"""What the feature server tells Prometheus: whether its store is filled, and what its process costs."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest

from features.filling import Filling

__all__ = ["Metrics"]


class Metrics:
    """One registry a server; Feast's own counters stay in the library's, where nobody here asks for them."""

    def __init__(self, filling: Filling) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        filled = Gauge("features_filled", "1 while the online store holds what was filled.", registry=self._registry)
        filled.set_function(lambda: float(filling.state.filled))

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
