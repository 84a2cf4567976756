"""
One process: seeds the offline store, applies the definitions, fills the online store, then serves Feast's own server.

The port opens when the store is filled. ``/ready`` answers 503 whenever it is not, until it is again.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from feast import FeatureStore
from feast.feature_server import get_app
from prometheus_client import CONTENT_TYPE_LATEST

from features.access import LOGGER, Refused
from features.definitions import define
from features.errors import OnlineUnknown
from features.filling import Filling
from features.metrics import Metrics
from features.offline import OfflineStore
from features.online import OnlineStore
from features.settings import FeatureSettings
from features.waiting import wait_for
from models.card import read_card

__all__ = ["run"]

log = logging.getLogger(__name__)

CONFIG = Path(__file__).with_name("feature_store.yaml")

MODEL = "wine"
"""The model whose card names the features."""

REGISTRY_PERIOD_S = 0
"""Feast's server reads the registry again after so many seconds; never, because only this process writes it."""

SHUTDOWN_S = 1
"""Reads take milliseconds, and a detach waits for this process to end."""


def prepare(settings: FeatureSettings) -> tuple[FeatureStore, Filling]:
    """
    Everything up to a filled online store.

    Raises:
        FeaturesError: A neighbour stayed away or refused.
    """
    card = read_card(MODEL)
    offline = OfflineStore(endpoint=settings.endpoint, bucket=settings.s3_bucket, card=card)
    seeded = wait_for(
        lambda: offline.seed(settings.rows_file),
        name=f"the object store at {settings.endpoint}",
        away=(OSError,),
        within_s=settings.start_patience_s,
    )
    log.info("offline store %s", "seeded" if seeded else "present")
    store = FeatureStore(fs_yaml_file=CONFIG)
    store.apply([*define(card, offline_url=settings.offline_url, endpoint=settings.endpoint)])
    online = OnlineStore(settings.redis)
    wait_for(online.ping, name=f"Redis at {settings.redis}", away=(OnlineUnknown,), within_s=settings.start_patience_s)
    filling = Filling(store.materialize, online=online)
    filling.fill()
    return store, filling


async def _watch(filling: Filling, *, period_s: float) -> None:
    """Look for ever, in a thread: reads go on meanwhile."""
    while True:
        await asyncio.sleep(period_s)
        await asyncio.to_thread(filling.look)


async def _serve(app: FastAPI, *, filling: Filling, settings: FeatureSettings) -> None:
    """Serve until SIGTERM, or until the watch fails: nobody would notice an empty store any more."""
    config = uvicorn.Config(
        app,
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=True,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    logging.getLogger(LOGGER).addFilter(Refused())
    server = uvicorn.Server(config)
    watching = asyncio.create_task(_watch(filling, period_s=settings.watch_period_s))
    watching.add_done_callback(lambda _: setattr(server, "should_exit", True))
    await server.serve()
    if watching.done():
        watching.result()
    watching.cancel()


def run(settings: FeatureSettings) -> None:
    """
    Be the feature server until SIGTERM.

    Raises:
        FeaturesError: It could not start.
    """
    settings.export()
    store, filling = prepare(settings)
    app: FastAPI = get_app(store, REGISTRY_PERIOD_S)

    @app.get("/ready")
    async def ready(response: Response) -> dict[str, object]:
        """200 while the online store holds what the last filling brought, 503 with the reason otherwise."""
        state = filling.state
        response.status_code = 200 if state.filled else 503
        return {"filled": state.filled, "reason": state.reason}

    metrics = Metrics(filling)

    @app.get("/metrics")
    async def exposition() -> Response:
        """Prometheus' text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    asyncio.run(_serve(app, filling=filling, settings=settings))
