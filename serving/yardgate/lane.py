"""
The way of a prediction: ``POST /v1/{alias}/infer``, straight on ASGI, in front of FastAPI.

The body is neither parsed nor copied, and what Triton answers goes back as it came, whatever its status.
FastAPI behind it costs more than the whole prediction, so this route does not pass through it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import perf_counter
from typing import Any

from yardgate.aliases import Route, Switch
from yardgate.errors import BodyLate, BodyTooLarge, ClientGone, GatewayError, TooMany
from yardgate.metrics import Metrics
from yardgate.presence import Presence
from yardgate.refusals import Refusals
from yardgate.upstream import Answer, Pool, head_of

__all__ = ["Lane", "Predictor"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PREFIX, SUFFIX = "/v1/", "/infer"

FORWARDED = frozenset(
    (b"accept-encoding", b"content-encoding", b"content-type", b"inference-header-content-length", b"traceparent")
)
"""Request headers that mean something to Triton. The rest is between caller and gateway."""

RETURNED = frozenset((b"content-encoding", b"content-type", b"inference-header-content-length"))
"""Answer headers that describe the body."""

LENGTH = b"content-length"

READY = "/ready"
"""Answers 503 every two seconds while a neighbour is away: the kubelet's own words say so."""


class Predictor:
    """Sends a body to the version behind an alias. Bounds how many are under way."""

    def __init__(
        self, pool: Pool, *, metrics: Metrics, presence: Presence, deadline_s: float, inflight_limit: int
    ) -> None:
        self._pool, self._metrics, self._presence = pool, metrics, presence
        self._deadline_s, self._inflight_limit = deadline_s, inflight_limit
        self._inflight = 0

    async def predict(
        self, route: Route, body: bytes, *, headers: Iterable[tuple[bytes, bytes]], started: float
    ) -> Answer:
        """
        Triton's answer, with the headers that tell which alias, model and version gave it.

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
        tally.inflight.inc()
        asked = perf_counter()
        try:
            answer = await self._pool.exchange(head, body, deadline_s=self._deadline_s - (asked - started))
        finally:
            self._inflight -= 1
            tally.inflight.dec()
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
        if route is None:
            self._metrics.answered(code=failure.status)
        else:
            headers += route.headers
            self._metrics.answered(route.alias, route.model, route.version, code=failure.status)
        return Answer(failure.status, headers, json.dumps(failure.document()).encode())


class Lane:
    """An ASGI application: predictions are answered here, everything else goes on to the application behind."""

    def __init__(
        self,
        behind: App,
        *,
        switch: Switch,
        predictor: Predictor,
        deadline_s: float,
        body_limit_bytes: int,
    ) -> None:
        self._behind, self._switch, self._predictor = behind, switch, predictor
        self._deadline_s, self._body_limit_bytes = deadline_s, body_limit_bytes
        self._refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI wants it."""
        if scope["type"] == "http" and scope["method"] == "POST":
            path: str = scope["path"]
            alias = path[len(PREFIX) : -len(SUFFIX)]
            if path.startswith(PREFIX) and path.endswith(SUFFIX) and "/" not in alias:
                await self._infer(alias, scope, receive, send)
                return
        if scope["type"] != "http" or scope["path"] == READY:
            await self._behind(scope, receive, send)
        else:
            await self._noted(scope, receive, send)

    async def _noted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the application behind refuses is written down here, whichever of its parts refused it."""

        async def note(message: MutableMapping[str, Any]) -> None:
            status = message.get("status", 0)
            if status >= 400:
                self._refusals.note(scope["method"], scope["path"], status=status)
            await send(message)

        await self._behind(scope, receive, note)

    async def _infer(self, alias: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        route: Route | None = None
        try:
            route = self._switch.current.route(alias)
            body = await self._body(scope, receive)
            answer = await self._predictor.predict(route, body, headers=scope["headers"], started=started)
        except ClientGone:
            return
        except GatewayError as failure:
            answer = self._predictor.refuse(failure, route=route)
            self._refusals.note("POST", scope["path"], status=failure.status, reason=failure.reason)
        answer.headers.append((LENGTH, str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body; a single chunk is passed on as it is."""
        for name, value in scope["headers"]:
            if name == LENGTH and value.isdigit() and int(value) > self._body_limit_bytes:
                raise BodyTooLarge(limit_bytes=self._body_limit_bytes)
        chunks: list[bytes] = []
        size_bytes, more = 0, True
        try:
            async with asyncio.timeout(self._deadline_s):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    chunk: bytes = message.get("body", b"")
                    more = message.get("more_body", False)
                    size_bytes += len(chunk)
                    if size_bytes > self._body_limit_bytes:
                        raise BodyTooLarge(limit_bytes=self._body_limit_bytes)
                    chunks.append(chunk)
        except TimeoutError as failure:
            raise BodyLate(
                f"wanted the whole body within {self._deadline_s} s, got {size_bytes} bytes of it"
            ) from failure
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
