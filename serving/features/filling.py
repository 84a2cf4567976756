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
from typing import Protocol

from features.errors import OnlineUnknown

__all__ = ["Filling", "Online", "State"]

log = logging.getLogger(__name__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every row."""


class Online(Protocol):
    """What a filling asks of the online store; see ``online.OnlineStore``."""

    def mark(self) -> int:
        """Remember how many keys there are now."""

    def missing(self) -> str | None:
        """Why the store is not what the last filling left; None if it is."""


@dataclass(frozen=True)
class State:
    """Whether reads find everything, and the reason: how much there is, or what is wrong."""

    filled: bool
    reason: str


class Filling:
    """Keeps the online store filled. One thread calls ``fill`` and ``look``; others read ``state``."""

    def __init__(
        self,
        materialize: Callable[[datetime, datetime], None],
        *,
        online: Online,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """*materialize* copies the latest row of each key in a span of time to the online store."""
        self._materialize, self._online, self._now = materialize, online, now
        self._keys = 0
        self.state = State(filled=False, reason="not filled yet")

    def fill(self) -> None:
        """
        Fill, mark, and count as filled.

        Whatever Feast or the object store raise is raised on: the process must not serve half a store.

        Raises:
            OnlineUnknown: Redis went away meanwhile.
        """
        began = time.monotonic()
        self._materialize(BEGINNING, self._now())
        self._keys = self._online.mark()
        self._found()
        log.info("online store filled: %d keys in %.2f s", self._keys, time.monotonic() - began)

    def look(self) -> None:
        """
        Look once; fill where something is missing.

        An unanswered question is no empty store: it only takes readiness away until somebody answers.
        """
        try:
            missing = self._online.missing()
            if missing is None:
                self._found()
                return
            log.warning("online store not whole: %s", missing)
            self.state = State(filled=False, reason=missing)
            self.fill()
        except OnlineUnknown as failure:
            log.warning("online store unknown: %s", failure)
            self.state = State(filled=False, reason=str(failure))

    def _found(self) -> None:
        self.state = State(filled=True, reason=f"{self._keys} keys")
