"""The application: predictions on the lane, everything else on FastAPI behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from yardgate.errors import GatewayError
from yardgate.gateway import assemble
from yardgate.lane import Lane
from yardgate.routes import aliases, keyed, state
from yardgate.settings import GatewaySettings
from yardgate.triton import Readiness, Triton

__all__ = ["create_app"]


def create_app(settings: GatewaySettings, *, readiness: Readiness | None = None) -> Lane:
    """
    Make the ASGI application of one gateway. Reads its files; connects to nothing before the server starts it.

    Args:
        readiness: Triton's control side; made from *settings* unless given.

    Raises:
        RoutesMalformed, ValueError, OSError: See ``gateway.assemble``; the process must end with it.
    """
    gateway = assemble(settings, readiness=readiness or _triton(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Once before the first request: the first answers then tell the truth about the feature store.
        await gateway.presence.check()
        watching = asyncio.create_task(gateway.presence.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await gateway.close()

    app = FastAPI(title="Switchyard gateway", lifespan=lifespan)
    app.state.gateway = gateway
    app.add_exception_handler(GatewayError, _answer)
    for router in (state.router, aliases.router, keyed.router):
        app.include_router(router)
    return Lane(
        app,
        switch=gateway.switch,
        predictor=gateway.predictor,
        deadline_s=settings.predict_deadline_s,
        body_limit_bytes=settings.body_limit_bytes,
    )


def _triton(settings: GatewaySettings) -> Triton:
    return Triton(f"{settings.triton_url.host}:{settings.triton_grpc_port}", deadline_s=settings.check_deadline_s)


async def _answer(_: Request, failure: Exception) -> JSONResponse:
    if not isinstance(failure, GatewayError):
        raise failure
    return JSONResponse(failure.document(), status_code=failure.status, headers=failure.headers)
