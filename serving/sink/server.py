"""
The sink's HTTP interface.

``POST /alerts`` keeps a JSON object, as Alertmanager's webhook sends it. ``GET /alerts?since=N`` answers what arrived
after message N. ``GET /health`` answers as long as the process does. Each path that takes messages is one inbox.

``POST /slack/<token>`` is Slack's incoming webhook (see ``sink.slack``), read as ``GET /slack?since=N``. ``GET`` and
``PUT /slack/mode`` tell and change how it behaves (``sink.conduct``): ``{"mode": "throttle", "times": 2}``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from sink.asking import object_of, shown, since
from sink.conduct import Conduct
from sink.errors import LengthMissing, NotAllowed, SinkError, TooLarge, Unknown
from sink.inbox import Inbox
from sink.settings import Settings
from sink.slack import Ending, Reply, Slack

__all__ = ["Sink"]

# Alertmanager sends a group of alerts in one body; thousands of them fit.
BODY_AT_MOST_BYTES: Final = 2**20

# A client that stops talking holds a thread no longer than this.
SILENCE_S: Final = 10.0

ALERTS: Final = "/alerts"
SLACK: Final = "/slack"
MODE: Final = "/slack/mode"


class Sink(ThreadingHTTPServer):
    """A server with one inbox a path; serves until it is shut down."""

    daemon_threads = True  # nothing that a thread holds outlives the process anyway

    def __init__(self, settings: Settings) -> None:
        self.inboxes: Mapping[str, Inbox] = {path: Inbox(settings.keep) for path in (ALERTS, SLACK)}
        self.slack = Slack(self.inboxes[SLACK])
        super().__init__((settings.host, settings.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Sink
    protocol_version = "HTTP/1.1"  # Alertmanager keeps its connection
    timeout = SILENCE_S

    def do_GET(self) -> None:
        """Read an inbox, say that the process lives, or how Slack's inbox behaves."""
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "alive"})
            return
        if url.path == MODE:
            self._answer(HTTPStatus.OK, self.server.slack.conduct.document())
            return
        try:
            page = self._inbox(url.path).page(since=since(url.query))
        except SinkError as refusal:
            self._refuse(refusal)
            return
        self._answer(HTTPStatus.OK, page.document())

    def do_POST(self) -> None:
        """Put a message into an inbox."""
        path = urlsplit(self.path).path
        try:
            if path == SLACK or (path.startswith(f"{SLACK}/") and path != MODE):
                self._say(self.server.slack.post(path.removeprefix(SLACK), self._body()))
                return
            message = self._inbox(path).put(object_of(self._body()))
        except SinkError as refusal:
            self._refuse(refusal)
            return
        self._answer(HTTPStatus.OK, {"sequence": message.sequence})

    def do_PUT(self) -> None:
        """Change how Slack's inbox behaves."""
        path = urlsplit(self.path).path
        try:
            if path != MODE:
                self._inbox(path)
                raise NotAllowed(f"wanted PUT at {MODE} only", allow="GET, POST")
            conduct = Conduct.read(object_of(self._body()))
        except SinkError as refusal:
            self._refuse(refusal)
            return
        self.server.slack.behave(conduct)
        self._answer(HTTPStatus.OK, conduct.document())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request, or has no such method, without repeating it: there may be a token in it."""
        self.close_connection = True
        self._answer(HTTPStatus(code), {"error": HTTPStatus(code).phrase})

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write a line for what is refused, and none else: readers ask every second, and what was sent can be read."""
        if isinstance(code, int) and code >= HTTPStatus.BAD_REQUEST:
            sys.stderr.write(f"refused {shown(self.requestline)!r}: {int(code)}\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        """Say nothing of one's own accord: what ended a connection is no news."""

    def _inbox(self, path: str) -> Inbox:
        inboxes = self.server.inboxes
        if path == MODE:
            raise NotAllowed(f"wanted GET or PUT at {MODE}", allow="GET, PUT")
        if path.startswith(f"{SLACK}/"):
            raise NotAllowed(f"wanted POST below {SLACK}, or GET {SLACK} to read", allow="POST")
        if path not in inboxes:
            raise Unknown(f"wanted one of the paths {', '.join(sorted(inboxes))}; got another")
        return inboxes[path]

    def _body(self) -> bytes:
        announced = self.headers.get("Content-Length", "")
        if not announced.isdecimal():
            raise LengthMissing(f"wanted a Content-Length in bytes, got {announced!r}")
        if int(announced) > BODY_AT_MOST_BYTES:
            raise TooLarge(f"wanted a body of at most {BODY_AT_MOST_BYTES} bytes, got {announced}")
        return self.rfile.read(int(announced))

    def _refuse(self, refusal: SinkError) -> None:
        # What was refused may still stand on the connection, and would be read as the next request.
        self.close_connection = True
        self._answer(refusal.status, {"error": str(refusal)}, headers=refusal.headers)

    def _say(self, reply: Reply) -> None:
        """Answer as Slack does, as far as the reply goes."""
        if reply.ending is not Ending.WHOLE:
            self.close_connection = True
        if reply.ending is Ending.NEVER:
            with suppress(OSError):  # the client went, or was silent for as long as it may: both end the wait
                while self.connection.recv(1024):
                    pass
            return
        body = reply.text.encode()
        cut = len(body) // 2 if reply.ending is Ending.BROKEN else len(body)
        self._head(reply.status, kind="text/plain; charset=utf-8", length_bytes=len(body), headers=reply.headers)
        self.wfile.write(body[:cut])

    def _answer(
        self, status: HTTPStatus, document: Mapping[str, object], *, headers: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps(document).encode()
        self._head(status, kind="application/json", length_bytes=len(body), headers=headers or {})
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, *, kind: str, length_bytes: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        described = {"Content-Type": kind, "Content-Length": str(length_bytes), **headers}
        if self.close_connection:
            described["Connection"] = "close"
        for name, value in described.items():
            self.send_header(name, value)
        self.end_headers()
