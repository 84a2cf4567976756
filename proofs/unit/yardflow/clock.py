"""A clock for a module that is measured: it goes on when somebody sleeps, and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Clock"]


@dataclass
class Clock:
    """Stands for ``time``."""

    now_s: float = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    time = monotonic

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s
