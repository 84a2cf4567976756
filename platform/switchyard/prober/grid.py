"""When a sample is due: a fixed grid, that no late sample moves."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """The slots of one question, in milliseconds after the window's start."""

    period_ms: int
    phase_ms: int

    def due_ms(self, number: int) -> int:
        """When sample *number* is due."""
        return self.phase_ms + number * self.period_ms

    def is_missed(self, number: int, *, now_ms: float) -> bool:
        """Whether it is too late to send it: a period late, it would only say what the next one says."""
        return now_ms - self.due_ms(number) > self.period_ms
