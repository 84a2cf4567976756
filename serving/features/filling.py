"""
Filling the online store from the offline store, and noticing when it has to be done again.

Always in full: the registry remembers how far an earlier filling came, and outlives the Redis that it filled.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import RedisError

from features.online import OnlineStore

__all__ = ["Filling", "State"]

log = logging.getLogger(__name__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every row."""


@dataclass(frozen=True)
class State:
    """Whether reads find everything, and if not, why."""

    filled: bool
    reason: str


class Filling:
    """Keeps the online store filled. One thread calls ``fill`` and ``look``; others read ``state``."""

    def __init__(
        self,
        materialize: Callable[[datetime, datetime], None],
        *,
        online: OnlineStore,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """*materialize* copies the latest row of each key in a span of time to the online store."""
        self._materialize, self._online, self._now = materialize, online, now
        self.state = State(filled=False, reason="not filled yet")

    def fill(self) -> None:
        """
        Fill, mark, and count as filled.

        Raises:
            RedisError: Redis went away meanwhile.
            Exception: Whatever Feast or the object store raise; the process must not serve half a store.
        """
        began = time.monotonic()
        self._materialize(BEGINNING, self._now())
        keys = self._online.mark()
        self.state = State(filled=True, reason=f"{keys} keys")
        log.info("online store filled: %d keys in %.2f s", keys, time.monotonic() - began)

    def look(self) -> None:
        """
        Look once; fill where something is missing.

        An unanswered question is not an empty store: it only takes readiness away until somebody answers.
        """
        try:
            missing = self._online.missing()
            if missing is None:
                self.state = State(filled=True, reason=self.state.reason)
                return
            log.warning("online store empty: %s", missing)
            self.state = State(filled=False, reason=missing)
            self.fill()
        except RedisError as failure:
            self.state = State(filled=False, reason=f"Redis does not answer: {failure}")
            log.warning("online store unknown: %s", failure)
