"""The one wait of this process: at the start, for neighbours that may come up beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential

from features.errors import NeighbourAway

__all__ = ["wait_for"]

T = TypeVar("T")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
"""The usual neighbour is there already or comes within a second; asking oftener than that costs both."""


def wait_for(ask: Callable[[], T], *, name: str, away: tuple[type[Exception], ...], within_s: float) -> T:
    """
    Ask until the answer is not one of the *away* errors, and return it.

    Raises:
        NeighbourAway: *within_s* seconds are over; the last error is the cause.
    """
    asking = Retrying(
        retry=retry_if_exception_type(away),
        wait=wait_exponential(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S),
        stop=stop_before_delay(within_s),
        reraise=True,
    )
    try:
        return asking(ask)
    except away as failure:
        raise NeighbourAway(f"wanted an answer from {name} within {within_s} s, got {failure}") from failure
