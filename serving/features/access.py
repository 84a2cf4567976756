"""Which of the server's lines about requests are worth one: those of requests that were refused or failed."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

__all__ = ["LOGGER", "Refused"]

LOGGER: Final = "uvicorn.access"

PATH, STATUS = 2, 4
"""Places in the arguments of such a line: client, method, path, version of HTTP, status."""

READY: Final = "/ready"
"""Answers 503 every two seconds while the store is empty, and the filling tells of that itself."""


class Refused(logging.Filter):
    """Lets the lines of refused and failed requests through; a line for each read would be more than all others."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        told = record.args if isinstance(record.args, tuple) else ()
        return told[STATUS:] >= (HTTPStatus.BAD_REQUEST,) and told[PATH] != READY
