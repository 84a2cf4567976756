"""The tracking server's process: ``python -m tracking``, configured by ``YARD_*`` (see ``settings``)."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType


def _end(signum: int, frame: FrameType | None) -> None:
    """
    End at once: until the server runs there is nothing to finish, and migrations are transactions.

    Process 1 of a container has no default action for SIGTERM.
    """
    sys.stderr.flush()
    os._exit(0)


def main() -> int:
    """Serve; returns the exit status if serving ends by itself."""
    signal.signal(signal.SIGTERM, _end)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    from tracking.errors import TrackingError  # noqa: PLC0415  after the signal, as all imports here
    from tracking.settings import TrackingSettings  # noqa: PLC0415

    settings = TrackingSettings()  # type: ignore[call-arg]  # the environment gives the arguments
    settings.export()
    from tracking.server import run  # noqa: PLC0415  takes seconds, and reads what was just exported

    try:
        run(settings)
    except TrackingError as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
