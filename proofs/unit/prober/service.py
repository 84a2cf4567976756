"""A small HTTP/1.1 service on loopback that behaves as it is told: well, or as services behave when they fail."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Final

__all__ = ["BODY", "IMPATIENT_S", "Service", "serving"]

BODY: Final = b'{"outputs": [0.5]}'
ABORT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER by which a close resets the connection."""
IMPATIENT_S: Final = 0.8


class Service:
    """
    Answers every request with ``BODY`` while ``behaviour`` is ``right``.

    Others: ``wrong`` (other content), ``slow`` (the content comes after a moment), ``hanging`` (no answer), ``torn``
    (half an answer), ``resetting``, ``forgetful`` (closes behind each answer, and does not say so before), ``chunked``,
    ``impatient`` (closes, asked or not, what was idle for ``IMPATIENT_S``, and only finds out when it is asked).
    """

    def __init__(self) -> None:
        self.behaviour, self.slowness_s = "right", 0.0
        self.features = "online"
        self.requests: list[bytes] = []
        self.connections = 0
        self._ended = Event()
        self._listening: socket.socket | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        """Listen, at the same port as before."""
        listening = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = listening.getsockname()[1]
        self._listening = listening
        Thread(target=self._accept, args=(listening,), daemon=True).start()

    def shut(self) -> None:
        """Refuse new connections; those that are open break."""
        if self._listening is not None:
            # A thread that waits in accept() holds the port until it is woken.
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        self._ended.set()
        self._ended = Event()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # shut
            self.connections += 1
            Thread(target=self._serve, args=(connection, self._ended), daemon=True).start()

    def _serve(self, connection: socket.socket, ended: Event) -> None:
        connection.settimeout(0.02)  # looks so often whether the service was shut
        answered_s = monotonic()
        with connection, suppress(ConnectionError):
            while not ended.is_set():
                try:
                    request = connection.recv(1 << 16)
                except TimeoutError:
                    continue
                if self.behaviour == "impatient" and monotonic() - answered_s > IMPATIENT_S:
                    return
                if not request or not self._answer(connection, request, ended):
                    return
                answered_s = monotonic()

    def _answer(self, connection: socket.socket, request: bytes, ended: Event) -> bool:
        self.requests.append(request)
        match self.behaviour:
            case "hanging":
                ended.wait()
                return False
            case "resetting":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                return False
            case "torn":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                return False
            case "chunked":
                parts = (BODY[:5], BODY[5:], b"")
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                return True
            case "slow":
                ended.wait(self.slowness_s)
        body = b'{"outputs": [0.75]}' if self.behaviour == "wrong" else BODY
        head = f"HTTP/1.1 200 OK\r\nX-Features: {self.features}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return self.behaviour != "forgetful" and b"Connection: close" not in request


@contextmanager
def serving() -> Iterator[Service]:
    """One service, until the block ends."""
    service = Service()
    try:
        yield service
    finally:
        service.shut()
