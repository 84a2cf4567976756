"""
A line for each request that was not answered as asked: who looks after the gateway finds the caller's mistake there.

So many a second and no more: whoever floods the gateway must not fill the logs with it too.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

__all__ = ["Refusals"]

log = logging.getLogger(__name__)

LINES_PER_S = 20
SHOWN_CHARS = 200
"""Of a path, which is the caller's to choose, and of what is told of a failure."""


class Refusals:
    """The lines of one gateway; used on its event loop alone."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* tells seconds."""
        self._clock = clock
        self._second, self._written, self._left_out = 0, 0, 0

    def note(self, method: str, path: str, *, status: int, reason: str = "", detail: str = "") -> None:
        """
        Write the line, or count it as left out; the next line that is written tells how many were.

        *detail* is written only where the failure is ours: of a caller's mistake it may hold what the caller wrote.
        """
        second = int(self._clock())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= LINES_PER_S:
            self._left_out += 1
            return
        self._written += 1
        before, self._left_out = self._left_out, 0
        is_ours = status >= 500
        log.warning(
            "%s %s %s: %d%s%s%s",
            "failed" if is_ours else "refused",
            method,
            json.dumps(path[:SHOWN_CHARS]),  # a line's end in it must not begin another line
            status,
            f" {reason}" if reason else "",
            f": {' '.join(detail.split())[:SHOWN_CHARS]}" if detail and is_ours else "",
            f" ({before} lines before this one were left out)" if before else "",
        )
