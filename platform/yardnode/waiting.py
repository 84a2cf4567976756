"""The one way to wait: a condition, a deadline, and the last observation in the error. Nothing else here sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential

from yardnode.errors import TimedOut, Violated

__all__ = ["SYSTEM_CLOCK", "Clock", "never", "wait_until"]

T = TypeVar("T")

# Each pause grows by half: a quick answer is seen quickly, a slow one is not hammered.
GROWTH: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A monotonic time in seconds, and a way to let it pass; tests pass their own."""

    now_s: Callable[[], float]
    pause: Callable[[float], None]


SYSTEM_CLOCK: Final = Clock(now_s=time.monotonic, pause=time.sleep)  # noqa: TID251  the only sleep of the package


def never(_: object) -> bool:
    """The failure condition of a wait that can only run out of time."""
    return False


def wait_until(
    observe: Callable[[], T],
    *,
    ready: Callable[[T], bool],
    what: str,
    within_s: float,
    failed: Callable[[T], bool] = never,
    successes: int = 1,
    every_s: float = 0.05,
    slowest_s: float = 1.0,
    clock: Clock = SYSTEM_CLOCK,
) -> T:
    """
    Observe until *ready* holds *successes* times in a row, and return the last observation.

    Args:
        observe: Reads live state once; may raise to end the wait with its own error.
        ready: The condition waited for.
        what: The condition in words; it ends up in the error.
        within_s: Wall-clock budget in seconds (monotonic); there is no "forever".
        failed: When it holds, waiting longer makes no sense.
        successes: How many observations in a row must be ready.
        every_s: First pause between observations; pauses grow up to *slowest_s*.
        clock: Time itself.

    Returns:
        The observation that ended the wait.

    Raises:
        Violated: *failed* held; carries the observation.
        TimedOut: The budget ran out; carries the last observation.
    """
    start_s, held = clock.now_s(), 0
    growing = wait_exponential(multiplier=every_s, exp_base=GROWTH, max=slowest_s)

    def elapsed_s() -> float:
        return clock.now_s() - start_s

    def look() -> T:
        nonlocal held
        seen = observe()
        if failed(seen):
            raise Violated(what, after_s=elapsed_s(), last=seen)
        held = held + 1 if ready(seen) else 0
        return seen

    def timed_out(state: RetryCallState) -> T:
        raise TimedOut(what, within_s=within_s, last=state.outcome.result() if state.outcome else None)

    looking = Retrying(
        retry=retry_if_result(lambda _: held < successes),
        stop=lambda _: elapsed_s() >= within_s,
        # The last look happens at the deadline, never a whole pause after it.
        wait=lambda state: min(growing(state), max(0.0, within_s - elapsed_s())),
        sleep=clock.pause,
        retry_error_callback=timed_out,
    )
    return looking(look)
