"""PostgreSQL: waiting for it, and bringing its tables and the administrator to what this release and its secret say."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from mlflow.db import commands
from mlflow.server import auth

from tracking.errors import DatabaseAway
from tracking.settings import TrackingSettings

__all__ = ["prepare"]

log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Between two attempts to connect."""

LOCK = 0x79617264
"""For whoever changes tables: two servers may start at once, and migrations do not exclude each other."""


def prepare(settings: TrackingSettings) -> None:
    """
    Bring tables and administrator up to date; another server that starts beside this one waits meanwhile.

    Raises:
        DatabaseAway: PostgreSQL did not let us in within the start's patience.
    """
    with _alone(settings):
        began = time.monotonic()
        commands.main(["upgrade", settings.store_url], standalone_mode=False)
        auth.bootstrap_admin_user()
        _renew_password(settings.admin_name, settings.admin_password.get_secret_value())
        log.info("tables and administrator up to date in %.1f s", time.monotonic() - began)


def _renew_password(name: str, password: str) -> None:
    """MLflow takes the configured password for a new user only, so a rotated secret would not count."""
    if not auth.store.authenticate_user(name, password, use_primary=True):
        auth.store.update_user(name, password=password)
        log.info("password of %s renewed", name)


@contextmanager
def _alone(settings: TrackingSettings) -> Iterator[None]:
    """Hold the lock. It belongs to the connection: whoever dies while holding it lets go."""
    with closing(_connected(settings)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            yield


def _connected(settings: TrackingSettings) -> psycopg2.extensions.connection:
    deadline = time.monotonic() + settings.start_patience_s
    idle, told = threading.Event(), ""
    while True:
        try:
            return psycopg2.connect(settings.database_url)
        except psycopg2.OperationalError as failure:
            words = " ".join(str(failure).split())
            if time.monotonic() + PAUSE_S > deadline:
                raise DatabaseAway(
                    f"wanted to be let in by PostgreSQL within {settings.start_patience_s:g} s, got {words}"
                ) from failure
            if words != told:
                log.warning("waiting for PostgreSQL: %s", words)
            told = words
        idle.wait(PAUSE_S)
