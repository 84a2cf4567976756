"""
The sink's HTTP interface.

``POST /alerts`` keeps a JSON object, as Alertmanager's webhook sends it. ``GET /alerts?since=N`` answers what arrived
after message N. ``GET /health`` answers as long as the process does. Each path that takes messages is one inbox.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from sink.errors import LengthMissing, Malformed, SinkError, TooLarge, Unknown
from sink.inbox import Inbox
from sink.settings import Settings

__all__ = ["Sink"]

# Alertmanager sends a group of alerts in one body; thousands of them fit.
BODY_AT_MOST_BYTES: Final = 2**20

# A client that stops talking holds a thread no longer than this.
SILENCE_S: Final = 10.0

SHOWN_CHARS: Final = 200
"""Of a request's first line, which is the caller's to choose."""


class Sink(ThreadingHTTPServer):
    """A server with one inbox a path; serves until it is shut down."""

    daemon_threads = True  # nothing that a thread holds outlives the process anyway

    def __init__(self, settings: Settings) -> None:
        self.inboxes: Mapping[str, Inbox] = {"/alerts": Inbox(settings.keep)}
        super().__init__((settings.host, settings.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Sink
    protocol_version = "HTTP/1.1"  # Alertmanager keeps its connection
    timeout = SILENCE_S

    def do_GET(self) -> None:
        """Read an inbox, or say that the process lives."""
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "alive"})
            return
        try:
            page = self._inbox(url.path).page(since=_since(url.query))
        except SinkError as refusal:
            self._answer(refusal.status, {"error": str(refusal)})
            return
        self._answer(HTTPStatus.OK, page.document())

    def do_POST(self) -> None:
        """Put a message into an inbox."""
        try:
            inbox = self._inbox(urlsplit(self.path).path)
            message = inbox.put(_object(self._body()))
        except SinkError as refusal:
            # What was refused may still stand on the connection, and would be read as the next request.
            self.close_connection = True
            self._answer(refusal.status, {"error": str(refusal)})
            return
        self._answer(HTTPStatus.OK, {"sequence": message.sequence})

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write a line for what is refused, and none else: readers ask every second, and what was sent can be read."""
        if isinstance(code, int) and code >= HTTPStatus.BAD_REQUEST:
            sys.stderr.write(f"refused {self.requestline[:SHOWN_CHARS]!r}: {int(code)}\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        """Say nothing of one's own accord: what ended a connection is no news."""

    def _inbox(self, path: str) -> Inbox:
        inboxes = self.server.inboxes
        if path not in inboxes:
            raise Unknown(f"wanted one of the paths {', '.join(sorted(inboxes))}; got {path!r}")
        return inboxes[path]

    def _body(self) -> bytes:
        announced = self.headers.get("Content-Length", "")
        if not announced.isdecimal():
            raise LengthMissing(f"wanted a Content-Length in bytes, got {announced!r}")
        if int(announced) > BODY_AT_MOST_BYTES:
            raise TooLarge(f"wanted a body of at most {BODY_AT_MOST_BYTES} bytes, got {announced}")
        return self.rfile.read(int(announced))

    def _answer(self, status: HTTPStatus, document: Mapping[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError as exc:
        raise Malformed(f"wanted a JSON object: {exc}") from exc
    if not isinstance(found, dict):
        raise Malformed(f"wanted a JSON object, got {type(found).__name__}")
    return found


def _since(query: str) -> int:
    since = parse_qs(query, keep_blank_values=True).get("since", ["0"])[-1]
    if not since.isdecimal():
        raise Malformed(f"wanted the number of a message in `since`, got {since!r}")
    return int(since)
