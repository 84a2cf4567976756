"""One prediction: to Triton and back, bounded, counted, and labelled with what gave it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from time import perf_counter

from yardgate.aliases import Route
from yardgate.errors import AliasVacant, GatewayError, TooMany
from yardgate.metrics import Metrics
from yardgate.presence import Presence
from yardgate.upstream import Answer, Pool, head_of

__all__ = ["Predictor"]

Headers = list[tuple[bytes, bytes]]

FORWARDED = frozenset(
    (b"accept-encoding", b"content-encoding", b"content-type", b"inference-header-content-length", b"traceparent")
)
"""Request headers that mean something to Triton. The rest is between caller and gateway."""

RETURNED = frozenset((b"content-encoding", b"content-type", b"inference-header-content-length"))
"""Answer headers that describe the body."""


class Predictor:
    """Sends a body to the version at the end of a route. Bounds how many are under way."""

    def __init__(
        self, pool: Pool, *, metrics: Metrics, presence: Presence, deadline_s: float, inflight_limit: int
    ) -> None:
        self._pool, self._metrics, self._presence = pool, metrics, presence
        self._deadline_s, self._inflight_limit = deadline_s, inflight_limit
        self._inflight = 0

    def underway(self, route: Route) -> AbstractContextManager[None]:
        """
        From the choice of a way on, body included, until the answer is there: as long as it lasts, somebody is on the
        way to the route's version, and it must not be unloaded.
        """
        return self._metrics.tally(route.alias, route.model, route.version).inflight.track_inprogress()

    async def predict(
        self, route: Route, body: bytes, *, headers: Iterable[tuple[bytes, bytes]], started: float
    ) -> Answer:
        """
        Triton's answer, with the headers that tell who was asked for, and what gave it.

        Args:
            headers: The caller's; only those that mean something to Triton go on.
            started: When the request arrived, on ``time.perf_counter``'s clock; the deadline counts from there.

        Raises:
            TooMany: As many predictions as allowed are under way.
            UpstreamError: Triton did not answer.
        """
        if self._inflight >= self._inflight_limit:
            raise TooMany(f"{self._inflight_limit} predictions are under way; try again", retry_after_s=1)
        tally = self._metrics.tally(route.alias, route.model, route.version)
        kept = [header for header in headers if header[0] in FORWARDED]
        head = head_of(b"POST", route.path, host=self._pool.host, headers=kept, length=len(body))
        self._inflight += 1
        asked = perf_counter()
        try:
            answer = await self._pool.exchange(head, body, deadline_s=self._deadline_s - (asked - started))
        finally:
            self._inflight -= 1
        answered = perf_counter()
        returned = [header for header in answer.headers if header[0] in RETURNED]
        returned += (*route.headers, self._presence.header)
        tally.seconds.observe(answered - started)
        tally.overhead.observe(asked - started)
        self._metrics.answered(route.alias, route.model, route.version, code=answer.status)
        return Answer(answer.status, returned, answer.body)

    def refuse(self, failure: GatewayError, *, route: Route | None) -> Answer:
        """The answer to a request that was not predicted; where a route is known, it names it like any answer."""
        headers: Headers = [(b"content-type", b"application/json"), self._presence.header]
        headers += [(name.encode(), value.encode()) for name, value in failure.headers.items()]
        if isinstance(failure, AliasVacant):
            self._metrics.answered(failure.alias, code=failure.status)
        elif route is None:
            self._metrics.answered(code=failure.status)
        else:
            headers += route.headers
            self._metrics.answered(route.alias, route.model, route.version, code=failure.status)
        return Answer(failure.status, headers, json.dumps(failure.document()).encode())
