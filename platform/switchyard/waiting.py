"""The one place that waits by looking again. Everything that can be watched is watched instead (``watching``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential

from switchyard.errors import Late

__all__ = ["Clock", "wait_until"]

T = TypeVar("T")

FIRST_PAUSE_S = 0.05
"""Short: most of what is waited for comes true within a few round trips."""
LONGEST_PAUSE_S = 1.0
GROWTH = 1.5


class Clock:
    """Monotonic time and the only sleep; unit tests pass one that moves by itself."""

    def now_s(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def pause(self, pause_s: float) -> None:
        """Let *pause_s* seconds pass."""
        time.sleep(pause_s)  # noqa: TID251 - this is the waiting that everybody else is sent to


def wait_until(
    observe: Callable[[], T],
    *,
    what: str,
    ready: Callable[[T], bool],
    failed: Callable[[T], bool] | None = None,
    within_s: float,
    successes: int = 1,
    clock: Clock | None = None,
) -> T:
    """
    Observe until *ready* holds *successes* times in a row, and return the last observation.

    Args:
        observe: Looks once; what it raises goes through, an unreadable world is no reason to look again.

        what: What is waited for, for the message.

        failed: Ends the wait at once: it can no longer come true.

        within_s: Deadline in seconds, always given.

        successes: How often in a row; more than once where a state may flicker.

    Raises:
        Late: *failed* held, or the deadline passed; carries the last observation.
    """
    clock = clock or Clock()
    start_s, streak = clock.now_s(), 0
    growing = wait_exponential(multiplier=FIRST_PAUSE_S, exp_base=GROWTH, max=LONGEST_PAUSE_S)

    def took_s() -> float:
        return clock.now_s() - start_s

    def look() -> T:
        nonlocal streak
        seen = observe()
        if failed is not None and failed(seen):
            raise Late(f"{what}: it failed after {took_s():.1f} s, last seen: {seen}")
        streak = streak + 1 if ready(seen) else 0
        return seen

    def late(state: RetryCallState) -> T:
        last = state.outcome.result() if state.outcome else None
        raise Late(f"{what}: wanted within {within_s:g} s, last seen: {last}")

    looking = Retrying(
        retry=retry_if_result(lambda _: streak < successes),
        stop=lambda _: took_s() >= within_s,
        # The last look is at the deadline, never a whole pause after it.
        wait=lambda state: min(growing(state), max(within_s - took_s(), 0.0)),
        sleep=clock.pause,
        retry_error_callback=late,
    )
    return looking(look)
