"""
Following the ledger: what is committed there is served here, soon and without anybody's call.

Never down, and never to a version that Triton does not serve: then the old routing stays until it does.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from yardgate.errors import GatewayError, LedgerUnreadable
from yardgate.ledger import read_ledger
from yardgate.metrics import Metrics
from yardgate.routing import Routing, Switch
from yardgate.triton import Readiness

__all__ = ["Following"]

log = logging.getLogger(__name__)


class Following:
    """The loop that looks, and what it complained about last."""

    def __init__(
        self, folder: Path, *, switch: Switch, readiness: Readiness, metrics: Metrics, period_s: float
    ) -> None:
        self._folder, self._switch, self._readiness = folder, switch, readiness
        self._metrics, self._period_s = metrics, period_s
        self._complaint = ""

    async def watch(self) -> None:
        """Look for ever; ends by cancellation."""
        while True:
            await self.look()
            await asyncio.sleep(self._period_s)

    async def look(self) -> None:
        """Look once, and adopt what is to be followed."""
        try:
            # In a thread: a volume that hangs must not hold up predictions.
            committed = await asyncio.to_thread(read_ledger, self._folder)
            self._metrics.ledger_generation.set(committed.generation if committed else 0)
            if committed is not None and committed.replaces(self._switch.current):
                async with self._switch.turning:
                    await self._adopt(committed)
        except LedgerUnreadable as failure:
            self._metrics.ledger_errors.inc()
            self._complain(f"ledger unreadable, routing stays: {failure}")
        except GatewayError as failure:
            self._complain(f"commit not followed yet, routing stays: {failure}")
        else:
            self._complaint = ""

    async def _adopt(self, committed: Routing) -> None:
        """
        Switch to *committed*, unless somebody else was faster; the caller holds the turn.

        Raises:
            VersionNotReady, Unreachable: Triton says no, or nothing.
        """
        # Asked for again: a reload may have been faster than this look, while it waited for its turn.
        if not committed.replaces(self._switch.current):
            return
        for model, version in sorted({(route.model, route.version) for route in committed.served}):
            await self._readiness.require(model, version=version)
        before = self._switch.current.generation
        self._switch.throw(committed)
        log.info("routing follows the ledger: generation %d -> %s", before, committed.document())

    def _complain(self, complaint: str) -> None:
        """Once a complaint; it is made again only after a look that found nothing to complain about."""
        if complaint != self._complaint:
            log.warning("%s", complaint)
        self._complaint = complaint
