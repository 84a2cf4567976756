"""The one wait of the life cycle: a condition and a deadline."""

from __future__ import annotations

from collections.abc import Callable

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential

__all__ = ["wait_until"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


def wait_until(holds: Callable[[], bool], *, within_s: float, failure: Callable[[], Exception]) -> None:
    """
    Look until *holds*; what it raises goes through.

    Raises:
        Exception: *failure*'s, when *within_s* seconds are over.
    """

    def late(_: object) -> bool:
        raise failure()

    Retrying(
        retry=retry_if_result(lambda held: not held),
        wait=wait_exponential(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S),
        stop=stop_after_delay(within_s),
        retry_error_callback=late,
    )(holds)
