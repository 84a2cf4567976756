"""The application: predictions on the lane, everything else on FastAPI behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from yardgate.errors import GatewayError
from yardgate.gateway import assemble
from yardgate.lane import Lane
from yardgate.mirror import WORKERS
from yardgate.routes import aliases, keyed, reload, state
from yardgate.settings import GatewaySettings
from yardgate.triton import Readiness, Triton

__all__ = ["create_app"]

log = logging.getLogger(__name__)


def create_app(settings: GatewaySettings, *, readiness: Readiness | None = None) -> Lane:
    """
    Make the ASGI application of one gateway. Reads its files; connects to nothing before the server starts it.

    Args:
        readiness: Triton's control side; made from *settings* unless given.

    Raises:
        LedgerUnreadable, ValueError, OSError: See ``gateway.assemble``; the process must end with it.
    """
    gateway = assemble(settings, readiness=readiness or _triton(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Once before the first request: the first answers then tell the truth about the feature store.
        await gateway.presence.check()
        copying = [gateway.mirror.work() for _ in range(WORKERS)]
        tasks = [_begun(endless) for endless in (gateway.presence.watch(), gateway.following.watch(), *copying)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await gateway.close()

    app = FastAPI(title="Switchyard gateway", lifespan=lifespan)
    app.state.gateway = gateway
    app.add_exception_handler(GatewayError, _answer)
    for router in (state.router, aliases.router, reload.router, keyed.router):
        app.include_router(router)
    return Lane(
        app,
        variants=gateway.variants,
        predictor=gateway.predictor,
        mirror=gateway.mirror,
        deadline_s=settings.predict_deadline_s,
        body_limit_bytes=settings.body_limit_bytes,
    )


def _begun(endless: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """A task of its own for *endless*; should it ever end by itself, that is said at once and not at the shutdown."""
    task = asyncio.create_task(endless)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.critical("a task that never ends has ended; restart this process", exc_info=task.exception())


def _triton(settings: GatewaySettings) -> Triton:
    return Triton(f"{settings.triton_url.host}:{settings.triton_grpc_port}", deadline_s=settings.check_deadline_s)


async def _answer(_: Request, failure: Exception) -> JSONResponse:
    if not isinstance(failure, GatewayError):
        raise failure
    return JSONResponse(failure.document(), status_code=failure.status, headers=failure.headers)
