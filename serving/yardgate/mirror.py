"""
Copies of the champion's predictions for the shadow, after the caller has his answer: what would it have said?

Nobody waits for a copy. It has connections and a deadline of its own, and where the shadow cannot keep up, copies are
dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from yardgate.aliases import SHADOW, Route
from yardgate.errors import ShadowVacant, UpstreamError
from yardgate.metrics import Metrics
from yardgate.routing import Switch
from yardgate.scores import largest_difference, read_scores
from yardgate.upstream import Answer, Pool, head_of

__all__ = ["WORKERS", "Evidence", "Mirror"]

WORKERS = 2
"""Copies under way at once: a shadow may cost Triton little beside the callers."""

QUEUE = 64
"""Copies that wait. Beyond that, comparing fewer is better than holding more."""

DEADLINE_S = 2.0

FORWARDED = frozenset((b"content-encoding", b"content-type", b"inference-header-content-length"))
"""Request headers that describe the body. Not the accepted encodings: a compressed answer cannot be compared."""

Count = Literal["mirrored", "dropped", "failed", "compared", "uncompared", "disagreements"]
COUNTS: tuple[Count, ...] = ("mirrored", "dropped", "failed", "compared", "uncompared", "disagreements")


@dataclass
class Evidence:
    """
    What is known of one shadow in one generation.

    mirrored: copies that it answered; each was compared or not. dropped: copies that found no place. failed: copies
    without a good answer in time. disagreements: compared copies with another class in any row. max_abs_diff: the
    largest difference of one probability.
    """

    version: int
    generation: int
    counts: Counter[Count] = field(default_factory=Counter)
    max_abs_diff: float = 0.0

    def document(self) -> dict[str, object]:
        """As the control routes show it."""
        counts: dict[str, object] = {name: self.counts[name] for name in COUNTS}
        return {
            "version": self.version,
            "generation": self.generation,
            **counts,
            "max_abs_diff": self.max_abs_diff,
        }


@dataclass(frozen=True)
class _Copy:
    """One prediction to repeat, the champion's answer to it, and where the comparison counts."""

    shadow: Route
    body: bytes
    headers: list[tuple[bytes, bytes]]
    answer: Answer
    evidence: Evidence


class Mirror:
    """The copies of one gateway; used on its event loop alone."""

    def __init__(self, pool: Pool, *, switch: Switch, metrics: Metrics) -> None:
        """*pool* leads to Triton, and nobody else uses it."""
        self._pool, self._switch, self._metrics = pool, switch, metrics
        self._queue: asyncio.Queue[_Copy] = asyncio.Queue(QUEUE)
        self._of: Route | None = None
        self._evidence = Evidence(version=0, generation=0)

    def evidence(self) -> Evidence:
        """
        What is known of the current shadow. It begins anew with each generation: another champion or another shadow
        is another comparison.

        Raises:
            ShadowVacant: There is none.
        """
        shadow = self._switch.current.routes.get((SHADOW, SHADOW))
        if shadow is None:
            raise ShadowVacant(generation=self._switch.current.generation)
        if shadow != self._of:
            self._of, self._evidence = shadow, Evidence(version=shadow.version, generation=shadow.generation)
            self._metrics.mirror_max_abs_diff.set(0.0)
        return self._evidence

    def offer(self, route: Route, body: bytes, *, headers: Iterable[tuple[bytes, bytes]], answer: Answer) -> None:
        """
        Take a copy of what was answered on *route*, if it has a shadow; returns at once, whatever becomes of the copy.

        Args:
            headers: The caller's.
        """
        if answer.status != 200 or route.shadow is None:
            return
        # Of an older snapshot: its champion is not the one that this evidence is about.
        if route.shadow != self._switch.current.routes.get((SHADOW, SHADOW)):
            return
        kept = [header for header in headers if header[0] in FORWARDED]
        copy = _Copy(route.shadow, body, kept, answer, self.evidence())
        try:
            self._queue.put_nowait(copy)
        except asyncio.QueueFull:
            self._count(copy.evidence, "dropped")

    async def work(self) -> None:
        """Repeat what is queued, for ever; ends by cancellation."""
        while True:
            await self._repeat(await self._queue.get())

    async def _repeat(self, copy: _Copy) -> None:
        head = head_of(b"POST", copy.shadow.path, host=self._pool.host, headers=copy.headers, length=len(copy.body))
        try:
            answer = await self._pool.exchange(head, copy.body, deadline_s=DEADLINE_S)
        except UpstreamError:
            self._count(copy.evidence, "failed")  # the evidence is where a failure belongs; no caller is concerned
            return
        if answer.status == 200:
            self._compare(copy, answer)
        else:
            self._count(copy.evidence, "failed")

    def _compare(self, copy: _Copy, answer: Answer) -> None:
        self._count(copy.evidence, "mirrored")
        said, would_say = read_scores(copy.answer), read_scores(answer)
        if said is None or would_say is None:
            self._count(copy.evidence, "uncompared")
            return
        self._count(copy.evidence, "compared")
        difference = largest_difference(said.probabilities, would_say.probabilities)
        if list(said.classes) != list(would_say.classes) or difference == float("inf"):
            self._count(copy.evidence, "disagreements")
        # Infinity is no JSON number; what cannot be compared is a disagreement, and counted as one.
        if copy.evidence.max_abs_diff < difference < float("inf"):
            copy.evidence.max_abs_diff = difference
            if copy.evidence is self._evidence:
                self._metrics.mirror_max_abs_diff.set(difference)

    def _count(self, evidence: Evidence, name: Count) -> None:
        evidence.counts[name] += 1
        self._metrics.mirrored(evidence.version, name)
