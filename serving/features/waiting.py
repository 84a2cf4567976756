"""The one wait of this process: at the start, for neighbours that may come up beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

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
    deadline, pause_s = time.monotonic() + within_s, FIRST_PAUSE_S
    idle = threading.Event()
    while True:
        try:
            return ask()
        except away as failure:
            if time.monotonic() + pause_s > deadline:
                raise NeighbourAway(f"wanted an answer from {name} within {within_s} s, got {failure}") from failure
        idle.wait(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
