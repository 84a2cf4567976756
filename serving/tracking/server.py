"""One process: migrates, then serves MLflow with its users, its registry and its artifact proxy."""

from __future__ import annotations

import sqlalchemy
import uvicorn
from mlflow.server import auth

from tracking.database import prepare
from tracking.front import Front
from tracking.metrics import Metrics
from tracking.settings import TrackingSettings

__all__ = ["run"]

SHUTDOWN_S = 10
"""An artifact on its way; whoever needs longer sends it again."""


def away() -> str | None:
    """Why PostgreSQL is away, in its own words; None if it answers. Blocks as long as libpq's patience."""
    try:
        with auth.store.engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
    except sqlalchemy.exc.DBAPIError as failure:
        return " ".join(str(failure.orig).split())
    except sqlalchemy.exc.TimeoutError as failure:
        return str(failure)
    return None


def run(settings: TrackingSettings) -> None:
    """
    Serve until SIGTERM.

    Raises:
        TrackingError: A neighbour stayed away.
    """
    prepare(settings)
    uvicorn.run(
        Front(auth.create_app(), away=away, metrics=Metrics()),
        host=settings.listen_host,
        port=settings.listen_port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
