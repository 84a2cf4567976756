"""
The feature server's process: ``python -O -m features``, configured by ``YARD_*`` (see ``settings``).

``-O`` is no detail: Feast decorates its classes with typeguard, which reads and rewrites their source at import.
Without assertions typeguard does nothing, and the import takes 1 s instead of 3.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType


def _end(signum: int, frame: FrameType | None) -> None:
    """
    End at once: there is nothing to save, and a detach waits.

    Process 1 of a container has no default action for SIGTERM, and threads that fill or import would hold up an
    orderly end. Once the server runs, it closes its connections first and hands the signal on to here.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> int:
    """Serve; returns the exit status if serving ends by itself."""
    signal.signal(signal.SIGTERM, _end)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("aiobotocore", "botocore", "feast"):  # a line for each look at the registry
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # After the signal: these imports take seconds.
    from features.errors import FeaturesError  # noqa: PLC0415
    from features.server import run  # noqa: PLC0415
    from features.settings import FeatureSettings  # noqa: PLC0415

    try:
        run(FeatureSettings())  # type: ignore[call-arg]  # the environment gives the arguments
    except FeaturesError as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
