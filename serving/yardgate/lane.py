"""
The way of a prediction: ``POST /v1/{alias}/infer``, straight on ASGI, in front of FastAPI.

The body is neither parsed nor copied, and what Triton answers goes back as it came, whatever its status.
FastAPI behind it costs more than the whole prediction, so this route does not pass through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from yardgate.aliases import Route
from yardgate.errors import BodyLate, BodyTooLarge, ClientGone, GatewayError
from yardgate.mirror import Mirror
from yardgate.predictor import Predictor
from yardgate.refusals import Refusals
from yardgate.variants import Variants

__all__ = ["Lane"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX, SUFFIX = "/v1/", "/infer"

LENGTH = b"content-length"

READY = "/ready"
"""Answers 503 every two seconds while a neighbour is away: the kubelet's own words say so."""


class Lane:
    """An ASGI application: predictions are answered here, everything else goes on to the application behind."""

    def __init__(
        self,
        behind: App,
        *,
        variants: Variants,
        predictor: Predictor,
        mirror: Mirror,
        deadline_s: float,
        body_limit_bytes: int,
    ) -> None:
        self._behind, self._variants, self._predictor, self._mirror = behind, variants, predictor, mirror
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
        body = b""
        try:
            route = self._variants.route(alias, scope)
            with self._predictor.underway(route):
                body = await self._body(scope, receive)
                answer = await self._predictor.predict(route, body, headers=scope["headers"], started=started)
        except ClientGone:
            return
        except GatewayError as failure:
            answer = self._predictor.refuse(failure, route=route)
            self._refusals.note(
                "POST", scope["path"], status=failure.status, reason=failure.reason, detail=str(failure)
            )
        answer.headers.append((LENGTH, str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if route is not None and route.shadow is not None:
            self._mirror.offer(route, body, headers=scope["headers"], answer=answer)

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
