"""One gateway process: ``python -m yardgate``, configured by ``YARDGATE_*`` (see ``settings``)."""

from __future__ import annotations

import logging

import uvicorn

from yardgate.app import create_app
from yardgate.settings import GatewaySettings

SHUTDOWN_S = 5
"""Predictions in flight take milliseconds; whoever needs longer is beyond what a pod's grace period should wait for."""


def main() -> None:
    """Serve until SIGTERM; then finish what is in flight."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = GatewaySettings()  # type: ignore[call-arg]  # the environment gives the arguments
    uvicorn.run(
        create_app(settings),
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


if __name__ == "__main__":
    main()
