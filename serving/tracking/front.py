"""
What stands before MLflow: ``/ready`` and ``/metrics``, a line and a count for each request.

MLflow's ``/health`` answers as long as the process does; whether it can do anything is the database's word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tracking.metrics import Metrics

__all__ = ["Front"]

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEALTH = "/health"
"""MLflow's own; asked too often for a line each."""


class Front:
    """An ASGI application around another."""

    def __init__(self, app: App, *, away: Callable[[], str | None], metrics: Metrics) -> None:
        """*away* asks the database, may block, and returns why it is away, or None."""
        self._app, self._away, self._metrics = app, away, metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or hand on and count."""
        path = scope.get("path")
        if scope["type"] != "http" or path == HEALTH:
            await self._app(scope, receive, send)
        elif path == "/ready":
            reason = await asyncio.to_thread(self._away)
            self._metrics.database_up.set(0 if reason else 1)
            await _answer(send, 503 if reason else 200, (reason or "ready").encode())
        elif path == "/metrics":
            await _answer(send, 200, self._metrics.exposition())
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Message, receive: Receive, send: Send) -> None:
        began, code = time.monotonic(), 500  # what a client sees of an application that raises

        async def note(message: Message) -> None:
            nonlocal code
            code = message.get("status", code)
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            took_s = time.monotonic() - began
            self._metrics.answered(scope["method"], code, took_s)
            log.info("%s %s %d %.3f s", scope["method"], scope["path"], code, took_s)


async def _answer(send: Send, code: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
