"""How often something may be asked for: a bucket of tokens a name, refilled steadily."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from yardgate.errors import TooMany

__all__ = ["Pace"]

BURST = 5
"""A deployment that is repeated at once after a hiccup; more in a row is a loop that has gone wild."""

RATE_PER_S = 1.0


class Pace:
    """One bucket a name. The caller vouches that names are few: a bucket is never forgotten."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* tells seconds."""
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, name: str) -> None:
        """
        Take a token out of the bucket of *name*.

        Raises:
            TooMany: It is empty.
        """
        now = self._clock()
        tokens, since = self._buckets.get(name, (float(BURST), now))
        tokens = min(float(BURST), tokens + RATE_PER_S * (now - since))
        if tokens < 1:
            self._buckets[name] = (tokens, now)
            wait_s = math.ceil((1 - tokens) / RATE_PER_S)
            raise TooMany(
                f"wanted at most {BURST} calls at once and {RATE_PER_S:g} a second for {name}, got more; "
                f"try again in {wait_s} s",
                retry_after_s=wait_s,
            )
        self._buckets[name] = (tokens - 1, now)
