"""How long it took and how much it used: reported beside a budget, never judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Timing", "Usage"]

MILLISECONDS_BELOW_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Wall-clock duration of a phase, with its budget where one is declared (0: none)."""

    phase: str
    took_s: float
    budget_s: float = 0.0

    @property
    def took(self) -> str:
        """How long it took, in words: in milliseconds what tenths of a second would not tell apart."""
        return f"{1000 * self.took_s:.0f} ms" if self.took_s < MILLISECONDS_BELOW_S else f"{self.took_s:.1f} s"

    @property
    def over(self) -> str:
        """How far beyond the budget it went, in words; empty where it was kept, or there is none."""
        if self.budget_s <= 0 or self.took_s <= self.budget_s:
            return ""
        return f"{self.phase} took {self.took} of {self.budget_s:g} s"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a whole cluster used over a window, with its limits where they are declared (0: none)."""

    phase: str
    window_s: float
    cpus: float
    """Processors kept busy on average: 0.5 is half of one."""
    memory_bytes: int
    """The most that was resident at once."""
    cpus_limit: float = 0.0
    memory_limit_bytes: int = 0

    @property
    def over(self) -> str:
        """How far beyond its limits it went, in words; empty where they were kept, or there are none."""
        parts = []
        if 0 < self.cpus_limit < self.cpus:
            parts.append(f"{self.cpus:.2f} of {self.cpus_limit:g} CPUs")
        if 0 < self.memory_limit_bytes < self.memory_bytes:
            parts.append(f"{self.memory_bytes / 2**30:.1f} of {self.memory_limit_bytes / 2**30:.1f} GiB")
        return f"{self.phase} used {' and '.join(parts)}" if parts else ""
