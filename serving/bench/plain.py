"""
What the lane is compared with: ``python -m bench.plain PORT URL``, the same way as a plain FastAPI route.

No straw man: the body is passed on as bytes, nothing is parsed or validated, the connections are kept alive, and the
server is the gateway's own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

__all__ = ["create_app"]


def create_app(url: str) -> FastAPI:
    """One route that sends every prediction on to *url*."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=url) as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/{alias}/infer")
    async def infer(alias: str, request: Request) -> Response:
        answer = await request.app.state.client.post("/v2/models/wine/versions/1/infer", content=await request.body())
        headers = {"content-type": answer.headers["content-type"], "x-switchyard-alias": alias}
        return Response(answer.content, status_code=answer.status_code, headers=headers)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
