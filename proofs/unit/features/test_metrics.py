"""What the feature server tells Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from features.filling import Filling
from features.metrics import Metrics


@dataclass
class Store:
    """An online store that either has its one key or lost it."""

    keys: int = 1

    def mark(self) -> int:
        """One key."""
        return 1

    def missing(self) -> str | None:
        """Whether it is still there."""
        return None if self.keys else "lost"


def test_the_gauge_follows_the_store() -> None:
    """It is read when Prometheus asks, so that it cannot go stale."""
    filling = Filling(lambda since, until: None, online=Store())
    metrics = Metrics(filling)
    assert b"features_filled 0.0" in metrics.exposition()
    filling.fill()
    assert b"features_filled 1.0" in metrics.exposition()
    assert b"process_resident_memory_bytes" in metrics.exposition()
