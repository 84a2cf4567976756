"""How long the prober itself stood still: a process that was stopped or starved saw nothing, and knows it."""

from __future__ import annotations

from typing import Final

__all__ = ["Stillness"]

NOTICED_S: Final = 0.1
"""Of lateness; a loop that serves a hundred timers a second is never this late while it has a processor."""


class Stillness:
    """Adds up stretches in which timers were due and did not run; overlapping ones count once."""

    def __init__(self) -> None:
        self._seen_s = float("-inf")

    def notice(self, *, due_s: float, now_s: float) -> float:
        """A timer due at *due_s* runs at *now_s*: how many seconds of standing still that shows, not yet counted."""
        since_s, self._seen_s = max(due_s, self._seen_s), now_s
        stood_s = now_s - since_s
        return stood_s if stood_s > NOTICED_S else 0.0
