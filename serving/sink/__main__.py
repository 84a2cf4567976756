"""The sink's process: ``python -m sink``, configured by ``SINK_*`` (see ``settings``)."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from sink.errors import SettingMalformed
from sink.server import Sink
from sink.settings import Settings


def _end(signum: int, frame: FrameType | None) -> None:
    """Leave the loop; process 1 of a container has no default action for SIGTERM."""
    raise SystemExit(0)


def main() -> int:
    """Serve until SIGTERM; returns the exit status of a start that failed."""
    signal.signal(signal.SIGTERM, _end)
    try:
        settings = Settings.read(os.environ)
    except SettingMalformed as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    with Sink(settings) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
