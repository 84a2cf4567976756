"""
Whether the feature store is there: asked every second in the background, never on a request's way, never set by hand.

A definite no (no such name, nobody listens) counts at once. Not knowing (a slow answer, a resolver in trouble) counts
only when it repeats: the store's presence is shown on every answer and must not flicker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from yardgate.errors import Unreachable, UpstreamError
from yardgate.upstream import Pool, head_of

__all__ = ["Presence"]

log = logging.getLogger(__name__)

DOUBTS = 3
"""Checks in a row that must fail without a definite no, before the store counts as absent."""


class Presence:
    """The last known state, and the loop that keeps it."""

    def __init__(self, pool: Pool, *, period_s: float, deadline_s: float, changed: Callable[[bool], None]) -> None:
        """*changed* is called with each change, and once at the start."""
        self._pool, self._period_s, self._deadline_s, self._changed = pool, period_s, deadline_s, changed
        self._doubts = 0
        self._head = head_of(b"GET", b"/health", host=pool.host, headers=(), length=0)
        self.reason = "not asked yet"
        self.header: tuple[bytes, bytes]
        self._set(online=False)

    @property
    def state(self) -> Literal["online", "absent"]:
        """As it stands in answers."""
        return "online" if self.online else "absent"

    async def watch(self) -> None:
        """Check for ever; ends by cancellation."""
        while True:
            await self.check()
            await asyncio.sleep(self._period_s)

    async def check(self) -> None:
        """Ask once."""
        try:
            answer = await self._pool.exchange(self._head, deadline_s=self._deadline_s)
        except Unreachable as failure:
            self.missed(str(failure), definite=failure.refused)
        except UpstreamError as failure:
            self.missed(str(failure), definite=False)
        else:
            if answer.status == 200:
                self.found()
            else:
                self.missed(f"{self._pool.name} answers {answer.status}", definite=False)

    def found(self) -> None:
        """Somebody got an answer."""
        self._doubts = 0
        self._become(online=True, reason="answers")

    def missed(self, reason: str, *, definite: bool) -> None:
        """Somebody did not get an answer: this loop, or a request that had more to ask."""
        self._doubts += 1
        if definite or self._doubts >= DOUBTS:
            self._become(online=False, reason=reason)

    def _become(self, *, online: bool, reason: str) -> None:
        self.reason = reason
        if online != self.online:
            self._set(online=online)
            log.info("feature store %s: %s", self.state, reason)

    def _set(self, *, online: bool) -> None:
        self.online = online
        self.header = (b"x-switchyard-features", self.state.encode())
        self._changed(online)
